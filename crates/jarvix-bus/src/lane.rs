//! One bounded queue of one subscriber and priority, and what went through it. Pushing never
//! waits: a full lane gives up its oldest slot and counts the events in it as lag.

use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_queue::ArrayQueue;

use crate::Batch;

/// Keeps what publishers write and what the reader writes in different cache lines.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Padded<T>(T);

impl<T> Deref for Padded<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

pub(crate) struct Lane<E> {
    queue: ArrayQueue<Batch<E>>,
    /// Events that were meant for this lane.
    published: Padded<AtomicU64>,
    /// Events that were handed to the subscriber.
    delivered: Padded<AtomicU64>,
    /// Events that had to go before they were read.
    lagged: Padded<AtomicU64>,
}

/// A lane's numbers, in events; `published = delivered + lagged + queued`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LaneCounts {
    pub(crate) published: u64,
    pub(crate) delivered: u64,
    pub(crate) lagged: u64,
    pub(crate) queued: u64,
}

impl<E> Lane<E> {
    pub(crate) fn new(slots: usize) -> Self {
        Self {
            queue: ArrayQueue::new(slots),
            published: Padded::default(),
            delivered: Padded::default(),
            lagged: Padded::default(),
        }
    }

    pub(crate) fn push(&self, batch: Batch<E>) {
        // Counted before it can be taken, so that what is queued never counts below zero.
        self.published.fetch_add(batch.count(), Ordering::Relaxed);
        if let Some(oldest) = self.queue.force_push(batch) {
            self.lagged.fetch_add(oldest.count(), Ordering::Relaxed);
        }
    }

    /// The oldest batch, for the subscriber.
    pub(crate) fn pop(&self) -> Option<Batch<E>> {
        let batch = self.queue.pop()?;
        self.delivered.fetch_add(batch.count(), Ordering::Relaxed);
        Some(batch)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Throws away what nobody will read any more, as lag.
    pub(crate) fn sweep(&self) {
        while let Some(batch) = self.queue.pop() {
            self.lagged.fetch_add(batch.count(), Ordering::Relaxed);
        }
    }

    pub(crate) fn counts(&self) -> LaneCounts {
        // What leaves is read before what enters: see `push`.
        let delivered = self.delivered.load(Ordering::Acquire);
        let lagged = self.lagged.load(Ordering::Acquire);
        let published = self.published.load(Ordering::Acquire);
        let queued = published.saturating_sub(delivered + lagged);
        LaneCounts { published, delivered, lagged, queued }
    }
}
