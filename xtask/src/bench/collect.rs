//! The collect benchmark: one origin, one list per size, every program in turn.

use std::path::PathBuf;

use anyhow::Result;

use super::ground::{Common, Ground, flags, largest, python};
use super::origin::{Origin, Serve};
use super::peers::{self, Desk, Input, Patience, Peer};
use super::table::{self, CEILING, Row, SLOW};
use super::{disk, machine, target};
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub struct Args {
    /// How many URLs; each size is a run of its own
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 50_000])]
    sizes: Vec<usize>,
    /// A folder of .html and .html.gz pages to serve instead of made-up ones
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
    /// How often each is measured; the one with the median rate is shown
    #[arg(long, default_value_t = 3)]
    repeat: usize,
    /// The longest list for curl, reqwest and aiohttp
    #[arg(long, default_value_t = 10_000, value_name = "URLS")]
    peer_urls: usize,
    /// The longest list for aria2c, Scrapy and Crawlee
    #[arg(long, default_value_t = 5_000, value_name = "URLS")]
    slow_urls: usize,
    #[command(flatten)]
    common: Common,
}

/// What the issue of the collector set out to reach.
const SHARE_OF_WRK_MIN: f64 = 0.60;
const CPU_PER_1000_MAX: f64 = 0.035;
const SCRAPY_CPU_MIN: f64 = 50.0;
const ADDED_P95_MS_MAX: f64 = 85.0;
const ADDED_P99_MS_MAX: f64 = 150.0;

pub fn run(workspace: &Workspace, args: &Args) -> Result<bool> {
    let most = largest(&args.sizes)?;
    let ground = Ground::new(workspace, &args.common)?;
    let desk = Desk { scripts: workspace.root.join("bench/collect"), python: python(workspace)? };
    let patience = Patience { peer_urls: args.peer_urls, slow_urls: args.slow_urls };
    let (peers, missing) = peers::all(workspace, &ground.jarvix, &desk, &patience)?;
    let origin = ground.serve(args.corpus.as_deref(), &Serve::fast(most))?;
    let disk_rate = disk::fsynced_bytes_per_s(&ground.scratch)?;

    let mut rows = Vec::new();
    let mut measured = Vec::new();
    for &size in &args.sizes {
        let turns = turns(&peers, size, &mut measured);
        eprintln!("{size} URLs, {} programs, {} times", turns.len(), args.repeat);
        rows.extend(measure(&turns, size, &ground, &origin, args.repeat.max(1))?);
    }
    let mut result = table::render(&rows, machine::cores()) + "\n";
    for name in missing {
        result.push_str(&format!("- left out: {name} is not to be had here\n"));
    }
    result.push_str(&threads(&rows));
    result.push_str(&disk_line(disk_rate, &rows));
    result.push_str(&verdicts(&rows));
    let equal = counts_are_equal(&rows);
    args.common.tell(workspace, ("collect", &command_line(args)), &result, equal)?;
    Ok(equal)
}

/// The programs of a size and how many URLs each is given: what was measured on as many in a
/// smaller size is not measured again. `measured` holds a program's place and its URLs.
fn turns<'a>(
    peers: &'a [Peer],
    size: usize,
    measured: &mut Vec<(usize, usize)>,
) -> Vec<(&'a Peer, usize)> {
    let mut turns = Vec::new();
    for (at, peer) in peers.iter().enumerate() {
        let urls = size.min(peer.urls_max);
        if !measured.contains(&(at, urls)) {
            measured.push((at, urls));
            turns.push((peer, urls));
        }
    }
    turns
}

