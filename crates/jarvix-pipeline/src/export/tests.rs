//! Any pages, exported as an archive and collected from it again: status, headers, body and hash are
//! what they were. Forms that take rows have their tests in `rows`.

mod rows;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use jarvix_collect::admit::{AdmitSettings, admit};
use jarvix_collect::input::classify;
use jarvix_collect::{CollectJob, CollectSettings, Frontier, Manners, SystemNet, collect};
use jarvix_core::{Dataset, Generation, Header, Hop, Outcome, Page, RunId, Stage};
use jarvix_query::{Query, QuerySettings};
use jarvix_store::{Commit, NewRun, Store};
use jarvix_testkit::TempData;
use proptest::prelude::*;

use super::{Export, ExportFormat, run};

fn new_run(store: &Store, name: &str) -> RunId {
    let id = RunId::new(name).expect("an id");
    let (input_fingerprint, settings) = (name.to_owned(), "{}".to_owned());
    let new = NewRun { id: id.clone(), input_fingerprint, settings };
    store.catalogue().create_run(new).expect("a run");
    id
}

fn commit(store: &Store, run: &RunId, pages: &[Page]) {
    let generation = store.begin_generation(run, Stage::Collect, "test").expect("a generation");
    let name = store.catalogue().next_part_name(run, Dataset::Pages).expect("a name");
    let mut part = store.writer::<Page>(run, name, generation).expect("a part");
    pages.iter().for_each(|page| part.append(page).expect("a row"));
    let commit = Commit {
        run: run.clone(),
        stage: Stage::Collect,
        generation,
        input: None,
        parts: vec![part.finish().expect("a part")],
        covers: pages.iter().map(|page| page.ordinal).collect(),
        notes: Vec::new(),
    };
    assert_eq!(generation, Generation::FIRST);
    store.commit(commit).expect("a commit");
}

fn export(store: &Store, id: &RunId, out: &std::path::Path) {
    let engine = Query::open(store, QuerySettings::below(store.root(), 1)).expect("an engine");
    let export = Export {
        store,
        engine: &engine,
        run: id,
        format: ExportFormat::Warc,
        sources: ExportFormat::Warc.sources(),
        columns: None,
        condition: None,
        out,
        gzip: false,
        force: false,
        on_progress: &|_, _| {},
        stop: &AtomicBool::new(false),
    };
    run(&export).expect("an export");
}

