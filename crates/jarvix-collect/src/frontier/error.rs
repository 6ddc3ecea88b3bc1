//! Why the frontier cannot be read. The texts complete "failed to ...".

use std::io;
use std::path::{Path, PathBuf};

use jarvix_store::StoreError;

/// Why the frontier cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FrontierError {
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The disk refused.
    #[error("{action} {}", path.display())]
    Disk {
        /// What was being done.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The frontier's files are not what was committed.
    #[error("read {place}: {reason}; put back a copy of it, or begin a new run with another --run")]
    Damaged {
        /// Which file.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl FrontierError {
    pub(crate) fn disk(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Disk { action, path: path.to_owned(), source }
    }
}
