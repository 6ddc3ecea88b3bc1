//! One attempt at one URL, redirects included: from a target to everything a row of `pages` says
//! about the answer. It never fails: whatever happens is an outcome with a reason.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, LOCATION};
use jarvix_core::{Env, Hop, Outcome, Page, Role, limits};
use jarvix_store::body_hash;
use tokio::time::Instant;

use crate::archives::Archives;
use crate::base::{self, Base, Validators};
use crate::body::{End, Intake, discard};
use crate::budget::{Budget, Lease};
use crate::client::{Answer, Client, Trail};
use crate::connect::ms;
use crate::content;
use crate::failure::Failure;
use crate::job::Job;
use crate::politeness::{Closed, Health, Politeness, Report, Slot};
use crate::retry::{Retry, retry_after};
use crate::robots::Robots;
use crate::settings::CollectSettings;
use crate::target::{Origin, Target};
use crate::watch::Watch;

/// What every attempt needs.
pub(crate) struct Fetcher {
    pub(crate) client: Client,
    pub(crate) robots: Robots,
    pub(crate) budget: Arc<Budget>,
    pub(crate) politeness: Arc<Politeness>,
    pub(crate) archives: Arc<Archives>,
    pub(crate) settings: Arc<CollectSettings>,
    pub(crate) env: Env,
    /// The run that pages are compared with.
    pub(crate) base: Option<Arc<Base>>,
}

/// What an attempt gave. The page is complete but for what the job knows.
pub(crate) struct Attempt {
    pub(crate) page: Page,
    pub(crate) lease: Lease,
    pub(crate) retry: Retry,
}

/// How an attempt ended.
struct Ending {
    outcome: Outcome,
    reason: Option<String>,
    retry: Retry,
    /// Whether this machine is to blame, not the host.
    ours: bool,
}

impl Ending {
    fn good(outcome: Outcome) -> Self {
        Self { outcome, reason: None, retry: Retry::No, ours: false }
    }

    fn of(outcome: Outcome, reason: impl Into<String>) -> Self {
        Self { outcome, reason: Some(reason.into()), retry: Retry::No, ours: false }
    }
}

impl From<Failure> for Ending {
    fn from(failure: Failure) -> Self {
        let retry = if failure.retry { Retry::Backoff } else { Retry::No };
        let (outcome, ours) = (failure.outcome, failure.ours);
        Self { outcome, reason: Some(failure.reason), retry, ours }
    }
}

impl From<Closed> for Ending {
    fn from(closed: Closed) -> Self {
        let wait = closed.until.map(|at| at.saturating_duration_since(Instant::now()));
        Self {
            retry: wait.map_or(Retry::No, Retry::After),
            ..Self::of(Outcome::HostSuspended, closed.reason)
        }
    }
}

impl Fetcher {
    /// Tries `to` once, in the place that `slot` holds; the place is left as soon as the network
    /// is done with.
    pub(crate) async fn attempt(&self, job: &Job, to: Target, slot: Slot) -> Attempt {
        let known = match &self.base {
            Some(base) => base.validators(to.url.as_str()).await,
            None => None,
        };
        let mut errand = Errand {
            with: self,
            known,
            page: job.ended(Outcome::Internal, ""),
            role: job.role(),
            trail: Trail::default(),
            watch: Watch::new(self.settings.timeout, self.settings.phases.rate_window),
            lease: self.budget.lease(),
            origin: to.origin.clone(),
            slot: Some(slot),
        };
        let ending = errand.run(to).await.unwrap_or_else(|ending| ending);
        errand.report(&ending, job.attempts <= 1);
        errand.finish(ending)
    }
}

/// An attempt under way.
struct Errand<'a> {
    with: &'a Fetcher,
    /// What the base run knew of the page.
    known: Option<Validators>,
    page: Page,
    role: Role,
    trail: Trail,
    watch: Watch,
    lease: Lease,
    /// Who is asked at present.
    origin: Origin,
    slot: Option<Slot>,
}