fn import(store: &Store, id: &RunId, archive: &std::path::Path) -> Vec<Page> {
    let input = classify(&archive.display().to_string()).expect("an archive");
    let lock = store.lock_run(id).expect("its lock");
    admit(store, id, &[input], &AdmitSettings::default(), &|_| {}, &|| false).expect("admitted");
    let settings = CollectSettings::default();
    let job = CollectJob {
        manners: Manners::new(&settings),
        store: store.clone(),
        run: id.clone(),
        frontier: Frontier::open(store, id).expect("a frontier"),
        net: Arc::new(SystemNet::new(&settings)),
        settings,
        backlog: Arc::default(),
        stop: Arc::default(),
        on_event: Arc::new(|_| {}),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(collect(job)).expect("collected");
    drop(lock);
    pages(store, id)
}

fn pages(store: &Store, id: &RunId) -> Vec<Page> {
    let parts = store.catalogue().parts(id, Dataset::Pages).expect("the parts");
    let rows = parts.iter().flat_map(|part| store.read::<Page>(part).expect("a part"));
    rows.map(|row| row.expect("a row")).collect()
}

#[derive(Debug, PartialEq)]
struct Kept {
    status: Option<u16>,
    outcome: Outcome,
    final_url: Option<String>,
    fetched_at_us: i64,
    headers: Vec<(String, String)>,
    coding: Option<String>,
    body: Option<Vec<u8>>,
    body_hash: Option<String>,
    truncated: bool,
}

fn kept(pages: Vec<Page>) -> BTreeMap<String, Kept> {
    let one = |page: Page| {
        let kept = Kept {
            status: page.status,
            outcome: page.outcome,
            final_url: page.final_url,
            fetched_at_us: page.fetched_at_us,
            headers: page.headers.into_iter().map(|h| (h.name, h.value)).collect(),
            coding: page.content_encoding,
            body: page.body,
            body_hash: page.body_hash,
            truncated: page.truncated,
        };
        (page.url, kept)
    };
    pages.into_iter().map(one).collect()
}

/// How a body came.
#[derive(Debug, Clone)]
struct Body {
    bytes: Vec<u8>,
    coding: Option<&'static str>,
    chunked: bool,
}

fn body() -> impl Strategy<Value = Body> {
    let noise = proptest::collection::vec(any::<u8>(), 0..600);
    let text = (1usize..400).prop_map(|n| "<p>some words ".repeat(n).into_bytes());
    let coding = prop::option::of(prop::sample::select(vec!["gzip", "zstd"]));
    (prop_oneof![noise, text], coding, any::<bool>()).prop_map(|(bytes, coding, chunked)| Body {
        bytes,
        coding,
        chunked,
    })
}

fn page(n: u64, body: &Body, status: u16, moved: bool, extra: &str, truncated: bool) -> Page {
    let url = format!("http://a.example/{n}");
    let outcome = if status == 200 { Outcome::Fetched } else { Outcome::HttpError };
    let mut page = Page::unfetched(url.clone(), n, outcome, "");
    page.reason = (status != 200).then(|| status.to_string());
    page.status = Some(status);
    page.final_url = Some(url.clone());
    if moved {
        let headers = vec![Header { name: "location".to_owned(), value: "/to".to_owned() }];
        page.redirects.push(Hop { url, status: 302, headers });
        page.final_url = Some(format!("http://b.example/{n}"));
    }
    let length = (!body.chunked).then(|| body.bytes.len().to_string());
    let transfer = body.chunked.then(|| "chunked".to_owned());
    let lines = [
        ("content-type", Some("text/html".to_owned())),
        ("content-encoding", body.coding.map(str::to_owned)),
        ("content-length", length),
        ("transfer-encoding", transfer),
        ("x-extra", Some(extra.to_owned())),
        ("x-extra", Some("again".to_owned())),
    ];
    let header = |(name, value): (&str, Option<String>)| {
        value.map(|value| Header { name: name.to_owned(), value })
    };
    page.headers = lines.into_iter().filter_map(header).collect();
    page.content_type = Some("text/html".to_owned());
    page.content_encoding = body.coding.map(str::to_owned);
    page.content_encoding_received.clone_from(&page.content_encoding);
    // What is no text would rightly be left out of an answer that is a page.
    let is_text = body.bytes.is_ascii() && body.bytes.starts_with(b"<p>");
    let bytes = if status == 200 && !is_text { b"<p>text".to_vec() } else { body.bytes.clone() };
    page.body = Some(bytes).filter(|bytes| !bytes.is_empty());
    page.truncated = truncated;
    page.protocol = Some("h2".to_owned());
    page.remote_addr = Some("[2001:db8::1]:443".to_owned());
    page.fetched_at_us = 1_700_000_000_000_000 + i64::try_from(n).unwrap_or(0) * 1_234_567;
    page
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn pages_come_back_from_an_archive_as_they_were(
        made in proptest::collection::vec(
            (body(), prop::sample::select(vec![200u16, 404, 503]), any::<bool>(), "[a-z0-9 =;,äß-]{0,20}", any::<bool>()),
            1..8,
        ),
    ) {
        let data = TempData::new();
        let store = data.store();
        let first = new_run(store, "first");
        let pages_made: Vec<Page> = (0..)
            .zip(&made)
            .map(|(n, (body, status, moved, extra, truncated))| {
                page(n, body, *status, *moved, extra.trim(), *truncated)
            })
            .collect();
        let lock = store.lock_run(&first).expect("its lock");
        commit(store, &first, &pages_made);
        drop(lock);
        let archive = data.path().join("one/out.warc.gz");
        export(store, &first, &archive);
        let second = new_run(store, "second");
        let back = import(store, &second, &archive);
        prop_assert_eq!(kept(back), kept(pages(store, &first)));
        // The same pages, the same bytes.
        let again = data.path().join("two/out.warc.gz");
        export(store, &first, &again);
        let read = |path| std::fs::read(path).expect("an archive");
        prop_assert!(read(&archive) == read(&again));
    }
}
