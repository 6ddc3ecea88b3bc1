//! What is found is admitted once, within its budgets, and the same way whatever happened before.

use jarvix_store::{NewRun, RunLock};
use jarvix_testkit::TempData;

use super::*;
use crate::frontier::{Entry, Frontier};

struct Lab {
    data: TempData,
    run: RunId,
    _lock: RunLock,
}

impl Lab {
    fn new() -> Self {
        let data = TempData::new();
        let run = RunId::new("test").expect("an id");
        let new = NewRun {
            id: run.clone(),
            input_fingerprint: "test".to_owned(),
            settings: "{}".to_owned(),
        };
        data.store().catalogue().create_run(new).expect("a run");
        let lock = data.store().lock_run(&run).expect("its lock");
        Self { data, run, _lock: lock }
    }

    fn session(&self) -> FoundSession<'_> {
        let limits = DedupeLimits { partition_bits: 2, buffer_bytes: 48, sort_bytes_max: 128 };
        let sort = SortLimits { partition_bits: 1, buffer_bytes: 64, leaf_bytes_max: 512 };
        FoundSession::begin(self.data.store(), &self.run, limits, sort).expect("a session")
    }

    fn offered<'a>(&self, urls: impl IntoIterator<Item = &'a str>) -> FoundSession<'_> {
        let mut session = self.session();
        for url in urls {
            session.offer(candidate(url)).expect("room");
        }
        session
    }

    fn admit<'a>(&self, urls: impl IntoIterator<Item = &'a str>, limits: FoundLimits) -> FoundNow {
        let session = self.offered(urls);
        session.commit(LookedThrough::Links, limits, LeftOutCounts::default()).expect("a commit")
    }

    fn pending(&self) -> Vec<Entry> {
        let frontier = Frontier::open(self.data.store(), &self.run).expect("the frontier");
        frontier.pending().map(|entry| entry.expect("an entry")).collect()
    }

    fn urls(&self) -> Vec<String> {
        self.pending().into_iter().map(|entry| entry.url).collect()
    }

    fn crawled(&self) -> Crawled {
        Crawled::recorded(self.data.store(), &self.run).expect("the account")
    }

    fn left_out(&self, cause: LeftOut) -> u64 {
        self.crawled().left_out.0.get(&cause).map_or(0, |of_cause| of_cause.count)
    }
}

fn candidate(url: &str) -> Candidate {
    let on = Some("https://a.example/".to_owned());
    let role = if url.ends_with(".xml") { Role::Sitemap } else { Role::Page };
    let found = Found { role, level: 1, on: on.clone(), seed: on };
    Candidate { url: url.to_owned(), found, meta: Some("{\"lastmod\":\"2025\"}".to_owned()) }
}

const FREE: FoundLimits =
    FoundLimits { pages_per_host: 0, query_variants: 0, sitemaps_per_host: 0 };

#[test]
fn the_first_of_every_address_is_admitted_with_how_it_was_found() {
    let lab = Lab::new();
    let now =
        lab.admit(["https://b.example/1", "https://b.example/2", "https://b.example/1"], FREE);
    assert_eq!(now, FoundNow { admitted: 2, left_out: 0 });
    let now = lab.admit(["https://b.example/2", "https://b.example/3"], FREE);
    assert_eq!(now.admitted, 1);
    assert_eq!(lab.urls(), ["https://b.example/1", "https://b.example/2", "https://b.example/3"]);
    let expected = candidate("https://b.example/1");
    let first = &lab.pending()[0];
    assert_eq!((&first.found, &first.input_meta), (&expected.found, &expected.meta));
    let crawled = lab.crawled();
    assert_eq!((crawled.found, crawled.repeats), (3, 2));
    assert_eq!((crawled.linked_below, crawled.listed_below), (2, 0));
}

#[test]
fn a_session_without_a_commit_leaves_nothing() {
    let lab = Lab::new();
    drop(lab.offered(["https://b.example/1"]));
    lab.admit(["https://b.example/2", "https://b.example/1"], FREE);
    let entries = lab.pending();
    let ordinals: Vec<u64> = entries.iter().map(|entry| entry.ordinal).collect();
    assert_eq!(ordinals, [0, 1]);
    assert_eq!(lab.urls(), ["https://b.example/2", "https://b.example/1"]);
}

#[test]
fn a_session_that_finds_nothing_new_is_remembered() {
    let lab = Lab::new();
    lab.admit(["https://b.example/1"], FREE);
    assert_eq!(lab.admit(["https://b.example/1"], FREE).admitted, 0);
    assert_eq!(lab.crawled().linked_below, 1);
    assert_eq!(lab.admit(["https://b.example/2"], FREE).admitted, 1);
    assert_eq!(lab.urls(), ["https://b.example/1", "https://b.example/2"]);
}

#[test]
fn budgets_hold_across_levels_and_the_first_win() {
    let limits = FoundLimits { pages_per_host: 3, query_variants: 2, sitemaps_per_host: 1 };
    let lab = Lab::new();
    let first = [
        "https://b.example/c?day=1",
        "https://b.example/c?day=2",
        "https://b.example/c?day=3",
        "https://b.example/s1.xml",
        "https://b.example/s2.xml",
        "https://c.example/",
    ];
    assert_eq!(lab.admit(first, limits), FoundNow { admitted: 4, left_out: 2 });
    let second = ["https://b.example/c?day=4", "https://b.example/x", "https://b.example/y"];
    assert_eq!(lab.admit(second, limits), FoundNow { admitted: 1, left_out: 2 });
    assert_eq!(lab.left_out(LeftOut::QueryVariants), 2);
    assert_eq!(lab.left_out(LeftOut::SitemapBudget), 1);
    assert_eq!(lab.left_out(LeftOut::HostBudget), 1);
    assert!(lab.urls().contains(&"https://b.example/x".to_owned()));
    let examples = &lab.crawled().left_out.0[&LeftOut::HostBudget].examples;
    assert_eq!(examples, &["https://b.example/y"]);
}

#[test]
fn what_is_over_a_budget_may_be_named_again() {
    let lab = Lab::new();
    let one = FoundLimits { pages_per_host: 1, ..FREE };
    lab.admit(["https://b.example/1", "https://b.example/2"], one);
    assert_eq!(lab.admit(["https://b.example/2"], FREE).admitted, 1);
}

#[test]
fn a_trap_without_end_stays_within_its_budget() {
    let lab = Lab::new();
    let limits = FoundLimits { pages_per_host: 50, ..FoundLimits::default() };
    let urls: Vec<String> = (0..5_000).map(|day| format!("https://b.example/{day}/")).collect();
    let now = lab.admit(urls.iter().map(String::as_str), limits);
    assert_eq!(now, FoundNow { admitted: 50, left_out: 4_950 });
    assert_eq!(lab.urls(), urls[..50]);
}
