//! The head of a record: what it is, what it is about, how long its block should be.

use std::fmt;

use crate::digest::Digest;
use crate::fields::Fields;
use crate::time::parse_date;
use crate::unpack::Place;

/// The header of our own that names the URL that was asked for, where redirects led from it to the
/// one that the record is about.
pub const REQUESTED_URI: &str = "Jarvix-Requested-URI";

/// What browser-based writers put before the name of a header of the answer that no longer fits the
/// payload in the record; lower case.
pub const ORIGINAL_PREFIX: &str = "x-orig-";

/// What a record is (WARC 1.1, 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// About the records that follow.
    Warcinfo,
    /// What a server answered, protocol and all.
    Response,
    /// Something fetched, without the protocol.
    Resource,
    /// What a server was asked.
    Request,
    /// About another record or a URL.
    Metadata,
    /// The answer is the same as one that is archived already.
    Revisit,
    /// Another form of a record.
    Conversion,
    /// The rest of a record that was split.
    Continuation,
    /// A kind that the standard does not know.
    Other,
}

impl Kind {
    /// The word in `WARC-Type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warcinfo => "warcinfo",
            Self::Response => "response",
            Self::Resource => "resource",
            Self::Request => "request",
            Self::Metadata => "metadata",
            Self::Revisit => "revisit",
            Self::Conversion => "conversion",
            Self::Continuation => "continuation",
            Self::Other => "other",
        }
    }

    fn parse(text: &str) -> Self {
        const KNOWN: [Kind; 8] = [
            Kind::Warcinfo,
            Kind::Response,
            Kind::Resource,
            Kind::Request,
            Kind::Metadata,
            Kind::Revisit,
            Kind::Conversion,
            Kind::Continuation,
        ];
        let same = |kind: &Kind| text.trim().eq_ignore_ascii_case(kind.as_str());
        KNOWN.into_iter().find(same).unwrap_or(Self::Other)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The head of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordHead {
    /// Its number in what is read, from 1.
    pub number: u64,
    /// Where it begins.
    pub place: Place,
    /// What it is.
    pub kind: Kind,
    /// Its header lines.
    pub fields: Fields,
    /// How long it says its block is, in bytes.
    pub length: u64,
}

impl RecordHead {
    pub(crate) fn new(number: u64, place: Place, fields: Fields, length: u64) -> Self {
        let kind = Kind::parse(fields.get("WARC-Type").unwrap_or_default());
        Self { number, place, kind, fields, length }
    }

    /// The URL that the record is about. Some writers put it in angle brackets.
    pub fn target_uri(&self) -> Option<&str> {
        self.bare("WARC-Target-URI")
    }

    /// The URL that was asked for, where it is another.
    pub fn requested_uri(&self) -> Option<&str> {
        self.bare(REQUESTED_URI)
    }

    /// Its id, without angle brackets.
    pub fn id(&self) -> Option<&str> {
        self.bare("WARC-Record-ID")
    }

    /// The id of the record that this one refers to, without angle brackets.
    pub fn refers_to(&self) -> Option<&str> {
        self.bare("WARC-Refers-To")
    }

    fn bare(&self, name: &str) -> Option<&str> {
        let value = self.fields.get(name)?;
        let bare = value.strip_prefix('<').and_then(|v| v.strip_suffix('>')).unwrap_or(value);
        Some(bare.trim()).filter(|value| !value.is_empty())
    }

    /// When it was made, in microseconds since 1970-01-01 UTC.
    pub fn date_us(&self) -> Option<i64> {
        parse_date(self.fields.get("WARC-Date")?)
    }

    /// The media type of the block, lower case, without parameters.
    pub fn media_type(&self) -> String {
        let value = self.fields.get("Content-Type").unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// Whether the block is an HTTP message: it says so, or it is an answer from a web address and
    /// says nothing else.
    pub fn is_http(&self) -> bool {
        match self.media_type().as_str() {
            "application/http" => true,
            "" => self.target_uri().is_some_and(is_web),
            _ => false,
        }
    }

    /// Why the record is shorter than what there was.
    pub fn truncated(&self) -> Option<&str> {
        self.fields.get("WARC-Truncated").filter(|reason| !reason.is_empty())
    }

    /// The digest of the payload, where it is one that can be checked.
    pub fn payload_digest(&self) -> Option<Digest> {
        Digest::parse(self.fields.get("WARC-Payload-Digest")?)
    }

    /// The digest of the block, where it is one that can be checked.
    pub fn block_digest(&self) -> Option<Digest> {
        Digest::parse(self.fields.get("WARC-Block-Digest")?)
    }
}

/// Whether it is an address that a web server answers.
fn is_web(uri: &str) -> bool {
    let begins = |scheme: &str| {
        uri.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
    };
    begins("http://") || begins("https://")
}
