//! What was asked of one host since the last part was closed, observed where requests leave. The
//! rows go into the same commit as the pages (invariant I1), so a run's record is as whole as its
//! pages, however often it was stopped.
//!
//! The gap between two requests is measured over sweeps and parts only as long as the host is in
//! memory; one that was not asked for [`REMEMBERED`](super::REMEMBERED) may be forgotten, so longer
//! gaps than that may be missing. Short ones never are.

use std::sync::Arc;
use std::time::Duration;

use jarvix_core::HostFacts;
use tokio::time::Instant;

#[derive(Debug, Default)]
pub(super) struct Record {
    requests: u64,
    concurrency_max: usize,
    gap_min: Option<Duration>,
    pauses: u32,
    put_aside: u32,
    suspended: bool,
    /// The start of the last request.
    last: Option<Instant>,
}

impl Record {
    /// A request leaves while this many fetches are under way.
    pub(super) fn asked(&mut self, now: Instant, under_way: usize) {
        self.requests += 1;
        self.concurrency_max = self.concurrency_max.max(under_way);
        if let Some(last) = self.last.replace(now) {
            let gap = now.saturating_duration_since(last);
            self.gap_min = Some(self.gap_min.map_or(gap, |least| least.min(gap)));
        }
    }

    /// It asked to wait.
    pub(super) fn paused(&mut self) {
        self.pauses += 1;
    }

    /// It was put aside, or given up.
    pub(super) fn put_aside(&mut self, suspended: bool) {
        self.put_aside += u32::from(!suspended);
        self.suspended |= suspended;
    }

    /// When it was last asked.
    pub(super) fn last(&self) -> Option<Instant> {
        self.last
    }

    /// Whether nothing was observed since it was taken.
    pub(super) fn is_empty(&self) -> bool {
        self.requests == 0 && self.pauses == 0 && self.put_aside == 0 && !self.suspended
    }

    /// What was observed since this was last called, if anything was.
    pub(super) fn take(&mut self, host: &Arc<str>, crawl_delay: Duration) -> Option<HostFacts> {
        if self.is_empty() {
            return None;
        }
        let seen = std::mem::replace(self, Self { last: self.last, ..Self::default() });
        let whole = |n: u128| u64::try_from(n).unwrap_or(u64::MAX);
        Some(HostFacts {
            host: host.to_string(),
            requests: seen.requests,
            concurrency_max: u32::try_from(seen.concurrency_max).unwrap_or(u32::MAX),
            gap_min_us: seen.gap_min.map(|gap| whole(gap.as_micros())),
            crawl_delay_ms: (!crawl_delay.is_zero()).then(|| whole(crawl_delay.as_millis())),
            pauses: seen.pauses,
            put_aside: seen.put_aside,
            suspended: seen.suspended,
        })
    }
}
