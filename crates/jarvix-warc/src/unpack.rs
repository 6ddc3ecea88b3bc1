//! The unpacked bytes of an archive, and where each of them stands.
//!
//! A packed archive is a row of *pieces*: gzip members or zstd frames, by convention one a record.
//! Bytes of two pieces never stand in the buffer at once, so a reader always knows where a piece
//! begins. A piece that is damaged ends there; the next one is looked for by its first bytes.

use std::io::{self, BufRead, Read, Write};

use flate2::bufread::GzDecoder;
use memchr::memmem;
use zstd::stream::read::Decoder as ZstdDecoder;

use crate::limits::{UNPACKED_BYTES, ZSTD_WINDOW_LOG_MAX};
use crate::raw::Raw;

const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b, 0x08];
const ZSTD_MAGIC: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// The skippable frame in which archives keep a dictionary for all others.
const DICTIONARY_MAGIC: &[u8] = &[0x5d, 0x2a, 0x4d, 0x18];
/// The two line ends after a block.
const LINE_ENDS_BYTES: usize = 4;
/// Bytes that tell the packings apart.
const MAGIC_BYTES: usize = 4;

/// Where a record begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Position in the file: of the record, or of the packed piece that it is in.
    pub offset: u64,
    /// Unpacked bytes of that piece before the record; 0 where every record has a piece of its own.
    pub inside: u64,
}

/// Writes everything in the packed piece at `offset`, where `file` already stands, to `out`; how
/// many bytes. A piece that is damaged ends there.
pub fn unpack_piece(file: impl Read, offset: u64, out: &mut impl Write) -> io::Result<u64> {
    let mut source = Unpacked::new(file, offset);
    let mut written = 0;
    loop {
        let bytes = match source.peek(1) {
            Ok(bytes) => bytes.len(),
            Err(Trouble::Damaged(_)) => return Ok(written),
            Err(Trouble::Io(error)) => return Err(error),
        };
        let ended = bytes == 0 || (source.piece != offset && source.is_packed());
        if ended {
            return Ok(written);
        }
        out.write_all(source.ready())?;
        source.consume(bytes);
        written += bytes as u64;
    }
}

/// Why there are no more bytes where there should be.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The file cannot be read.
    Io(io::Error),
    /// The packing is damaged here.
    Damaged(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    Plain,
    Gzip,
    Zstd,
}

enum Stage<R: Read> {
    /// Nothing is known about the file yet.
    Start(Raw<R>),
    Plain(Raw<R>),
    Between(Raw<R>),
    Gzip(Box<GzDecoder<Raw<R>>>),
    Zstd(Box<ZstdDecoder<'static, Raw<R>>>),
    /// After an error of the file.
    Ended,
}

/// Unpacks.
pub(crate) struct Unpacked<R: Read> {
    stage: Stage<R>,
    packing: Option<Packing>,
    buffer: Vec<u8>,
    start: usize,
    /// Position of the piece in the file.
    piece: u64,
    /// Unpacked bytes of the piece before `buffer[start]`; of a plain file its position.
    inside: u64,
}

impl<R: Read> Unpacked<R> {
    /// Reads from `offset`, where `file` already stands and a piece or a plain record begins.
    pub(crate) fn new(file: R, offset: u64) -> Self {
        Self {
            stage: Stage::Start(Raw::new(file, offset)),
            packing: None,
            buffer: Vec::new(),
            start: 0,
            piece: offset,
            inside: 0,
        }
    }

    /// Where the next byte stands; meaningful after a [`peek`](Self::peek).
    pub(crate) fn place(&self) -> Place {
        match self.packing {
            Some(Packing::Gzip | Packing::Zstd) => {
                Place { offset: self.piece, inside: self.inside }
            }
            _ => Place { offset: self.piece + self.inside, inside: 0 },
        }
    }

    /// Whether the next byte is the first of a packed piece.
    pub(crate) fn at_piece_start(&self) -> bool {
        self.inside == 0 && self.packing != Some(Packing::Plain)
    }

    /// Whether the file is a row of packed pieces.
    pub(crate) fn is_packed(&self) -> bool {
        matches!(self.packing, Some(Packing::Gzip | Packing::Zstd))
    }

    pub(crate) fn into_file(self) -> Option<R> {
        match self.stage {
            Stage::Start(raw) | Stage::Plain(raw) | Stage::Between(raw) => Some(raw.into_file()),
            Stage::Gzip(decoder) => Some(decoder.into_inner().into_file()),
            Stage::Zstd(decoder) => Some(decoder.finish().into_file()),
            Stage::Ended => None,
        }
    }

    /// The bytes that come next: at least `count`, fewer only if the piece ends before; none at the
    /// end of the file.
    pub(crate) fn peek(&mut self, count: usize) -> Result<&[u8], Trouble> {
        while self.buffer.len() - self.start < count {
            // The next piece waits until this one is used up.
            let is_between = matches!(self.stage, Stage::Between(_) | Stage::Start(_));
            if is_between && self.start < self.buffer.len() {
                break;
            }
            if !self.fill()? {
                break;
            }
        }
        Ok(&self.buffer[self.start..])
    }

