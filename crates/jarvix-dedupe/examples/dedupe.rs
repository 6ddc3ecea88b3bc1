//! Finding duplicates without the rest of the programme, among documents of known similarity:
//!
//!     cargo run --release -p jarvix-dedupe --example dedupe -- make FOLDER 1000000
//!     cargo run --release -p jarvix-dedupe --example dedupe -- find FOLDER 2
//!     cargo run --release -p jarvix-dedupe --example dedupe -- check FOLDER 1000000
//!     cargo run --release -p jarvix-dedupe --example dedupe -- texts 10000 > texts.jsonl
//!
//! `make` writes a run of so many documents, `find` looks for its duplicates with so many threads,
//! `check` says as JSON what of the planted ones was found. `texts` prints the same documents for
//! other programs. It writes nothing but what lies in FOLDER.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use jarvix_core::{
    Dataset, Document, Duplicate, Generation, Link, Ordinals, Outcome, Page, PartName, RunId,
    Signal, Stage,
};
use jarvix_curate::fingerprints;
use jarvix_dedupe::{DedupeJob, DedupeLimits, dedupe};
use jarvix_store::{Commit, NewRun, Row, StagedPart, Store, system_env};

#[path = "shared/words.rs"]
mod words;

use words::{mixed, push_word};

/// As the programme itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Distinct shingles of a document.
const SHINGLES: u64 = 200;
/// Words of a document.
const WORDS: u64 = SHINGLES + 4;
/// The members of a family, by what they share with its first: in percent of all their shingles.
/// All others are like nothing.
const SIMILAR: [u64; 10] = [100, 95, 90, 85, 80, 70, 60, 40, 20, 10];
/// Documents of a family: the first, those above, and as many that are like nothing.
const FAMILY: u64 = 20;
/// Rows of a part.
const PART_ROWS: u64 = 4_096;

type Done = Result<(), Box<dyn std::error::Error>>;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<u64>().unwrap_or(0) / FAMILY * FAMILY;
    let done = match words.as_slice() {
        ["make", folder, count] => make(Path::new(folder), number(count)),
        ["find", folder, threads] => find(Path::new(folder), threads.parse().unwrap_or(1)),
        ["check", folder, count] => check(Path::new(folder), number(count)),
        ["texts", count] => texts(number(count)),
        _ => Err("say make FOLDER N, find FOLDER THREADS, check FOLDER N or texts N".into()),
    };
    if let Err(error) = done {
        // A reader that is gone is no reason to fail differently.
        drop(writeln!(io::stderr(), "failed to {error}"));
        std::process::exit(1);
    }
}

/// The family of a document among `count`, and which member it is. Members lie far from each other.
fn place(ordinal: u64, count: u64) -> (u64, u64) {
    let families = (count / FAMILY).max(1);
    (ordinal % families, ordinal / families)
}

/// Shingles that a member shares with the first of its family; `None` for one like nothing.
fn shared(member: u64) -> Option<u64> {
    let percent = match member.checked_sub(1) {
        None => return Some(SHINGLES),
        Some(at) => *SIMILAR.get(usize::try_from(at).unwrap_or(usize::MAX))?,
    };
    // shared / (2 * SHINGLES - shared) is the similarity; rounded up, so that it is no less.
    Some((2 * SHINGLES * percent).div_ceil(100 + percent))
}

/// The text of a document: the beginning of its family's first, and a tail of its own.
fn text(ordinal: u64, count: u64) -> String {
    let (family, member) = place(ordinal, count);
    // Four words after the last common shingle begins it ends.
    let common = shared(member).map_or(0, |shared| shared + 4);
    let mut text = String::with_capacity(WORDS as usize * 8);
    for at in 0..WORDS {
        let owner = if at < common { family } else { count + ordinal };
        push_word(&mut text, mixed(owner << 16 | at) % 200_000);
    }
    text
}

fn run() -> Result<RunId, Box<dyn std::error::Error>> {
    Ok(RunId::new("planted")?)
}

fn make(folder: &Path, count: u64) -> Done {
    let store = Store::open(folder, system_env())?;
    let run = run()?;
    let (input_fingerprint, settings) = (String::new(), "{}".to_owned());
    store.catalogue().create_run(NewRun { id: run.clone(), input_fingerprint, settings })?;
    let clock = &store.env().clock;
    let mut hashing = Duration::ZERO;
    for (part, start) in (1..).zip((0..count).step_by(PART_ROWS as usize)) {
        let end = count.min(start + PART_ROWS);
        let mut documents: Vec<Document> = (start..end).map(|n| document(n, count)).collect();
        let began = clock.monotonic();
        for document in &mut documents {
            (document.text_hash, document.minhash) = fingerprints(&document.text);
        }
        hashing += clock.monotonic().saturating_sub(began);
        commit(&store, &run, PartName(part), &documents)?;
    }
    say(&format!("{{\"documents\": {count}, \"fingerprints_s\": {:.3}}}", hashing.as_secs_f64()))
}

