//! From bytes to text. Byte-order mark, then the `Content-Type` header, then a meta element in the
//! first 4 KiB, then detection; and a check of what was declared against the bytes, because servers
//! lie about it (HOSTILE 19).
//!
//! Bytes that are not valid become U+FFFD; nothing here fails.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::tokenizer::{TokenKind, tokens};

/// How far into the bytes a meta element is looked for.
const META_BYTES_MAX: usize = 4 * 1024;
/// Bytes that the detector looks at.
const DETECT_BYTES_MAX: usize = 64 * 1024;

/// Text, and how it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedText {
    /// The text, without a byte-order mark.
    pub text: String,
    /// The charset it was read in (WHATWG name).
    pub charset: &'static str,
    /// Whether the header or the page declares another charset than the one the text is in.
    pub declared_mismatch: bool,
    /// Whether some bytes are not valid in the charset.
    pub had_errors: bool,
}

/// Reads `bytes` as text; `content_type` is the header's value.
pub fn decode_text(bytes: &[u8], content_type: Option<&str>) -> DecodedText {
    let header = content_type.and_then(charset_of_content_type);
    let declared = header.or_else(|| charset_of_meta(bytes));
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let mismatch = declared.is_some_and(|d| d != encoding && !same_family(d, encoding));
        return read(&bytes[mark..], encoding, mismatch);
    }
    let Some(declared) = declared else {
        return read(bytes, detect(bytes), false);
    };
    match charset_that_fits_better(bytes, declared, header.is_some()) {
        Some(other) => read(bytes, other, true),
        None => read(bytes, declared, false),
    }
}

/// `utf-16` in a header may mean either byte order.
fn same_family(a: &Encoding, b: &Encoding) -> bool {
    let is_utf16 = |e: &Encoding| e == UTF_16LE || e == UTF_16BE;
    is_utf16(a) && is_utf16(b)
}

fn read(bytes: &[u8], encoding: &'static Encoding, declared_mismatch: bool) -> DecodedText {
    let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
    // The end of a body that was cut may be half a character; that is no charset error.
    let had_errors = had_errors && !(encoding == UTF_8 && utf8_fits(bytes));
    DecodedText { text: text.into_owned(), charset: encoding.name(), declared_mismatch, had_errors }
}

/// Another charset than the declared one, if the bytes speak clearly for it.
fn charset_that_fits_better(
    bytes: &[u8],
    declared: &'static Encoding,
    in_header: bool,
) -> Option<&'static Encoding> {
    if declared == UTF_8 {
        if utf8_fits(bytes) || mostly_utf8(bytes) {
            return None;
        }
        let other = charset_of_meta(bytes)
            .filter(|meta| in_header && *meta != UTF_8 && !has_errors(bytes, meta))
            .unwrap_or_else(|| detect(bytes));
        return (other != UTF_8).then_some(other);
    }
    let is_utf16 = same_family(declared, declared);
    if is_utf16 && !bytes.contains(&0) && utf8_fits(bytes) {
        return Some(UTF_8);
    }
    // Bytes above 127 that make valid UTF-8 by chance are rare in any other charset.
    if !is_utf16 && !bytes.is_ascii() && utf8_fits(bytes) {
        return Some(UTF_8);
    }
    if has_errors(bytes, declared) {
        let other = detect(bytes);
        return (other != declared && !has_errors(bytes, other)).then_some(other);
    }
    None
}

/// Valid UTF-8, save that the last character may be cut.
fn utf8_fits(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).map_or_else(|error| error.error_len().is_none(), |_| true)
}

/// Whether most characters above 127 are valid UTF-8: mixed encodings are read as UTF-8.
fn mostly_utf8(bytes: &[u8]) -> bool {
    let (mut good, mut bad) = (0usize, 0usize);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().bytes().filter(|b| *b >= 0xC0).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > bad
}

fn has_errors(bytes: &[u8], encoding: &'static Encoding) -> bool {
    encoding.decode_without_bom_handling_and_without_replacement(bytes).is_none()
}

fn detect(bytes: &[u8]) -> &'static Encoding {
    if utf8_fits(bytes) {
        return UTF_8;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    // The telling bytes may stand behind a long head, so look from the first one that is not ASCII.
    let start = Encoding::ascii_valid_up_to(bytes);
    let end = bytes.len().min(start + DETECT_BYTES_MAX);
    detector.feed(&bytes[start..end], end == bytes.len());
    detector.guess(None, Utf8Detection::Allow)
}

/// The charset parameter of a `Content-Type` value.
fn charset_of_content_type(value: &str) -> Option<&'static Encoding> {
    let lower = value.to_ascii_lowercase();
    let (_, rest) = lower.split_once("charset")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let label = match rest.chars().next()? {
        quote @ ('"' | '\'') => rest[1..].split(quote).next()?,
        _ => rest.split([';', ',', ' ']).next()?,
    };
    Encoding::for_label(label.trim().as_bytes())
}

/// The charset that a meta element or an XML declaration states. As in the HTML standard, UTF-16
/// stands for UTF-8 here: the element could not have been read otherwise.
fn charset_of_meta(bytes: &[u8]) -> Option<&'static Encoding> {
    let head = &bytes[..bytes.len().min(META_BYTES_MAX)];
    let (head, _) = WINDOWS_1252.decode_without_bom_handling(head);
    let stated = tokens(&head).find_map(|token| match token.kind {
        TokenKind::StartTag(tag) if tag.is("meta") => match tag.attribute("charset") {
            Some(label) => Encoding::for_label(label.trim().as_bytes()),
            None if tag
                .attribute("http-equiv")
                .is_some_and(|v| v.trim().eq_ignore_ascii_case("content-type")) =>
            {
                charset_of_content_type(&tag.attribute("content")?)
            }
            None => None,
        },
        TokenKind::Declaration(text) if text.starts_with("<?xml") => {
            let (_, rest) = text.split_once("encoding")?;
            let rest = rest.trim_start().strip_prefix('=')?.trim_start();
            let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            Encoding::for_label(rest[1..].split(quote).next()?.as_bytes())
        }
        _ => None,
    })?;
    Some(if same_family(stated, stated) { UTF_8 } else { stated })
}
