//! Runs curation over a folder of the WCXB benchmark and prints word F1 by page type, times, gates,
//! and how often each source of a title, author or day is right.
//!
//! Usage: `cargo run --release -p jarvix-curate --example wcxb -- FOLDER [--tsv | --cut]`
//!
//! FOLDER holds `html/NNNN.html.gz` and `ground-truth/NNNN.json`. A word is a `\w+` run in lower
//! case; precision and recall are of the bags of words, per page, averaged. An author or a day is
//! right if it is the label's, or if neither has one. The weights that ship were learned from these
//! pages: `examples/fit` says what they are worth on pages they have not seen. At the end stand the
//! gates that fired and should not have: any on a page that has its text, and `empty_shell` on a page
//! that is not tagged as an application (`spa`); if there is one, the exit code is 1. `--tsv` prints one line
//! per page instead, with a hash of everything that was curated: two runs must give equal lines. `--cut`
//! curates every page cut at places that its name decides, and fails if one of them breaks the reader.

mod cut;
mod tally;

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;

use jarvix_core::env::SystemClock;
use jarvix_core::{Clock, Outcome, Page};
use jarvix_curate::{Curated, EXTRACT_STACK_BYTES, Policy, curate};
use serde_json::Value;
use tally::{Labelled, Tally};
use xxhash_rust::xxh3::xxh3_128;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(folder) = arguments.first().cloned() else {
        return Err("usage: wcxb FOLDER [--tsv | --cut]".into());
    };
    let how = match arguments.get(1).map(String::as_str) {
        None => scores,
        Some("--tsv") => tsv,
        Some("--cut") => cut::run,
        Some(other) => return Err(format!("there is no {other}").into()),
    };
    let work = move || how(Path::new(&folder)).map_err(|error| error.to_string());
    let thread = std::thread::Builder::new().stack_size(EXTRACT_STACK_BYTES).spawn(work)?;
    thread.join().map_err(|_| "the work panicked")?.map_err(Into::into)
}

/// The pages of `folder` with their labels, in the order of their names.
fn labelled(folder: &Path) -> Result<Vec<Labelled>, Box<dyn Error>> {
    let mut names: Vec<_> = std::fs::read_dir(folder.join("html"))?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<_>>()?;
    names.sort();
    let one = |name: String| {
        let id = name.split('.').next().unwrap_or_default().to_owned();
        let truth = std::fs::read(folder.join("ground-truth").join(format!("{id}.json")))?;
        let truth: Value = serde_json::from_slice(&truth)?;
        let url = truth.pointer("/url").and_then(Value::as_str).unwrap_or_default();
        let page = page(url, std::fs::read(folder.join("html").join(&name))?);
        Ok(Labelled { id, truth, page })
    };
    names.into_iter().map(one).collect()
}

fn scores(folder: &Path) -> Result<(), Box<dyn Error>> {
    let (clock, policy) = (SystemClock::default(), Policy::default());
    let mut tally = Tally::default();
    for labelled in labelled(folder)? {
        let start = clock.monotonic();
        let curated = curate(&labelled.page, &policy);
        tally.add(&labelled, &curated.document, clock.monotonic() - start);
    }
    tally.print(&mut io::stdout().lock())?;
    if tally.false_alarms == 0 { Ok(()) } else { Err("gates fired that should not have".into()) }
}

fn tsv(folder: &Path) -> Result<(), Box<dyn Error>> {
    let policy = Policy::default();
    let mut out = io::stdout().lock();
    for labelled in labelled(folder)? {
        let curated = curate(&labelled.page, &policy);
        let document = &curated.document;
        let (_, _, f1) = tally::score(&document.text, labelled.text("/ground_truth/main_content"));
        let kind = document.page_type.as_deref().unwrap_or("-");
        let gate = document.gate.map_or("-", |gate| gate.as_str());
        writeln!(out, "{}\t{kind}\t{f1:.4}\t{gate}\t{}", labelled.id, hash(&curated))?;
    }
    Ok(())
}

fn page(url: &str, body: Vec<u8>) -> Page {
    let mut page = Page::unfetched(url.to_owned(), 0, Outcome::Fetched, "");
    page.reason = None;
    page.content_type = Some("text/html".to_owned());
    page.content_encoding = Some("gzip".to_owned());
    page.body = Some(body);
    page
}

fn hash(curated: &Curated) -> String {
    format!("{:032x}", xxh3_128(format!("{curated:?}").as_bytes()))
}
