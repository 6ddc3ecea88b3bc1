//! What of a batch is made already: a list beside the files, with a key that says what they were made
//! of. Whoever begins the batch again goes on behind them.
//!
//! What it refuses to do: believe a list of another key, or a file that is not in it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jarvix_core::{Dataset, Disk, RunId};
use jarvix_store::Store;

use super::{ReportSettings, file_error, scores_are_old};
use crate::summary::{earlier, scored_by};
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
    /// What it is a batch of, such as a run and what it is split by.
    what: String,
    names: BTreeSet<String>,
    /// Files of an earlier batch of the same, under another key.
    stale: BTreeSet<String>,
    unsaved: usize,
}

impl<'a> Made<'a> {
    /// What is made in `folder` of that batch, of `what` and by `key`; nothing, if it is to be made anew.
    /// A folder with the reports of something else is refused: they would be mixed.
    pub(super) fn open(
        disk: &'a dyn Disk,
        folder: &Path,
        (what, key): (String, String),
        anew: bool,
    ) -> Result<Self, LineError> {
        disk.create_dir_all(folder).map_err(file_error("make", folder))?;
        let path = folder.join(LIST);
        let text = match disk.exists(&path) {
            true => disk.read(&path, LIST_BYTES_MAX).map_err(file_error("read", &path))?,
            false => Vec::new(),
        };
        let text = String::from_utf8_lossy(&text);
        let mut lines = text.lines();
        let (made_by, made_of) = (lines.next(), lines.next());
        if let Some(other) = made_of.filter(|other| *other != what) {
            let (folder, other) = (folder.display().to_string(), other.to_owned());
            return Err(LineError::OtherReports { folder, other });
        }
        let listed: BTreeSet<String> = lines.map(str::to_owned).collect();
        let (names, stale) = match made_by == Some(&key) && !anew {
            true => (listed, BTreeSet::new()),
            false => (BTreeSet::new(), listed),
        };
        Ok(Self { disk, folder: folder.to_owned(), key, what, names, stale, unsaved: 0 })
    }

    /// Takes away what an earlier batch made and this one did not: the reports of groups that are gone.
    pub(super) fn sweep(&mut self) -> Result<(), LineError> {
        for name in std::mem::take(&mut self.stale) {
            let path = self.folder.join(&name);
            if !self.names.contains(&name) && self.disk.exists(&path) {
                self.disk.remove_file(&path).map_err(file_error("remove", &path))?;
            }
        }
        self.save()
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
        let mut text = format!("{}\n{}\n", self.key, self.what);
        for name in self.names.union(&self.stale) {
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
    let (others, left_out) = earlier(store, run)?;
    facts.push(left_out.to_string());
    for other in others {
        facts.push(other.to_string());
        for dataset in [Dataset::Documents, Dataset::Scores] {
            facts.extend(catalogue.parts(&other, dataset)?.into_iter().map(|part| part.hash));
        }
    }
    facts.push(scores_are_old(store, run)?.to_string());
    facts.push(format!("{:?}", scored_by(store, run)?));
    Ok(generations::key("report", &facts.iter().map(String::as_str).collect::<Vec<_>>()))
}

/// A file's name for something that a page named: letters, digits, dots and dashes, never a path, and
/// never the same for two.
pub(super) fn stem(name: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '_' };
    let mut stem: String = name.to_lowercase().chars().map(keep).take(STEM_BYTES_MAX).collect();
    // A word in capitals, such as an action, is the same word.
    let is_capitals = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase());
    if is_capitals && name.len() <= STEM_BYTES_MAX {
        return name.to_owned();
    }
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
