//! How much a host is asked at a time (invariant I5): a limit on the fetches under way, a least
//! gap between requests, and pauses that the host asked for.
//!
//! On public addresses the limit starts at one fetch and two requests a second and rises while
//! answers stay healthy; trouble halves both. In ranges that were opened by name it starts at its
//! maximum. A fixed rate, a crawl delay and `Retry-After` hold everywhere.
//!
//! A fetch holds the [`Slot`] of one host at a time, never two, so that two hosts which redirect
//! to each other cannot wait for each other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::settings::{Adaptive, CollectSettings};

/// Requests a second with which a public host starts.
const RATE_FIRST: f64 = 2.0;
/// What each healthy answer adds to that.
const RATE_STEP: f64 = 0.25;
/// The highest adaptive rate, for each fetch that may be under way.
const RATE_MAX_PER_FETCH: f64 = 10.0;
/// The lowest adaptive rate.
const RATE_LEAST: f64 = 0.1;
/// Trouble counts once in this time: one overload makes many answers.
const TROUBLE_GAP: Duration = Duration::from_secs(1);
/// The longest crawl delay that is kept to; longer ones are kept to as this.
const CRAWL_DELAY_MAX: Duration = Duration::from_secs(60);
/// Hosts whose state is kept; beyond it, those with nothing under way are forgotten.
const HOSTS_MAX: usize = 20_000;

/// How a host took a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    /// It answered.
    Well,
    /// It failed in a way that may come from too many requests.
    Troubled,
    /// It said itself that there are too many.
    Overloaded,
}

/// Whether a fetch may begin.
#[derive(Debug)]
pub(crate) enum Entry {
    /// It may, now.
    Go(Slot),
    /// Not before this moment.
    NotBefore(Instant),
    /// As many as may be are under way; [`Politeness::next_freed`] says when to ask again.
    Full,
}

/// The state of all hosts.
#[derive(Debug)]
pub(crate) struct Politeness {
    rules: Rules,
    state: Mutex<State>,
    freed: Notify,
    changed: Notify,
}

#[derive(Debug)]
struct Rules {
    per_host: f64,
    gap: Duration,
    gap_any: Duration,
    adaptive: Adaptive,
}

#[derive(Debug)]
struct State {
    hosts: HashMap<Arc<str>, Host>,
    freed: Vec<Arc<str>>,
    next_any: Instant,
}

#[derive(Debug)]
struct Host {
    active: usize,
    /// Redirects that lead here and wait; they go before new fetches.
    waiting: usize,
    /// Somebody was turned away and wants to hear when a place is free.
    wanted: bool,
    limit: f64,
    /// Adaptive requests per second; `None` sets none.
    rate: Option<f64>,
    crawl_delay: Duration,
    /// The moment of the last request, which may lie ahead.
    last: Option<Instant>,
    /// It asked not to be asked before.
    paused: Option<Instant>,
    troubled: Option<Instant>,
    /// Whether its address is in an opened range; `None` until it was connected to.
    opened: Option<bool>,
}

fn gap_of(rate: f64) -> Duration {
    if rate > 0.0 { Duration::from_secs_f64(1.0 / rate) } else { Duration::ZERO }
}

impl Politeness {
    pub(crate) fn new(settings: &CollectSettings) -> Arc<Self> {
        let rules = Rules {
            per_host: settings.per_host.max(1) as f64,
            gap: gap_of(settings.rate_per_host),
            gap_any: gap_of(settings.rate),
            adaptive: settings.adaptive,
        };
        let state = State { hosts: HashMap::new(), freed: Vec::new(), next_any: Instant::now() };
        Arc::new(Self {
            rules,
            state: Mutex::new(state),
            freed: Notify::new(),
            changed: Notify::new(),
        })
    }

    /// When the rate over all hosts allows the next request, if that is not now.
    pub(crate) fn any_not_before(&self) -> Option<Instant> {
        if self.rules.gap_any.is_zero() {
            return None;
        }
        Some(self.lock().next_any).filter(|next| *next > Instant::now())
    }

