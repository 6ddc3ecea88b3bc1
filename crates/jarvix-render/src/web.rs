//! The port through which everything that a page asks for goes. Whoever implements it decides:
//! whether the address may be asked at all, when, and how much of the answer is taken.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use url::Url;

use crate::visit::Clock;

/// A future in a box.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a page asks for.
#[derive(Debug, Clone)]
pub struct Ask {
    /// How.
    pub method: Method,
    /// Where; `http` or `https`, as far as the browser knows.
    pub url: Url,
    /// What it says besides; hop-by-hop headers are gone.
    pub headers: HeaderMap,
    /// What it sends.
    pub body: Bytes,
    /// What the page may still receive, in bytes; a longer answer is to be cut.
    pub bytes_max: u64,
}

/// What a server answered, all of it.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status code.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body without transfer and content coding.
    pub body: Bytes,
    /// Bytes received from the network for it.
    pub bytes_wire: u64,
}

/// The request was not made, or came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct Refused {
    /// Why, for people.
    pub why: String,
    /// Bytes received from the network all the same.
    pub bytes_wire: u64,
}

/// The web, as far as a page may see it.
pub trait Web: Send + Sync {
    /// Asks. Waits for politeness belong into [`Clock::paused`].
    fn ask<'a>(&'a self, ask: Ask, clock: &'a Clock) -> BoxFuture<'a, Result<Reply, Refused>>;
}
