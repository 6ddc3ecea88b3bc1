//! A page from a web archive: what its record says was answered, as if it had just been. No network
//! is asked, so neither robots.txt nor politeness is.
//!
//! The archive's word is taken for the address, the time and the status; its digests are checked,
//! and a record that is damaged is `incomplete` with the reason.

use std::io;
use std::path::Path;
use std::sync::Arc;

use jarvix_core::{Header, Outcome, Page, canonicalise};
use jarvix_warc::{ORIGINAL_PREFIX, RecordHead, Response, take_response};

use crate::archives::{Archives, Found};
use crate::content;
use crate::fetch::{Attempt, Fetcher};
use crate::input::Archived;
use crate::job::Job;
use crate::retry::Retry;

/// What reading takes besides the payload.
const OVERHEAD: usize = 512 * 1024;
/// Headers that writers rename where the record holds the payload in another form, and which are
/// still what the server sent.
const RENAMED: [&str; 2] = ["transfer-encoding", "content-length"];

/// The records of a page: its own, and for a `revisit` the one with the body.
struct Records {
    own: Found,
    original: Option<Found>,
}

/// What they say.
struct Taken {
    head: RecordHead,
    /// The answer with the body.
    answer: Response,
    /// The answer of a `revisit`, if it has one of its own.
    repeated: Option<Response>,
}

impl Fetcher {
    /// Reads the page at `at` of the archive at `path`.
    pub(crate) async fn read_archived(&self, job: &Job, path: &Path, at: Archived) -> Attempt {
        let mut lease = self.budget.lease();
        let turn = self.archives.turn().await;
        let (archives, from) = (Arc::clone(&self.archives), path.to_owned());
        let found = blocking(move || Records::find(&archives, &from, at)).await;
        let taken = match found {
            Ok(records) => {
                let body = records.body().min(self.settings.max_body);
                let room = usize::try_from(body).unwrap_or(usize::MAX);
                lease.cover(room.saturating_add(OVERHEAD)).await;
                blocking(move || records.take()).await
            }
            Err(error) => Err(error),
        };
        drop(turn);
        let mut page = match taken {
            Ok(taken) if taken.is_about(job.url()) => taken.into_page(job),
            Ok(_) => {
                job.ended(Outcome::Internal, "the archive is not what it was when it was read")
            }
            Err(error) => {
                job.ended(Outcome::Internal, format!("the record cannot be read: {error}"))
            }
        };
        page.protocol = Some("warc".to_owned());
        Attempt { page, lease, retry: Retry::No }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

impl Records {
    fn find(archives: &Archives, path: &Path, at: Archived) -> io::Result<Self> {
        let own = archives.find(path, at.record)?;
        let original = at.original.map(|place| archives.find(path, place)).transpose()?;
        Ok(Self { own, original })
    }

    /// Most bytes that the body can have.
    fn body(&self) -> u64 {
        self.original.as_ref().unwrap_or(&self.own).length()
    }

    fn take(self) -> io::Result<Taken> {
        let Self { mut own, original } = self;
        let Some(original) = original else {
            let answer = take(&mut own)?;
            return Ok(Taken { head: own.head, answer, repeated: None });
        };
        // A revisit need not repeat the headers.
        let repeated = if own.head.length > 0 { take(&mut own).ok() } else { None };
        let answer = take(&mut { original })?;
        Ok(Taken { head: own.head, answer, repeated })
    }
}

fn take(found: &mut Found) -> io::Result<Response> {
    take_response(&mut found.archive, &found.head)?
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))
}

impl Taken {
    /// Whether the record is about the address that was admitted.
    fn is_about(&self, url: &str) -> bool {
        let uri = self.head.requested_uri().or(self.head.target_uri()).unwrap_or_default();
        canonicalise(uri).is_ok_and(|found| found.as_str() == url)
    }

