//! A small, fast web server on loopback: the other side of the network for the demo, the
//! benchmarks and the tests.
//!
//! It serves a folder of `.html` and `.html.gz` pages under as many virtual hosts as one likes
//! (`h0.localhost`, `h1.localhost`, ...), pages made up from a seed, or the bundled pages of the
//! [`demo`]. It keeps a log of what each host saw, so that politeness can be proved rather than
//! promised.
//!
//! What it refuses to do: be a web server for anyone else. No TLS, no uploads, no ranges, no
//! configuration files. It stands for the world outside, so it has no part in any run's data, and
//! it reads its folder directly; only the clock and the dice are the shared ones.

mod answer;
pub mod demo;
mod folder;
mod generated;
mod log;
mod server;
mod settings;
mod wire;

pub use generated::Generated;
pub use log::{HostLog, Visit};
pub use server::{Origin, url_list};
pub use settings::{Latency, OriginSettings, Pages};