/// Every program in its turn, again and again, so that a slow moment of the machine hits them all.
fn measure(
    turns: &[(&Peer, usize)],
    size: usize,
    ground: &Ground,
    origin: &Origin,
    repeat: usize,
) -> Result<Vec<Row>> {
    let mut rows: Vec<Vec<Row>> = turns.iter().map(|_| Vec::new()).collect();
    for _ in 0..repeat {
        for ((peer, urls), rows) in turns.iter().zip(&mut rows) {
            let input = Input {
                list: origin.list(*urls, &ground.scratch)?,
                list_by_address: origin.list_by_address(*urls, &ground.scratch)?,
                urls: *urls,
                scratch: ground.scratch.clone(),
                origin: origin.address.clone(),
            };
            let before = origin.cpu()?;
            let mut row = (peer.measure)(&input)?;
            row.origin_cpu = origin.cpu()?.saturating_sub(before);
            row.size = size;
            eprintln!("  {}: {:.0} URLs/s", row.program, row.urls_per_s());
            rows.push(row);
        }
    }
    Ok(rows.into_iter().filter_map(table::median).collect())
}

/// How much faster two threads of Jarvix are than one, size by size.
fn threads(rows: &[Row]) -> String {
    let of = |threads: &'static str| rows.iter().filter(move |row| row.program.ends_with(threads));
    let mut out = String::new();
    for (one, two) in of("1 thread").zip(of("2 threads")) {
        let faster = two.urls_per_s() / one.urls_per_s();
        let cpu = two.run.cpu.as_secs_f64() / one.run.cpu.as_secs_f64();
        let urls = one.answers.asked;
        let share = 50.0 * faster;
        out.push_str(&format!(
            "- 1 -> 2 threads, {urls} URLs: {faster:.2} times the URLs/s ({share:.0}% of twice), \
             {cpu:.2} times the CPU\n"
        ));
    }
    out
}

/// What the disk takes in, and what Jarvix gave it.
fn disk_line(rate: f64, rows: &[Row]) -> String {
    let mut out = format!("- disk: {:.0} MB/s when 256 MB are written and fsynced", rate / 1e6);
    for row in rows.iter().filter(|row| is_jarvix(row)) {
        let given = row.stored.unwrap_or_default() as f64 / row.run.wall.as_secs_f64() / 1e6;
        out.push_str(&format!("; {} at {} URLs: {given:.0} MB/s", row.program, row.size));
    }
    out + "\n"
}

fn is_jarvix(row: &Row) -> bool {
    row.program.starts_with("jarvix")
}

/// The targets, against the faster row of Jarvix over the longest list.
fn verdicts(rows: &[Row]) -> String {
    let size = rows.iter().map(|row| row.size).max().unwrap_or_default();
    let of_size = || rows.iter().filter(|row| row.size == size);
    let best = of_size()
        .filter(|row| is_jarvix(row))
        .max_by(|a, b| a.urls_per_s().total_cmp(&b.urls_per_s()));
    let Some(best) = best else { return String::new() };
    let name = format!("{}, {size} URLs", best.program);
    let mut out = String::new();
    if let Some(share) = table::share_of_ceiling(best, rows) {
        out.push_str(&target::line(
            &format!("{name}: rate"),
            &format!("{:.0}% of wrk's", 100.0 * share),
            &format!(">= {:.0}%", 100.0 * SHARE_OF_WRK_MIN),
            share >= SHARE_OF_WRK_MIN,
        ));
    }
    let cpu = best.cpu_per_1000();
    out.push_str(&target::line(
        &format!("{name}: client CPU per 1,000 URLs"),
        &format!("{cpu:.4} s"),
        &format!("<= {CPU_PER_1000_MAX} s"),
        cpu <= CPU_PER_1000_MAX,
    ));
    if let Some(slow) = rows.iter().find(|row| row.program == SLOW) {
        let times = slow.cpu_per_1000() / cpu;
        out.push_str(&target::line(
            &format!("{name}: {SLOW}'s CPU per URL"),
            &format!("{times:.1} times as much"),
            &format!(">= {SCRAPY_CPU_MIN} times"),
            times >= SCRAPY_CPU_MIN,
        ));
    }
    let ceiling = of_size().find(|row| row.program == CEILING);
    out + &ceiling.map(|ceiling| added_latency(&name, best, ceiling)).unwrap_or_default()
}

