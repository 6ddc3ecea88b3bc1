//! A data folder with runs of made-up documents, and what dedupe makes of them.

use jarvix_core::{
    Dataset, Document, Duplicate, Generation, Link, Ordinals, Outcome, Page, PartName, RunId,
    Signal, Stage,
};
use jarvix_curate::fingerprints;
use jarvix_dedupe::{DedupeJob, DedupeLimits, Found, dedupe};
use jarvix_store::{Commit, NewRun, Row, StagedPart, Store, system_env};

/// Limits under which everything goes to disk, and runs are merged in several passes.
pub const TIGHT: DedupeLimits = DedupeLimits {
    sort_bytes: 2_000,
    block_bytes: 64,
    runs_max: 3,
    text_bytes: 1,
    bucket_paired: 16,
};

pub struct Fixture {
    pub store: Store,
    generation: std::cell::Cell<u32>,
    _folder: tempfile::TempDir,
}

pub fn run(name: &str) -> RunId {
    RunId::new(name).expect("an id")
}

/// `words` as a text: word 7 is `w7`.
pub fn text(words: impl IntoIterator<Item = u64>) -> String {
    words.into_iter().map(|word| format!("w{word}")).collect::<Vec<_>>().join(" ")
}

impl Fixture {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("data"), system_env()).expect("a store");
        Self { store, generation: std::cell::Cell::new(0), _folder: folder }
    }

    /// A run with these documents, each an ordinal and a text, in parts of `part_rows`.
    pub fn add_run(&self, name: &str, documents: &[(u64, String)], part_rows: usize) {
        let id = run(name);
        let new =
            NewRun { id: id.clone(), input_fingerprint: String::new(), settings: "{}".into() };
        self.store.catalogue().create_run(new).expect("a run");
        for (part, rows) in (1..).zip(documents.chunks(part_rows)) {
            let part = PartName(part);
            let documents: Vec<Document> =
                rows.iter().map(|(ordinal, text)| document(name, *ordinal, text)).collect();
            let page = |d: &Document| Page::unfetched(d.url.clone(), d.ordinal, Outcome::Dns, "");
            let pages: Vec<Page> = documents.iter().map(page).collect();
            let covers: Ordinals = documents.iter().map(|document| document.ordinal).collect();
            let pages = vec![self.stage(&id, part, &pages)];
            self.commit(&id, Stage::Collect, (None, pages), covers.clone());
            let outputs =
                vec![self.stage(&id, part, &documents), self.stage::<Link>(&id, part, &[])];
            self.commit(&id, Stage::Curate, (Some(part), outputs), covers);
        }
    }

    fn stage<R: Row>(&self, run: &RunId, name: PartName, rows: &[R]) -> StagedPart {
        let mut writer = self.store.writer::<R>(run, name, Generation::FIRST).expect("a writer");
        for row in rows {
            writer.append(row).expect("a row");
        }
        writer.finish().expect("a part")
    }

    fn commit(
        &self,
        run: &RunId,
        stage: Stage,
        (input, parts): (Option<PartName>, Vec<StagedPart>),
        covers: Ordinals,
    ) {
        let (run, generation, notes) = (run.clone(), Generation::FIRST, Vec::new());
        let commit = Commit { run, stage, generation, input, parts, covers, notes };
        self.store.commit(commit).expect("a commit");
    }

    /// Looks for the duplicates of a run once more.
    pub fn dedupe(&self, name: &str, against: &[&str], settings: (usize, DedupeLimits)) -> Result {
        let against: Vec<RunId> = against.iter().map(|name| run(name)).collect();
        self.generation.set(self.generation.get() + 1);
        let key = format!("dedupe {}", self.generation.get());
        let generation =
            self.store.begin_generation(&run(name), Stage::Dedupe, &key).expect("a generation");
        let found = dedupe(&DedupeJob {
            store: &self.store,
            run: &run(name),
            against: &against,
            generation,
            threads: settings.0,
            limits: settings.1,
            stop: &|| false,
        });
        let found = found.expect("no failure").expect("no stop");
        let parts = self
            .store
            .catalogue()
            .parts_at(&run(name), Dataset::Duplicates, generation)
            .expect("parts");
        let read = |part| self.store.read::<Duplicate>(part).expect("the part opens");
        let rows: Vec<Duplicate> =
            parts.iter().flat_map(read).map(|row| row.expect("a row")).collect();
        let hashes = parts.iter().map(|part| part.hash.clone()).collect();
        assert!(!self.store.run_dir(&run(name)).join(".dedupe").exists(), "scratch is left");
        Result { found, rows, hashes }
    }
}

/// What came of it.
pub struct Result {
    pub found: Found,
    pub rows: Vec<Duplicate>,
    pub hashes: Vec<String>,
}

impl Result {
    /// Ordinal, cluster and kind of every row, by ordinal.
    pub fn short(&self) -> Vec<(u64, u64, &str)> {
        let mut rows: Vec<_> =
            self.rows.iter().map(|row| (row.ordinal, row.cluster, row.kind.as_str())).collect();
        rows.sort_unstable();
        rows
    }
}

pub fn url(run: &str, ordinal: u64) -> String {
    // The order of URLs is not that of ordinals.
    format!("https://{run}.example/{}/{ordinal}", ordinal * 7 % 10)
}

fn document(run: &str, ordinal: u64, text: &str) -> Document {
    let (text_hash, minhash) = fingerprints(text);
    Document {
        url: url(run, ordinal),
        ordinal,
        text: text.to_owned(),
        text_hash,
        minhash,
        signals: vec![None; Signal::ALL.len()],
        ..Document::default()
    }
}
