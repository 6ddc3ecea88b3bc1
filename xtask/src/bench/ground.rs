//! What the benchmarks stand on: the release programs, a scratch folder, pages, a Python that
//! reads Parquet. The part of the command line that is common to them is here, too.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::machine;
use super::origin::{Origin, Serve};
use super::pages;
use crate::command::{cargo, passes};
use crate::tools;
use crate::workspace::Workspace;

/// What every benchmark can be told.
#[derive(clap::Args)]
pub struct Common {
    /// The jarvix program to measure; unless it is given, the release program is built
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
    /// Add the result to docs/BENCHMARKS.md
    #[arg(long)]
    write: bool,
}

impl Common {
    /// Prints the result as a dated section, and keeps it if that was asked for and it is `good`.
    pub fn tell(
        &self,
        workspace: &Workspace,
        told: (&str, &str),
        result: &str,
        good: bool,
    ) -> Result<()> {
        tell(workspace, told, result, self.write && good)
    }
}

/// Prints the result of a benchmark (subject and command) as a dated section, and may keep it.
pub fn tell(
    workspace: &Workspace,
    (subject, command): (&str, &str),
    result: &str,
    keep: bool,
) -> Result<()> {
    let section = machine::section_of_today(subject, command, result);
    println!("\n{section}");
    if keep {
        machine::keep(workspace, &section)?;
    }
    Ok(())
}

/// The ground of one benchmark.
pub struct Ground {
    /// The program that is measured.
    pub jarvix: PathBuf,
    /// For lists, data folders and made-up pages.
    pub scratch: PathBuf,
    origin: PathBuf,
}

impl Ground {
    /// Builds the programs that are needed.
    pub fn new(workspace: &Workspace, common: &Common) -> Result<Self> {
        let scratch = workspace.target.join("bench");
        std::fs::create_dir_all(&scratch)?;
        let release = workspace.target.join("release");
        let jarvix = match &common.program {
            Some(path) => {
                build(workspace, &["jarvix-origin"])?;
                path.canonicalize().with_context(|| format!("there is no {}", path.display()))?
            }
            None => {
                build(workspace, &["jarvix", "jarvix-origin"])?;
                release.join("jarvix")
            }
        };
        Ok(Self { jarvix, scratch, origin: release.join("jarvix-origin") })
    }

    /// Serves the pages of `corpus`, or made-up ones.
    pub fn serve(&self, corpus: Option<&Path>, serve: &Serve) -> Result<Origin> {
        let folder = match corpus {
            Some(folder) => folder.to_owned(),
            None => pages::folder(&self.scratch)?,
        };
        Origin::start(&self.origin, &folder, serve, &self.scratch)
    }

    /// A new, empty folder.
    pub fn empty_folder(&self, name: &str) -> Result<PathBuf> {
        empty_folder(&self.scratch, name)
    }
}

/// The folder `name` in `scratch`, with nothing in it.
pub fn empty_folder(scratch: &Path, name: &str) -> Result<PathBuf> {
    let folder = scratch.join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// Bytes of all files in a folder and below it; files that go meanwhile do not count.
pub fn bytes_in(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let data = entry.metadata().ok()?;
            Some(if data.is_dir() { bytes_in(&entry.path()) } else { data.len() })
        })
        .sum()
}

/// A Python that reads Parquet.
pub fn python(workspace: &Workspace) -> Result<PathBuf> {
    tools::python_with_readers(workspace)
}

/// The largest of `sizes`.
pub fn largest(sizes: &[usize]) -> Result<usize> {
    match sizes.iter().min() {
        Some(least) if *least > 0 => Ok(sizes.iter().copied().max().unwrap_or_default()),
        _ => bail!("--sizes needs numbers above 0"),
    }
}

fn build(workspace: &Workspace, packages: &[&str]) -> Result<()> {
    let mut build = cargo();
    build.args(["build", "--release", "--locked"]);
    build.args(packages.iter().flat_map(|package| ["--package", package]));
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

    #[test]
    fn no_size_may_be_nothing() {
        assert_eq!(largest(&[5, 20, 7]).unwrap(), 20);
        assert!(largest(&[]).is_err() && largest(&[0, 5]).is_err());
    }
}
