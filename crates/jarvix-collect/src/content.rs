//! Whether an answer is worth keeping as a page: by its content type where that is plain, by its
//! first bytes otherwise.

use std::fmt;
use std::str::FromStr;

use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use jarvix_core::limits;
use jarvix_html::ContentKind;
use serde::{Deserialize, Serialize};

/// Media types that are not text, whatever the bytes; a trailing `/` stands for the whole family.
const NOT_TEXT: &[&str] = &[
    "image/",
    "audio/",
    "video/",
    "font/",
    "model/",
    "application/pdf",
    "application/zip",
    "application/gzip",
    "application/x-gzip",
    "application/x-tar",
    "application/x-bzip2",
    "application/x-7z-compressed",
    "application/vnd.rar",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.",
    "application/epub+zip",
    "application/java-archive",
    "application/wasm",
    "application/x-msdownload",
    "application/x-shockwave-flash",
    "application/vnd.android.package-archive",
];

/// Why an answer of this content type need not be received at all.
pub(crate) fn refused_by_type(content_type: Option<&str>) -> Option<String> {
    let essence = essence(content_type?);
    let matches = |rule: &&str| match rule.ends_with(['/', '.']) {
        true => essence.starts_with(*rule),
        false => essence == **rule,
    };
    NOT_TEXT.iter().any(matches).then(|| format!("the content type is {essence}"))
}

fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// A media type that is wanted, `text/html`, or a family of them, `text/*`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MediaRange {
    family: String,
    /// `None` is every one.
    subtype: Option<String>,
}

/// The text is not a media type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a media type: write text/html or text/*")]
pub struct MediaRangeError {
    text: String,
}

impl FromStr for MediaRange {
    type Err = MediaRangeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_token = |word: &str| {
            let fits = |b: u8| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b);
            !word.is_empty() && word.bytes().all(fits)
        };
        let lower = text.trim().to_ascii_lowercase();
        match lower.split_once('/') {
            Some((family, "*")) if is_token(family) => {
                Ok(Self { family: family.to_owned(), subtype: None })
            }
            Some((family, subtype)) if is_token(family) && is_token(subtype) => {
                Ok(Self { family: family.to_owned(), subtype: Some(subtype.to_owned()) })
            }
            _ => Err(MediaRangeError { text: text.to_owned() }),
        }
    }
}

impl fmt::Display for MediaRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.family, self.subtype.as_deref().unwrap_or("*"))
    }
}

