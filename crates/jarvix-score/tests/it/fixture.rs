//! A run with given documents, in a real store in a temporary folder.

use jarvix_core::{
    Document, Duplicate, Generation, Link, Ordinals, Outcome, Page, PartName, RunId, Signal, Stage,
};
use jarvix_query::{Query, QuerySettings, Table};
use jarvix_score::{PartScorer, Profile, Scorer};
use jarvix_store::{Commit, NewRun, Row, StagedPart, Store, system_env};

pub const PART: PartName = PartName(1);
const FIRST: Generation = Generation::FIRST;

/// A store in a folder that goes away with it.
pub struct Fixture {
    pub store: Store,
    pub run: RunId,
    folder: tempfile::TempDir,
}

impl Fixture {
    /// One part with a page for every document, all fetched at the same moment.
    pub fn new(documents: &[Document], duplicates: &[Duplicate]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path(), system_env()).expect("a store");
        let run = RunId::new("a").expect("an id");
        let fixture = Self { store, run: run.clone(), folder };
        let new = NewRun { id: run, input_fingerprint: "x".to_owned(), settings: "{}".to_owned() };
        fixture.store.catalogue().create_run(new).expect("a run");

        let pages: Vec<Page> = documents.iter().map(page).collect();
        let covers: Ordinals = documents.iter().map(|document| document.ordinal).collect();
        fixture.commit(Stage::Collect, None, vec![fixture.stage(&pages)], covers.clone());
        let outputs = vec![fixture.stage(documents), fixture.stage::<Link>(&[])];
        fixture.commit(Stage::Curate, Some(PART), outputs, covers);
        fixture.commit(Stage::Dedupe, None, vec![fixture.stage(duplicates)], Ordinals::new());
        fixture
    }

    fn stage<R: Row>(&self, rows: &[R]) -> StagedPart {
        let mut writer = self.store.writer::<R>(&self.run, PART, FIRST).expect("a writer");
        for row in rows {
            writer.append(row).expect("a row");
        }
        writer.finish().expect("a part")
    }

    fn commit(
        &self,
        stage: Stage,
        input: Option<PartName>,
        parts: Vec<StagedPart>,
        covers: Ordinals,
    ) {
        let (run, generation, notes) = (self.run.clone(), FIRST, Vec::new());
        let commit = Commit { run, stage, generation, input, parts, covers, notes };
        self.store.commit(commit).expect("a commit");
    }

    pub fn query(&self, threads: usize) -> Query {
        let spill_dir = self.folder.path().join("cache");
        let settings = QuerySettings { memory_bytes: 64 * 1024 * 1024, threads, spill_dir };
        Query::open(&self.store, settings).expect("the engine")
    }

    /// Scores the part; nothing is committed.
    pub async fn score(&self, profile: &Profile, threads: usize, generation: u32) -> StagedPart {
        let query = self.query(threads);
        let generation = Generation(generation);
        let scorer = Scorer::prepare(&query, &self.run, profile).await.expect("counted");
        let parts = PartScorer::plan(&self.store, &query, &self.run, &scorer).expect("a plan");
        parts.score(PART, generation).await.expect("scores")
    }

    /// Scores the part, commits it, and reads it back.
    pub async fn scores(&self, profile: &Profile) -> Table {
        let staged = self.score(profile, 2, 1).await;
        self.commit(Stage::Score, Some(PART), vec![staged], Ordinals::new());
        let session = self.query(1).session_for_run(&self.run).expect("a session");
        session.rows("SELECT * FROM scores").await.expect("rows")
    }
}

/// When every page was fetched: 2026-01-01T00:00:00Z.
const FETCHED_AT_US: i64 = 1_767_225_600_000_000;

fn page(document: &Document) -> Page {
    let mut page = Page::unfetched(document.url.clone(), document.ordinal, Outcome::Fetched, "");
    page.reason = None;
    page.status = Some(200);
    page.fetched_at_us = FETCHED_AT_US;
    page
}

/// A document with nothing measured.
pub fn document(ordinal: u64) -> Document {
    Document {
        url: format!("https://example.org/{ordinal}"),
        ordinal,
        text: "text".to_owned(),
        signals: vec![None; Signal::ALL.len()],
        ..Document::default()
    }
}

/// A document that has everything a profile can wish for.
pub fn excellent(ordinal: u64) -> Document {
    let mut document = document(ordinal);
    document.title = Some("A title".to_owned());
    document.published = Some("2025-12-20".to_owned());
    document.author = Some("A. Writer".to_owned());
    document.word_count = 5_000;
    for (signal, value) in [
        (Signal::MeanWordLength, 4.8),
        (Signal::SymbolWordRatio, 0.0),
        (Signal::BulletLineRatio, 0.1),
        (Signal::EllipsisLineRatio, 0.0),
        (Signal::AlphaWordRatio, 0.99),
        (Signal::StopWordCount, 900.0),
        (Signal::DuplicateLineRatio, 0.0),
        (Signal::DuplicateLineCharRatio, 0.0),
        (Signal::Top2gramRatio, 0.01),
        (Signal::Top3gramRatio, 0.01),
        (Signal::PunctuatedLineRatio, 0.9),
        (Signal::ShortLineRatio, 0.02),
        (Signal::LinkDensity, 0.05),
        (Signal::TextShare, 0.9),
        (Signal::HeadingCount, 24.0),
        (Signal::ParagraphCount, 100.0),
        (Signal::ListItemCount, 20.0),
        (Signal::TableCount, 2.0),
        (Signal::ImageCount, 5.0),
        (Signal::KeywordHits, 10.0),
        (Signal::MetadataCount, 7.0),
        (Signal::DefectCount, 0.0),
    ] {
        set(&mut document, signal, value);
    }
    document
}

/// Sets one signal.
pub fn set(document: &mut Document, signal: Signal, value: f64) {
    document.signals[signal as usize] = Some(value);
}
