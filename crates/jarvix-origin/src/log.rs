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
/// Hosts that are told apart; requests to further ones are logged under [`OTHER_HOSTS`].
const HOSTS_MAX: usize = 1_000_000;
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

#[derive(Default)]
struct Host {
    seen: HostLog,
    in_flight: u32,
    started_last: Option<Duration>,
}

type Shard = HashMap<Box<str>, Arc<Mutex<Host>>>;

/// The log of all hosts, sharded so that threads seldom meet.
pub(crate) struct AccessLog {
    clock: SystemClock,
    hasher: RandomState,
    shards: Vec<Mutex<Shard>>,
}

/// A request that has begun and not ended; ends when dropped.
pub(crate) struct InFlight {
    host: Arc<Mutex<Host>>,
    status: u16,
}

impl AccessLog {
    pub(crate) fn new() -> Self {
        Self {
            clock: SystemClock::default(),
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
        InFlight { host: entry, status: 0 }
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
        let log = AccessLog::new();
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
    }
}
