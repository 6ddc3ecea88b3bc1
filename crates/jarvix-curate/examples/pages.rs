//! Curates the pages of a folder, one after the other on one thread, and says what that took: the
//! side of Jarvix in `cargo xtask bench curate`, and a subject for profilers.
//!
//! Usage: `cargo run --release -p jarvix-curate --example pages -- PAGES OUT.jsonl`
//!
//! PAGES holds `list.tsv` (a page's name and URL a line; the URL may be unknown) and the files that
//! it names. All of curation is timed, and nothing else: decoding, text, Markdown, metadata, language,
//! signals, fingerprints, gates and links. What it refuses to do: judge what was found.

#[path = "shared/took.rs"]
mod took;

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use jarvix_core::env::SystemClock;
use jarvix_core::{Clock, Outcome, Page};
use jarvix_curate::{Curated, EXTRACT_STACK_BYTES, Policy, curate};
use serde_json::json;

// As the program does it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [pages, out] = &arguments[..] else { return Err("usage: pages PAGES OUT.jsonl".into()) };
    let (pages, out) = (pages.clone(), out.clone());
    let work = move || run(Path::new(&pages), Path::new(&out)).map_err(|error| error.to_string());
    let thread = std::thread::Builder::new().stack_size(EXTRACT_STACK_BYTES).spawn(work)?;
    thread.join().map_err(|_| "the work panicked")?.map_err(Into::into)
}

fn run(folder: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let mut pages = Vec::new();
    for line in std::fs::read_to_string(folder.join("list.tsv"))?.lines() {
        let (name, url) = line.split_once('\t').ok_or("a line of list.tsv has no tab")?;
        pages.push((name.to_owned(), page(url, std::fs::read(folder.join(name))?)));
    }
    let clock = SystemClock::default();
    let (wall, cpu) = (clock.monotonic(), took::cpu()?);
    let policy = Policy::default();
    let found: Vec<Curated> = pages.iter().map(|(_, page)| curate(page, &policy)).collect();
    let (wall, cpu) = (clock.monotonic() - wall, took::cpu()?.saturating_sub(cpu));
    let mut lines = String::new();
    for ((name, _), curated) in pages.iter().zip(&found) {
        let document = &curated.document;
        let row = json!({
            "page": name,
            "text": document.text,
            "title": document.title,
            "author": document.author,
            "date": document.published,
        });
        writeln!(lines, "{row}")?;
    }
    std::fs::write(out, lines)?;
    Ok(took::say(pages.len(), cpu, wall)?)
}

fn page(url: &str, body: Vec<u8>) -> Page {
    let mut page = Page::unfetched(url.to_owned(), 0, Outcome::Fetched, "");
    page.reason = None;
    page.content_type = Some("text/html".to_owned());
    page.body = Some(body);
    page
}
