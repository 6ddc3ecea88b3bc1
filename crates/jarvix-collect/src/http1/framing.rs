//! Where the body of an answer ends (RFC 9112, 6.3), and the chunks of one whose length nobody
//! knew beforehand (7.1). Whatever leaves that in doubt is an error: two readers who disagree about
//! the end of an answer are how answers are smuggled.

use bytes::{Buf, BytesMut};
use http::header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use http::{StatusCode, Version};

use super::{Head, Http1Error};

/// Bytes of the line before a chunk, its extensions included.
const CHUNK_LINE_BYTES_MAX: usize = 4 * 1024;
/// Bytes of a chunked body that are neither data nor sizes: extensions and trailers.
const EXTRA_BYTES_MAX: usize = 16 * 1024;

/// How the rest of a body is told from what follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is no more.
    End,
    /// So many bytes are left.
    Length(u64),
    /// It comes in chunks, with so many bytes so far that are neither data nor sizes.
    Chunked(Chunk, usize),
    /// It ends with the connection.
    Close,
}

/// What stands next in a chunked body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chunk {
    /// The line with the size of a chunk.
    Size,
    /// So many bytes of a chunk.
    Data(u64),
    /// The end of the line behind a chunk.
    DataEnd,
    /// Lines behind the last chunk.
    Trailer,
    /// What is none of it.
    End,
}

/// What stands first in what has been read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// So many bytes of the body.
    Data(usize),
    /// More must be read.
    Missing,
    /// The body is complete.
    End,
}

impl Framing {
    /// How the body behind this head is framed.
    pub(super) fn of(head: &Head) -> Result<Self, Http1Error> {
        let bodiless = [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED];
        if head.status.is_informational() || bodiless.contains(&head.status) {
            return Ok(Self::End);
        }
        if is_chunked(&head.headers)? {
            // Version 1.0 has no chunks; who sends them is not to be trusted about the end.
            return match head.version {
                Version::HTTP_11 => Ok(Self::Chunked(Chunk::Size, 0)),
                _ => Err(Http1Error::Malformed("the transfer-encoding")),
            };
        }
        Ok(match declared(&head.headers)? {
            Some(0) => Self::End,
            Some(length) => Self::Length(length),
            None => Self::Close,
        })
    }

    /// What stands first in `buffer`; lines between chunks are taken out of it.
    pub(super) fn next(&mut self, buffer: &mut BytesMut) -> Result<Piece, Http1Error> {
        let left = match self {
            Self::End => return Ok(Piece::End),
            Self::Close => u64::MAX,
            Self::Length(left) => *left,
            Self::Chunked(chunk, extra) => match chunk.next(buffer, extra)? {
                Some(left) => left,
                None if *chunk == Chunk::End => {
                    *self = Self::End;
                    return Ok(Piece::End);
                }
                None => return Ok(Piece::Missing),
            },
        };
        let count = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        Ok(if count > 0 { Piece::Data(count) } else { Piece::Missing })
    }

    /// So many bytes of the body were taken out of the buffer.
    pub(super) fn taken(&mut self, count: usize) {
        let count = count as u64;
        match self {
            Self::Length(left) if *left <= count => *self = Self::End,
            Self::Length(left) => *left -= count,
            Self::Chunked(chunk @ Chunk::Data(_), _) => {
                let Chunk::Data(left) = chunk else { return };
                *left -= count.min(*left);
                if *left == 0 {
                    *chunk = Chunk::DataEnd;
                }
            }
            Self::End | Self::Close | Self::Chunked(..) => {}
        }
    }

    /// The connection has ended: so has a body that ends with it, and no other.
    pub(super) fn at_end_of_stream(&mut self) -> Result<(), Http1Error> {
        match self {
            Self::End => Ok(()),
            Self::Close => {
                *self = Self::End;
                Ok(())
            }
            Self::Length(_) | Self::Chunked(..) => Err(Http1Error::Cut),
        }
    }
}

