//! Parts in memory: for tests of what lies above, and the second implementation that keeps the port
//! honest. Nothing here survives the process.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jarvix_core::{Dataset, DiskRead, Generation, PartName, RunId};

use super::{Address, PartStore, Stored, Upload};

/// Parts in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryPartStore {
    shelves: Arc<Mutex<Shelves>>,
}

#[derive(Debug, Default)]
struct Shelves {
    parts: BTreeMap<Address, Arc<Vec<u8>>>,
    promoted: BTreeMap<(RunId, Dataset), Generation>,
}

impl MemoryPartStore {
    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct MemoryUpload {
    store: MemoryPartStore,
    at: Address,
    bytes: Vec<u8>,
}

impl Write for MemoryUpload {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Upload for MemoryUpload {
    fn complete(self: Box<Self>) -> io::Result<()> {
        self.store.shelves().parts.insert(self.at, Arc::new(self.bytes));
        Ok(())
    }
}

struct MemoryRead(Arc<Vec<u8>>);

impl DiskRead for MemoryRead {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.0.len());
        let count = buf.len().min(self.0.len() - start);
        buf[..count].copy_from_slice(&self.0[start..start + count]);
        Ok(count)
    }
}

/// The keys of every part of `dataset`, lowest first.
fn span(run: &RunId, dataset: Dataset) -> std::ops::RangeInclusive<Address> {
    let at = |number| Address {
        run: run.clone(),
        dataset,
        generation: Generation(number),
        name: PartName(number),
    };
    at(0)..=at(u32::MAX)
}

impl PartStore for MemoryPartStore {
    fn begin(&self, at: &Address) -> io::Result<Box<dyn Upload>> {
        Ok(Box::new(MemoryUpload { store: self.clone(), at: at.clone(), bytes: Vec::new() }))
    }

    fn open(&self, at: &Address) -> io::Result<Arc<dyn DiskRead>> {
        match self.shelves().parts.get(at) {
            Some(bytes) => Ok(Arc::new(MemoryRead(Arc::clone(bytes)))),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn list(&self, run: &RunId, dataset: Dataset) -> io::Result<Vec<Stored>> {
        let shelves = self.shelves();
        let parts = shelves.parts.range(span(run, dataset));
        Ok(parts.map(|(a, b)| Stored { address: a.clone(), bytes: b.len() as u64 }).collect())
    }

    fn remove(&self, at: &Address) -> io::Result<()> {
        self.shelves().parts.remove(at);
        Ok(())
    }

    fn promoted(&self, run: &RunId, dataset: Dataset) -> io::Result<Generation> {
        let shelves = self.shelves();
        Ok(shelves.promoted.get(&(run.clone(), dataset)).copied().unwrap_or(Generation::FIRST))
    }

    fn promote(&self, run: &RunId, dataset: Dataset, generation: Generation) -> io::Result<()> {
        let before = self.promoted(run, dataset)?;
        let mut shelves = self.shelves();
        if before != generation {
            let old = |a: &Address| a.run == *run && a.dataset == dataset && a.generation == before;
            shelves.parts.retain(|address, _| !old(address));
        }
        shelves.promoted.insert((run.clone(), dataset), generation);
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
        let gone =
            |a: &Address| a.run == *run && a.dataset == dataset && a.generation == generation;
        self.shelves().parts.retain(|address, _| !gone(address));
        Ok(())
    }

    fn strays(&self, _run: &RunId, _dataset: Dataset) -> io::Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn sweep(&self, _run: &RunId, _dataset: Dataset) -> io::Result<u64> {
        Ok(0)
    }

    fn remove_run(&self, run: &RunId) -> io::Result<()> {
        let mut shelves = self.shelves();
        shelves.parts.retain(|address, _| address.run != *run);
        shelves.promoted.retain(|(r, _), _| r != run);
        Ok(())
    }

    fn local_path(&self, _at: &Address) -> Option<PathBuf> {
        None
    }
}
