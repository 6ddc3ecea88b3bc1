//! How much a host is asked at a time (invariant I5): a limit on the fetches under way, a least
//! gap between requests, pauses that the host asked for, and a breaker for those that keep failing.
//!
//! On public addresses the limit starts at one fetch and two requests a second and rises while
//! answers stay healthy; trouble halves both, and answers that come slower than usual lower them.
//! In ranges that were opened by name it starts at its maximum. A fixed rate, a crawl delay,
//! `Retry-After` and the breaker hold everywhere.
//!
//! A fetch holds the [`Slot`] of one host at a time, never two, so that two hosts which redirect
//! to each other cannot wait for each other.

mod breaker;
mod host;
mod latency;
mod machine;
mod record;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jarvix_core::HostFacts;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::settings::CollectSettings;
use breaker::Gate;
pub(crate) use host::{Health, Report, gap_of};
use host::{Host, Rules};
use machine::Machines;

/// The longest crawl delay that is kept to; longer ones are kept to as this.
const CRAWL_DELAY_MAX: Duration = Duration::from_secs(60);
/// Hosts whose state is kept; beyond it, those with nothing under way are forgotten.
const HOSTS_MAX: usize = 20_000;
/// How long a host is remembered after it was asked, for the record of its gaps.
const REMEMBERED: Duration = Duration::from_secs(5);

/// Whether a fetch may begin.
#[derive(Debug)]
pub(crate) enum Entry {
    /// It may, now.
    Go(Slot),
    /// Not before this moment.
    NotBefore(Instant),
    /// As many as may be are under way; [`Politeness::next_freed`] says when to ask again.
    Full,
    /// The host was given up, for this reason.
    Suspended(String),
}

/// Why a redirect does not get a place.
#[derive(Debug)]
pub(crate) struct Closed {
    /// Why the host is not asked.
    pub(crate) reason: String,
    /// When it will be again; `None` if it was given up.
    pub(crate) until: Option<Instant>,
}

/// The state of all hosts.
#[derive(Debug)]
pub(crate) struct Politeness {
    rules: Rules,
    state: Mutex<State>,
    /// Whether the gap of any host ever grew: else nobody's can be outdated.
    slowed: AtomicBool,
    freed: Notify,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    hosts: HashMap<Arc<str>, Host>,
    machines: Machines,
    freed: Vec<Arc<str>>,
    /// What was observed of hosts that are forgotten, until the next part takes it.
    swept: Vec<HostFacts>,
    next_any: Instant,
}

