//! The origin of a benchmark: a process of its own, so that its CPU time is not the client's.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::measure::cpu_of;
use crate::command::passes;

/// What an origin does beside serving pages.
pub struct Serve {
    /// How many URLs its list has.
    pub urls: usize,
    /// Virtual hosts that they are spread over.
    pub hosts: usize,
    /// Shortest and longest wait in milliseconds; each host has its own.
    pub latency_ms: Option<(u64, u64)>,
    /// Whether it writes down what each host saw, and each request.
    pub logs: bool,
}

impl Serve {
    /// `urls` on 100 hosts, as fast as it can.
    pub fn fast(urls: usize) -> Self {
        Self { urls, hosts: 100, latency_ms: None, logs: false }
    }
}

/// A running `jarvix-origin`; dropping it ends the process.
pub struct Origin {
    process: Child,
    /// `http://127.0.0.1:<port>`.
    pub address: String,
    list: PathBuf,
    log: PathBuf,
    visits: PathBuf,
}

impl Origin {
    /// Serves `pages` as `serve` says.
    pub fn start(program: &Path, pages: &Path, serve: &Serve, scratch: &Path) -> Result<Self> {
        let list = scratch.join("urls.txt");
        let (log, visits) = (scratch.join("hosts.jsonl"), scratch.join("visits.tsv"));
        let mut command = Command::new(program);
        command.arg(pages).args(["--threads", "2", "--hosts", &serve.hosts.to_string()]);
        command.args(["--count", &serve.urls.to_string()]).arg("--urls").arg(&list);
        if let Some((min, max)) = serve.latency_ms {
            command.args(["--latency-ms", &format!("{min}-{max}"), "--latency-by-host"]);
        }
        if serve.logs {
            command.arg("--log").arg(&log).arg("--visits").arg(&visits);
        } else {
            command.arg("--no-log");
        }
        let process = command
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("failed to start {}", program.display()))?;
        let mut origin = Self { process, address: String::new(), list, log, visits };
        let stdout = origin.process.stdout.take().context("the origin has no stdout")?;
        BufReader::new(stdout).read_line(&mut origin.address)?;
        origin.address.truncate(origin.address.trim_end().len());
        Ok(origin)
    }

    /// The first `count` URLs, in a file.
    pub fn list(&self, count: usize, scratch: &Path) -> Result<PathBuf> {
        self.first(count, scratch.join(format!("urls-{count}.txt")), str::to_owned)
    }

    /// The same with an address for a name: for clients that leave `hN.localhost` to the system,
    /// which may not know it.
    pub fn list_by_address(&self, count: usize, scratch: &Path) -> Result<PathBuf> {
        let path = scratch.join(format!("urls-{count}-by-address.txt"));
        self.first(count, path, |url| by_address(url, &self.address))
    }

    fn first(&self, count: usize, path: PathBuf, of: impl Fn(&str) -> String) -> Result<PathBuf> {
        let mut out = BufWriter::new(File::create(&path)?);
        let mut written = 0;
        for line in BufReader::new(File::open(&self.list)?).lines().take(count) {
            writeln!(out, "{}", of(&line?))?;
            written += 1;
        }
        out.flush()?;
        if written < count {
            bail!("the origin has {written} URLs, not {count}");
        }
        Ok(path)
    }

    /// CPU time that it has used so far.
    pub fn cpu(&self) -> Result<Duration> {
        cpu_of(self.process.id())
    }

    /// Ends it in order; what each host saw (JSON lines) and each request (with tabs), in files.
    pub fn logs(mut self) -> Result<(PathBuf, PathBuf)> {
        let pid = self.process.id().to_string();
        if !passes(Command::new("kill").args(["-TERM", &pid]))? || !self.process.wait()?.success() {
            bail!("the origin did not end in order");
        }
        Ok((self.log.clone(), self.visits.clone()))
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        // Whoever wants its logs has asked for them; an error means it has ended.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Paths are distinct without their hosts, so the list stays a list of distinct URLs.
fn by_address(url: &str, address: &str) -> String {
    let path = url.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
    format!("{address}/{}", path.map_or("", |(_, path)| path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_takes_the_place_of_a_host() {
        let url = "http://h7.localhost:8080/v1/0001.html";
        assert_eq!(by_address(url, "http://127.0.0.1:9"), "http://127.0.0.1:9/v1/0001.html");
    }
}