    fn into_page(self, job: &Job) -> Page {
        let mut page = job.ended(Outcome::Fetched, "");
        page.reason = None;
        let uri = self.head.target_uri().and_then(|uri| canonicalise(uri).ok());
        page.final_url = uri.map(|uri| uri.as_str().to_owned());
        page.fetched_at_us = self.head.date_us().unwrap_or(0);
        page.remote_addr = self.head.fields.get("WARC-IP-Address").map(str::to_owned);
        self.note_facts(&mut page);
        let (outcome, reason) = self.ending(&page);
        page.outcome = outcome;
        page.reason = reason;
        page.truncated = self.answer.capped
            || self.head.truncated().is_some()
            || (outcome == Outcome::Incomplete && !self.answer.payload.is_empty());
        let body = self.answer.payload;
        if outcome != Outcome::NotContent && !body.is_empty() {
            if page.content_type.is_none() {
                let coding = page.content_encoding.as_deref();
                page.content_type = Some(content::kind(&body, coding, None).to_string());
            }
            page.body_hash = Some(jarvix_store::body_hash(&body));
            page.body = Some(body);
        }
        page
    }

    /// Status and headers: of the revisit where it has its own. How the body is coded, the answer
    /// that it came with says.
    fn note_facts(&self, page: &mut Page) {
        let with_body = self.answer.head.as_ref();
        let own = self.repeated.as_ref().and_then(|r| r.head.as_ref()).or(with_body);
        page.status = own.map(|head| head.status);
        page.headers = own.map(|head| headers(&head.fields)).unwrap_or_default();
        let of_body = with_body.map(|head| headers(&head.fields)).unwrap_or_default();
        let values = |name: &'static str| {
            of_body.iter().filter(move |h| h.name == name).map(|h| h.value.as_str())
        };
        page.content_type = values("content-type").next().map(str::to_owned);
        if with_body.is_none() {
            page.content_type = self.head.fields.get("Content-Type").map(str::to_owned);
        }
        page.content_encoding_received = values("content-encoding").next().map(str::to_owned);
        page.content_encoding = content::coding_of(values("content-encoding"));
    }

    /// How it ended, by what the record says.
    fn ending(&self, page: &Page) -> (Outcome, Option<String>) {
        if let Some(damage) = &self.answer.damage {
            return (Outcome::Incomplete, Some(damage.to_string()));
        }
        let broke_off = self.head.truncated().filter(|why| matches!(*why, "disconnect" | "time"));
        if let Some(why) = broke_off {
            let reason = format!("the record was cut when it was archived: {why}");
            return (Outcome::Incomplete, Some(reason));
        }
        let is_good = page.status.is_none_or(|status| (200..300).contains(&status));
        let not_modified = self.repeated.is_some() && page.status == Some(304);
        if !is_good && !not_modified {
            let status = page.status.unwrap_or_default();
            let status = http::StatusCode::from_u16(status)
                .map_or_else(|_| status.to_string(), |status| status.to_string());
            return (Outcome::HttpError, Some(status));
        }
        let body = &self.answer.payload;
        let declared = page.content_type.as_deref();
        let coding = page.content_encoding.as_deref();
        let left_out = || {
            let empty = body.is_empty() && self.head.truncated() == Some("unspecified");
            empty.then(|| "the body was left out when it was archived".to_owned())
        };
        let unwanted = content::refused_by_type(declared)
            .or_else(left_out)
            .or_else(|| content::refused_by_bytes(body, coding, declared));
        match unwanted {
            Some(reason) => (Outcome::NotContent, Some(reason)),
            None if not_modified => (Outcome::NotModified, Some("304 Not Modified".to_owned())),
            None => (Outcome::Fetched, None),
        }
    }
}

/// Header lines as they stand in a row: lower-case names, and those that were renamed because the
/// record holds the payload without its transfer coding, under the name that they came with.
fn headers(fields: &jarvix_warc::Fields) -> Vec<Header> {
    let original = |name: String| match name.strip_prefix(ORIGINAL_PREFIX) {
        Some(renamed) if RENAMED.contains(&renamed) => renamed.to_owned(),
        _ => name,
    };
    let fields = fields.0.iter();
    fields
        .map(|field| Header {
            name: original(field.name.to_ascii_lowercase()),
            value: field.value.clone(),
        })
        .collect()
}
