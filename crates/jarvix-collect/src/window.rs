//! The window onto the frontier: the few thousand entries that are looked at together, so that a
//! host at its limit holds up nobody else. Hosts take turns, and go on for a while out of turn when
//! a connection to them is free; within a host the order is the list's. Everything here belongs to the collector's loop, so there are no locks.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;

use jarvix_core::Outcome;
use tokio::time::Instant;

use crate::failure::Failure;
use crate::job::{Aim, Job};
use crate::politeness::{Entry, Politeness, Slot};

/// A job that may begin, with its place where it needs one.
pub(crate) type Ready = (Job, Option<Slot>);

/// Fetches that a host may begin out of turn, one after the other, because a connection to it has
/// just become free. Without any, a connection to one of thousands of hosts is closed long before
/// the host's next turn; without a limit, hosts with many pages would let nobody else begin.
const WARM_MAX: u32 = 16;

/// Jobs that wait: for their turn, for their host, or for the time to try again.
#[derive(Default)]
pub(crate) struct Window {
    hosts: HashMap<Arc<str>, Queue>,
    /// Hosts that may be asked whether they can begin something.
    turns: VecDeque<Arc<str>>,
    /// Hosts among those that have a connection to spare.
    warm: VecDeque<Arc<str>>,
    /// Hosts that can begin nothing before a moment.
    timed: BinaryHeap<Reverse<(Instant, Arc<str>)>>,
    /// Jobs that are to be tried again.
    delayed: BinaryHeap<Reverse<Delayed>>,
    /// Jobs that need no host.
    free: VecDeque<Job>,
    jobs: usize,
    numbers: u64,
}

struct Queue {
    /// Empty only if the last one was begun out of turn; the turn finds that out.
    jobs: VecDeque<Job>,
    waits: Waits,
    /// Jobs begun out of turn since the last turn.
    warm: u32,
}

/// Where a host with jobs stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waits {
    /// In `turns`.
    Turn,
    /// In `timed`.
    Time,
    /// At its limit: politeness will say when a place is free.
    Place,
}

struct Delayed {
    at: Instant,
    number: u64,
    job: Job,
}

impl PartialEq for Delayed {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}
impl Eq for Delayed {}
impl PartialOrd for Delayed {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Delayed {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl Window {
    /// Jobs inside.
    pub(crate) fn len(&self) -> usize {
        self.jobs
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.jobs == 0
    }

    /// The host that all jobs are of, if they are of one.
    pub(crate) fn only_host(&self) -> Option<&str> {
        let mut hosts = self.hosts.iter().filter(|(_, queue)| !queue.jobs.is_empty());
        let only = hosts.next().filter(|_| hosts.next().is_none());
        only.map(|(host, _)| &**host).filter(|_| self.delayed.is_empty() && self.free.is_empty())
    }

    /// Takes a job in, at the end of its host's queue.
    pub(crate) fn push(&mut self, job: Job) {
        self.jobs += 1;
        self.enqueue(job, false);
    }

    /// Takes a job in that is to begin again at `at`, before others of its host.
    pub(crate) fn push_later(&mut self, job: Job, at: Instant) {
        self.jobs += 1;
        self.numbers += 1;
        self.delayed.push(Reverse(Delayed { at, number: self.numbers, job }));
    }

    /// A place at `host` may be free.
    pub(crate) fn freed(&mut self, host: &Arc<str>) {
        if let Some(queue) = self.hosts.get_mut(host)
            && queue.waits == Waits::Place
        {
            queue.waits = Waits::Turn;
            self.turns.push_back(Arc::clone(host));
        }
    }

    /// A fetch at `host` has ended, and its connection may serve again.
    pub(crate) fn warmed(&mut self, host: &Arc<str>) {
        if let Some(queue) = self.hosts.get_mut(host)
            && queue.waits == Waits::Turn
            && queue.warm < WARM_MAX
            && !queue.jobs.is_empty()
        {
            queue.warm += 1;
            self.warm.push_back(Arc::clone(host));
        }
    }

    /// The next job of a host with a connection to spare. The host keeps its turn.
    fn next_warm(&mut self, politeness: &Arc<Politeness>) -> Option<Ready> {
        while let Some(host) = self.warm.pop_front() {
            let Some(queue) = self.hosts.get_mut(&host) else { continue };
            if queue.waits != Waits::Turn || queue.jobs.is_empty() {
                continue;
            }
            // Whatever else there is to say about it is said at its turn.
            if let Entry::Go(slot) = politeness.try_enter(&host) {
                self.jobs -= 1;
                return queue.jobs.pop_front().map(|job| (job, Some(slot)));
            }
        }
        None
    }

    /// The next job that may begin now.
    pub(crate) fn next(&mut self, politeness: &Arc<Politeness>) -> Option<Ready> {
        self.wake(Instant::now());
        if let Some(job) = self.free.pop_front() {
            self.jobs -= 1;
            return Some((job, None));
        }
        if let Some(ready) = self.next_warm(politeness) {
            return Some(ready);
        }
        while let Some(host) = self.turns.pop_front() {
            let Some(queue) = self.hosts.get_mut(&host) else { continue };
            if queue.jobs.is_empty() {
                self.hosts.remove(&host);
                continue;
            }
            queue.warm = 0;
            match politeness.try_enter(&host) {
                Entry::Go(slot) => {
                    let Some(job) = self.take_first(host) else { continue };
                    return Some((job, Some(slot)));
                }
                Entry::Suspended(reason) => {
                    let Some(mut job) = self.take_first(host) else { continue };
                    job.aim = Aim::Refused(Failure::last(Outcome::HostSuspended, reason));
                    return Some((job, None));
                }
                Entry::NotBefore(at) => {
                    queue.waits = Waits::Time;
                    self.timed.push(Reverse((at, host)));
                }
                Entry::Full => queue.waits = Waits::Place,
            }
        }
        None
    }

