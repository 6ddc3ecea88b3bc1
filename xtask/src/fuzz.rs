//! `cargo xtask fuzz`: builds the programs in `fuzz/` with the counters that guide a fuzzer, and
//! lets them look for bytes that break a target, each for a while. Any toolchain will do; the
//! sanitizers, which need a nightly one, would look for what `unsafe_code = "deny"` rules out.
//!
//! What a target breaks on is left in `target/fuzz/broken/TARGET/`, what led somewhere new in
//! `target/fuzz/found/TARGET/`; `--keep` adds the latter, boiled down, to the corpus.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::{cargo, output, passes};
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub struct Args {
    /// This target alone; all of them in turn if none is named
    target: Option<String>,
    /// How long each is run
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// Add what was found to the corpus, as far as it leads somewhere new
    #[arg(long)]
    keep: bool,
}

/// What makes a build tell which way it went and what it compared.
const COUNTERS: &[&str] = &[
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "--cfg=fuzzing",
];
/// An input that takes longer is a finding.
const TIMEOUT_S: u32 = 10;
/// A target that takes more is a finding.
const MEMORY_MIB: u32 = 2048;
/// Longer inputs are not made: everything that is read here shows its edges in less.
const INPUT_BYTES_MAX: u32 = 8192;

pub fn run(workspace: &Workspace, args: &Args) -> Result<bool> {
    let all = targets(workspace)?;
    let chosen = match &args.target {
        None => all,
        Some(name) if all.contains(name) => vec![name.clone()],
        Some(name) => bail!("there is no target {name:?}; the targets are {}", all.join(", ")),
    };
    let programs = build(workspace)?;
    let mut broken = Vec::new();
    for name in &chosen {
        let place = Place::new(workspace, name)?;
        if !passes(&mut place.fuzz(&programs, args.seconds))? {
            broken.push(name.as_str());
        }
        if args.keep && !passes(&mut place.keep(&programs))? {
            bail!("what was found for {name} could not be boiled down");
        }
    }
    for name in &broken {
        let folder = workspace.target.join("fuzz/broken").join(name);
        eprintln!("{name} is broken by what stands in {}", folder.display());
    }
    println!("fuzz: {} targets, {} s each, {} broken", chosen.len(), args.seconds, broken.len());
    Ok(broken.is_empty())
}

/// The names of the programs in `fuzz/`.
fn targets(workspace: &Workspace) -> Result<Vec<String>> {
    let manifest = workspace.root.join("fuzz/Cargo.toml");
    let text = fs::read_to_string(&manifest).context("failed to read fuzz/Cargo.toml")?;
    let manifest: toml::Table = text.parse().context("failed to parse fuzz/Cargo.toml")?;
    let programs = manifest.get("bin").and_then(toml::Value::as_array);
    let name = |program: &toml::Value| program.get("name")?.as_str().map(str::to_owned);
    Ok(programs.into_iter().flatten().filter_map(name).collect())
}

/// Builds all programs; the folder they are in.
fn build(workspace: &Workspace) -> Result<PathBuf> {
    // The same versions as everywhere else, and what only the programs need besides.
    fs::copy(workspace.root.join("Cargo.lock"), workspace.root.join("fuzz/Cargo.lock"))?;
    let about = output(Command::new("rustc").arg("-vV")).context("failed to ask rustc")?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.context("rustc does not say what it builds for")?;
    let target = workspace.target.join("fuzz");
    let mut build = cargo();
    // With a target named, programs that run during the build are built without counters.
    build.args(["build", "--release", "--manifest-path", "fuzz/Cargo.toml", "--target", host]);
    build.env("CARGO_TARGET_DIR", &target).env("CARGO_ENCODED_RUSTFLAGS", COUNTERS.join("\u{1f}"));
    if !passes(build.current_dir(&workspace.root))? {
        bail!("the programs could not be built");
    }
    Ok(target.join(host).join("release"))
}

/// Where a target's inputs are.
struct Place {
    name: String,
    corpus: PathBuf,
    dictionary: PathBuf,
    found: PathBuf,
    broken: PathBuf,
}

impl Place {
    fn new(workspace: &Workspace, name: &str) -> Result<Self> {
        let (fuzz, target) = (workspace.root.join("fuzz"), workspace.target.join("fuzz"));
        let place = Self {
            name: name.to_owned(),
            corpus: fuzz.join("corpus").join(name),
            dictionary: fuzz.join("dictionaries").join(format!("{name}.dict")),
            found: target.join("found").join(name),
            broken: target.join("broken").join(name),
        };
        for folder in [&place.corpus, &place.found, &place.broken] {
            fs::create_dir_all(folder)
                .with_context(|| format!("failed to make {}", folder.display()))?;
        }
        Ok(place)
    }

    fn program(&self, programs: &Path) -> Command {
        Command::new(programs.join(format!("{}{}", self.name, std::env::consts::EXE_SUFFIX)))
    }

    fn fuzz(&self, programs: &Path, seconds: u64) -> Command {
        let mut fuzz = self.program(programs);
        fuzz.args([&self.found, &self.corpus]);
        fuzz.arg(format!("-max_total_time={seconds}"));
        fuzz.arg(format!("-timeout={TIMEOUT_S}")).arg(format!("-rss_limit_mb={MEMORY_MIB}"));
        fuzz.arg(format!("-max_len={INPUT_BYTES_MAX}")).arg("-print_final_stats=1");
        fuzz.arg(format!("-artifact_prefix={}/", self.broken.display()));
        if self.dictionary.is_file() {
            fuzz.arg(format!("-dict={}", self.dictionary.display()));
        }
        fuzz
    }

    fn keep(&self, programs: &Path) -> Command {
        let mut keep = self.program(programs);
        keep.arg("-merge=1").args([&self.corpus, &self.found]);
        keep
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_the_programs_of_the_manifest() {
        let workspace = Workspace::find().expect("the checkout");
        let targets = targets(&workspace).expect("fuzz/Cargo.toml");
        for name in ["url", "robots", "list", "answer", "html"] {
            assert!(targets.iter().any(|target| target == name), "{name} is not in {targets:?}");
        }
    }
}