    /// A place at `host` and the right to one request, if both are there.
    pub(crate) fn try_enter(self: &Arc<Self>, host: &Arc<str>) -> Entry {
        let mut state = self.lock();
        let (full, next) = {
            let known = state.host(host, &self.rules);
            let full = known.is_full() || known.waiting > 0;
            known.wanted |= full;
            (full, known.next(&self.rules))
        };
        if full {
            return Entry::Full;
        }
        let any = Some(state.next_any).filter(|_| !self.rules.gap_any.is_zero());
        let now = Instant::now();
        if let Some(next) = next.max(any).filter(|next| *next > now) {
            return Entry::NotBefore(next);
        }
        let (_, gap) = state.reserve(host, now, &self.rules);
        let known = state.host(host, &self.rules);
        known.active += 1;
        Entry::Go(Slot { politeness: Arc::clone(self), host: Arc::clone(host), gap })
    }

    /// Waits for a place at `host` and the right to one request: for redirects, which go before
    /// new fetches.
    pub(crate) async fn enter(self: &Arc<Self>, host: &Arc<str>) -> Slot {
        let waiting = Waiting::new(self, host);
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.take_place(host) {
                break;
            }
            changed.await;
        }
        drop(waiting);
        let (politeness, host) = (Arc::clone(self), Arc::clone(host));
        let mut slot = Slot { politeness, host, gap: Duration::ZERO };
        slot.pace().await;
        slot
    }

    fn take_place(&self, host: &Arc<str>) -> bool {
        let mut state = self.lock();
        let known = state.host(host, &self.rules);
        let free = !known.is_full();
        if free {
            known.active += 1;
        }
        free
    }

    /// Waits until places were freed at hosts where somebody was turned away, and says which.
    pub(crate) async fn next_freed(&self) -> Vec<Arc<str>> {
        loop {
            let freed = std::mem::take(&mut self.lock().freed);
            if !freed.is_empty() {
                return freed;
            }
            self.freed.notified().await;
        }
    }

    /// `host` turned out to be in a range that was opened by name, or not.
    pub(crate) fn learn(&self, host: &Arc<str>, opened: bool) {
        let mut state = self.lock();
        let known = state.host(host, &self.rules);
        if known.opened.replace(opened).is_none()
            && opened
            && self.rules.adaptive == Adaptive::Public
        {
            known.limit = self.rules.per_host;
            known.rate = None;
            state.tell(host);
        }
        drop(state);
        self.freed.notify_one();
    }

    /// `host` asks for this much time between requests.
    pub(crate) fn set_crawl_delay(&self, host: &Arc<str>, delay: Duration) {
        let mut state = self.lock();
        state.host(host, &self.rules).crawl_delay = delay.min(CRAWL_DELAY_MAX);
    }

    /// `host` asks not to be asked for this long.
    pub(crate) fn pause(&self, host: &Arc<str>, time: Duration) {
        let mut state = self.lock();
        let known = state.host(host, &self.rules);
        known.paused = known.paused.max(Some(Instant::now() + time));
    }

    /// How `host` took a request: the limit rises by one for as many good answers as it is high,
    /// and is halved by trouble.
    pub(crate) fn note(&self, host: &Arc<str>, health: Health) {
        let mut state = self.lock();
        let most = self.rules.per_host;
        let known = state.host(host, &self.rules);
        let follows = match self.rules.adaptive {
            Adaptive::On => true,
            Adaptive::Off => false,
            // In an opened range only the host's own word slows us.
            Adaptive::Public => known.opened != Some(true) || health != Health::Troubled,
        };
        if !follows {
            return;
        }
        if health == Health::Well {
            known.limit = (known.limit + 1.0 / known.limit).min(most);
            known.rate = known.rate.map(|r| (r + RATE_STEP).min(RATE_MAX_PER_FETCH * most));
            return;
        }
        let now = Instant::now();
        if known.troubled.is_none_or(|last| now.duration_since(last) >= TROUBLE_GAP) {
            known.troubled = Some(now);
            known.limit = (known.limit / 2.0).max(1.0);
            known.rate = known.rate.map(|r| (r / 2.0).max(RATE_LEAST));
        }
    }

    /// Forgets hosts with nothing under way, once there are many.
    pub(crate) fn sweep(&self) {
        let mut state = self.lock();
        if state.hosts.len() > HOSTS_MAX {
            let now = Instant::now();
            let rules = &self.rules;
            let waits = |host: &Host| host.next(rules).is_some_and(|next| next > now);
            state.hosts.retain(|_, host| host.active + host.waiting > 0 || waits(host));
        }
    }

    fn leave(&self, host: &Arc<str>) {
        let mut state = self.lock();
        let known = state.host(host, &self.rules);
        known.active = known.active.saturating_sub(1);
        state.tell(host);
        drop(state);
        self.freed.notify_one();
        self.changed.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn host(&mut self, name: &Arc<str>, rules: &Rules) -> &mut Host {
        if !self.hosts.contains_key(name) {
            self.hosts.insert(Arc::clone(name), Host::new(rules));
        }
        match self.hosts.get_mut(name) {
            Some(host) => host,
            None => unreachable!("it was just put there"),
        }
    }

    /// Takes the next request's moment, which is `from` or later; gives that moment and the gap
    /// after the one before it.
    fn reserve(&mut self, name: &Arc<str>, from: Instant, rules: &Rules) -> (Instant, Duration) {
        let next_any = self.next_any;
        let host = self.host(name, rules);
        let at = host.next(rules).map_or(from, |next| next.max(from));
        let at = if rules.gap_any.is_zero() { at } else { at.max(next_any) };
        host.last = Some(at);
        let gap = host.gap(rules);
        self.next_any = at + rules.gap_any;
        (at, gap)
    }

    /// Puts `name` on the list of hosts that may be tried again.
    fn tell(&mut self, name: &Arc<str>) {
        if let Some(host) = self.hosts.get_mut(name)
            && std::mem::take(&mut host.wanted)
        {
            self.freed.push(Arc::clone(name));
        }
    }
}

