//! The records of a web archive as lines: every answer from the web is a page, at its place.
//!
//! What is not taken here: the bodies, which are read when they are collected. What is no answer
//! (`warcinfo`, `request`, `metadata`) is passed over like a comment; an answer that cannot be a page
//! is a reject with its record's number. A redirect is one too: what it leads to is a record of its
//! own, and nothing is fetched to find it.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use jarvix_core::{Env, limits};
use jarvix_warc::{Archive, Defect, Item, Kind, Limits, Place, RecordHead, read_http_head};
use xxhash_rust::xxh3::xxh3_128;

use super::InputError;
use super::bytes::{Consumed, Digest};
use super::escape::escaped;
use super::lines::{Content, Line};

/// Records that a `revisit` can refer to: each takes up to three keys of 16 bytes and a place. What
/// came before the last so many is forgotten.
const KEYS_MAX: usize = 131_072;

/// Where in an archive a page lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Archived {
    /// Its record.
    pub record: Place,
    /// For a `revisit`: the record that has the body.
    pub original: Option<Place>,
}

/// `offset.inside`, and after a `/` the same of the original.
impl fmt::Display for Archived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.record.offset, self.record.inside)?;
        match self.original {
            Some(place) => write!(f, "/{}.{}", place.offset, place.inside),
            None => Ok(()),
        }
    }
}

/// The text is no place in an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no place in an archive")]
pub struct NoPlace;

impl FromStr for Archived {
    type Err = NoPlace;
    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let place = |text: &str| {
            let (offset, inside) = text.split_once('.').ok_or(NoPlace)?;
            let number = |digits: &str| digits.parse().map_err(|_| NoPlace);
            Ok(Place { offset: number(offset)?, inside: number(inside)? })
        };
        match text.split_once('/') {
            Some((record, original)) => {
                Ok(Self { record: place(record)?, original: Some(place(original)?) })
            }
            None => Ok(Self { record: place(text)?, original: None }),
        }
    }
}

/// The limits with which archives are read here.
pub(crate) fn archive_limits(payload_bytes_max: u64) -> Limits {
    Limits {
        http_head_bytes_max: limits::HEADER_BYTES_MAX,
        http_fields_max: limits::HEADERS_MAX,
        payload_bytes_max: usize::try_from(payload_bytes_max).unwrap_or(usize::MAX),
        ..Limits::default()
    }
}

/// The records of an archive.
pub(super) struct ArchiveLines {
    name: String,
    /// `None` once its end was reached.
    archive: Option<Archive<Digest>>,
    originals: Originals,
    records: u64,
    consumed: Consumed,
}

impl ArchiveLines {
    pub(super) fn open(env: &Env, path: &Path, name: &str) -> Result<Self, InputError> {
        let mut archive = Archive::new(Digest::of_file(env, path, name)?, archive_limits(0));
        if !archive.begins_like_one().map_err(InputError::io("read", name))? {
            let reason = "it does not begin with a WARC record, plain, gzip or zstd".to_owned();
            return Err(InputError::Format { name: name.to_owned(), reason });
        }
        Ok(Self {
            name: name.to_owned(),
            archive: Some(archive),
            originals: Originals::default(),
            records: 0,
            consumed: Consumed::default(),
        })
    }

    /// What was read; meaningful at the end.
    pub(super) fn consumed(&self) -> Consumed {
        self.consumed.clone()
    }

    pub(super) fn next(&mut self) -> Result<Option<Line>, InputError> {
        loop {
            let Some(archive) = &mut self.archive else { return Ok(None) };
            let item = archive.next_item().map_err(InputError::io("read", &self.name))?;
            match item {
                None => {
                    self.finish()?;
                    return Ok(None);
                }
                // The record is there; what is missing of it is seen when it is collected.
                Some(Item::Defect { defect: Defect::BlockCut { .. }, .. }) => {}
                Some(Item::Defect { number, place, defect }) => {
                    let text = format!("record {number}, byte {}", place.offset);
                    let content = Content::Unusable { text, reason: defect.to_string() };
                    return Ok(Some(Line { line_no: Some(number.max(1)), content }));
                }
                Some(Item::Record(head)) => {
                    self.records = head.number;
                    if let Some(content) = self.content(&head)? {
                        return Ok(Some(Line { line_no: Some(head.number), content }));
                    }
                }
            }
        }
    }

    fn finish(&mut self) -> Result<(), InputError> {
        let file = self.archive.take().and_then(Archive::into_file);
        if let Some(digest) = file {
            let read = digest.into_consumed(self.records);
            self.consumed = read.map_err(InputError::io("read", &self.name))?;
        }
        Ok(())
    }

