//! Scoring without the rest of the programme, over made-up documents:
//!
//!     cargo run --release -p jarvix-pipeline --example score -- rows FOLDER 10000000 4096
//!     cargo run --release -p jarvix-pipeline --example score -- texts FOLDER 100000 4096
//!     cargo run --release -p jarvix-pipeline --example score -- score FOLDER bench/score/formula.toml 2
//!
//! `rows` writes a run of so many documents without texts (a unique URL of 40 bytes and five numbers)
//! in parts of so many rows, `texts` one whose documents have 5 KB of text each; `score` runs the
//! stage over it with a profile and so many threads, as often as it is asked, and prints what it did
//! as JSON. It writes nothing but what lies in FOLDER.

use std::io::{self, Write};
use std::path::Path;

use jarvix_core::{
    Dataset, Document, Duplicate, Generation, Link, Ordinals, Outcome, Page, PartName, RunId,
    Signal, Stage,
};
use jarvix_pipeline::stages::score::ScoreRunner;
use jarvix_pipeline::stages::{Conditions, Work};
use jarvix_pipeline::{MemoryQueue, line};
use jarvix_query::{Query, QuerySettings};
use jarvix_score::{PartScorer, Profile, Scorer};
use jarvix_store::{Commit, NewRun, StagedPart, Store, system_env};

#[path = "../../jarvix-dedupe/examples/shared/words.rs"]
mod words;

use words::{mixed, push_word};

/// As the programme itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Bytes of a text.
const TEXT_BYTES: usize = 5_000;
/// Nothing was fetched: there are no pages behind the documents.
const OUTCOME: Outcome = Outcome::Dns;

type Done = Result<(), Box<dyn std::error::Error>>;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<u64>().unwrap_or(0).max(1);
    let done = match words.as_slice() {
        ["rows", folder, count, part_rows] => {
            make(Path::new(folder), number(count), number(part_rows), numbers)
        }
        ["texts", folder, count, part_rows] => {
            make(Path::new(folder), number(count), number(part_rows), document)
        }
        ["score", folder, profile, threads] => {
            score(Path::new(folder), profile, threads.parse().unwrap_or(1))
        }
        _ => Err("say rows|texts FOLDER N ROWS_OF_A_PART, or score FOLDER PROFILE THREADS".into()),
    };
    if let Err(error) = done {
        drop(writeln!(io::stderr(), "failed to {error}"));
        std::process::exit(1);
    }
}

fn run() -> Result<RunId, Box<dyn std::error::Error>> {
    Ok(RunId::new("made-up")?)
}

fn new_run(folder: &Path) -> Result<(Store, RunId), Box<dyn std::error::Error>> {
    let (store, run) = (Store::open(folder, system_env())?, run()?);
    let (input_fingerprint, settings) = (String::new(), "{}".to_owned());
    store.catalogue().create_run(NewRun { id: run.clone(), input_fingerprint, settings })?;
    Ok((store, run))
}

/// A run of documents, part by part.
fn make(folder: &Path, count: u64, part_rows: u64, document: fn(u64) -> Document) -> Done {
    let (store, run) = new_run(folder)?;
    for (name, from) in (1..).map(PartName).zip((0..count).step_by(usize::try_from(part_rows)?)) {
        let to = count.min(from + part_rows);
        let mut documents = store.writer::<Document>(&run, name, Generation::FIRST)?;
        let mut pages = store.writer::<Page>(&run, name, Generation::FIRST)?;
        for document in (from..to).map(document) {
            let unfetched = Page::unfetched(document.url.clone(), document.ordinal, OUTCOME, "");
            pages.push(unfetched)?;
            documents.push(document)?;
        }
        commit(&store, &run, name, documents.finish()?, pages.finish()?, (from..to).collect())?;
    }
    no_duplicates(&store, &run)
}

fn commit(
    store: &Store,
    run: &RunId,
    name: PartName,
    documents: StagedPart,
    pages: StagedPart,
    covers: Ordinals,
) -> Done {
    let commit = |stage, input, parts, covers| {
        let (run, generation, notes) = (run.clone(), Generation::FIRST, Vec::new());
        store.commit(Commit { run, stage, generation, input, parts, covers, notes })
    };
    commit(Stage::Collect, None, vec![pages], covers)?;
    let links = store.writer::<Link>(run, name, Generation::FIRST)?.finish()?;
    commit(Stage::Curate, Some(name), vec![documents, links], Ordinals::new())?;
    Ok(())
}

