//! From a list of URLs to committed `pages` parts.
//!
//! Two halves. *Admission* (`input`, `admit`, `frontier`) reads lists of any size, gives every
//! distinct URL its ordinal and leaves a frontier on disk; it never touches the network. The
//! *collector* takes the frontier's pending entries, fetches them politely and commits what the
//! servers answered, part by part.
//!
//! What this crate refuses to do: hold a list in memory, decide what a page means, or fetch
//! anything that an address or a site's robots.txt forbids.

mod addresses;
pub mod admit;
mod archived;
mod archives;
mod base;
mod body;
mod bottleneck;
mod budget;
mod cache;
mod client;
pub mod collect;
mod collector;
mod connect;
mod content;
mod cookies;
mod failure;
mod fetch;
pub mod frontier;
pub mod guard;
mod http1;
pub mod input;
mod intake;
mod job;
mod local;
mod memory;
pub mod net;
mod politeness;
mod pool;
#[doc(hidden)]
pub mod probe;
mod processor;
mod proxy;
mod rendering;
mod retry;
mod robots;
pub mod scope;
mod secrets;
pub mod settings;
mod target;
mod threads;
mod tls;
mod watch;
mod window;
mod wire;
mod writer;

pub use collect::{CollectError, CollectJob, CollectSummary, EventSink, Manners, collect};
pub use frontier::Frontier;
pub use jarvix_render::Chromium;
pub use net::{Net, SystemNet};
pub use settings::CollectSettings;
