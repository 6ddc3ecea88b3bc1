//! The curate benchmark: one folder of labelled pages, every extractor in a process of its own, one
//! judge for all. It refuses to quote what Jarvix scores on pages that its weights were learned
//! from: its scores come from weights that were learned without the page.

mod peers;
mod result;
mod scores;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use flate2::read::GzDecoder;
use serde_json::Value;

use super::{ground, measure};
use crate::command::{cargo, passes};
use crate::workspace::Workspace;
use peers::Peer;
pub use peers::Took;
use result::Row;

#[derive(clap::Args)]
pub struct Args {
    /// A folder of the WCXB benchmark: html/ and ground-truth/
    #[arg(long, value_name = "DIR")]
    corpus: PathBuf,
    /// Learn no weights anew, which takes minutes: no scores of Jarvix then
    #[arg(long)]
    quick: bool,
    /// How often each is measured; the one with the median CPU time is shown
    #[arg(long, default_value_t = 1)]
    repeat: usize,
    /// Add the result to docs/BENCHMARKS.md
    #[arg(long)]
    write: bool,
}

/// Jarvix, in the tables.
const JARVIX: &str = "jarvix";

pub fn run(workspace: &Workspace, args: &Args) -> Result<bool> {
    let desk = Desk::new(workspace, &args.corpus)?;
    let (peers, missing) = peers::all(workspace, &desk.examples.join("pages"))?;
    let mut rows = measure(&peers, &desk, args.repeat.max(1))?;
    let held_out = if args.quick { None } else { Some(hold_out(&desk, &args.corpus)?) };
    let mut found: Vec<PathBuf> =
        peers.iter().filter(|peer| peer.name != JARVIX).map(|peer| desk.found(peer.name)).collect();
    found.extend(held_out);
    let labels = args.corpus.join("ground-truth");
    let script = workspace.root.join("bench/curate/score.py");
    let mut scores = scores::judge(&script, &labels, &found)?;
    for row in &mut rows {
        row.scores = scores.remove(&row.name);
    }
    let mut result = result::render(&rows);
    for name in missing {
        result.push_str(&format!("- left out: {name} is not to be had here\n"));
    }
    let equal = rows.iter().all(|row| row.took.pages == desk.count);
    if !equal {
        eprintln!("NOT EQUAL: not every program went through all {} pages", desk.count);
    }
    let command = command_line(args);
    ground::tell(workspace, ("curate", &command), &result, args.write && equal)?;
    Ok(equal)
}

/// What all programs are given, and where they put what they find.
struct Desk {
    /// The release programs of jarvix-curate.
    examples: PathBuf,
    /// The pages, unpacked, and their list.
    pages: PathBuf,
    count: u64,
    folder: PathBuf,
}

impl Desk {
    fn new(workspace: &Workspace, corpus: &Path) -> Result<Self> {
        let mut build = cargo();
        build.args(["build", "--release", "--locked", "--package", "jarvix-curate"]);
        build.args(["--example", "pages", "--example", "fit"]).current_dir(&workspace.root);
        if !passes(&mut build)? {
            bail!("the programs could not be built");
        }
        let folder = ground::empty_folder(&workspace.target.join("bench"), "curate")?;
        let pages = ground::empty_folder(&folder, "pages")?;
        let count = unpack(corpus, &pages)
            .with_context(|| format!("failed to unpack the pages in {}", corpus.display()))?;
        let examples = workspace.target.join("release/examples");
        Ok(Self { examples, pages, count, folder })
    }

    /// What the program `name` found.
    fn found(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.jsonl"))
    }
}

/// Unpacks the pages of `corpus`, so that no program is timed while it does that, and lists them
/// with their URLs, as far as the labels know them.
fn unpack(corpus: &Path, to: &Path) -> Result<u64> {
    let mut names = Vec::new();
    for entry in fs::read_dir(corpus.join("html"))? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    let mut list = String::new();
    for name in &names {
        let id = name.trim_end_matches(".html.gz");
        let label = fs::read_to_string(corpus.join("ground-truth").join(format!("{id}.json")))?;
        let label: Value = serde_json::from_str(&label)?;
        let mut page = Vec::new();
        GzDecoder::new(fs::File::open(corpus.join("html").join(name))?).read_to_end(&mut page)?;
        fs::write(to.join(format!("{id}.html")), page)?;
        let url = label["url"].as_str().unwrap_or_default();
        list.push_str(&format!("{id}.html\t{url}\n"));
    }
    fs::write(to.join("list.tsv"), list)?;
    Ok(names.len() as u64)
}

/// Every program in its turn, again and again, so that a slow moment of the machine hits them all.
fn measure(peers: &[Peer], desk: &Desk, repeat: usize) -> Result<Vec<Row>> {
    let mut rows: Vec<Vec<Row>> = peers.iter().map(|_| Vec::new()).collect();
    for _ in 0..repeat {
        for (peer, rows) in peers.iter().zip(&mut rows) {
            let mut command = (peer.command)();
            command.arg(&desk.pages).arg(desk.found(peer.name));
            let run = measure::run(command)?;
            let took = Took::parse(&run.stdout)?;
            eprintln!("  {}: {:.1} pages/s of CPU time", peer.name, took.pages_per_cpu_s());
            let (name, without) = (peer.name.to_owned(), peer.without);
            rows.push(Row { name, run, took, scores: None, metadata: peer.metadata, without });
        }
    }
    Ok(rows.into_iter().filter_map(median).collect())
}

fn median(mut rows: Vec<Row>) -> Option<Row> {
    rows.sort_by(|a, b| a.took.cpu_s.total_cmp(&b.took.cpu_s));
    let middle = rows.len() / 2;
    (middle < rows.len()).then(|| rows.swap_remove(middle))
}

/// What Jarvix extracts with weights that were learned from the other half of the pages.
fn hold_out(desk: &Desk, corpus: &Path) -> Result<PathBuf> {
    eprintln!("learning from each half of the pages what is tested on the other");
    let found = desk.found(JARVIX);
    let mut fit = Command::new(desk.examples.join("fit"));
    fit.arg(corpus).arg("--held-out").arg(&found);
    eprint!("{}", measure::run(fit)?.stdout);
    Ok(found)
}

fn command_line(args: &Args) -> String {
    let corpus = args.corpus.file_name().unwrap_or_default().to_string_lossy();
    let quick = if args.quick { " --quick" } else { "" };
    format!("cargo xtask bench curate --corpus {corpus} --repeat {}{quick}", args.repeat)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_does_not_tell_where_the_corpus_lies() {
        let corpus = PathBuf::from("/mnt/corpora/wcxb-dev/");
        let args = Args { corpus, quick: true, repeat: 3, write: false };
        let expected = "cargo xtask bench curate --corpus wcxb-dev --repeat 3 --quick";
        assert_eq!(command_line(&args), expected);
    }

    #[test]
    fn the_median_goes_by_cpu_time() {
        let rows = [9.0, 1.0, 5.0].map(|cpu_s| result::tests::row("any", cpu_s, 0.5));
        assert_eq!(median(rows.into()).unwrap().took.cpu_s, 5.0);
        assert!(median(Vec::new()).is_none());
    }
}