    /// What a record is to us; nothing if it is no answer.
    fn content(&mut self, head: &RecordHead) -> Result<Option<Content>, InputError> {
        let shown = head.target_uri().unwrap_or("no address");
        let refuse = |reason: String| {
            Ok(Some(Content::Unusable { text: escaped(shown.as_bytes()), reason }))
        };
        match head.kind {
            Kind::Warcinfo | Kind::Request | Kind::Metadata | Kind::Other => return Ok(None),
            Kind::Conversion | Kind::Continuation => {
                return refuse(format!("a {} record; only answers are pages", head.kind));
            }
            Kind::Response | Kind::Resource | Kind::Revisit => {}
        }
        let Some(text) = head.requested_uri().or(head.target_uri()).map(str::to_owned) else {
            return refuse("the record does not say which address it is about".to_owned());
        };
        let mut at = Archived { record: head.place, original: None };
        match head.kind {
            Kind::Response if !head.is_http() => {
                return refuse(format!(
                    "it is not HTTP but {}",
                    escaped(head.media_type().as_bytes())
                ));
            }
            Kind::Response => {
                if let Some(reason) = self.why_no_page()? {
                    return refuse(reason);
                }
                self.originals.add(head);
            }
            Kind::Revisit => match self.originals.find(head) {
                Some(original) => at.original = Some(original),
                None => {
                    return refuse(
                        "it repeats an answer that does not stand before it in this archive"
                            .to_owned(),
                    );
                }
            },
            _ => {}
        }
        Ok(Some(Content::Archived { text, at }))
    }

    /// Why the current record's answer cannot be a page.
    fn why_no_page(&mut self) -> Result<Option<String>, InputError> {
        let Some(archive) = &mut self.archive else { return Ok(None) };
        let limits = *archive.limits();
        let answer = read_http_head(&mut archive.block(), &limits);
        let answer = match answer.map_err(InputError::io("read", &self.name))? {
            Ok(answer) => answer,
            Err(error) => return Ok(Some(error.to_string())),
        };
        let redirects = matches!(answer.status, 301 | 302 | 303 | 307 | 308);
        let location = answer.fields.get("Location").filter(|_| redirects);
        Ok(location.map(|location| {
            let to = escaped(location.as_bytes());
            format!("a redirect ({}) to {to}; that is a record of its own", answer.status)
        }))
    }
}

/// Records that others may refer to, by what they are referred to with.
#[derive(Default)]
struct Originals {
    newer: HashMap<u128, Place>,
    older: HashMap<u128, Place>,
}

impl Originals {
    fn add(&mut self, head: &RecordHead) {
        let keys = [
            head.id().map(|id| key("id", id)),
            head.fields.get("WARC-Payload-Digest").map(|digest| key("digest", digest)),
            head.target_uri().map(|uri| key("uri", uri)),
        ];
        for key in keys.into_iter().flatten() {
            self.newer.entry(key).or_insert(head.place);
        }
        if self.newer.len() >= KEYS_MAX / 2 {
            self.older = std::mem::take(&mut self.newer);
        }
    }

    /// The record that has what `head` repeats.
    fn find(&self, head: &RecordHead) -> Option<Place> {
        let fields = &head.fields;
        let keys = [
            head.refers_to().map(|id| key("id", id)),
            fields.get("WARC-Payload-Digest").map(|digest| key("digest", digest)),
            fields.get("WARC-Refers-To-Target-URI").map(|uri| key("uri", uri)),
        ];
        let mut keys = keys.into_iter().flatten();
        keys.find_map(|key| self.newer.get(&key).or_else(|| self.older.get(&key)).copied())
    }
}

fn key(kind: &str, text: &str) -> u128 {
    let bare = text.trim_matches(|c: char| matches!(c, '<' | '>' | ' '));
    xxh3_128(format!("{kind} {bare}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_down_and_read_again() {
        let place = |offset, inside| Place { offset, inside };
        for at in [
            Archived { record: place(0, 0), original: None },
            Archived { record: place(u64::MAX, 7), original: Some(place(12, 0)) },
        ] {
            assert_eq!(at.to_string().parse(), Ok(at));
        }
        for bad in ["", "1", "1.", "1.2/", "a/b", "../../etc/passwd", "1.2/3.4/5.6", "-1.0"] {
            assert_eq!(bad.parse::<Archived>(), Err(NoPlace), "{bad}");
        }
    }
}
