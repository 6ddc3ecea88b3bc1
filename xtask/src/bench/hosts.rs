//! The hosts benchmark: thousands of slow hosts, each with its own latency, and a budget of
//! connections that is to be in use all the time without any host seeing too many. Both are read
//! from the server's log, not from what Jarvix says of itself.

mod visits;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::ground::{Common, Ground, python};
use super::measure::{self, Run};
use super::origin::Serve;
use super::peers::{self, Desk};
use super::{table, target};
use crate::workspace::Workspace;
use visits::{Usage, Visit};

/// Shortest and longest latency of a host.
const LATENCY_MS: (u64, u64) = (20, 300);
/// Fetches at a time per host: the default, said aloud because it is what is checked.
const PER_HOST: u64 = 4;
/// The share of the budget that is to be in use until the tail.
const SHARE_MIN: f64 = 0.95;

#[derive(clap::Args)]
pub struct Args {
    /// How many hosts
    #[arg(long, default_value_t = 10_000)]
    hosts: usize,
    /// How many URLs each has
    #[arg(long, default_value_t = 10)]
    urls_per_host: usize,
    /// The budget: fetches under way at one time, in all
    #[arg(long, default_value_t = 1_000)]
    concurrent: usize,
    #[command(flatten)]
    common: Common,
}

const RUN_HEADS: [&str; 8] =
    ["hosts", "URLs", "requests", "concurrent", "wall s", "URLs/s", "CPU s", "peak RSS MB"];

pub fn run(workspace: &Workspace, args: &Args) -> Result<bool> {
    let urls = args.hosts * args.urls_per_host;
    if urls <= args.concurrent {
        bail!("{urls} URLs never fill {} connections", args.concurrent);
    }
    let ground = Ground::new(workspace, &args.common)?;
    let desk = Desk { scripts: workspace.root.join("bench/collect"), python: python(workspace)? };
    let serve = Serve { urls, hosts: args.hosts, latency_ms: Some(LATENCY_MS), logs: true };
    let origin = ground.serve(None, &serve)?;
    let list = origin.list(urls, &ground.scratch)?;
    let data = ground.empty_folder("data")?;
    let mut command = Command::new(&ground.jarvix);
    peers::collect_flags(&mut command, &list, &data);
    command.args(["--per-host", &PER_HOST.to_string()]);
    command.args(["--concurrent", &args.concurrent.to_string()]);
    let run = measure::run(command)?;
    let (log, visits) = origin.logs()?;
    let answers = peers::count_pages(&desk, &data)?;
    let complete = answers.asked == urls as u64 && answers.failed == 0;
    if !complete {
        eprintln!("NOT EQUAL: {} of {urls} URLs, {} failed", answers.asked, answers.failed);
    }
    let visits = visits::read(&visits)?;
    let usage = Usage::of(&visits, args.concurrent)?;
    let busiest = busiest(&log)?;
    let (table, within) = render(args, &run, &visits, &usage, busiest);
    let command = format!(
        "cargo xtask bench hosts --hosts {} --urls-per-host {} --concurrent {}",
        args.hosts, args.urls_per_host, args.concurrent
    );
    args.common.tell(workspace, ("hosts", &command), &table, complete && within)?;
    Ok(complete && within)
}

/// The tables, and whether no host was over its limit.
fn render(args: &Args, run: &Run, visits: &[Visit], usage: &Usage, busiest: u64) -> (String, bool) {
    let urls = args.hosts * args.urls_per_host;
    let cells = vec![
        args.hosts.to_string(),
        urls.to_string(),
        visits.len().to_string(),
        args.concurrent.to_string(),
        format!("{:.2}", run.wall.as_secs_f64()),
        format!("{:.0}", urls as f64 / run.wall.as_secs_f64()),
        format!("{:.2}", run.cpu.as_secs_f64()),
        format!("{:.0}", run.rss_bytes as f64 / 1e6),
    ];
    let mut out = table::markdown(&RUN_HEADS, &[cells]);
    out.push_str("\nRequests in flight at the server, as a share of the budget:\n\n");
    out.push_str(&usage.table());
    out.push('\n');
    out.push_str(&target::line(
        "in use until the tail",
        &format!("{:.1}%, tail {:.2} s", 100.0 * usage.share(), usage.tail_s()),
        &format!(">= {:.0}%", 100.0 * SHARE_MIN),
        usage.share() >= SHARE_MIN,
    ));
    let within = busiest <= PER_HOST;
    out.push_str(&target::line(
        "most requests at a time at any host, in the server's log",
        &busiest.to_string(),
        &format!("<= {PER_HOST}"),
        within,
    ));
    (out, within)
}

/// What the server's log calls all hosts beyond those that it tells apart: no host, and no limit.
const OTHER_HOSTS: &str = "(other hosts)";

/// The most requests that any host had in flight, by the server's log.
fn busiest(log: &Path) -> Result<u64> {
    let text = std::fs::read_to_string(log)?;
    let mut busiest = None;
    for line in text.lines() {
        let host: Value = serde_json::from_str(line)?;
        let most = host["concurrency_max"].as_u64().context("the log has no concurrency")?;
        if host["host"] != OTHER_HOSTS {
            busiest = busiest.max(Some(most));
        }
    }
    busiest.context("the log has no hosts")
}
