//! What a server can do, and the row that comes of it (HOSTILE 1, 2, 4, 5, 14 to 17, 20).

use std::time::Duration;

use jarvix_core::{Outcome, limits};
use jarvix_testkit::HostileOrigin;
use jarvix_testkit::hostile::{Behaviour, PAGE};

use super::{Lab, assert_ended};

#[test]
fn a_page_that_behaves_is_kept_as_received() {
    let origin = HostileOrigin::start();
    let url = origin.set("/page", Behaviour::Page);
    let page = Lab::new().page_of(&url);
    assert_ended(&page, Outcome::Fetched, "");
    assert_eq!(page.status, Some(200));
    assert_eq!(page.protocol.as_deref(), Some("http/1.1"));
    assert_eq!(page.remote_addr, Some(origin.addr().to_string()));
    assert_eq!(page.final_url.as_deref(), Some(url.as_str()));
    assert_eq!((page.attempts, page.truncated), (1, false));
    assert!(page.bytes_wire > PAGE.len() as u64, "{} bytes", page.bytes_wire);
    assert!(page.content_type.as_deref().is_some_and(|t| t.starts_with("text/html")));
    assert!(page.body_hash.as_ref().is_some_and(|hash| hash.len() == 32));
    assert!(page.timings.ttfb_ms.is_some() && page.timings.elapsed_ms.is_some());
    let seen = origin.seen();
    let asked = seen.iter().find(|s| s.path() == "/page").expect("the request");
    assert!(asked.header("user-agent").is_some_and(|agent| agent.starts_with("Jarvix/")));
    assert_eq!(asked.header("accept-encoding"), Some("gzip, br, zstd, deflate"));
}

#[test]
fn every_behaviour_ends_in_its_outcome() {
    use Outcome::{Fetched, HttpError, Incomplete, NotContent, Protocol, RedirectLimit, Timeout};
    let cases = [
        (Behaviour::RedirectLoop, RedirectLimit, "circle"),
        (Behaviour::RedirectChain(10), Fetched, ""),
        (Behaviour::RedirectChain(12), RedirectLimit, "more than 10"),
        (Behaviour::RedirectTo("file:///etc/passwd".into()), Outcome::SchemeDenied, "file"),
        (Behaviour::RedirectTo("data:text/html,x".into()), Outcome::SchemeDenied, "data"),
        (Behaviour::RedirectTo("javascript:alert(1)".into()), Outcome::SchemeDenied, "javascript"),
        (Behaviour::RedirectTo("http://[".into()), Protocol, "leads nowhere"),
        (Behaviour::RedirectTo("http://nowhere.invalid/".into()), Outcome::Dns, "does not exist"),
        (Behaviour::ShortContentLength, Incomplete, ""),
        (Behaviour::CutChunked, Incomplete, ""),
        (Behaviour::TwoContentLengths, Protocol, "content-length"),
        (Behaviour::ClAndTe, Protocol, "both"),
        (Behaviour::HugeHeader, Protocol, "headers are larger"),
        (Behaviour::ManyHeaders, Protocol, "header"),
        (Behaviour::Http09, Protocol, "not valid HTTP"),
        (Behaviour::Garbage, Protocol, "not valid HTTP"),
        (Behaviour::FloodOf1xx, Protocol, "did not end"),
        (Behaviour::CloseImmediately, Incomplete, "closed"),
        (Behaviour::BinaryAsHtml, NotContent, "first bytes"),
        (Behaviour::Status(404, Vec::new()), HttpError, "404"),
        (Behaviour::Status(500, Vec::new()), HttpError, "500"),
        (Behaviour::Status(304, Vec::new()), Protocol, "304"),
        (Behaviour::Status(302, Vec::new()), HttpError, "302"),
        (Behaviour::Status(204, Vec::new()), Fetched, ""),
        (Behaviour::GzipBomb { decoded_bytes: 20 << 20 }, Fetched, ""),
        (Behaviour::StallBeforeHeaders, Timeout, "waiting for the answer"),
        (Behaviour::StallAfterHeaders, Timeout, "slower"),
        (Behaviour::SlowLoris { bytes_per_s: 10 }, Timeout, "slower"),
    ];
    let origin = HostileOrigin::start();
    let mut lab = Lab::new();
    lab.settings.timeout = Duration::from_secs(3);
    lab.settings.phases.rate_window = Duration::from_secs(1);
    lab.settings.retries = 1;
    lab.settings.per_host = cases.len();
    let urls: Vec<String> = cases
        .iter()
        .enumerate()
        .map(|(n, (behaviour, ..))| origin.set(&format!("/{n}"), behaviour.clone()))
        .collect();
    let pages = lab.pages_of(&urls);
    assert_eq!(pages.len(), cases.len());
    for ((behaviour, outcome, why), url) in cases.iter().zip(&urls) {
        let page = &pages[url];
        assert_eq!(page.outcome, *outcome, "{behaviour:?}: {:?}", page.reason);
        assert_ended(page, *outcome, why);
        let took = page.timings.elapsed_ms.expect("an attempt");
        assert!(took <= 4_000.0, "{behaviour:?} took {took} ms");
        if *outcome == Incomplete && page.body.is_some() {
            assert!(page.truncated, "{behaviour:?}");
        }
        let kept = matches!(outcome, Fetched | HttpError | Incomplete);
        assert!(kept || page.body.is_none(), "{behaviour:?} kept a body");
    }
    assert!(pages[&urls[8]].body.is_some(), "what came of a short body is kept");
    assert!(pages[&urls[9]].body.is_some(), "what came of a cut body is kept");
    assert!(pages[&urls[24]].body.as_ref().is_some_and(|b| b.len() < 1 << 20), "not inflated");
}

