//! What keeps a run in order: generations, recovery after a kill, removal.

use std::collections::HashSet;
use std::path::Path;

use jarvix_core::{Generation, RunId, Stage};

use crate::faults::fault;
use crate::parts::Address;
use crate::store::RUNS;
use crate::{Store, StoreError, folders};

type Result<T> = std::result::Result<T, StoreError>;

/// Lies in the folder of a run while it is being removed.
const REMOVAL_NAME: &str = ".removed";

/// What an earlier process had left behind and was put right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Datasets whose switch to a new generation was finished.
    pub switched: u64,
    /// Parts that were never committed and were removed.
    pub orphans: u64,
    /// Leftovers of unfinished writes that were removed.
    pub temporaries: u64,
}

impl Recovered {
    /// Whether everything was in order.
    pub fn is_clean(&self) -> bool {
        *self == Self::default()
    }
}

impl Store {
    /// The generation that the outputs of `stage` under `key` (code version and settings) belong to.
    ///
    /// That is the current one if the key is the same *and* the stages before it have not switched
    /// since; an unfinished one of the same kind is continued; else a new one begins aside (or takes
    /// the place of a current one that has no outputs yet), and an unfinished one of another kind is
    /// dropped. Readers see nothing of a generation aside until
    /// [`switch_generation`](Self::switch_generation).
    pub fn begin_generation(&self, run: &RunId, stage: Stage, key: &str) -> Result<Generation> {
        let begun = self.catalogue().begin_generation(run, stage, key)?;
        if let Some(dropped) = begun.dropped {
            for dataset in stage.outputs() {
                self.part_store()
                    .drop_generation(run, *dataset, dropped)
                    .map_err(StoreError::io("remove an old generation of", &self.run_dir(run)))?;
            }
        }
        Ok(begun.generation)
    }

    /// Makes a generation the one that readers see: one transaction, then the folders are exchanged
    /// and the old one is removed. Repeating it, also after a kill in its middle, does no harm.
    pub fn switch_generation(
        &self,
        run: &RunId,
        stage: Stage,
        generation: Generation,
    ) -> Result<()> {
        fault!("switch::before_tx");
        self.catalogue().switch_generation(run, stage, generation)?;
        fault!("switch::after_tx");
        for dataset in stage.outputs() {
            self.part_store()
                .promote(run, *dataset, generation)
                .map_err(StoreError::io("switch generations in", &self.run_dir(run)))?;
        }
        Ok(())
    }

    /// Puts right what a killed process left behind: finishes a switch, removes parts that were
    /// never committed and leftovers of unfinished writes. Only for who holds the run's lock, before
    /// anything is written; [`lock_run`](Self::lock_run) has done it already. A run that the
    /// catalogue does not know is left alone.
    pub fn recover(&self, run: &RunId) -> Result<Recovered> {
        let mut recovered = Recovered::default();
        if self.catalogue().run(run)?.is_none() {
            return Ok(recovered);
        }
        let removal = self.run_dir(run).join(REMOVAL_NAME);
        if self.env().disk.exists(&removal) {
            // It was to be removed, but that did not come as far as the catalogue.
            self.env().disk.remove_file(&removal).map_err(StoreError::io("remove", &removal))?;
        }
        for stage in Stage::ALL {
            self.recover_stage(run, stage, &mut recovered)
                .map_err(|fault| fault.into_error(&self.run_dir(run)))?;
        }
        Ok(recovered)
    }

    fn recover_stage(
        &self,
        run: &RunId,
        stage: Stage,
        recovered: &mut Recovered,
    ) -> std::result::Result<(), RecoveryFault> {
        let current = self.catalogue().generation(run, stage)?;
        let current = current.map_or(Generation::FIRST, |record| record.generation);
        let gone = self.catalogue().generations_gone(run, stage)?;
        let committed: HashSet<Address> =
            self.catalogue().parts_of_run(run)?.iter().map(Address::from).collect();
        let parts = self.part_store();
        for dataset in stage.outputs() {
            let promoted = parts.promoted(run, *dataset)?;
            if promoted > current {
                // The catalogue is older than the folder (put back from a copy): `verify` says so,
                // and nothing is removed.
                continue;
            }
            if promoted < current {
                parts.promote(run, *dataset, current)?;
                recovered.switched += 1;
            }
            for generation in gone.iter().filter(|generation| **generation != current) {
                parts.drop_generation(run, *dataset, *generation)?;
            }
            recovered.temporaries += parts.sweep(run, *dataset)?;
            for stored in parts.list(run, *dataset)? {
                if !committed.contains(&stored.address) {
                    parts.remove(&stored.address)?;
                    recovered.orphans += 1;
                }
            }
        }
        Ok(())
    }

    /// Removes a run and everything of it. Fails if another process works on it, and if there is no
    /// such run. After a kill in its middle the run is there as a whole or is gone for readers;
    /// repeating it removes the rest.
    pub fn remove_run(&self, run: &RunId) -> Result<()> {
        let inside = Path::new(RUNS).join(run.as_str());
        let disk = &self.env().disk;
        let folder = self.run_dir(run);
        let there = folders::vet(&**disk, self.root(), &inside)
            .map_err(StoreError::io("look at", &folder))?;
        let known = self.catalogue().run(run)?.is_some();
        if !known && !there {
            return Err(StoreError::UnknownRun { run: run.clone() });
        }
        let _lock = self.lock_only(run)?;
        if !known {
            return match self.finish_removal(run)? {
                true => Ok(()),
                false => Err(StoreError::UnknownRun { run: run.clone() }),
            };
        }
        let removal = folder.join(REMOVAL_NAME);
        disk.replace(&removal, b"").map_err(StoreError::io("write", &removal))?;
        self.catalogue().delete_run(run)?;
        self.finish_removal(run)?;
        Ok(())
    }

    /// Removes the folder of a run that is gone from the catalogue; false if that was not begun.
    pub(crate) fn finish_removal(&self, run: &RunId) -> Result<bool> {
        let folder = self.run_dir(run);
        let disk = &self.env().disk;
        if !disk.exists(&folder.join(REMOVAL_NAME)) {
            return Ok(false);
        }
        let remove = || {
            self.part_store().remove_run(run)?;
            disk.remove_dir_all(&folder)?;
            disk.sync_dir(&self.root().join(RUNS))
        };
        remove().map_err(StoreError::io("remove", &folder))?;
        Ok(true)
    }

    /// Parts that the catalogue does not know are somebody's data: nothing is written beside them,
    /// because recovery would remove them as orphans.
    pub(crate) fn refuse_unknown_folder(&self, run: &RunId) -> Result<()> {
        for stage in Stage::ALL {
            for dataset in stage.outputs() {
                let parts = self
                    .part_store()
                    .list(run, *dataset)
                    .map_err(StoreError::io("look at", &self.run_dir(run)))?;
                if !parts.is_empty() {
                    let folder = self.run_dir(run);
                    return Err(StoreError::UnknownFolder { run: run.clone(), folder });
                }
            }
        }
        Ok(())
    }
}

/// Recovery meets the catalogue's errors and the part store's.
enum RecoveryFault {
    Store(StoreError),
    Io(std::io::Error),
}

impl RecoveryFault {
    fn into_error(self, folder: &Path) -> StoreError {
        match self {
            Self::Store(error) => error,
            Self::Io(source) => StoreError::io("put in order", folder)(source),
        }
    }
}

impl From<StoreError> for RecoveryFault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<std::io::Error> for RecoveryFault {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}
