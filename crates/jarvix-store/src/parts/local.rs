//! Parts as files:
//!
//! ```text
//! runs/<run>/<dataset>/part-00000001.parquet         the generation that everybody sees
//! runs/<run>/<dataset>/.generation                   its number
//! runs/<run>/.aside/<dataset>.g<generation>/part-... a generation that is not promoted yet
//! ```
//!
//! A part appears by: temporary name, fsync, rename, fsync of the folder. A generation is promoted
//! by exchanging two folders in one step of the file system; each folder carries its own number, so
//! that a kill at any moment leaves a state that says what is left to do.

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jarvix_core::{Dataset, Disk, DiskRead, DiskWrite, Entropy, Env, Generation, PartName, RunId};

use super::{Address, PartStore, Stored, Upload};
use crate::faults::fault;
use crate::folders;

/// The file that says which generation a folder holds.
const MARKER: &str = ".generation";
/// Where generations wait for their promotion.
const ASIDE: &str = ".aside";
/// A marker is a number and a line end.
const MARKER_BYTES_MAX: u64 = 32;
/// How often a reader looks again because a generation was promoted under its hands.
const OPEN_ATTEMPTS_MAX: usize = 4;

/// Parts as files below a data folder.
#[derive(Clone)]
pub struct LocalPartStore {
    root: PathBuf,
    disk: Arc<dyn Disk>,
    entropy: Arc<dyn Entropy>,
    /// Held while a folder is made: two writers would write its number over each other.
    making: Arc<Mutex<()>>,
}

impl fmt::Debug for LocalPartStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LocalPartStore").field(&self.root).finish()
    }
}

/// A folder that holds parts of one generation, relative to the data folder.
struct Folder {
    inside: PathBuf,
    generation: Generation,
}

impl LocalPartStore {
    /// Parts below the data folder `root`.
    pub fn new(root: &Path, env: &Env) -> Self {
        Self {
            root: root.to_owned(),
            disk: Arc::clone(&env.disk),
            entropy: Arc::clone(&env.entropy),
            making: Arc::default(),
        }
    }

    fn run_inside(run: &RunId) -> PathBuf {
        Path::new("runs").join(run.as_str())
    }

    fn current_inside(run: &RunId, dataset: Dataset) -> PathBuf {
        Self::run_inside(run).join(dataset.as_str())
    }

    fn aside_inside(run: &RunId, dataset: Dataset, generation: Generation) -> PathBuf {
        Self::run_inside(run).join(ASIDE).join(format!("{dataset}.g{generation}"))
    }

    /// Where the current folder goes while two renames stand in for an exchange.
    fn old_inside(run: &RunId, dataset: Dataset) -> PathBuf {
        Self::run_inside(run).join(ASIDE).join(format!("{dataset}.old"))
    }

    /// The number that a folder carries; `None` if it has none or is not there.
    fn marker(&self, inside: &Path) -> io::Result<Option<Generation>> {
        let path = self.root.join(inside).join(MARKER);
        let content = match self.disk.read(&path, MARKER_BYTES_MAX) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let number = std::str::from_utf8(&content).ok().and_then(|t| t.trim_end().parse().ok());
        match number {
            Some(number) => Ok(Some(Generation(number))),
            None => {
                let text = format!("{} does not hold a number", path.display());
                Err(io::Error::new(io::ErrorKind::InvalidData, text))
            }
        }
    }

    fn inside_of(&self, at: &Address) -> io::Result<PathBuf> {
        let promoted = self.promoted(&at.run, at.dataset)?;
        Ok(if promoted == at.generation {
            Self::current_inside(&at.run, at.dataset)
        } else {
            Self::aside_inside(&at.run, at.dataset, at.generation)
        })
    }

    /// Makes a folder for a generation, with its number in it.
    fn make_folder(&self, inside: &Path, generation: Generation) -> io::Result<PathBuf> {
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        let path = folders::make(&*self.disk, &self.root, inside)?;
        if self.marker(inside)? != Some(generation) {
            self.disk.replace(&path.join(MARKER), format!("{generation}\n").as_bytes())?;
        }
        Ok(path)
    }

    /// The folders of a dataset: the current one, then those aside. What an unfinished promotion
    /// left behind is not among them.
    fn folders(&self, run: &RunId, dataset: Dataset) -> io::Result<Vec<Folder>> {
        let mut found = Vec::new();
        let current = Self::current_inside(run, dataset);
        if folders::vet(&*self.disk, &self.root, &current)? {
            let generation = self.promoted(run, dataset)?;
            found.push(Folder { inside: current, generation });
        }
        for (name, generation) in self.aside_names(run, dataset)? {
            let inside = Self::run_inside(run).join(ASIDE).join(name);
            let Some(generation) = generation else { continue };
            let marked = self.marker(&inside)?.unwrap_or(generation);
            if marked == generation {
                found.push(Folder { inside, generation });
            }
        }
        Ok(found)
    }