impl Politeness {
    pub(crate) fn new(settings: &CollectSettings) -> Arc<Self> {
        let state = State {
            hosts: HashMap::new(),
            machines: Machines::new(settings.per_address),
            freed: Vec::new(),
            swept: Vec::new(),
            next_any: Instant::now(),
        };
        Arc::new(Self {
            rules: Rules::new(settings),
            state: Mutex::new(state),
            slowed: AtomicBool::new(false),
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
        let now = Instant::now();
        let mut state = self.lock();
        let State { hosts, machines, next_any, .. } = &mut *state;
        let known = host_of(hosts, host, &self.rules);
        let aside = match known.breaker.gate(now) {
            Gate::Suspended => return Entry::Suspended(known.breaker.reason()),
            Gate::NotBefore(until) => Some(until),
            Gate::Open | Gate::Probe | Gate::Probed => None,
        };
        let mut full = aside.is_none() && (known.is_full(now) || known.waiting > 0);
        let next = known.next(&self.rules).max(aside);
        let address = known.address;
        if let Some(ip) = address.filter(|_| !full && next.is_none_or(|next| next <= now)) {
            full = !machines.is_free(ip, host);
        }
        known.wanted |= full;
        if full {
            return Entry::Full;
        }
        let any = Some(*next_any).filter(|_| !self.rules.gap_any.is_zero());
        if let Some(next) = next.max(any).filter(|next| *next > now) {
            return Entry::NotBefore(next);
        }
        let (_, gap) = reserve(known, next_any, now, &self.rules);
        let probe = known.take(now);
        if let Some(ip) = address {
            machines.take(ip);
        }
        drop(state);
        let (politeness, host) = (Arc::clone(self), Arc::clone(host));
        Entry::Go(Slot { politeness, host, gap, probe, machine: address })
    }

    /// Waits for a place at `host` and the right to one request: for redirects, which go before
    /// new fetches. A host that is put aside is not waited for.
    pub(crate) async fn enter(self: &Arc<Self>, host: &Arc<str>) -> Result<Slot, Closed> {
        let waiting = Waiting::new(self, host);
        let probe = loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(probe) = self.take_place(host)? {
                break probe;
            }
            changed.await;
        };
        drop(waiting);
        let (politeness, host) = (Arc::clone(self), Arc::clone(host));
        // Its machine has a place for it at the latest when it asks.
        let mut slot = Slot { politeness, host, gap: Duration::ZERO, probe, machine: None };
        slot.pace().await;
        Ok(slot)
    }

    /// Takes a place if one is free, and says whether it is the one for a probe.
    fn take_place(&self, host: &Arc<str>) -> Result<Option<bool>, Closed> {
        let now = Instant::now();
        let mut state = self.lock();
        let known = state.host(host, &self.rules);
        let until = match known.breaker.gate(now) {
            Gate::Suspended => None,
            Gate::NotBefore(until) => Some(until),
            Gate::Open | Gate::Probe | Gate::Probed => {
                return Ok((!known.is_full(now)).then(|| known.take(now)));
            }
        };
        Err(Closed { reason: known.breaker.reason(), until })
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

    /// `host` is at `ip`, which is in a range that was opened by name, or not.
    pub(crate) fn learn(&self, host: &Arc<str>, ip: IpAddr, opened: bool) {
        let mut state = self.lock();
        let known = state.host(host, &self.rules);
        known.address = Some(ip.to_canonical());
        if known.learn(opened, &self.rules) {
            state.tell(host);
        }
        self.tell_all(state);
    }

    /// `host` asks for this much time between requests.
    pub(crate) fn set_crawl_delay(&self, host: &Arc<str>, delay: Duration) {
        let mut state = self.lock();
        state.host(host, &self.rules).crawl_delay = delay.min(CRAWL_DELAY_MAX);
        self.slowed.store(true, Ordering::Relaxed);
    }

    /// `host` asks not to be asked for this long.
    pub(crate) fn pause(&self, host: &Arc<str>, time: Duration) {
        let mut state = self.lock();
        let known = state.host(host, &self.rules);
        known.paused = known.paused.max(Some(Instant::now() + time));
        known.record.paused();
    }

    /// A request to `host` leaves at this moment.
    pub(crate) fn asked(&self, host: &Arc<str>) {
        let now = Instant::now();
        let mut state = self.lock();
        let known = state.host(host, &self.rules);
        known.record.asked(now, known.active);
    }

    /// Whether something was observed that nobody has taken yet.
    pub(crate) fn has_record(&self) -> bool {
        let state = self.lock();
        !state.swept.is_empty() || state.hosts.values().any(|host| !host.record.is_empty())
    }

    /// What was observed since this was last called, by host. A host that was forgotten and came
    /// back has two rows.
    pub(crate) fn take_record(&self) -> Vec<HostFacts> {
        let mut state = self.lock();
        let mut facts = std::mem::take(&mut state.swept);
        let seen = state.hosts.iter_mut();
        facts.extend(seen.filter_map(|(name, host)| host.record.take(name, host.crawl_delay)));
        drop(state);
        facts.sort_by(|a, b| a.host.cmp(&b.host));
        facts
    }

    /// Forgets hosts with nothing under way, once there are many; those that were given up last.
    pub(crate) fn sweep(&self) {
        let mut state = self.lock();
        for suspended_too in [false, true] {
            if state.hosts.len() <= HOSTS_MAX {
                return;
            }
            let now = Instant::now();
            let rules = &self.rules;
            let waits = |host: &Host| match host.breaker.gate(now) {
                Gate::Suspended => !suspended_too,
                Gate::NotBefore(_) => true,
                _ => {
                    let last = host.record.last().map(|last| last + REMEMBERED);
                    host.next(rules).max(last).is_some_and(|until| until > now)
                }
            };
            let State { hosts, swept, .. } = &mut *state;
            hosts.retain(|name, host| {
                // Who is turned away for its machine has nothing under way and is to be told.
                let used = host.active + host.waiting > 0 || host.wanted;
                let keep = used || waits(host);
                if !keep {
                    swept.extend(host.record.take(name, host.crawl_delay));
                }
                keep
            });
        }
    }

    fn leave(&self, host: &Arc<str>, probe: bool, machine: Option<IpAddr>) {
        let mut state = self.lock();
        for other in machine.map(|ip| state.machines.leave(ip)).unwrap_or_default() {
            state.tell(&other);
        }
        let State { hosts, freed, .. } = &mut *state;
        let known = host_of(hosts, host, &self.rules);
        known.active = known.active.saturating_sub(1);
        if probe {
            known.breaker.set_probed(false);
        }
        if std::mem::take(&mut known.wanted) {
            freed.push(Arc::clone(host));
        }
        self.tell_all(state);
        self.changed.notify_waiters();
    }

    /// Wakes the one who tries hosts again, if there is one to try.
    fn tell_all(&self, state: MutexGuard<'_, State>) {
        let any = !state.freed.is_empty();
        drop(state);
        if any {
            self.freed.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn host(&mut self, name: &Arc<str>, rules: &Rules) -> &mut Host {
        host_of(&mut self.hosts, name, rules)
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

fn host_of<'a>(
    hosts: &'a mut HashMap<Arc<str>, Host>,
    name: &Arc<str>,
    rules: &Rules,
) -> &'a mut Host {
    hosts.entry(Arc::clone(name)).or_insert_with(|| Host::new(rules))
}

/// Takes the moment of the next request to `host`, which is `from` or later; gives that moment and
/// the gap after the one before it.
fn reserve(
    host: &mut Host,
    next_any: &mut Instant,
    from: Instant,
    rules: &Rules,
) -> (Instant, Duration) {
    let at = host.next(rules).map_or(from, |next| next.max(from));
    let at = if rules.gap_any.is_zero() { at } else { at.max(*next_any) };
    host.last = Some(at);
    let gap = host.gap(rules);
    *next_any = at + rules.gap_any;
    (at, gap)
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
        self.politeness.tell_all(state);
    }
}

/// A place at a host; left when dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    politeness: Arc<Politeness>,
    host: Arc<str>,
    /// The gap that was kept before the request that it holds the right to.
    gap: Duration,
    /// Whether it is to show if a host that was put aside is well again.
    probe: bool,
    /// The machine that it has a place at, too.
    machine: Option<IpAddr>,
}

impl Slot {
    /// Whose place it is.
    pub(crate) fn host(&self) -> &Arc<str> {
        &self.host
    }

    /// Whether its place counts at this machine: then it is known that the host is there.
    pub(crate) fn is_at(&self, ip: IpAddr) -> bool {
        self.machine == Some(ip.to_canonical())
    }

    /// Whether the host has asked for a longer gap since the right to a request was given.
    pub(crate) fn is_outdated(&self) -> bool {
        let rules = &self.politeness.rules;
        self.politeness.slowed.load(Ordering::Relaxed)
            && self.politeness.lock().host(&self.host, rules).gap(rules) > self.gap
    }

    /// The right to a request was not used and goes back: the next may come at once.
    pub(crate) fn not_asked(&self) {
        let mut state = self.politeness.lock();
        let known = state.host(&self.host, &self.politeness.rules);
        // Of several it is not known whose right is the last.
        if known.active == 1 {
            known.last = None;
        }
    }

    /// How the host took the request. True if that put it aside, or made it be given up.
    pub(crate) fn note(&self, report: Report<'_>) -> bool {
        let rules = &self.politeness.rules;
        let mut state = self.politeness.lock();
        let known = state.host(&self.host, rules);
        let before = known.gap(rules);
        let aside = known.note(report, self.probe, Instant::now(), rules);
        if known.gap(rules) > before {
            self.politeness.slowed.store(true, Ordering::Relaxed);
        }
        if aside {
            // Whoever waits for a place is to hear that there will be none.
            state.tell(&self.host);
            self.politeness.tell_all(state);
            self.politeness.changed.notify_waiters();
        }
        aside
    }

    /// Waits for the right to one more request at the same host.
    pub(crate) async fn pace(&mut self) {
        let now = Instant::now();
        let (at, gap) = {
            let rules = &self.politeness.rules;
            let mut state = self.politeness.lock();
            let State { hosts, next_any, .. } = &mut *state;
            reserve(host_of(hosts, &self.host, rules), next_any, now, rules)
        };
        self.gap = gap;
        if at > now {
            tokio::time::sleep_until(at).await;
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.politeness.leave(&self.host, self.probe, self.machine);
    }
}

#[cfg(test)]
mod tests;
