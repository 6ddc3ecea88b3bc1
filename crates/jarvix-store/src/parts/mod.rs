//! The port to where parts lie: put one, open one for ranged reads, list, remove, and make a
//! generation the one that everybody sees. [`LocalPartStore`] keeps them as files, [`MemoryPartStore`]
//! in memory; a bucket fits as a third (begin = multipart upload, complete = its last request, the
//! generation is part of the key and `promote` only removes the old ones). One contract suite in
//! testkit holds for all of them.
//!
//! What it does not know: which parts are committed. That is the catalogue's.

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use jarvix_core::{Dataset, DiskRead, Generation, PartName, PartRef, RunId};

mod local;
mod memory;

pub use local::LocalPartStore;
pub use memory::MemoryPartStore;

/// Where a part belongs, whatever the store does to keep it there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// The run.
    pub run: RunId,
    /// The dataset.
    pub dataset: Dataset,
    /// The generation of the stage that wrote it.
    pub generation: Generation,
    /// The part's name.
    pub name: PartName,
}

impl From<&PartRef> for Address {
    fn from(part: &PartRef) -> Self {
        Self {
            run: part.run.clone(),
            dataset: part.dataset,
            generation: part.generation,
            name: part.name,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.run, self.dataset, self.name)?;
        if self.generation == Generation::FIRST {
            return Ok(());
        }
        write!(f, " (generation {})", self.generation)
    }
}

/// A part that lies in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Where it belongs.
    pub address: Address,
    /// Its size in bytes.
    pub bytes: u64,
}

/// A part that is being put. Dropping it leaves nothing that anybody sees.
pub trait Upload: Write + Send {
    /// Makes the part durable and visible under its address, in this order, replacing what was
    /// there. After an error the part is not there, or is there as it was before.
    fn complete(self: Box<Self>) -> io::Result<()>;
}

/// Where parts lie. See the module's first lines; `part_store_suite` in testkit says what holds for
/// every implementation.
pub trait PartStore: fmt::Debug + Send + Sync {
    /// Begins to put a part. Several may be under way for one address; the last to complete wins.
    fn begin(&self, at: &Address) -> io::Result<Box<dyn Upload>>;

    /// Opens a part for reads at any position. `NotFound` when it is not there.
    fn open(&self, at: &Address) -> io::Result<Arc<dyn DiskRead>>;

    /// Every part of a dataset, of every generation, sorted by address.
    fn list(&self, run: &RunId, dataset: Dataset) -> io::Result<Vec<Stored>>;

    /// Removes a part; nothing happens if it is not there.
    fn remove(&self, at: &Address) -> io::Result<()>;

    /// The generation that a reader without a catalogue sees.
    fn promoted(&self, run: &RunId, dataset: Dataset) -> io::Result<Generation>;

    /// Makes `generation` the one that a reader without a catalogue sees, in one step, and removes
    /// what was there before. Repeating it, also after a kill in its middle, does no harm.
    fn promote(&self, run: &RunId, dataset: Dataset, generation: Generation) -> io::Result<()>;

    /// Removes every part of a generation that is not promoted; nothing happens if there are none.
    fn drop_generation(
        &self,
        run: &RunId,
        dataset: Dataset,
        generation: Generation,
    ) -> io::Result<()>;

    /// What lies in a dataset's place and is not a part: unfinished uploads, strangers' files.
    fn strays(&self, run: &RunId, dataset: Dataset) -> io::Result<Vec<String>>;

    /// Removes what unfinished uploads of a dataset left; says how many there were. Call it only
    /// while nobody writes.
    fn sweep(&self, run: &RunId, dataset: Dataset) -> io::Result<u64>;

    /// Removes everything of a run.
    fn remove_run(&self, run: &RunId) -> io::Result<()>;

    /// Where the part is now as a file, for engines that read files themselves; `None` if it is not
    /// one.
    fn local_path(&self, at: &Address) -> Option<PathBuf>;
}
