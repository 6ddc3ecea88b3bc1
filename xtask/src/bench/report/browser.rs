//! Chromium beside us: a pool of pages that prints the same data to PDF, and how long our HTML takes to
//! open.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::Made;
use crate::bench::ground::empty_folder;
use crate::bench::measure::{self, number};
use crate::command::output;
use crate::debian::debian_named;
use crate::npm;
use crate::workspace::Workspace;

const PUPPETEER: (&str, &str) = ("puppeteer-core", "25.16.0");
/// Pages of the pool.
const POOL: &str = "10";
/// How often a page is opened; the median counts.
const OPEN_REPEAT: &str = "7";
/// Numbers of the peer's PDF that ours may lack: roundings of a half differ.
const NUMBERS_MISSING_MAX: usize = 5;

/// Chromium, puppeteer-core and our scripts for them.
pub struct Browser {
    modules: PathBuf,
    scripts: PathBuf,
    scratch: PathBuf,
}

impl Browser {
    /// Installs what is missing.
    pub fn new(workspace: &Workspace, scratch: &Path) -> Result<Self> {
        let modules = npm::package(workspace, "puppeteer", PUPPETEER)?;
        let modules = modules.context("puppeteer-core cannot be installed from npm")?;
        if !debian_named("chromium", "--version", "chromium")? {
            bail!("chromium cannot be had");
        }
        if !debian_named("pdftotext", "-v", "poppler-utils")? {
            bail!("pdftotext cannot be had");
        }
        let scripts = workspace.root.join("bench/report");
        Ok(Self { modules, scripts, scratch: scratch.to_owned() })
    }

    /// The page that one would write for the pool, of a summary as JSON.
    pub fn plain_page(&self, summary: &Path) -> Result<PathBuf> {
        let page = self.scratch.join("plain.html");
        let mut command = Command::new("node");
        command.arg(self.scripts.join("plain.cjs")).arg(summary).arg(&page);
        measure::run(command)?;
        Ok(page)
    }

    /// `count` PDFs of a page, and one of them.
    pub fn printed(&self, page: &Path, what: &str, count: u64) -> Result<(Made, PathBuf)> {
        eprintln!("printing {count} PDFs of {what} with {POOL} pages of Chromium");
        let out = empty_folder(&self.scratch, "printed")?;
        let mut command = Command::new("node");
        command.arg(self.scripts.join("pool.cjs")).arg(&self.modules).arg(page).arg(&out);
        command.args([&count.to_string(), POOL]);
        let told = measure::run(command)?.told()?;
        let made = Made {
            name: format!("puppeteer, {POOL} pages of Chromium, {what}"),
            pdfs: number(&told, "pdfs")?,
            seconds: number(&told, "seconds")?,
            cpu_s: number(&told, "cpu_s")?,
            bytes_each: number(&told, "bytes_each")?,
            memory: number(&told, "pss_bytes")? as u64,
        };
        let one = self.scratch.join("printed.pdf");
        std::fs::copy(out.join("0.pdf"), &one)?;
        Ok((made, one))
    }

    /// Milliseconds until a page is open and painted.
    pub fn open_ms(&self, page: &Path) -> Result<f64> {
        let mut command = Command::new("node");
        command.arg(self.scripts.join("open.cjs")).arg(&self.modules).arg(page).arg(OPEN_REPEAT);
        number(&measure::run(command)?.told()?, "open_ms")
    }
}

/// How many numbers the peer's PDF shows, and that ours shows them, too: equal data.
pub fn same_numbers(peer: &Path, ours: &Path) -> Result<usize> {
    let (peer, ours) = (numbers(peer)?, numbers(ours)?);
    let missing: Vec<&String> = peer.difference(&ours).collect();
    if missing.len() > NUMBERS_MISSING_MAX || peer.len() < 100 {
        bail!("the PDFs do not show the same data: ours lacks {missing:?} of {}", peer.len());
    }
    Ok(peer.len())
}

fn numbers(pdf: &Path) -> Result<BTreeSet<String>> {
    let text = output(Command::new("pdftotext").arg("-layout").arg(pdf).arg("-"));
    Ok(numbers_in(&text.with_context(|| format!("{} has no text", pdf.display()))?))
}

fn numbers_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_digit() || ".,%-:".contains(c)));
    let numbers = words.map(|word| word.trim_matches(|c: char| ".,-:".contains(c)));
    numbers
        .filter(|word| word.starts_with(|c: char| c.is_ascii_digit()))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_that_people_read() {
        let found = numbers_in("Of 10,000 lines, 94.1% (2026-03-09, +19.4).");
        assert_eq!(Vec::from_iter(found), ["10,000", "19.4", "2026-03-09", "94.1%"]);
    }
}
