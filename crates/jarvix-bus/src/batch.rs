//! What stands in a lane: a stretch of a shared allocation. Cloning one copies no event.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// One or more events of one route, in the order in which they were published.
pub struct Batch<E> {
    events: Arc<[E]>,
    range: Range<usize>,
}

impl<E> Batch<E> {
    /// `range` must lie inside `events` and hold at least one event.
    pub(crate) fn new(events: &Arc<[E]>, range: Range<usize>) -> Self {
        debug_assert!(range.start < range.end && range.end <= events.len());
        Self { events: Arc::clone(events), range }
    }

    /// How many events, as the counters want it.
    pub(crate) fn count(&self) -> u64 {
        self.range.len() as u64
    }
}

impl<E> Deref for Batch<E> {
    type Target = [E];
    fn deref(&self) -> &[E] {
        &self.events[self.range.clone()]
    }
}

impl<E> Clone for Batch<E> {
    fn clone(&self) -> Self {
        Self { events: Arc::clone(&self.events), range: self.range.clone() }
    }
}

impl<E: fmt::Debug> fmt::Debug for Batch<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a, E> IntoIterator for &'a Batch<E> {
    type Item = &'a E;
    type IntoIter = std::slice::Iter<'a, E>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
