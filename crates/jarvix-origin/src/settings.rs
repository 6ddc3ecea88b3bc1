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

impl Latency {
    /// The wait at `fraction` (0 to 1) of the way from the shortest to the longest.
    pub(crate) fn at(self, fraction: f64) -> Duration {
        self.min + self.max.saturating_sub(self.min).mul_f64(fraction)
    }

    /// The wait of `host`: the same on every machine, and spread evenly over hosts.
    pub(crate) fn of(self, host: &str) -> Duration {
        // FNV-1a, and the last step of SplitMix64 because names such as h1 and h2 are close.
        let hash = host.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        });
        let hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        self.at(((hash ^ (hash >> 31)) >> 11) as f64 / (1_u64 << 53) as f64)
    }
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
    /// Whether the wait is the same for all requests to one host, and chosen by its name alone.
    pub latency_by_host: bool,
    /// The robots.txt of every host; everything is allowed unless it is set. The demo has its own.
    pub robots: Option<String>,
    /// Whether to keep the access log; it costs a few per cent at full speed.
    pub log: bool,
    /// Whether the access log keeps each request apart, too: 40 bytes each.
    pub visits: bool,
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
            latency_by_host: false,
            robots: None,
            log: true,
            visits: false,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_s_wait_is_its_own_and_the_waits_are_spread() {
        let latency = Latency { min: Duration::from_millis(20), max: Duration::from_millis(300) };
        let waits: Vec<u64> =
            (0..1_000).map(|n| latency.of(&format!("h{n}.localhost")).as_millis() as u64).collect();
        assert!(waits.iter().all(|ms| (20..=300).contains(ms)));
        let mean = waits.iter().sum::<u64>() / 1_000;
        assert!((150..170).contains(&mean), "{mean} ms on average");
        for tenth in 0..10 {
            let among = waits.iter().filter(|ms| (*ms - 20) / 28 == tenth).count();
            assert!((60..140).contains(&among), "{among} hosts in tenth {tenth}");
        }
        assert_eq!(latency.of("h7.localhost"), latency.of("h7.localhost"));
    }
}
