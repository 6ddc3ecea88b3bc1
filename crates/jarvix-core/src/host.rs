//! What was asked of one host: the record of our manners, observed where requests leave.

/// A row of `hosts`: what one host was asked while one part of `pages` was filled. Robots.txt,
/// redirects and retries count like pages. The rows of a host add up over the parts: counts as sums,
/// `concurrency_max` as the greatest, `gap_min_us` as the smallest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostFacts {
    /// The host as it stands in URLs, IPv6 in brackets.
    pub host: String,
    /// Requests that were sent.
    pub requests: u64,
    /// Most fetches that were under way there at the same time.
    pub concurrency_max: u32,
    /// Shortest time between the starts of two requests, in microseconds; `None` under two.
    pub gap_min_us: Option<u64>,
    /// The crawl delay of its robots.txt that was kept to, in milliseconds.
    pub crawl_delay_ms: Option<u64>,
    /// Times that it asked to wait (`Retry-After`) and was waited for.
    pub pauses: u32,
    /// Times that it was put aside because it kept failing.
    pub put_aside: u32,
    /// Whether it was given up for the rest of the session.
    pub suspended: bool,
}
