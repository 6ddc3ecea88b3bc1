//! Damaged parts set aside: moved out of every reader's way and forgotten, so that the next run
//! makes their rows again. Nothing is repaired here and nothing that was damaged is thrown away.

use std::io;
use std::path::{Path, PathBuf};

use jarvix_core::{Generation, PartRef, RunId};

use crate::faults::fault;
use crate::parts::Address;
use crate::store::RUNS;
use crate::verify::Damage;
use crate::{Store, StoreError, folders};

type Result<T> = std::result::Result<T, StoreError>;

/// Where damaged parts of a run lie.
const QUARANTINE: &str = ".quarantine";

/// What was set aside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quarantined {
    /// Where the damaged files lie now.
    pub files: Vec<PathBuf>,
    /// Every part that is no longer there: the damaged ones, what was committed with them and
    /// what was made of them.
    pub parts: Vec<PartRef>,
}

impl Store {
    /// Sets the damaged parts among `damages` aside: their files go to `.quarantine` in the run's
    /// folder, and they leave the catalogue with all that was committed with them or made of them.
    /// The run is unfinished then, and going on with it makes the rows again. Damage that is not
    /// of a part stays, and so do parts that may be sound: those that cannot be opened, and those
    /// of a folder that holds another generation. Only for who holds the run's lock; repeating it
    /// after a kill does no harm.
    pub fn quarantine(&self, run: &RunId, damages: &[Damage]) -> Result<Quarantined> {
        let mut damaged = Vec::new();
        for part in damages.iter().filter_map(|damage| damage.part.as_ref()) {
            if !self.may_be_sound(part)? {
                damaged.push(Address::from(part));
            }
        }
        let mut done = Quarantined::default();
        if damaged.is_empty() {
            return Ok(done);
        }
        // First the files: a part that is committed and not there is found again.
        for at in &damaged {
            let folder = self.run_dir(run).join(QUARANTINE);
            let moved =
                self.set_aside(at).map_err(StoreError::io("set parts aside in", &folder))?;
            done.files.extend(moved);
        }
        fault!("quarantine::after_move");
        done.parts = self.catalogue().take_out(run, &damaged)?;
        fault!("quarantine::after_tx");
        for part in &done.parts {
            self.forget_staged(part);
            // What is sound among them would be an orphan.
            self.remove_file(&Address::from(part))?;
        }
        Ok(done)
    }

    fn may_be_sound(&self, part: &PartRef) -> Result<bool> {
        let at = Address::from(part);
        let current = self.catalogue().generation(&at.run, at.dataset.stage())?;
        let current = current.map_or(Generation::FIRST, |record| record.generation);
        let folder = self.run_dir(&at.run).join(at.dataset.as_str());
        let look = StoreError::io("look at", &folder);
        if self.part_store().promoted(&at.run, at.dataset).map_err(look)? != current {
            return Ok(true);
        }
        let opened = self.part_store().open(&at);
        Ok(opened.is_err_and(|error| error.kind() != io::ErrorKind::NotFound))
    }

    /// Moves the file of a part; where it lies now, if it was there.
    fn set_aside(&self, at: &Address) -> io::Result<Option<PathBuf>> {
        let disk = &*self.env().disk;
        let from = self.part_store().local_path(at).ok_or(io::ErrorKind::Unsupported)?;
        if !disk.exists(&from) {
            return Ok(None);
        }
        let inside = Path::new(RUNS).join(at.run.as_str()).join(QUARANTINE);
        let folder = folders::make(disk, self.root(), &inside)?;
        let (dataset, generation, name) = (at.dataset, at.generation, at.name);
        let mut to = folder.join(format!("{dataset}.g{generation}.{}", name.file_name()));
        // One of that name may have been damaged before.
        for number in 2.. {
            if !disk.exists(&to) {
                break;
            }
            to = folder.join(format!("{dataset}.g{generation}.{number}.{}", name.file_name()));
        }
        disk.rename(&from, &to)?;
        disk.sync_dir(&folder)?;
        disk.sync_dir(from.parent().unwrap_or(Path::new(".")))?;
        Ok(Some(to))
    }
}
