//! Conditional requests against an earlier run (`--base`).

use jarvix_core::{Dataset, Event, Outcome, Page};
use jarvix_testkit::HostileOrigin;
use jarvix_testkit::hostile::{Behaviour, Compared, PAGE};

use super::{Lab, assert_ended};

const THEN: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

fn versioned(etag: &str, last_modified: &str, html: &str) -> Behaviour {
    let given = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
    Behaviour::Versioned {
        etag: given(etag),
        last_modified: given(last_modified),
        html: html.to_owned(),
    }
}

/// The same run again, compared with the one before.
fn compared_with(base: &Lab, run: &str) -> Lab {
    let mut lab = base.next(run);
    lab.settings.base = Some(base.run().clone());
    lab
}

fn same_content(a: &Page, b: &Page) -> bool {
    (&a.body, &a.body_hash, &a.content_type, &a.content_encoding, &a.content_encoding_received)
        == (
            &b.body,
            &b.body_hash,
            &b.content_type,
            &b.content_encoding,
            &b.content_encoding_received,
        )
}

#[test]
fn an_unchanged_page_costs_a_304_and_its_row_is_complete() {
    let origin = HostileOrigin::start();
    let long = PAGE.repeat(20);
    let by_etag = origin.set("/etag", versioned("\"v1\"", "", &long));
    let by_date = origin.set("/date", versioned("", THEN, &long));
    let by_both = origin.set("/both", versioned("W/\"v1\"", THEN, &long));
    let changes = origin.set("/changes", versioned("\"v1\"", "", "<p>the first version of it</p>"));
    let unmarked = origin.set("/unmarked", Behaviour::Page);
    let urls = [&by_etag, &by_date, &by_both, &changes, &unmarked];
    let first = Lab::new();
    let before = first.pages_of(urls);
    let whole = Compared { not_modified: 0, whole: 4, body_bytes: origin.compared().body_bytes };
    assert_eq!(origin.compared(), whole);

    origin.set("/changes", versioned("\"v2\"", "", "<p>the second version</p>"));
    let second = compared_with(&first, "second");
    let after = second.pages_of(urls);
    let seen = origin.compared();
    assert_eq!((seen.not_modified, seen.whole), (3, 5));
    assert_eq!(seen.body_bytes - whole.body_bytes, "<p>the second version</p>".len() as u64);
    for url in [&by_etag, &by_date, &by_both] {
        let page = &after[url];
        assert_ended(page, Outcome::NotModified, "unchanged since run test");
        assert!(same_content(page, &before[url]), "{url}");
        assert_eq!((page.status, page.truncated), (Some(304), false));
        assert!(page.bytes_wire < 1_000, "{} bytes", page.bytes_wire);
        assert!(page.header("x-fresh").is_some(), "{url}: {:?}", page.headers);
        assert!(page.header("content-length").is_some_and(|n| n == long.len().to_string()));
    }
    assert_eq!(after[&by_both].header("last-modified"), Some(THEN), "what was not said stays");
    assert_ended(&after[&changes], Outcome::Fetched, "");
    assert_ended(&after[&unmarked], Outcome::Fetched, "");
    assert!(!second.store().run_dir(second.run()).join("base").exists(), "the index is gone");

    // A run of copies is as good a base as the first.
    let third = compared_with(&second, "third").pages_of(urls);
    assert_eq!(origin.compared().not_modified, 3 + 4);
    for url in [&by_etag, &by_date, &by_both, &changes] {
        assert_ended(&third[url], Outcome::NotModified, "unchanged since run second");
        assert!(same_content(&third[url], &after[url]), "{url}");
    }
}

