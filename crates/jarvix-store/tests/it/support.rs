//! Rows and stores that the tests share.

use std::path::Path;
use std::sync::Arc;

use jarvix_core::{
    Dataset, Defect, Document, Duplicate, Env, Found, Gate, Generation, Header, Hop, HostFacts,
    Link, LinkKind, Ordinals, Outcome, Page, PartName, PartRef, Product, Reject, Role, RunId,
    Section, Signal, Source, Stage, Timings,
};
use jarvix_store::{Commit, NewRun, Row, StagedPart, Store, StoreError, system_env};
use jarvix_testkit::clock::ManualClock;

pub fn run() -> RunId {
    RunId::new("urls-1").expect("a run id")
}

/// A temporary folder for tests that sync thousands of times: in memory, where there is such a
/// place. What a sync promises is simulated above the disk there, not measured below it.
pub fn quick_folder() -> tempfile::TempDir {
    let memory = tempfile::tempdir_in("/dev/shm");
    memory.or_else(|_| tempfile::tempdir()).expect("temporary folder")
}

/// The real disk, a clock that stands still.
pub fn env() -> Env {
    Env { clock: Arc::new(ManualClock::at(1_800_000_000_000_000)), ..system_env() }
}

pub fn open(root: &Path) -> Store {
    Store::open(root, env()).expect("open the store")
}

pub fn new_run() -> NewRun {
    NewRun { id: run(), input_fingerprint: "f".to_owned(), settings: "{}".to_owned() }
}

/// A store with the run in it.
pub fn with_run(root: &Path) -> Store {
    let store = open(root);
    store.catalogue().create_run(new_run()).expect("create the run");
    store
}

pub fn page(ordinal: u64) -> Page {
    let mut page = Page::unfetched(
        format!("https://a.example/{ordinal}"),
        ordinal,
        Outcome::Fetched,
        "because",
    );
    page.status = Some(200);
    page.body = Some(format!("<p>page {ordinal}</p>").into_bytes());
    page.fetched_at_us = 1_800_000_000_000_000;
    page
}

