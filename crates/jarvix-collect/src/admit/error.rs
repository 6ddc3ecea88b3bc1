//! What can keep a run from taking in its input. A line that cannot be used is never among it.

use std::io;
use std::path::{Path, PathBuf};

use jarvix_store::StoreError;

use crate::frontier::FrontierError;
use crate::input::InputError;

/// Why admission or the frontier failed. The texts complete "failed to ...".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdmitError {
    /// An input cannot be read.
    #[error(transparent)]
    Input(#[from] InputError),
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
    /// An input is not what the run was begun with.
    #[error(
        "continue with {name}: {reason}; put back what it was (lines may be added at its end), or begin a new run with another --run"
    )]
    InputChanged {
        /// The input.
        name: String,
        /// In what it differs.
        reason: String,
    },
    /// What earlier sessions have written cannot be read.
    #[error(transparent)]
    Frontier(#[from] FrontierError),
}

impl AdmitError {
    pub(crate) fn disk(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Disk { action, path: path.to_owned(), source }
    }

    /// Whether the disk is full: free some space and continue.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Store(error) => error.is_disk_full(),
            Self::Disk { source, .. } | Self::Input(InputError::Io { source, .. }) => {
                matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            Self::Input(_) | Self::InputChanged { .. } | Self::Frontier(_) => false,
        }
    }
}
