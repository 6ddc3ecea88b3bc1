//! The byte budget of invariant I2: all bodies in flight or waiting for the writer share one
//! number of bytes. A fetch takes permits before it makes room for more of a body, and pauses
//! reading when there are none; the permits travel with the page until the writer has it in a
//! part's row group.
//!
//! One body may always finish: whoever has to wait may instead become the one holder of the
//! reserve, which is as large as the largest body, and then never waits again. Without it a
//! hundred half-read bodies could hold all permits and wait for each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Permits are counted in KiB: the semaphore counts to 2^32 at most, and a page is not smaller.
const UNIT: usize = 1024;

/// The shared budget.
#[derive(Debug)]
pub(crate) struct Budget {
    shared: Arc<Semaphore>,
    reserve: Arc<Semaphore>,
    in_use: AtomicUsize,
    peak: AtomicUsize,
    waits: AtomicU64,
}

impl Budget {
    /// A budget of `bytes_max`, of which `body_bytes_max` are the reserve. Bodies larger than
    /// half of the budget make the reserve, and so the sum, larger: one of them must fit.
    pub(crate) fn new(bytes_max: usize, body_bytes_max: usize) -> Arc<Self> {
        let shared = bytes_max.saturating_sub(body_bytes_max).max(bytes_max / 2).max(UNIT);
        Arc::new(Self {
            shared: Arc::new(Semaphore::new(shared / UNIT)),
            reserve: Arc::new(Semaphore::new(1)),
            in_use: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
            waits: AtomicU64::new(0),
        })
    }

    /// A lease of nothing yet.
    pub(crate) fn lease(self: &Arc<Self>) -> Lease {
        Lease { budget: Arc::clone(self), permits: None, reserve: None, units: 0 }
    }

    /// How often a fetch had to wait for permits.
    pub(crate) fn waits(&self) -> u64 {
        self.waits.load(Ordering::Relaxed)
    }

    /// The most bytes that were ever leased at one time.
    #[cfg(test)]
    pub(crate) fn peak_bytes(&self) -> usize {
        self.peak.load(Ordering::Relaxed) * UNIT
    }

    fn add(&self, units: usize) {
        let now = self.in_use.fetch_add(units, Ordering::Relaxed) + units;
        self.peak.fetch_max(now, Ordering::Relaxed);
    }
}

/// What one fetch holds of the budget; given back when dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    budget: Arc<Budget>,
    permits: Option<OwnedSemaphorePermit>,
    reserve: Option<OwnedSemaphorePermit>,
    units: usize,
}

impl Lease {
    /// Takes what is missing for `bytes` in all, without waiting; false if it is not there.
    pub(crate) fn try_cover(&mut self, bytes: usize) -> bool {
        let missing = self.missing(bytes);
        if missing == 0 {
            return true;
        }
        if self.reserve.is_some() {
            self.grow(missing, None);
            return true;
        }
        let shared = Arc::clone(&self.budget.shared);
        match shared.try_acquire_many_owned(u32::try_from(missing).unwrap_or(u32::MAX)) {
            Ok(permits) => {
                self.grow(missing, Some(permits));
                true
            }
            Err(_) => false,
        }
    }

    /// Takes what is missing for `bytes` in all, and waits until it is there. Safe to cancel.
    pub(crate) async fn cover(&mut self, bytes: usize) {
        if self.try_cover(bytes) {
            return;
        }
        self.budget.waits.fetch_add(1, Ordering::Relaxed);
        let missing = self.missing(bytes);
        let shared = Arc::clone(&self.budget.shared);
        let reserve = Arc::clone(&self.budget.reserve);
        tokio::select! {
            biased;
            permits = shared.acquire_many_owned(u32::try_from(missing).unwrap_or(u32::MAX)) => {
                // The semaphores are never closed, so there is always a permit.
                self.grow(missing, permits.ok());
            }
            reserve = reserve.acquire_owned() => {
                self.reserve = reserve.ok();
                self.grow(missing, None);
            }
        }
    }

    fn missing(&self, bytes: usize) -> usize {
        bytes.div_ceil(UNIT).saturating_sub(self.units)
    }

    fn grow(&mut self, units: usize, permits: Option<OwnedSemaphorePermit>) {
        self.units += units;
        self.budget.add(units);
        match (&mut self.permits, permits) {
            (Some(held), Some(more)) => held.merge(more),
            (held @ None, more) => *held = more,
            (Some(_), None) => {}
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.budget.in_use.fetch_sub(self.units, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const BODY: usize = 8 * 1024;

    #[tokio::test]
    async fn half_read_bodies_never_wait_for_each_other() {
        let budget = Budget::new(32 * 1024, BODY);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let budget = Arc::clone(&budget);
            tasks.spawn(async move {
                let mut lease = budget.lease();
                for step in 1..=8 {
                    lease.cover(step * 1024).await;
                    tokio::task::yield_now().await;
                }
            });
        }
        let all = async { while tasks.join_next().await.is_some() {} };
        tokio::time::timeout(Duration::from_secs(20), all).await.expect("every body finishes");
        assert!(budget.peak_bytes() <= 32 * 1024, "{} bytes", budget.peak_bytes());
        assert!(budget.waits() > 0);
        assert!(budget.lease().try_cover(24 * 1024), "everything was given back");
    }

    #[tokio::test]
    async fn the_reserve_has_one_holder_and_comes_back() {
        let budget = Budget::new(16 * 1024, BODY);
        let mut full = budget.lease();
        assert!(full.try_cover(8 * 1024));
        let mut first = budget.lease();
        first.cover(BODY).await;
        let mut second = budget.lease();
        let waiting = tokio::time::timeout(Duration::from_millis(20), second.cover(1024)).await;
        assert!(waiting.is_err(), "there was nothing left to take");
        drop(first);
        second.cover(BODY).await;
        assert!(budget.peak_bytes() <= 16 * 1024);
    }
}
