//! The report benchmark: PDFs of one summary with a hundred pages, drawn by Jarvix and printed by a pool
//! of ten pages in Chromium, from a plain page with the same data and from our own HTML; then a thousand
//! in one batch, a thousand of one page, the time from a command to one finished file, and the HTML of a
//! run of a million pages.

mod browser;
mod million;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::ground::{Common, empty_folder};
use super::measure::{self, Run};
use super::{table, target};
use crate::command::{cargo, passes};
use crate::workspace::Workspace;
use browser::Browser;

const TIMES_MIN: f64 = 8.0;
const RSS_MIB_MAX: f64 = 64.0;
const BYTES_MAX: f64 = 120_000.0;
const ONE_MS_MAX: f64 = 150.0;
const ONE_PAGE_SECONDS_MAX: f64 = 5.0;
/// How often one file is made; the median counts.
const ONE_REPEAT: usize = 15;

#[derive(clap::Args)]
pub struct Args {
    /// How many PDFs Jarvix draws
    #[arg(long, default_value_t = 400)]
    pdfs: u64,
    /// How many the pool prints
    #[arg(long, default_value_t = 40)]
    peer_pdfs: u64,
    /// How many the batch has that memory is looked at with, and that of one page
    #[arg(long, default_value_t = 1_000)]
    batch: u64,
    /// How many pages the run has whose HTML is looked at; 0 leaves it out
    #[arg(long, default_value_t = 1_000_000)]
    pages: usize,
    #[command(flatten)]
    common: Common,
}

/// What one way of making PDFs took.
struct Made {
    name: String,
    pdfs: f64,
    seconds: f64,
    cpu_s: f64,
    bytes_each: f64,
    memory: u64,
}

impl Made {
    fn rate(&self) -> f64 {
        self.pdfs / self.seconds
    }

    fn cpu_ms(&self) -> f64 {
        self.cpu_s * 1_000.0 / self.pdfs
    }

    fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            format!("{}", self.pdfs),
            format!("{:.2}", self.seconds),
            format!("{:.1}", self.rate()),
            format!("{:.1}", self.cpu_ms()),
            format!("{:.1}", self.bytes_each / 1e3),
            format!("{:.0}", self.memory as f64 / f64::from(1 << 20)),
        ]
    }
}

const HEADS: [&str; 7] =
    ["program", "PDFs", "wall s", "PDFs/s", "CPU ms each", "kB each", "peak memory MiB"];

pub fn run(workspace: &Workspace, args: &Args) -> Result<bool> {
    let release = build(workspace)?;
    let scratch = empty_folder(&workspace.target.join("bench"), "report")?;
    let bench = Bench { release, scratch };
    let browser = Browser::new(workspace, &bench.scratch)?;
    let one_thread = bench.drawn("hundred", args.pdfs, 1)?;
    let ours = bench.drawn("hundred", args.pdfs, 2)?;
    let summary = bench.fixture("json")?;
    let plain = browser.plain_page(&summary)?;
    let (pool, printed) = browser.printed(&plain, "a plain page", args.peer_pdfs)?;
    let numbers = browser::same_numbers(&printed, &bench.fixture("pdf")?)?;
    let (rich, _) = browser.printed(&bench.fixture("html")?, "our HTML", args.peer_pdfs)?;
    let batch = bench.drawn("hundred", args.batch, 2)?;
    let one_page = bench.drawn("one-page", args.batch, 2)?;
    let command_ms = bench.command_ms()?;
    let rows: Vec<_> = [&one_thread, &ours, &pool, &rich, &batch, &one_page]
        .into_iter()
        .map(Made::cells)
        .collect();
    let mut result = table::markdown(&HEADS, &rows)
        + &format!(
            "\nThe {numbers} different numbers that the plain page's PDF shows stand in ours, too, but for \
             roundings. Ratios are to the plain page.\n\n"
        )
        + &verdicts(&ours, &pool, (&batch, &one_page), command_ms);
    if args.pages > 0 {
        let large = million::measured(&bench.release, &bench.scratch, args.pages, &browser)?;
        result.push_str(&large.told());
    }
    let command = format!(
        "cargo xtask bench report --pdfs {} --peer-pdfs {} --batch {} --pages {}",
        args.pdfs, args.peer_pdfs, args.batch, args.pages
    );
    args.common.tell(workspace, ("report", &command), &result, true)?;
    Ok(true)
}

fn build(workspace: &Workspace) -> Result<PathBuf> {
    let mut build = cargo();
    build.args(["build", "--release", "--locked", "--workspace", "--bin", "jarvix"]);
    build.args(["--bin", "jarvix-origin", "--bin", "xtask", "--example", "score"]);
    build.args(["--example", "pdfs", "--example", "fixture"]);
    if !passes(build.current_dir(&workspace.root))? {
        bail!("the programs could not be built");
    }
    Ok(workspace.target.join("release"))
}

struct Bench {
    release: PathBuf,
    scratch: PathBuf,
}

