//! The origin of a benchmark: a process of its own, so that its CPU time is not the client's.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use super::measure::cpu_of;

/// Virtual hosts that the URLs are spread over.
const HOSTS: &str = "100";

/// A running `jarvix-origin`; dropping it ends the process.
pub struct Origin {
    process: Child,
    /// `http://127.0.0.1:<port>`.
    pub address: String,
    urls: Vec<String>,
}

impl Origin {
    /// Serves `pages` and lists `count` distinct URLs of them.
    pub fn start(program: &Path, pages: &Path, count: usize, scratch: &Path) -> Result<Self> {
        let list = scratch.join("urls.txt");
        let mut command = Command::new(program);
        command.arg(pages).args(["--threads", "2", "--no-log", "--hosts", HOSTS]);
        command.arg("--count").arg(count.to_string()).arg("--urls").arg(&list);
        let mut process = command
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("failed to start {}", program.display()))?;
        let stdout = process.stdout.take().context("the origin has no stdout")?;
        let mut origin = Self { process, address: String::new(), urls: Vec::new() };
        BufReader::new(stdout).read_line(&mut origin.address)?;
        origin.address.truncate(origin.address.trim_end().len());
        let lines = BufReader::new(File::open(&list)?).lines();
        origin.urls = lines.collect::<Result<_, _>>()?;
        Ok(origin)
    }

    /// The first `count` URLs, in a file.
    pub fn list(&self, count: usize, scratch: &Path) -> Result<PathBuf> {
        let path = scratch.join(format!("urls-{count}.txt"));
        std::fs::write(&path, self.urls[..count].join("\n") + "\n")?;
        Ok(path)
    }

    /// CPU time that it has used so far.
    pub fn cpu(&self) -> Result<Duration> {
        cpu_of(self.process.id())
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        // It keeps nothing, so there is nothing that it could lose; an error means it has ended.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