impl Chunk {
    /// How many bytes of data stand next, however many of them are there already; none at the end
    /// and where more must be read to know.
    fn next(
        &mut self,
        buffer: &mut BytesMut,
        extra: &mut usize,
    ) -> Result<Option<u64>, Http1Error> {
        loop {
            match self {
                Self::End => return Ok(None),
                Self::Data(left) => return Ok(Some(*left)),
                Self::DataEnd => match buffer[..] {
                    [b'\r', b'\n', ..] => {
                        buffer.advance(2);
                        *self = Self::Size;
                    }
                    [] | [b'\r'] => return Ok(None),
                    _ => return Err(Http1Error::Malformed("a chunk is longer than its size")),
                },
                Self::Size => {
                    let Some(line) = line(buffer, CHUNK_LINE_BYTES_MAX)? else { return Ok(None) };
                    let (size, digits) = size(&line)?;
                    count_extra(extra, line.len() - digits)?;
                    *self = if size == 0 { Self::Trailer } else { Self::Data(size) };
                }
                Self::Trailer => match line(buffer, EXTRA_BYTES_MAX)? {
                    None => return Ok(None),
                    Some(line) if line.is_empty() => *self = Self::End,
                    // Trailers are not kept.
                    Some(line) => count_extra(extra, line.len() + 2)?,
                },
            }
        }
    }
}

fn count_extra(extra: &mut usize, more: usize) -> Result<(), Http1Error> {
    *extra += more;
    match *extra > EXTRA_BYTES_MAX {
        true => Err(Http1Error::Malformed("there is too much between the chunks")),
        false => Ok(()),
    }
}

/// The next line without its end, if all of it is there.
fn line(buffer: &mut BytesMut, bytes_max: usize) -> Result<Option<BytesMut>, Http1Error> {
    let end = memchr::memchr(b'\n', &buffer[..buffer.len().min(bytes_max)]);
    let Some(end) = end else {
        return match buffer.len() < bytes_max {
            true => Ok(None),
            false => Err(Http1Error::Malformed("a line between the chunks has no end")),
        };
    };
    let mut line = buffer.split_to(end + 1);
    // A line that ends otherwise is read differently by others.
    if end == 0 || line[end - 1] != b'\r' {
        return Err(Http1Error::Malformed(
            "a line between the chunks ends without a carriage return",
        ));
    }
    line.truncate(end - 1);
    Ok(Some(line))
}

/// The size at the beginning of a line, before any extension, and how many digits it has.
fn size(line: &[u8]) -> Result<(u64, usize), Http1Error> {
    let wrong = || Http1Error::Malformed("the size of a chunk");
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (number, rest) = line.split_at(digits);
    // A carriage return within the line, or anything but an extension, is no size.
    let extended = matches!(rest.trim_ascii_start().first(), None | Some(b';'));
    if digits == 0 || digits > 16 || !extended || rest.contains(&b'\r') {
        return Err(wrong());
    }
    let number = std::str::from_utf8(number).map_err(|_| wrong())?;
    let number = u64::from_str_radix(number, 16).map_err(|_| wrong())?;
    Ok((number, digits))
}

/// Whether the body comes in chunks. No other transfer coding is asked for, so that none can be
/// undone (RFC 9112, 6.1).
fn is_chunked(headers: &HeaderMap) -> Result<bool, Http1Error> {
    let mut chunked = false;
    for value in headers.get_all(TRANSFER_ENCODING) {
        let text = value.to_str().map_err(|_| Http1Error::Malformed("the transfer-encoding"))?;
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let known = word.eq_ignore_ascii_case("chunked");
            if chunked || !(known || word.eq_ignore_ascii_case("identity")) {
                return Err(Http1Error::Malformed("the transfer-encoding"));
            }
            chunked = known;
        }
    }
    Ok(chunked)
}

/// The declared length; all that are named must be the same (RFC 9112, 6.3).
fn declared(headers: &HeaderMap) -> Result<Option<u64>, Http1Error> {
    let wrong = || Http1Error::Malformed("the content-length");
    let mut declared = None;
    for value in headers.get_all(CONTENT_LENGTH) {
        for word in value.to_str().map_err(|_| wrong())?.split(',') {
            let word = word.trim_matches([' ', '\t']);
            if word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(wrong());
            }
            let length = word.parse::<u64>().map_err(|_| wrong())?;
            if declared.replace(length).is_some_and(|before| before != length) {
                return Err(wrong());
            }
        }
    }
    Ok(declared)
}