impl Host {
    fn new(rules: &Rules) -> Self {
        let adaptive = rules.adaptive != Adaptive::Off;
        Self {
            active: 0,
            waiting: 0,
            wanted: false,
            limit: if adaptive { 1.0 } else { rules.per_host },
            rate: adaptive.then_some(RATE_FIRST),
            crawl_delay: Duration::ZERO,
            last: None,
            paused: None,
            troubled: None,
            opened: None,
        }
    }

    fn is_full(&self) -> bool {
        self.active as f64 + 1.0 > self.limit
    }

    /// Not before when it may be asked again.
    fn next(&self, rules: &Rules) -> Option<Instant> {
        self.last.map(|last| last + self.gap(rules)).max(self.paused)
    }

    fn gap(&self, rules: &Rules) -> Duration {
        let adaptive = self.rate.map(gap_of).unwrap_or_default();
        rules.gap.max(self.crawl_delay).max(adaptive)
    }
}

/// Counts a redirect that waits for a place.
struct Waiting<'a> {
    politeness: &'a Politeness,
    host: &'a Arc<str>,
}

impl<'a> Waiting<'a> {
    fn new(politeness: &'a Politeness, host: &'a Arc<str>) -> Self {
        politeness.lock().host(host, &politeness.rules).waiting += 1;
        Self { politeness, host }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.politeness.lock();
        let known = state.host(self.host, &self.politeness.rules);
        known.waiting = known.waiting.saturating_sub(1);
        state.tell(self.host);
        drop(state);
        self.politeness.freed.notify_one();
    }
}

/// A place at a host; left when dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    politeness: Arc<Politeness>,
    host: Arc<str>,
    /// The gap that was kept before the request that it holds the right to.
    gap: Duration,
}

impl Slot {
    /// Whose place it is.
    pub(crate) fn host(&self) -> &Arc<str> {
        &self.host
    }

    /// Whether the host has asked for a longer gap since the right to a request was given.
    pub(crate) fn is_outdated(&self) -> bool {
        let rules = &self.politeness.rules;
        self.politeness.lock().host(&self.host, rules).gap(rules) > self.gap
    }

    /// Waits for the right to one more request at the same host.
    pub(crate) async fn pace(&mut self) {
        let now = Instant::now();
        let (at, gap) = self.politeness.lock().reserve(&self.host, now, &self.politeness.rules);
        self.gap = gap;
        if at > now {
            tokio::time::sleep_until(at).await;
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.politeness.leave(&self.host);
    }
}

#[cfg(test)]
mod tests;
