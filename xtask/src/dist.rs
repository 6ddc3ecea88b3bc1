//! The program as it ships: optimised across crates, stripped, weighed.

use std::fs;

use anyhow::{Context, Result};

use crate::command::{cargo, passes};
use crate::workspace::Workspace;

pub fn run(workspace: &Workspace) -> Result<bool> {
    let mut build = cargo();
    build.args(["build", "--locked", "--profile", "dist", "--package", "jarvix"]);
    if !passes(build.current_dir(&workspace.root))? {
        return Ok(false);
    }
    let name = format!("jarvix{}", std::env::consts::EXE_SUFFIX);
    let program = workspace.target.join("dist").join(name);
    let bytes = fs::metadata(&program)
        .with_context(|| format!("failed to look at {}", program.display()))?
        .len();
    println!("{}: {:.1} MB, stripped", program.display(), bytes as f64 / 1e6);
    Ok(true)
}
