//! Getting the peers: from PATH, else from a package registry. What cannot be had is left out, and
//! the result says so by name.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::command::{cargo, outside, passes};
use crate::npm;
use crate::tools;
use crate::workspace::Workspace;

const PYTHON: &[(&str, &str)] =
    &[("Scrapy", "2.19.0"), ("aiohttp", "3.14.5"), ("uvloop", "0.23.0"), ("pyarrow", "26.0.1")];
const CRAWLEE: (&str, &str) = ("@crawlee/http", "3.18.1");

/// A Python with Scrapy and aiohttp.
pub fn python(workspace: &Workspace) -> Result<Option<PathBuf>> {
    tools::python_with(workspace, PYTHON)
}

/// The `node_modules` that has Crawlee.
pub fn crawlee(workspace: &Workspace) -> Result<Option<PathBuf>> {
    npm::package(workspace, "crawlee", CRAWLEE)
}

/// The twenty-line program. It is no member of the workspace: its dependencies are not ours.
pub fn twenty_lines(workspace: &Workspace, scripts: &Path) -> Result<Option<PathBuf>> {
    let target = workspace.target.join("bench/twenty-lines");
    let mut build = outside(cargo());
    build.args(["build", "--release", "--locked", "--quiet", "--manifest-path"]);
    build.arg(scripts.join("twenty-lines/Cargo.toml")).arg("--target-dir").arg(&target);
    Ok(passes(&mut build)?.then(|| target.join("release/twenty-lines")))
}
