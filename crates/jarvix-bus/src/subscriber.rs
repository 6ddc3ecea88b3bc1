//! One subscriber as publishers see it: its lanes, whether it still reads, and how to wake it.
//!
//! Two races are settled in the same way, by a sequentially consistent fence between writing
//! one's own side and reading the other's: at least one of the two sees the other.
//! - Waking: the reader leaves its thread handle, then looks at the lanes; the publisher pushes,
//!   then looks for a handle. So no event is left with a reader asleep.
//! - Ending: the reader says that it has ended, then sweeps; the publisher pushes, then looks
//!   whether it has ended, and sweeps. So no event is left uncounted.

use std::hint;
use std::sync::atomic::{AtomicU8, Ordering, fence};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crossbeam_queue::ArrayQueue;

use crate::lane::Lane;
use crate::stats::{SubscriberState, SubscriberStats};
use crate::subscription::RecvError;
use crate::{Batch, BusSettings, PRIORITIES, Priority, Topics};

/// How often a reader looks again before it sleeps, and how many of these looks come after a pause
/// that doubles each time instead of after giving way to other threads.
const LOOKS: u32 = 10;
const SPINS: u32 = 6;

const LISTENING: u8 = 0;
const CLOSING: u8 = 1;
const ENDED: u8 = 2;

pub(crate) struct Subscriber<E> {
    name: String,
    topics: Topics,
    lanes: [Lane<E>; PRIORITIES],
    /// Only ever grows: listening, closing, ended.
    phase: AtomicU8,
    /// The thread that waits, if one does. A queue of one is a slot without a lock: a publisher
    /// takes the handle out and so wakes it once.
    waiter: ArrayQueue<Thread>,
    /// Why it failed, if it did; the condition tells of its end.
    failure: Mutex<Option<String>>,
    ended: Condvar,
}

impl<E> Subscriber<E> {
    pub(crate) fn new(name: &str, topics: Topics, settings: &BusSettings) -> Self {
        Self {
            name: name.to_owned(),
            topics,
            lanes: std::array::from_fn(|_| Lane::new(settings.lane_slots)),
            phase: AtomicU8::new(LISTENING),
            waiter: ArrayQueue::new(1),
            failure: Mutex::new(None),
            ended: Condvar::new(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn wants(&self, topic: u8) -> bool {
        self.topics.contains(topic) && self.phase.load(Ordering::Acquire) == LISTENING
    }

    /// Puts a batch in the lane of `priority` and wakes the reader if it waits.
    pub(crate) fn offer(&self, priority: Priority, batch: Batch<E>) {
        self.lanes[priority.index()].push(batch);
        fence(Ordering::SeqCst);
        if self.phase.load(Ordering::Relaxed) == ENDED {
            self.sweep();
        } else {
            self.wake();
        }
    }

    /// The next batch, the most urgent lane first.
    pub(crate) fn take(&self) -> Option<Batch<E>> {
        self.lanes.iter().find_map(Lane::pop)
    }

    /// The next batch; waits until `deadline`, or for ever without one.
    pub(crate) fn take_until(&self, deadline: Option<Instant>) -> Result<Batch<E>, RecvError> {
        loop {
            if let Some(batch) = self.take() {
                return Ok(batch);
            }
            if self.phase.load(Ordering::Acquire) != LISTENING {
                // Closing came after the last publish that counts, so this look is the last.
                return self.take().ok_or(RecvError::Closed);
            }
            if self.news_soon() {
                continue;
            }
            // Whatever handle was left there is an earlier one of this same reader.
            drop(self.waiter.force_push(thread::current()));
            fence(Ordering::SeqCst);
            if !self.has_news() && !park_until(deadline) {
                drop(self.waiter.pop());
                return self.take().ok_or(RecvError::Timeout);
            }
            drop(self.waiter.pop());
        }
    }

    fn has_news(&self) -> bool {
        self.lanes.iter().any(|lane| !lane.is_empty())
            || self.phase.load(Ordering::Relaxed) != LISTENING
    }

    /// Looks a few microseconds longer before going to sleep: waking a sleeper costs the publisher
    /// a system call, and at speed the next batch is nearly there.
    fn news_soon(&self) -> bool {
        (0..LOOKS).any(|look| {
            if look < SPINS {
                (0..1 << look).for_each(|_: u32| hint::spin_loop());
            } else {
                thread::yield_now();
            }
            self.has_news()
        })
    }

    /// No new events from now on; the reader gets what is queued.
    pub(crate) fn close(&self) {
        self.phase.fetch_max(CLOSING, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        self.wake();
    }

    /// Nothing will be read any more.
    pub(crate) fn end(&self, failure: Option<String>) {
        let mut slot = self.failure();
        if failure.is_some() {
            *slot = failure;
        }
        self.phase.fetch_max(ENDED, Ordering::SeqCst);
        drop(slot);
        fence(Ordering::SeqCst);
        self.sweep();
        self.ended.notify_all();
    }

    /// Waits at most `wait` for the end.
    pub(crate) fn await_end(&self, wait: Duration) -> SubscriberState {
        let not_ended = |_: &mut Option<String>| self.phase.load(Ordering::Acquire) != ENDED;
        drop(
            self.ended
                .wait_timeout_while(self.failure(), wait, not_ended)
                .unwrap_or_else(PoisonError::into_inner),
        );
        self.state()
    }

    pub(crate) fn state(&self) -> SubscriberState {
        match (self.phase.load(Ordering::Acquire), &*self.failure()) {
            (LISTENING, _) => SubscriberState::Listening,
            (CLOSING, _) => SubscriberState::Closing,
            (_, None) => SubscriberState::Ended,
            (_, Some(reason)) => SubscriberState::Failed { reason: reason.clone() },
        }
    }

    pub(crate) fn stats(&self) -> SubscriberStats {
        let counts = self.lanes.each_ref().map(Lane::counts);
        SubscriberStats {
            name: self.name.clone(),
            state: self.state(),
            published: counts.iter().map(|c| c.published).sum(),
            delivered: counts.iter().map(|c| c.delivered).sum(),
            lagged: counts.map(|c| c.lagged),
            queued: counts.iter().map(|c| c.queued).sum(),
        }
    }

    fn wake(&self) {
        if !self.waiter.is_empty()
            && let Some(thread) = self.waiter.pop()
        {
            thread.unpark();
        }
    }

    fn sweep(&self) {
        self.lanes.iter().for_each(Lane::sweep);
    }

    fn failure(&self) -> MutexGuard<'_, Option<String>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Parks this thread; false if `deadline` has passed. May return early: the caller looks again.
fn park_until(deadline: Option<Instant>) -> bool {
    let Some(deadline) = deadline else {
        thread::park();
        return true;
    };
    let left = deadline.saturating_duration_since(now());
    if left.is_zero() {
        return false;
    }
    thread::park_timeout(left);
    true
}

/// The moment `timeout` from now; `None` if that is beyond all clocks.
pub(crate) fn deadline_in(timeout: Duration) -> Option<Instant> {
    now().checked_add(timeout)
}

fn now() -> Instant {
    #[expect(
        clippy::disallowed_methods,
        reason = "only how long a thread stays parked; nothing is recorded or decided by it"
    )]
    Instant::now()
}