    /// Names of a dataset's folders aside, and the generation that the name says.
    fn aside_names(
        &self,
        run: &RunId,
        dataset: Dataset,
    ) -> io::Result<Vec<(String, Option<Generation>)>> {
        let aside = Self::run_inside(run).join(ASIDE);
        if !folders::vet(&*self.disk, &self.root, &aside)? {
            return Ok(Vec::new());
        }
        let prefix = format!("{dataset}.");
        let mut names = Vec::new();
        for entry in self.disk.list(&self.root.join(aside))? {
            if let Some(rest) = entry.name.strip_prefix(&prefix).filter(|_| entry.is_dir) {
                let number = rest.strip_prefix('g').and_then(|n| n.parse().ok());
                names.push((entry.name.clone(), number.map(Generation)));
            }
        }
        Ok(names)
    }

    /// Removes folders aside that hold what was current before a promotion.
    fn remove_leftovers(&self, run: &RunId, dataset: Dataset) -> io::Result<u64> {
        let mut removed = 0;
        let aside = self.root.join(Self::run_inside(run)).join(ASIDE);
        for (name, generation) in self.aside_names(run, dataset)? {
            let inside = Self::run_inside(run).join(ASIDE).join(&name);
            let marked = self.marker(&inside)?;
            if generation.is_none() || marked.is_some_and(|m| Some(m) != generation) {
                self.disk.remove_dir_all(&aside.join(name))?;
                removed += 1;
            }
        }
        if removed > 0 {
            self.disk.sync_dir(&aside)?;
        }
        Ok(removed)
    }
}

struct LocalUpload {
    disk: Arc<dyn Disk>,
    /// `None` once the upload ended, one way or the other.
    file: Option<Box<dyn DiskWrite>>,
    temporary: PathBuf,
    target: PathBuf,
    renamed: bool,
}

fn ended() -> io::Error {
    io::Error::other("the upload has ended")
}

impl Write for LocalUpload {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.file.as_mut().ok_or_else(ended)?.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().ok_or_else(ended)?.flush()
    }
}

impl LocalUpload {
    fn publish(&mut self) -> io::Result<()> {
        let mut file = self.file.take().ok_or_else(ended)?;
        fault!("part::before_sync");
        file.sync()?;
        drop(file);
        fault!("part::before_rename");
        self.disk.rename(&self.temporary, &self.target)?;
        self.renamed = true;
        fault!("part::after_rename");
        self.disk.sync_dir(self.target.parent().unwrap_or(Path::new(".")))?;
        fault!("part::after_dir_sync");
        Ok(())
    }
}

impl Upload for LocalUpload {
    fn complete(mut self: Box<Self>) -> io::Result<()> {
        self.publish()
    }
}

impl Drop for LocalUpload {
    fn drop(&mut self) {
        if !self.renamed {
            self.file = None;
            // Only tidiness: what stays is swept away when the run is locked next.
            drop(self.disk.remove_file(&self.temporary));
        }
    }
}

/// What an unfinished upload is called: hidden, so that no `part-*.parquet` ever finds it.
fn temporary_name(name: PartName, nonce: u64) -> String {
    format!(".{name}.{nonce:016x}.tmp")
}

fn is_temporary(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(".tmp")
}

