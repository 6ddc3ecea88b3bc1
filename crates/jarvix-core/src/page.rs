//! The page: what the server answered, as received, with the HTTP facts around it.

use serde::{Deserialize, Serialize};

use crate::{Found, Outcome};

/// One header line as received; repeats are kept, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Lower-case name.
    pub name: String,
    /// Value; bytes that are not UTF-8 were replaced.
    pub value: String,
}

/// One answered redirect on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    /// The address that answered with the redirect.
    pub url: String,
    /// Its status code.
    pub status: u16,
    /// The headers of that answer.
    pub headers: Vec<Header>,
}

/// How long each phase of the last attempt took, in milliseconds; `None` where the phase did not
/// happen (a reused connection has no DNS, connect or TLS phase).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Timings {
    /// Resolving the name.
    pub dns_ms: Option<f32>,
    /// The TCP handshake.
    pub connect_ms: Option<f32>,
    /// The TLS handshake.
    pub tls_ms: Option<f32>,
    /// From sending the request to the first byte of the answer.
    pub ttfb_ms: Option<f32>,
    /// From the start of the attempt to the last byte, redirects included.
    pub elapsed_ms: Option<f32>,
}

/// A row of `pages`: one distinct canonical URL and how fetching it ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Canonical URL; joins all datasets.
    pub url: String,
    /// The number the URL got when it was admitted; unique in the run.
    pub ordinal: u64,
    /// Line of the input it stood on or record of the archive, from 1; `None` for URLs not from a
    /// list.
    pub line_no: Option<u64>,
    /// The address that gave the body, after redirects.
    pub final_url: Option<String>,
    /// Status code of the last answer.
    pub status: Option<u16>,
    /// How it ended.
    pub outcome: Outcome,
    /// One line that says why, for every outcome but `fetched`.
    pub reason: Option<String>,
    /// Whether the body was cut at the byte cap.
    pub truncated: bool,
    /// Whether `body` is what a browser made of the page, not what its server sent.
    pub rendered: bool,
    /// The `Content-Type` header, or what sniffing says where there was none; of a rendered page
    /// that of the document.
    pub content_type: Option<String>,
    /// The coding of `body` as it is stored: `gzip`, `br`, `zstd`, `deflate`; `None` is identity.
    pub content_encoding: Option<String>,
    /// The `Content-Encoding` header as received.
    pub content_encoding_received: Option<String>,
    /// The body after transfer decoding, content coding kept; `None` where there was none.
    pub body: Option<Vec<u8>>,
    /// BLAKE3 of `body` as received, 32 hex digits (the first half).
    pub body_hash: Option<String>,
    /// All headers of the last answer.
    pub headers: Vec<Header>,
    /// Every redirect before it.
    pub redirects: Vec<Hop>,
    /// `http/1.0`, `http/1.1`, `h2`, `file` or `warc`.
    pub protocol: Option<String>,
    /// The vetted address that was connected to.
    pub remote_addr: Option<String>,
    /// When the answer was complete, microseconds since 1970-01-01 UTC.
    pub fetched_at_us: i64,
    /// Phase timings of the last attempt.
    pub timings: Timings,
    /// How many attempts were made; 0 where none was allowed.
    pub attempts: u32,
    /// Bytes received from the network for this page, headers included, all attempts.
    pub bytes_wire: u64,
    /// The other columns of the input line, or what a sitemap says beside the address, as a JSON
    /// object.
    pub input_meta: Option<String>,
    /// How it came into the run.
    pub found: Found,
}

impl Page {
    /// A page that was not fetched: `outcome` and its reason, and nothing from a server.
    pub fn unfetched(
        url: String,
        ordinal: u64,
        outcome: Outcome,
        reason: impl Into<String>,
    ) -> Self {
        Self {
            url,
            ordinal,
            line_no: None,
            final_url: None,
            status: None,
            outcome,
            reason: Some(reason.into()),
            truncated: false,
            rendered: false,
            content_type: None,
            content_encoding: None,
            content_encoding_received: None,
            body: None,
            body_hash: None,
            headers: Vec::new(),
            redirects: Vec::new(),
            protocol: None,
            remote_addr: None,
            fetched_at_us: 0,
            timings: Timings::default(),
            attempts: 0,
            bytes_wire: 0,
            input_meta: None,
            found: Found::default(),
        }
    }

    /// The first value of header `name` (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|h| h.name == name).map(|h| h.value.as_str())
    }

    /// About how many bytes the page holds in memory: what parts and budgets count.
    pub fn size_bytes(&self) -> u64 {
        let headers: usize = self
            .headers
            .iter()
            .chain(self.redirects.iter().flat_map(|hop| hop.headers.iter()))
            .map(|h| h.name.len() + h.value.len())
            .sum();
        let body = self.body.as_ref().map_or(0, Vec::len);
        (body + headers + self.url.len() + 256) as u64
    }
}
