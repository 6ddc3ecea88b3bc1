//! The time an attempt may take: one total deadline, a limit for each phase inside it, and pauses
//! that do not count (waiting for politeness, or for the byte budget).
//!
//! Timers and the instants they are set to come from tokio's clock, which is monotonic and which
//! tests can turn. An attempt has one timer, set to the earliest moment it could be needed and
//! moved only when that comes: a fast answer costs one timer in all.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, Sleep};

/// A limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Late {
    /// The phase took too long.
    Phase,
    /// The attempt took too long.
    Total,
}

/// The stopwatch of one attempt.
#[derive(Debug)]
pub(crate) struct Watch {
    timer: Pin<Box<Sleep>>,
    started: Instant,
    end: Instant,
}

impl Watch {
    /// Starts an attempt that may take `total`; no phase limit is expected to be below `least`.
    pub(crate) fn new(total: Duration, least: Duration) -> Self {
        let started = Instant::now();
        let timer = Box::pin(tokio::time::sleep_until(started + least.min(total)));
        Self { timer, started, end: started + total }
    }

    /// Time spent, pauses left out.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Runs `work` for at most `limit`, and not beyond the attempt's end.
    pub(crate) async fn within<F: Future>(
        &mut self,
        limit: Duration,
        work: F,
    ) -> Result<F::Output, Late> {
        self.until(Instant::now() + limit, work).await
    }

    /// Runs `work` until `phase_end`, and not beyond the attempt's end.
    pub(crate) async fn until<F: Future>(
        &mut self,
        phase_end: Instant,
        work: F,
    ) -> Result<F::Output, Late> {
        let end = phase_end.min(self.end);
        let mut work = pin!(work);
        std::future::poll_fn(|cx| {
            if let Poll::Ready(done) = work.as_mut().poll(cx) {
                return Poll::Ready(Ok(done));
            }
            if self.timer.deadline() > end {
                self.timer.as_mut().reset(end);
            }
            while self.timer.as_mut().poll(cx).is_ready() {
                if self.timer.deadline() >= end {
                    let late = if phase_end < self.end { Late::Phase } else { Late::Total };
                    return Poll::Ready(Err(late));
                }
                self.timer.as_mut().reset(end);
            }
            Poll::Pending
        })
        .await
    }

    /// Runs `work` off the clock.
    pub(crate) async fn paused<F: Future>(&mut self, work: F) -> F::Output {
        let from = Instant::now();
        let done = work.await;
        let pause = from.elapsed();
        self.started += pause;
        self.end += pause;
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(s: u64) -> Duration {
        Duration::from_secs(s)
    }

    #[tokio::test(start_paused = true)]
    async fn phases_end_inside_the_total_and_pauses_do_not_count() {
        let never = || std::future::pending::<()>();
        let mut watch = Watch::new(seconds(30), seconds(5));
        assert_eq!(watch.within(seconds(10), async { 7 }).await, Ok(7));
        let before = Instant::now();
        assert_eq!(watch.within(seconds(10), never()).await, Err(Late::Phase));
        assert_eq!(before.elapsed().as_secs(), 10);
        watch.paused(tokio::time::sleep(seconds(100))).await;
        assert_eq!(watch.elapsed().as_secs(), 10);
        assert_eq!(watch.within(seconds(2), never()).await, Err(Late::Phase));
        let before = Instant::now();
        assert_eq!(watch.within(seconds(60), never()).await, Err(Late::Total));
        assert_eq!(before.elapsed().as_secs(), 18);
    }
}
