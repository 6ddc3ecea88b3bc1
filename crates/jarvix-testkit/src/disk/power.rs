//! A disk that forgets: when the power goes, files lose what was not synced, and folders lose names
//! that were not synced.
//!
//! It is harsher than most file systems, on purpose: without a sync of the folder every change of
//! names is undone, in reverse order, and without a sync of the file its content is gone.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jarvix_core::{Disk, DiskEntry, DiskRead, DiskWrite};

/// A change of names that a folder has not been synced after.
#[derive(Debug)]
enum Change {
    Created(PathBuf),
    CreatedFolder(PathBuf),
    /// From, to, and what `to` held before.
    Renamed(PathBuf, PathBuf, Option<Vec<u8>>),
    Exchanged(PathBuf, PathBuf),
    Removed(PathBuf, Vec<u8>),
}

impl Change {
    /// The folders whose sync makes the change durable.
    fn folders(&self) -> Vec<PathBuf> {
        let parent = |path: &PathBuf| path.parent().unwrap_or(Path::new("")).to_owned();
        match self {
            Self::Created(path) | Self::CreatedFolder(path) | Self::Removed(path, _) => {
                vec![parent(path)]
            }
            Self::Renamed(from, to, _) | Self::Exchanged(from, to) => {
                let mut folders = vec![parent(from), parent(to)];
                folders.dedup();
                folders
            }
        }
    }
}

#[derive(Debug, Default)]
struct Volatile {
    /// Changes of names, with the folders that still need a sync.
    changes: Vec<(Change, BTreeSet<PathBuf>)>,
    /// Files with content that was not synced.
    files: BTreeSet<PathBuf>,
}

/// A disk before another one that can lose its power.
#[derive(Clone)]
pub struct PowerLossDisk {
    inner: Arc<dyn Disk>,
    volatile: Arc<Mutex<Volatile>>,
}

/// Files that are remembered to be put back are small in tests.
const REMEMBERED_BYTES_MAX: u64 = 64 * 1024 * 1024;

impl PowerLossDisk {
    /// A disk before `inner`, with the power on.
    pub fn new(inner: Arc<dyn Disk>) -> Self {
        Self { inner, volatile: Arc::default() }
    }

    fn volatile(&self) -> MutexGuard<'_, Volatile> {
        self.volatile.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self, change: Change) {
        let folders = change.folders().into_iter().collect();
        self.volatile().changes.push((change, folders));
    }

    fn content(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        match self.inner.read(path, REMEMBERED_BYTES_MAX) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn put_back(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        if self.inner.exists(path) {
            self.inner.remove_file(path)?;
        }
        self.inner.create(path)?.write_all(content)
    }

    /// The power goes: what was not synced is undone. Nothing may be written meanwhile.
    pub fn lose_power(&self) -> io::Result<()> {
        let lost = std::mem::take(&mut *self.volatile());
        for file in lost.files {
            if self.inner.exists(&file) {
                self.put_back(&file, b"")?;
            }
        }
        for (change, _) in lost.changes.into_iter().rev() {
            match change {
                Change::Created(path) if self.inner.exists(&path) => {
                    self.inner.remove_file(&path)?
                }
                Change::CreatedFolder(path) if self.inner.exists(&path) => {
                    self.inner.remove_dir_all(&path)?;
                }
                Change::Created(_) | Change::CreatedFolder(_) => {}
                Change::Renamed(from, to, before) => {
                    self.inner.rename(&to, &from)?;
                    if let Some(content) = before {
                        self.put_back(&to, &content)?;
                    }
                }
                Change::Exchanged(a, b) => self.inner.exchange(&a, &b)?,
                Change::Removed(path, content) => self.put_back(&path, &content)?,
            }
        }
        Ok(())
    }
}

struct VolatileFile {
    inner: Box<dyn DiskWrite>,
    disk: PowerLossDisk,
    path: PathBuf,
}

impl Write for VolatileFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.disk.volatile().files.insert(self.path.clone());
        self.inner.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl DiskWrite for VolatileFile {
    fn sync(&mut self) -> io::Result<()> {
        self.inner.sync()?;
        self.disk.volatile().files.remove(&self.path);
        Ok(())
    }
}

