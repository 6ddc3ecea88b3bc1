//! What an origin serves and how: plain values, all with a default that a test can live with.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::generated::Generated;

/// Most connections that are open at the same time; further ones wait in the listen queue.
pub(crate) const CONNECTIONS_MAX: usize = 16 * 1024;
/// Bytes of a folder's pages that are kept in memory unless
/// [`cache_bytes_max`](OriginSettings::cache_bytes_max) says otherwise.
pub(crate) const CACHE_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// The robots.txt of an origin that was not given one.
pub(crate) const ROBOTS_ALLOW_ALL: &str = "User-agent: *\nAllow: /\n";

/// Where the pages come from.
#[derive(Debug, Clone)]
pub enum Pages {
    /// Every `.html` and `.html.gz` file in a folder and the folders below it.
    Folder(PathBuf),
    /// The bundled pages and troubles of the [`demo`](crate::demo).
    Demo,
    /// Articles made up from a seed.
    Generated(Generated),
}

/// How long an answer waits before it is sent: a random time between two bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latency {
    /// Shortest wait.
    pub min: Duration,
    /// Longest wait.
    pub max: Duration,
}

/// Settings of an [`Origin`](crate::Origin).
#[derive(Debug, Clone)]
pub struct OriginSettings {
    /// What is served.
    pub pages: Pages,
    /// The address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Threads, each with an event loop of its own; at least 1.
    pub threads: usize,
    /// A wait before each answer, robots.txt included.
    pub latency: Option<Latency>,
    /// The robots.txt of every host; everything is allowed unless it is set. The demo has its own.
    pub robots: Option<String>,
    /// Whether to keep the access log; it costs a few per cent at full speed.
    pub log: bool,
    /// Bytes of a folder's pages that are kept in memory; the rest is read at each request.
    pub cache_bytes_max: u64,
}

impl OriginSettings {
    /// `pages` on a free port of 127.0.0.1, one thread, no latency, with the log on.
    pub fn new(pages: Pages) -> Self {
        Self {
            pages,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            threads: 1,
            latency: None,
            robots: None,
            log: true,
            cache_bytes_max: CACHE_BYTES_MAX,
        }
    }

    /// A folder of pages.
    pub fn folder(path: impl Into<PathBuf>) -> Self {
        Self::new(Pages::Folder(path.into()))
    }

    /// The demo.
    pub fn demo() -> Self {
        Self::new(Pages::Demo)
    }

    /// `pages` made-up articles.
    pub fn generated(pages: u64) -> Self {
        Self::new(Pages::Generated(Generated { pages, ..Generated::default() }))
    }
}
