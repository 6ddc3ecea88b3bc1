//! Pages that need a browser: a bounded pool of pages in one local Chromium, driven over the
//! DevTools protocol.
//!
//! ```text
//! collector -> Renderer -> Chromium page (context of its own)
//!     ^                         |  every request, and nothing else
//!     |                         v
//!     +------- Web (port) <- proxy on loopback
//! ```
//!
//! Chromium never speaks to the network. Its one way out is a proxy on loopback in this process,
//! which ends its TLS, takes each request apart and asks for it through the port [`Web`]; what
//! implements the port answers with the same guard, robots.txt, limits and decoder as for any
//! other page. So a frame, a worker or a redirect made by a script can do no more than a line of
//! the list, and what is not a plain request (tunnels, WebSocket, WebRTC, QUIC, names to resolve)
//! leads nowhere.
//!
//! Nothing is started unless a page is to be rendered. What this crate refuses to do: reach a
//! server, decide which page needs it, install a browser, or let a page outlive its limits.

mod browser;
mod disguise;
mod door;
mod launch;
mod locate;
mod memory;
mod page;
mod renderer;
mod settings;
mod settling;
mod visit;
mod web;
mod wire;

pub use locate::{Chromium, Missing};
pub use page::Rendered;
pub use renderer::{RenderError, Renderer};
pub use settings::RenderSettings;
pub use visit::{Assignment, Clock};
pub use web::{Ask, BoxFuture, Refused, Reply, Web};
