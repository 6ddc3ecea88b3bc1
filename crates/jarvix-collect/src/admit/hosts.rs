//! How many URLs every host has, over all sessions of a run: what gives a URL its rank within its
//! host, which budgets go by. A file of places in ascending order; each session writes it anew,
//! merged with the one before it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jarvix_core::{Disk, DiskRead};

use super::AdmitError;
use crate::frontier::{FrontierError, NewFile, Place};

const MAGIC: &[u8; 8] = b"JFRHST01";
const ENTRY_BYTES: usize = 24;
const READ_ENTRIES: usize = 2_048;

/// Reads a file of hosts in order.
pub(super) struct HostsCursor {
    path: PathBuf,
    file: Arc<dyn DiskRead>,
    offset: u64,
    buffer: Vec<u8>,
    at: usize,
    current: Option<(Place, u64)>,
}

impl HostsCursor {
    /// Opens the file, which has to hold `count` hosts.
    pub(super) fn open(
        disk: &Arc<dyn Disk>,
        path: &Path,
        count: u64,
    ) -> Result<Self, FrontierError> {
        let file = disk.open(path).map_err(FrontierError::disk("open", path))?;
        let offset = MAGIC.len() as u64;
        let (path, buffer) = (path.to_owned(), Vec::new());
        let mut cursor = Self { path, file, offset, buffer, at: 0, current: None };
        let mut magic = [0; MAGIC.len()];
        let read = super::spill::read_exact_at(&*cursor.file, &mut magic, 0);
        let bytes = count.saturating_mul(ENTRY_BYTES as u64).saturating_add(offset);
        if read.is_err() || &magic != MAGIC || cursor.file.size() != bytes {
            return Err(cursor.damaged());
        }
        cursor.advance()?;
        Ok(cursor)
    }

    fn advance(&mut self) -> Result<(), FrontierError> {
        if self.at >= self.buffer.len() {
            let left = self.file.size().saturating_sub(self.offset);
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(READ_ENTRIES * ENTRY_BYTES);
            self.buffer.resize(most, 0);
            super::spill::read_exact_at(&*self.file, &mut self.buffer, self.offset)
                .map_err(FrontierError::disk("read", &self.path))?;
            self.offset += most as u64;
            self.at = 0;
        }
        let next = self.buffer[self.at..].first_chunk::<ENTRY_BYTES>().and_then(decode);
        self.at += ENTRY_BYTES;
        // Not ascending: some bytes are not what was written.
        if let (Some((next, _)), Some((current, _))) = (next, self.current)
            && next <= current
        {
            return Err(self.damaged());
        }
        self.current = next;
        Ok(())
    }

    fn damaged(&self) -> FrontierError {
        let place = self.path.display().to_string();
        FrontierError::Damaged { place, reason: "it is damaged".to_owned() }
    }
}

fn decode(bytes: &[u8; ENTRY_BYTES]) -> Option<(Place, u64)> {
    let place = u128::from_be_bytes(*bytes.first_chunk()?);
    Some((Place(place), u64::from_be_bytes(*bytes.last_chunk()?)))
}

/// The new file of hosts under construction, merged with the old one.
pub(super) struct HostsWriter {
    file: NewFile,
    path: PathBuf,
    earlier: Option<HostsCursor>,
    hosts: u64,
}

impl HostsWriter {
    pub(super) fn create(
        disk: &Arc<dyn Disk>,
        path: &Path,
        earlier: Option<HostsCursor>,
    ) -> Result<Self, AdmitError> {
        let create = || -> std::io::Result<NewFile> {
            let mut file = NewFile::create(disk, path)?;
            file.write_all(MAGIC)?;
            Ok(file)
        };
        let file = create().map_err(AdmitError::disk("create", path))?;
        Ok(Self { file, path: path.to_owned(), earlier, hosts: 0 })
    }

    /// Notes that the host at `place` has `more` URLs now; how many it had. Places ascend.
    pub(super) fn add(&mut self, place: Place, more: u64) -> Result<u64, AdmitError> {
        let before = self.before(place)?;
        self.put(place, before + more)?;
        Ok(before)
    }

    /// How many URLs the host at `place` had. Places ascend; [`put`](Self::put) follows.
    pub(super) fn before(&mut self, place: Place) -> Result<u64, AdmitError> {
        while let Some((earlier, urls)) = self.earlier.as_ref().and_then(|e| e.current) {
            if earlier > place {
                break;
            }
            if let Some(cursor) = &mut self.earlier {
                cursor.advance()?;
            }
            if earlier == place {
                return Ok(urls);
            }
            self.put(earlier, urls)?;
        }
        Ok(0)
    }

    /// Notes how many URLs the host at `place` has.
    pub(super) fn put(&mut self, place: Place, urls: u64) -> Result<(), AdmitError> {
        let mut bytes = [0; ENTRY_BYTES];
        bytes[..16].copy_from_slice(&place.0.to_be_bytes());
        bytes[16..].copy_from_slice(&urls.to_be_bytes());
        self.hosts += 1;
        self.file.write_all(&bytes).map_err(AdmitError::disk("write", &self.path))
    }

    /// Makes the file durable; how many hosts it holds.
    pub(super) fn finish(mut self) -> Result<u64, AdmitError> {
        while let Some((earlier, urls)) = self.earlier.as_ref().and_then(|e| e.current) {
            self.put(earlier, urls)?;
            if let Some(cursor) = &mut self.earlier {
                cursor.advance()?;
            }
        }
        self.file.finish().map_err(AdmitError::disk("write", &self.path))?;
        Ok(self.hosts)
    }
}
