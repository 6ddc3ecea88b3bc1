//! Entries in the order of their ordinals, on disk while it is not known which of them stay. Not
//! durable on purpose: a session that does not come to its commit begins anew.

use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jarvix_core::{Disk, DiskRead, DiskWrite, Ordinals};

use super::AdmitError;
use crate::frontier::Body;

const BUFFER_BYTES: usize = 256 * 1024;

/// A scratch file that is being written.
pub(super) struct ScratchWriter {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    file: BufWriter<Box<dyn DiskWrite>>,
    first: u64,
}

impl ScratchWriter {
    /// An empty file; the first entry that comes has the ordinal `first`.
    pub(super) fn create(disk: &Arc<dyn Disk>, path: &Path, first: u64) -> io::Result<Self> {
        let file = BufWriter::with_capacity(BUFFER_BYTES, disk.create(path)?);
        Ok(Self { disk: Arc::clone(disk), path: path.to_owned(), file, first })
    }

    /// Appends the entry with the next ordinal.
    pub(super) fn append(&mut self, body: &[u8]) -> Result<(), AdmitError> {
        // An entry is less than a MiB.
        let length = (body.len() as u32).to_le_bytes();
        let written = self.file.write_all(&length).and_then(|()| self.file.write_all(body));
        written.map_err(AdmitError::disk("write", &self.path))
    }

    /// Ends it.
    pub(super) fn finish(mut self) -> Result<Scratch, AdmitError> {
        self.file.flush().map_err(AdmitError::disk("write", &self.path))?;
        Ok(Scratch { disk: self.disk, path: self.path, first: self.first })
    }
}

/// A scratch file that is whole.
pub(super) struct Scratch {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    first: u64,
}

impl Scratch {
    /// Hands the entries whose ordinals are in `wanted` to `each`, by ordinal.
    pub(super) fn for_each(
        &self,
        wanted: &Ordinals,
        each: &mut dyn FnMut(u64, &Body) -> Result<(), AdmitError>,
    ) -> Result<(), AdmitError> {
        let failed = AdmitError::disk;
        let file = self.disk.open(&self.path).map_err(failed("open", &self.path))?;
        let size = file.size();
        let mut reader = BufReader::with_capacity(BUFFER_BYTES, Sequential { file, offset: 0 });
        let (mut ordinal, mut read, mut body) = (self.first, 0, Vec::new());
        while read < size {
            let mut length = [0; 4];
            reader.read_exact(&mut length).map_err(failed("read", &self.path))?;
            body.resize(u32::from_le_bytes(length) as usize, 0);
            reader.read_exact(&mut body).map_err(failed("read", &self.path))?;
            read += (length.len() + body.len()) as u64;
            if wanted.contains(ordinal) {
                let body = Body::read(&mut &body[..]).ok_or(io::ErrorKind::InvalidData);
                let body = body.map_err(io::Error::from).map_err(failed("read", &self.path))?;
                each(ordinal, &body)?;
            }
            ordinal += 1;
        }
        Ok(())
    }
}

/// Reads a file from its start.
struct Sequential {
    file: Arc<dyn DiskRead>,
    offset: u64,
}

impl Read for Sequential {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buf, self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}
