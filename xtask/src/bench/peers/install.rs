//! Getting the peers: from PATH, else from a package registry. What cannot be had is left out, and
//! the result says so by name.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use serde_json::Value;

use crate::command::{cargo, output, outside, passes};
use crate::tools;
use crate::workspace::Workspace;

const PYTHON: &[(&str, &str)] =
    &[("Scrapy", "2.19.0"), ("aiohttp", "3.14.5"), ("uvloop", "0.23.0"), ("pyarrow", "26.0.1")];
const CRAWLEE: (&str, &str) = ("@crawlee/http", "3.18.1");

/// Whether `program` starts, if need be after installing the Debian package of the same name.
pub fn debian(program: &str, says: &str) -> Result<bool> {
    debian_named(program, says, program)
}

/// The same for a package with a name of its own.
pub fn debian_named(program: &str, says: &str, package: &str) -> Result<bool> {
    // wrk answers with its help and a failure, so it is enough that it starts.
    let starts = || Command::new(program).arg(says).output().is_ok();
    if starts() {
        return Ok(true);
    }
    if !is_root() {
        eprintln!("{program} is not installed, and only root can install its package {package}");
        return Ok(false);
    }
    let install = || {
        let mut install = Command::new("apt-get");
        install.env("DEBIAN_FRONTEND", "noninteractive");
        passes(install.args(["install", "--yes", "--no-install-recommends", package]))
    };
    let update = || passes(Command::new("apt-get").arg("update"));
    // A list of packages that is old names versions that are gone.
    let installed =
        install().unwrap_or(false) || (update().unwrap_or(false) && install().unwrap_or(false));
    Ok(installed && starts())
}

fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0")
}

/// A Python with Scrapy and aiohttp.
pub fn python(workspace: &Workspace) -> Result<Option<PathBuf>> {
    tools::python_with(workspace, PYTHON)
}

/// The `node_modules` that has Crawlee.
pub fn crawlee(workspace: &Workspace) -> Result<Option<PathBuf>> {
    let (name, version) = CRAWLEE;
    let folder = workspace.tools().join("crawlee");
    let modules = folder.join("node_modules");
    if version_in(&modules.join(name)).as_deref() == Some(version) {
        return Ok(Some(modules));
    }
    if !debian_named("node", "--version", "nodejs")? || !debian("npm", "--version")? {
        return Ok(None);
    }
    fs::create_dir_all(&folder)?;
    let mut install = Command::new("npm");
    install.args(["install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"]);
    install.arg(&folder).arg(format!("{name}@{version}"));
    Ok(passes(&mut install)?.then_some(modules))
}

fn version_in(package: &Path) -> Option<String> {
    let text = fs::read_to_string(package.join("package.json")).ok()?;
    let manifest: Value = serde_json::from_str(&text).ok()?;
    Some(manifest["version"].as_str()?.to_owned())
}

/// The twenty-line program. It is no member of the workspace: its dependencies are not ours.
pub fn twenty_lines(workspace: &Workspace, scripts: &Path) -> Result<Option<PathBuf>> {
    let target = workspace.target.join("bench/twenty-lines");
    let mut build = outside(cargo());
    build.args(["build", "--release", "--locked", "--quiet", "--manifest-path"]);
    build.arg(scripts.join("twenty-lines/Cargo.toml")).arg("--target-dir").arg(&target);
    Ok(passes(&mut build)?.then(|| target.join("release/twenty-lines")))
}