    /// The first job of `host`, which has its next turn after all others.
    fn take_first(&mut self, host: Arc<str>) -> Option<Job> {
        let queue = self.hosts.get_mut(&host)?;
        let job = queue.jobs.pop_front();
        if queue.jobs.is_empty() {
            self.hosts.remove(&host);
        } else {
            self.turns.push_back(host);
        }
        self.jobs -= usize::from(job.is_some());
        job
    }

    /// When [`next`](Self::next) may have something that it has not now, if nothing else happens.
    pub(crate) fn next_moment(&self) -> Option<Instant> {
        let host = self.timed.peek().map(|Reverse((at, _))| *at);
        let job = self.delayed.peek().map(|Reverse(delayed)| delayed.at);
        host.into_iter().chain(job).min()
    }

    /// Moves what has waited long enough to where it is taken from.
    fn wake(&mut self, now: Instant) {
        while self.delayed.peek().is_some_and(|Reverse(delayed)| delayed.at <= now) {
            if let Some(Reverse(delayed)) = self.delayed.pop() {
                self.enqueue(delayed.job, true);
            }
        }
        while self.timed.peek().is_some_and(|Reverse((at, _))| *at <= now) {
            let Some(Reverse((_, host))) = self.timed.pop() else { break };
            if let Some(queue) = self.hosts.get_mut(&host) {
                queue.waits = Waits::Turn;
                self.turns.push_back(host);
            }
        }
    }

    fn enqueue(&mut self, job: Job, first: bool) {
        let Some(host) = job.host().map(Arc::clone) else {
            self.free.push_back(job);
            return;
        };
        let turns = &mut self.turns;
        let queue = self.hosts.entry(host).or_insert_with_key(|host| {
            turns.push_back(Arc::clone(host));
            Queue { jobs: VecDeque::new(), waits: Waits::Turn, warm: 0 }
        });
        if first { queue.jobs.push_front(job) } else { queue.jobs.push_back(job) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frontier::Entry as FrontierEntry;
    use crate::settings::{Adaptive, CollectSettings};
    use std::time::Duration;

    fn job(url: &str, ordinal: u64) -> Job {
        let url = url.to_owned();
        Job::new(FrontierEntry {
            url,
            ordinal,
            line_no: None,
            input_meta: None,
            local: None,
            archived: None,
            found: jarvix_core::Found::default(),
        })
    }

    fn polite() -> Arc<Politeness> {
        let adaptive = Adaptive::Off;
        Politeness::new(&CollectSettings { per_host: 1, adaptive, ..CollectSettings::default() })
    }

    fn ordinal(ready: &Ready) -> u64 {
        ready.0.ended(jarvix_core::Outcome::Internal, "").ordinal
    }

    #[tokio::test(start_paused = true)]
    async fn hosts_take_turns_and_a_full_one_holds_up_nobody() {
        let (mut window, politeness) = (Window::default(), polite());
        for n in 0..1000 {
            window.push(job("http://giant.example/", n));
        }
        window.push(job("http://small.example/", 1000));
        window.push(job("file:///etc/passwd", 1001));
        assert_eq!(window.next(&politeness).map(|r| ordinal(&r)), Some(1001));
        let first = window.next(&politeness).expect("the giant's first");
        let second = window.next(&politeness).expect("the small one's");
        assert_eq!((ordinal(&first), ordinal(&second)), (0, 1000));
        assert!(window.next(&politeness).is_none(), "the giant is at its limit");
        drop(first);
        for host in politeness.next_freed().await {
            window.freed(&host);
        }
        assert_eq!(window.next(&politeness).map(|r| ordinal(&r)), Some(1));
        assert_eq!(window.len(), 998);
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_goes_on_out_of_turn_for_a_while_and_keeps_its_turn() {
        let (mut window, politeness) = (Window::default(), polite());
        for n in 0..100 {
            window.push(job("http://a.example/", n));
            window.push(job("http://b.example/", 100 + n));
        }
        let (a, mut order) = (Arc::from("a.example"), Vec::new());
        for _ in 0..40 {
            let ready = window.next(&politeness).expect("there are jobs");
            order.push(ordinal(&ready) / 100);
            drop(ready);
            window.warmed(&a);
        }
        let warm = WARM_MAX as usize;
        // Its turn, what it may beside it, the other's turn, and again.
        let expected: Vec<u64> = [vec![0; warm + 1], vec![1], vec![0; warm + 1], vec![1]].concat();
        assert_eq!(order[..expected.len()], expected, "{order:?}");
        assert_eq!(window.len(), 160);
        while window.next(&politeness).is_some() {}
        assert!(window.is_empty() && window.only_host().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_tried_again_waits_and_then_goes_first() {
        let (mut window, politeness) = (Window::default(), polite());
        let at = Instant::now() + Duration::from_secs(5);
        window.push_later(job("http://a.example/", 7), at);
        window.push(job("http://a.example/", 8));
        window.push(job("http://a.example/", 9));
        drop(window.next(&politeness));
        assert_eq!(window.next_moment(), Some(at));
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(window.next(&politeness).map(|r| ordinal(&r)), Some(7));
        assert_eq!(window.next(&politeness).map(|r| ordinal(&r)), Some(9));
        assert!(window.is_empty());
    }
}
