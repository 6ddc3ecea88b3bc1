//! The programs of the collect benchmark: how each is given the list, and how its answers are
//! counted. None of them is trusted to count for another.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::measure;
use super::table::Row;

/// What every program is given.
pub struct Input<'a> {
    /// A URL a line.
    pub list: &'a Path,
    pub urls: usize,
    /// A folder that may be filled and emptied.
    pub scratch: &'a Path,
    /// `bench/` of the checkout.
    pub bench: &'a Path,
    /// `http://127.0.0.1:<port>`.
    pub origin: &'a str,
    pub python: &'a Path,
}

const CONCURRENT: &str = "100";

/// Counts and percentiles, as our scripts print them:
/// `bench requests=10 failed=0 p50_ms=1.0 p95_ms=2.0 p99_ms=3.0`.
#[derive(Debug, Default, PartialEq)]
pub struct Answers {
    pub asked: u64,
    pub failed: u64,
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
}

impl Answers {
    fn parse(text: &str) -> Result<Self> {
        let line = text.lines().find_map(|line| line.strip_prefix("bench "));
        let line = line.with_context(|| format!("there is no line of numbers in {text:?}"))?;
        let number = |name: &str| -> Result<f64> {
            let mut pairs = line.split_whitespace().filter_map(|word| word.split_once('='));
            let (_, value) = pairs
                .find(|(key, _)| *key == name)
                .with_context(|| format!("{name} is missing in {line:?}"))?;
            value.parse().with_context(|| format!("{name} is not a number in {line:?}"))
        };
        Ok(Self {
            asked: number("requests")? as u64,
            failed: number("failed")? as u64,
            p50_ms: number("p50_ms")?,
            p95_ms: number("p95_ms")?,
            p99_ms: number("p99_ms")?,
        })
    }

    /// From the lines that curl was told to write: `<status> <seconds>` a URL.
    fn of_curl(text: &str) -> Result<Self> {
        let mut times_ms = Vec::new();
        let mut failed = 0;
        for line in text.lines().filter(|line| !line.is_empty()) {
            let (status, seconds) =
                line.split_once(' ').with_context(|| format!("curl wrote {line:?}"))?;
            failed += u64::from(status != "200");
            times_ms.push(seconds.parse::<f64>()? * 1000.0);
        }
        times_ms.sort_by(f64::total_cmp);
        let quantile = |q: f64| {
            let last = times_ms.len().saturating_sub(1);
            times_ms.get((last as f64 * q).round() as usize).copied().unwrap_or_default()
        };
        let (p50_ms, p95_ms, p99_ms) = (quantile(0.5), quantile(0.95), quantile(0.99));
        Ok(Self { asked: times_ms.len() as u64, failed, p50_ms, p95_ms, p99_ms })
    }
}

/// `jarvix collect` with so many threads, as a user would run it, but for robots.txt.
pub fn jarvix(program: &Path, threads: u32, input: &Input) -> Result<Row> {
    let data = empty_folder(input.scratch, "data")?;
    let mut command = Command::new(program);
    command.args([
        "collect",
        "--run",
        "bench",
        "--concurrent",
        CONCURRENT,
        "--no-robots",
        "--json",
    ]);
    command.args(["--allow-net", "127.0.0.0/8", "--threads", &threads.to_string(), "--quiet"]);
    command.arg("--input").arg(input.list).arg("--data").arg(&data);
    let run = measure::run(command)?;

    let mut count = Command::new(input.python);
    count.arg(input.bench.join("collect/pages.py")).arg(data.join("runs/bench/pages"));
    let answers = Answers::parse(&measure::run(count)?.stdout)?;
    let program = format!("jarvix, {threads} thread{}", if threads == 1 { "" } else { "s" });
    Ok(Row::new(&program, Some(input.urls), run, answers))
}

/// `curl -Z`: every body to a file of its own.
pub fn curl(input: &Input) -> Result<Row> {
    let bodies = empty_folder(input.scratch, "curl")?;
    let mut config = String::new();
    for (number, url) in fs::read_to_string(input.list)?.lines().enumerate() {
        let output = bodies.join(number.to_string());
        config.push_str(&format!("url = \"{url}\"\noutput = \"{}\"\n", output.display()));
    }
    let config_path = input.scratch.join("curl.conf");
    fs::write(&config_path, config)?;
    let mut command = Command::new("curl");
    command.args(["--disable", "--silent", "--no-progress-meter", "--ipv4", "--noproxy", "*"]);
    command.args(["--parallel", "--parallel-immediate", "--parallel-max", CONCURRENT]);
    command.args(["--header", "Accept-Encoding: gzip"]);
    command.args(["--write-out", "%{response_code} %{time_total}\\n", "--config"]).arg(config_path);
    let run = measure::run(command)?;
    let answers = Answers::of_curl(&run.stdout)?;
    Ok(Row::new("curl -Z", Some(input.urls), run, answers))
}

/// `wrk`: keeps nothing, so nothing that keeps something can be faster.
pub fn wrk(input: &Input) -> Result<Row> {
    let mut command = Command::new("wrk");
    command.args(["-t", "1", "-c", CONCURRENT, "-d", "2s", "--latency", "-s"]);
    command.arg(input.bench.join("collect/wrk.lua")).arg(input.origin).arg("--").arg(input.list);
    let run = measure::run(command)?;
    let answers = Answers::parse(&run.stdout)?;
    Ok(Row::new("wrk (ceiling)", None, run, answers))
}

fn empty_folder(scratch: &Path, name: &str) -> Result<PathBuf> {
    let folder = scratch.join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_line_of_numbers_is_found_among_others() {
        let text = "Running 2s test\nbench requests=10 failed=1 p50_ms=1.5 p95_ms=2 p99_ms=3.25\n";
        let expected = Answers { asked: 10, failed: 1, p50_ms: 1.5, p95_ms: 2.0, p99_ms: 3.25 };
        assert_eq!(Answers::parse(text).unwrap(), expected);
        assert!(Answers::parse("requests=10").is_err());
        assert!(Answers::parse("bench requests=10").unwrap_err().to_string().contains("failed"));
    }

    #[test]
    fn curl_s_lines_are_counted_and_ranked() {
        let mut text: String = (1..=100).rev().map(|n| format!("200 0.{n:03}\n")).collect();
        text.push_str("000 9.000\n");
        let answers = Answers::of_curl(&text).unwrap();
        assert_eq!((answers.asked, answers.failed), (101, 1));
        assert_eq!((answers.p50_ms, answers.p95_ms, answers.p99_ms), (51.0, 96.0, 100.0));
        assert_eq!(Answers::of_curl("").unwrap(), Answers::default());
    }
}
