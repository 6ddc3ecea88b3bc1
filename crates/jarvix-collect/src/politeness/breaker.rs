//! The circuit breaker of one host: who keeps failing is left alone for a while, then tried with
//! one request, and given up for the session when that has failed often enough.
//!
//! The method is Envoy's outlier detection (consecutive failures, a pause that doubles) with the
//! half-open state of a classic breaker instead of Envoy's return at full load. What a failure is,
//! the caller says; the clock is an argument, so that tests turn it.

use std::time::Duration;

use tokio::time::Instant;

use crate::settings::{BreakerSettings, CollectSettings};

/// When a host is put aside.
#[derive(Debug)]
pub(super) struct BreakerRules {
    /// Failures in a row; 0 never puts a host aside.
    failures: u32,
    tuning: BreakerSettings,
}

impl BreakerRules {
    pub(super) fn new(settings: &CollectSettings) -> Self {
        Self { failures: settings.host_failures, tuning: settings.breaker.clone() }
    }

    /// How long a host is put aside for the `times`-th time, from 1.
    fn aside(&self, times: u32) -> Duration {
        let doubled = self.tuning.aside.saturating_mul(1 << times.saturating_sub(1).min(20));
        doubled.min(self.tuning.aside_max)
    }
}

/// Whether a host may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    /// As far as the breaker is concerned.
    Open,
    /// Put aside until then.
    NotBefore(Instant),
    /// By one request, which shows whether it is well again.
    Probe,
    /// That one request is under way.
    Probed,
    /// Not any more.
    Suspended,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Closed,
    Aside {
        until: Instant,
        probed: bool,
    },
    Suspended,
}

/// How often a host failed, and what follows from it.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    state: State,
    /// Failures in a row, failed probes included.
    failures: u32,
    /// Healthy answers in a row.
    well: u32,
    /// How often it was put aside, what was forgiven left out.
    times: u32,
    /// What the last failure was, once it was put aside.
    last: Option<Box<str>>,
}

impl Breaker {
    pub(super) fn gate(&self, now: Instant) -> Gate {
        match self.state {
            State::Closed => Gate::Open,
            State::Aside { until, .. } if until > now => Gate::NotBefore(until),
            State::Aside { probed: false, .. } => Gate::Probe,
            State::Aside { probed: true, .. } => Gate::Probed,
            State::Suspended => Gate::Suspended,
        }
    }

    /// The one request that shows whether the host is well begins, or ended without showing it.
    pub(super) fn set_probed(&mut self, under_way: bool) {
        if let State::Aside { probed, .. } = &mut self.state {
            *probed = under_way;
        }
    }

    /// The host answered as it should: it is asked like any other again. Having been put aside is
    /// forgiven once for every row of healthy answers that is as long as the row of failures.
    pub(super) fn well(&mut self, rules: &BreakerRules) {
        if self.state == State::Suspended {
            return;
        }
        self.state = State::Closed;
        self.failures = 0;
        if self.times > 0 {
            self.well += 1;
            if self.well >= rules.failures {
                (self.well, self.times) = (0, self.times - 1);
            }
        }
    }

    /// The host failed. A `probe` counts always; else a further attempt at the same URL does not
    /// (`fresh` is false), so that one bad page cannot put its host aside. True if the host was put
    /// aside by it, or given up.
    pub(super) fn failed(
        &mut self,
        now: Instant,
        (fresh, probe): (bool, bool),
        why: &str,
        rules: &BreakerRules,
    ) -> bool {
        let aside = matches!(self.state, State::Aside { .. });
        // What was under way when it was put aside says nothing new.
        let counts = if aside { probe } else { fresh && self.state == State::Closed };
        if rules.failures == 0 || !counts {
            return false;
        }
        (self.failures, self.well) = (self.failures + 1, 0);
        if self.failures < rules.failures {
            return false;
        }
        self.times += 1;
        self.last = Some(why.into());
        self.state = if self.times > rules.tuning.asides_max {
            State::Suspended
        } else {
            State::Aside { until: now + rules.aside(self.times), probed: false }
        };
        true
    }

    /// Whether it was given up.
    pub(super) fn is_suspended(&self) -> bool {
        self.state == State::Suspended
    }

    /// Why it is not asked, for the rows of its URLs.
    pub(super) fn reason(&self) -> String {
        let last = self.last.as_deref().unwrap_or("no answer");
        let failures = self.failures;
        match self.state {
            State::Suspended => {
                format!(
                    "the host was given up after {failures} failures in a row, the last: {last}"
                )
            }
            _ => format!(
                "the host is put aside after {failures} failures in a row, the last: {last}"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(failures: u32) -> BreakerRules {
        BreakerRules::new(&CollectSettings {
            host_failures: failures,
            ..CollectSettings::default()
        })
    }

    fn fail(breaker: &mut Breaker, now: Instant, probe: bool, rules: &BreakerRules) -> bool {
        breaker.failed(now, (true, probe), "connect: refused", rules)
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_double_with_one_probe_each_until_the_host_is_given_up() {
        let (mut breaker, rules) = (Breaker::default(), rules(5));
        let mut now = Instant::now();
        for n in 1..=5 {
            assert_eq!(breaker.gate(now), Gate::Open);
            assert_eq!(fail(&mut breaker, now, false, &rules), n == 5);
        }
        // The rest of what was under way.
        assert!(!fail(&mut breaker, now, false, &rules));
        for pause in [30, 60] {
            let until = now + Duration::from_secs(pause);
            assert_eq!(breaker.gate(now), Gate::NotBefore(until));
            now = until;
            assert_eq!(breaker.gate(now), Gate::Probe);
            breaker.set_probed(true);
            assert_eq!(breaker.gate(now), Gate::Probed);
            assert!(fail(&mut breaker, now, true, &rules));
        }
        assert_eq!(breaker.gate(now), Gate::Suspended);
        let reason = breaker.reason();
        assert!(reason.contains("after 7 failures in a row"), "{reason}");
        assert!(reason.ends_with("the last: connect: refused"), "{reason}");
        breaker.well(&rules);
        assert!(breaker.is_suspended(), "given up is for the session");
    }

    #[tokio::test(start_paused = true)]
    async fn a_healthy_answer_closes_it_and_a_row_of_them_forgives() {
        let (mut breaker, rules) = (Breaker::default(), rules(3));
        let now = Instant::now();
        for _ in 0..10 {
            assert!(!fail(&mut breaker, now, false, &rules));
            assert!(!fail(&mut breaker, now, false, &rules));
            breaker.well(&rules);
        }
        for times in 1..=2 {
            let put_aside = (0..3).filter(|_| fail(&mut breaker, now, false, &rules)).count();
            assert_eq!(put_aside, 1);
            breaker.well(&rules);
            assert_eq!((breaker.gate(now), breaker.times), (Gate::Open, times));
        }
        (0..6).for_each(|_| breaker.well(&rules));
        assert_eq!(breaker.times, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn further_attempts_at_one_url_and_zero_put_nobody_aside() {
        let (mut breaker, three) = (Breaker::default(), rules(3));
        let now = Instant::now();
        for _ in 0..20 {
            assert!(!breaker.failed(now, (false, false), "timeout", &three));
        }
        let never = rules(0);
        for _ in 0..20 {
            assert!(!fail(&mut breaker, now, false, &never));
        }
        assert_eq!(breaker.gate(now), Gate::Open);
    }
}
