//! robots.txt as RFC 9309 says: asked for once per origin, through the same client and the same
//! guard as everything else. Success is obeyed, 4xx allows everything, and what cannot be reached
//! forbids everything.
//!
//! A robots.txt that redirects to another host takes a place there, like every request. It is the
//! one case in which a fetch holds two, and two hosts could wait for each other in it: so it waits
//! a limited time, after which the file counts as not reachable.

mod rules;

use std::sync::Arc;
use std::time::Duration;

use http::header::{CACHE_CONTROL, CONTENT_ENCODING, LOCATION};
use jarvix_core::{Env, Outcome, limits};
use url::Url;

use crate::body::{End, Intake, discard};
use crate::budget::Budget;
use crate::cache::FlightCache;
use crate::client::{Answer, Client, Trail};
use crate::failure::Failure;
use crate::politeness::{Politeness, Slot};
use crate::retry::jittered;
use crate::settings::CollectSettings;
use crate::target::{Origin, Target};
use crate::watch::Watch;
use rules::Listed;

/// Redirects that are followed (RFC 9309, 2.3.1.2); more mean that there is no robots.txt.
const HOPS_MAX: usize = 5;
/// What the rules of all origins may take in memory, in bytes.
const RULES_BYTES_MAX: usize = 64 * 1024 * 1024;
/// What rules take besides their text.
const RULES_OVERHEAD: usize = 512;
/// How long rules hold at most (RFC 9309, 2.4), and where nothing is said.
const RULES_HOLD: Duration = Duration::from_secs(24 * 3600);
/// However short `Cache-Control` says, rules hold this long: asking more often is no kindness.
const RULES_HOLD_LEAST: Duration = Duration::from_secs(3600);
/// How long "it cannot be reached" holds.
const UNREACHABLE_HOLDS: Duration = Duration::from_secs(60);
/// How long a redirect to another host waits for a place there.
const GUEST_WAIT: Duration = Duration::from_secs(10);
/// A file larger than this is parsed off the async threads.
const PARSE_INLINE_MAX: usize = 16 * 1024;

/// What an origin's robots.txt says.
#[derive(Clone)]
enum Rules {
    AllowAll,
    Listed(Arc<Listed>),
    Unreachable(Failure),
}

fn weigh(rules: &Rules) -> usize {
    match rules {
        Rules::Listed(listed) => listed.bytes() + RULES_OVERHEAD,
        Rules::AllowAll | Rules::Unreachable(_) => RULES_OVERHEAD,
    }
}

/// The robots.txt of all origins.
pub(crate) struct Robots {
    rules: FlightCache<Origin, Rules>,
    settings: Arc<CollectSettings>,
    budget: Arc<Budget>,
    politeness: Arc<Politeness>,
    env: Env,
}

impl Robots {
    pub(crate) fn new(
        settings: Arc<CollectSettings>,
        budget: Arc<Budget>,
        politeness: Arc<Politeness>,
        env: Env,
    ) -> Self {
        let rules = FlightCache::new(RULES_BYTES_MAX, weigh);
        Self { rules, settings, budget, politeness, env }
    }

    /// Whether `to` may be asked; the error says why not. True means that the rules were not known
    /// yet: whoever asks for the page next has to wait for the right to it again, because robots.txt
    /// itself was a request.
    pub(crate) async fn permit(
        &self,
        client: &Client,
        to: &Target,
        slot: &mut Slot,
    ) -> Result<bool, Failure> {
        let known = self.rules.peek(&to.origin);
        let was_known = known.is_some();
        let rules = match known {
            Some(rules) => rules,
            // In a box: most pages never come here and need not carry it around.
            None => Box::pin(self.rules.get(&to.origin, self.learn(client, to, slot))).await,
        };
        match rules {
            Rules::AllowAll => Ok(!was_known),
            Rules::Unreachable(failure) => Err(failure),
            Rules::Listed(listed) => {
                if let Some(delay) = listed.crawl_delay() {
                    self.politeness.set_crawl_delay(&to.origin.host, delay);
                }
                if listed.allows(&to.url) {
                    return Ok(!was_known);
                }
                let reason = "robots.txt asks not to fetch this address";
                Err(Failure::last(Outcome::RobotsDenied, reason))
            }
        }
    }

    /// Lets the next who needs the rules of `origin` ask again, if it could not be reached.
    pub(crate) fn forget_unreachable(&self, origin: &Origin) {
        if let Some(Rules::Unreachable(_)) = self.rules.peek(origin) {
            self.rules.forget(origin);
        }
    }

    /// Fetches with as many attempts as a page has; the rules, and how long they hold.
    async fn learn(&self, client: &Client, to: &Target, slot: &mut Slot) -> (Rules, Duration) {
        let mut attempts = 1;
        loop {
            match self.attempt(client, to, slot).await {
                Ok(rules) => return rules,
                Err(failure) if failure.retry && attempts <= self.settings.retries => {
                    let wait = jittered(attempts, &self.settings.backoff, &*self.env.entropy);
                    tokio::time::sleep(wait).await;
                    slot.pace().await;
                    attempts += 1;
                }
                Err(failure) => {
                    return (Rules::Unreachable(unreachable(failure)), UNREACHABLE_HOLDS);
                }
            }
        }
    }

