//! What the tests of several crates share: servers that misbehave on loopback, certificates of our
//! own, temporary data folders, and the contracts of ports. Used from `tests/it` only; no part of
//! the program depends on it.
//!
//! What it refuses to do: reach beyond loopback, sleep for luck, or stand in for a part of Jarvix.
//! Its servers are real, its folders are real; only the world outside is made up.

mod axe;
mod chromium;
pub mod clock;
pub mod contract;
pub mod disk;
mod forbidden;
pub mod hostile;
mod http2;
mod proxy;
mod queue;
mod server_thread;
pub mod spellings;
mod temp;
mod tls;

pub use axe::axe;
pub use chromium::chromium;
pub use forbidden::Forbidden;
pub use hostile::{Behaviour, Compared, HostileOrigin, Seen};
pub use http2::{Http2Fault, Http2Server};
pub use proxy::{ProxySpeech, TestProxy};
pub use queue::work_queue_suite;
pub use server_thread::ServerThread;
pub use temp::{TempData, list_file};
pub use tls::{TLS_NAMES, TLS_OTHER_NAME, TestCa, TlsBehaviour, TlsOrigin, TlsProtocols};