fn no_duplicates(store: &Store, run: &RunId) -> Done {
    let generation = store.begin_generation(run, Stage::Dedupe, "none")?;
    let none = store.writer::<Duplicate>(run, PartName(1), generation)?.finish()?;
    store.commit(Commit {
        run: run.clone(),
        stage: Stage::Dedupe,
        generation,
        input: None,
        parts: vec![none],
        covers: Ordinals::new(),
        notes: Vec::new(),
    })?;
    Ok(store.switch_generation(run, Stage::Dedupe, generation)?)
}

/// Five numbers that look random and are the same each time.
fn numbers(ordinal: u64) -> Document {
    let noise = |salt: u64, below: u64| mixed(ordinal * 8 + salt) % below;
    let share = |salt| noise(salt, 1_000) as f64 / 1_000.0;
    let mut signals = vec![None; Signal::ALL.len()];
    let mut set = |signal: Signal, value: f64| {
        let at = Signal::ALL.iter().position(|known| *known == signal).unwrap_or(0);
        signals[at] = Some(value);
    };
    set(Signal::AlphaWordRatio, share(1));
    set(Signal::LinkDensity, share(2));
    set(Signal::MeanWordLength, 2.0 + 5.0 * share(3));
    set(Signal::StopWordCount, noise(4, 100) as f64);
    Document {
        url: url(ordinal),
        ordinal,
        word_count: noise(5, 2_000),
        signals,
        ..Document::default()
    }
}

/// Unique, and 40 bytes long.
fn url(ordinal: u64) -> String {
    format!("https://s{:05}.example/page/{ordinal:011}", mixed(ordinal) % 10_000)
}

fn document(ordinal: u64) -> Document {
    let text = text(ordinal);
    Document {
        url: url(ordinal),
        ordinal,
        title: Some(text.chars().take(60).collect()),
        word_count: text.split(' ').count() as u64,
        text,
        signals: vec![None; Signal::ALL.len()],
        ..Document::default()
    }
}

/// Words of everyday length; one in a hundred is of the topic or a keyword.
fn text(ordinal: u64) -> String {
    const RARE: &[&str] =
        &["renewable", "energy", "storage", "island", "grids", "price", "order", "delivery"];
    let mut text = String::with_capacity(TEXT_BYTES + 16);
    let mut seed = mixed(ordinal);
    while text.len() < TEXT_BYTES {
        seed = mixed(seed);
        match (seed >> 32) % 100 {
            0 => {
                text.push(' ');
                text.push_str(RARE[(seed % RARE.len() as u64) as usize]);
            }
            _ => push_word(&mut text, seed % 20_000 + 20),
        }
    }
    text
}

fn score(folder: &Path, profile: &str, threads: usize) -> Done {
    let (store, run) = (Store::open(folder, system_env())?, run()?);
    let profile = Profile::load(profile, &*store.env().disk)?;
    let query = Query::open(&store, QuerySettings::below(folder, threads))?;
    let runtime = line::runtime(threads)?;
    let clock = &store.env().clock;
    let began = clock.monotonic();
    // A key of its own each time: the work is done anew.
    let generation = store.begin_generation(&run, Stage::Score, &clock.now_us().to_string())?;
    let scorer = runtime.block_on(Scorer::prepare(&query, &run, &profile))?;
    let prepared = clock.monotonic();
    let scorer = PartScorer::plan(&store, &query, &run, &scorer)?;
    let runner = ScoreRunner { store: &store, scorer: &scorer, runtime: runtime.handle().clone() };
    let work = Work {
        store: &store,
        run: &run,
        generation,
        runner: &runner,
        queue: &MemoryQueue::default(),
        publish: &|_| {},
        workers: threads,
    };
    let conditions =
        Conditions { more_may_come: &|| false, stop: &|| false, rows_before: 0, total: &|| None };
    let rows = work.off(conditions)?;
    store.switch_generation(&run, Stage::Score, generation)?;
    let ended = clock.monotonic();
    let parts = store.catalogue().parts(&run, Dataset::Scores)?;
    let bytes: u64 = parts.iter().map(|part| part.bytes).sum();
    let mut hasher = blake3::Hasher::new();
    for part in &parts {
        hasher.update(part.hash.as_bytes());
    }
    let seconds =
        |from: std::time::Duration, to: std::time::Duration| to.saturating_sub(from).as_secs_f64();
    Ok(writeln!(
        io::stdout(),
        "{{\"rows\": {rows}, \"parts\": {}, \"bytes\": {bytes}, \"prepare_s\": {:.3}, \"score_s\": {:.3}, \"hash\": \"{}\"}}",
        parts.len(),
        seconds(began, prepared),
        seconds(prepared, ended),
        hasher.finalize().to_hex(),
    )?)
}
