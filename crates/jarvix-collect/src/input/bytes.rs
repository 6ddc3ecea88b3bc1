//! A list's bytes, whatever it is packed in, and the digest of what was read of it.
//!
//! gzip (also several members in a row) and zstd are known by their first bytes. The digest is of
//! the unpacked bytes, so that a list that was packed anew after lines were added to it is still
//! recognised as the same list, grown.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use jarvix_core::{DiskRead, Env};
use serde::{Deserialize, Serialize};

use super::{Input, InputError, folder};

/// Bytes that are read from a file at once.
const READ_BYTES: usize = 64 * 1024;
/// Bytes that say how a file is packed and whether it is Parquet.
const MAGIC_BYTES: usize = 4;
/// The first bytes of a Parquet file.
const PARQUET_MAGIC: &[u8] = b"PAR1";

/// How much of an input was read, and its digest: what a later session checks before it goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consumed {
    /// Bytes after unpacking; for folders and Parquet, bytes that the digest is of.
    pub bytes: u64,
    /// BLAKE3 of those bytes.
    pub hash: String,
    /// Number of the last line.
    pub lines: u64,
    /// Whether the last line was ended; if not, what is appended next continues it.
    pub ended: bool,
}

/// What has become of an input since it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prefix {
    /// It is what it was.
    Same,
    /// It is what it was, and more.
    Grown,
    /// It is not what it was.
    Changed(String),
}

/// Reads a file from a position on.
pub(crate) struct Cursor {
    pub(crate) file: Arc<dyn DiskRead>,
    pub(crate) offset: u64,
}

impl Read for Cursor {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read_at(buf, self.offset)?;
        self.offset += n as u64;
        Ok(n)
    }
}

/// What the first bytes of a file say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Read line by line.
    Lines,
    /// Read by the store.
    Parquet,
}

/// Opens the file at `path`: what it is, and its unpacked bytes.
pub(super) fn open(env: &Env, path: &Path, name: &str) -> Result<(Kind, Unpacked), InputError> {
    let file = env.disk.open(path).map_err(InputError::io("open", name))?;
    unpack(Box::new(Cursor { file, offset: 0 }), name)
}

/// What the bytes of `reader` are, and the bytes themselves, unpacked.
pub(super) fn unpack(
    mut reader: Box<dyn Read + Send>,
    name: &str,
) -> Result<(Kind, Unpacked), InputError> {
    let mut magic = [0; MAGIC_BYTES];
    let n = fill(&mut reader, &mut magic).map_err(InputError::io("read", name))?;
    let kind = if &magic[..n] == PARQUET_MAGIC { Kind::Parquet } else { Kind::Lines };
    let whole = io::Cursor::new(magic).take(n as u64).chain(reader);
    let magic = &magic[..n];
    let plain = BufReader::with_capacity(READ_BYTES, whole);
    let source: Box<dyn Read + Send> = if magic.starts_with(&[0x1f, 0x8b]) {
        Box::new(flate2::bufread::MultiGzDecoder::new(plain))
    } else if is_zstd(magic) {
        let decoder = zstd::stream::read::Decoder::with_buffer(plain);
        Box::new(decoder.map_err(InputError::io("unpack", name))?)
    } else {
        Box::new(plain)
    };
    Ok((kind, Unpacked(BufReader::with_capacity(READ_BYTES, Digest::new(source)))))
}

