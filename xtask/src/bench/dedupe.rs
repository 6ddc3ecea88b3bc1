//! The dedupe benchmark: a run of documents with near duplicates of known similarity, and what the
//! dedupe step finds of them, in a process of its own; datatrove on the same texts beside it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::ground::{Common, empty_folder};
use super::measure::{self, Run, number};
use super::{table, target};
use crate::command::{cargo, outside, passes};
use crate::tools;
use crate::workspace::Workspace;

/// Least share of the pairs at or above that similarity that are to be found, in percent.
const RECALL_MIN: f64 = 95.0;
const RECALL_FROM_PERCENT: u64 = 85;
/// Similarity at and below which nothing may be found, in percent. What lies between that and the
/// threshold of the step is none of its business, and is not found either.
const NONE_UP_TO_PERCENT: u64 = 40;
const RSS_GIB_MAX: f64 = 1.0;
const DATATROVE: &[(&str, &str)] = &[
    ("datatrove", "0.10.1"),
    ("numpy", "2.4.6"),
    ("orjson", "3.13.0"),
    ("regex", "2026.11.15"),
    ("tokenizers", "0.23.3"),
    ("xxhash", "3.6.0"),
];

#[derive(clap::Args)]
pub struct Args {
    /// How many documents; a multiple of 20 is taken
    #[arg(long, default_value_t = 1_000_000)]
    documents: u64,
    /// How many of them datatrove gets; 0 leaves it out
    #[arg(long, default_value_t = 20_000)]
    peer_documents: u64,
    #[command(flatten)]
    common: Common,
}

const HEADS: [&str; 10] = [
    "program",
    "threads",
    "documents",
    "wall s",
    "docs/s",
    "fingerprints CPU s",
    "docs/s with fingerprints",
    "CPU s",
    "peak RSS MB",
    "rows",
];

pub fn run(workspace: &Workspace, args: &Args) -> Result<bool> {
    if args.documents < 20 {
        bail!("--documents needs at least 20");
    }
    let example = build(workspace)?;
    let scratch = workspace.target.join("bench");
    let folder = empty_folder(&scratch, "dedupe")?;
    let data = folder.join("data");
    let count = args.documents.to_string();
    eprintln!("writing {count} documents");
    let made = ask(&example, "make", &data, &count)?;
    // One thread does one thing after the other: the share of the time is that of the processor.
    let share = number(&made.told()?, "fingerprints_s")? / made.wall.as_secs_f64();
    let hashing = share * made.cpu.as_secs_f64();
    let (mut rows, mut hashes, mut most) = (Vec::new(), Vec::new(), 0);
    for threads in ["1", "2"] {
        eprintln!("finding duplicates with {threads} threads");
        let run = ask(&example, "find", &data, threads)?;
        let told = run.told()?;
        most = most.max(run.rss_bytes);
        rows.push(row(&run, threads, &told, hashing)?);
        hashes.push(told["hash"].as_str().context("no hash")?.to_owned());
    }
    let checked = ask(&example, "check", &data, &count)?.told()?;
    std::fs::remove_dir_all(&data)?;
    let peer = datatrove(workspace, &example, &folder, args.peer_documents)?;
    let missing = match peer {
        Peer::Ran(row) => {
            rows.push(row);
            String::new()
        }
        Peer::LeftOut(why) => format!("\nLeft out: datatrove ({why}).\n"),
    };
    let same = hashes.iter().all(|hash| *hash == hashes[0]);
    let is_false = number(&checked, "false")? + number(&checked, "wrong_similarity")?;
    if !same || is_false > 0.0 {
        eprintln!("NOT EQUAL: {hashes:?}; {is_false} rows are false");
    }
    let mut result = table::markdown(&HEADS, &rows) + &missing + "\n" + &bands(&checked)? + "\n";
    result.push_str(&verdicts(&checked, most)?);
    let command = format!(
        "cargo xtask bench dedupe --documents {count} --peer-documents {}",
        args.peer_documents
    );
    let right = same && is_false == 0.0;
    args.common.tell(workspace, ("dedupe", &command), &result, right)?;
    Ok(right)
}

fn build(workspace: &Workspace) -> Result<PathBuf> {
    let mut build = cargo();
    build.args(["build", "--release", "--locked", "--package", "jarvix-dedupe"]);
    // With the programs of the other benchmarks it shares what they were built from.
    build.args(["--package", "jarvix", "--package", "jarvix-origin"]);
    if !passes(build.args(["--example", "dedupe"]).current_dir(&workspace.root))? {
        bail!("the example could not be built");
    }
    Ok(workspace.target.join("release/examples/dedupe"))
}

fn ask(example: &Path, what: &str, data: &Path, number: &str) -> Result<Run> {
    let mut command = Command::new(example);
    command.arg(what).arg(data).arg(number);
    measure::run(command)
}

