//! The line: which stage works next, on what, and how a run goes on after anything happened to it.
//!
//! [`line::run`] shows one URL's way from the input to the report, top to bottom. Stages take a
//! part's name and leave a commit; what is left to do is asked of the catalogue, never of a queue
//! or of an event. What this crate refuses to do: to fetch, parse, score or draw by itself.

pub mod again;
pub mod crawl;
pub mod error;
pub mod export;
pub mod generations;
pub mod identity;
pub mod line;
pub mod queue;
pub mod report;
pub mod settings;
pub mod stages;
mod summary;

pub use crawl::CrawlSettings;
pub use error::LineError;
pub use identity::{Chosen, OpenRun};
pub use jarvix_dedupe::DedupeError;
pub use line::{Ending, Line};
pub use queue::MemoryQueue;
pub use settings::{FromRun, LineSettings, PolicyFacts, RunSettings};
pub use summary::{failing_hosts, failures, politeness};
