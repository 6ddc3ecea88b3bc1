//! Extractors of Rust over the pages of a folder, as `bench/curate/peers.py` is for those of Python:
//! one thread, and nothing timed but decoding and extraction.
//!
//! Usage: curate-peers NAME PAGES OUT.jsonl

#[path = "../../../took.rs"]
mod took;

use std::fmt::Write;
use std::panic::catch_unwind;
use std::path::Path;
use std::time::Instant;

use dom_smoothie::{Config, Readability, TextMode};
use serde_json::{Value, json};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A page and its URL, if it is known; what was found, if the extractor did not give up.
type Extract = fn(&str, Option<&str>) -> Option<Value>;

/// Deep pages are read by recursion here and there.
const STACK_BYTES: usize = 256 << 20;

fn rs_trafilatura(html: &str, url: Option<&str>) -> Option<Value> {
    let mut options = rs_trafilatura::Options::default();
    options.url = url.map(str::to_owned);
    let found = rs_trafilatura::extract_with_options(html, &options).ok()?;
    let date = found.metadata.date.map(|date| date.format("%Y-%m-%d").to_string());
    Some(json!({
        "text": found.content_text,
        "title": found.metadata.title,
        "author": found.metadata.author,
        "date": date,
    }))
}

fn dom_smoothie(html: &str, url: Option<&str>) -> Option<Value> {
    // Raw text runs the words of neighbouring blocks together.
    let config = Config { text_mode: TextMode::Formatted, ..Config::default() };
    let found = Readability::new(html, url, Some(config)).ok()?.parse().ok()?;
    Some(json!({
        "text": found.text_content.to_string(),
        "title": found.title,
        "author": found.byline,
        "date": found.published_time,
    }))
}

fn main() {
    // An extractor that panics has found nothing; its words are of no use here.
    std::panic::set_hook(Box::new(|_| {}));
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, pages, out] = &arguments[..] else { panic!("usage: NAME PAGES OUT") };
    let extract: Extract = match name.as_str() {
        "rs-trafilatura" => rs_trafilatura,
        "dom_smoothie" => dom_smoothie,
        _ => panic!("no extractor {name}"),
    };
    std::thread::scope(|scope| {
        let work = || run(extract, Path::new(pages), Path::new(out));
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        thread.spawn_scoped(scope, work).expect("a thread").join().expect("the work")
    });
}

fn run(extract: Extract, folder: &Path, out: &Path) {
    let list = std::fs::read_to_string(folder.join("list.tsv")).expect("a list");
    let pages: Vec<(&str, &str, Vec<u8>)> = list
        .lines()
        .map(|line| {
            let (name, url) = line.split_once('\t').expect("a name and a URL");
            (name, url, std::fs::read(folder.join(name)).expect("a page"))
        })
        .collect();
    let (wall, cpu) = (Instant::now(), took::cpu());
    let found: Vec<Option<Value>> = pages
        .iter()
        .map(|(_, url, body)| {
            let url = (!url.is_empty()).then_some(*url);
            catch_unwind(|| extract(&String::from_utf8_lossy(body), url)).ok().flatten()
        })
        .collect();
    let (wall, cpu) = (wall.elapsed().as_secs_f64(), (took::cpu() - cpu).as_secs_f64());
    let mut lines = String::new();
    for ((name, ..), found) in pages.iter().zip(&found) {
        let mut row = found.clone().unwrap_or_else(|| json!({}));
        row["page"] = json!(name);
        writeln!(lines, "{row}").expect("memory");
    }
    std::fs::write(out, lines).expect("a file");
    let failed = found.iter().filter(|found| found.is_none()).count();
    println!("bench pages={} failed={failed} cpu_s={cpu:.3} wall_s={wall:.3}", pages.len());
}