impl Disk for PowerLossDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskWrite>> {
        let inner = self.inner.create(path)?;
        self.changed(Change::Created(path.to_owned()));
        Ok(Box::new(VolatileFile { inner, disk: self.clone(), path: path.to_owned() }))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskRead>> {
        self.inner.open(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let is_file = self.inner.open(from).is_ok();
        let before = if is_file { self.content(to)? } else { None };
        self.inner.rename(from, to)?;
        let mut volatile = self.volatile();
        if volatile.files.remove(from) {
            volatile.files.insert(to.to_owned());
        }
        drop(volatile);
        self.changed(Change::Renamed(from.to_owned(), to.to_owned(), before));
        Ok(())
    }

    fn exchange(&self, a: &Path, b: &Path) -> io::Result<()> {
        self.inner.exchange(a, b)?;
        self.changed(Change::Exchanged(a.to_owned(), b.to_owned()));
        Ok(())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.inner.sync_dir(path)?;
        self.volatile().changes.retain_mut(|(_, folders)| {
            folders.remove(path);
            !folders.is_empty()
        });
        Ok(())
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut made = Vec::new();
        let mut folder = Some(path);
        while let Some(missing) = folder.filter(|f| !f.as_os_str().is_empty())
            && !self.inner.exists(missing)
        {
            made.push(missing.to_owned());
            folder = missing.parent();
        }
        self.inner.create_dir_all(path)?;
        for folder in made.into_iter().rev() {
            self.changed(Change::CreatedFolder(folder));
        }
        Ok(())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let content = self.content(path)?.unwrap_or_default();
        self.inner.remove_file(path)?;
        self.volatile().files.remove(path);
        self.changed(Change::Removed(path.to_owned(), content));
        Ok(())
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        // Names within go one by one; a folder that comes back empty is as good a leftover as any,
        // so only the removal itself is kept simple: it is durable at once.
        self.inner.remove_dir_all(path)?;
        let mut volatile = self.volatile();
        volatile.files.retain(|file| !file.starts_with(path));
        volatile.changes.retain(|(change, _)| match change {
            Change::Created(at) | Change::CreatedFolder(at) | Change::Removed(at, _) => {
                !at.starts_with(path)
            }
            Change::Renamed(from, to, _) | Change::Exchanged(from, to) => {
                !from.starts_with(path) && !to.starts_with(path)
            }
        });
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<DiskEntry>> {
        self.inner.list(path)
    }

    fn exists(&self, path: &Path) -> bool {
        self.inner.exists(path)
    }

    fn free_bytes(&self, path: &Path) -> io::Result<u64> {
        self.inner.free_bytes(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jarvix_store::LocalDisk;

    fn put(disk: &dyn Disk, path: &Path, sync: bool) {
        let mut file = disk.create(path).expect("create");
        file.write_all(b"abc").expect("write");
        if sync {
            file.sync().expect("sync");
        }
    }

    #[test]
    fn only_what_was_synced_survives() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let disk = PowerLossDisk::new(Arc::new(LocalDisk));
        let at = |name: &str| dir.path().join(name);
        put(&disk, &at("content-lost"), false);
        put(&disk, &at("kept.tmp"), true);
        disk.rename(&at("kept.tmp"), &at("kept")).expect("rename");
        disk.sync_dir(dir.path()).expect("sync folder");
        put(&disk, &at("name-lost"), true);
        disk.rename(&at("kept"), &at("renamed")).expect("rename");
        disk.lose_power().expect("power loss");
        let found: Vec<(String, u64)> = LocalDisk
            .list(dir.path())
            .expect("list")
            .into_iter()
            .map(|e| (e.name, e.bytes))
            .collect();
        assert_eq!(found, [("content-lost".to_owned(), 0), ("kept".to_owned(), 3)]);
    }

    #[test]
    fn a_replaced_file_is_old_or_new() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let disk = PowerLossDisk::new(Arc::new(LocalDisk));
        let path = dir.path().join("x");
        disk.replace(&path, b"old").expect("replace");
        disk.replace(&path, b"new").expect("replace");
        disk.lose_power().expect("power loss");
        assert_eq!(disk.read(&path, 10).expect("read"), b"new");
    }
}