fn fill(reader: &mut impl Read, buf: &mut [u8]) -> io::Result<usize> {
    let mut done = 0;
    while done < buf.len() {
        match reader.read(&mut buf[done..]) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// A zstd frame, or a skippable frame before one (RFC 8878, 3.1).
fn is_zstd(magic: &[u8]) -> bool {
    magic == [0x28, 0xb5, 0x2f, 0xfd]
        || (magic.len() == MAGIC_BYTES
            && magic[0] & 0xf0 == 0x50
            && magic[1..] == [0x2a, 0x4d, 0x18])
}

/// Counts and hashes what passes.
pub(super) struct Digest {
    source: Box<dyn Read + Send>,
    hasher: blake3::Hasher,
    bytes: u64,
    last: u8,
}

impl Digest {
    /// Of a file as it lies on disk, while it is read.
    pub(super) fn of_file(env: &Env, path: &Path, name: &str) -> Result<Self, InputError> {
        let file = env.disk.open(path).map_err(InputError::io("open", name))?;
        Ok(Self::new(Box::new(Cursor { file, offset: 0 })))
    }

    /// Reads what is left; the digest of everything.
    pub(super) fn into_consumed(mut self, lines: u64) -> io::Result<Consumed> {
        drain(&mut self, u64::MAX)?;
        let hash = self.hasher.finalize().to_hex().to_string();
        Ok(Consumed { bytes: self.bytes, hash, lines, ended: true })
    }

    fn new(source: Box<dyn Read + Send>) -> Self {
        Self { source, hasher: blake3::Hasher::new(), bytes: 0, last: b'\n' }
    }
}

impl Read for Digest {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.source.read(buf)?;
        self.hasher.update(&buf[..n]);
        self.bytes += n as u64;
        self.last = buf[..n].last().copied().unwrap_or(self.last);
        Ok(n)
    }
}

/// The unpacked bytes of a list, with their digest.
pub(super) struct Unpacked(BufReader<Digest>);

impl Unpacked {
    /// What was read, once the end was reached.
    pub(super) fn consumed(&self, lines: u64) -> Consumed {
        let digest = self.0.get_ref();
        Consumed {
            bytes: digest.bytes,
            hash: digest.hasher.finalize().to_hex().to_string(),
            lines,
            ended: matches!(digest.last, b'\n' | b'\r'),
        }
    }
}

impl Read for Unpacked {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl BufRead for Unpacked {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.0.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.0.consume(amount);
    }
}

/// The digest of a whole file as it lies on disk; for formats that are not read in one go.
pub(super) fn digest_file(env: &Env, path: &Path, name: &str) -> Result<Consumed, InputError> {
    Digest::of_file(env, path, name)?.into_consumed(0).map_err(InputError::io("read", name))
}

/// Reads at most `bytes_max` bytes and throws them away; how many there were.
fn drain(reader: &mut impl Read, bytes_max: u64) -> io::Result<u64> {
    io::copy(&mut reader.take(bytes_max), &mut io::sink())
}

/// What has become of `input` since `before` was read of it. Reads the old part of the input again.
pub(crate) fn verify(env: &Env, input: &Input, before: &Consumed) -> Result<Prefix, InputError> {
    let name = input.name();
    let now = match input {
        Input::Url(_) | Input::Sitemap(_) | Input::File(_) => return Ok(Prefix::Same),
        Input::Folder(root) => folder::digest(root, &name)?,
        Input::Archive(path) => digest_file(env, path, &name)?,
        Input::Stdin { spooled: None } | Input::Run { spooled: None, .. } => {
            return Err(InputError::NotSpooled);
        }
        Input::List { path, .. }
        | Input::Stdin { spooled: Some(path) }
        | Input::Run { spooled: Some(path), .. } => match open(env, path, &name)? {
            (Kind::Lines, bytes) => return verify_lines(bytes, before, &name),
            (Kind::Parquet, _) => digest_file(env, path, &name)?,
        },
    };
    Ok(if now.hash == before.hash {
        Prefix::Same
    } else {
        Prefix::Changed("its content is not what it was".to_owned())
    })
}

fn verify_lines(mut reader: Unpacked, before: &Consumed, name: &str) -> Result<Prefix, InputError> {
    let digest = reader.0.get_mut();
    let read = drain(digest, before.bytes).map_err(InputError::io("read", name))?;
    if read < before.bytes {
        return Ok(Prefix::Changed("it is shorter than it was".to_owned()));
    }
    if digest.hasher.finalize().to_hex().as_str() != before.hash {
        return Ok(Prefix::Changed(
            "lines that were read before are not what they were".to_owned(),
        ));
    }
    let mut next = [0];
    let more = digest.read(&mut next).map_err(InputError::io("read", name))?;
    if more == 0 {
        return Ok(Prefix::Same);
    }
    // The last line had no end, so what follows it now would make it another line.
    if before.bytes > 0 && !before.ended && !matches!(next[0], b'\n' | b'\r') {
        return Ok(Prefix::Changed("its last line was continued".to_owned()));
    }
    Ok(Prefix::Grown)
}
