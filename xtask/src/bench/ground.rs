//! What every benchmark stands on: the release programs, a scratch folder, pages, and an origin
//! that serves them. The part of the command line that says so is here, too.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::origin::Origin;
use super::pages;
use crate::command::{cargo, passes};
use crate::tools;
use crate::workspace::Workspace;

/// The ground of one benchmark; dropping it ends the origin.
pub struct Ground {
    /// Where the release programs are.
    pub release: PathBuf,
    /// For lists, data folders and made-up pages.
    pub scratch: PathBuf,
    /// A Python that reads Parquet.
    pub python: PathBuf,
    /// Serves the pages.
    pub origin: Origin,
}

impl Ground {
    /// Builds the programs and serves the pages of `corpus`, or made-up ones, under as many URLs
    /// as the largest of `sizes`.
    pub fn new(workspace: &Workspace, corpus: Option<&Path>, sizes: &[usize]) -> Result<Self> {
        let Some(count_max) = sizes.iter().copied().max().filter(|max| *max > 0) else {
            bail!("--sizes needs a number above 0");
        };
        build(workspace)?;
        let scratch = workspace.target.join("bench");
        std::fs::create_dir_all(&scratch)?;
        let folder = match corpus {
            Some(folder) => folder.to_owned(),
            None => pages::folder(&scratch)?,
        };
        let python = tools::python_with_readers(workspace)?;
        let release = workspace.target.join("release");
        let origin = Origin::start(&release.join("jarvix-origin"), &folder, count_max, &scratch)?;
        Ok(Self { release, scratch, python, origin })
    }
}

fn build(workspace: &Workspace) -> Result<()> {
    let mut build = cargo();
    build.args([
        "build",
        "--release",
        "--locked",
        "--package",
        "jarvix",
        "--package",
        "jarvix-origin",
    ]);
    if !passes(build.current_dir(&workspace.root))? {
        bail!("the programs could not be built");
    }
    Ok(())
}

/// `--sizes ... --corpus ...` as they were given; of the corpus's path what does not tell of the
/// machine.
pub fn flags(sizes: &[usize], corpus: Option<&Path>) -> String {
    let sizes: Vec<String> = sizes.iter().map(ToString::to_string).collect();
    let mut flags = format!("--sizes {}", sizes.join(","));
    if let Some(folder) = corpus {
        let names: Vec<_> = folder.iter().map(|name| name.to_string_lossy()).collect();
        let last = &names[names.len().saturating_sub(2)..];
        flags.push_str(&format!(" --corpus {}", last.join("/")));
    }
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_does_not_tell_where_the_corpus_lies() {
        assert_eq!(flags(&[10], None), "--sizes 10");
        let corpus = Path::new("/mnt/corpora/set/html");
        assert_eq!(flags(&[10, 20], Some(corpus)), "--sizes 10,20 --corpus set/html");
        assert_eq!(flags(&[1], Some(Path::new("html"))), "--sizes 1 --corpus html");
    }
}
