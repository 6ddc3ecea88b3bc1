//! What a body is, from its first bytes, whatever its content type says (HOSTILE 20).
//!
//! A small part of WHATWG's MIME sniffing: enough to tell text from what is not, and the kinds of
//! text apart. It does not look for scripts or judge what is safe to run.

use std::fmt;

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentKind {
    /// HTML or XHTML.
    Html,
    /// Plain text, also code and style sheets.
    Text,
    /// XML that is not XHTML: feeds, sitemaps.
    Xml,
    /// JSON.
    Json,
    /// Nothing that is read as text; its media type as far as it can be told.
    Binary(&'static str),
}

impl ContentKind {
    /// Whether it can be read as text.
    pub const fn is_text(self) -> bool {
        !matches!(self, Self::Binary(_))
    }
}

impl fmt::Display for ContentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Html => "text/html",
            Self::Text => "text/plain",
            Self::Xml => "application/xml",
            Self::Json => "application/json",
            Self::Binary(name) => name,
        })
    }
}

/// First bytes that name a format, with the offset at which they stand.
const MAGIC: &[(usize, &[u8], &str)] = &[
    (0, b"%PDF-", "application/pdf"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftyp", "video/mp4"),
    (0, b"BM\x00\x00", "image/bmp"),
    (0, b"\x00\x00\x01\x00", "image/x-icon"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"\x1f\x8b\x08", "application/gzip"),
    (0, b"\x28\xb5\x2f\xfd", "application/zstd"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"wOFF", "font/woff"),
    (0, b"wOF2", "font/woff2"),
    (0, b"\x00\x01\x00\x00\x00", "font/ttf"),
    (0, b"OTTO", "font/otf"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"OggS", "application/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"fLaC", "audio/flac"),
    (8, b"WAVE", "audio/wav"),
    (8, b"AVI ", "video/x-msvideo"),
    (0, b"\x7fELF", "application/x-executable"),
    (0, b"\xca\xfe\xba\xbe", "application/java-vm"),
    (0, b"\x00asm", "application/wasm"),
    (0, b"SQLite format 3\x00", "application/vnd.sqlite3"),
    (0, b"PAR1", "application/vnd.apache.parquet"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"%!PS", "application/postscript"),
];

/// What the body with these first (decoded) bytes is; `content_type` is the header's value and
/// decides only between kinds of text.
pub fn sniff(prefix: &[u8], content_type: Option<&str>) -> ContentKind {
    if let Some((_, _, name)) = MAGIC
        .iter()
        .find(|(at, magic, _)| prefix.get(*at..).is_some_and(|rest| rest.starts_with(magic)))
    {
        return ContentKind::Binary(name);
    }
    let utf16 = prefix.starts_with(b"\xff\xfe") || prefix.starts_with(b"\xfe\xff");
    if !utf16 && looks_binary(prefix, content_type) {
        return ContentKind::Binary(media_type_name(content_type));
    }
    let media_type = media_type(content_type);
    // Most pages begin like this, and then there is nothing more to find out.
    if media_type != "text/plain" && begins_like_a_page(prefix) {
        return ContentKind::Html;
    }
    // For the look at the first tag the zero bytes of UTF-16 do not matter.
    let ascii: Vec<u8> =
        prefix.iter().copied().filter(|b| (1..128).contains(b)).take(1024).collect();
    let head = String::from_utf8_lossy(&ascii).to_ascii_lowercase();
    kind_of_text(head.trim_start(), &media_type)
}

fn begins_like_a_page(prefix: &[u8]) -> bool {
    let text = prefix.trim_ascii_start();
    [&b"<!doctype html"[..], b"<html"]
        .iter()
        .any(|start| text.get(..start.len()).is_some_and(|b| b.eq_ignore_ascii_case(start)))
}

/// Control characters that no text has. A few in a long HTML page are dirt, not a picture.
fn looks_binary(prefix: &[u8], content_type: Option<&str>) -> bool {
    // As a sum of small numbers the compiler makes vector instructions of it.
    let control = |b: &u8| u32::from((*b < 0x20) & !matches!(b, 0x09..=0x0d | 0x1b));
    let controls = prefix.iter().map(control).sum::<u32>() as usize;
    let declared_utf16 =
        content_type.is_some_and(|value| value.to_ascii_lowercase().contains("utf-16"));
    !declared_utf16 && controls * 50 > prefix.len()
}

fn media_type(content_type: Option<&str>) -> String {
    let value = content_type.unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The declared type where it names something binary, else "some bytes".
fn media_type_name(content_type: Option<&str>) -> &'static str {
    match media_type(content_type).split('/').next() {
        Some("image") => "image",
        Some("video") => "video",
        Some("audio") => "audio",
        Some("font") => "font",
        _ => "application/octet-stream",
    }
}

fn kind_of_text(head: &str, media_type: &str) -> ContentKind {
    let body = skip_prologue(head);
    let is_html =
        ["<!doctype html", "<html", "<head", "<body", "<title", "<meta", "<script", "<div"]
            .iter()
            .any(|start| body.starts_with(start));
    let is_xml_type = media_type.ends_with("/xml") || media_type.ends_with("+xml");
    if body.starts_with("<svg") || (media_type == "image/svg+xml" && !is_html) {
        return ContentKind::Binary("image/svg+xml");
    }
    if media_type == "text/plain" {
        return ContentKind::Text;
    }
    if is_html || media_type == "text/html" || media_type == "application/xhtml+xml" {
        return ContentKind::Html;
    }
    if is_xml_type
        || head.starts_with("<?xml")
        || body.starts_with("<rss")
        || body.starts_with("<feed")
    {
        return ContentKind::Xml;
    }
    let is_json_type = media_type.ends_with("/json") || media_type.ends_with("+json");
    if is_json_type || (media_type.is_empty() && matches!(head.chars().next(), Some('{' | '['))) {
        return ContentKind::Json;
    }
    if media_type.is_empty() && body.starts_with('<') {
        return ContentKind::Html;
    }
    ContentKind::Text
}

/// The text behind XML declarations, comments and white space.
fn skip_prologue(head: &str) -> &str {
    let mut rest = head;
    loop {
        rest = rest.trim_start();
        let end = match rest {
            r if r.starts_with("<?") => r.find("?>").map(|at| at + 2),
            r if r.starts_with("<!--") => r.find("-->").map(|at| at + 3),
            r if r.starts_with("<!doctype") && !r.starts_with("<!doctype html") => {
                // The marks of an internal subset are not the end.
                let end =
                    if r.find('[') < r.find('>') { r.find("]>").map(|at| at + 1) } else { None };
                end.or_else(|| r.find('>')).map(|at| at + 1)
            }
            _ => None,
        };
        match end {
            Some(end) => rest = &rest[end..],
            None => return rest,
        }
    }
}