/// What Jarvix adds to the server's own time, which is taken to be what wrk sees over as many
/// connections, percentile by percentile.
fn added_latency(name: &str, jarvix: &Row, wrk: &Row) -> String {
    let (Some(all), Some(own)) = (jarvix.answers.latency, wrk.answers.latency) else {
        return String::new();
    };
    let added = |all: f64, own: f64| (all - own).max(0.0);
    let mut out = format!(
        "- {name}: latency added over the server's own at 100 connections: p50 {:.1} ms\n",
        added(all.p50_ms, own.p50_ms)
    );
    for (what, added, most) in [
        ("p95", added(all.p95_ms, own.p95_ms), ADDED_P95_MS_MAX),
        ("p99", added(all.p99_ms, own.p99_ms), ADDED_P99_MS_MAX),
    ] {
        out.push_str(&target::line(
            &format!("{name}: latency added, {what}"),
            &format!("{added:.1} ms"),
            &format!("< {most} ms"),
            added < most,
        ));
    }
    out
}

/// Whether every program had every URL of its list answered, so that all did the same work.
fn counts_are_equal(rows: &[Row]) -> bool {
    let unequal: Vec<&Row> = rows.iter().filter(|row| !row.is_complete()).collect();
    for row in &unequal {
        let (asked, answered) = (row.answers.asked, row.answered());
        eprintln!("NOT EQUAL: {} had {answered} of {asked} answered", row.program);
    }
    unequal.is_empty()
}

fn command_line(args: &Args) -> String {
    let flags = flags(&args.sizes, args.corpus.as_deref());
    let defaults = [("peer-urls", args.peer_urls, 10_000), ("slow-urls", args.slow_urls, 5_000)];
    let others = defaults.iter().filter(|(_, urls, default)| urls != default);
    let others: String = others.map(|(name, urls, _)| format!(" --{name} {urls}")).collect();
    format!("cargo xtask bench collect {flags} --repeat {}{others}", args.repeat)
}

#[cfg(test)]
mod tests {
    use super::super::table::tests::row;
    use super::*;

    #[test]
    fn a_list_that_a_peer_has_had_is_not_given_to_it_again() {
        let peer = |urls_max| Peer { urls_max, measure: Box::new(|_| unreachable!()) };
        let peers = [peer(usize::MAX), peer(50), peer(20)];
        let mut measured = Vec::new();
        let mut urls = |size| -> Vec<usize> {
            turns(&peers, size, &mut measured).iter().map(|(_, urls)| *urls).collect()
        };
        assert_eq!(urls(30), [30, 30, 20]);
        assert_eq!(urls(100), [100, 50]);
        assert_eq!(urls(200), [200]);
    }

    #[test]
    fn the_targets_are_judged_on_the_faster_row_of_the_longest_list() {
        let sized = |program, wall_s, size| Row { size, ..row(program, wall_s) };
        let mut slow = sized(SLOW, 300, 10);
        slow.answers.latency = None;
        let rows = [
            sized("jarvix, 1 thread", 1, 10),
            slow,
            sized("jarvix, 1 thread", 5, 20),
            sized("jarvix, 2 threads", 4, 20),
            sized(CEILING, 3, 20),
        ];
        let text = verdicts(&rows);
        assert!(text.contains("jarvix, 2 threads, 20 URLs: rate: 75% of wrk's"), "{text}");
        assert!(text.contains("50.0000 s (target <= 0.035 s): MISSED"), "{text}");
        assert!(text.contains("75.0 times as much (target >= 50 times): reached"), "{text}");
        assert!(text.contains("added, p95: 0.0 ms (target < 85 ms): reached"), "{text}");
        assert_eq!(verdicts(&[]), "");
    }
}
