//! What can go wrong in the store: a kind, a place and a way out. The texts complete "failed to ...";
//! the cause below stands in `source()`. Damaged pages are not here: they are data.

use std::io;
use std::path::{Path, PathBuf};

use jarvix_core::{Dataset, Generation, PartName, RunId, Stage};

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file system refused.
    #[error("{action} {}", path.display())]
    Io {
        /// What was being done.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// SQLite refused.
    #[error("{action} in the catalogue")]
    Catalogue {
        /// What was being done.
        action: &'static str,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The catalogue was written by a newer Jarvix.
    #[error(
        "open {}: its schema version is {found} and this Jarvix knows up to {known}; use the newer Jarvix that wrote it, or another --data folder",
        path.display()
    )]
    CatalogueNewer {
        /// The catalogue.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that this program can read.
        known: i64,
    },
    /// The catalogue is not one, or holds something that no Jarvix writes.
    #[error(
        "read the catalogue: {reason}; put back a copy of it, or collect into another --data folder"
    )]
    CatalogueDamaged {
        /// What is wrong with it.
        reason: String,
    },
    /// A part is not what was committed.
    #[error("read {place}: {reason}; `jarvix verify` lists everything that is damaged")]
    Damaged {
        /// The part, or its file.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A part is not there any more because its generation was switched or its run removed.
    #[error(
        "open {place}: it is not there; readers that began before a switch ask the catalogue again"
    )]
    Gone {
        /// The part.
        place: String,
    },
    /// Parquet or Arrow refused to write.
    #[error("write {place}")]
    Encode {
        /// The part.
        place: String,
        /// What the library said.
        source: parquet::errors::ParquetError,
    },
    /// Rows do not have the columns of their dataset.
    #[error("write {dataset}: {reason}")]
    Columns {
        /// The dataset.
        dataset: Dataset,
        /// What does not fit.
        reason: String,
    },
    /// There is no such run.
    #[error("find run {run}: there is no such run here; `jarvix runs` lists them")]
    UnknownRun {
        /// The run.
        run: RunId,
    },
    /// A run of that name is there already.
    #[error("create run {run}: there is one of that name; continue it, or choose another --run")]
    RunExists {
        /// The run.
        run: RunId,
    },
    /// The run's folder holds parts that the catalogue does not know.
    #[error(
        "open run {run}: {} holds parts, but the catalogue does not know the run; choose another --run, or move the folder away",
        folder.display()
    )]
    UnknownFolder {
        /// The run.
        run: RunId,
        /// Its folder.
        folder: PathBuf,
    },
    /// Another process works on the run.
    #[error("lock run {run}: it is held by {holder}; wait for it to end, or stop it")]
    Locked {
        /// The run.
        run: RunId,
        /// Who holds it, and since when.
        holder: String,
    },
    /// A folder of the run is not a folder but leads elsewhere.
    #[error("open {}: it is a link or not a folder, and data may not lead out of its folder; remove it", path.display())]
    Escapes {
        /// The path.
        path: PathBuf,
    },
    /// The stage has no such generation.
    #[error(
        "use generation {generation} of {stage} in run {run}: it is not under way and not current"
    )]
    UnknownGeneration {
        /// The run.
        run: RunId,
        /// The stage.
        stage: Stage,
        /// The generation.
        generation: Generation,
    },
    /// The same part is committed with other content.
    #[error("commit {dataset} {name} of run {run}: it is committed already, with other content")]
    Conflict {
        /// The run.
        run: RunId,
        /// The dataset.
        dataset: Dataset,
        /// The part.
        name: PartName,
    },
    /// A commit covers ordinals that are covered already.
    #[error("commit {stage} of run {run}: {count} of its ordinals are covered by earlier parts")]
    Overlap {
        /// The run.
        run: RunId,
        /// The stage.
        stage: Stage,
        /// How many.
        count: u64,
    },
    /// A commit that does not say a whole unit of work.
    #[error("commit {stage} of run {run}: {reason}")]
    InvalidCommit {
        /// The run.
        run: RunId,
        /// The stage.
        stage: Stage,
        /// What is wrong with it.
        reason: String,
    },
}

impl StoreError {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }

    pub(crate) fn sql(action: &'static str) -> impl FnOnce(rusqlite::Error) -> Self {
        move |source| match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
                Self::CatalogueDamaged { reason: source.to_string() }
            }
            _ => Self::Catalogue { action, source },
        }
    }

    /// Whether the disk is full: pause or end, free some space, continue.
    pub fn is_disk_full(&self) -> bool {
        let full = |error: &io::Error| {
            matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
        };
        match self {
            Self::Io { source, .. } => full(source),
            Self::Catalogue { source, .. } => {
                source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
            }
            Self::Encode { source: parquet::errors::ParquetError::External(cause), .. } => {
                cause.downcast_ref::<io::Error>().is_some_and(full)
            }
            _ => false,
        }
    }

    /// Whether another process holds the run.
    pub fn is_locked(&self) -> bool {
        matches!(self, Self::Locked { .. })
    }
}
