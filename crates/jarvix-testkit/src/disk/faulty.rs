//! A disk that counts its changes and its reads, and fails one of them, or all from one on.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jarvix_core::{Disk, DiskEntry, DiskRead, DiskWrite};

/// What happens at the chosen change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It fails with this kind of error, once; later ones succeed.
    Error(io::ErrorKind),
    /// It fails with this kind of error, and so does every change after it, until the disk is
    /// [mended](FaultyDisk::mend); until then there is no free space either.
    From(io::ErrorKind),
    /// A write takes only a part of what it is given, which is no error; other changes succeed.
    ShortWrite,
    /// It and everything after it fails, reads too: as far as the disk can tell, the process was
    /// killed before the change. Nothing can be tidied up any more.
    Dead,
}

#[derive(Debug, Default)]
struct Plan {
    changes: Vec<String>,
    fault: Option<(u64, Fault)>,
    dead: bool,
    broken: Option<io::ErrorKind>,
    free_bytes: Option<u64>,
    reads: u64,
    read_fault: Option<(u64, io::ErrorKind)>,
    read_failed: bool,
}

/// Told of every change before it is made.
type Tell = Arc<dyn Fn(&str) + Send + Sync>;

/// A disk that numbers its changes (creating, writing, syncing, renaming, removing ...) from 1 and
/// fails the one it is told to.
#[derive(Clone)]
pub struct FaultyDisk {
    inner: Arc<dyn Disk>,
    plan: Arc<Mutex<Plan>>,
    tell: Option<Tell>,
}

impl FaultyDisk {
    /// A disk before `inner` that fails nothing yet, and counts.
    pub fn new(inner: Arc<dyn Disk>) -> Self {
        Self { inner, plan: Arc::default(), tell: None }
    }

    /// A disk before `inner` that fails nothing, and tells of every change before it is made, in
    /// the thread that makes it.
    pub fn telling(inner: Arc<dyn Disk>, tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { tell: Some(Arc::new(tell)), ..Self::new(inner) }
    }

    /// A disk before `inner` that fails its change number `number`.
    pub fn failing(inner: Arc<dyn Disk>, number: u64, fault: Fault) -> Self {
        let disk = Self::new(inner);
        disk.plan().fault = Some((number, fault));
        disk
    }

    /// A disk before `inner` that fails its read number `number`, once: opening a file or a folder,
    /// and reading from a file.
    pub fn failing_read(inner: Arc<dyn Disk>, number: u64, kind: io::ErrorKind) -> Self {
        let disk = Self::new(inner);
        disk.plan().read_fault = Some((number, kind));
        disk
    }

    /// Lets changes succeed again after [`Fault::From`], and free space be what it is.
    pub fn mend(&self) {
        let mut plan = self.plan();
        (plan.broken, plan.free_bytes, plan.fault) = (None, None, None);
    }

    /// From now on this much space is free, as far as the disk says.
    pub fn pretend_free(&self, bytes: u64) {
        self.plan().free_bytes = Some(bytes);
    }

    /// Whether the read that was to fail came up.
    pub fn read_failed(&self) -> bool {
        self.plan().read_failed
    }

    /// How many changes there were.
    pub fn changes(&self) -> u64 {
        self.plan().changes.len() as u64
    }

    /// What change number `number` was, in words, if there was one.
    pub fn change(&self, number: u64) -> Option<String> {
        let position = usize::try_from(number.checked_sub(1)?).ok()?;
        self.plan().changes.get(position).cloned()
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn alive(&self) -> io::Result<()> {
        if self.plan().dead { Err(killed()) } else { Ok(()) }
    }

    /// Counts a read.
    fn read_counted(&self) -> io::Result<()> {
        let mut plan = self.plan();
        if plan.dead {
            return Err(killed());
        }
        plan.reads += 1;
        match plan.read_fault {
            Some((at, kind)) if at == plan.reads => {
                plan.read_failed = true;
                Err(kind.into())
            }
            _ => Ok(()),
        }
    }

    /// Counts a change; true if it is a write that shall be short.
    fn count(&self, what: &str, path: &Path) -> io::Result<bool> {
        let change = format!("{what} {}", path.display());
        if let Some(tell) = &self.tell {
            tell(&change);
        }
        let mut plan = self.plan();
        if plan.dead {
            return Err(killed());
        }
        plan.changes.push(change);
        if let Some(kind) = plan.broken {
            return Err(kind.into());
        }
        let number = plan.changes.len() as u64;
        match plan.fault {
            Some((at, fault)) if at == number => match fault {
                Fault::Error(kind) => Err(kind.into()),
                Fault::From(kind) => {
                    (plan.broken, plan.free_bytes) = (Some(kind), Some(0));
                    Err(kind.into())
                }
                Fault::ShortWrite => Ok(true),
                Fault::Dead => {
                    plan.dead = true;
                    Err(killed())
                }
            },
            _ => Ok(false),
        }
    }
}

fn killed() -> io::Error {
    io::Error::other("the process is taken to be dead")
}

struct FaultyFile {
    inner: Box<dyn DiskWrite>,
    disk: FaultyDisk,
    path: std::path::PathBuf,
}

impl Write for FaultyFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let short = self.disk.count("write", &self.path)?;
        let count = if short { buf.len().div_ceil(2) } else { buf.len() };
        self.inner.write(&buf[..count])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.disk.alive()?;
        self.inner.flush()
    }
}

