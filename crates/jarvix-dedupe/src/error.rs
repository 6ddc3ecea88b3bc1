//! What can keep duplicates from being found. The texts complete "failed to ..."; documents that
//! cannot be compared are not among it, they have no duplicates.

use std::io;
use std::path::{Path, PathBuf};

use jarvix_core::limits;

/// Why duplicates could not be looked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DedupeError {
    /// The store: catalogue, parts, disk.
    #[error(transparent)]
    Store(#[from] jarvix_store::StoreError),
    /// The scratch folder.
    #[error("{action} {}", path.display())]
    Scratch {
        /// What was being done.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Threads could not be started.
    #[error("start threads: {reason}")]
    Threads {
        /// The system's answer.
        reason: String,
    },
    /// More than can be told apart.
    #[error(
        "compare {what}: at most {} earlier runs and 2^56 documents a run can be told apart",
        limits::DEDUPE_RUNS_MAX
    )]
    TooMany {
        /// Of what there is too much.
        what: &'static str,
    },
    /// Documents changed under it.
    #[error("find the URLs of duplicates: a documents part was exchanged meanwhile; try again")]
    Gone,
    /// It was asked to stop.
    #[error("find duplicates: it was stopped")]
    Stopped,
}

impl DedupeError {
    pub(crate) fn scratch(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Scratch { action, path: path.to_owned(), source }
    }
}
