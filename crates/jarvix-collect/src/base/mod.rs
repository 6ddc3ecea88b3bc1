//! The base run (`--base`): what an earlier run knew of a URL is sent along as `If-None-Match` and
//! `If-Modified-Since`, and a page that has not changed costs an answer without a body.
//!
//! The row of such a page is complete: its body and what describes it are copied from the base's
//! part, so that each run can be read, exported and removed alone. What of the base cannot be read
//! is as if it were not there: its pages are fetched whole, and a note says so.
//!
//! Nothing of the base is held in memory but a small index; see [`index`].

mod index;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderValue;
use http::header::{ETAG, LAST_MODIFIED};
use jarvix_core::{Dataset, Disk, Header, Outcome, Page, PartRef, RunId};
use jarvix_store::{PageMark, PageRows, Store};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::target::Target;
use index::{Builder, Index, Record};

/// The folder of the index in a run's folder; gone when the run is not being collected.
const FOLDER: &str = "base";
/// Parts of the base that are open at one time: neighbours in the list are neighbours in a part.
const PARTS_OPEN_MAX: usize = 8;
/// Bodies that are read at one time: they take memory before the byte budget knows how much.
const READS_MAX: usize = 4;

/// What is sent along to ask whether a page has changed.
#[derive(Debug, Clone)]
pub(crate) struct Validators {
    pub(crate) etag: Option<HeaderValue>,
    pub(crate) last_modified: Option<HeaderValue>,
    /// The address that they are about; no other is asked with them.
    about: String,
    url: String,
    part: u32,
    row: u32,
}

impl Validators {
    /// Whether they are about this address.
    pub(crate) fn are_about(&self, to: &Target) -> bool {
        self.about == to.url.as_str()
    }
}

/// An earlier run, open for questions.
pub(crate) struct Base {
    store: Store,
    pub(crate) run: RunId,
    index: Index,
    parts: Vec<PartRef>,
    open: Mutex<Vec<(u32, Arc<PageRows>)>>,
    reads: Semaphore,
    _folder: Scratch,
}

/// A folder that is gone with its owner.
struct Scratch {
    disk: Arc<dyn Disk>,
    path: PathBuf,
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Whoever collects this run next removes what is left.
        drop(self.disk.remove_dir_all(&self.path));
    }
}

/// What came of opening a base.
pub(crate) struct Opened {
    /// The base, if there is anything in it to ask with.
    pub(crate) base: Option<Base>,
    /// What of it cannot be used, in one line.
    pub(crate) trouble: Option<String>,
}

/// Removes what a killed process left of an index of `run`.
pub(crate) fn clear(store: &Store, run: &RunId) -> io::Result<()> {
    let (disk, folder) = (&store.env().disk, store.run_dir(run).join(FOLDER));
    if disk.exists(&folder) { disk.remove_dir_all(&folder) } else { Ok(()) }
}

impl Base {
    /// Reads what `base` knew, for the pages of `run`. Blocks, and takes as long as reading the
    /// base's parts once.
    pub(crate) fn open(store: &Store, run: &RunId, base: &RunId) -> Opened {
        let folder = store.run_dir(run).join(FOLDER);
        match Self::build(store, base, &folder) {
            Ok(opened) => opened,
            Err(reason) => Opened {
                base: None,
                trouble: Some(format!(
                    "run {base} is no base, all pages are fetched whole: {reason}"
                )),
            },
        }
    }

    fn build(store: &Store, run: &RunId, folder: &Path) -> Result<Opened, String> {
        let parts = store.catalogue().parts(run, Dataset::Pages).map_err(|e| e.to_string())?;
        let disk = &store.env().disk;
        let scratch = |error: io::Error| format!("{}: {error}", folder.display());
        disk.create_dir_all(folder).map_err(scratch)?;
        let guard = Scratch { disk: Arc::clone(disk), path: folder.to_owned() };
        let mut builder = Builder::new(disk, folder).map_err(scratch)?;
        let (mut lost, mut why) = (0, String::new());
        for (number, part) in (0u32..).zip(&parts) {
            match note_part(store, number, part, &mut builder) {
                Ok(()) => {}
                Err(Fault::Index(error)) => return Err(scratch(error)),
                Err(Fault::Part(reason)) => {
                    lost += 1;
                    if why.is_empty() {
                        why = reason;
                    }
                }
            }
        }
        let index = builder.finish().map_err(scratch)?;
        let all = parts.len();
        let trouble = (lost > 0).then(|| {
            format!("{lost} of {all} parts of the base run {run} are not usable, their pages are fetched whole: {why}")
        });
        let base = Self {
            store: store.clone(),
            run: run.clone(),
            index,
            parts,
            open: Mutex::default(),
            reads: Semaphore::new(READS_MAX),
            _folder: guard,
        };
        Ok(Opened { base: Some(base).filter(|base| base.index.len() > 0), trouble })
    }

