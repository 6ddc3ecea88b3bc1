//! The HTML report of a large run: collected from a server of this machine, curated and scored as any
//! run, then reported alone under the clock.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::browser::Browser;
use crate::bench::ground::empty_folder;
use crate::bench::measure;
use crate::bench::origin::{Origin, Serve};
use crate::bench::pages::dice;

const BYTES_MAX: f64 = 2e6;
const OPEN_MS_MAX: f64 = 1_000.0;
const SECONDS_MAX: f64 = 10.0;
/// Hosts that the pages are spread over.
const HOSTS: usize = 2_000;
/// Different pages that are served.
const KINDS: u64 = 4_000;

/// What the report of a large run took.
pub struct Large {
    pages: usize,
    seconds: f64,
    cpu_s: f64,
    memory: u64,
    bytes: u64,
    open_ms: f64,
}

/// Makes a run of so many pages, and its report.
pub fn measured(release: &Path, scratch: &Path, pages: usize, browser: &Browser) -> Result<Large> {
    let folder = written(scratch)?;
    let data = empty_folder(scratch, "large")?;
    let serve = Serve { urls: pages, hosts: HOSTS, latency_ms: None, logs: false };
    let origin = Origin::start(&release.join("jarvix-origin"), &folder, &serve, scratch)?;
    let list = origin.list(pages, scratch)?;
    let jarvix = |words: &[&str]| {
        let mut command = Command::new(release.join("jarvix"));
        command.args(words).arg("--data").arg(&data).arg("-q");
        command
    };
    eprintln!("a run of {pages} pages");
    let opened = origin.address.trim_start_matches("http://").to_owned();
    let mut run = jarvix(&["run", "--run", "large", "--report", "json", "--allow-net", &opened]);
    run.arg(&list);
    measure::run(run)?;
    drop(origin);
    eprintln!("its report");
    let made = measure::run(jarvix(&["report", "--run", "large", "--format", "html"]))?;
    let page = data.join("runs/large/report/index.html");
    let bytes = std::fs::metadata(&page).context("the report is not there")?.len();
    let open_ms = browser.open_ms(&page)?;
    std::fs::remove_dir_all(&data)?;
    Ok(Large {
        pages,
        seconds: made.wall.as_secs_f64(),
        cpu_s: made.cpu.as_secs_f64(),
        memory: made.rss_bytes,
        bytes,
        open_ms,
    })
}

impl Large {
    /// What was reached.
    pub fn told(&self) -> String {
        use crate::bench::target::line;
        let (bytes, pages) = (self.bytes as f64, self.pages);
        line(
            &format!("HTML of a run of {pages} pages, size"),
            &format!("{:.0} kB", bytes / 1e3),
            "<= 2 MB",
            bytes <= BYTES_MAX,
        ) + &line(
            "opened and painted",
            &format!("{:.0} ms", self.open_ms),
            "<= 1 s",
            self.open_ms <= OPEN_MS_MAX,
        ) + &line(
            "made",
            &format!(
                "{:.1} s ({:.1} CPU s, {:.0} MB)",
                self.seconds,
                self.cpu_s,
                self.memory as f64 / 1e6
            ),
            "<= 10 s",
            self.seconds <= SECONDS_MAX,
        )
    }
}

/// Short pages that differ: a million of them fit on a laptop.
fn written(scratch: &Path) -> Result<PathBuf> {
    let folder = scratch.join("short-pages");
    let complete = folder.join("complete");
    if complete.exists() {
        return Ok(folder);
    }
    std::fs::create_dir_all(&folder)?;
    for number in 0..KINDS {
        std::fs::write(folder.join(format!("{number:05}.html")), page(number))?;
    }
    std::fs::write(complete, "")?;
    Ok(folder)
}

fn page(number: u64) -> String {
    const WORDS: [&str; 16] = [
        "heat", "pump", "price", "guide", "winter", "report", "grid", "tariff", "owner", "roof",
        "table", "season", "region", "cost", "battery", "plan",
    ];
    let mut roll = dice(number);
    let mut text = String::new();
    for _ in 0..40 + roll(360) {
        text.push_str(WORDS[roll(16) as usize]);
        text.push_str(if roll(12) == 0 { ". </p><p>" } else { " " });
    }
    let (month, day) = (1 + roll(11), 1 + roll(28));
    format!(
        "<!doctype html><html lang=en><title>Page {number}</title>\
         <meta name=author content=\"Writer {}\">\
         <meta property=\"article:published_time\" content=\"2026-{month:02}-{day:02}\">\
         <main><h1>Page {number}</h1><p>{text}</p></main>",
        number % 37
    )
}