fn document(ordinal: u64, count: u64) -> Document {
    let text = text(ordinal, count);
    Document {
        url: format!("https://h{}.example/{ordinal}", mixed(ordinal) % 10_000),
        ordinal,
        text,
        word_count: WORDS,
        signals: vec![None; Signal::ALL.len()],
        ..Document::default()
    }
}

fn commit(store: &Store, run: &RunId, name: PartName, documents: &[Document]) -> Done {
    let page = |d: &Document| Page::unfetched(d.url.clone(), d.ordinal, Outcome::Dns, "");
    let pages: Vec<Page> = documents.iter().map(page).collect();
    let covers: Ordinals = documents.iter().map(|document| document.ordinal).collect();
    let commit = |stage, input, parts, covers| {
        let (run, generation, notes) = (run.clone(), Generation::FIRST, Vec::new());
        store.commit(Commit { run, stage, generation, input, parts, covers, notes })
    };
    commit(Stage::Collect, None, vec![staged(store, run, name, &pages)?], covers.clone())?;
    let parts = vec![staged(store, run, name, documents)?, staged::<Link>(store, run, name, &[])?];
    commit(Stage::Curate, Some(name), parts, covers)?;
    Ok(())
}

fn staged<R: Row>(
    store: &Store,
    run: &RunId,
    name: PartName,
    rows: &[R],
) -> Result<StagedPart, jarvix_store::StoreError> {
    let mut writer = store.writer::<R>(run, name, Generation::FIRST)?;
    for row in rows {
        writer.append(row)?;
    }
    writer.finish()
}

fn find(folder: &Path, threads: usize) -> Done {
    let store = Store::open(folder, system_env())?;
    let run = run()?;
    // A key of its own each time: the work is done anew.
    let key = format!("{}", store.env().clock.now_us());
    let generation = store.begin_generation(&run, Stage::Dedupe, &key)?;
    let found = dedupe(&DedupeJob {
        store: &store,
        run: &run,
        against: &[],
        generation,
        threads,
        limits: DedupeLimits::default(),
        stop: &|| false,
    })?;
    store.switch_generation(&run, Stage::Dedupe, generation)?;
    let found = found.unwrap_or_default();
    let parts = store.catalogue().parts(&run, Dataset::Duplicates)?;
    let hashes: Vec<&str> = parts.iter().map(|part| part.hash.as_str()).collect();
    say(&format!(
        "{{\"documents\": {}, \"candidate_pairs\": {}, \"rows\": {}, \"hash\": \"{}\"}}",
        found.documents,
        found.candidate_pairs,
        found.rows,
        hashes.concat()
    ))
}

/// How many of each similarity there are, and how many of them were found as duplicates of their
/// family's first. A row is false if it names a document of another family, or another similarity
/// than the two have; that it names a further member of its own is true, and no find.
fn check(folder: &Path, count: u64) -> Done {
    let store = Store::open(folder, system_env())?;
    let families = count / FAMILY;
    let mut found: BTreeMap<u64, u64> = BTreeMap::new();
    let (mut false_rows, mut wrong_similarity) = (0, 0);
    for part in store.catalogue().parts(&run()?, Dataset::Duplicates)? {
        for row in store.read::<Duplicate>(&part)? {
            let row = row?;
            let (family, member) = place(row.ordinal, count);
            let other = row.similar_to.rsplit('/').next().and_then(|text| text.parse().ok());
            let (other_family, other) = place(other.unwrap_or(u64::MAX), count);
            let (of_family, of) = place(row.cluster, count);
            // Two members share the beginning that the less alike of them has of the first.
            let common = shared(member).zip(shared(other)).map(|(a, b)| a.min(b));
            let Some(common) = common.filter(|_| other_family == family && of_family == family)
            else {
                false_rows += 1;
                continue;
            };
            let expected = common as f64 / (2 * SHINGLES - common) as f64;
            // Words are drawn from so few that a shingle might stand in a text twice.
            wrong_similarity += u64::from((row.similarity - expected).abs() > 0.02);
            if of == 0 {
                *found.entry(member).or_default() += 1;
            }
        }
    }
    let bands: Vec<String> = (1..)
        .zip(SIMILAR)
        .map(|(member, percent)| {
            let found = found.get(&member).copied().unwrap_or(0);
            format!("{{\"percent\": {percent}, \"planted\": {families}, \"found\": {found}}}")
        })
        .collect();
    say(&format!(
        "{{\"false\": {false_rows}, \"wrong_similarity\": {wrong_similarity}, \"bands\": [{}]}}",
        bands.join(", ")
    ))
}

fn texts(count: u64) -> Done {
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    for ordinal in 0..count {
        // Words are plain letters: there is nothing to escape.
        writeln!(out, "{{\"id\": \"{ordinal}\", \"text\": \"{}\"}}", text(ordinal, count))?;
    }
    Ok(out.flush()?)
}

fn say(text: &str) -> Done {
    Ok(writeln!(io::stdout(), "{text}")?)
}
