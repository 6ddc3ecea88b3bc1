//! What every pass works with: a scratch folder that is empty at the beginning and gone at the end,
//! threads, limits, and the question whether to stop.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jarvix_core::{Disk, DiskWrite};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::{DedupeError, DedupeJob};

/// The folder, in the run's own, which one process at a time works in.
const FOLDER: &str = ".dedupe";

/// How much memory finding duplicates may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DedupeLimits {
    /// Records that are sorted in memory, in bytes. Up to five sorts are under way at once.
    pub sort_bytes: usize,
    /// Bytes that are read at once of each sorted run.
    pub block_bytes: usize,
    /// Sorted runs that are merged at once.
    pub runs_max: usize,
    /// Texts that are cut into shingles at once, in bytes; one is always.
    pub text_bytes: usize,
    /// Members of a bucket that are paired with each other; whoever comes after them is paired
    /// with one of these. It keeps the work for a bucket linear: a million pages from one template
    /// share all their bands.
    pub bucket_paired: usize,
}

impl Default for DedupeLimits {
    fn default() -> Self {
        Self {
            sort_bytes: 32 * 1024 * 1024,
            block_bytes: 64 * 1024,
            runs_max: 256,
            text_bytes: 8 * 1024 * 1024,
            bucket_paired: 16,
        }
    }
}

/// The means of all passes.
pub(crate) struct Workshop<'a> {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) limits: DedupeLimits,
    pub(crate) pool: ThreadPool,
    stop: &'a (dyn Fn() -> bool + Sync),
    folder: Folder,
    serial: AtomicU64,
}

/// Removed with its owner.
struct Folder {
    disk: Arc<dyn Disk>,
    path: PathBuf,
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left after a failure is removed by whoever comes next.
        drop(clear(&*self.disk, &self.path));
    }
}

fn clear(disk: &dyn Disk, folder: &Path) -> std::io::Result<()> {
    if disk.exists(folder) { disk.remove_dir_all(folder) } else { Ok(()) }
}

impl<'a> Workshop<'a> {
    /// Makes the scratch folder anew: a process that was killed may have left one.
    pub(crate) fn open(job: &DedupeJob<'a>) -> Result<Self, DedupeError> {
        let disk = Arc::clone(&job.store.env().disk);
        let path = job.store.run_dir(job.run).join(FOLDER);
        clear(&*disk, &path).map_err(DedupeError::scratch("remove", &path))?;
        disk.create_dir_all(&path).map_err(DedupeError::scratch("create", &path))?;
        let folder = Folder { disk: Arc::clone(&disk), path };
        let pool = ThreadPoolBuilder::new()
            .num_threads(job.threads.max(1))
            .thread_name(|n| format!("dedupe-{n}"))
            .build()
            .map_err(|error| DedupeError::Threads { reason: error.to_string() })?;
        let (limits, stop, serial) = (job.limits, job.stop, AtomicU64::new(0));
        Ok(Self { disk, limits, pool, stop, folder, serial })
    }

    /// A new, empty file.
    pub(crate) fn create(&self) -> Result<(PathBuf, Box<dyn DiskWrite>), DedupeError> {
        let number = self.serial.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.path.join(format!("scratch-{number}"));
        let file = self.disk.create(&path).map_err(DedupeError::scratch("create", &path))?;
        Ok((path, file))
    }

    /// Fails if it is time to stop.
    pub(crate) fn go_on(&self) -> Result<(), DedupeError> {
        if (self.stop)() { Err(DedupeError::Stopped) } else { Ok(()) }
    }

    /// Removes the scratch folder.
    pub(crate) fn close(self) -> Result<(), DedupeError> {
        let path = &self.folder.path;
        clear(&*self.disk, path).map_err(DedupeError::scratch("remove", path))
    }
}
