//! Programs from Debian's packages, installed where we may: as root on a system that has apt-get.

use std::process::Command;

use anyhow::Result;

use crate::command::{output, passes};

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
