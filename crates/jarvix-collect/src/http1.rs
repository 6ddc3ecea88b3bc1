//! HTTP/1.1 as a client speaks it (RFC 9112): a question out, the head of the answer in, then its
//! body as it comes. The fetch that asks drives the connection itself. A client library keeps a
//! task for every connection and wakes it three times a page, which cost more than reading the
//! page; and one question at a time is all that a collector asks.
//!
//! It refuses whatever makes it doubtful where an answer ends: then the answer is an error and the
//! connection is closed. It sends no bodies, asks nothing ahead, and switches to no other protocol.

mod framing;

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes, BytesMut};
use http::header::{CONNECTION, HeaderMap, HeaderName, HeaderValue};
use http::{StatusCode, Version};
use jarvix_core::limits;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use crate::connect::Io;
use framing::{Framing, Piece};

/// Room that is made before something is read: most pages come in one read.
const READ_BYTES: usize = 16 * 1024;

/// What every answer begins with. Whoever speaks otherwise need not be listened to any longer.
const BEGINNING: &[u8] = b"HTTP/1.";

/// A connection that speaks HTTP/1.1, with one answer at most under way.
pub(crate) struct Http1 {
    io: Io,
    /// What was read and not yet given on.
    buffer: BytesMut,
    /// How the rest of the body is told from what follows it.
    framing: Framing,
    /// Whether the server lets another question follow.
    keep: bool,
}

/// The head of an answer.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
}

