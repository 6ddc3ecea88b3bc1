//! What each virtual host saw: how often it was asked, by how many at once, how close together,
//! by whom and with what result. This is the proof of politeness, so it counts and never samples.
//!
//! A request counts as in flight from the moment its head was read until its answer was handed to
//! the socket, the latency of the origin included. With no latency that is a very short time: an
//! origin that is to prove a limit on concurrency needs some.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jarvix_core::Clock;
use jarvix_core::env::SystemClock;
use serde::Serialize;

const SHARDS: usize = 64;
/// Distinct user agents that are kept per host.
const USER_AGENTS_MAX: usize = 8;
/// Hosts that are told apart, about as many in each shard; requests to further ones are logged under
/// [`OTHER_HOSTS`].
const HOSTS_MAX: usize = 1_500_000;
/// Requests that are kept apart, where they are kept; further ones count in the sums alone.
const VISITS_MAX: usize = 20_000_000;
/// The name that stands for every host beyond [`HOSTS_MAX`].
const OTHER_HOSTS: &str = "(other hosts)";

/// What one virtual host saw since the origin started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct HostLog {
    /// The host as asked for, without the port.
    pub host: String,
    /// Requests, robots.txt included.
    pub requests: u64,
    /// Requests for robots.txt among them.
    pub robots_requests: u64,
    /// Most requests that were in flight at the same time.
    pub concurrency_max: u32,
    /// Shortest time between the starts of two requests, in microseconds; `None` under two.
    pub gap_min_us: Option<u64>,
    /// How often each status was answered.
    pub statuses: BTreeMap<u16, u64>,
    /// Distinct user agents, in order of appearance, at most 8.
    pub user_agents: Vec<String>,
}

/// One request; times in microseconds since the origin started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// The host as asked for, without the port.
    pub host: String,
    /// When its head had been read.
    pub start_us: u64,
    /// When its answer was handed to the socket.
    pub end_us: u64,
    /// What was answered; 0 if the client left before.
    pub status: u16,
    /// Whether it was for robots.txt.
    pub robots: bool,
}

#[derive(Default)]
struct Host {
    seen: HostLog,
    in_flight: u32,
    started_last: Option<Duration>,
}

type Shard = HashMap<Box<str>, Arc<Mutex<Host>>>;

/// The log of all hosts, sharded so that threads seldom meet.
pub(crate) struct AccessLog {
    clock: Arc<SystemClock>,
    hasher: RandomState,
    shards: Vec<Mutex<Shard>>,
    visits: Option<Arc<Visits>>,
}

/// The requests that have ended, one by one.
struct Visits {
    clock: Arc<SystemClock>,
    ended: Mutex<Vec<Ended>>,
}

/// What is kept of a request: its host by reference, because there are many.
struct Ended {
    host: Arc<Mutex<Host>>,
    start: Duration,
    end: Duration,
    status: u16,
    robots: bool,
}

/// A request that has begun and not ended; ends when dropped.
pub(crate) struct InFlight {
    host: Arc<Mutex<Host>>,
    start: Duration,
    status: u16,
    robots: bool,
    visits: Option<Arc<Visits>>,
}

