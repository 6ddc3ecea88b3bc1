//! What a page in the browser asks for, asked by the collector: one request, one answer, under the
//! same rules as any address of the list. A redirect is given back to the browser, which comes
//! again; cookies and what else a script sends stay between it and the browser.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, StatusCode};
use jarvix_core::{Outcome, canonicalise};
use jarvix_html::DecodeCaps;
use jarvix_render::{Ask, BoxFuture, Clock, Refused, Reply, Web};

use crate::body::{End, Intake};
use crate::budget::Budget;
use crate::client::{Answer, Trail};
use crate::content;
use crate::failure::Failure;
use crate::fetch::Fetcher;
use crate::politeness::{Health, Report, Slot};
use crate::retry::retry_after;
use crate::target::{Origin, Target};
use crate::watch::Watch;

/// Asks on behalf of pages.
pub(crate) struct Asker {
    with: Arc<Fetcher>,
    /// A budget of its own: pages that wait for the browser hold leases of the shared one, and what
    /// they wait for must not wait for them.
    budget: Arc<Budget>,
}

impl Web for Asker {
    fn ask<'a>(&'a self, ask: Ask, clock: &'a Clock) -> BoxFuture<'a, Result<Reply, Refused>> {
        Box::pin(async move {
            let mut trail = Trail::default();
            let asked = match target(&ask) {
                Ok(to) => self.ask(&to, ask.bytes_max, clock, &mut trail).await,
                Err(failure) => Err(failure),
            };
            let bytes_wire = trail.bytes_wire;
            asked.map_err(|failure| Refused { why: failure.reason, bytes_wire })
        })
    }
}

/// Whom to ask. Only what changes nothing is asked for.
fn target(ask: &Ask) -> Result<Target, Failure> {
    if ask.method != Method::GET {
        let reason = format!("{}: only GET is sent", ask.method);
        return Err(Failure::last(Outcome::Protocol, reason));
    }
    let canonical = canonicalise(ask.url.as_str());
    let canonical = canonical.map_err(|e| Failure::last(Outcome::Protocol, e.to_string()))?;
    // The address itself stays as the script has written it, parameters and all.
    let bare = Target::new(canonical.url().clone())?;
    let mut url = ask.url.clone();
    url.set_fragment(None);
    Ok(Target { url, origin: bare.origin })
}

impl Asker {
    pub(crate) fn new(with: Arc<Fetcher>) -> Self {
        let rendering = &with.settings.rendering;
        let bytes = rendering.page_bytes_max.saturating_mul(rendering.pages.max(1) as u64);
        let body = with.settings.max_body.min(rendering.page_bytes_max);
        let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        let budget = Budget::new(size(bytes), size(body));
        Self { with, budget }
    }

    async fn ask(
        &self,
        to: &Target,
        bytes_max: u64,
        clock: &Clock,
        trail: &mut Trail,
    ) -> Result<Reply, Failure> {
        let with = &self.with;
        let entered = clock.paused(with.politeness.enter(&to.origin.host)).await;
        let mut slot =
            entered.map_err(|closed| Failure::last(Outcome::HostSuspended, closed.reason))?;
        if with.settings.robots {
            let permit = with.robots.permit(&with.client, to, &mut slot);
            if clock.paused(permit).await? || slot.is_outdated() {
                clock.paused(slot.pace()).await;
            }
        }
        let mut watch = Watch::new(with.settings.timeout, with.settings.phases.rate_window);
        let answer = with.client.ask(to, &mut watch, trail).await;
        if let (Some(remote), Some(opened)) = (trail.remote, trail.opened) {
            with.politeness.learn(&to.origin.host, remote.ip(), opened);
        }
        let received = match answer {
            Ok(answer) => self.receive(answer, bytes_max, &slot, &mut watch, trail).await,
            Err(failure) => Err(failure),
        };
        self.report(&slot, &to.origin, &received);
        received
    }

    async fn receive(
        &self,
        mut answer: Answer,
        bytes_max: u64,
        slot: &Slot,
        watch: &mut Watch,
        trail: &mut Trail,
    ) -> Result<Reply, Failure> {
        let with = &self.with;
        let (status, headers) = (answer.status, answer.headers.clone());
        self.heed(&answer, slot);
        let declared = headers.get(http::header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
        if let Some(reason) = content::refused_by_type(declared) {
            answer.finish(false, with.client.pool(), trail);
            return Err(Failure::last(Outcome::NotContent, reason));
        }
        let bytes_max = bytes_max.min(with.settings.max_body);
        let intake = Intake { bytes_max, phases: &with.settings.phases, overhead: 0, sniff: None };
        let mut lease = self.budget.lease();
        let (body, end) = intake.receive(&mut answer, &mut lease, watch).await;
        answer.finish(matches!(end, End::Whole), with.client.pool(), trail);
        if let End::Failed(failure) = end {
            return Err(failure);
        }
        let caps = DecodeCaps { bytes_max, ..DecodeCaps::default() };
        let coding = content::coding(&headers);
        let decoded = jarvix_html::decode_body(&body, coding.as_deref(), &caps);
        let decoded = decoded.map_err(|e| Failure::last(Outcome::Protocol, e.to_string()))?;
        let body = Bytes::from(decoded.bytes.into_owned());
        Ok(Reply { status, headers, body, bytes_wire: trail.bytes_wire })
    }

    /// Does as `Retry-After` says, up to the limit; the whole host waits.
    fn heed(&self, answer: &Answer, slot: &Slot) {
        let now = self.with.env.clock.now_us();
        if is_overload(answer.status)
            && let Some(wait) = retry_after(&answer.headers, now)
        {
            let most = self.with.settings.backoff.retry_after_max;
            self.with.politeness.pause(slot.host(), wait.min(most));
        }
    }

    /// Tells politeness how the host took it.
    fn report(&self, slot: &Slot, origin: &Origin, received: &Result<Reply, Failure>) {
        let health = match received {
            Ok(reply) if is_overload(reply.status) => Health::Overloaded,
            Ok(reply) if reply.status.is_server_error() => Health::Troubled,
            Ok(_) => Health::Well,
            Err(failure) => match failure.outcome {
                Outcome::Timeout | Outcome::Connect | Outcome::Incomplete => Health::Troubled,
                Outcome::NotContent => Health::Well,
                Outcome::Tls => Health::Broken,
                _ => return,
            },
        };
        let why = match received {
            Err(failure) if health != Health::Well && !failure.ours => {
                Some(format!("{}: {}", failure.outcome, failure.reason))
            }
            Ok(reply) if health == Health::Troubled => Some(reply.status.to_string()),
            _ => None,
        };
        let report = Report { health, failure: why.as_deref(), ..Report::well(None) };
        if slot.note(report) {
            self.with.robots.forget_unreachable(origin);
        }
    }
}

fn is_overload(status: StatusCode) -> bool {
    matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
}
