//! What an address can do: the closed list, each with the row of the hostile-input plan it plays.

/// A small, well-formed page: what addresses answer when they behave.
pub const PAGE: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
<title>A page that behaves</title></head>\n<body><article><h1>A page that behaves</h1>\
<p>The tide table hangs beside the door of the harbour office, and every morning somebody takes it \
down, reads it aloud to the men who are mending nets, and hangs it up again. Nobody has ever asked \
for this to be done.</p>\
<p>On Thursdays the ferry is late. It has been late for as long as the office has kept a log, and \
the log goes back to the year in which the pier was built, so that by now the timetable is only \
read by visitors.</p></article></body></html>\n";

/// A rule at the start of [`Behaviour::HugeRobots`]: always within what is parsed.
pub const ROBOTS_EARLY: &str = "/robots-early/";
/// A rule at its very end: never within what is parsed.
pub const ROBOTS_LATE: &str = "/robots-late/";

/// What an address does when it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behaviour {
    /// Answers 200 with [`PAGE`].
    Page,
    /// Answers 200 with this HTML, in UTF-8.
    Html(String),
    /// Answers 200 with plain text: a robots.txt, for instance.
    Text(String),
    /// Answers 200 with any bytes.
    Body {
        /// The `Content-Type`, if any.
        content_type: Option<String>,
        /// The `Content-Encoding`, if any.
        content_encoding: Option<String>,
        /// The body as it is sent.
        bytes: Vec<u8>,
    },
    /// Answers 200 with this HTML and these validators, or 304 to who has the page already. Counted
    /// in [`HostileOrigin::compared`](crate::HostileOrigin::compared).
    Versioned {
        /// The `ETag`, if any.
        etag: Option<String>,
        /// The `Last-Modified`, if any.
        last_modified: Option<String>,
        /// The page.
        html: String,
    },
    /// Sends a page of 1 MB at this speed.
    SlowLoris {
        /// Bytes a second, at least 1.
        bytes_per_s: u32,
    },
    /// Sends a body that never ends, without a length.
    EndlessBody,
    /// A gzipped page that decodes to about this many bytes.
    GzipBomb {
        /// Size after decoding.
        decoded_bytes: usize,
    },
    /// A bomb that is gzipped twice.
    NestedGzipBomb {
        /// Size after decoding both.
        decoded_bytes: usize,
    },
    /// A bomb in zstd.
    ZstdBomb {
        /// Size after decoding.
        decoded_bytes: usize,
    },
    /// A bomb in brotli: about 100 bytes that decode to 96 MiB.
    BrBomb,
    /// Redirects to itself.
    RedirectLoop,
    /// Redirects so many times, each time to another address, then answers with a page.
    RedirectChain(u32),
    /// Redirects there.
    RedirectTo(String),
    /// Promises more bytes than it sends.
    ShortContentLength,
    /// Ends in the middle of a chunk.
    CutChunked,
    /// Says two different lengths.
    TwoContentLengths,
    /// Says a length and chunked at the same time.
    ClAndTe,
    /// Sends one header line of 1 MB.
    HugeHeader,
    /// Sends 10,000 header lines.
    ManyHeaders,
    /// Answers as HTTP/0.9 did: no status line, no headers.
    Http09,
    /// Answers with bytes that are not HTTP at all.
    Garbage,
    /// Sends interim answers without end.
    FloodOf1xx,
    /// Reads the request and says nothing more.
    StallBeforeHeaders,
    /// Sends the headers and the start of the body, and nothing more.
    StallAfterHeaders,
    /// Reads the request and hangs up.
    CloseImmediately,
    /// Answers with this status and these further headers, and a short text.
    Status(u16, Vec<(String, String)>),
    /// Says UTF-8 and sends windows-1252.
    WrongCharset,
    /// Sends a picture as `text/html`.
    BinaryAsHtml,
    /// A calendar without end (HOSTILE 28): a page whose links lead to so many further days of
    /// itself, `?day=N`, counted on from the day that was asked for.
    Calendar {
        /// Links of one page.
        links: u32,
    },
    /// A robots.txt of this size: [`ROBOTS_EARLY`] in its first lines, [`ROBOTS_LATE`] in its last.
    HugeRobots {
        /// Size in bytes.
        bytes: usize,
    },
    /// Does one thing the first few times and another from then on.
    FirstThen {
        /// How many times.
        times: u32,
        /// What it does at first.
        first: Box<Behaviour>,
        /// What it does afterwards.
        then: Box<Behaviour>,
    },
    /// Does something after a while.
    After {
        /// The wait in milliseconds.
        wait_ms: u64,
        /// What it does then.
        then: Box<Behaviour>,
    },
}

impl Behaviour {
    /// Answers 429 with this `Retry-After` once, then with a page.
    pub fn retry_after(value: impl Into<String>) -> Self {
        let headers = vec![("Retry-After".to_owned(), value.into())];
        Self::Status(429, headers).first(1)
    }

    /// Hangs up `times` times, then answers with a page.
    pub fn flaky(times: u32) -> Self {
        Self::CloseImmediately.first(times)
    }

    /// Does this `times` times, then answers with a page.
    pub fn first(self, times: u32) -> Self {
        self.first_then(times, Self::Page)
    }

    /// Does this `times` times, then `then`.
    pub fn first_then(self, times: u32, then: Self) -> Self {
        Self::FirstThen { times, first: Box::new(self), then: Box::new(then) }
    }

    /// Does this after a while.
    pub fn after_ms(self, wait_ms: u64) -> Self {
        Self::After { wait_ms, then: Box::new(self) }
    }
}
