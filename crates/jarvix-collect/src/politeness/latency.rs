//! Whether a host answers slower than it can: the smoothed time to the first byte against its own
//! floor. A queue that grows at the server shows there before it shows in errors.
//!
//! The idea is TCP Vegas' (Brakmo and Peterson, 1994: what a path gives against what it gives when
//! empty); the form, a gradient held between a half and one, with a tolerance and a floor that
//! drifts, is that of Netflix' concurrency-limits (Gradient2Limit). The smoothing is RFC 6298's:
//! an eighth of each new value. Smooth is compared with smooth, so that a site of fast and slow
//! pages is not taken for one that gets slower.

use std::time::Duration;

/// The weight of a new value.
const SMOOTHING: f64 = 1.0 / 8.0;
/// How much of the distance to the present the floor rises with each answer: who stays slower is
/// not held down for it for ever.
const FLOOR_DRIFT: f64 = 1.0 / 128.0;
/// Answers before the floor is trusted.
const SAMPLES_FIRST: u32 = 8;
/// Slower than this times the floor is slow ...
const TOLERANCE: f64 = 2.0;
/// ... if it is also by this much, in seconds: what machines and wires do on their own.
const NOISE: f64 = 0.05;
/// The most that is taken away at once.
const GRADIENT_LEAST: f64 = 0.5;

/// The times to the first byte of one host.
#[derive(Debug, Default)]
pub(super) struct Latency {
    /// Seconds.
    smooth: f64,
    floor: f64,
    samples: u32,
}

impl Latency {
    /// An answer began after this long.
    pub(super) fn add(&mut self, first_byte: Duration) {
        let seconds = first_byte.as_secs_f64();
        if self.samples == 0 {
            (self.smooth, self.floor) = (seconds, seconds);
        }
        self.samples = self.samples.saturating_add(1);
        self.smooth += (seconds - self.smooth) * SMOOTHING;
        // The first answers carry what only they pay: caches that fill, connections that warm up.
        if self.smooth < self.floor || self.samples <= SAMPLES_FIRST {
            self.floor = self.smooth;
        } else {
            self.floor += (self.smooth - self.floor) * FLOOR_DRIFT;
        }
    }

    /// The share of the present load that the host would take at its usual speed, a half at least;
    /// 1 where it is not slower than usual.
    pub(super) fn gradient(&self) -> f64 {
        let bearable = (self.floor * TOLERANCE).max(self.floor + NOISE);
        if self.smooth <= bearable { 1.0 } else { (bearable / self.smooth).max(GRADIENT_LEAST) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(ms: impl IntoIterator<Item = u64>) -> Latency {
        let mut latency = Latency::default();
        ms.into_iter().for_each(|ms| latency.add(Duration::from_millis(ms)));
        latency
    }

    #[test]
    fn only_a_lasting_rise_above_the_floor_is_slow() {
        let steady = || std::iter::repeat_n(100, 50);
        assert_eq!(after(steady()).gradient(), 1.0);
        assert_eq!(after(steady().chain([900])).gradient(), 1.0, "one slow page");
        let slow = after(steady().chain(std::iter::repeat_n(600, 10))).gradient();
        assert!((0.5..0.8).contains(&slow), "{slow}");
        let back = steady().chain(std::iter::repeat_n(600, 10)).chain(std::iter::repeat_n(100, 20));
        assert_eq!(after(back).gradient(), 1.0);
    }

    #[test]
    fn a_mixed_site_noise_and_a_new_normal_are_not_slow() {
        let mixed = (0..400).map(|n| if n % 2 == 0 { 40 } else { 400 });
        assert_eq!(after(mixed).gradient(), 1.0);
        let noise = std::iter::repeat_n(1, 50).chain(std::iter::repeat_n(45, 50));
        assert_eq!(after(noise).gradient(), 1.0);
        let moved = std::iter::repeat_n(100, 50).chain(std::iter::repeat_n(400, 400));
        assert_eq!(after(moved).gradient(), 1.0);
    }
}
