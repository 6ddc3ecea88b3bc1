//! The extractors of the curate benchmark: how each is had and called. All are given the same folder
//! and name the file to write; none of them counts or judges for itself.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::{cargo, outside, passes};
use crate::tools;
use crate::workspace::Workspace;

use super::JARVIX;

/// What is installed from PyPI, one call of pip each: an older pip stumbles over the two spellings
/// of lxml's extra when it is to install both at once.
const PYTHON: [&[(&str, &str)]; 2] =
    [&[("trafilatura", "2.3.1"), ("resiliparse", "2.0.1")], &[("readability-lxml", "0.9")]];

/// An extractor.
pub struct Peer {
    pub name: &'static str,
    /// Whether it also looks for title, author and day.
    pub metadata: bool,
    /// What it does not do.
    pub without: &'static str,
    /// The program, ready for the folder of pages and the file to write.
    pub command: Box<dyn Fn() -> Command>,
}

/// How a peer stands in the tables: its name, whether it has metadata, what it leaves out.
type Entry = (&'static str, bool, &'static str);

const ALL_BUT_TEXT: &str = "metadata, Markdown, language, signals, gates, links";

const OF_PYTHON: [Entry; 5] = [
    ("trafilatura", false, ALL_BUT_TEXT),
    ("trafilatura-fast", false, "fallbacks, metadata, Markdown, language, signals, gates, links"),
    ("trafilatura-metadata", true, "Markdown, language, signals, gates, links"),
    ("resiliparse", false, ALL_BUT_TEXT),
    ("readability-lxml", false, "author, day, Markdown, language, signals, gates, links"),
];
const OF_RUST: [Entry; 2] = [
    ("rs-trafilatura", true, "Markdown, language, signals, gates, links"),
    ("dom_smoothie", true, "Markdown, language, signals, gates, links"),
];

/// Jarvix and those of its peers that are to be had; and what the others are.
pub fn all(workspace: &Workspace, jarvix: &Path) -> Result<(Vec<Peer>, Vec<&'static str>)> {
    let (mut peers, mut missing) = (Vec::new(), Vec::new());
    let jarvix = jarvix.to_owned();
    let command: Box<dyn Fn() -> Command> = Box::new(move || Command::new(&jarvix));
    peers.push(Peer { name: JARVIX, metadata: true, without: "nothing", command });
    let script = workspace.root.join("bench/curate/peers.py");
    let python = python(workspace)?.map(|python| vec![python, script]);
    let rust = rust(workspace)?.map(|program| vec![program]);
    let of_python = OF_PYTHON.into_iter().map(|entry| (entry, &python));
    for ((name, metadata, without), words) in
        of_python.chain(OF_RUST.into_iter().map(|entry| (entry, &rust)))
    {
        let Some(words) = words.clone() else {
            missing.push(name);
            continue;
        };
        let command: Box<dyn Fn() -> Command> = Box::new(move || {
            let mut command = Command::new(&words[0]);
            command.args(&words[1..]).arg(name);
            command
        });
        peers.push(Peer { name, metadata, without, command });
    }
    Ok((peers, missing))
}

fn python(workspace: &Workspace) -> Result<Option<PathBuf>> {
    let mut python = None;
    for packages in PYTHON {
        python = tools::python_with(workspace, packages)?;
        if python.is_none() {
            return Ok(None);
        }
    }
    Ok(python)
}

/// The extractors of Rust. They are no members of the workspace: their dependencies are not ours.
fn rust(workspace: &Workspace) -> Result<Option<PathBuf>> {
    let target = workspace.target.join("bench/curate-peers");
    let mut build = outside(cargo());
    build.args(["build", "--release", "--locked", "--quiet", "--manifest-path"]);
    build.arg(workspace.root.join("bench/curate/rust/Cargo.toml")).arg("--target-dir").arg(&target);
    Ok(passes(&mut build)?.then(|| target.join("release/curate-peers")))
}

/// What a program says of itself: `bench pages=10 failed=0 cpu_s=1.000 wall_s=1.000`. Start, reading
/// and writing are not in its seconds.
#[derive(Debug, PartialEq)]
pub struct Took {
    pub pages: u64,
    /// Pages on which it broke off.
    pub failed: u64,
    pub cpu_s: f64,
    pub wall_s: f64,
}

impl Took {
    pub fn parse(stdout: &str) -> Result<Self> {
        let line = stdout.lines().find_map(|line| line.strip_prefix("bench "));
        let line = line.with_context(|| format!("there is no line of numbers in {stdout:?}"))?;
        let number = |name: &str| -> Result<f64> {
            let mut pairs = line.split_whitespace().filter_map(|word| word.split_once('='));
            let value = pairs.find(|(key, _)| *key == name).map(|(_, value)| value);
            let value = value.with_context(|| format!("{name} is missing in {line:?}"))?;
            value.parse().with_context(|| format!("{name} is not a number in {line:?}"))
        };
        let (pages, failed) = (number("pages")? as u64, number("failed")? as u64);
        Ok(Self { pages, failed, cpu_s: number("cpu_s")?, wall_s: number("wall_s")? })
    }

    pub fn pages_per_cpu_s(&self) -> f64 {
        self.pages as f64 / self.cpu_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_says_what_it_took() {
        let took = Took::parse("warning\nbench pages=10 failed=1 cpu_s=2.500 wall_s=3\n").unwrap();
        assert_eq!(took, Took { pages: 10, failed: 1, cpu_s: 2.5, wall_s: 3.0 });
        assert_eq!(took.pages_per_cpu_s(), 4.0);
        let missing = Took::parse("bench pages=10 failed=1 cpu_s=2.5").unwrap_err();
        assert!(missing.to_string().contains("wall_s"), "{missing}");
        assert!(Took::parse("pages=10").is_err());
    }
}
