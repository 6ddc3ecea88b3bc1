//! What a summary says of our manners: observed by the collector where requests leave, and added up
//! over the parts of the run.

use serde::{Deserialize, Serialize};

/// Rows of [`PolitenessFacts::worst`].
pub const POLITE_ROWS: usize = 10;

/// How much the hosts were asked: every request counts, robots.txt, redirects and retries too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolitenessFacts {
    /// Hosts that were asked something.
    pub hosts: u64,
    /// Requests to all of them.
    pub requests: u64,
    /// Most fetches that were under way at one host at the same time.
    pub concurrency_max: u64,
    /// Shortest time between the starts of two requests to one host, in microseconds.
    pub gap_min_us: Option<u64>,
    /// Times that a host asked to wait and was waited for.
    pub pauses: u64,
    /// Times that a host was put aside because it kept failing.
    pub put_aside: u64,
    /// Hosts that were given up.
    pub suspended: u64,
    /// The hosts that were asked most at a time, of equals those with the shortest gap.
    pub worst: Vec<PoliteHost>,
}

/// How much one host was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoliteHost {
    /// Host name.
    pub host: String,
    /// Requests.
    pub requests: u64,
    /// Most fetches that were under way there at the same time.
    pub concurrency_max: u64,
    /// Shortest time between the starts of two requests, in microseconds; `None` under two.
    pub gap_min_us: Option<u64>,
    /// The crawl delay of its robots.txt, in milliseconds.
    pub crawl_delay_ms: Option<u64>,
    /// Times that it asked to wait and was waited for.
    pub pauses: u64,
    /// Times that it was put aside because it kept failing.
    pub put_aside: u64,
    /// Whether it was given up.
    pub suspended: bool,
}