/// A page with something in every column.
pub fn full_page(ordinal: u64) -> Page {
    let header = |name: &str, value: &str| Header { name: name.into(), value: value.into() };
    Page {
        line_no: Some(ordinal + 1),
        final_url: Some("https://b.example/".into()),
        truncated: true,
        rendered: true,
        content_type: Some("text/html; charset=utf-8".into()),
        content_encoding: Some("gzip".into()),
        content_encoding_received: Some("gzip".into()),
        body: Some(vec![0x1f, 0x8b, 0, 255]),
        body_hash: Some("0".repeat(32)),
        headers: vec![header("set-cookie", "a=1"), header("set-cookie", "b=\u{fffd}")],
        redirects: vec![
            Hop { url: "http://a.example/".into(), status: 301, headers: vec![header("x", "")] },
            Hop { url: "http://b.example/".into(), status: 308, headers: Vec::new() },
        ],
        protocol: Some("h2".into()),
        remote_addr: Some("192.0.2.1:443".into()),
        timings: Timings {
            dns_ms: Some(0.5),
            connect_ms: None,
            tls_ms: Some(12.25),
            ttfb_ms: Some(3.0),
            elapsed_ms: Some(20.0),
        },
        attempts: 3,
        bytes_wire: 5_000_000_000,
        input_meta: Some(r#"{"shop":"ü"}"#.into()),
        found: Found {
            role: Role::Sitemap,
            level: 2,
            on: Some("https://b.example/map".into()),
            seed: Some("https://c.example/".into()),
        },
        ..page(ordinal)
    }
}

pub fn document(ordinal: u64, text: &str) -> Document {
    Document {
        url: format!("https://a.example/{ordinal}"),
        ordinal,
        title: Some("Title".into()),
        breadcrumbs: vec!["Home".into(), "Kettles".into()],
        product: Product {
            name: Some("Kettle".into()),
            price: Some(19.5),
            rating_count: Some(7),
            ..Product::default()
        },
        contacts: vec!["mailto:a@b.example".into()],
        sources: vec![Source {
            column: "title".into(),
            source: "heading".into(),
            confidence: 0.75,
        }],
        text: text.to_owned(),
        sections: vec![Section { level: 2, heading: "Head".into(), start: 0, end: 9 }],
        markdown: text.to_owned(),
        word_count: text.split_whitespace().count() as u64,
        gate: ordinal.is_multiple_of(2).then_some(Gate::Paywall),
        minhash: Some(vec![7; 448]),
        defects: vec![Defect::Truncated, Defect::NoTitle],
        signals: Signal::ALL.iter().map(|s| Some(f64::from(*s as u32) / 3.0)).collect(),
        ..Document::default()
    }
}

pub fn link(ordinal: u64) -> Link {
    Link {
        url: format!("https://a.example/{ordinal}"),
        ordinal,
        kind: LinkKind::Listed,
        position: 0,
        target: "https://b.example/".into(),
        text: Some("text".into()),
        rel: None,
        internal: false,
        nofollow: true,
    }
}

pub fn reject() -> Reject {
    Reject { source: "urls.txt".into(), line_no: 3, text: "\\0".into(), reason: "empty".into() }
}

/// What a host was asked for a part.
pub fn host(name: &str, requests: u64) -> HostFacts {
    HostFacts {
        host: name.into(),
        requests,
        concurrency_max: 2,
        gap_min_us: Some(1_500),
        crawl_delay_ms: None,
        pauses: 1,
        put_aside: 0,
        suspended: false,
    }
}

pub fn duplicate() -> Duplicate {
    Duplicate {
        url: "https://a.example/2".into(),
        ordinal: 2,
        cluster: 1,
        duplicate_of: "https://a.example/1".into(),
        duplicate_run: Some("earlier".into()),
        kind: "exact".into(),
        similar_to: "https://a.example/1".into(),
        similar_run: None,
        similarity: 1.0,
        shared_share: 1.0,
    }
}

/// Writes rows as a staged part.
pub fn stage<R: Row>(
    store: &Store,
    name: PartName,
    generation: Generation,
    rows: &[R],
) -> Result<StagedPart, StoreError> {
    let mut writer = store.writer::<R>(&run(), name, generation)?;
    for row in rows {
        writer.append(row)?;
    }
    writer.finish()
}

/// Collects the pages of these ordinals into one part and commits it.
pub fn collect(store: &Store, ordinals: std::ops::Range<u64>) -> Result<PartRef, StoreError> {
    let name = store.catalogue().next_part_name(&run(), Dataset::Pages)?;
    let rows: Vec<Page> = ordinals.clone().map(page).collect();
    let part = stage(store, name, Generation::FIRST, &rows)?;
    let mut committed = store.commit(pages_commit(vec![part], ordinals.collect()))?;
    Ok(committed.remove(0))
}

/// The same, with what their host was asked for them: a request each.
pub fn collect_with_hosts(store: &Store, ordinals: std::ops::Range<u64>) -> Result<(), StoreError> {
    let name = store.catalogue().next_part_name(&run(), Dataset::Pages)?;
    let rows: Vec<Page> = ordinals.clone().map(page).collect();
    let hosts = [host("a.example", rows.len() as u64)];
    let parts = vec![
        stage(store, name, Generation::FIRST, &rows)?,
        stage(store, name, Generation::FIRST, &hosts)?,
    ];
    store.commit(pages_commit(parts, ordinals.collect())).map(drop)
}

pub fn pages_commit(parts: Vec<StagedPart>, covers: Ordinals) -> Commit {
    Commit {
        run: run(),
        stage: Stage::Collect,
        generation: Generation::FIRST,
        input: None,
        parts,
        covers,
        notes: Vec::new(),
    }
}

pub fn curate_commit(input: PartName, generation: Generation, parts: Vec<StagedPart>) -> Commit {
    Commit {
        run: run(),
        stage: Stage::Curate,
        generation,
        input: Some(input),
        parts,
        covers: Ordinals::new(),
        notes: Vec::new(),
    }
}

/// Curates every pages part that `generation` has no output for; the text says the generation.
pub fn curate(store: &Store, generation: Generation) -> Result<(), StoreError> {
    for name in store.catalogue().work(&run(), Stage::Curate, generation)? {
        let pages = store.catalogue().parts(&run(), Dataset::Pages)?;
        let input = pages.iter().find(|part| part.name == name).expect("the input part");
        let mut documents = Vec::new();
        for page in store.read::<Page>(input)? {
            documents.push(document(page?.ordinal, &format!("generation {generation}")));
        }
        let links: Vec<Link> = documents.iter().map(|d| link(d.ordinal)).collect();
        let parts = vec![
            stage(store, name, generation, &documents)?,
            stage(store, name, generation, &links)?,
        ];
        store.commit(curate_commit(name, generation, parts))?;
    }
    Ok(())
}

/// Every row of a dataset that readers see, part by part.
pub fn rows<R: Row>(store: &Store) -> Result<Vec<R>, StoreError> {
    let mut all = Vec::new();
    for part in store.catalogue().parts(&run(), R::DATASET)? {
        for row in store.read::<R>(&part)? {
            all.push(row?);
        }
    }
    Ok(all)
}
