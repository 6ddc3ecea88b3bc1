//! What is known of one host, and what follows from how it answers: how many fetches at a time, how
//! far apart, and whether it is asked at all.

use std::net::IpAddr;
use std::time::Duration;

use tokio::time::Instant;

use super::breaker::{Breaker, BreakerRules, Gate};
use super::latency::Latency;
use super::record::Record;
use crate::settings::{Adaptive, CollectSettings};

/// Requests a second with which a public host starts.
const RATE_FIRST: f64 = 2.0;
/// What each healthy answer adds to that.
const RATE_STEP: f64 = 0.25;
/// The highest adaptive rate, for each fetch that may be under way.
const RATE_MAX_PER_FETCH: f64 = 10.0;
/// The lowest adaptive rate. Slow answers alone lead no lower than [`RATE_FIRST`].
const RATE_LEAST: f64 = 0.1;
/// Trouble counts once in this time: one overload makes many answers.
const TROUBLE_GAP: Duration = Duration::from_secs(1);

/// How a host took a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    /// It answered.
    Well,
    /// It failed in a way that may come from too many requests.
    Troubled,
    /// It said itself that there are too many.
    Overloaded,
    /// It failed in a way that has nothing to do with how many there are.
    Broken,
}

/// What is told of a host after a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Report<'a> {
    pub(crate) health: Health,
    /// How long it took to answer, if it did.
    pub(crate) first_byte: Option<Duration>,
    /// The failure, if the host is to blame for one.
    pub(crate) failure: Option<&'a str>,
    /// Whether it was the first attempt at its URL.
    pub(crate) fresh: bool,
}

impl Report<'_> {
    /// It answered, after this long.
    pub(crate) fn well(first_byte: Option<Duration>) -> Self {
        Self { health: Health::Well, first_byte, failure: None, fresh: true }
    }
}

/// What holds for every host.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) per_host: f64,
    pub(super) gap: Duration,
    pub(super) gap_any: Duration,
    pub(super) adaptive: Adaptive,
    pub(super) breaker: BreakerRules,
}

impl Rules {
    pub(super) fn new(settings: &CollectSettings) -> Self {
        Self {
            per_host: settings.per_host.max(1) as f64,
            gap: gap_of(settings.rate_per_host),
            gap_any: gap_of(settings.rate),
            adaptive: settings.adaptive,
            breaker: BreakerRules::new(settings),
        }
    }
}

/// The time between two requests at `rate` a second; none at 0.
pub(crate) fn gap_of(rate: f64) -> Duration {
    if rate > 0.0 { Duration::from_secs_f64(1.0 / rate) } else { Duration::ZERO }
}

/// One host.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) active: usize,
    /// Redirects that lead here and wait; they go before new fetches.
    pub(super) waiting: usize,
    /// Somebody was turned away and wants to hear when a place is free.
    pub(super) wanted: bool,
    pub(super) crawl_delay: Duration,
    /// The moment of the last request, which may lie ahead.
    pub(super) last: Option<Instant>,
    /// It asked not to be asked before.
    pub(super) paused: Option<Instant>,
    pub(super) breaker: Breaker,
    pub(super) record: Record,
    limit: f64,
    /// Adaptive requests per second; `None` sets none.
    rate: Option<f64>,
    latency: Latency,
    troubled: Option<Instant>,
    /// Whether its address is in an opened range; `None` until it was connected to.
    opened: Option<bool>,
    /// Where it was last connected to.
    pub(super) address: Option<IpAddr>,
}

impl Host {
    pub(super) fn new(rules: &Rules) -> Self {
        let adaptive = rules.adaptive != Adaptive::Off;
        Self {
            active: 0,
            waiting: 0,
            wanted: false,
            crawl_delay: Duration::ZERO,
            last: None,
            paused: None,
            breaker: Breaker::default(),
            record: Record::default(),
            limit: if adaptive { 1.0 } else { rules.per_host },
            rate: adaptive.then_some(RATE_FIRST),
            latency: Latency::default(),
            troubled: None,
            opened: None,
            address: None,
        }
    }

    pub(super) fn is_full(&self, now: Instant) -> bool {
        let limit = match self.breaker.gate(now) {
            Gate::Open => self.limit,
            Gate::Probe => 1.0,
            Gate::Probed | Gate::NotBefore(_) | Gate::Suspended => return true,
        };
        self.active as f64 + 1.0 > limit
    }

    /// Takes a place; true if what takes it is the probe of a host that was put aside.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        self.active += 1;
        let probe = self.breaker.gate(now) == Gate::Probe;
        self.breaker.set_probed(probe);
        probe
    }

    /// Not before when it may be asked again.
    pub(super) fn next(&self, rules: &Rules) -> Option<Instant> {
        self.last.map(|last| last + self.gap(rules)).max(self.paused)
    }

    pub(super) fn gap(&self, rules: &Rules) -> Duration {
        let adaptive = self.rate.map(gap_of).unwrap_or_default();
        rules.gap.max(self.crawl_delay).max(adaptive)
    }

    /// It turned out to be in a range that was opened by name, or not; true if it may be asked more
    /// now.
    pub(super) fn learn(&mut self, opened: bool, rules: &Rules) -> bool {
        let first = self.opened.replace(opened).is_none();
        let frees = first && opened && rules.adaptive == Adaptive::Public;
        if frees {
            (self.limit, self.rate) = (rules.per_host, None);
        }
        frees
    }

    /// The limit rises by one for as many good answers as it is high, and is halved by trouble. True
    /// if the host was put aside, or given up.
    pub(super) fn note(
        &mut self,
        report: Report<'_>,
        probe: bool,
        now: Instant,
        rules: &Rules,
    ) -> bool {
        self.adapt(report, now, rules);
        let Some(why) = report.failure else {
            if report.health == Health::Well {
                self.breaker.well(&rules.breaker);
            }
            return false;
        };
        let aside = self.breaker.failed(now, (report.fresh, probe), why, &rules.breaker);
        if aside {
            self.record.put_aside(self.breaker.is_suspended());
        }
        aside
    }

    fn adapt(&mut self, report: Report<'_>, now: Instant, rules: &Rules) {
        // In an opened range only the host's own word slows us.
        let by_signs = match rules.adaptive {
            Adaptive::On => true,
            Adaptive::Off => return,
            Adaptive::Public => self.opened != Some(true),
        };
        if let Some(first_byte) = report.first_byte.filter(|_| by_signs) {
            self.latency.add(first_byte);
        }
        let slowness = self.latency.gradient();
        match report.health {
            Health::Broken => {}
            Health::Well if slowness < 1.0 => self.slow_down(slowness, RATE_FIRST, now),
            Health::Well => self.speed_up(rules.per_host),
            Health::Troubled if !by_signs => {}
            Health::Troubled | Health::Overloaded => self.slow_down(0.5, RATE_LEAST, now),
        }
    }

    fn speed_up(&mut self, most: f64) {
        self.limit = (self.limit + 1.0 / self.limit).min(most);
        self.rate = self.rate.map(|r| (r + RATE_STEP).min(RATE_MAX_PER_FETCH * most));
    }

    fn slow_down(&mut self, to: f64, rate_least: f64, now: Instant) {
        if self.troubled.is_none_or(|last| now.duration_since(last) >= TROUBLE_GAP) {
            self.troubled = Some(now);
            self.limit = (self.limit * to).max(1.0);
            // A rate that is lower already, for a better reason, is not raised by it.
            self.rate = self.rate.map(|r| (r * to).max(rate_least.min(r)));
        }
    }
}