impl TryFrom<String> for MediaRange {
    type Error = MediaRangeError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<MediaRange> for String {
    fn from(range: MediaRange) -> Self {
        range.to_string()
    }
}

/// Why an answer of this content type is not among what is wanted; everything is where nothing was
/// named, and so is an answer that does not say what it is.
pub(crate) fn not_wanted(content_type: Option<&str>, wanted: &[MediaRange]) -> Option<String> {
    if wanted.is_empty() {
        return None;
    }
    let essence = essence(content_type?);
    let (family, subtype) = essence.split_once('/')?;
    let fits = |range: &MediaRange| {
        range.family == family && range.subtype.as_ref().is_none_or(|wanted| wanted == subtype)
    };
    (!wanted.iter().any(fits))
        .then(|| format!("the content type is {essence}, which --accept does not name"))
}

/// How much of a coded body is decoded to look at it. The marks of a format stand in its first
/// dozen of bytes; decoding more is the dearest thing that could be done with most pages.
const DECODED_MAX: usize = 32;
/// Fewer bytes than this behind white space are too few to tell.
const DECODED_MIN: usize = 16;
/// How much where there are too few, or where they begin with a declaration or a comment, behind
/// which the first tag stands.
const DECODED_PROLOGUE_MAX: usize = 4 * 1024;

/// What a body with this beginning is.
pub(crate) fn kind(
    beginning: &[u8],
    coding: Option<&str>,
    content_type: Option<&str>,
) -> ContentKind {
    let beginning = &beginning[..beginning.len().min(limits::SNIFF_BYTES)];
    if coding.is_none() {
        return jarvix_html::sniff(beginning, content_type);
    }
    let mut decoded = jarvix_html::decode_prefix(beginning, coding, DECODED_MAX);
    let text = decoded.trim_ascii_start();
    let cut = decoded.len() == DECODED_MAX;
    if cut && (text.len() < DECODED_MIN || begins_with_a_prologue(text)) {
        decoded = jarvix_html::decode_prefix(beginning, coding, DECODED_PROLOGUE_MAX);
    }
    jarvix_html::sniff(&decoded, content_type)
}

/// Whether a declaration or a comment stands first, and not that of a page.
fn begins_with_a_prologue(text: &[u8]) -> bool {
    const PAGE: &[u8] = b"<!doctype html";
    let is_page = text.get(..PAGE.len()).is_some_and(|start| start.eq_ignore_ascii_case(PAGE));
    text.starts_with(b"<?") || (text.starts_with(b"<!") && !is_page)
}

/// Why a body with this beginning is not kept.
pub(crate) fn refused_by_bytes(
    beginning: &[u8],
    coding: Option<&str>,
    content_type: Option<&str>,
) -> Option<String> {
    match kind(beginning, coding, content_type) {
        ContentKind::Binary(name) => Some(format!("the first bytes are those of {name}")),
        _ => None,
    }
}

/// The content coding as it is stored: lower case, known aliases resolved, `None` for identity.
pub(crate) fn coding(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(CONTENT_ENCODING).iter();
    coding_of(values.map(|value| String::from_utf8_lossy(value.as_bytes())))
}

/// The same from the values of the header.
pub(crate) fn coding_of<T: AsRef<str>>(values: impl Iterator<Item = T>) -> Option<String> {
    let mut codings = Vec::new();
    for value in values {
        for name in value.as_ref().to_ascii_lowercase().split(',') {
            match name.trim() {
                "" | "identity" | "none" => {}
                "x-gzip" => codings.push("gzip".to_owned()),
                name => codings.push(name.to_owned()),
            }
        }
    }
    (!codings.is_empty()).then(|| codings.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn plain_types_are_refused_and_doubtful_ones_are_looked_at() {
        for refused in ["image/png", "Image/PNG; q=1", "application/pdf", "video/mp4"] {
            assert!(refused_by_type(Some(refused)).is_some(), "{refused}");
        }
        for open in ["text/html", "application/octet-stream", "application/json", "", "imagex"] {
            assert!(refused_by_type(Some(open)).is_none(), "{open}");
        }
        assert!(refused_by_type(None).is_none());
        assert!(refused_by_bytes(b"%PDF-1.7", None, Some("text/html")).is_some());
        assert!(refused_by_bytes(b"<!doctype html><p>x", None, None).is_none());
    }

    #[test]
    fn a_picture_behind_a_long_prologue_is_found_in_a_coded_body_too() {
        let svg = format!("<?xml version='1.0'?><!-- {} --><svg></svg>", "made by ".repeat(60));
        let doctype = "<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' 'http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd'>\n<svg></svg>";
        let indented = format!("{}<svg></svg>", " \n".repeat(100));
        for svg in [&svg, doctype, &indented] {
            let coded = zstd::bulk::compress(svg.as_bytes(), 1).expect("it fits");
            assert!(refused_by_bytes(&coded, Some("zstd"), Some("text/html")).is_some(), "{svg}");
        }
        let page = format!("<!-- {} --><html>", "made by ".repeat(60));
        let coded = zstd::bulk::compress(page.as_bytes(), 1).expect("it fits");
        assert!(refused_by_bytes(&coded, Some("zstd"), Some("text/html")).is_none());
    }

    #[test]
    fn what_is_wanted_may_be_named() {
        let ranges = |all: &[&str]| -> Vec<MediaRange> {
            all.iter().map(|text| text.parse().expect("a media type")).collect()
        };
        let wanted = ranges(&["Text/HTML", "application/*"]);
        for fits in ["text/html; charset=utf-8", "TEXT/HTML", "application/json", "", "nothing"] {
            assert_eq!(not_wanted(Some(fits), &wanted), None, "{fits}");
        }
        assert_eq!(not_wanted(None, &wanted), None);
        assert!(not_wanted(Some("text/plain"), &wanted).is_some_and(|why| why.contains("plain")));
        assert_eq!(not_wanted(Some("text/plain"), &[]), None);
        for wrong in ["", "html", "*/*", "text/", "/html", "text/html;q=1", "a/b/c", "text/h tml"] {
            assert!(wrong.parse::<MediaRange>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn codings_have_one_spelling() {
        let of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_ENCODING, HeaderValue::from_str(value).expect("a header"));
            }
            coding(&headers)
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&["identity", ""]), None);
        assert_eq!(of(&["X-GZip"]).as_deref(), Some("gzip"));
        assert_eq!(of(&["br, GZIP"]).as_deref(), Some("br, gzip"));
        assert_eq!(of(&["br", "gzip"]).as_deref(), Some("br, gzip"));
    }
}
