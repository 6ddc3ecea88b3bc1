//! Where things are: the checkout and its target folder.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

pub struct Workspace {
    /// The folder of the workspace's Cargo.toml.
    pub root: PathBuf,
    /// Cargo's target folder.
    pub target: PathBuf,
}

impl Workspace {
    pub fn find() -> Result<Self> {
        // Cargo sets this for what it runs; the fallback is for running the binary by hand.
        let manifest_dir = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest_dir.parent().context("xtask must stand in the workspace")?.to_owned();
        let target = env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| root.join("target"), |dir| root.join(PathBuf::from(dir)));
        Ok(Self { root, target })
    }

    /// Where tools that are not on PATH are put.
    pub fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }

    /// The manifest of a crate, parsed.
    pub fn manifest(&self, krate: &str) -> Result<toml::Table> {
        let path = self.root.join("crates").join(krate).join("Cargo.toml");
        read_toml(&path)
    }
}

fn read_toml(path: &Path) -> Result<toml::Table> {
    let text =
        fs::read_to_string(path).with_context(|| format!("failed to read {}", path.display()))?;
    text.parse().with_context(|| format!("failed to parse {}", path.display()))
}

/// Whether this runs in CI, where a missing helper is a failure.
pub fn in_ci() -> bool {
    env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}