impl PartStore for LocalPartStore {
    fn begin(&self, at: &Address) -> io::Result<Box<dyn Upload>> {
        let inside = self.inside_of(at)?;
        let folder = self.make_folder(&inside, at.generation)?;
        let target = folder.join(at.name.file_name());
        loop {
            let temporary = folder.join(temporary_name(at.name, self.entropy.next_u64()));
            match self.disk.create(&temporary) {
                Ok(file) => {
                    fault!("part::created");
                    let disk = Arc::clone(&self.disk);
                    let file = Some(file);
                    return Ok(Box::new(LocalUpload {
                        disk,
                        file,
                        temporary,
                        target,
                        renamed: false,
                    }));
                }
                // Dice that repeat (a test's) find another name in a few throws.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn open(&self, at: &Address) -> io::Result<Arc<dyn DiskRead>> {
        for _ in 0..OPEN_ATTEMPTS_MAX {
            let inside = self.inside_of(at)?;
            if !folders::vet(&*self.disk, &self.root, &inside)? {
                return Err(io::ErrorKind::NotFound.into());
            }
            let opened = self.disk.open(&self.root.join(&inside).join(at.name.file_name()));
            // Numbers only go up: if the place is still the same, no exchange came in between and
            // the file is of the generation that was asked for.
            if self.inside_of(at)? == inside {
                return opened;
            }
        }
        Err(io::ErrorKind::NotFound.into())
    }

    fn list(&self, run: &RunId, dataset: Dataset) -> io::Result<Vec<Stored>> {
        let mut parts = Vec::new();
        for folder in self.folders(run, dataset)? {
            for entry in self.disk.list(&self.root.join(&folder.inside))? {
                let name = PartName::parse_file_name(&entry.name).filter(|_| !entry.is_dir);
                let Some(name) = name else { continue };
                let generation = folder.generation;
                let address = Address { run: run.clone(), dataset, generation, name };
                parts.push(Stored { address, bytes: entry.bytes });
            }
        }
        parts.sort_by(|a, b| a.address.cmp(&b.address));
        Ok(parts)
    }

    fn remove(&self, at: &Address) -> io::Result<()> {
        let inside = self.inside_of(at)?;
        if !folders::vet(&*self.disk, &self.root, &inside)? {
            return Ok(());
        }
        let folder = self.root.join(inside);
        match self.disk.remove_file(&folder.join(at.name.file_name())) {
            Ok(()) => self.disk.sync_dir(&folder),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn promoted(&self, run: &RunId, dataset: Dataset) -> io::Result<Generation> {
        let marked = self.marker(&Self::current_inside(run, dataset))?;
        Ok(marked.unwrap_or(Generation::FIRST))
    }

    fn promote(&self, run: &RunId, dataset: Dataset, generation: Generation) -> io::Result<()> {
        let run_inside = Self::run_inside(run);
        if !folders::vet(&*self.disk, &self.root, &run_inside)? {
            return Ok(());
        }
        let current_inside = Self::current_inside(run, dataset);
        let there = folders::vet(&*self.disk, &self.root, &current_inside)?;
        let done = self.promoted(run, dataset)? == generation;
        if !done {
            let aside_inside = Self::aside_inside(run, dataset, generation);
            let aside = self.make_folder(&aside_inside, generation)?;
            let current = self.root.join(&current_inside);
            let waiting = self.root.join(&run_inside).join(ASIDE);
            if there {
                let old = self.root.join(Self::old_inside(run, dataset));
                self.exchange(&aside, &current, &old)?;
            } else {
                self.disk.rename(&aside, &current)?;
            }
            self.disk.sync_dir(&self.root.join(&run_inside))?;
            self.disk.sync_dir(&waiting)?;
            fault!("switch::after_exchange");
        }
        self.remove_leftovers(run, dataset)?;
        fault!("switch::after_remove");
        Ok(())
    }

    fn drop_generation(
        &self,
        run: &RunId,
        dataset: Dataset,
        generation: Generation,
    ) -> io::Result<()> {
        if self.promoted(run, dataset)? == generation {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the generation is promoted"));
        }
        let inside = Self::aside_inside(run, dataset, generation);
        if folders::vet(&*self.disk, &self.root, &inside)? {
            self.disk.remove_dir_all(&self.root.join(&inside))?;
            self.disk.sync_dir(&self.root.join(Self::run_inside(run)).join(ASIDE))?;
        }
        Ok(())
    }

    fn strays(&self, run: &RunId, dataset: Dataset) -> io::Result<Vec<String>> {
        let mut strays = Vec::new();
        let folders = self.folders(run, dataset)?;
        for folder in &folders {
            for entry in self.disk.list(&self.root.join(&folder.inside))? {
                let known =
                    entry.name == MARKER || PartName::parse_file_name(&entry.name).is_some();
                if !known || entry.is_dir {
                    strays.push(self.root.join(&folder.inside).join(entry.name));
                }
            }
        }
        let aside = Self::run_inside(run).join(ASIDE);
        for (name, _) in self.aside_names(run, dataset)? {
            let inside = aside.join(name);
            if folders.iter().all(|folder| folder.inside != inside) {
                strays.push(self.root.join(inside));
            }
        }
        Ok(strays.into_iter().map(|path| path.display().to_string()).collect())
    }

    fn sweep(&self, run: &RunId, dataset: Dataset) -> io::Result<u64> {
        let mut removed = self.remove_leftovers(run, dataset)?;
        for folder in self.folders(run, dataset)? {
            let path = self.root.join(&folder.inside);
            let before = removed;
            for entry in self.disk.list(&path)? {
                if !entry.is_dir && is_temporary(&entry.name) {
                    self.disk.remove_file(&path.join(&entry.name))?;
                    removed += 1;
                }
            }
            if removed > before {
                self.disk.sync_dir(&path)?;
            }
        }
        Ok(removed)
    }

    fn remove_run(&self, run: &RunId) -> io::Result<()> {
        let run_inside = Self::run_inside(run);
        let datasets = Dataset::ALL.iter().map(|d| Self::current_inside(run, *d));
        for inside in datasets.chain([run_inside.join(ASIDE)]) {
            if folders::vet(&*self.disk, &self.root, &inside)? {
                self.disk.remove_dir_all(&self.root.join(inside))?;
            }
        }
        Ok(())
    }

    fn local_path(&self, at: &Address) -> Option<PathBuf> {
        let inside = self.inside_of(at).ok()?;
        Some(self.root.join(inside).join(at.name.file_name()))
    }
}

impl LocalPartStore {
    /// Puts `aside` in the place of `current`. Where the system cannot exchange two folders there is
    /// a moment without a current one; a kill in it is repaired by the next promotion.
    fn exchange(&self, aside: &Path, current: &Path, old: &Path) -> io::Result<()> {
        match self.disk.exchange(aside, current) {
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                if self.disk.exists(old) {
                    self.disk.remove_dir_all(old)?;
                }
                self.disk.rename(current, old)?;
                self.disk.rename(aside, current)
            }
            done => done,
        }
    }
}
