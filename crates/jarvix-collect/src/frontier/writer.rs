//! Writing a segment: blocks under a temporary name, then fsync, rename, fsync of the folder. It
//! does not count before the catalogue says so.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jarvix_core::{Disk, DiskWrite};
use xxhash_rust::xxh3::xxh3_64;

use super::codec::{BLOCK_BYTES, Header, Record, SEGMENT_MAGIC};

/// Fast, and still about a fifth of the size for URLs.
const ZSTD_LEVEL: i32 = 1;

/// A file that appears under its name when it is finished, and not before.
pub(crate) struct NewFile {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    temporary: PathBuf,
    file: BufWriter<Box<dyn DiskWrite>>,
}

impl NewFile {
    /// Begins the file `path`; what an earlier process left under its temporary name goes.
    pub(crate) fn create(disk: &Arc<dyn Disk>, path: &Path) -> io::Result<Self> {
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(".tmp");
        let temporary = path.with_file_name(name);
        if disk.exists(&temporary) {
            disk.remove_file(&temporary)?;
        }
        let file = BufWriter::with_capacity(64 * 1024, disk.create(&temporary)?);
        Ok(Self { disk: Arc::clone(disk), path: path.to_owned(), temporary, file })
    }

    /// Makes the file durable under its name. An uncommitted file of that name is replaced.
    pub(crate) fn finish(self) -> io::Result<()> {
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync()?;
        drop(file);
        self.disk.rename(&self.temporary, &self.path)?;
        self.path.parent().map_or(Ok(()), |folder| self.disk.sync_dir(folder))
    }
}

impl Write for NewFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.file.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A segment under construction. Ordinals ascend.
pub(crate) struct SegmentWriter {
    file: NewFile,
    raw: Vec<u8>,
    header: Header,
    records: u64,
}

impl SegmentWriter {
    pub(crate) fn create(disk: &Arc<dyn Disk>, path: &Path) -> io::Result<Self> {
        let mut file = NewFile::create(disk, path)?;
        file.write_all(SEGMENT_MAGIC)?;
        Ok(Self { file, raw: Vec::new(), header: Header::default(), records: 0 })
    }

    pub(crate) fn append(&mut self, record: &Record) -> io::Result<()> {
        if self.raw.is_empty() {
            self.header = Header { first: record.ordinal, ..Header::default() };
        }
        record.write(self.header.first, &mut self.raw);
        self.header.last = record.ordinal;
        self.header.records += 1;
        self.records += 1;
        if self.raw.len() >= BLOCK_BYTES { self.write_block() } else { Ok(()) }
    }

    fn write_block(&mut self) -> io::Result<()> {
        if self.raw.is_empty() {
            return Ok(());
        }
        let stored = zstd::bulk::compress(&self.raw, ZSTD_LEVEL)?;
        let header = Header {
            // Both fit: a block ends with the record that takes it over `BLOCK_BYTES`.
            raw: self.raw.len() as u32,
            stored: stored.len() as u32,
            check: xxh3_64(&stored),
            ..self.header
        };
        self.file.write_all(&header.to_bytes())?;
        self.file.write_all(&stored)?;
        self.raw.clear();
        Ok(())
    }

    /// Makes the segment durable.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.write_block()?;
        let end = Header { first: self.records, ..Header::default() };
        self.file.write_all(&end.to_bytes())?;
        self.file.finish()
    }
}