    /// What to ask `url` with.
    pub(crate) async fn validators(self: &Arc<Self>, url: &str) -> Option<Validators> {
        let (base, url) = (Arc::clone(self), url.to_owned());
        let found = tokio::task::spawn_blocking(move || {
            let record = base.index.find(&url).ok().flatten()?;
            Some((record, url))
        });
        let (record, url) = found.await.ok().flatten()?;
        let value = |text: &str| Some(text).filter(|t| !t.is_empty())?.parse().ok();
        let about = if record.final_url.is_empty() { url.clone() } else { record.final_url };
        Some(Validators {
            etag: value(&record.etag),
            last_modified: value(&record.last_modified),
            about,
            url,
            part: record.part,
            row: record.row,
        })
    }

    /// The right to read a body into memory that the byte budget does not cover yet.
    pub(crate) async fn may_read(&self) -> Option<SemaphorePermit<'_>> {
        self.reads.acquire().await.ok()
    }

    /// The base's row that `validators` come from; the error says why it cannot be had. The body
    /// is what its hash says.
    pub(crate) async fn page(
        self: &Arc<Self>,
        validators: &Validators,
        body_bytes_max: u64,
    ) -> Result<Page, String> {
        let base = Arc::clone(self);
        let (url, part, row) = (validators.url.clone(), validators.part, validators.row);
        let read = tokio::task::spawn_blocking(move || {
            let page = base.rows(part)?.row(row.into()).map_err(|error| error.to_string())?;
            if page.url != url {
                return Err("the row is another one".to_owned());
            }
            if page.body.as_ref().is_some_and(|body| body.len() as u64 > body_bytes_max) {
                return Err("the body is larger than is allowed now".to_owned());
            }
            if is_as_received(&page) { Ok(page) } else { Err("the body is damaged".to_owned()) }
        });
        read.await.map_err(|error| error.to_string())?
    }

    fn rows(&self, part: u32) -> Result<Arc<PageRows>, String> {
        let lock = || self.open.lock().unwrap_or_else(PoisonError::into_inner);
        {
            let mut open = lock();
            if let Some(at) = open.iter().position(|(number, _)| *number == part) {
                let found = open.remove(at);
                let rows = Arc::clone(&found.1);
                open.push(found);
                return Ok(rows);
            }
        }
        let known = self.parts.get(part as usize).ok_or("there is no such part")?;
        let rows = Arc::new(self.store.page_rows(known).map_err(|error| error.to_string())?);
        let mut open = lock();
        if open.len() >= PARTS_OPEN_MAX {
            open.remove(0);
        }
        open.push((part, Arc::clone(&rows)));
        Ok(rows)
    }
}

enum Fault {
    /// The part cannot be used.
    Part(String),
    /// The index cannot be written.
    Index(io::Error),
}

fn note_part(
    store: &Store,
    number: u32,
    part: &PartRef,
    builder: &mut Builder,
) -> Result<(), Fault> {
    let unusable = |error: jarvix_store::StoreError| Fault::Part(error.to_string());
    for mark in store.page_marks(part).map_err(unusable)? {
        let mark = mark.map_err(unusable)?;
        if let Some(record) = record_of(number, &mark) {
            builder.add(&mark.url, &record).map_err(Fault::Index)?;
        }
    }
    Ok(())
}

/// What is worth asking with; none for a page that was not whole, or has no validator.
fn record_of(part: u32, mark: &PageMark) -> Option<Record> {
    let good = matches!(mark.outcome, Outcome::Fetched | Outcome::NotModified);
    let whole = matches!(mark.status, Some(200 | 304)) && !mark.truncated;
    let value = |name: &str| {
        let header = mark.headers.iter().find(|header| header.name == name);
        header.map(|header| header.value.trim().to_owned()).unwrap_or_default()
    };
    let (etag, last_modified) = (value(ETAG.as_str()), value(LAST_MODIFIED.as_str()));
    if !good || !whole || (etag.is_empty() && last_modified.is_empty()) {
        return None;
    }
    let final_url = mark.final_url.clone().filter(|url| *url != mark.url).unwrap_or_default();
    let row = u32::try_from(mark.row).ok()?;
    Some(Record { part, row, final_url, etag, last_modified })
}

