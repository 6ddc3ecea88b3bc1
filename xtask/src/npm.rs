//! Packages from npm, each in a folder of its own below `target/tools`, with a fixed version. Node and
//! npm are taken from PATH or from Debian's packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use serde_json::Value;

use crate::command::passes;
use crate::debian::{debian, debian_named};
use crate::workspace::Workspace;

/// The `node_modules` that has `package` (name and version), in the tools' folder `folder`; `None`
/// if it is not to be had.
pub fn package(
    workspace: &Workspace,
    folder: &str,
    (name, version): (&str, &str),
) -> Result<Option<PathBuf>> {
    let folder = workspace.tools().join(folder);
    let modules = folder.join("node_modules");
    if version_in(&modules.join(name)).as_deref() == Some(version) {
        return Ok(Some(modules));
    }
    if !debian_named("node", "--version", "nodejs")? || !debian("npm", "--version")? {
        return Ok(None);
    }
    fs::create_dir_all(&folder)?;
    let mut install = Command::new("npm");
    // Nothing of a package runs while it is installed.
    install.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]);
    install.arg("--prefix").arg(&folder).arg(format!("{name}@{version}"));
    Ok(passes(&mut install)?.then_some(modules))
}

fn version_in(package: &Path) -> Option<String> {
    let text = fs::read_to_string(package.join("package.json")).ok()?;
    let manifest: Value = serde_json::from_str(&text).ok()?;
    Some(manifest["version"].as_str()?.to_owned())
}