impl AccessLog {
    /// A log of what each host saw, and of each request if `visits` says so.
    pub(crate) fn new(visits: bool) -> Self {
        let clock = Arc::new(SystemClock::default());
        let keeper = || Visits { clock: Arc::clone(&clock), ended: Mutex::default() };
        Self {
            visits: visits.then(|| Arc::new(keeper())),
            clock,
            hasher: RandomState::new(),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }

    /// Notes the start of a request.
    pub(crate) fn begin(&self, host: &str, user_agent: &str, robots: bool) -> InFlight {
        let entry = self.host(host);
        let mut state = lock(&entry);
        let now = self.clock.monotonic();
        if let Some(last) = state.started_last.replace(now) {
            let gap = u64::try_from(now.saturating_sub(last).as_micros()).unwrap_or(u64::MAX);
            state.seen.gap_min_us = Some(state.seen.gap_min_us.map_or(gap, |min| min.min(gap)));
        }
        state.in_flight += 1;
        state.seen.requests += 1;
        state.seen.robots_requests += u64::from(robots);
        state.seen.concurrency_max = state.seen.concurrency_max.max(state.in_flight);
        let agents = &mut state.seen.user_agents;
        if agents.len() < USER_AGENTS_MAX && !agents.iter().any(|known| known == user_agent) {
            agents.push(user_agent.to_owned());
        }
        drop(state);
        InFlight { host: entry, start: now, status: 0, robots, visits: self.visits.clone() }
    }

    /// Every request that has ended, in the order of the ends; empty where none is kept.
    pub(crate) fn visits(&self) -> Vec<Visit> {
        let Some(visits) = &self.visits else { return Vec::new() };
        lock(&visits.ended).iter().map(Ended::visit).collect()
    }

    /// What every host saw so far, by name.
    pub(crate) fn hosts(&self) -> Vec<HostLog> {
        let mut hosts: Vec<HostLog> = self
            .shards
            .iter()
            .flat_map(|shard| lock(shard).values().cloned().collect::<Vec<_>>())
            .map(|host| lock(&host).seen.clone())
            .collect();
        hosts.sort_by(|a, b| a.host.cmp(&b.host));
        hosts
    }

    fn host(&self, host: &str) -> Arc<Mutex<Host>> {
        let mut shard = lock(&self.shards[self.hasher.hash_one(host) as usize % SHARDS]);
        if let Some(entry) = shard.get(host) {
            return Arc::clone(entry);
        }
        let name = if shard.len() < HOSTS_MAX / SHARDS { host } else { OTHER_HOSTS };
        let entry = shard.entry(name.into()).or_insert_with(|| {
            let seen = HostLog { host: name.to_owned(), ..HostLog::default() };
            Arc::new(Mutex::new(Host { seen, ..Host::default() }))
        });
        Arc::clone(entry)
    }
}

impl Ended {
    fn visit(&self) -> Visit {
        let us = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        Visit {
            host: lock(&self.host).seen.host.clone(),
            start_us: us(self.start),
            end_us: us(self.end),
            status: self.status,
            robots: self.robots,
        }
    }
}

impl InFlight {
    /// Notes what was answered; the request stays in flight until this is dropped.
    pub(crate) fn answered(&mut self, status: u16) {
        self.status = status;
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut host = lock(&self.host);
        host.in_flight -= 1;
        if self.status != 0 {
            *host.seen.statuses.entry(self.status).or_default() += 1;
        }
        drop(host);
        let Some(visits) = &self.visits else { return };
        let end = visits.clock.monotonic();
        let mut ended = lock(&visits.ended);
        if ended.len() < VISITS_MAX {
            let (start, status, robots) = (self.start, self.status, self.robots);
            ended.push(Ended { host: Arc::clone(&self.host), start, end, status, robots });
        }
    }
}

/// A thread that panicked while it held the lock left whole counters behind: go on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_overlap_while_their_guards_live() {
        let log = AccessLog::new(false);
        let mut first = log.begin("a.localhost", "x", true);
        let second = log.begin("a.localhost", "x", false);
        first.answered(200);
        drop(first);
        drop(second);
        drop(log.begin("a.localhost", "y", false));
        drop(log.begin("b.localhost", "y", false));
        let hosts = log.hosts();
        assert_eq!(hosts.len(), 2);
        assert_eq!((hosts[0].requests, hosts[0].robots_requests), (3, 1));
        assert_eq!(hosts[0].concurrency_max, 2);
        assert!(hosts[0].gap_min_us.is_some() && hosts[1].gap_min_us.is_none());
        assert_eq!(hosts[0].statuses, BTreeMap::from([(200, 1)]));
        assert_eq!(hosts[0].user_agents, ["x", "y"]);
        assert_eq!(log.visits(), []);
    }

    #[test]
    fn visits_are_kept_in_the_order_of_their_ends() {
        let log = AccessLog::new(true);
        let mut first = log.begin("a.localhost", "x", true);
        let mut second = log.begin("b.localhost", "x", false);
        second.answered(404);
        drop(second);
        first.answered(200);
        drop(first);
        let visits = log.visits();
        let told: Vec<_> = visits.iter().map(|v| (&*v.host, v.status, v.robots)).collect();
        assert_eq!(told, [("b.localhost", 404, false), ("a.localhost", 200, true)]);
        assert!(visits[1].start_us <= visits[0].start_us && visits[0].end_us <= visits[1].end_us);
    }
}
