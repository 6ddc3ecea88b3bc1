//! Reading a segment block by block. Blocks without anything that is wanted are passed over by
//! their header.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jarvix_core::{DiskRead, Env};
use xxhash_rust::xxh3::xxh3_64;

use super::FrontierError;
use super::codec::{HEADER_BYTES, Header, Record, SEGMENT_MAGIC};

/// A segment that is being read.
pub(super) struct SegmentReader {
    path: PathBuf,
    file: Arc<dyn DiskRead>,
    offset: u64,
    records: u64,
    ended: bool,
}

impl SegmentReader {
    pub(super) fn open(env: &Env, path: &Path) -> Result<Self, FrontierError> {
        let file = env.disk.open(path).map_err(FrontierError::disk("open", path))?;
        let path = path.to_owned();
        let mut reader = Self { path, file, offset: 0, records: 0, ended: false };
        let mut magic = [0; SEGMENT_MAGIC.len()];
        reader.read_exact(&mut magic)?;
        if &magic == SEGMENT_MAGIC { Ok(reader) } else { Err(reader.damaged("its first bytes")) }
    }

    /// The records of the next block in whose range of ordinals something is wanted; `None` at the
    /// end.
    pub(super) fn next_block(
        &mut self,
        wanted: &dyn Fn(RangeInclusive<u64>) -> bool,
    ) -> Result<Option<Vec<Record>>, FrontierError> {
        while !self.ended {
            let mut bytes = [0; HEADER_BYTES];
            self.read_exact(&mut bytes)?;
            let header = Header::from_bytes(&bytes).ok_or_else(|| self.damaged("a header"))?;
            if header.records == 0 {
                self.ended = true;
                if header.first != self.records {
                    return Err(self.damaged("the number of its entries"));
                }
                break;
            }
            self.records += u64::from(header.records);
            if wanted(header.first..=header.last) {
                return self.read_block(&header).map(Some);
            }
            self.offset += u64::from(header.stored);
        }
        Ok(None)
    }

    fn read_block(&mut self, header: &Header) -> Result<Vec<Record>, FrontierError> {
        let mut stored = vec![0; header.stored as usize];
        self.read_exact(&mut stored)?;
        if xxh3_64(&stored) != header.check {
            return Err(self.damaged("the checksum of a block"));
        }
        let raw = zstd::bulk::decompress(&stored, header.raw as usize)
            .map_err(|_| self.damaged("the packing of a block"))?;
        let mut input = &raw[..];
        let mut records = Vec::with_capacity(header.records.min(header.raw) as usize);
        while !input.is_empty() {
            let record = Record::read(header.first, &mut input);
            records.push(record.ok_or_else(|| self.damaged("an entry"))?);
        }
        if records.len() != header.records as usize {
            return Err(self.damaged("the number of entries of a block"));
        }
        Ok(records)
    }

    fn read_exact(&mut self, buf: &mut [u8]) -> Result<(), FrontierError> {
        let mut done = 0;
        while done < buf.len() {
            let n = self.file.read_at(&mut buf[done..], self.offset);
            let n = n.map_err(FrontierError::disk("read", &self.path))?;
            if n == 0 {
                return Err(self.damaged("its end"));
            }
            done += n;
            self.offset += n as u64;
        }
        Ok(())
    }

    fn damaged(&self, what: &str) -> FrontierError {
        FrontierError::Damaged {
            place: self.path.display().to_string(),
            reason: format!("{what} is damaged"),
        }
    }
}
