//! The embedded work queue: hints in memory, bounded, for the threads of one process.
//!
//! It refuses to be a source of truth. A hint that does not fit is dropped, because the catalogue
//! knows the work anyway and is asked again when the queue runs dry.

use std::collections::{HashSet, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jarvix_core::{WorkItem, WorkQueue, limits};

/// A bounded queue of hints within one process.
#[derive(Debug)]
pub struct MemoryQueue {
    state: Mutex<State>,
    changed: Condvar,
    hints_max: usize,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<WorkItem>,
    /// Everything that waits or is being worked on, so that an item is there once.
    known: HashSet<WorkItem>,
    closed: bool,
}

impl Default for MemoryQueue {
    fn default() -> Self {
        Self::new(limits::QUEUE_HINTS)
    }
}

impl MemoryQueue {
    /// A queue that holds at most `hints_max` items.
    pub fn new(hints_max: usize) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), hints_max }
    }

    /// A thread that panicked while it held the lock left a whole state behind: every change here
    /// is made after the last thing that could panic.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WorkQueue for MemoryQueue {
    fn offer(&self, item: WorkItem) -> bool {
        let mut state = self.state();
        if state.closed || state.known.len() >= self.hints_max || state.known.contains(&item) {
            return false;
        }
        state.known.insert(item.clone());
        state.waiting.push_back(item);
        drop(state);
        self.changed.notify_one();
        true
    }

    fn take(&self, wait: Duration) -> Option<WorkItem> {
        let nothing_to_take = |state: &mut State| state.waiting.is_empty() && !state.closed;
        let (mut state, _) = self
            .changed
            .wait_timeout_while(self.state(), wait, nothing_to_take)
            .unwrap_or_else(PoisonError::into_inner);
        state.waiting.pop_front()
    }

    fn finish(&self, item: &WorkItem) {
        self.state().known.remove(item);
        self.changed.notify_all();
    }

    fn put_back(&self, item: &WorkItem) {
        let mut state = self.state();
        if state.known.contains(item) && !state.waiting.contains(item) {
            state.waiting.push_back(item.clone());
        }
        drop(state);
        self.changed.notify_one();
    }

    fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    fn len(&self) -> usize {
        self.state().known.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_queue_keeps_the_ports_promises() {
        jarvix_testkit::work_queue_suite(|hints_max| Box::new(MemoryQueue::new(hints_max)));
    }
}
