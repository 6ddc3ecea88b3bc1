//! The report: a plain [`Summary`] and a stream of ranked rows in, HTML, JSON, CSV and terminal
//! text out.
//!
//! It renders and nothing else: it never sees SQL, parts, a clock or the network. Everything that
//! comes from a page is hostile here and is made harmless by the renderer that shows it.

mod decimal;
mod summary;

pub use decimal::{Milli, MilliError};
pub use summary::*;