impl Bench {
    /// So many PDFs of a fixture, its start and its end included.
    fn drawn(&self, fixture: &str, count: u64, threads: u64) -> Result<Made> {
        eprintln!("drawing {count} PDFs ({fixture}) with {threads} threads");
        let out = empty_folder(&self.scratch, "drawn")?;
        let mut command = Command::new(self.release.join("examples/pdfs"));
        command.arg(fixture).arg(&out).args([count.to_string(), threads.to_string()]);
        let Run { wall, cpu, rss_bytes, .. } = measure::run(command)?;
        let (files, bytes_each) = written(&out)?;
        if files != count {
            bail!("{files} PDFs were written, not {count}");
        }
        let what = if fixture == "hundred" { "" } else { ", one page each" };
        Ok(Made {
            name: format!("jarvix, {threads} threads{what}"),
            pdfs: count as f64,
            seconds: wall.as_secs_f64(),
            cpu_s: cpu.as_secs_f64(),
            bytes_each,
            memory: rss_bytes,
        })
    }

    /// The summary with a hundred pages in that format.
    fn fixture(&self, format: &str) -> Result<PathBuf> {
        let path = self.scratch.join(format!("hundred.{format}"));
        let mut fixture = Command::new(self.release.join("examples/fixture"));
        fixture.arg("hundred").arg(&path);
        measure::run(fixture)?;
        Ok(path)
    }

    /// Milliseconds from the command to one finished PDF of a small run: the median.
    fn command_ms(&self) -> Result<f64> {
        let pages = empty_folder(&self.scratch, "pages")?;
        for at in 0..5 {
            let text = format!(
                "<title>Page {at}</title><h1>Page {at}</h1><p>{}",
                "Some words. ".repeat(80)
            );
            std::fs::write(pages.join(format!("{at}.html")), text)?;
        }
        let data = empty_folder(&self.scratch, "data")?;
        let jarvix = |words: &[&str]| {
            let mut command = Command::new(self.release.join("jarvix"));
            command.args(words).arg("--data").arg(&data).current_dir(&self.scratch);
            measure::run(command)
        };
        jarvix(&["run", "pages", "--run", "small", "-q"])?;
        let mut times = Vec::with_capacity(ONE_REPEAT);
        for _ in 0..ONE_REPEAT {
            let run = jarvix(&["report", "--run", "small", "--format", "pdf"])?;
            times.push(run.wall.as_secs_f64() * 1_000.0);
        }
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied().context("nothing was measured")
    }
}

/// How many files there are, and how many bytes each has.
fn written(folder: &Path) -> Result<(u64, f64)> {
    let (mut bytes, mut files) = (0, 0_u64);
    for entry in std::fs::read_dir(folder)? {
        bytes += entry?.metadata()?.len();
        files += 1;
    }
    Ok((files, bytes as f64 / files.max(1) as f64))
}

fn verdicts(
    ours: &Made,
    pool: &Made,
    (batch, one_page): (&Made, &Made),
    command_ms: f64,
) -> String {
    let line = target::line;
    let rate = ours.rate() / pool.rate();
    let cpu = pool.cpu_ms() / ours.cpu_ms();
    let mib = batch.memory as f64 / f64::from(1 << 20);
    let seconds = one_page.seconds * 1_000.0 / one_page.pdfs;
    line(
        "PDFs/s, of the pool's",
        &format!("{rate:.1} times"),
        ">= 8, fallback 4",
        rate >= TIMES_MIN,
    ) + &line("CPU per PDF, of the pool's", &format!("1/{cpu:.1}"), "<= 1/8", cpu >= TIMES_MIN)
        + &line(
            "peak RSS of the batch, all in all",
            &format!("{mib:.0} MiB"),
            "<= 64 MiB above the data",
            mib <= RSS_MIB_MAX,
        )
        + &line(
            "size",
            &format!("{:.1} kB", ours.bytes_each / 1e3),
            "<= 120 kB",
            ours.bytes_each <= BYTES_MAX,
        )
        + &line(
            "1,000 PDFs of one page",
            &format!("{seconds:.2} s"),
            "<= 5 s",
            seconds <= ONE_PAGE_SECONDS_MAX,
        )
        + &line(
            "from command to one PDF",
            &format!("{command_ms:.0} ms"),
            "<= 150 ms",
            command_ms <= ONE_MS_MAX,
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(pdfs: f64, seconds: f64, cpu_s: f64, bytes_each: f64, memory: u64) -> Made {
        Made { name: String::new(), pdfs, seconds, cpu_s, bytes_each, memory }
    }

    #[test]
    fn what_is_missed_is_said() {
        let pool = made(60.0, 6.0, 12.0, 350e3, 1 << 30);
        let good = made(400.0, 5.0, 8.0, 100e3, 32 << 20);
        let told = verdicts(&good, &pool, (&good, &made(1000.0, 4.0, 8.0, 1e4, 1)), 90.0);
        assert!(!told.contains("MISSED") && told.contains("8.0 times"), "{told}");
        let poor = made(400.0, 10.0, 20.0, 130e3, 80 << 20);
        let told = verdicts(&poor, &pool, (&poor, &made(1000.0, 6.0, 8.0, 1e4, 1)), 190.0);
        assert_eq!(told.matches("MISSED").count(), 6, "{told}");
    }
}
