//! The one decoder of content codings (gzip, deflate, br, zstd, nested), with caps on the decoded
//! size and on the ratio that hold wherever a body is read (HOSTILE 3).
//!
//! Decoding streams: a bomb never takes more memory than the cap plus one buffer, and every layer
//! of a nested coding has the same cap, so that an inner layer cannot burn time unseen. A body
//! that ends early or breaks in the middle is data: what could be decoded is given, with a flag.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};

use flate2::{Decompress, FlushDecompress, Status, bufread::GzDecoder};
use jarvix_core::limits;

use crate::inflate_prefix;

/// How much a body may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeCaps {
    /// Most decoded bytes, of each layer.
    pub bytes_max: u64,
    /// Most decoded bytes per received byte, beyond the first MiB.
    pub ratio_max: u64,
    /// Most codings on one body.
    pub codings_max: usize,
}

impl Default for DecodeCaps {
    fn default() -> Self {
        Self {
            bytes_max: limits::DECODED_BYTES_MAX,
            ratio_max: limits::DECODED_RATIO_MAX,
            codings_max: limits::CONTENT_CODINGS_MAX,
        }
    }
}

/// A body without its content codings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The decoded bytes; borrowed where there was nothing to decode.
    pub bytes: Cow<'a, [u8]>,
    /// Whether the coded stream ended early or broke after these bytes.
    pub incomplete: bool,
}

/// Why a body cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// More than the caps allow.
    #[error("the body decodes to more than {bytes_max} bytes ({received} bytes were received)")]
    Limit {
        /// Size of the body as received.
        received: u64,
        /// The cap it went over, from the size or from the ratio.
        bytes_max: u64,
    },
    /// More codings on one body than are undone.
    #[error("the body has {codings} content codings; the limit is {codings_max}")]
    Nesting {
        /// Codings named by the header.
        codings: usize,
        /// The limit.
        codings_max: usize,
    },
    /// Not a single byte could be decoded.
    #[error("the body is not valid {coding}: {reason}")]
    Corrupt {
        /// The codings as the header names them.
        coding: String,
        /// The decoder's words.
        reason: String,
    },
    /// A coding that nobody here knows.
    #[error("the content coding {coding:?} is not known")]
    Unknown {
        /// The coding as the header names it, cut.
        coding: String,
    },
}

/// Bytes of which no ratio is asked: small pages compress well.
const RATIO_FREE_BYTES: u64 = 1024 * 1024;
const BUFFER_BYTES: usize = 32 * 1024;
/// RFC 9659: the zstd content coding uses windows of at most 8 MiB.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

/// Undoes the content codings that `content_encoding` (the header's value) names.
///
/// Errors: [`DecodeError`]. A stream that breaks after its first decoded byte is no error.
pub fn decode_body<'a>(
    body: &'a [u8],
    content_encoding: Option<&str>,
    caps: &DecodeCaps,
) -> Result<Decoded<'a>, DecodeError> {
    let codings = codings(content_encoding, caps.codings_max)?;
    if codings.is_empty() || body.is_empty() {
        return Ok(Decoded { bytes: Cow::Borrowed(body), incomplete: false });
    }
    let received = body.len() as u64;
    let bytes_max =
        caps.bytes_max.min(received.saturating_mul(caps.ratio_max).max(RATIO_FREE_BYTES));
    let mut reader = layers(body, &codings, bytes_max);
    let mut bytes = Vec::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut incomplete = false;
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => bytes.extend_from_slice(&buffer[..n]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if is_limit(&error) => {
                return Err(DecodeError::Limit { received, bytes_max });
            }
            Err(error) if bytes.is_empty() => {
                let coding = content_encoding.unwrap_or_default().chars().take(80).collect();
                return Err(DecodeError::Corrupt { coding, reason: error.to_string() });
            }
            Err(_) => {
                incomplete = true;
                break;
            }
        }
    }
    Ok(Decoded { bytes: Cow::Owned(bytes), incomplete })
}

/// At most the first `bytes_max` decoded bytes, as far as they can be decoded. Of gzip it reads the
/// first member alone if no more than [`limits::SNIFF_BYTES`] are asked for. An unknown coding gives the bytes as they stand.
pub fn decode_prefix(body: &[u8], content_encoding: Option<&str>, bytes_max: usize) -> Vec<u8> {
    let Ok(codings) = codings(content_encoding, limits::CONTENT_CODINGS_MAX) else {
        return body[..body.len().min(bytes_max)].to_vec();
    };
    match codings[..] {
        [] => return body[..body.len().min(bytes_max)].to_vec(),
        // Whole files may have several members, and are worth an inflater's tables.
        [Coding::Gzip] if bytes_max <= limits::SNIFF_BYTES => {
            return inflate_prefix::gzip(body, bytes_max);
        }
        _ => {}
    }
    let mut prefix = Vec::new();
    let mut reader = layers(body, &codings, limits::DECODED_BYTES_MAX).take(bytes_max as u64);
    // An early end leaves what was decoded, which is all that is asked for here.
    reader.read_to_end(&mut prefix).ok();
    prefix
}

