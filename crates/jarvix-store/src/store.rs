//! The store: catalogue and parts together, under the commit protocol of I1. A part is durable under
//! its name first, then committed in one transaction; readers ask the catalogue and never a folder.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jarvix_core::{Dataset, DiskRead, Env, Generation, Ordinals, PartName, PartRef, RunId, Stage};

use crate::catalogue::{Catalogue, NewCommit, NewPart, input_dataset};
use crate::faults::fault;
use crate::json_rows::{self, JsonRows};
use crate::parts::{Address, LocalPartStore, PartStore, Upload};
use crate::reader::RowReader;
use crate::rows::Row;
use crate::schema::DatasetSchema;
use crate::writer::{BatchPartWriter, PartWriter, StagedPart};
use crate::{RunLock, StoreError, folders, lock};

type Result<T> = std::result::Result<T, StoreError>;

/// The catalogue's file in the data folder.
const CATALOGUE_NAME: &str = "catalogue.db";
/// The folder of the runs in the data folder.
pub(crate) const RUNS: &str = "runs";

/// A data folder. Cheap to clone, used from any thread.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    root: PathBuf,
    env: Env,
    catalogue: Catalogue,
    parts: Arc<dyn PartStore>,
    /// Parts that were made durable here and are not committed yet.
    staged: Mutex<HashMap<Address, Slot>>,
}

/// The hash of what lies durably under an address. Held while that changes, so that two workers that
/// do the same work cannot replace each other's file between its hashing and its commit.
type Slot = Arc<Mutex<Option<String>>>;

/// One unit of work, committed as a whole: all parts and what they cover, or nothing.
#[derive(Debug)]
pub struct Commit {
    /// The run.
    pub run: RunId,
    /// The stage that did the work.
    pub stage: Stage,
    /// The generation that the parts were written for.
    pub generation: Generation,
    /// The input part, for stages that work part by part (curate, score); else `None`.
    pub input: Option<PartName>,
    /// The outputs, empty ones too; only admission may have none.
    pub parts: Vec<StagedPart>,
    /// The ordinals that the parts deal with: for collect, one per row of `pages`.
    pub covers: Ordinals,
    /// Notes about the run that become true with this commit, as key and JSON; most have none.
    pub notes: Vec<(String, String)>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.inner.root).finish()
    }
}

fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    /// Opens the data folder `root` (`--data`), which is made if it is not there.
    pub fn open(root: &Path, env: Env) -> Result<Self> {
        let parts = Arc::new(LocalPartStore::new(root, &env));
        Self::with_parts(root, env, parts)
    }

    /// Like [`open`](Self::open), with the parts somewhere else than in files of the data folder.
    pub fn with_parts(root: &Path, env: Env, parts: Arc<dyn PartStore>) -> Result<Self> {
        env.disk.create_dir_all(root).map_err(StoreError::io("create the folder", root))?;
        let catalogue = Catalogue::open(&root.join(CATALOGUE_NAME), Arc::clone(&env.clock))?;
        let root = root.to_owned();
        let staged = Mutex::default();
        Ok(Self { inner: Arc::new(Inner { root, env, catalogue, parts, staged }) })
    }

    /// Clock, randomness and disk.
    pub fn env(&self) -> &Env {
        &self.inner.env
    }

    /// The data folder.
    pub fn root(&self) -> &Path {
        &self.inner.root
    }

    /// The folder of a run, whether it is there or not.
    pub fn run_dir(&self, run: &RunId) -> PathBuf {
        self.inner.root.join(RUNS).join(run.as_str())
    }

    /// What is committed.
    pub fn catalogue(&self) -> &Catalogue {
        &self.inner.catalogue
    }

    /// Where the parts lie.
    pub fn part_store(&self) -> &dyn PartStore {
        &*self.inner.parts
    }

    /// Takes the right to work on a run, which need not be in the catalogue yet, makes its folder,
    /// and puts right what an earlier process left behind (see [`recover`](Self::recover)). Fails at
    /// once, naming the holder, if another process has it.
    pub fn lock_run(&self, run: &RunId) -> Result<RunLock> {
        let mut lock = self.lock_only(run)?;
        if self.catalogue().run(run)?.is_none() {
            self.finish_removal(run)?;
            self.refuse_unknown_folder(run)?;
        }
        lock.recovered = self.recover(run)?;
        Ok(lock)
    }

    pub(crate) fn lock_only(&self, run: &RunId) -> Result<RunLock> {
        let inside = Path::new(RUNS).join(run.as_str());
        let folder = folders::make(&*self.env().disk, self.root(), &inside)
            .map_err(StoreError::io("create the folder", &self.run_dir(run)))?;
        lock::take(&folder, run, &*self.env().clock)
    }

    /// Begins a part of rows. Its name and generation say where it will lie; several writers may be
    /// at work at once.
    pub fn writer<R: Row>(
        &self,
        run: &RunId,
        name: PartName,
        generation: Generation,
    ) -> Result<PartWriter<R>> {
        let address = Address { run: run.clone(), dataset: R::DATASET, generation, name };
        PartWriter::begin(self.clone(), address)
    }

    /// Begins a part of record batches.
    pub fn batch_writer(
        &self,
        run: &RunId,
        schema: DatasetSchema,
        name: PartName,
        generation: Generation,
    ) -> Result<BatchPartWriter> {
        let address = Address { run: run.clone(), dataset: schema.dataset, generation, name };
        BatchPartWriter::begin(self.clone(), address, schema)
    }

    /// Commits a unit of work in one transaction; the parts as they are visible from now on.
    ///
    /// Committing the same work twice does nothing the second time and gives the parts of the first;
    /// what was staged for it and is not among them is removed. Work without an input part is the
    /// same if its parts have the same names and content; the same names with other content are an
    /// error, and so are ordinals that are covered already.
    pub fn commit(&self, commit: Commit) -> Result<Vec<PartRef>> {
        check(&commit)?;
        for staged in &commit.parts {
            self.refuse_replaced(&staged.part)?;
        }
        fault!("commit::before");
        let earlier = self.catalogue().commit(&NewCommit {
            run: &commit.run,
            stage: commit.stage,
            generation: commit.generation,
            input: commit.input,
            covers: &commit.covers,
            parts: commit.parts.iter().map(|staged| NewPart::from(&staged.part)).collect(),
            notes: &commit.notes,
        })?;
        fault!("commit::after");
        let committed = match earlier {
            Some(earlier) => {
                self.remove_losers(&commit.parts, &earlier)?;
                earlier
            }
            None => commit.parts.iter().map(|staged| staged.part.clone()).collect(),
        };
        for staged in &commit.parts {
            self.forget_staged(&staged.part);
        }
        complete_late(commit.parts)?;
        Ok(committed)
    }

    /// The rows of a part, in the order they were written. The file is compared with the catalogue's
    /// hash first. Pages are given as stored: `content_encoding` says how.
    pub fn read<R: Row>(&self, part: &PartRef) -> Result<RowReader<R>> {
        RowReader::open(part, self.open_part_of(R::DATASET, part)?)
    }

    /// The rows of a part of any dataset as JSON objects, without the binary columns.
    pub fn read_json(&self, part: &PartRef) -> Result<JsonRows> {
        JsonRows::open(part, self.open_part(part)?)
    }

    /// Writes a part's file as it is to `to`, after comparing it with the catalogue's hash; how many
    /// bytes.
    pub fn copy_part(&self, part: &PartRef, to: &mut dyn io::Write) -> Result<u64> {
        json_rows::copy(part, self.open_part(part)?, to)
    }

    fn open_part(&self, part: &PartRef) -> Result<Arc<dyn DiskRead>> {
        let address = Address::from(part);
        self.inner.parts.open(&address).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => StoreError::Gone { place: address.to_string() },
            _ => self.part_error("open", &address, error),
        })
    }

    /// The file of a part that has to be one of `dataset`.
    pub(crate) fn open_part_of(
        &self,
        dataset: Dataset,
        part: &PartRef,
    ) -> Result<Arc<dyn DiskRead>> {
        if part.dataset != dataset {
            let reason = format!("{dataset} are asked for");
            return Err(StoreError::Columns { dataset: part.dataset, reason });
        }
        self.open_part(part)
    }

    /// Where the part's file is now, in the dataset's folder or aside; it moves when its generation
    /// is switched. For parts that are not files: where it would be.
    pub fn part_path(&self, part: &PartRef) -> PathBuf {
        let address = Address::from(part);
        self.path_of(&address)
    }

    pub(crate) fn path_of(&self, at: &Address) -> PathBuf {
        self.inner.parts.local_path(at).unwrap_or_else(|| {
            self.run_dir(&at.run).join(at.dataset.as_str()).join(at.name.file_name())
        })
    }

    fn part_error(&self, action: &'static str, at: &Address, source: io::Error) -> StoreError {
        StoreError::Io { action, path: self.path_of(at), source }
    }

    pub(crate) fn begin_upload(&self, at: &Address) -> Result<Box<dyn Upload>> {
        self.inner.parts.begin(at).map_err(|e| self.part_error("create", at, e))
    }

    /// Makes a written part durable under its name, unless it is there already.
    pub(crate) fn publish(&self, part: PartRef, upload: Box<dyn Upload>) -> Result<StagedPart> {
        let address = Address::from(&part);
        #[cfg(feature = "failpoints")]
        if crate::faults::commit_before_rename() {
            return Ok(StagedPart { part, late: Some(upload) });
        }
        let slot = Arc::clone(hold(&self.inner.staged).entry(address.clone()).or_default());
        let mut there = hold(&slot);
        // A committed file is never replaced: the commit will say what becomes of this one.
        let committed = self.catalogue().part(&address)?.is_some();
        if !committed && there.as_ref() != Some(&part.hash) {
            *there = None;
            upload.complete().map_err(|e| self.part_error("write", &address, e))?;
            *there = Some(part.hash.clone());
        }
        Ok(StagedPart::new(part))
    }

    /// Another worker may have staged other content under the same name since.
    fn refuse_replaced(&self, part: &PartRef) -> Result<()> {
        let slot = hold(&self.inner.staged).get(&Address::from(part)).map(Arc::clone);
        let replaced =
            slot.is_some_and(|slot| hold(&slot).as_ref().is_some_and(|h| *h != part.hash));
        if !replaced {
            return Ok(());
        }
        Err(StoreError::Conflict { run: part.run.clone(), dataset: part.dataset, name: part.name })
    }

    fn remove_losers(&self, staged: &[StagedPart], earlier: &[PartRef]) -> Result<()> {
        for staged in staged {
            let address = Address::from(&staged.part);
            if earlier.iter().all(|part| Address::from(part) != address) {
                self.remove_file(&address)?;
            }
        }
        Ok(())
    }

    /// What was staged is committed now, or was committed before.
    pub(crate) fn forget_staged(&self, part: &PartRef) {
        hold(&self.inner.staged).remove(&Address::from(part));
    }

    pub(crate) fn remove_file(&self, at: &Address) -> Result<()> {
        self.inner.parts.remove(at).map_err(|e| self.part_error("remove", at, e))
    }
}

