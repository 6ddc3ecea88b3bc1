//! The keys of a segment's URLs, ascending: what later segments are compared with. A key is the
//! XXH3-128 of the canonical URL; a hundred million URLs collide with a chance of about 10^-23.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jarvix_core::{Disk, DiskRead};
use xxhash_rust::xxh3::xxh3_128;

use crate::frontier::{FrontierError, NewFile};

const MAGIC: &[u8; 8] = b"JFRKEY01";
const KEY_BYTES: usize = 16;
const READ_KEYS: usize = 4_096;

/// What a URL is known by.
pub(super) fn key_of(url: &str) -> u128 {
    xxh3_128(url.as_bytes())
}

/// A file of keys under construction, or the place where one would be.
pub(super) struct KeysWriter(Option<NewFile>);

impl KeysWriter {
    pub(super) fn create(disk: &Arc<dyn Disk>, path: &Path) -> io::Result<Self> {
        let mut file = NewFile::create(disk, path)?;
        file.write_all(MAGIC)?;
        Ok(Self(Some(file)))
    }

    /// Keeps nothing.
    pub(super) fn nowhere() -> Self {
        Self(None)
    }

    pub(super) fn push(&mut self, key: u128) -> io::Result<()> {
        match &mut self.0 {
            Some(file) => file.write_all(&key.to_be_bytes()),
            None => Ok(()),
        }
    }

    pub(super) fn finish(self) -> io::Result<()> {
        self.0.map_or(Ok(()), NewFile::finish)
    }
}

/// Reads a file of keys in order.
pub(super) struct KeysCursor {
    path: PathBuf,
    file: Arc<dyn DiskRead>,
    offset: u64,
    buffer: Vec<u8>,
    at: usize,
    current: Option<u128>,
}

impl KeysCursor {
    /// Opens the file, which has to hold `count` keys.
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
        let n = cursor.file.read_at(&mut magic, 0);
        let n = n.map_err(FrontierError::disk("read", &cursor.path))?;
        let bytes = count.saturating_mul(KEY_BYTES as u64).saturating_add(offset);
        if n < magic.len() || &magic != MAGIC || cursor.file.size() != bytes {
            return Err(cursor.damaged());
        }
        cursor.advance()?;
        Ok(cursor)
    }

    /// Whether `key` is in the file. Keys must be asked for in ascending order.
    pub(super) fn contains(&mut self, key: u128) -> Result<bool, FrontierError> {
        while self.current.is_some_and(|current| current < key) {
            self.advance()?;
        }
        Ok(self.current == Some(key))
    }

    fn advance(&mut self) -> Result<(), FrontierError> {
        if self.at >= self.buffer.len() {
            self.fill()?;
        }
        let next = self.buffer[self.at..].first_chunk::<KEY_BYTES>();
        let next = next.map(|bytes| u128::from_be_bytes(*bytes));
        self.at += KEY_BYTES;
        // Not ascending: some bytes are not what was written.
        if next.is_some() && self.current.is_some() && next <= self.current {
            return Err(self.damaged());
        }
        self.current = next;
        Ok(())
    }

    fn fill(&mut self) -> Result<(), FrontierError> {
        self.buffer.resize(READ_KEYS * KEY_BYTES, 0);
        let mut done = 0;
        while done < self.buffer.len() {
            let n = self.file.read_at(&mut self.buffer[done..], self.offset);
            match n.map_err(FrontierError::disk("read", &self.path))? {
                0 => break,
                n => {
                    done += n;
                    self.offset += n as u64;
                }
            }
        }
        self.buffer.truncate(done);
        self.at = 0;
        Ok(())
    }

    fn damaged(&self) -> FrontierError {
        let place = self.path.display().to_string();
        FrontierError::Damaged { place, reason: "it is damaged".to_owned() }
    }
}
