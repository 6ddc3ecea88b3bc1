//! Curates the pages of a folder, one after the other on one thread, and says what that took: the
//! side of Jarvix in `cargo xtask bench curate`, and a subject for profilers.
//!
//! Usage: `cargo run --release -p jarvix-curate --example pages -- PAGES OUT.jsonl`
//!
//! PAGES holds `list.tsv` (a page's name and URL a line; the URL may be unknown) and the files that
//! it names. All of curation is timed, and nothing else: decoding, text, Markdown, metadata, language,
//! signals, fingerprints, gates and links. What it refuses to do: judge what was found.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

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
    let (wall, cpu) = (clock.monotonic(), cpu()?);
    let policy = Policy::default();
    let found: Vec<Curated> = pages.iter().map(|(_, page)| curate(page, &policy)).collect();
    let (wall, cpu) = (clock.monotonic() - wall, self::cpu()?.saturating_sub(cpu));
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
    let (cpu, wall) = (cpu.as_secs_f64(), wall.as_secs_f64());
    let count = pages.len();
    writeln!(io::stdout(), "bench pages={count} failed=0 cpu_s={cpu:.3} wall_s={wall:.3}")?;
    Ok(())
}

/// User and system time of this process so far; Linux counts it in hundredths of a second.
fn cpu() -> Result<Duration, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    // The second field is the program's name in brackets and may have spaces in it.
    let (_, fields) = text.rsplit_once(')').ok_or("/proc/self/stat is not what it was")?;
    let ticks: Result<Vec<u64>, _> =
        fields.split_whitespace().skip(11).take(2).map(str::parse).collect();
    Ok(Duration::from_millis(10 * ticks?.iter().sum::<u64>()))
}

fn page(url: &str, body: Vec<u8>) -> Page {
    let mut page = Page::unfetched(url.to_owned(), 0, Outcome::Fetched, "");
    page.reason = None;
    page.content_type = Some("text/html".to_owned());
    page.body = Some(body);
    page
}