impl Errand<'_> {
    /// Follows redirects to the answer that has the body.
    async fn run(&mut self, start: Target) -> Result<Ending, Ending> {
        let mut to = start;
        let mut first = true;
        loop {
            self.enter(&to, first).await?;
            self.permission(&to).await?;
            self.page.final_url = Some(to.url.as_str().to_owned());
            let known = self.known.as_ref().filter(|known| known.are_about(&to));
            let compared = known.is_some();
            let answer =
                self.with.client.ask_unless((&to, known), &mut self.watch, &mut self.trail).await;
            self.learn(&to);
            let answer = answer?;
            match location(&answer) {
                Some(location) => to = self.hop(answer, &to, &location).await?,
                None if compared && answer.status == StatusCode::NOT_MODIFIED => {
                    if let Some(ending) = Box::pin(self.unchanged(answer)).await {
                        return Ok(ending);
                    }
                }
                None => return Ok(self.take_in(answer).await),
            }
            first = false;
        }
    }

    /// Holds a place at the host of `to` and the right to a request there. The attempt's clock
    /// stands still meanwhile.
    async fn enter(&mut self, to: &Target, first: bool) -> Result<(), Closed> {
        self.origin = to.origin.clone();
        match self.slot.take() {
            Some(mut slot) if *slot.host() == to.origin.host => {
                if !first {
                    self.watch.paused(slot.pace()).await;
                }
                self.slot = Some(slot);
            }
            // The old place is left before the new one is waited for. Its host has answered; for one
            // that redirects to itself it is the last answer that counts.
            held => {
                if let Some(slot) = held {
                    slot.note(Report::well(self.first_byte()));
                }
                let politeness = Arc::clone(&self.with.politeness);
                self.slot = Some(self.watch.paused(politeness.enter(&to.origin.host)).await?);
            }
        }
        Ok(())
    }

    /// Tells politeness where the host is, if its place was not taken there already.
    fn learn(&self, to: &Target) {
        let (Some(remote), Some(opened)) = (self.trail.remote, self.trail.opened) else { return };
        if !self.slot.as_ref().is_some_and(|slot| slot.is_at(remote.ip())) {
            self.with.politeness.learn(&to.origin.host, remote.ip(), opened);
        }
    }

    async fn permission(&mut self, to: &Target) -> Result<(), Failure> {
        let (true, Some(slot)) = (self.with.settings.robots, &mut self.slot) else { return Ok(()) };
        let permit = self.with.robots.permit(&self.with.client, to, slot);
        if self.watch.paused(permit).await? || slot.is_outdated() {
            self.watch.paused(slot.pace()).await;
        }
        Ok(())
    }

    /// Writes a redirect down and gives its target.
    async fn hop(
        &mut self,
        mut answer: Answer,
        from: &Target,
        location: &str,
    ) -> Result<Target, Failure> {
        let (status, headers) = (answer.status.as_u16(), answer.header_rows());
        let whole = discard(&mut answer, &self.with.settings.phases, &mut self.watch).await;
        answer.finish(whole, self.with.client.pool(), &mut self.trail);
        let limit = |reason: String| Err(Failure::last(Outcome::RedirectLimit, reason));
        if self.page.redirects.len() >= limits::REDIRECTS_MAX {
            return limit(format!("more than {} redirects", limits::REDIRECTS_MAX));
        }
        self.page.redirects.push(Hop { url: from.url.as_str().to_owned(), status, headers });
        let overhead = self.overhead();
        self.watch.paused(self.lease.cover(overhead)).await;
        let to = from.redirect(location)?;
        if self.page.redirects.iter().any(|hop| hop.url == to.url.as_str()) {
            return limit("the redirects go in a circle".to_owned());
        }
        Ok(to)
    }

    /// Takes the body from the base run, which the server says is still the page's; none if it
    /// cannot be had there, and the page is to be asked for as a whole.
    async fn unchanged(&mut self, mut answer: Answer) -> Option<Ending> {
        let (base, known) = (self.with.base.clone()?, self.known.take()?);
        self.note_facts(&answer);
        let fresh = std::mem::take(&mut self.page.headers);
        let whole = discard(&mut answer, &self.with.settings.phases, &mut self.watch).await;
        answer.finish(whole, self.with.client.pool(), &mut self.trail);
        let _permit = base.may_read().await;
        let before = base.page(&known, self.with.settings.max_body).await;
        let Ok(before) = before else {
            tracing::debug!(reason = before.err(), "a page of the base run cannot be read");
            return None;
        };
        base::complete(&mut self.page, before, fresh);
        let size = self.overhead();
        self.watch.paused(self.lease.cover(size)).await;
        Some(Ending::of(Outcome::NotModified, format!("unchanged since run {}", base.run)))
    }

    /// What the page takes besides its body.
    fn overhead(&self) -> usize {
        usize::try_from(self.page.size_bytes()).unwrap_or(usize::MAX)
    }

    /// Takes in the last answer: its facts, then its body.
    async fn take_in(&mut self, mut answer: Answer) -> Ending {
        self.note_facts(&answer);
        let status = answer.status;
        let declared = self.page.content_type.as_deref();
        let unwanted = content::refused_by_type(declared)
            .or_else(|| content::not_wanted(declared, &self.with.settings.accept));
        if let Some(reason) = unwanted.filter(|_| self.must_be_text(status)) {
            answer.finish(false, self.with.client.pool(), &mut self.trail);
            return Ending::of(Outcome::NotContent, reason);
        }
        let end = self.receive(&mut answer).await;
        let by_status = self.by_status(&answer);
        let whole = matches!(end, End::Whole);
        answer.finish(whole, self.with.client.pool(), &mut self.trail);
        match end {
            End::Whole => by_status,
            End::Cut => {
                self.page.truncated = true;
                by_status
            }
            End::Unwanted(reason) => {
                self.page.body = None;
                Ending::of(Outcome::NotContent, reason)
            }
            End::Failed(failure) => {
                let keep = failure.outcome == Outcome::Incomplete && self.page.body.is_some();
                self.page.truncated = keep;
                self.page.body = self.page.body.take().filter(|_| keep);
                failure.into()
            }
        }
    }

    /// A page that was answered with success must be text; a sitemap may be a packed file.
    fn must_be_text(&self, status: StatusCode) -> bool {
        status.is_success() && self.role == Role::Page
    }

    fn note_facts(&mut self, answer: &Answer) {
        let page = &mut self.page;
        page.status = Some(answer.status.as_u16());
        page.protocol = Some(answer.protocol().to_owned());
        page.headers = answer.header_rows();
        page.content_type = page.header(CONTENT_TYPE.as_str()).map(str::to_owned);
        page.content_encoding_received = page.header(CONTENT_ENCODING.as_str()).map(str::to_owned);
        page.content_encoding = content::coding(&answer.headers);
    }

    async fn receive(&mut self, answer: &mut Answer) -> End {
        let page = &self.page;
        let (coding, declared) = (page.content_encoding.as_deref(), page.content_type.as_deref());
        let sniff = |beginning: &[u8]| content::refused_by_bytes(beginning, coding, declared);
        let intake = Intake {
            bytes_max: self.with.settings.max_body,
            phases: &self.with.settings.phases,
            overhead: self.overhead(),
            sniff: if self.must_be_text(answer.status) { Some(&sniff) } else { None },
        };
        let (mut body, end) = intake.receive(answer, &mut self.lease, &mut self.watch).await;
        // What was made too large by doubling is given back.
        if body.capacity() > body.len() + body.len() / 4 + 4096 {
            body.shrink_to_fit();
        }
        if !body.is_empty() {
            if page.content_type.is_none() {
                self.page.content_type = Some(content::kind(&body, coding, None).to_string());
            }
            self.page.body = Some(body);
        }
        end
    }

    /// How a complete answer ends, by its status.
    fn by_status(&self, answer: &Answer) -> Ending {
        let status = answer.status;
        if status.is_success() {
            return Ending::good(Outcome::Fetched);
        }
        let mut ending = Ending::of(Outcome::HttpError, status.to_string());
        match status {
            StatusCode::NOT_MODIFIED => {
                ending.outcome = Outcome::Protocol;
                ending.reason = Some(format!("{status}, but nothing was said to compare with"));
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                self.heed(answer, &mut ending);
            }
            StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => ending.retry = Retry::Backoff,
            _ if status.is_redirection() => {
                ending.reason = Some(format!("{status}, but not to where"));
            }
            _ => {}
        }
        ending
    }

    /// Does as `Retry-After` says, up to the limit; the whole host waits.
    fn heed(&self, answer: &Answer, ending: &mut Ending) {
        ending.retry = Retry::Backoff;
        let Some(wait) = retry_after(&answer.headers, self.with.env.clock.now_us()) else { return };
        let most = self.with.settings.backoff.retry_after_max;
        if let Some(slot) = &self.slot {
            self.with.politeness.pause(slot.host(), wait.min(most));
        }
        ending.retry = Retry::After(wait);
        if wait > most {
            ending.retry = Retry::No;
            let reason = format!("{}; it asks to wait longer than {most:?}", answer.status);
            ending.reason = Some(reason);
        }
    }

    /// Tells politeness how the host took it, and leaves the place.
    fn report(&mut self, ending: &Ending, fresh: bool) {
        let Some(slot) = self.slot.take() else { return };
        if ending.outcome == Outcome::AddressDenied && self.page.redirects.is_empty() {
            // Nobody was asked, so that nobody needs a rest.
            slot.not_asked();
            return;
        }
        let status = self.page.status.unwrap_or_default();
        let health = match ending.outcome {
            _ if matches!(status, 429 | 503) => Health::Overloaded,
            _ if (500..600).contains(&status) => Health::Troubled,
            Outcome::Timeout | Outcome::Connect | Outcome::Incomplete => Health::Troubled,
            Outcome::Fetched | Outcome::NotModified => Health::Well,
            Outcome::HttpError | Outcome::NotContent => Health::Well,
            Outcome::RedirectLimit => Health::Well,
            Outcome::Tls => Health::Broken,
            _ => return,
        };
        let failed = health != Health::Well && status != 429 && !ending.ours;
        let reason = ending.reason.as_deref().unwrap_or_default();
        let why = failed.then(|| format!("{}: {reason}", ending.outcome));
        let failure = why.as_deref();
        let first_byte = self.page.status.and_then(|_| self.first_byte());
        let aside = slot.note(Report { health, first_byte, failure, fresh });
        if aside {
            // The one request that shows whether it is well again has to ask.
            self.with.robots.forget_unreachable(&self.origin);
        }
    }

    /// How long the last answer took to begin.
    fn first_byte(&self) -> Option<Duration> {
        let ms = self.trail.timings.ttfb_ms?;
        Duration::try_from_secs_f32(ms / 1000.0).ok()
    }

    fn finish(self, ending: Ending) -> Attempt {
        let mut page = self.page;
        page.outcome = ending.outcome;
        page.reason = ending.reason;
        if page.outcome != Outcome::NotModified {
            page.body_hash = page.body.as_deref().map(body_hash);
        }
        page.timings = self.trail.timings;
        page.timings.elapsed_ms = Some(ms(self.watch.elapsed()));
        page.remote_addr = self.trail.remote.map(|addr| addr.to_string());
        page.bytes_wire = self.trail.bytes_wire;
        Attempt { page, lease: self.lease, retry: ending.retry }
    }
}

/// Where an answer redirects to.
fn location(answer: &Answer) -> Option<String> {
    let redirects = matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let value = answer.headers.get(LOCATION).filter(|_| redirects)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}
