//! Where one process spills: a folder of its own, held by a lock, because the engine's temporary
//! files outlive a process that is killed. Opening one sweeps those whose holder is gone. Refuses
//! to touch anything in the spill folder that it did not make.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Ends the name of a lock; the folder that it holds has the name before it.
const LOCK_END: &str = ".lock";
/// Tells apart the folders of one process.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// A folder that is removed when this is dropped, or by the next who opens one.
#[derive(Debug)]
pub(crate) struct SpillFolder {
    path: PathBuf,
    lock_path: PathBuf,
    lock: File,
}

impl SpillFolder {
    /// Makes a folder in `parent`, which is made if it is not there.
    pub(crate) fn open(parent: &Path) -> io::Result<Self> {
        fs::create_dir_all(parent)?;
        sweep(parent)?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("process-{}-{number}", std::process::id());
        let path = parent.join(&name);
        let lock_path = parent.join(format!("{name}{LOCK_END}"));
        // Locked before it has the name by which others find it.
        let unnamed = parent.join(format!("{name}.new"));
        let lock = File::create(&unnamed)?;
        lock.lock()?;
        fs::rename(&unnamed, &lock_path)?;
        fs::create_dir_all(&path)?;
        Ok(Self { path, lock_path, lock })
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SpillFolder {
    fn drop(&mut self) {
        // What cannot be removed now is swept by the next process.
        drop(fs::remove_dir_all(&self.path));
        drop(fs::remove_file(&self.lock_path));
        drop(self.lock.unlock());
    }
}

/// Removes folders whose holder has ended.
fn sweep(parent: &Path) -> io::Result<()> {
    for entry in fs::read_dir(parent)? {
        let lock_path = entry?.path();
        let Some(name) = lock_path.file_name().and_then(|name| name.to_str()) else { continue };
        let Some(name) = name.strip_suffix(LOCK_END) else { continue };
        let lock = match File::open(&lock_path) {
            Ok(lock) => lock,
            // Another process was faster.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => continue,
            Err(TryLockError::Error(error)) => return Err(error),
        }
        for removed in [fs::remove_dir_all(parent.join(name)), fs::remove_file(&lock_path)] {
            match removed {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(parent: &Path) -> usize {
        fs::read_dir(parent).expect("list").count()
    }

    #[test]
    fn what_the_dead_left_is_swept_and_the_living_keep_theirs() {
        let parent = tempfile::tempdir().expect("temporary folder");
        // As kill -9 leaves it: a folder with a file, and a lock that nobody holds.
        let dead = parent.path().join("process-1-0");
        fs::create_dir_all(dead.join("datafusion-x")).expect("make");
        fs::write(dead.join("datafusion-x/spilled"), "rows").expect("write");
        fs::write(parent.path().join("process-1-0.lock"), "").expect("write");
        fs::write(parent.path().join("not-ours"), "").expect("write");

        let living = SpillFolder::open(parent.path()).expect("open");
        assert!(!dead.exists());
        fs::write(living.path().join("spilled"), "rows").expect("write");
        let other = SpillFolder::open(parent.path()).expect("open");
        assert!(living.path().join("spilled").exists());
        assert_ne!(living.path(), other.path());

        drop((living, other));
        assert_eq!(entries(parent.path()), 1, "only what is not ours is left");
    }
}
