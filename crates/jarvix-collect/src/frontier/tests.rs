//! The frontier as a whole: whatever is asked of it in whatever order, every entry comes out once.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use jarvix_core::{Generation, Page, PartName};
use jarvix_store::{Commit, NewRun, system_env};
use proptest::prelude::*;

use super::reader::Segment;
use super::*;
use crate::admit::{AdmitSettings, SortLimits, admit};
use crate::input::classify;

/// A run into which lists are admitted.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
    store: Store,
    run: RunId,
    settings: AdmitSettings,
}

impl Bench {
    pub(crate) fn new(sort: SortLimits) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let store = Store::open(&folder.path().join("data"), system_env()).expect("store");
        let run = RunId::new("run-1").expect("id");
        let new =
            NewRun { id: run.clone(), input_fingerprint: String::new(), settings: "{}".to_owned() };
        drop(store.lock_run(&run).expect("lock"));
        store.catalogue().create_run(new).expect("run");
        Self { folder, store, run, settings: AdmitSettings { sort, ..AdmitSettings::default() } }
    }

    pub(crate) fn admit(&self, text: &str) -> Frontier {
        let path = self.folder.path().join("urls.txt");
        fs::write(&path, text).expect("write");
        let inputs = [classify(&path.display().to_string()).expect("list")];
        let (store, run) = (&self.store, &self.run);
        admit(store, run, &inputs, &self.settings, &|_| {}, &|| false).expect("admitted");
        Frontier::open(&self.store, &self.run).expect("frontier")
    }

    /// Commits a page for each of `entries`, as a session before would have.
    fn cover(&self, name: u32, entries: &[&Entry]) {
        let generation = self.store.begin_generation(&self.run, Stage::Collect, "k");
        let generation: Generation = generation.expect("generation");
        let mut writer =
            self.store.writer::<Page>(&self.run, PartName(name), generation).expect("writer");
        for entry in entries {
            let page = Page::unfetched(
                entry.url.clone(),
                entry.ordinal,
                jarvix_core::Outcome::Dns,
                "no such name",
            );
            writer.append(&page).expect("row");
        }
        let commit = Commit {
            run: self.run.clone(),
            stage: Stage::Collect,
            generation,
            input: None,
            parts: vec![writer.finish().expect("part")],
            covers: entries.iter().map(|entry| entry.ordinal).collect(),
            notes: Vec::new(),
        };
        self.store.commit(commit).expect("commit");
    }
}

fn url(host: u8, page: u16) -> String {
    // Hosts of one owner, of one hoster, addresses, single labels.
    let names = [
        "a.example.org",
        "b.example.org",
        "example.org",
        "x.github.io",
        "y.github.io",
        "10.0.0.1",
        "localhost",
        "[2001:db8::1]",
    ];
    format!("http://{}/{page}", names[usize::from(host) % names.len()])
}

fn list(lines: &[(u8, u16)]) -> String {
    lines.iter().map(|(host, page)| url(*host, *page) + "\n").collect()
}

fn limits() -> impl Strategy<Value = SortLimits> {
    (0u32..5, 1usize..300, 0usize..2_000).prop_map(|(partition_bits, buffer_bytes, leaf)| {
        SortLimits { partition_bits, buffer_bytes, leaf_bytes_max: leaf }
    })
}

/// One host has most of the lines.
fn lines() -> impl Strategy<Value = Vec<(u8, u16)>> {
    let host = prop_oneof![Just(0u8), 0u8..8];
    proptest::collection::vec((host, 0u16..400), 0..300)
}

/// Asks a feed for everything, in the order that `asks` says, and then for the rest.
fn drain(mut feed: Feed, asks: &[(u8, u8)]) -> Vec<Fed> {
    let (mut fed, mut open, mut begun) = (Vec::new(), Vec::new(), false);
    let mut asks = asks.iter().copied();
    while !begun || !open.is_empty() {
        let (which, size) = asks.next().unwrap_or((1, 7));
        let most = Most { entries: usize::from(size % 9), bytes: usize::from(size) * 20 };
        let batch = if !begun && (which % 2 == 0 || open.is_empty()) {
            let batch = feed.begin(most).expect("begins");
            begun = batch.is_none();
            batch
        } else {
            let run = open.remove(usize::from(which) % open.len());
            Some(feed.more(run, most).expect("more"))
        };
        let Some(Batch { run, entries, more }) = batch else { continue };
        assert!(entries.len() <= usize::from(size % 9).max(1));
        if more {
            open.push(run);
        }
        fed.extend(entries);
    }
    fed
}

