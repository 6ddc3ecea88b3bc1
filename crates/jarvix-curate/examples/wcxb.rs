//! Runs curation over a folder of the WCXB benchmark and prints word F1 by page type, times and
//! gates.
//!
//! Usage: `cargo run --release -p jarvix-curate --example wcxb -- FOLDER [--tsv]`
//!
//! FOLDER holds `html/NNNN.html.gz` and `ground-truth/NNNN.json`. A word is a `\w+` run in lower
//! case; precision and recall are of the bags of words, per page, averaged. An author or a day is
//! right if it is the label's, or if neither has one. The weights that ship were learned from these
//! pages: `examples/fit` says what they are worth on pages they have not seen. At the end stand the
//! gates that fired and should not have: any on a page that has its text, and `empty_shell` on a page
//! that is not tagged as an application (`spa`); if there is one, the exit code is 1. `--tsv` prints one line
//! per page instead, with a hash of everything that was curated: two runs must give equal lines.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::io::{self, Read, Write};
use std::path::Path;

use jarvix_core::env::SystemClock;
use jarvix_core::{Clock, Gate, Outcome, Page};
use jarvix_curate::{Curated, EXTRACT_STACK_BYTES, Policy, curate};
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_128;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(folder) = arguments.first().cloned() else {
        return Err("usage: wcxb FOLDER [--tsv]".into());
    };
    let as_tsv = arguments.iter().any(|argument| argument == "--tsv");
    let work = move || run(Path::new(&folder), as_tsv).map_err(|error| error.to_string());
    let thread = std::thread::Builder::new().stack_size(EXTRACT_STACK_BYTES).spawn(work)?;
    thread.join().map_err(|_| "the work panicked")?.map_err(Into::into)
}

#[derive(Default)]
struct Sum {
    pages: u64,
    f1: f64,
    precision: f64,
    recall: f64,
    title: u64,
    author: u64,
    day: u64,
    type_right: u64,
}

fn run(folder: &Path, as_tsv: bool) -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    let clock = SystemClock::default();
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    let mut gates: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut false_alarms = Vec::new();
    let mut defects: BTreeMap<String, u64> = BTreeMap::new();
    // How many values came from each source, and how many of them were right.
    let mut sources: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
    let mut times = Vec::new();
    let mut names: Vec<_> = std::fs::read_dir(folder.join("html"))?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<_>>()?;
    names.sort();
    for name in names {
        let id = name.split('.').next().unwrap_or_default().to_owned();
        let truth = std::fs::read(folder.join("ground-truth").join(format!("{id}.json")))?;
        let truth: Value = serde_json::from_slice(&truth)?;
        let text = |path: &str| truth.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let page = page(text("/url"), std::fs::read(folder.join("html").join(&name))?);
        let start = clock.monotonic();
        let curated = curate(&page, &Policy::default());
        let millis = (clock.monotonic() - start).as_secs_f64() * 1e3;
        let document = &curated.document;
        let (precision, recall, f1) = score(&document.text, text("/ground_truth/main_content"));
        if as_tsv {
            let kind = document.page_type.as_deref().unwrap_or("-");
            let gate = document.gate.map_or("-", |gate| gate.as_str());
            writeln!(out, "{id}\t{kind}\t{f1:.4}\t{gate}\t{}", hash(&curated))?;
            continue;
        }
        let kind = text("/_internal/page_type/primary");
        let title_right = same_words(document.title.as_deref(), text("/ground_truth/title"));
        let author_right = same_words(document.author.as_deref(), text("/ground_truth/author"));
        let day = document.published.as_deref().map(|day| day.get(..10).unwrap_or(day));
        let day_right = day.unwrap_or_default() == text("/ground_truth/publish_date");
        let type_right = document.page_type.as_deref() == Some(kind);
        let rights = [("title", title_right), ("author", author_right), ("published", day_right)];
        for source in &document.sources {
            let Some((_, right)) = rights.iter().find(|(column, _)| *column == source.column)
            else {
                continue;
            };
            let tally = sources.entry((source.column.clone(), source.source.clone())).or_default();
            tally.0 += 1;
            tally.1 += u64::from(*right);
        }
        for key in [kind, "all"] {
            let sum = sums.entry(key.to_owned()).or_default();
            sum.pages += 1;
            sum.f1 += f1;
            sum.precision += precision;
            sum.recall += recall;
            sum.title += u64::from(title_right);
            sum.author += u64::from(author_right);
            sum.day += u64::from(day_right);
            sum.type_right += u64::from(type_right);
        }
        if let Some(gate) = document.gate {
            let reason = document.gate_reason.as_deref().unwrap_or_default();
            let line = format!("{id} ({} words) {reason}", document.word_count);
            let is_spa = truth.pointer("/_internal/spa").and_then(Value::as_bool) == Some(true);
            if !is_true_alarm(gate, &id, is_spa, &page) {
                false_alarms.push(format!("{gate} {line}"));
            }
            gates.entry(gate.to_string()).or_default().push(line);
        }
        for defect in &document.defects {
            *defects.entry(defect.to_string()).or_default() += 1;
        }
        times.push((millis, id, document.bytes_decoded));
    }
    if !as_tsv {
        print(&mut out, &sums, &gates, &defects, &mut times)?;
        for ((column, source), (pages, right)) in &sources {
            let share = *right as f64 / *pages as f64;
            writeln!(out, "source of {column}: {source}: right on {share:.2} of {pages}")?;
        }
        writeln!(out, "false alarms: {}", false_alarms.len())?;
        for alarm in &false_alarms {
            writeln!(out, "  {alarm}")?;
        }
    }
    if false_alarms.is_empty() { Ok(()) } else { Err("gates fired that should not have".into()) }
}