    async fn attempt(
        &self,
        client: &Client,
        to: &Target,
        slot: &mut Slot,
    ) -> Result<(Rules, Duration), Failure> {
        let phases = &self.settings.phases;
        let mut watch = Watch::new(self.settings.timeout, phases.rate_window);
        let mut trail = Trail::default();
        let mut at = to.at_path("/robots.txt");
        for hop in 0..=HOPS_MAX {
            let _guest = match hop {
                0 => None,
                _ => watch.paused(self.enter(&at, slot)).await?,
            };
            let mut answer = client.ask(&at, &mut watch, &mut trail).await?;
            if let (Some(remote), Some(opened)) = (trail.remote, trail.opened) {
                self.politeness.learn(&at.origin.host, remote.ip(), opened);
            }
            let status = answer.status;
            let cache_control = answer.header(CACHE_CONTROL).unwrap_or_default().to_owned();
            if status.is_success() {
                let rules = self.read(client, answer, &mut watch, &mut trail).await?;
                return Ok((rules, holds(&cache_control)));
            }
            let next = answer.header(LOCATION).filter(|_| status.is_redirection());
            let next = next.map(|location| at.redirect(location));
            let whole = discard(&mut answer, phases, &mut watch).await;
            answer.finish(whole, client.pool(), &mut trail);
            match next {
                Some(next) => at = next?,
                // 429 is about us, not about the file.
                None if status.is_server_error() || status.as_u16() == 429 => {
                    let reason = format!("robots.txt cannot be had: {status}");
                    return Err(Failure::passing(Outcome::RobotsDenied, reason));
                }
                None => return Ok((Rules::AllowAll, holds(&cache_control))),
            }
        }
        Ok((Rules::AllowAll, RULES_HOLD))
    }

    /// The right to one request of a redirect, and a place where it is at another host.
    async fn enter(&self, at: &Target, slot: &mut Slot) -> Result<Option<Slot>, Failure> {
        if at.origin.host == *slot.host() {
            slot.pace().await;
            return Ok(None);
        }
        let wait = tokio::time::timeout(GUEST_WAIT, self.politeness.enter(&at.origin.host));
        let reason = match wait.await {
            Ok(Ok(guest)) => return Ok(Some(guest)),
            Ok(Err(closed)) => closed.reason,
            Err(_) => "the host that it redirects to is busy".to_owned(),
        };
        let reason = format!("robots.txt cannot be had: {reason}");
        Err(Failure::passing(Outcome::RobotsDenied, reason))
    }

    async fn read(
        &self,
        client: &Client,
        mut answer: Answer,
        watch: &mut Watch,
        trail: &mut Trail,
    ) -> Result<Rules, Failure> {
        let intake = Intake {
            bytes_max: limits::ROBOTS_BYTES_MAX as u64,
            phases: &self.settings.phases,
            overhead: 0,
            sniff: None,
        };
        let mut lease = self.budget.lease();
        let (body, end) = intake.receive(&mut answer, &mut lease, watch).await;
        let coding = answer.header(CONTENT_ENCODING).map(str::to_owned);
        answer.finish(matches!(end, End::Whole), client.pool(), trail);
        if let End::Failed(failure) = end {
            return Err(failure);
        }
        let small = body.len() <= PARSE_INLINE_MAX && coding.is_none();
        let parse = move || parse(&body, coding.as_deref());
        let parsed = if small { Ok(parse()) } else { tokio::task::spawn_blocking(parse).await };
        match parsed {
            Ok(listed) => Ok(Rules::Listed(Arc::new(listed))),
            // What cannot be read may forbid anything.
            Err(_) => {
                let reason = "robots.txt cannot be read";
                Err(Failure::last(Outcome::RobotsDenied, reason))
            }
        }
    }
}

/// Whether the rules in `body`, as it was received, let `url` be fetched.
pub(crate) fn allows(body: &[u8], coding: Option<&str>, url: &Url) -> bool {
    parse(body, coding).allows(url)
}

fn parse(body: &[u8], coding: Option<&str>) -> Listed {
    Listed::read(&jarvix_html::decode_prefix(body, coding, limits::ROBOTS_BYTES_MAX))
}

/// How long rules hold that came with this `Cache-Control`: as it says, within limits.
fn holds(cache_control: &str) -> Duration {
    let max_age = cache_control.split(',').find_map(|part| {
        let (name, value) = part.split_once('=')?;
        let seconds = value.trim().trim_matches('"').parse::<u64>().ok()?;
        name.trim().eq_ignore_ascii_case("max-age").then(|| Duration::from_secs(seconds))
    });
    max_age.unwrap_or(RULES_HOLD).clamp(RULES_HOLD_LEAST, RULES_HOLD)
}

/// A host that cannot be reached at all ends its pages the way they would have ended; one that
/// answers, but not with its robots.txt, forbids.
fn unreachable(failure: Failure) -> Failure {
    let outcome = match failure.outcome {
        Outcome::Dns | Outcome::Connect | Outcome::Tls | Outcome::AddressDenied => failure.outcome,
        Outcome::Internal => failure.outcome,
        _ => Outcome::RobotsDenied,
    };
    let reason = if failure.reason.starts_with("robots.txt") || outcome != Outcome::RobotsDenied {
        failure.reason
    } else {
        format!("robots.txt cannot be had: {}", failure.reason)
    };
    Failure { ours: failure.ours, ..Failure::last(outcome, reason) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_hold_as_the_server_says_within_limits() {
        let hours = |text: &str| holds(text).as_secs() / 3600;
        assert_eq!(hours(""), 24);
        assert_eq!(hours("no-cache"), 24);
        assert_eq!(hours("public, max-age=7200"), 2);
        assert_eq!(hours("Max-Age=\"10800\", must-revalidate"), 3);
        assert_eq!(hours("max-age=0"), 1);
        assert_eq!(hours("max-age=31536000"), 24);
        assert_eq!(hours("max-age=soon, s-maxage=1"), 24);
    }
}
