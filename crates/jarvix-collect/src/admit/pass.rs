//! One pass over lines: each is counted once, and what may be new gets an ordinal. Admission and the
//! dry run differ only in where the result goes.

use jarvix_core::{CanonicalUrl, Found, Reject, Role, canonicalise};

use super::keys::key_of;
use super::ledger::{InputNote, Sums};
use super::recent::Recent;
use super::spill::Spill;
use super::{AdmitError, EVENT_LINES};
use crate::frontier::Body;
use crate::input::{Content, Lines, escaped, file_url};
use crate::scope::Filter;

/// A line that may be new.
pub(super) struct Accepted {
    pub(super) url: CanonicalUrl,
    pub(super) ordinal: u64,
    pub(super) body: Body,
}

/// Where lines go.
pub(super) trait Sink {
    /// Takes a line that may be new; repeats among them are found later.
    fn accept(&mut self, accepted: Accepted) -> Result<(), AdmitError>;
    /// Takes a line that cannot be used.
    fn reject(&mut self, reject: Reject) -> Result<(), AdmitError>;
}

/// A pass under way.
pub(super) struct Pass<'a, S> {
    pub(super) sink: S,
    pub(super) spill: Spill,
    pub(super) next_ordinal: u64,
    /// Sums since the run's first line; `admitted` counts what may be new.
    pub(super) sums: Sums,
    filter: &'a Filter,
    recent: Recent,
}

impl Sums {
    /// The sums once `repeats` of the lines that might have been new turned out not to be.
    pub(super) fn without_repeats(self, repeats: u64) -> Self {
        Self { admitted: self.admitted - repeats, duplicates: self.duplicates + repeats, ..self }
    }
}

impl<'a, S: Sink> Pass<'a, S> {
    pub(super) fn new(
        sink: S,
        spill: Spill,
        filter: &'a Filter,
        next_ordinal: u64,
        sums: Sums,
    ) -> Self {
        Self { sink, spill, next_ordinal, sums, filter, recent: Recent::new() }
    }

    /// Reads the new lines of the input at place `at`; false if it was stopped.
    pub(super) fn read(
        &mut self,
        lines: &mut Lines,
        at: usize,
        note: &InputNote,
        tell: &dyn Fn(Sums),
        stop: &dyn Fn() -> bool,
    ) -> Result<bool, AdmitError> {
        while let Some(line) = lines.next_line()? {
            if stop() {
                return Ok(false);
            }
            if lines.was_read_before(&line) {
                continue;
            }
            self.sums.lines += 1;
            let from_list = !matches!(line.content, Content::Local { .. });
            let usable = match line.content {
                Content::Url { text, meta } => {
                    let url = usable_url(&text);
                    // A sitemap is no page; the patterns are for what it lists.
                    let url = match note.role {
                        Role::Page => url.and_then(|url| self.wanted(url)),
                        Role::Robots | Role::Sitemap => url,
                    };
                    url.map(|url| (url, meta, None))
                }
                Content::Local { relative } => {
                    let url = usable_page(note, &relative).and_then(|url| self.wanted(url));
                    url.map(|url| (url, None, Some(relative)))
                }
                Content::Archived { text, at } => {
                    let url = usable_web_url(&text).and_then(|url| self.wanted(url));
                    url.map(|url| (url, None, Some(at.to_string())))
                }
                Content::Unusable { text, reason } => Err((text, reason)),
            };
            match usable {
                Ok((url, meta, relative)) => {
                    let line_no = line.line_no.filter(|_| from_list);
                    self.accept(url, |url| Body {
                        line_no,
                        input: u32::try_from(at).unwrap_or(u32::MAX),
                        url,
                        meta,
                        relative,
                        found: Found { role: note.role, ..Found::default() },
                    })?;
                }
                Err((text, reason)) => {
                    self.sums.rejects += 1;
                    let line_no = line.line_no.unwrap_or(1);
                    let source = note.source.clone();
                    self.sink.reject(Reject { source, line_no, text, reason })?;
                }
            }
            if self.sums.lines.is_multiple_of(EVENT_LINES) {
                tell(self.sums);
            }
        }
        Ok(true)
    }

    fn wanted(&self, url: CanonicalUrl) -> Result<CanonicalUrl, (String, String)> {
        match self.filter.refusal(url.as_str()) {
            Some(reason) => Err((escaped(url.as_str().as_bytes()), reason)),
            None => Ok(url),
        }
    }

    fn accept(
        &mut self,
        url: CanonicalUrl,
        body: impl FnOnce(String) -> Body,
    ) -> Result<(), AdmitError> {
        let key = key_of(url.as_str());
        if self.recent.saw(key) {
            self.sums.duplicates += 1;
            return Ok(());
        }
        let ordinal = self.next_ordinal;
        self.spill.add(key, ordinal)?;
        let body = body(url.as_str().to_owned());
        self.sink.accept(Accepted { url, ordinal, body })?;
        self.next_ordinal += 1;
        self.sums.admitted += 1;
        Ok(())
    }
}

/// The URL, or the text and the reason for a reject.
fn usable_url(text: &str) -> Result<CanonicalUrl, (String, String)> {
    canonicalise(text).map_err(|error| (escaped(text.as_bytes()), error.to_string()))
}

/// The same for a page in an archive, which is on the web or not a page.
fn usable_web_url(text: &str) -> Result<CanonicalUrl, (String, String)> {
    let url = usable_url(text)?;
    if url.is_web() {
        return Ok(url);
    }
    let reason = format!("{}: only http and https pages are taken", url.scheme());
    Err((escaped(text.as_bytes()), reason))
}

fn usable_page(note: &InputNote, relative: &str) -> Result<CanonicalUrl, (String, String)> {
    let reject = |reason: String| (escaped(relative.as_bytes()), reason);
    let url = file_url(note.folder.as_deref().unwrap_or_default(), relative)
        .ok_or_else(|| reject("the path cannot be written as a URL".to_owned()))?;
    canonicalise(&url).map_err(|error| reject(error.to_string()))
}