#[test]
fn validators_are_sent_only_to_the_address_they_are_about() {
    let origin = HostileOrigin::start();
    let moved = origin.set("/moved", Behaviour::RedirectTo("/there".into()));
    let moves_on = origin.set("/moves", Behaviour::RedirectTo("/there".into()));
    origin.set("/there", versioned("\"v1\"", "", PAGE));
    let elsewhere = origin.set("/elsewhere", versioned("\"v1\"", "", PAGE));
    let first = Lab::new();
    first.pages_of([&moved, &moves_on, &elsewhere]);

    // One leads to the same page, one to another, and one that was a page now leads away.
    origin.set("/moves", Behaviour::RedirectTo("/new".into()));
    origin.set("/new", versioned("\"v1\"", "", "<p>another page with the same tag</p>"));
    origin.set("/elsewhere", Behaviour::RedirectTo("/new".into()));
    let asked_before = origin.seen().len();
    let after = compared_with(&first, "second").pages_of([&moved, &moves_on, &elsewhere]);
    assert_ended(&after[&moved], Outcome::NotModified, "unchanged");
    assert_eq!(after[&moved].redirects.len(), 1);
    for url in [&moves_on, &elsewhere] {
        assert_ended(&after[url], Outcome::Fetched, "");
        assert_eq!(after[url].final_url, Some(origin.url("/new")));
    }
    let mut conditional: Vec<String> = origin.seen()[asked_before..]
        .iter()
        .filter(|seen| seen.header("if-none-match").is_some())
        .map(|seen| seen.path().to_owned())
        .collect();
    conditional.sort();
    assert_eq!(conditional, ["/elsewhere", "/there"]);
}

#[test]
fn a_damaged_base_is_as_if_it_were_not_there() {
    let origin = HostileOrigin::start();
    let urls: Vec<String> = (0..30)
        .map(|n| origin.set(&format!("/{n}"), versioned("\"v1\"", "", &format!("{PAGE}{n}"))))
        .collect();
    let mut first = Lab::new();
    first.settings.chunk_rows = 10;
    first.pages_of(&urls);
    let store = first.store();
    let parts = store.catalogue().parts(first.run(), Dataset::Pages).expect("the parts");
    assert_eq!(parts.len(), 3);
    let flipped = store.part_path(&parts[0]);
    let mut bytes = std::fs::read(&flipped).expect("a part");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    std::fs::write(&flipped, bytes).expect("a damaged part");
    std::fs::remove_file(store.part_path(&parts[1])).expect("a lost part");

    let second = compared_with(&first, "second");
    let after = second.pages_of(&urls);
    let unchanged = after.values().filter(|p| p.outcome == Outcome::NotModified).count();
    let whole = after.values().filter(|p| p.outcome == Outcome::Fetched).count();
    assert_eq!((unchanged, whole), (10, 20));
    for (n, url) in urls.iter().enumerate() {
        assert!(after[url].body.is_some(), "{n}");
    }
    let told = second.events().into_iter().find_map(|event| match event {
        Event::TroubleMet { reason, .. } => Some(reason),
        _ => None,
    });
    assert!(told.is_some_and(|told| told.contains("2 of 3 parts")));

    let mut none = first.next("third");
    none.settings.base = Some("never-was".parse().expect("an id"));
    assert_ended(&none.page_of(&urls[0]), Outcome::Fetched, "");
}

#[test]
fn a_body_that_was_lost_meanwhile_is_asked_for_again() {
    let origin = HostileOrigin::start();
    let url = origin.set("/page", versioned("\"v1\"", "", PAGE));
    let first = Lab::new();
    first.pages_of([&url]);
    let mut second = compared_with(&first, "second");
    // Larger than what is allowed now: the base has it, but this run may not.
    second.settings.max_body = 100;
    let page = second.page_of(&url);
    assert_ended(&page, Outcome::Fetched, "");
    assert!(page.truncated);
    assert_eq!(page.attempts, 1);
    let compared = origin.compared();
    assert_eq!((compared.not_modified, compared.whole), (1, 2));
    // A page that was cut is nothing to compare with.
    let mut third = compared_with(&second, "third");
    third.settings.max_body = 1 << 20;
    assert_ended(&third.page_of(&url), Outcome::Fetched, "");
    assert_eq!(origin.compared().not_modified, 1);
}