/// Visible words below which a page holds no text, whatever its label has from elsewhere.
const VISIBLE_WORDS_MIN: usize = 30;

/// Pages of the development set that are bot checks; their labels are the text of the check.
const CHECKS: &[&str] = &["0551"];

/// Every page of the set was chosen for its content. Some have it only once their scripts ran: those
/// tagged so, and a few forums that are not.
fn is_true_alarm(gate: Gate, id: &str, is_spa: bool, page: &Page) -> bool {
    let body = page.body.as_deref().unwrap_or_default();
    let mut html = String::new();
    let has_text = flate2::read::GzDecoder::new(body).read_to_string(&mut html).is_err()
        || jarvix_html::plain_text(&html).split_whitespace().count() >= VISIBLE_WORDS_MIN;
    match gate {
        Gate::EmptyShell => is_spa,
        Gate::NoText => !has_text,
        Gate::Challenge => CHECKS.contains(&id),
        _ => false,
    }
}

fn print(
    out: &mut impl Write,
    sums: &BTreeMap<String, Sum>,
    gates: &BTreeMap<String, Vec<String>>,
    defects: &BTreeMap<String, u64>,
    times: &mut [(f64, String, u64)],
) -> io::Result<()> {
    writeln!(out, "type            pages  F1     P      R      title  author day    type")?;
    for (kind, sum) in sums {
        let n = sum.pages as f64;
        let [f1, p, r] = [sum.f1, sum.precision, sum.recall].map(|value| value / n);
        let [title, author, day, typed] =
            [sum.title, sum.author, sum.day, sum.type_right].map(|value| value as f64 / n);
        writeln!(
            out,
            "{kind:15} {:5}  {f1:.3}  {p:.3}  {r:.3}  {title:.3}  {author:.3}  {day:.3}  {typed:.3}",
            sum.pages
        )?;
    }
    for (gate, pages) in gates {
        writeln!(out, "gate {gate}: {}", pages.len())?;
        for page in pages {
            writeln!(out, "  {page}")?;
        }
    }
    for (defect, pages) in defects {
        writeln!(out, "defect {defect}: {pages}")?;
    }
    let total: f64 = times.iter().map(|(millis, _, _)| millis).sum();
    times.sort_by(|a, b| b.0.total_cmp(&a.0));
    writeln!(
        out,
        "{} pages in {:.1} s, mean {:.2} ms",
        times.len(),
        total / 1e3,
        total / times.len() as f64
    )?;
    for (millis, id, bytes) in times.iter().take(8) {
        writeln!(out, "  {id}: {millis:.1} ms, {bytes} bytes")?;
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

fn words(text: &str) -> HashMap<String, i64> {
    let mut bag = HashMap::new();
    for word in text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|w| !w.is_empty()) {
        *bag.entry(word.to_lowercase()).or_insert(0) += 1;
    }
    bag
}

fn same_words(found: Option<&str>, label: &str) -> bool {
    words(found.unwrap_or_default()) == words(label)
}

/// Precision, recall and F1 of the two bags of words.
fn score(found: &str, label: &str) -> (f64, f64, f64) {
    let (found, label) = (words(found), words(label));
    let size = |bag: &HashMap<String, i64>| bag.values().sum::<i64>() as f64;
    if size(&found) == 0.0 || size(&label) == 0.0 {
        let equal = if size(&found) == size(&label) { 1.0 } else { 0.0 };
        return (equal, equal, equal);
    }
    let overlap: i64 =
        found.iter().map(|(word, n)| label.get(word).copied().unwrap_or(0).min(*n)).sum();
    let (precision, recall) = (overlap as f64 / size(&found), overlap as f64 / size(&label));
    let f1 = if overlap == 0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) };
    (precision, recall, f1)
}