impl From<&PartRef> for NewPart {
    fn from(part: &PartRef) -> Self {
        Self {
            dataset: part.dataset,
            name: part.name,
            rows: part.rows,
            bytes: part.bytes,
            hash: part.hash.clone(),
        }
    }
}

#[cfg(feature = "failpoints")]
fn complete_late(parts: Vec<StagedPart>) -> Result<()> {
    for staged in parts {
        if let Some(late) = staged.late {
            late.complete().map_err(StoreError::io("write", Path::new("a part")))?;
        }
    }
    Ok(())
}

#[cfg(not(feature = "failpoints"))]
fn complete_late(_parts: Vec<StagedPart>) -> Result<()> {
    Ok(())
}

/// Whether the commit is one whole unit of its stage's work.
fn check(commit: &Commit) -> Result<()> {
    let refuse = |reason: String| {
        Err(StoreError::InvalidCommit { run: commit.run.clone(), stage: commit.stage, reason })
    };
    let mut seen = Vec::new();
    for part in commit.parts.iter().map(|staged| &staged.part) {
        if part.run != commit.run || part.generation != commit.generation {
            let Address { run, generation, .. } = Address::from(part);
            return refuse(format!("{} is of run {run}, generation {generation}", part.name));
        }
        if !commit.stage.outputs().contains(&part.dataset) {
            return refuse(format!("it does not write {}", part.dataset));
        }
        if seen.contains(&(part.dataset, part.name)) {
            return refuse(format!("{} {} stands in it twice", part.dataset, part.name));
        }
        if commit.input.is_some_and(|input| input != part.name) {
            return refuse(format!("{} does not carry its input's name", part.name));
        }
        seen.push((part.dataset, part.name));
    }
    if commit.input.is_some() != input_dataset(commit.stage).is_some() {
        return refuse("it has an input part only if its stage works part by part".to_owned());
    }
    if commit.input.is_some() && seen.len() != commit.stage.outputs().len() {
        return refuse("an output is missing; an empty one is an empty part".to_owned());
    }
    // Admission may cover ordinals without writing a row: only rejects are rows.
    if seen.is_empty() && commit.covers.is_empty() && commit.notes.is_empty() {
        return refuse("it has no parts".to_owned());
    }
    let pages = commit.parts.iter().filter(|staged| staged.part.dataset == Dataset::Pages);
    let rows: u64 = pages.map(|staged| staged.part.rows).sum();
    if commit.stage == Stage::Collect && rows != commit.covers.len() {
        return refuse(format!("{rows} rows cover {} ordinals", commit.covers.len()));
    }
    Ok(())
}