fn row(run: &Run, threads: &str, told: &Value, hashing: f64) -> Result<Vec<String>> {
    let (documents, wall) = (number(told, "documents")?, run.wall.as_secs_f64());
    Ok(vec![
        "jarvix".to_owned(),
        threads.to_owned(),
        format!("{documents}"),
        format!("{wall:.1}"),
        format!("{:.0}", documents / wall),
        format!("{hashing:.1}"),
        format!("{:.0}", documents / (wall + hashing)),
        format!("{:.1}", run.cpu.as_secs_f64()),
        format!("{:.0}", run.rss_bytes as f64 / 1e6),
        format!("{}", number(told, "rows")?),
    ])
}

enum Peer {
    Ran(Vec<String>),
    LeftOut(&'static str),
}

/// datatrove's four steps over the first texts, with two workers.
fn datatrove(workspace: &Workspace, example: &Path, folder: &Path, count: u64) -> Result<Peer> {
    if count == 0 {
        return Ok(Peer::LeftOut("as asked"));
    }
    let Some(python) = tools::python_with(workspace, DATATROVE)? else {
        return Ok(Peer::LeftOut("it cannot be installed from PyPI"));
    };
    let texts = folder.join("texts.jsonl");
    let mut write = outside(Command::new(example));
    write.args(["texts", &count.to_string()]).stdout(Stdio::from(File::create(&texts)?));
    if !write.status()?.success() {
        bail!("the texts could not be written");
    }
    eprintln!("datatrove on {count} of them");
    let mut command = Command::new(python);
    command.arg(workspace.root.join("bench/dedupe/datatrove_peer.py"));
    command.arg(folder.join("datatrove")).arg(&texts).arg("2").stderr(Stdio::null());
    let run = measure::run(command)?;
    let told = run.told()?;
    let (documents, wall) = (number(&told, "documents")?, number(&told, "wall_s")?);
    Ok(Peer::Ran(vec![
        "datatrove, 2 workers".to_owned(),
        "2".to_owned(),
        format!("{documents}"),
        format!("{wall:.1}"),
        "-".to_owned(),
        "-".to_owned(),
        format!("{:.0}", documents / wall),
        // Its workers are nobody's children when they end: what they used is not counted.
        "-".to_owned(),
        "-".to_owned(),
        format!("{}", documents - number(&told, "kept")?),
    ]))
}

/// What was planted and found, by similarity.
fn bands(checked: &Value) -> Result<String> {
    let bands = checked["bands"].as_array().context("no bands")?;
    let cells = |band: &Value| -> Result<Vec<String>> {
        let (planted, found) = (number(band, "planted")?, number(band, "found")?);
        Ok(vec![
            format!("{:.2}", number(band, "percent")? / 100.0),
            format!("{planted}"),
            format!("{found}"),
            format!("{:.2}%", 100.0 * found / planted),
        ])
    };
    let cells: Vec<Vec<String>> = bands.iter().map(cells).collect::<Result<_>>()?;
    Ok(table::markdown(&["similarity", "planted", "found", "share"], &cells))
}

fn verdicts(checked: &Value, rss_bytes: u64) -> Result<String> {
    let bands = checked["bands"].as_array().context("no bands")?;
    let (mut recall, mut unlike) = (100.0_f64, number(checked, "false")?);
    for band in bands {
        let (percent, found) = (number(band, "percent")? as u64, number(band, "found")?);
        if percent >= RECALL_FROM_PERCENT {
            recall = recall.min(100.0 * found / number(band, "planted")?);
        } else if percent <= NONE_UP_TO_PERCENT {
            unlike += found;
        }
    }
    let gib = rss_bytes as f64 / f64::from(1 << 30);
    let (share, most) = (format!("{recall:.2}%"), format!("{gib:.2} GiB"));
    let found = target::line(
        "found of every similarity from 0.85 on, at least",
        &share,
        ">= 95%",
        recall >= RECALL_MIN,
    );
    let none =
        target::line("found at 0.4 and below, or false", &unlike.to_string(), "0", unlike == 0.0);
    let memory = target::line("peak RSS", &most, "<= 1 GiB", gib <= RSS_GIB_MAX);
    Ok(found + &none + &memory)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(at_85: u64, at_40: u64) -> Value {
        serde_json::json!({
            "false": 0,
            "bands": [
                { "percent": 100, "planted": 100, "found": 100 },
                { "percent": 85, "planted": 100, "found": at_85 },
                { "percent": 60, "planted": 100, "found": 7 },
                { "percent": 40, "planted": 100, "found": at_40 },
            ],
        })
    }

    #[test]
    fn the_worst_similarity_is_what_counts() {
        let said = verdicts(&checked(96, 0), 1 << 29).unwrap();
        assert!(said.contains("at least: 96.00%") && said.contains("0.50 GiB"), "{said}");
        assert!(!said.contains("MISSED"), "{said}");
        let said = verdicts(&checked(94, 1), 1 << 31).unwrap();
        assert_eq!(said.matches("MISSED").count(), 3, "{said}");
    }

    #[test]
    fn every_band_is_a_line_of_its_own() {
        let text = bands(&checked(96, 0)).unwrap();
        assert_eq!(text.lines().count(), 6);
        assert!(text.contains("96.00%"), "{text}");
    }
}
