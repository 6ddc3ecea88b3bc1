//! Writing a segment: blocks under a temporary name, then fsync, rename, fsync of the folder. It
//! does not count before the catalogue says so.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jarvix_core::{Disk, DiskWrite};
use xxhash_rust::xxh3::xxh3_64;

use super::codec::{BLOCK_BYTES, Header, SEGMENT_MAGIC, put_record};
use super::place::Place;

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

/// A segment under construction. Whoever appends keeps the records of a host together.
pub(crate) struct SegmentWriter {
    file: NewFile,
    raw: Vec<u8>,
    packer: zstd::bulk::Compressor<'static>,
    header: Header,
    records: u64,
}

/// A record on its way to the segment, its body written before.
pub(crate) struct Sorted<'a> {
    pub(crate) ordinal: u64,
    pub(crate) rank: u64,
    pub(crate) begins: bool,
    pub(crate) place: Place,
    pub(crate) body: &'a [u8],
}

impl SegmentWriter {
    pub(crate) fn create(disk: &Arc<dyn Disk>, path: &Path) -> io::Result<Self> {
        let mut file = NewFile::create(disk, path)?;
        file.write_all(SEGMENT_MAGIC)?;
        let packer = zstd::bulk::Compressor::new(ZSTD_LEVEL)?;
        Ok(Self { file, raw: Vec::new(), packer, header: Header::default(), records: 0 })
    }

    /// What follows belongs to partition number `partition`; no block holds two of them.
    pub(crate) fn begin_partition(&mut self, partition: u32) -> io::Result<()> {
        self.write_block()?;
        self.header.partition = partition;
        Ok(())
    }

    pub(crate) fn append(&mut self, record: &Sorted<'_>) -> io::Result<()> {
        let (ordinal, place) = (record.ordinal, record.place);
        if self.raw.is_empty() {
            let partition = self.header.partition;
            let header = Header { partition, low: ordinal, high: ordinal, ..Header::default() };
            self.header = Header { first: place, ..header };
        }
        put_record(&mut self.raw, ordinal, record.rank, record.begins, record.body);
        let header = &mut self.header;
        header.low = header.low.min(ordinal);
        header.high = header.high.max(ordinal);
        header.last = place;
        header.records += 1;
        self.records += 1;
        if self.raw.len() >= BLOCK_BYTES { self.write_block() } else { Ok(()) }
    }

    fn write_block(&mut self) -> io::Result<()> {
        if self.raw.is_empty() {
            return Ok(());
        }
        let stored = self.packer.compress(&self.raw)?;
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
        let end = Header { low: self.records, ..Header::default() };
        self.file.write_all(&end.to_bytes())?;
        self.file.finish()
    }
}
