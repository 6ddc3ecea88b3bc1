//! A disk that holds one file, whatever it is called, and takes no changes.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use jarvix_core::{Disk, DiskEntry, DiskRead, DiskWrite};

/// The disk, and its file.
#[derive(Clone)]
pub(crate) struct MemoryDisk(Arc<[u8]>);

impl MemoryDisk {
    pub(crate) fn new(content: &[u8]) -> Self {
        Self(content.into())
    }
}

impl DiskRead for MemoryDisk {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let from = usize::try_from(offset).map_or(self.0.len(), |at| at.min(self.0.len()));
        let count = buf.len().min(self.0.len() - from);
        buf[..count].copy_from_slice(&self.0[from..from + count]);
        Ok(count)
    }
}

fn no<T>() -> io::Result<T> {
    Err(ErrorKind::ReadOnlyFilesystem.into())
}

impl Disk for MemoryDisk {
    fn create(&self, _: &Path) -> io::Result<Box<dyn DiskWrite>> {
        no()
    }

    fn open(&self, _: &Path) -> io::Result<Arc<dyn DiskRead>> {
        Ok(Arc::new(self.clone()))
    }

    fn rename(&self, _: &Path, _: &Path) -> io::Result<()> {
        no()
    }

    fn exchange(&self, _: &Path, _: &Path) -> io::Result<()> {
        no()
    }

    fn sync_dir(&self, _: &Path) -> io::Result<()> {
        no()
    }

    fn create_dir_all(&self, _: &Path) -> io::Result<()> {
        no()
    }

    fn remove_file(&self, _: &Path) -> io::Result<()> {
        no()
    }

    fn remove_dir_all(&self, _: &Path) -> io::Result<()> {
        no()
    }

    fn list(&self, _: &Path) -> io::Result<Vec<DiskEntry>> {
        Ok(Vec::new())
    }

    fn exists(&self, _: &Path) -> bool {
        true
    }

    fn free_bytes(&self, _: &Path) -> io::Result<u64> {
        Ok(0)
    }
}