/// Whether a body is the one that its hash was made of. One that was made smaller for the disk is
/// unpacked for that.
fn is_as_received(page: &Page) -> bool {
    let Some(body) = &page.body else { return true };
    let Some(expected) = &page.body_hash else { return false };
    if jarvix_store::body_hash(body) == *expected {
        return true;
    }
    if page.content_encoding.as_deref() != Some("zstd") {
        return false;
    }
    let mut hasher = blake3::Hasher::new();
    let unpacked = zstd::Decoder::new(body.as_slice()).and_then(|from| {
        let most = jarvix_core::limits::DECODED_BYTES_MAX;
        io::copy(&mut io::Read::take(from, most), &mut hasher)
    });
    unpacked.is_ok() && hasher.finalize().to_hex().starts_with(expected.as_str())
}

/// Header names that are about the body as it was sent; a 304 says nothing of them.
const OF_THE_BODY: [&str; 5] =
    ["content-length", "content-encoding", "content-type", "content-range", "transfer-encoding"];

/// Completes `page`, which has the facts of a 304, by what `base` had: the body, what describes
/// it, and the headers that the 304 did not bring anew (RFC 9111, 3.2).
pub(crate) fn complete(page: &mut Page, base: Page, fresh: Vec<Header>) {
    let describes = |header: &Header| OF_THE_BODY.contains(&header.name.as_str());
    let mut headers = base.headers;
    headers.retain(|old| describes(old) || fresh.iter().all(|new| new.name != old.name));
    headers.extend(fresh.into_iter().filter(|new| !describes(new)));
    page.headers = headers;
    page.body = base.body;
    page.rendered = base.rendered;
    page.body_hash = base.body_hash;
    page.content_type = base.content_type;
    page.content_encoding = base.content_encoding;
    page.content_encoding_received = base.content_encoding_received;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &str, value: &str) -> Header {
        Header { name: name.to_owned(), value: value.to_owned() }
    }

    #[test]
    fn a_304_renews_headers_but_not_what_describes_the_body() {
        let blank = || Page::unfetched("https://a.example/".into(), 1, Outcome::Fetched, "");
        let (mut page, mut base) = (blank(), blank());
        base.headers = vec![
            header("content-type", "text/html"),
            header("content-length", "10"),
            header("last-modified", "then"),
            header("etag", "\"a\""),
        ];
        base.body = Some(b"0123456789".to_vec());
        base.content_type = Some("text/html".to_owned());
        let fresh =
            vec![header("etag", "\"b\""), header("content-length", "0"), header("x-new", "1")];
        complete(&mut page, base, fresh);
        let got: Vec<(&str, &str)> =
            page.headers.iter().map(|h| (h.name.as_str(), h.value.as_str())).collect();
        assert_eq!(
            got,
            [
                ("content-type", "text/html"),
                ("content-length", "10"),
                ("last-modified", "then"),
                ("etag", "\"b\""),
                ("x-new", "1"),
            ]
        );
        assert_eq!(page.body.as_deref(), Some(&b"0123456789"[..]));
    }

    #[test]
    fn only_whole_answers_with_a_validator_are_asked_about() {
        let mark = |outcome, status, truncated, headers: &[(&str, &str)]| PageMark {
            row: 7,
            url: "https://a.example/".to_owned(),
            final_url: Some("https://a.example/".to_owned()),
            status: Some(status),
            outcome,
            truncated,
            headers: headers.iter().map(|(name, value)| header(name, value)).collect(),
        };
        let etag = &[("etag", "W/\"x\"")][..];
        let of = |mark| record_of(3, &mark);
        let record = of(mark(Outcome::Fetched, 200, false, etag)).expect("a record");
        assert_eq!((record.part, record.row, record.etag.as_str()), (3, 7, "W/\"x\""));
        assert!(record.final_url.is_empty(), "the same address need not be kept twice");
        assert!(of(mark(Outcome::NotModified, 304, false, etag)).is_some());
        assert!(of(mark(Outcome::Fetched, 200, true, etag)).is_none());
        assert!(of(mark(Outcome::Fetched, 203, false, etag)).is_none());
        assert!(of(mark(Outcome::HttpError, 404, false, etag)).is_none());
        assert!(of(mark(Outcome::Fetched, 200, false, &[("date", "x")])).is_none());
    }

    #[test]
    fn a_body_is_known_by_its_hash_packed_or_not() {
        let mut page = Page::unfetched("https://a.example/".into(), 1, Outcome::Fetched, "");
        assert!(is_as_received(&page));
        let text = b"all work and no play ".repeat(100);
        page.body_hash = Some(jarvix_store::body_hash(&text));
        page.body = Some(text.clone());
        assert!(is_as_received(&page));
        page.body = Some(zstd::bulk::compress(&text, 1).expect("zstd"));
        assert!(!is_as_received(&page));
        page.content_encoding = Some("zstd".to_owned());
        assert!(is_as_received(&page));
        page.body_hash = Some("0".repeat(32));
        assert!(!is_as_received(&page));
    }
}
