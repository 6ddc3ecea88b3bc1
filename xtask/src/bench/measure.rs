//! What running a program cost: wall time, CPU time, memory.

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use wait4::Wait4;

use crate::clock;
use crate::command::outside;

/// A program that ran to its end.
pub struct Run {
    pub wall: Duration,
    /// User and system time, of its children too.
    pub cpu: Duration,
    /// Most memory that it held at a time.
    pub rss_bytes: u64,
    pub stdout: String,
}

impl Run {
    /// What the program said in its last line, which is JSON.
    pub fn told(&self) -> Result<Value> {
        let line = self.stdout.lines().last().unwrap_or_default();
        serde_json::from_str(line).context("what the program says is not JSON")
    }
}

/// A number of what a program said.
pub fn number(told: &Value, name: &str) -> Result<f64> {
    told[name].as_f64().with_context(|| format!("no {name}"))
}

/// Runs `command` and takes its measure; fails if it fails.
pub fn run(command: Command) -> Result<Run> {
    let mut command = outside(command);
    let words: Vec<_> = std::iter::once(command.get_program()).chain(command.get_args()).collect();
    let shown = words.join(std::ffi::OsStr::new(" ")).to_string_lossy().into_owned();
    let began = clock::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("failed to start {shown}"))?;
    let mut stdout = String::new();
    if let Some(mut pipe) = child.stdout.take() {
        pipe.read_to_string(&mut stdout)?;
    }
    let used = child.wait4()?;
    let wall = began.elapsed();
    if !used.status.success() {
        bail!("{shown} ended with {}", used.status);
    }
    let cpu = used.rusage.utime + used.rusage.stime;
    Ok(Run { wall, cpu, rss_bytes: used.rusage.maxrss, stdout })
}

/// User and system time of a process that still runs; Linux counts it in hundredths of a second.
pub fn cpu_of(pid: u32) -> Result<Duration> {
    let path = format!("/proc/{pid}/stat");
    let text = fs::read_to_string(&path).with_context(|| format!("failed to read {path}"))?;
    cpu_in_stat(&text).with_context(|| format!("failed to understand {path}"))
}

fn cpu_in_stat(text: &str) -> Option<Duration> {
    // The second field is the program's name in brackets and may have spaces and brackets in it.
    let (_, after_name) = text.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11).map(str::parse::<u64>);
    let ticks = fields.next()?.ok()? + fields.next()?.ok()?;
    Some(Duration::from_millis(ticks * 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_the_sum_of_two_fields() {
        let stat = "42 (a b) c) S 1 42 42 0 -1 4194304 100 0 0 0 250 150 7 8 20 0 1 0 99 0 0";
        assert_eq!(cpu_in_stat(stat), Some(Duration::from_secs(4)));
        assert_eq!(cpu_in_stat("42 (a) S 1"), None);
        assert_eq!(cpu_in_stat(""), None);
    }
}