impl DiskWrite for FaultyFile {
    fn sync(&mut self) -> io::Result<()> {
        self.disk.count("sync", &self.path)?;
        self.inner.sync()
    }
}

struct FaultyReading {
    inner: Arc<dyn DiskRead>,
    disk: FaultyDisk,
}

impl DiskRead for FaultyReading {
    fn size(&self) -> u64 {
        self.inner.size()
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.disk.read_counted()?;
        self.inner.read_at(buf, offset)
    }
}

impl Disk for FaultyDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskWrite>> {
        self.count("create", path)?;
        let inner = self.inner.create(path)?;
        Ok(Box::new(FaultyFile { inner, disk: self.clone(), path: path.to_owned() }))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskRead>> {
        self.read_counted()?;
        Ok(Arc::new(FaultyReading { inner: self.inner.open(path)?, disk: self.clone() }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.count("rename to", to)?;
        self.inner.rename(from, to)
    }

    fn exchange(&self, a: &Path, b: &Path) -> io::Result<()> {
        self.count("exchange", b)?;
        self.inner.exchange(a, b)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.count("sync folder", path)?;
        self.inner.sync_dir(path)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.count("create folder", path)?;
        self.inner.create_dir_all(path)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.count("remove", path)?;
        self.inner.remove_file(path)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.count("remove folder", path)?;
        self.inner.remove_dir_all(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<DiskEntry>> {
        self.read_counted()?;
        self.inner.list(path)
    }

    fn exists(&self, path: &Path) -> bool {
        self.inner.exists(path)
    }

    fn free_bytes(&self, path: &Path) -> io::Result<u64> {
        self.alive()?;
        let pretended = self.plan().free_bytes;
        pretended.map_or_else(|| self.inner.free_bytes(path), Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jarvix_store::LocalDisk;

    #[test]
    fn the_chosen_change_fails_and_death_is_final() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let path = dir.path().join("x");
        let disk =
            FaultyDisk::failing(Arc::new(LocalDisk), 2, Fault::Error(io::ErrorKind::StorageFull));
        let mut file = disk.create(&path).expect("create");
        let full = file.write_all(b"abc").expect_err("the second change");
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
        file.write_all(b"abc").expect("the third change");
        assert_eq!(disk.changes(), 3);

        let dead = FaultyDisk::failing(Arc::new(LocalDisk), 1, Fault::Dead);
        dead.remove_file(&path).expect_err("dead");
        dead.list(dir.path()).expect_err("dead for reads too");
        assert!(path.exists());
    }

    #[test]
    fn a_broken_disk_stays_so_until_it_is_mended() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let path = dir.path().join("x");
        let full = Fault::From(io::ErrorKind::StorageFull);
        let disk = FaultyDisk::failing(Arc::new(LocalDisk), 2, full);
        let mut file = disk.create(&path).expect("create");
        for _ in 0..3 {
            let error = file.write_all(b"abc").expect_err("the second change and all after it");
            assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        }
        assert_eq!(disk.free_bytes(dir.path()).expect("a number"), 0);
        disk.mend();
        file.write_all(b"abc").expect("there is room");
        assert!(disk.free_bytes(dir.path()).expect("a number") > 0);
    }

    #[test]
    fn the_chosen_read_fails_and_changes_are_told_before_they_are_made() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let path = dir.path().join("x");
        let told = Arc::new(Mutex::new(Vec::new()));
        let (list, seen) = (Arc::clone(&told), path.clone());
        let telling = FaultyDisk::telling(Arc::new(LocalDisk), move |what| {
            list.lock().expect("a lock").push((what.starts_with("create "), seen.exists()));
        });
        drop(telling.create(&path).expect("create"));
        assert_eq!(*told.lock().expect("a lock"), [(true, false)]);

        let disk = FaultyDisk::failing_read(Arc::new(LocalDisk), 2, io::ErrorKind::Other);
        let file = disk.open(&path).expect("the first read");
        file.read_at(&mut [0], 0).expect_err("the second read");
        assert!(disk.read_failed());
        file.read_at(&mut [0], 0).expect("the third read");
    }

    #[test]
    fn a_short_write_takes_a_part() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let disk = FaultyDisk::failing(Arc::new(LocalDisk), 2, Fault::ShortWrite);
        let mut file = disk.create(&dir.path().join("x")).expect("create");
        assert_eq!(file.write(b"abcd").expect("write"), 2);
        assert_eq!(file.write(b"cd").expect("write"), 2);
    }
}
