//! Whether what lies in the store is what was committed. It reports and changes nothing.

use std::collections::HashSet;
use std::fmt;
use std::io;

use jarvix_core::{Dataset, Generation, PartRef, RunId, Stage};

use crate::parts::Address;
use crate::reader::{compare, rows_in_footer};
use crate::{Store, StoreError};

type Result<T> = std::result::Result<T, StoreError>;

/// What kind of damage was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DamageKind {
    /// A committed part is not there.
    Missing,
    /// A part has another size than was committed.
    Size,
    /// A part has other content than was committed.
    Hash,
    /// Something lies among the parts that the catalogue does not know.
    Unlisted,
    /// A part cannot be read.
    Unreadable,
    /// A folder holds another generation than the one that readers should see.
    Generation,
    /// The catalogue's own file is damaged.
    Catalogue,
}

impl DamageKind {
    /// The word in reports and in `--json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Size => "size",
            Self::Hash => "hash",
            Self::Unlisted => "unlisted",
            Self::Unreadable => "unreadable",
            Self::Generation => "generation",
            Self::Catalogue => "catalogue",
        }
    }
}

impl fmt::Display for DamageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that is not as it was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// What kind.
    pub kind: DamageKind,
    /// The file or folder.
    pub file: String,
    /// What is wrong, in words.
    pub reason: String,
    /// The committed part it is about, if it is about one.
    pub part: Option<PartRef>,
}

/// What `verify` found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Committed parts that were looked at.
    pub parts: u64,
    /// Their bytes, as committed.
    pub bytes: u64,
    /// Their rows, as committed.
    pub rows: u64,
    /// Everything that is not as it was committed.
    pub damages: Vec<Damage>,
}

impl VerifyReport {
    /// Whether everything is as it was committed.
    pub fn is_ok(&self) -> bool {
        self.damages.is_empty()
    }

    fn add(&mut self, kind: DamageKind, file: String, reason: impl Into<String>) {
        self.damages.push(Damage { kind, file, reason: reason.into(), part: None });
    }
}

impl Store {
    /// Compares every part of a run with the catalogue, sizes and hashes, and every file with the
    /// catalogue's list. Meant for a run that nobody works on: parts in the making are `unlisted`.
    pub fn verify(&self, run: &RunId) -> Result<VerifyReport> {
        if self.catalogue().run(run)?.is_none() {
            return Err(StoreError::UnknownRun { run: run.clone() });
        }
        let mut report = VerifyReport::default();
        for problem in self.catalogue().check()? {
            let file = self.catalogue().path().display().to_string();
            report.add(DamageKind::Catalogue, file, problem);
        }
        let parts = self.catalogue().parts_of_run(run)?;
        for part in &parts {
            report.parts += 1;
            report.bytes += part.bytes;
            report.rows += part.rows;
            if let Some((kind, reason)) = self.look_at(part) {
                let file = self.part_path(part).display().to_string();
                report.damages.push(Damage { kind, file, reason, part: Some(part.clone()) });
            }
        }
        let committed = parts.iter().map(Address::from).collect();
        for stage in Stage::ALL {
            for dataset in stage.outputs() {
                self.look_for_strangers(run, stage, *dataset, &committed, &mut report)?;
            }
        }
        Ok(report)
    }

    /// What is wrong with a committed part; `None` if nothing is.
    fn look_at(&self, part: &PartRef) -> Option<(DamageKind, String)> {
        let file = match self.part_store().open(&Address::from(part)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Some((DamageKind::Missing, "it is committed and not there".to_owned()));
            }
            Err(error) => return Some((DamageKind::Unreadable, error.to_string())),
        };
        match compare(part, &*file) {
            Ok(None) => {}
            Ok(Some(reason)) if file.size() == part.bytes => {
                return Some((DamageKind::Hash, reason));
            }
            Ok(Some(reason)) => return Some((DamageKind::Size, reason)),
            Err(error) => return Some((DamageKind::Unreadable, error.to_string())),
        }
        match rows_in_footer(part, file) {
            Ok(rows) if rows == part.rows => None,
            Ok(rows) => {
                let reason = format!("it has {rows} rows instead of {}", part.rows);
                Some((DamageKind::Unreadable, reason))
            }
            Err(error) => Some((DamageKind::Unreadable, error.to_string())),
        }
    }

    fn look_for_strangers(
        &self,
        run: &RunId,
        stage: Stage,
        dataset: Dataset,
        committed: &HashSet<Address>,
        report: &mut VerifyReport,
    ) -> Result<()> {
        let folder = self.run_dir(run).join(dataset.as_str());
        let place = folder.display().to_string();
        let current = self.catalogue().generation(run, stage)?;
        let current = current.map_or(Generation::FIRST, |record| record.generation);
        let looked = (|| {
            let parts = self.part_store();
            let promoted = parts.promoted(run, dataset)?;
            Ok::<_, io::Error>((promoted, parts.list(run, dataset)?, parts.strays(run, dataset)?))
        })();
        let (promoted, listed, strays) = match looked {
            Ok(found) => found,
            Err(error) => {
                report.add(DamageKind::Unreadable, place, error.to_string());
                return Ok(());
            }
        };
        if promoted != current {
            let reason = format!("it holds generation {promoted} instead of {current}");
            report.add(DamageKind::Generation, place, reason);
        }
        for stored in listed {
            if !committed.contains(&stored.address) {
                let file = self.path_of(&stored.address).display().to_string();
                report.add(DamageKind::Unlisted, file, "the catalogue does not know this part");
            }
        }
        for stray in strays {
            report.add(DamageKind::Unlisted, stray, "it is not a part");
        }
        Ok(())
    }
}
