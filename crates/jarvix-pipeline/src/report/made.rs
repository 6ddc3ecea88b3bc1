//! What of a batch is made already: a list beside the files, with a key that says what they were made
//! of. Whoever begins the batch again goes on behind them.
//!
//! What it refuses to do: believe a list of another key, or a file that is not in it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jarvix_core::{Dataset, Disk, RunId};
use jarvix_store::Store;

use super::{ReportSettings, file_error};
use crate::summary::earlier;
use crate::{LineError, generations};

/// The list's name.
const LIST: &str = ".jarvix-reports";
/// Longest list that is read.
const LIST_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Longest name of a file, without its ending.
const STEM_BYTES_MAX: usize = 80;

/// The files of a batch that are made.
pub(super) struct Made<'a> {
    disk: &'a dyn Disk,
    folder: PathBuf,
    key: String,
    names: BTreeSet<String>,
    unsaved: usize,
}

impl<'a> Made<'a> {
    /// What is made in `folder` of the batch of that key; nothing, if it is to be made anew.
    pub(super) fn open(
        disk: &'a dyn Disk,
        folder: &Path,
        key: String,
        anew: bool,
    ) -> Result<Self, LineError> {
        disk.create_dir_all(folder).map_err(file_error("make", folder))?;
        let path = folder.join(LIST);
        let text = match disk.exists(&path) && !anew {
            true => disk.read(&path, LIST_BYTES_MAX).map_err(file_error("read", &path))?,
            false => Vec::new(),
        };
        let text = String::from_utf8_lossy(&text);
        let mut lines = text.lines();
        let names = match lines.next() == Some(&key) {
            true => lines.map(str::to_owned).collect(),
            false => BTreeSet::new(),
        };
        Ok(Self { disk, folder: folder.to_owned(), key, names, unsaved: 0 })
    }

    /// Whether the file of that name is made and there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains(name) && self.disk.exists(&self.folder.join(name))
    }

    /// Takes down that a file is made; the list is saved now and then.
    pub(super) fn add(&mut self, name: String) -> Result<(), LineError> {
        self.names.insert(name);
        self.unsaved += 1;
        // Each time a tenth is new, so that saving costs no more than the files.
        if self.unsaved > 16 + self.names.len() / 10 { self.save() } else { Ok(()) }
    }

    /// Saves the list.
    pub(super) fn save(&mut self) -> Result<(), LineError> {
        let mut text = format!("{}\n", self.key);
        for name in &self.names {
            text.push_str(name);
            text.push('\n');
        }
        let path = self.folder.join(LIST);
        self.unsaved = 0;
        self.disk.replace(&path, text.as_bytes()).map_err(file_error("write", &path))
    }
}

/// What reports of `run` are made of beside `what`: its parts, those of the runs that it is compared with, and how
/// they are to look.
pub(super) fn key(
    store: &Store,
    run: &RunId,
    settings: &ReportSettings,
    what: &[&str],
) -> Result<String, LineError> {
    let catalogue = store.catalogue();
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let mut facts = vec![version, format!("{settings:?}")];
    facts.extend(what.iter().map(|fact| (*fact).to_owned()));
    for dataset in Dataset::ALL {
        facts.extend(catalogue.parts(run, dataset)?.into_iter().map(|part| part.hash));
    }
    for other in earlier(store, run)?.0 {
        facts.push(other.to_string());
        facts.extend(catalogue.parts(&other, Dataset::Scores)?.into_iter().map(|part| part.hash));
    }
    Ok(generations::key("report", &facts.iter().map(String::as_str).collect::<Vec<_>>()))
}

/// A file's name for something that a page named: letters, digits, dots and dashes, never a path, and
/// never the same for two.
pub(super) fn stem(name: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '_' };
    let mut stem: String = name.to_lowercase().chars().map(keep).take(STEM_BYTES_MAX).collect();
    if stem.starts_with('.') {
        stem.replace_range(..1, "_");
    }
    // Names that begin so are ours.
    if stem != name || stem.is_empty() || stem.starts_with('_') {
        stem.push('~');
        stem.push_str(&blake3::hash(name.as_bytes()).to_hex()[..8]);
    }
    stem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_from_a_page_is_a_file_name_of_its_own() {
        assert_eq!(stem("www.example.org"), "www.example.org");
        let odd = [
            "../../etc/passwd",
            "..",
            "",
            "a/b",
            "a_b/",
            "Example.ORG",
            "example.org:8080",
            "日本",
            "_local-files",
        ];
        let stems: BTreeSet<String> = odd.into_iter().map(stem).collect();
        assert_eq!(stems.len(), odd.len(), "{stems:?}");
        for stem in &stems {
            assert!(!stem.starts_with('.') && !stem.contains(['/', '\\', ':']), "{stem}");
            assert!(stem.contains('~') && stem.is_ascii());
        }
        assert!(stem(&"a".repeat(5_000)).len() < 100);
    }
}
