//! One process works on a run at a time: an OS file lock, which the system lets go of when the
//! process ends, however it ends. Like SQLite it goes past the environment's disk, because a lock is
//! the system's or it is nothing.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jarvix_core::{Clock, RunId};

use crate::{Recovered, StoreError};

/// The lock's file in the run's folder. It stays when the lock is let go: a name that comes and goes
/// could be locked twice.
pub(crate) const LOCK_NAME: &str = ".lock";
/// The file says who holds the lock in at most so many bytes.
const HOLDER_BYTES_MAX: u64 = 256;

/// The right to work on a run, until it is dropped.
#[derive(Debug)]
pub struct RunLock {
    run: RunId,
    file: File,
    pub(crate) recovered: Recovered,
}

impl RunLock {
    /// The run.
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// What an earlier process had left behind and was put right when the lock was taken.
    pub fn recovered(&self) -> Recovered {
        self.recovered
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // Closing is not enough: a child process that is being started holds a copy of the handle for
        // a moment, and with it the lock. What fails here is let go of when the process ends.
        drop(self.file.unlock());
    }
}

pub(crate) fn take(folder: &Path, run: &RunId, clock: &dyn Clock) -> Result<RunLock, StoreError> {
    let path = folder.join(LOCK_NAME);
    loop {
        let mut file = open(&path).map_err(StoreError::io("open the lock", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                return Err(StoreError::Locked { run: run.clone(), holder: holder(&mut file) });
            }
            Err(std::fs::TryLockError::Error(source)) => {
                return Err(StoreError::io("lock", &path)(source));
            }
        }
        // The run may have been removed, and made again, between the opening and the locking.
        if is_the_file_at(&file, &path) {
            write_holder(&mut file, clock).map_err(StoreError::io("write the lock", &path))?;
            return Ok(RunLock { run: run.clone(), file, recovered: Recovered::default() });
        }
    }
}

fn open(path: &PathBuf) -> io::Result<File> {
    let no_follow = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0);
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .custom_flags(no_follow)
        .open(path)
}

fn is_the_file_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), std::fs::symlink_metadata(path)) {
        (Ok(held), Ok(there)) => held.ino() == there.ino() && held.dev() == there.dev(),
        _ => false,
    }
}

fn write_holder(file: &mut File, clock: &dyn Clock) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    let since = jiff::Timestamp::from_microsecond(clock.now_us())
        .map_or_else(|_| "an unknown time".to_owned(), |at| format!("{at:.0}"));
    file.write_all(format!("process {} since {since}\n", std::process::id()).as_bytes())
}

/// Who holds the lock, as it says itself. The file is one that anybody could have written: only
/// plain characters are repeated.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.take(HOLDER_BYTES_MAX).read_to_string(&mut text);
    let text = text.trim();
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | ':' | '-'));
    if read.is_err() || text.is_empty() || !plain {
        return "another process".to_owned();
    }
    text.to_owned()
}
