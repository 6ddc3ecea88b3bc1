//! Where and when a result came about, and the page on which results are kept.

use std::fs;

use anyhow::{Context, Result};

use crate::clock;
use crate::command::output;
use crate::workspace::Workspace;

const RESULTS: &str = "docs/BENCHMARKS.md";

pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The machine in a line: processor, cores, memory, system.
pub fn describe() -> String {
    let field = |path: &str, name: &str| -> Option<String> {
        let text = fs::read_to_string(path).ok()?;
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let processor =
        field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown CPU".to_owned());
    let memory = field("/proc/meminfo", "MemTotal")
        .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .map_or_else(String::new, |kib| format!(", {} GiB", (kib + (1 << 19)) >> 20));
    let system = output(std::process::Command::new("uname").arg("-sr")).unwrap_or_default();
    format!("{processor}, {} cores{memory}, {}", cores(), system.trim())
}

/// A section of the results, dated today.
pub fn section_of_today(subject: &str, command: &str, body: &str) -> String {
    section(&clock::today(), subject, &describe(), command, body)
}

/// Adds a section to the results.
pub fn keep(workspace: &Workspace, section: &str) -> Result<()> {
    let path = workspace.root.join(RESULTS);
    let before = fs::read_to_string(&path).with_context(|| format!("failed to read {RESULTS}"))?;
    fs::write(&path, format!("{}\n\n{section}", before.trim_end()))
        .with_context(|| format!("failed to write {RESULTS}"))?;
    println!("added to {RESULTS}");
    Ok(())
}

fn section(date: &str, subject: &str, machine: &str, command: &str, body: &str) -> String {
    format!("## {date}: {subject}\n\nMachine: {machine}.\n\n    {command}\n\n{}\n", body.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_says_when_where_and_how() {
        let text = section(
            "2026-01-31",
            "collect",
            "a CPU, 2 cores",
            "cargo xtask bench collect",
            "| a |\n",
        );
        assert_eq!(
            text,
            "## 2026-01-31: collect\n\nMachine: a CPU, 2 cores.\n\n    cargo xtask bench collect\n\n| a |\n"
        );
    }
}
