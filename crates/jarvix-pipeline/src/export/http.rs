//! A row of `pages` as the HTTP answer that it came from, as far as it was kept.
//!
//! The body is what was received after transfer decoding. A header that no longer fits it
//! (`Transfer-Encoding`; `Content-Length` of a cut body; `Content-Encoding` of one that is stored in
//! another form) is written as `X-Orig-...`, as browser-based crawlers do, so that nobody undoes a
//! coding that is not there. What the row does not hold (case and order of header names, the reason
//! phrase, chunks) is not made up; the archive's first record says so.

use std::borrow::Cow;
use std::io;

use jarvix_core::{Header, Page};
use jarvix_warc::ORIGINAL_PREFIX;

/// A body as it was received, and its content coding.
pub(super) struct Received<'a> {
    pub(super) body: Cow<'a, [u8]>,
    coding: Option<String>,
}

impl<'a> Received<'a> {
    /// The body of `page`; what only the store has packed is unpacked. The error says why it is not
    /// what was received.
    pub(super) fn of(page: &'a Page) -> Result<Self, String> {
        let stored = page.body.as_deref().unwrap_or_default();
        let coding = page.content_encoding.clone();
        let came_as_zstd =
            coding_of(page.content_encoding_received.iter()).as_deref() == Some("zstd");
        let received = if coding.as_deref() == Some("zstd") && !came_as_zstd {
            let body =
                zstd::stream::decode_all(stored).map_err(|error: io::Error| error.to_string())?;
            Self { body: Cow::Owned(body), coding: None }
        } else {
            Self { body: Cow::Borrowed(stored), coding }
        };
        let hash = blake3::hash(&received.body).to_hex();
        match &page.body_hash {
            Some(wanted) if page.body.is_some() && hash[..32] != **wanted => {
                Err("the body is not what its hash says".to_owned())
            }
            _ => Ok(received),
        }
    }
}

/// The status line and headers of a page's answer, with the empty line.
pub(super) fn head(page: &Page, status: u16, received: &Received<'_>) -> String {
    let protocol = page.protocol.as_deref().unwrap_or_default();
    let declared = coding_of(values(&page.headers, "content-encoding"));
    let coding_fits = declared == received.coding;
    let length = received.body.len().to_string();
    write_head(protocol, status, &page.headers, |header| match header.name.as_str() {
        "transfer-encoding" => false,
        "content-encoding" => coding_fits,
        "content-length" => header.value.trim() == length,
        _ => true,
    })
}

/// The same of a redirect, whose body was not kept.
pub(super) fn hop_head(protocol: &str, status: u16, headers: &[Header]) -> String {
    write_head(protocol, status, headers, |header| {
        !matches!(header.name.as_str(), "transfer-encoding" | "content-encoding" | "content-length")
    })
}

fn write_head(
    protocol: &str,
    status: u16,
    headers: &[Header],
    fits: impl Fn(&Header) -> bool,
) -> String {
    // HTTP/2 is written as its HTTP/1.1 equivalent; `WARC-Protocol` has what it was.
    let version = if protocol == "http/1.0" { "HTTP/1.0" } else { "HTTP/1.1" };
    let mut head = format!("{version} {status} {}\r\n", reason(status));
    for header in headers {
        if !fits(header) {
            head.push_str(ORIGINAL_PREFIX);
        }
        head.push_str(&header.name);
        head.push_str(": ");
        head.extend(header.value.chars().map(|c| if is_line_end(c) { ' ' } else { c }));
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    head
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\0')
}

/// The standard's words for a status; the server's own are not kept.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        410 => "Gone",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}

fn values<'a>(headers: &'a [Header], name: &'a str) -> impl Iterator<Item = &'a String> {
    headers.iter().filter(move |header| header.name == name).map(|header| &header.value)
}

/// A content coding in the spelling of the rows: lower case, `None` for identity.
fn coding_of<'a>(values: impl Iterator<Item = &'a String>) -> Option<String> {
    let lower: Vec<String> = values.map(|value| value.to_ascii_lowercase()).collect();
    let names = lower.iter().flat_map(|value| value.split(',')).map(str::trim);
    let names = names.filter(|name| !matches!(*name, "" | "identity" | "none"));
    let names: Vec<&str> = names.map(|n| if n == "x-gzip" { "gzip" } else { n }).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jarvix_core::Outcome;

    fn page(headers: &[(&str, &str)], body: &[u8], coding: Option<&str>) -> Page {
        let mut page = Page::unfetched("https://a.example/".into(), 0, Outcome::Fetched, "");
        let header = |(name, value): &(&str, &str)| Header {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        };
        page.headers = headers.iter().map(header).collect();
        page.content_encoding_received = page.header("content-encoding").map(str::to_owned);
        page.content_encoding = coding.map(str::to_owned);
        page.body = Some(body.to_owned());
        page
    }

    fn written(page: &Page) -> (String, Vec<u8>) {
        let received = Received::of(page).expect("sound");
        let head = head(page, 200, &received);
        (head, received.body.into_owned())
    }

    #[test]
    fn headers_that_do_not_fit_the_payload_are_renamed() {
        let headers = [("content-length", "4"), ("transfer-encoding", "chunked"), ("x", "a\r\nb")];
        let (head, body) = written(&page(&headers, b"text", None));
        assert_eq!(body, b"text");
        assert_eq!(
            head,
            "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nx-orig-transfer-encoding: chunked\r\nx: a  b\r\n\r\n"
        );
        let (head, _) = written(&page(&[("content-length", "5")], b"text", None));
        assert!(head.contains("x-orig-content-length: 5"), "{head}");
        let (head, _) = written(&page(&[("content-encoding", "x-gzip")], b"text", Some("gzip")));
        assert!(head.contains("\r\ncontent-encoding: x-gzip"), "{head}");
        let (head, _) = written(&page(&[("content-encoding", "br")], b"text", None));
        assert!(head.contains("x-orig-content-encoding: br"), "{head}");
    }

    #[test]
    fn only_what_the_store_has_packed_is_unpacked() {
        let text = b"some text".repeat(200);
        let packed = zstd::bulk::compress(&text, 1).expect("memory");
        let (_, body) = written(&page(&[], &packed, Some("zstd")));
        assert_eq!(body, text);
        let (_, body) = written(&page(&[("content-encoding", "zstd")], &packed, Some("zstd")));
        assert_eq!(body, packed);
        let mut changed = page(&[], b"text", None);
        changed.body_hash = Some("0".repeat(32));
        assert!(Received::of(&changed).is_err());
    }
}
