//! A data folder and lists of URLs that are gone when the test is over.

use std::io::Write;
use std::path::{Path, PathBuf};

use jarvix_core::Env;
use jarvix_store::{Store, system_env};
use tempfile::TempDir;

/// A temporary data folder with its store open.
pub struct TempData {
    folder: TempDir,
    store: Store,
}

impl TempData {
    /// A new data folder on the real disk with the real clock.
    ///
    /// # Panics
    /// When the folder cannot be made or the store cannot be opened.
    pub fn new() -> Self {
        Self::with_env(system_env())
    }

    /// A new data folder whose store sees the world through `env`.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub fn with_env(env: Env) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(&folder.path().join("data"), env).expect("an open store");
        Self { folder, store }
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The temporary folder, in which the data folder is `data`.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a list of `lines` into the temporary folder.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn list_file<L: AsRef<str>>(&self, lines: impl IntoIterator<Item = L>) -> PathBuf {
        list_file(self.path(), lines)
    }
}

impl Default for TempData {
    fn default() -> Self {
        Self::new()
    }
}

/// Writes `urls.txt` into `folder`, a line each, and gives its path.
///
/// # Panics
/// When it cannot be written.
pub fn list_file<L: AsRef<str>>(folder: &Path, lines: impl IntoIterator<Item = L>) -> PathBuf {
    let path = folder.join("urls.txt");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).expect("urls.txt"));
    for line in lines {
        writeln!(file, "{}", line.as_ref()).expect("a line of urls.txt");
    }
    file.flush().expect("urls.txt on disk");
    path
}