    /// The bytes that were seen and not taken.
    fn ready(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    /// Where only line ends are left of a packed piece, reads its checksum; the next piece is not
    /// begun.
    pub(crate) fn end_piece(&mut self) -> Result<(), Trouble> {
        let is_packed = matches!(self.stage, Stage::Gzip(_) | Stage::Zstd(_));
        if is_packed && self.ready().len() <= LINE_ENDS_BYTES {
            self.fill()?;
        }
        Ok(())
    }

    /// Takes bytes that were seen.
    pub(crate) fn consume(&mut self, count: usize) {
        self.start += count;
        self.inside += count as u64;
    }

    /// Adds bytes to the buffer, or moves on to the next piece; false at the end of the file.
    fn fill(&mut self) -> Result<bool, Trouble> {
        match std::mem::replace(&mut self.stage, Stage::Ended) {
            Stage::Start(raw) => self.begin_file(raw),
            Stage::Between(raw) => self.begin_piece(raw),
            Stage::Plain(mut raw) => {
                let read = self.read_from(&mut raw);
                let read = read.map_err(Trouble::Io)?;
                self.stage = Stage::Plain(raw);
                Ok(read > 0)
            }
            Stage::Gzip(mut decoder) => match self.read_from(&mut *decoder) {
                Ok(0) => {
                    self.stage = Stage::Between(decoder.into_inner());
                    Ok(true)
                }
                Ok(_) => {
                    self.stage = Stage::Gzip(decoder);
                    Ok(true)
                }
                Err(error) => Err(self.broken(decoder.into_inner(), error)),
            },
            Stage::Zstd(mut decoder) => match self.read_from(&mut *decoder) {
                Ok(0) => {
                    self.stage = Stage::Between(decoder.finish());
                    Ok(true)
                }
                Ok(_) => {
                    self.stage = Stage::Zstd(decoder);
                    Ok(true)
                }
                Err(error) => Err(self.broken(decoder.finish(), error)),
            },
            Stage::Ended => Ok(false),
        }
    }

    /// Ends the piece at an error; the file's own errors end everything.
    fn broken(&mut self, raw: Raw<R>, error: io::Error) -> Trouble {
        if raw.has_failed() {
            return Trouble::Io(error);
        }
        self.stage = Stage::Between(raw);
        Trouble::Damaged(error.to_string())
    }

    fn read_from(&mut self, from: &mut impl Read) -> io::Result<usize> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let kept = self.buffer.len();
        self.buffer.resize(kept + UNPACKED_BYTES, 0);
        let read = loop {
            match from.read(&mut self.buffer[kept..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.buffer.truncate(kept + *read.as_ref().unwrap_or(&0));
        read
    }

    fn begin_file(&mut self, mut raw: Raw<R>) -> Result<bool, Trouble> {
        let magic = raw.peek(MAGIC_BYTES).map_err(Trouble::Io)?;
        let packing = if magic.starts_with(GZIP_MAGIC) {
            Packing::Gzip
        } else if magic.starts_with(ZSTD_MAGIC) || magic.starts_with(DICTIONARY_MAGIC) {
            Packing::Zstd
        } else {
            Packing::Plain
        };
        self.packing = Some(packing);
        self.stage = match packing {
            Packing::Plain => Stage::Plain(raw),
            Packing::Gzip | Packing::Zstd => Stage::Between(raw),
        };
        Ok(true)
    }

    fn begin_piece(&mut self, mut raw: Raw<R>) -> Result<bool, Trouble> {
        (self.piece, self.inside) = (raw.offset(), 0);
        let magic = raw.peek(MAGIC_BYTES).map_err(Trouble::Io)?;
        if magic.is_empty() {
            self.stage = Stage::Between(raw);
            return Ok(false);
        }
        let damaged = |reason: &str| Err(Trouble::Damaged(reason.to_owned()));
        match self.packing {
            Some(Packing::Gzip) if magic.starts_with(GZIP_MAGIC) => {
                self.stage = Stage::Gzip(Box::new(GzDecoder::new(raw)));
                Ok(true)
            }
            Some(Packing::Zstd) if magic.starts_with(ZSTD_MAGIC) => {
                let decoder = ZstdDecoder::with_buffer(raw).map_err(Trouble::Io)?;
                let mut decoder = decoder.single_frame();
                decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(Trouble::Io)?;
                self.stage = Stage::Zstd(Box::new(decoder));
                Ok(true)
            }
            Some(Packing::Zstd) if magic.starts_with(DICTIONARY_MAGIC) => {
                self.stage = Stage::Between(raw);
                damaged("its frames need a dictionary that is not supported; unpack it with zstd")
            }
            _ => {
                self.stage = Stage::Between(raw);
                damaged("no packed piece begins here")
            }
        }
    }

    /// After damage: goes to the first byte from which a piece may be unpacked; false if there is
    /// none. What was unpacked before the damage is gone.
    pub(crate) fn recover(&mut self) -> io::Result<bool> {
        self.inside += (self.buffer.len() - self.start) as u64;
        (self.buffer, self.start) = (Vec::new(), 0);
        let magic = match self.packing {
            Some(Packing::Gzip) => GZIP_MAGIC,
            Some(Packing::Zstd) => ZSTD_MAGIC,
            _ => return Ok(false),
        };
        let Stage::Between(raw) = &mut self.stage else { return Ok(false) };
        // A piece that could not even begin is not tried again.
        if raw.offset() == self.piece {
            let step = raw.fill_buf()?.len().min(1);
            raw.consume(step);
        }
        loop {
            let bytes = raw.peek(magic.len())?;
            if bytes.len() < magic.len() {
                let rest = bytes.len();
                raw.consume(rest);
                return Ok(false);
            }
            match memmem::find(bytes, magic) {
                Some(at) => {
                    raw.consume(at);
                    return Ok(true);
                }
                None => {
                    let gone = bytes.len() - (magic.len() - 1);
                    raw.consume(gone);
                }
            }
        }
    }
}
