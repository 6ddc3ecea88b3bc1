//! The files of the checkout, in memory: rules read this, so a test can make one up.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Folders of the checkout that hold nothing of ours: built, run, or version control's own.
const NOT_OURS: &[&str] = &["target", "data", ".git"];
/// Files larger than this are data, not something that a rule reads.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Text files by their path in the checkout, `/` between folders, in order.
pub struct Tree {
    files: BTreeMap<String, String>,
}

impl Tree {
    pub fn load(root: &Path) -> Result<Self> {
        let mut tree = Self { files: BTreeMap::new() };
        tree.load_folder(root, "")
            .with_context(|| format!("failed to read the checkout at {}", root.display()))?;
        Ok(tree)
    }

    fn load_folder(&mut self, folder: &Path, prefix: &str) -> Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            let kind = entry.file_type()?;
            if kind.is_dir() && !NOT_OURS.contains(&path.as_str()) {
                self.load_folder(&entry.path(), &format!("{path}/"))?;
            } else if kind.is_file() && entry.metadata()?.len() <= FILE_BYTES_MAX {
                // What is not text has no lines to look at.
                if let Ok(text) = String::from_utf8(fs::read(entry.path())?) {
                    self.files.insert(path, text);
                }
            }
        }
        Ok(())
    }

    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        let own = |&(path, text): &(&str, &str)| (path.to_owned(), text.to_owned());
        Self { files: files.iter().map(own).collect() }
    }

    pub fn get(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    pub fn set(&mut self, path: &str, text: String) {
        self.files.insert(path.to_owned(), text);
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// Rust sources.
    pub fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter().filter(|(path, _)| path.ends_with(".rs"))
    }

    /// The crates: name of the folder and manifest, or what is wrong with the manifest.
    pub fn manifests(&self) -> impl Iterator<Item = (&str, &str, Result<toml::Table, String>)> {
        self.iter().filter_map(|(path, text)| {
            let folder = path.strip_suffix("/Cargo.toml")?;
            let name = folder.strip_prefix("crates/").or((folder == "xtask").then_some(folder))?;
            Some((name, path, text.parse().map_err(|error: toml::de::Error| error.to_string())))
        })
    }
}