fn host_of(fed: &Fed) -> String {
    fed.entry.url.rsplit_once('/').map(|(host, _)| host.to_owned()).unwrap_or_default()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_entry_comes_out_once_whoever_is_asked_when(
        sort in limits(),
        (first, second) in (lines(), lines()),
        asks in proptest::collection::vec((any::<u8>(), any::<u8>()), 0..200),
        covered in any::<u64>(),
    ) {
        let bench = Bench::new(sort);
        bench.admit(&list(&first));
        let both: Vec<(u8, u16)> = first.iter().chain(&second).copied().collect();
        let frontier = bench.admit(&list(&both));

        // What every line's URL is: the first of its kind has the ordinal of its line, as long as no
        // repeat was noticed on the way, and its rank counts those of its host before it.
        let mut expected: BTreeMap<String, u64> = BTreeMap::new();
        let mut ranks: HashMap<u8, u64> = HashMap::new();
        for (host, page) in &both {
            let rank = ranks.entry(host % 8).or_default();
            expected.entry(url(*host, *page)).or_insert_with(|| {
                *rank += 1;
                *rank - 1
            });
        }
        let all: Vec<Entry> = frontier.pending().collect::<Result<_, _>>().expect("entries");
        prop_assert_eq!(all.len(), expected.len());
        let urls: BTreeSet<&str> = all.iter().map(|entry| entry.url.as_str()).collect();
        prop_assert_eq!(urls.len(), expected.len());

        // Some of it is done already.
        let done: Vec<&Entry> =
            all.iter().filter(|entry| covered >> (entry.ordinal % 64) & 1 == 1).collect();
        bench.cover(1, &done);
        let frontier = Frontier::open(&bench.store, &bench.run).expect("frontier");
        let fed = drain(frontier.feed(), &asks);
        let done: BTreeSet<u64> = done.iter().map(|entry| entry.ordinal).collect();
        let left: BTreeSet<u64> =
            all.iter().map(|entry| entry.ordinal).filter(|o| !done.contains(o)).collect();
        let came: Vec<u64> = fed.iter().map(|fed| fed.entry.ordinal).collect();
        prop_assert_eq!(came.len(), left.len());
        prop_assert_eq!(came.into_iter().collect::<BTreeSet<u64>>(), left);
        let mut last: HashMap<String, u64> = HashMap::new();
        for one in &fed {
            prop_assert_eq!(Some(&one.rank), expected.get(&one.entry.url));
            // Two sessions are two segments, which are read side by side.
            if second.is_empty() {
                let before = last.insert(host_of(one), one.entry.ordinal);
                prop_assert!(before.is_none_or(|before| before < one.entry.ordinal));
            }
        }
    }

    #[test]
    fn an_owner_lives_in_one_partition(sort in limits(), lines in lines()) {
        let bench = Bench::new(sort);
        let frontier = bench.admit(&list(&lines));
        let mut partitions: HashMap<u64, BTreeSet<u32>> = HashMap::new();
        let mut last = None;
        for path in &frontier.segments {
            for header in headers(path) {
                prop_assert!(last <= Some(header.partition), "partitions are numbered in order");
                last = Some(header.partition);
                for place in [header.first, header.last] {
                    partitions.entry(place.domain()).or_default().insert(header.partition);
                }
            }
        }
        prop_assert!(partitions.values().all(|numbers| numbers.len() == 1), "{:?}", partitions);
    }
}

fn headers(path: &Path) -> Vec<codec::Header> {
    let segment = Segment::open(&system_env(), path).expect("segment");
    let (mut offset, mut headers) = (Segment::start(), Vec::new());
    while let Some(header) = segment.header(offset).expect("header") {
        offset = Segment::after(offset, &header);
        headers.push(header);
    }
    headers
}

#[test]
fn a_list_that_fits_keeps_the_order_of_its_hosts() {
    let bench = Bench::new(SortLimits::default());
    let frontier = bench.admit("http://b/1\nhttp://a/1\nhttp://c/1\nhttp://a/2\nhttp://b/2\n");
    let urls: Vec<String> = frontier.pending().map(|entry| entry.expect("entry").url).collect();
    assert_eq!(urls, ["http://b/1", "http://b/2", "http://a/1", "http://a/2", "http://c/1"]);
}

#[test]
fn a_giant_is_passed_over_by_the_headers_of_its_blocks() {
    let bench = Bench::new(SortLimits { leaf_bytes_max: 10_000, ..SortLimits::default() });
    let mut text: String = (0..20_000).map(|n| format!("http://giant.example/{n}\n")).collect();
    text.extend((0..300).map(|n| format!("http://small-{n}.example/\n")));
    let mut feed = bench.admit(&text).feed();
    let most = Most { entries: 3, bytes: usize::MAX };
    let mut hosts = 0;
    let mut giant = None;
    while let Some(batch) = feed.begin(most).expect("begins") {
        hosts += 1;
        if batch.more {
            assert!(batch.entries[0].entry.url.starts_with("http://giant"));
            giant = Some((batch.run, batch.entries.len()));
        }
    }
    assert_eq!(hosts, 301);
    let (run, mut entries) = giant.expect("the giant has more");
    loop {
        let batch = feed.more(run, Most { entries: 777, bytes: usize::MAX }).expect("more");
        entries += batch.entries.len();
        if !batch.more {
            break;
        }
    }
    assert_eq!(entries, 20_000);
}
