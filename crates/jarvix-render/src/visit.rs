//! One page's stay in the browser: what it was given, what it may still spend, and its clock.

use std::collections::HashSet;
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use crate::settings::{PAUSES_MAX, REFUSALS_MAX, RenderSettings};
use crate::web::Reply;

/// A page that is to be rendered.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// Its address, after redirects.
    pub url: Url,
    /// What its server answered: the browser is given this and does not ask again.
    pub answer: Reply,
}

/// The time that a page has spent, without the time in which it waited for politeness.
#[derive(Debug)]
pub struct Clock {
    started: Instant,
    state: Mutex<Pauses>,
}

#[derive(Debug, Default)]
struct Pauses {
    waiting: usize,
    since: Option<Instant>,
    sum: Duration,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { started: Instant::now(), state: Mutex::default() }
    }

    /// Runs `work` off the clock.
    pub async fn paused<F: Future>(&self, work: F) -> F::Output {
        let _pause = Pause::new(self);
        work.await
    }

    /// Time spent so far.
    pub(crate) fn spent(&self) -> Duration {
        let pauses = self.pauses();
        let now = Instant::now();
        let open = pauses.since.map(|since| now - since).unwrap_or_default();
        (now - self.started).saturating_sub((pauses.sum + open).min(PAUSES_MAX))
    }

    fn pauses(&self) -> MutexGuard<'_, Pauses> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A wait that does not count. Several at a time are one.
struct Pause<'a>(&'a Clock);

impl<'a> Pause<'a> {
    fn new(clock: &'a Clock) -> Self {
        let mut pauses = clock.pauses();
        pauses.waiting += 1;
        if pauses.waiting == 1 {
            pauses.since = Some(Instant::now());
        }
        Self(clock)
    }
}

impl Drop for Pause<'_> {
    fn drop(&mut self) {
        let mut pauses = self.0.pauses();
        pauses.waiting -= 1;
        if pauses.waiting == 0
            && let Some(since) = pauses.since.take()
        {
            pauses.sum += since.elapsed();
        }
    }
}

/// What a page has and uses up.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) clock: Clock,
    url: Url,
    means: Mutex<Means>,
}

#[derive(Debug)]
struct Means {
    /// The answer that is already there, until the browser comes for it.
    answer: Option<Reply>,
    bytes_left: u64,
    requests_left: u32,
    bytes_wire: u64,
    refused: HashSet<Url>,
}

/// What the next request of a page gets.
pub(crate) enum Turn {
    /// The answer that is already there.
    Known(Reply),
    /// It may be asked for, and may receive this much.
    Ask(u64),
    /// The page has had enough.
    Spent,
}

impl Visit {
    pub(crate) fn new(assignment: Assignment, settings: &RenderSettings) -> Self {
        let means = Means {
            answer: Some(assignment.answer),
            bytes_left: settings.page_bytes_max,
            requests_left: settings.page_requests_max,
            bytes_wire: 0,
            refused: HashSet::new(),
        };
        Self { clock: Clock::start(), url: assignment.url, means: Mutex::new(means) }
    }

    /// The address that is to be rendered.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// What a request for `url` gets.
    pub(crate) fn turn(&self, url: &Url, is_get: bool) -> Turn {
        let mut means = self.means();
        if is_get
            && *url == self.url
            && let Some(answer) = means.answer.take()
        {
            return Turn::Known(answer);
        }
        if means.requests_left == 0 || means.bytes_left == 0 {
            return Turn::Spent;
        }
        means.requests_left -= 1;
        Turn::Ask(means.bytes_left)
    }

    /// So much was received and decoded. What is more counts: both have lain in memory.
    pub(crate) fn spend(&self, bytes_wire: u64, bytes_decoded: u64) {
        let mut means = self.means();
        means.bytes_wire += bytes_wire;
        means.bytes_left = means.bytes_left.saturating_sub(bytes_wire.max(bytes_decoded));
    }

    /// `url` was refused.
    pub(crate) fn refused(&self, url: Url) {
        let mut means = self.means();
        if means.refused.len() < REFUSALS_MAX {
            means.refused.insert(url);
        }
    }

    /// Whether `url` was refused, so that what the browser shows for it is nobody's page.
    pub(crate) fn was_refused(&self, url: &Url) -> bool {
        let mut bare = url.clone();
        bare.set_fragment(None);
        let means = self.means();
        // What no longer fits may be among them.
        means.refused.len() >= REFUSALS_MAX || means.refused.contains(&bare)
    }

    /// Bytes received from the network so far.
    pub(crate) fn bytes_wire(&self) -> u64 {
        self.means().bytes_wire
    }

    fn means(&self) -> MutexGuard<'_, Means> {
        self.means.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waits_for_politeness_do_not_count_and_two_at_a_time_are_one() {
        let clock = Clock::start();
        let second = Duration::from_secs(1);
        tokio::time::sleep(second).await;
        let wait = |n| clock.paused(tokio::time::sleep(second * n));
        tokio::join!(wait(10), wait(4));
        assert_eq!(clock.spent(), second);
        let inside = async {
            tokio::time::sleep(second).await;
            clock.spent()
        };
        assert_eq!(clock.paused(inside).await, second, "an open pause does not count either");
        clock.paused(tokio::time::sleep(PAUSES_MAX * 2)).await;
        assert!(clock.spent() > PAUSES_MAX / 2, "waits without end do");
    }
}
