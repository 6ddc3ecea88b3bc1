//! The admit benchmark: a list that does not fit into memory, every URL in it twice on average,
//! read as a dry run. What is measured is canonicalisation and exact deduplication: time, memory,
//! and the disk that they borrow.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::ground::{Common, Ground, bytes_in};
use super::measure::{self, Run};
use super::{table, target};
use crate::workspace::Workspace;

/// Most memory and time, for a hundred million lines.
const RSS_GIB_MAX: f64 = 1.0;
const MINUTES_MAX: f64 = 15.0;
/// Hosts that the URLs are spread over.
const HOSTS: u64 = 100_000;
/// How often the borrowed disk is looked at.
const LOOK: Duration = Duration::from_millis(200);

#[derive(clap::Args)]
pub struct Args {
    /// How many lines; every second one repeats an earlier one
    #[arg(long, default_value_t = 100_000_000)]
    lines: u64,
    #[command(flatten)]
    common: Common,
}

const HEADS: [&str; 9] = [
    "lines",
    "distinct",
    "repeats",
    "list MB",
    "wall s",
    "lines/s",
    "CPU s",
    "peak RSS MB",
    "disk borrowed MB",
];

pub fn run(workspace: &Workspace, args: &Args) -> Result<bool> {
    if args.lines == 0 {
        bail!("--lines needs a number above 0");
    }
    let ground = Ground::new(workspace, &args.common)?;
    let folder = ground.empty_folder("admit")?;
    let list = ground.scratch.join("admit.txt");
    eprintln!("writing {} lines", args.lines);
    write_list(args.lines, &list)?;
    let list_bytes = list.metadata()?.len();
    eprintln!("reading them");
    let mut command = Command::new(&ground.jarvix);
    command.arg("run").arg(&list).args(["--dry-run", "--json", "--quiet", "--data"]);
    command.arg(folder.join("data")).env("TMPDIR", &folder);
    let (run, borrowed) = watched(command, &folder)?;
    // The list is large, and can be written again.
    std::fs::remove_file(&list)?;
    std::fs::remove_dir_all(&folder)?;

    let told: Value = serde_json::from_str(&run.stdout).context("the plan is not JSON")?;
    let count = |name: &str| told["data"][name].as_u64().with_context(|| format!("no {name}"));
    let (lines, admitted, repeats) = (count("lines")?, count("admitted")?, count("duplicates")?);
    let right = (lines, admitted, repeats) == (args.lines, args.lines.div_ceil(2), args.lines / 2)
        && count("rejects")? == 0;
    if !right {
        eprintln!("NOT EQUAL: {lines} lines, {admitted} distinct, {repeats} repeats");
    }
    let cells = vec![
        lines.to_string(),
        admitted.to_string(),
        repeats.to_string(),
        mb(list_bytes),
        format!("{:.1}", run.wall.as_secs_f64()),
        format!("{:.0}", lines as f64 / run.wall.as_secs_f64()),
        format!("{:.1}", run.cpu.as_secs_f64()),
        mb(run.rss_bytes),
        mb(borrowed),
    ];
    let result = table::markdown(&HEADS, &[cells]) + "\n" + &verdicts(&run);
    let command = format!("cargo xtask bench admit --lines {}", args.lines);
    args.common.tell(workspace, ("admit", &command), &result, right)?;
    Ok(right)
}

fn mb(bytes: u64) -> String {
    format!("{:.0}", bytes as f64 / 1e6)
}

fn verdicts(run: &Run) -> String {
    let (gib, minutes) = (run.rss_bytes as f64 / f64::from(1 << 30), run.wall.as_secs_f64() / 60.0);
    let memory = target::line(
        "peak RSS",
        &format!("{gib:.2} GiB"),
        &format!("< {RSS_GIB_MAX} GiB"),
        gib < RSS_GIB_MAX,
    );
    let time = target::line(
        "wall time",
        &format!("{minutes:.1} minutes"),
        &format!("< {MINUTES_MAX} minutes"),
        minutes < MINUTES_MAX,
    );
    memory + &time
}

/// Runs `command`, and the most that `folder` held meanwhile, as far as looking now and then can
/// tell.
fn watched(command: Command, folder: &Path) -> Result<(Run, u64)> {
    let most = AtomicU64::new(0);
    let (done, ended) = sync_channel::<()>(0);
    let run = std::thread::scope(|scope| {
        let most = &most;
        scope.spawn(move || {
            while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                most.fetch_max(bytes_in(folder), Ordering::Relaxed);
            }
        });
        let run = measure::run(command);
        drop(done);
        run
    })?;
    Ok((run, most.load(Ordering::Relaxed)))
}

fn write_list(lines: u64, path: &Path) -> Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    for line in 0..lines {
        let url = url_at(line);
        let host = mixed(url) % HOSTS;
        writeln!(file, "https://www.site-{host}.example/articles/{url}?page={}", url % 7)?;
    }
    file.flush()?;
    Ok(())
}

/// The number of the URL in a line: the even lines are new, each odd one repeats one of those
/// before it, near or far.
fn url_at(line: u64) -> u64 {
    let new = line / 2;
    if line.is_multiple_of(2) { new } else { mixed(line) % (new + 1) }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
fn mixed(n: u64) -> u64 {
    let n = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    n ^ (n >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn half_of_the_lines_repeat_earlier_ones() {
        for lines in [1, 2, 999, 1000] {
            let distinct: HashSet<u64> = (0..lines).map(url_at).collect();
            assert_eq!(distinct.len() as u64, lines.div_ceil(2));
        }
        let mut seen = HashSet::new();
        for line in 0..1000 {
            assert_eq!(seen.insert(url_at(line)), line.is_multiple_of(2), "line {line}");
        }
    }
}
