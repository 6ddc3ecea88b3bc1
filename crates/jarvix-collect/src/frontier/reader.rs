//! Reading a segment block by block, from any place. Everything is checked: a damaged byte is an
//! error and no panic.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jarvix_core::{DiskRead, Env};
use xxhash_rust::xxh3::xxh3_64;

use super::FrontierError;
use super::codec::{BLOCK_BYTES_MAX, HEADER_BYTES, Header, SEGMENT_MAGIC};

/// Unpacked blocks that are kept: hosts that take turns come back to the same ones.
const BLOCKS_KEPT: usize = 64;

/// A segment that is being read.
pub(super) struct Segment {
    path: PathBuf,
    file: Arc<dyn DiskRead>,
}

impl Segment {
    pub(super) fn open(env: &Env, path: &Path) -> Result<Self, FrontierError> {
        let file = env.disk.open(path).map_err(FrontierError::disk("open", path))?;
        let segment = Self { path: path.to_owned(), file };
        let mut magic = [0; SEGMENT_MAGIC.len()];
        segment.read_exact(&mut magic, 0)?;
        if &magic == SEGMENT_MAGIC { Ok(segment) } else { Err(segment.damaged("its first bytes")) }
    }

    /// Where the first block is.
    pub(super) const fn start() -> u64 {
        SEGMENT_MAGIC.len() as u64
    }

    /// The header of the block at `offset`; `None` if the segment ends there.
    pub(super) fn header(&self, offset: u64) -> Result<Option<Header>, FrontierError> {
        let mut bytes = [0; HEADER_BYTES];
        self.read_exact(&mut bytes, offset)?;
        let header = Header::from_bytes(&bytes).ok_or_else(|| self.damaged("a header"))?;
        Ok(Some(header).filter(|header| header.records > 0))
    }

    /// Where the block after the one at `offset` is.
    pub(super) fn after(offset: u64, header: &Header) -> u64 {
        offset + HEADER_BYTES as u64 + u64::from(header.stored)
    }

    fn stored(&self, offset: u64, header: &Header) -> Result<Vec<u8>, FrontierError> {
        let mut stored = vec![0; header.stored as usize];
        self.read_exact(&mut stored, offset + HEADER_BYTES as u64)?;
        if xxh3_64(&stored) != header.check {
            return Err(self.damaged("the checksum of a block"));
        }
        Ok(stored)
    }

    fn read_exact(&self, buf: &mut [u8], offset: u64) -> Result<(), FrontierError> {
        let mut done = 0;
        while done < buf.len() {
            let n = self.file.read_at(&mut buf[done..], offset + done as u64);
            match n.map_err(FrontierError::disk("read", &self.path))? {
                0 => return Err(self.damaged("its end")),
                n => done += n,
            }
        }
        Ok(())
    }

    pub(super) fn damaged(&self, what: &str) -> FrontierError {
        FrontierError::Damaged {
            place: self.path.display().to_string(),
            reason: format!("{what} is damaged"),
        }
    }
}

/// The blocks that were read last.
pub(super) struct Blocks {
    kept: VecDeque<Block>,
    unpacker: Option<zstd::bulk::Decompressor<'static>>,
}

struct Block {
    segment: Arc<Segment>,
    offset: u64,
    raw: Arc<Vec<u8>>,
}

impl Blocks {
    pub(super) fn new() -> Self {
        Self { kept: VecDeque::new(), unpacker: None }
    }

    /// The records of the block at `offset`.
    pub(super) fn get(
        &mut self,
        segment: &Arc<Segment>,
        offset: u64,
        header: &Header,
    ) -> Result<Arc<Vec<u8>>, FrontierError> {
        let known =
            self.kept.iter().position(|b| b.offset == offset && Arc::ptr_eq(&b.segment, segment));
        let block = match known.and_then(|at| self.kept.remove(at)) {
            Some(block) => block,
            None => {
                let raw =
                    Arc::new(self.unpack(segment, &segment.stored(offset, header)?, header)?);
                Block { segment: Arc::clone(segment), offset, raw }
            }
        };
        self.kept.truncate(BLOCKS_KEPT - 1);
        let raw = Arc::clone(&block.raw);
        self.kept.push_front(block);
        Ok(raw)
    }

    fn unpack(
        &mut self,
        segment: &Segment,
        stored: &[u8],
        header: &Header,
    ) -> Result<Vec<u8>, FrontierError> {
        let damaged = || segment.damaged("the packing of a block");
        let unpacker = match &mut self.unpacker {
            Some(unpacker) => unpacker,
            None => {
                let new = zstd::bulk::Decompressor::new().map_err(|_| damaged())?;
                self.unpacker.insert(new)
            }
        };
        let size = (header.raw as usize).min(BLOCK_BYTES_MAX);
        let raw = unpacker.decompress(stored, size).map_err(|_| damaged())?;
        if raw.len() == header.raw as usize { Ok(raw) } else { Err(damaged()) }
    }
}
