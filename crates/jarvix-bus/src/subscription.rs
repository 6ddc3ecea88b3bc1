//! The reading end: whoever holds it reads at its own pace, and loses the oldest events if that
//! is too slow. Dropping it is leaving.

use std::fmt;
use std::iter;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::Batch;
use crate::registry::Membership;
use crate::stats::SubscriberStats;
use crate::subscriber::{Subscriber, deadline_in};

/// Why there was nothing to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecvError {
    /// Nothing came in time.
    #[error("no event came in time")]
    Timeout,
    /// The bus is closed and everything has been read.
    #[error("the bus is closed")]
    Closed,
}

/// A subscriber that reads for itself.
#[must_use = "dropping a subscription ends it"]
pub struct Subscription<E> {
    subscriber: Arc<Subscriber<E>>,
    _membership: Membership<E>,
}

impl<E> Subscription<E> {
    pub(crate) fn new(subscriber: Arc<Subscriber<E>>, membership: Membership<E>) -> Self {
        Self { subscriber, _membership: membership }
    }

    /// What is there now, the most urgent first; `None` if nothing is.
    pub fn try_recv(&mut self) -> Option<Batch<E>> {
        self.subscriber.take()
    }

    /// Waits for events, however long that takes. The only error is [`RecvError::Closed`].
    pub fn recv(&mut self) -> Result<Batch<E>, RecvError> {
        self.recv_until(None)
    }

    /// Waits for events, at most `timeout`.
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Batch<E>, RecvError> {
        self.recv_until(deadline_in(timeout))
    }

    fn recv_until(&mut self, deadline: Option<Instant>) -> Result<Batch<E>, RecvError> {
        let received = self.subscriber.take_until(deadline);
        if matches!(received, Err(RecvError::Closed)) {
            self.subscriber.end(None);
        }
        received
    }

    /// Everything that is there now, the most urgent first. Ends when nothing is left, so while
    /// others publish fast it may go on: take as many as you can handle.
    pub fn drain(&mut self) -> impl Iterator<Item = Batch<E>> {
        iter::from_fn(|| self.subscriber.take())
    }

    /// Its numbers.
    pub fn stats(&self) -> SubscriberStats {
        self.subscriber.stats()
    }
}

impl<E> Drop for Subscription<E> {
    fn drop(&mut self) {
        self.subscriber.end(None);
    }
}

impl<E> fmt::Debug for Subscription<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Subscription").field(&self.subscriber.name()).finish()
    }
}
