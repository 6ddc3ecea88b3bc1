//! The nouns of Jarvix and the ports between its floors.
//!
//! Everything above speaks in these types: a *run* has *datasets*, a dataset is a row of immutable
//! *parts*, a *stage* turns parts of one dataset into parts of the next, and what happens on the way
//! is told as *events*. The lists that many readers share (outcomes, datasets, stages, signals,
//! limits) are written down once, here.
//!
//! What this crate refuses to do: any I/O, any thread, any file format. Ports carry descriptors
//! ([`PartRef`]), never rows or batches; the rows themselves are plain structs.

pub mod canon;
pub mod dataset;
pub mod document;
pub mod env;
pub mod event;
pub mod found;
pub mod host;
pub mod limits;
pub mod outcome;
pub mod page;
pub mod part;
pub mod run;
pub mod work;

pub use canon::{CanonError, CanonicalUrl, canonicalise};
pub use dataset::{Dataset, Stage};
pub use document::{
    Defect, Document, Duplicate, Gate, Link, Product, Reject, Section, Signal, Source,
};
pub use env::{Clock, Disk, DiskEntry, DiskRead, DiskWrite, Entropy, Env};
pub use event::{Event, Topic};
pub use found::{Found, LeftOut, LinkKind, Role};
pub use host::HostFacts;
pub use outcome::Outcome;
pub use page::{Header, Hop, Page, Timings};
pub use part::{Generation, Ordinals, PartName, PartRef};
pub use run::{RunId, RunIdError, RunState};
pub use work::{StageRunner, WorkItem, WorkQueue};