/// Why there is no answer, or not all of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Http1Error {
    #[error("the connection was closed before the answer was complete")]
    Closed,
    #[error("the connection ended in the middle of the answer")]
    Cut,
    #[error("the headers are larger than {} bytes", limits::HEADER_BYTES_MAX)]
    HeadTooLarge,
    #[error("there are more than {} headers", limits::HEADERS_MAX)]
    TooManyHeaders,
    #[error("not valid HTTP: {0}")]
    Malformed(&'static str),
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl Http1 {
    pub(crate) fn new(io: Io) -> Self {
        Self { io, buffer: BytesMut::new(), framing: Framing::End, keep: true }
    }

    /// Whether another question may be asked.
    pub(crate) fn can_serve(&self) -> bool {
        self.keep && self.is_end() && self.buffer.is_empty()
    }

    /// Whether nothing is known to have come since the last answer: neither the connection's end nor
    /// bytes that nobody asked for.
    pub(crate) fn is_quiet(&mut self) -> bool {
        let mut byte = [0];
        let mut context = Context::from_waker(Waker::noop());
        let polled = Pin::new(&mut self.io).poll_read(&mut context, &mut ReadBuf::new(&mut byte));
        matches!(polled, Poll::Pending)
    }

    /// Asks and gives the head of the answer; interim answers are passed over. If it is given up
    /// half-way, the connection cannot serve again.
    pub(crate) async fn ask(&mut self, question: &[u8]) -> Result<Head, Http1Error> {
        self.keep = false;
        let mut begun = false;
        self.io.write_all(question).await?;
        self.io.flush().await?;
        let head = loop {
            let head = self.read_head(begun).await?;
            begun = true;
            // How many there may be is for the meter of the wire to say.
            let interim = head.status.is_informational();
            if !interim || head.status == StatusCode::SWITCHING_PROTOCOLS {
                break head;
            }
        };
        self.framing = Framing::of(&head)?;
        self.keep = may_follow(&head) && !matches!(self.framing, Framing::Close);
        self.free_at_end();
        Ok(head)
    }

    /// Whether the body was read to its end.
    pub(crate) fn is_end(&self) -> bool {
        matches!(self.framing, Framing::End)
    }

    /// Waits until bytes of the body are at hand, and says how many; 0 at its end.
    pub(crate) async fn more(&mut self) -> Result<usize, Http1Error> {
        loop {
            match self.framing.next(&mut self.buffer)? {
                Piece::Data(count) => return Ok(count),
                Piece::End => {
                    self.free_at_end();
                    return Ok(0);
                }
                Piece::Missing => {}
            }
            if self.fill().await? == 0 {
                self.framing.at_end_of_stream()?;
            }
        }
    }

    /// The first `count` bytes that are at hand.
    pub(crate) fn data(&self, count: usize) -> &[u8] {
        &self.buffer[..count]
    }

    /// The first `count` bytes are done with.
    pub(crate) fn done_with(&mut self, count: usize) {
        self.buffer.advance(count);
        self.framing.taken(count);
        self.free_at_end();
    }

    /// Connections that wait hold no memory.
    fn free_at_end(&mut self) {
        if self.is_end() && self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
    }

    async fn fill(&mut self) -> io::Result<usize> {
        self.buffer.reserve(READ_BYTES);
        self.io.read_buf(&mut self.buffer).await
    }

    /// Reads a head; `begun` says that something of the answer has come before it.
    async fn read_head(&mut self, begun: bool) -> Result<Head, Http1Error> {
        let mut searched = 0;
        loop {
            skip_empty_lines(&mut self.buffer);
            let there = self.buffer.len().min(BEGINNING.len());
            if self.buffer[..there] != BEGINNING[..there] {
                return Err(Http1Error::Malformed("the status line"));
            }
            if let Some(end) = end_of_head(&self.buffer, searched) {
                // However much of it came at once.
                if end > limits::HEADER_BYTES_MAX {
                    return Err(Http1Error::HeadTooLarge);
                }
                let head = parse(&self.buffer[..end]);
                self.buffer.advance(end);
                return head;
            }
            searched = self.buffer.len();
            if searched >= limits::HEADER_BYTES_MAX {
                return Err(Http1Error::HeadTooLarge);
            }
            if self.fill().await? == 0 {
                let nothing = self.buffer.is_empty() && !begun;
                return Err(if nothing { Http1Error::Closed } else { Http1Error::Cut });
            }
        }
    }
}

impl Drop for Http1 {
    /// Says good-bye where the protocol below has a word for it (RFC 9112, 9.8), and does not wait.
    fn drop(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        // Whether it was heard changes nothing.
        drop(Pin::new(&mut self.io).poll_shutdown(&mut context));
    }
}

/// Passes over empty lines before an answer, which careless servers leave behind a body.
fn skip_empty_lines(buffer: &mut BytesMut) {
    let empty = buffer.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    buffer.advance(empty);
}

/// Where the head ends, behind its empty line; what stands before `searched` is known to hold no
/// end. Lines may end without a carriage return (RFC 9112, 2.2).
fn end_of_head(bytes: &[u8], searched: usize) -> Option<usize> {
    let mut from = searched.saturating_sub(2);
    while let Some(at) = memchr::memchr(b'\n', &bytes[from..]) {
        from += at + 1;
        match bytes[from..] {
            [b'\n', ..] => return Some(from + 1),
            [b'\r', b'\n', ..] => return Some(from + 2),
            _ => {}
        }
    }
    None
}

fn parse(bytes: &[u8]) -> Result<Head, Http1Error> {
    // One copy of the head, of which every value is a part.
    let bytes = Bytes::copy_from_slice(bytes);
    let mut room = [const { MaybeUninit::uninit() }; limits::HEADERS_MAX];
    let mut response = httparse::Response::new(&mut []);
    let parsed = httparse::ParserConfig::default()
        .parse_response_with_uninit_headers(&mut response, &bytes, &mut room)
        .map_err(|error| match error {
            httparse::Error::TooManyHeaders => Http1Error::TooManyHeaders,
            httparse::Error::HeaderName => Http1Error::Malformed("the name of a header"),
            httparse::Error::HeaderValue => Http1Error::Malformed("the value of a header"),
            _ => Http1Error::Malformed("the status line"),
        })?;
    let (httparse::Status::Complete(_), Some(code), Some(version)) =
        (parsed, response.code, response.version)
    else {
        return Err(Http1Error::Malformed("the status line"));
    };
    let status = StatusCode::from_u16(code).map_err(|_| Http1Error::Malformed("the status"))?;
    let version = if version == 0 { Version::HTTP_10 } else { Version::HTTP_11 };
    let mut headers = HeaderMap::with_capacity(response.headers.len());
    for header in response.headers.iter() {
        let name = HeaderName::from_bytes(header.name.as_bytes())
            .map_err(|_| Http1Error::Malformed("the name of a header"))?;
        let value = HeaderValue::from_maybe_shared(bytes.slice_ref(header.value))
            .map_err(|_| Http1Error::Malformed("the value of a header"))?;
        headers.append(name, value);
    }
    Ok(Head { status, version, headers })
}

/// Whether the server lets another question follow (RFC 9112, 9.3).
fn may_follow(head: &Head) -> bool {
    let says = |word: &str| {
        let values = head.headers.get_all(CONNECTION).iter();
        let mut words = values.filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(','));
        words.any(|said| said.trim().eq_ignore_ascii_case(word))
    };
    match head.version {
        Version::HTTP_10 => says("keep-alive") && !says("close"),
        _ => !says("close"),
    }
}

#[cfg(test)]
mod tests;
