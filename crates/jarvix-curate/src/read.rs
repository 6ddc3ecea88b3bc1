//! From the body of a page to text of a known kind, or to the gate that says why not.

use jarvix_core::{Defect, Gate, Page, limits};
use jarvix_html::{
    ContentKind, DecodeCaps, DecodeError, DecodedText, decode_body, decode_text, plain_text, sniff,
};

/// A body that was read as text.
#[derive(Debug)]
pub(crate) struct Read {
    /// The text, line breaks as they came.
    pub(crate) text: String,
    /// Whether it is HTML.
    pub(crate) is_html: bool,
    /// The charset it was read in.
    pub(crate) charset: &'static str,
    /// Size after content decoding.
    pub(crate) bytes_decoded: u64,
    /// What was wrong on the way.
    pub(crate) defects: Vec<Defect>,
}

/// A body that is not text.
#[derive(Debug)]
pub(crate) struct Unreadable {
    /// Why.
    pub(crate) gate: Gate,
    /// The evidence in words.
    pub(crate) reason: String,
    /// Size after content decoding, as far as it came.
    pub(crate) bytes_decoded: u64,
}

/// Decodes and reads the body of `page`.
pub(crate) fn read(page: &Page) -> Result<Read, Unreadable> {
    let body = page.body.as_deref().unwrap_or_default();
    let decoded = decode_body(body, page.content_encoding.as_deref(), &DecodeCaps::default())
        .map_err(|error| {
            let gate = match error {
                DecodeError::Limit { .. } | DecodeError::Nesting { .. } => Gate::DecodeLimit,
                DecodeError::Corrupt { .. } | DecodeError::Unknown { .. } => Gate::DecodeError,
            };
            Unreadable { gate, reason: error.to_string(), bytes_decoded: 0 }
        })?;
    let bytes_decoded = decoded.bytes.len() as u64;
    let content_type = page.content_type.as_deref();
    let prefix = &decoded.bytes[..decoded.bytes.len().min(limits::SNIFF_BYTES)];
    let kind = sniff(prefix, content_type);
    if let ContentKind::Binary(name) = kind {
        let reason = format!("the bytes are {name}");
        return Err(Unreadable { gate: Gate::NotText, reason, bytes_decoded });
    }
    let DecodedText { text, charset, declared_mismatch, had_errors } =
        decode_text(&decoded.bytes, content_type);
    let mut defects = Vec::new();
    for (is, defect) in [
        (page.truncated || decoded.incomplete, Defect::Truncated),
        (declared_mismatch, Defect::CharsetMismatch),
        (had_errors, Defect::InvalidCharacters),
    ] {
        if is {
            defects.push(defect);
        }
    }
    // The tags of a feed or sitemap are not its words.
    let text = if kind == ContentKind::Xml { plain_text(&text) } else { text };
    Ok(Read { text, is_html: kind == ContentKind::Html, charset, bytes_decoded, defects })
}
