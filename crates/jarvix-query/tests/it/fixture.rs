//! A run with a few parts of every kind, small enough to reason about.

use jarvix_core::{
    Dataset, Document, Generation, Link, Ordinals, Outcome, Page, PartName, RunId, Signal, Stage,
};
use jarvix_query::{Query, QuerySettings};
use jarvix_store::{Commit, NewRun, StagedPart, Store, system_env};

/// A store in a folder that goes away with it.
pub struct Fixture {
    pub store: Store,
    pub run: RunId,
    folder: tempfile::TempDir,
}

impl Fixture {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path(), system_env()).expect("a store");
        let run = RunId::new("a").expect("an id");
        let new = NewRun {
            id: run.clone(),
            input_fingerprint: "x".to_owned(),
            settings: "{}".to_owned(),
        };
        store.catalogue().create_run(new).expect("a run");
        Self { store, run, folder }
    }

    /// With `parts` parts of `rows` pages and documents each; ordinals count through all of them,
    /// and within a part they fall, so that order is never there by accident.
    pub fn with_documents(parts: u32, rows: u64) -> Self {
        let fixture = Self::new();
        for number in 1..=parts {
            let first = u64::from(number - 1) * rows;
            fixture.commit_part(PartName(number), (first..first + rows).rev());
        }
        fixture
    }

    pub fn commit_part(&self, name: PartName, ordinals: impl Iterator<Item = u64>) {
        self.commit_documents(name, ordinals.map(document));
    }

    /// A part of these documents, and of their pages.
    pub fn commit_documents(&self, name: PartName, rows: impl Iterator<Item = Document>) {
        let first = Generation::FIRST;
        let mut pages = self.store.writer::<Page>(&self.run, name, first).expect("a writer");
        let mut documents =
            self.store.writer::<Document>(&self.run, name, first).expect("a writer");
        let mut ordinals = Vec::new();
        for document in rows {
            pages.append(&page(document.ordinal)).expect("a row");
            documents.append(&document).expect("a row");
            ordinals.push(document.ordinal);
        }
        let links = self.store.writer::<Link>(&self.run, name, first).expect("a writer");
        let covers: Ordinals = ordinals.into_iter().collect();
        self.commit(Stage::Collect, None, vec![pages.finish().expect("a part")], covers.clone());
        let outputs = vec![documents.finish().expect("a part"), links.finish().expect("a part")];
        self.commit(Stage::Curate, Some(name), outputs, covers);
    }

    pub fn commit(
        &self,
        stage: Stage,
        input: Option<PartName>,
        parts: Vec<StagedPart>,
        covers: Ordinals,
    ) {
        let commit = Commit {
            run: self.run.clone(),
            stage,
            generation: Generation::FIRST,
            input,
            parts,
            covers,
            notes: Vec::new(),
        };
        self.store.commit(commit).expect("a commit");
    }

    pub fn query(&self, threads: usize, memory_bytes: usize) -> Query {
        let spill_dir = self.folder.path().join("cache");
        let settings = QuerySettings { memory_bytes, threads, spill_dir };
        Query::open(&self.store, settings).expect("the engine")
    }

    pub fn folder_of(&self, dataset: Dataset) -> std::path::PathBuf {
        self.store.run_dir(&self.run).join(dataset.as_str())
    }
}

pub fn page(ordinal: u64) -> Page {
    let mut page = Page::unfetched(url(ordinal), ordinal, Outcome::Fetched, "");
    page.reason = None;
    page.status = Some(200);
    page.fetched_at_us = 1_700_000_000_000_000 + ordinal as i64;
    page.body = Some(format!("<p>body {ordinal}</p>").into_bytes());
    page
}

pub fn document(ordinal: u64) -> Document {
    Document {
        url: url(ordinal),
        ordinal,
        title: ordinal.is_multiple_of(2).then(|| format!("Title {ordinal}")),
        text: format!("text {ordinal}"),
        word_count: ordinal,
        // A third of all documents say the same as another.
        text_hash: Some(format!("{:032x}", ordinal % 300)),
        signals: vec![None; Signal::ALL.len()],
        ..Document::default()
    }
}

pub fn url(ordinal: u64) -> String {
    format!("https://h{}.example.org/{ordinal}", ordinal % 7)
}
