//! A clock that a test turns by hand.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use jarvix_core::Clock;

/// A clock that stands still until it is told otherwise. The wall clock may jump; the monotonic one
/// only goes forward.
#[derive(Debug)]
pub struct ManualClock {
    wall_us: AtomicI64,
    monotonic_us: AtomicU64,
}

impl ManualClock {
    /// A clock whose wall shows `wall_us`, microseconds since 1970-01-01 UTC.
    pub fn at(wall_us: i64) -> Self {
        Self { wall_us: AtomicI64::new(wall_us), monotonic_us: AtomicU64::new(0) }
    }

    /// Lets time pass.
    pub fn advance(&self, time: Duration) {
        let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.monotonic_us.fetch_add(us, Ordering::SeqCst);
        self.wall_us.fetch_add(i64::try_from(us).unwrap_or(i64::MAX), Ordering::SeqCst);
    }

    /// Sets the wall clock, as an administrator or a time server would.
    pub fn jump_to(&self, wall_us: i64) {
        self.wall_us.store(wall_us, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_us(&self) -> i64 {
        self.wall_us.load(Ordering::SeqCst)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.monotonic_us.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_of_the_wall_leaves_durations_alone() {
        let clock = ManualClock::at(1_000);
        clock.advance(Duration::from_micros(5));
        clock.jump_to(-3);
        assert_eq!((clock.now_us(), clock.monotonic()), (-3, Duration::from_micros(5)));
    }
}