/// A file as a stream: its content codings undone and, where what comes out is a gzip file, that
/// too. No layer gives more than [`limits::DECODED_BYTES_MAX`].
pub(crate) fn file_reader<'a>(
    body: &'a [u8],
    content_encoding: Option<&str>,
) -> Result<Box<dyn Read + 'a>, DecodeError> {
    let mut codings = codings(content_encoding, limits::CONTENT_CODINGS_MAX)?;
    if decode_prefix(body, content_encoding, 2) == [0x1f, 0x8b] {
        codings.push(Coding::Gzip);
    }
    Ok(layers(body, &codings, limits::DECODED_BYTES_MAX))
}

/// The codings in the order in which they are undone: the last one named first (RFC 9110, 8.4).
fn codings(header: Option<&str>, codings_max: usize) -> Result<Vec<Coding>, DecodeError> {
    let mut codings = Vec::new();
    for word in header.unwrap_or_default().split(',').rev() {
        let word = word.trim();
        let coding = match word.to_ascii_lowercase().as_str() {
            // Not codings, but servers send them for bodies that have none.
            "" | "identity" | "none" | "binary" | "8bit" | "utf-8" => continue,
            "gzip" | "x-gzip" => Coding::Gzip,
            "deflate" => Coding::Deflate,
            "br" => Coding::Brotli,
            "zstd" => Coding::Zstd,
            _ => return Err(DecodeError::Unknown { coding: word.chars().take(80).collect() }),
        };
        codings.push(coding);
    }
    if codings.len() > codings_max {
        return Err(DecodeError::Nesting { codings: codings.len(), codings_max });
    }
    Ok(codings)
}

fn layers<'a>(body: &'a [u8], codings: &[Coding], bytes_max: u64) -> Box<dyn Read + 'a> {
    let mut reader: Box<dyn Read + 'a> = Box::new(body);
    for coding in codings {
        let input = BufReader::with_capacity(BUFFER_BYTES, reader);
        let decoder: Box<dyn Read + 'a> = match coding {
            Coding::Gzip => Box::new(GzipMembers::new(input)),
            Coding::Deflate => Box::new(Inflate::new(input)),
            Coding::Brotli => Box::new(brotli_decompressor::Decompressor::new(input, BUFFER_BYTES)),
            Coding::Zstd => match zstd_decoder(input) {
                Ok(decoder) => decoder,
                Err(error) => Box::new(Broken(Some(error))),
            },
        };
        reader = Box::new(Capped { inner: decoder, left: bytes_max });
    }
    reader
}

fn zstd_decoder<'a>(input: impl BufRead + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(input)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
    Ok(Box::new(decoder))
}

/// Fails once with the error of a decoder that could not be made.
struct Broken(Option<io::Error>);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Marks the error that means "over the cap" through layers of decoders.
#[derive(Debug, thiserror::Error)]
#[error("decoded to more than the limit")]
struct OverLimit;

fn is_limit(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<OverLimit>())
}

struct Capped<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Capped<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        match self.left.checked_sub(n as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::other(OverLimit)),
        }
        Ok(n)
    }
}

/// Gzip with any number of members; what follows the last one is ignored, as browsers do.
struct GzipMembers<R> {
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> GzipMembers<R> {
    fn new(input: R) -> Self {
        Self { member: Some(GzDecoder::new(input)) }
    }
}

impl<R: BufRead> Read for GzipMembers<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(mut member) = self.member.take() {
            let read = member.read(buffer);
            if !matches!(read, Ok(0)) || buffer.is_empty() {
                self.member = Some(member);
                return read;
            }
            let mut input = member.into_inner();
            if input.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
                self.member = Some(GzDecoder::new(input));
            }
        }
        Ok(0)
    }
}

/// `deflate` as servers send it: zlib (RFC 1950) as the standard says, or raw (RFC 1951). Unlike
/// flate2's own readers it tells an early end from the end.
struct Inflate<R> {
    input: R,
    state: Option<Decompress>,
    done: bool,
}

impl<R: BufRead> Inflate<R> {
    fn new(input: R) -> Self {
        Self { input, state: None, done: false }
    }
}

/// RFC 1950: method 8, and a header that is a multiple of 31.
fn has_zlib_header(bytes: &[u8]) -> bool {
    match bytes {
        [first, second, ..] => {
            first & 0x0f == 8 && (u16::from(*first) * 256 + u16::from(*second)).is_multiple_of(31)
        }
        _ => false,
    }
}

impl<R: BufRead> Read for Inflate<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.done && !buffer.is_empty() {
            let input = self.input.fill_buf()?;
            let at_end = input.is_empty();
            let state = self.state.get_or_insert_with(|| Decompress::new(has_zlib_header(input)));
            let (read, written) = (state.total_in(), state.total_out());
            let flush = if at_end { FlushDecompress::Finish } else { FlushDecompress::None };
            let status = state.decompress(input, buffer, flush).map_err(io::Error::other)?;
            let read = usize::try_from(state.total_in() - read).map_err(io::Error::other)?;
            let written = usize::try_from(state.total_out() - written).map_err(io::Error::other)?;
            self.input.consume(read);
            self.done = status == Status::StreamEnd;
            if written > 0 {
                return Ok(written);
            }
            if at_end && !self.done {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if read == 0 && !self.done {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the stream stands still"));
            }
        }
        Ok(0)
    }
}