#[test]
fn a_body_without_end_is_cut_at_the_cap() {
    let origin = HostileOrigin::start();
    let url = origin.set("/endless", Behaviour::EndlessBody);
    let mut lab = Lab::new();
    lab.settings.max_body = 300_000;
    let page = lab.page_of(&url);
    assert_ended(&page, Outcome::Fetched, "");
    assert!(page.truncated);
    assert!(page.bytes_wire >= 300_000);
    let exact = origin.set("/exact", Behaviour::Html("x".repeat(1000)));
    let over = origin.set("/over", Behaviour::Html("x".repeat(1001)));
    let mut lab = Lab::new();
    lab.settings.max_body = 1000;
    let pages = lab.pages_of([&exact, &over]);
    assert!(!pages[&exact].truncated);
    assert!(pages[&over].truncated);
    assert_eq!(pages[&over].body_hash, pages[&exact].body_hash);
}

#[test]
fn a_redirect_chain_is_written_down() {
    let origin = HostileOrigin::start();
    let url = origin.set("/go", Behaviour::RedirectTo("/there#x".into()));
    origin.set("/there", Behaviour::Page);
    let page = Lab::new().page_of(&url);
    assert_ended(&page, Outcome::Fetched, "");
    assert_eq!(page.final_url, Some(origin.url("/there")));
    assert_eq!(page.redirects.len(), 1);
    let hop = &page.redirects[0];
    assert_eq!(hop.url, url);
    assert!((300..400).contains(&hop.status));
    assert!(hop.headers.iter().any(|h| h.name == "location" && h.value == "/there#x"));
}

#[test]
fn what_cannot_be_asked_is_a_row_too() {
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("its address")
    };
    let refused = format!("http://{closed}/");
    let lab = Lab::new();
    let pages = lab.pages_of([
        "ftp://files.example/x",
        "mailto:a@b.example",
        "http://nowhere.invalid/",
        &refused,
    ]);
    assert_ended(&pages["ftp://files.example/x"], Outcome::SchemeDenied, "ftp");
    assert_ended(&pages["mailto:a@b.example"], Outcome::SchemeDenied, "mailto");
    assert_ended(&pages["http://nowhere.invalid/"], Outcome::Dns, "nowhere.invalid");
    assert_ended(&pages[&refused], Outcome::Connect, "connection refused");
    assert_eq!(pages["ftp://files.example/x"].attempts, 0);
}

#[test]
fn an_image_is_not_even_received() {
    let origin = HostileOrigin::start();
    let bytes = vec![0; 4 << 20];
    let image = Behaviour::Body {
        content_type: Some("image/png".to_owned()),
        content_encoding: None,
        bytes,
    };
    let url = origin.set("/image.png", image);
    let page = Lab::new().page_of(&url);
    assert_ended(&page, Outcome::NotContent, "image/png");
    assert!(page.bytes_wire < 2 << 20, "{} bytes", page.bytes_wire);
}

#[test]
fn only_named_media_types_are_kept() {
    let origin = HostileOrigin::start();
    let page = origin.set("/page", Behaviour::Page);
    let text = origin.set("/text", Behaviour::Text("plain words".into()));
    let mut lab = Lab::new();
    lab.settings.accept = vec!["text/html".parse().expect("a media type")];
    let pages = lab.pages_of([&page, &text]);
    assert_ended(&pages[&page], Outcome::Fetched, "");
    assert_ended(&pages[&text], Outcome::NotContent, "text/plain");
    let seen = origin.seen();
    assert!(seen.iter().all(|seen| seen.header("accept") == Some("text/html,*/*;q=0.1")));
}

#[test]
fn many_large_bodies_share_one_budget() {
    let origin = HostileOrigin::start();
    let size = 9 << 20;
    let html = format!("<p>{}", "word ".repeat(size / 5));
    let urls: Vec<String> =
        (0..24).map(|n| origin.set(&format!("/{n}"), Behaviour::Html(html.clone()))).collect();
    assert!(urls.len() * size > 3 * limits::BODY_BUDGET_BYTES);
    let mut lab = Lab::new();
    lab.settings.timeout = Duration::from_secs(30);
    lab.settings.per_host = urls.len();
    let pages = lab.pages_of(&urls);
    for url in &urls {
        assert_ended(&pages[url], Outcome::Fetched, "");
        assert!(!pages[url].truncated);
    }
}

#[test]
fn connections_are_kept_and_capped() {
    let origin = HostileOrigin::start();
    let urls: Vec<String> =
        (0..40).map(|n| origin.set(&format!("/{n}"), Behaviour::Page)).collect();
    let lab = Lab::new();
    lab.admit(&urls);
    let summary = lab.collect();
    assert_eq!(summary.pages, 40);
    assert!(summary.connections_opened <= 4, "{} connections", summary.connections_opened);

    let origin = HostileOrigin::start();
    let slow = Behaviour::Page.after_ms(5);
    let hosts: Vec<String> =
        (0..60).map(|n| origin.set_on(&format!("h{n}.localhost"), "/", slow.clone())).collect();
    let mut lab = Lab::new();
    lab.settings.concurrent = 4;
    lab.settings.pool.connections_max = 8;
    lab.admit(&hosts);
    let summary = lab.collect();
    assert_eq!(summary.outcomes.get(&Outcome::Fetched), Some(&60));
    assert!(origin.connections_open_max() <= 8, "{}", origin.connections_open_max());
    assert!(!summary.limited_by.is_empty());
}
