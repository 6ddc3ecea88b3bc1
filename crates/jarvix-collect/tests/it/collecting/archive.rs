//! Pages from web archives: what a record says was answered becomes a row, without any network.

use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use jarvix_core::{Dataset, Outcome, Page, Reject};

use super::{Lab, assert_ended};

const HTML: &str = "<!doctype html><title>x</title><p>Some words of a page.";
const DATE: &str = "WARC-Date: 2024-05-06T07:08:09.123456Z\r\nWARC-IP-Address: 192.0.2.7\r\n";

/// A record of kind `kind` about `uri` with further header lines and its block.
fn record(kind: &str, uri: &str, fields: &str, block: impl AsRef<[u8]>) -> Vec<u8> {
    let block = block.as_ref();
    let head = format!(
        "WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {uri}\r\n{DATE}{fields}Content-Length: {}\r\n\r\n",
        block.len()
    );
    [head.as_bytes(), block, b"\r\n\r\n"].concat()
}

fn response(uri: &str, status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\n{headers}\r\n");
    let block = [head.as_bytes(), body.as_ref()].concat();
    record("response", uri, "Content-Type: application/http; msgtype=response\r\n", block)
}

fn html(uri: &str) -> Vec<u8> {
    response(uri, "200 OK", "Content-Type: text/html\r\n", HTML)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).expect("memory");
    packed.finish().expect("memory")
}

fn file(lab: &Lab, name: &str, bytes: &[u8]) -> PathBuf {
    let path = lab.folder().join(name);
    std::fs::write(&path, bytes).expect("a file");
    path
}

fn rejects(lab: &Lab) -> Vec<Reject> {
    let store = lab.data.store();
    let parts = store.catalogue().parts(&lab.run, Dataset::Rejects).expect("the parts");
    let rows = parts.iter().flat_map(|part| store.read::<Reject>(part).expect("a part"));
    rows.map(|row| row.expect("a row")).collect()
}

fn collected(lab: &Lab, name: &str, bytes: &[u8]) -> Vec<Page> {
    lab.admit_path(&file(lab, name, bytes));
    let summary = lab.collect();
    assert_eq!((summary.connections_opened, summary.left), (0, 0));
    lab.pages()
}

#[test]
fn answers_become_pages_as_if_they_had_just_come() {
    let mut lab = Lab::new();
    lab.settings.max_body = 10_000;
    let packed = gzip(HTML.as_bytes());
    let chunked = "5\r\n<!doc\r\n9\r\ntype html\r\n1\r\n>\r\n0\r\n\r\n";
    let records = [
        record("warcinfo", "", "", "software: x\r\n"),
        response(
            "http://a.example:80/#top",
            "200 OK",
            "Content-Type: text/html\r\nX-A: 1\r\nx-a: 2\r\n",
            HTML,
        ),
        response(
            "http://a.example/gz",
            "200 OK",
            "Content-Encoding: X-GZip\r\nContent-Type: text/html\r\n",
            &packed,
        ),
        response("http://a.example/chunked", "200 OK", "Transfer-Encoding: chunked\r\n", chunked),
        response("http://a.example/gone", "404 Not Found", "Content-Type: text/html\r\n", HTML),
        response("http://a.example/picture", "200 OK", "", b"\x89PNG\r\n\x1a\n\0\0\0"),
        response(
            "http://a.example/long",
            "200 OK",
            "Content-Type: text/html\r\n",
            HTML.repeat(1_000),
        ),
        record("resource", "http://a.example/saved", "Content-Type: text/html\r\n", HTML),
        html("http://a.example/#again"),
        record("request", "http://a.example/", "", "GET / HTTP/1.1\r\n\r\n"),
    ];
    let pages = collected(&lab, "crawl.warc", &records.concat());
    let page = |path: &str| {
        let url = format!("http://a.example/{path}");
        pages.iter().find(|p| p.url == url).unwrap_or_else(|| panic!("{url} of {pages:?}"))
    };
    assert_eq!(pages.len(), 7, "the repeat is a duplicate");
    let first = page("");
    assert_ended(first, Outcome::Fetched, "");
    assert_eq!((first.status, first.line_no, first.attempts), (Some(200), Some(2), 1));
    assert_eq!(first.body.as_deref(), Some(HTML.as_bytes()));
    assert_eq!(first.protocol.as_deref(), Some("warc"));
    assert_eq!(first.remote_addr.as_deref(), Some("192.0.2.7"));
    assert_eq!(first.fetched_at_us, 1_714_979_289_123_456);
    assert_eq!(first.headers.iter().filter(|h| h.name == "x-a").count(), 2);
    assert_eq!(page("gz").body.as_deref(), Some(&packed[..]));
    assert_eq!(page("gz").content_encoding.as_deref(), Some("gzip"));
    assert_eq!(page("gz").content_encoding_received.as_deref(), Some("X-GZip"));
    assert_eq!(page("chunked").body.as_deref(), Some(&b"<!doctype html>"[..]));
    assert_eq!(page("chunked").content_type.as_deref(), Some("text/html"));
    assert_ended(page("gone"), Outcome::HttpError, "404 Not Found");
    assert!(page("gone").body.is_some());
    assert_ended(page("picture"), Outcome::NotContent, "image/png");
    assert!(page("long").truncated, "capped like what comes from the network");
    assert_ended(page("saved"), Outcome::Fetched, "");
    assert_eq!(rejects(&lab), []);
}

#[test]
fn what_cannot_be_a_page_is_a_reject_with_its_record() {
    let lab = Lab::new();
    let moved = "Location: https://a.example/\r\n";
    let dns =
        record("response", "dns:a.example", "Content-Type: text/dns\r\n", "a.example. 1 IN A x");
    let refers =
        "WARC-Refers-To-Target-URI: http://a.example/unseen\r\nContent-Type: application/http\r\n";
    let records = [
        html("http://a.example/"),
        response("http://b.example/", "301 Moved Permanently", moved, ""),
        dns,
        record("revisit", "http://c.example/", refers, "HTTP/1.1 200 OK\r\n\r\n"),
        record("conversion", "http://d.example/", "Content-Type: text/plain\r\n", "text"),
        html("file:///../../etc/passwd"),
        html("../../etc/passwd"),
        record("response", "http://e.example/", "Content-Type: application/http\r\n", "<html>"),
        b"no record at all\r\n\r\n".to_vec(),
        html("http://f.example/"),
    ];
    let pages = collected(&lab, "crawl.warc", &records.concat());
    assert_eq!(
        pages.iter().map(|p| p.url.as_str()).collect::<Vec<_>>(),
        ["http://a.example/", "http://f.example/"]
    );
    let told: Vec<(u64, String)> = rejects(&lab)
        .into_iter()
        .map(|r| (r.line_no, format!("{}: {}", r.text, r.reason)))
        .collect();
    for (at, (number, words)) in [
        (2, "a redirect (301) to https://a.example/"),
        (3, "not HTTP but text/dns"),
        (4, "does not stand before it"),
        (5, "a conversion record"),
        (6, "only http and https"),
        (7, "../../etc/passwd: not a URL"),
        (8, "holds no HTTP answer"),
        (8, "20 bytes that belong to no record"),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(told[at].0, number, "{told:?}");
        assert!(told[at].1.contains(words), "{words:?} in {told:?}");
    }
    assert_eq!(told.len(), 8);
}

#[test]
fn a_revisit_has_the_body_of_the_answer_that_it_repeats() {
    let lab = Lab::new();
    let id = "WARC-Record-ID: <urn:uuid:1>\r\nContent-Type: application/http\r\n";
    let block = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX: first\r\n\r\n{HTML}");
    let refers = "WARC-Refers-To: <urn:uuid:1>\r\nContent-Type: application/http\r\n";
    let records = [
        record("response", "http://a.example/", id, &block),
        record("revisit", "http://a.example/same", refers, "HTTP/1.1 200 OK\r\nX: second\r\n\r\n"),
        record("revisit", "http://a.example/bare", refers, ""),
        record("revisit", "http://a.example/kept", refers, "HTTP/1.1 304 Not Modified\r\n\r\n"),
    ];
    let packed: Vec<u8> = records.iter().flat_map(|record| gzip(record)).collect();
    let pages = collected(&lab, "crawl.warc.gz", &packed);
    let shown: Vec<(&str, Outcome, Option<u16>, Option<&str>)> = pages
        .iter()
        .map(|p| (&p.url["http://a.example/".len()..], p.outcome, p.status, p.header("x")))
        .collect();
    assert_eq!(
        shown,
        [
            ("", Outcome::Fetched, Some(200), Some("first")),
            ("same", Outcome::Fetched, Some(200), Some("second")),
            ("bare", Outcome::Fetched, Some(200), Some("first")),
            ("kept", Outcome::NotModified, Some(304), None),
        ]
    );
    assert!(pages.iter().all(|p| p.body.as_deref() == Some(HTML.as_bytes())));
}

#[test]
fn an_archive_in_one_piece_is_unpacked_once_and_the_copy_goes() {
    // Records lie further in the piece than is skipped again and again, in an order that the
    // collector need not keep.
    let filler = |n: u32| format!("{HTML}{}", format!("<p>{n} ").repeat(40_000));
    let records: Vec<Vec<u8>> = (0..12)
        .map(|n| {
            response(
                &format!("http://h{n}.example/"),
                "200 OK",
                "Content-Type: text/html\r\n",
                filler(n),
            )
        })
        .collect();
    let plain = records.concat();
    let zstd = zstd::bulk::compress(&plain, 1).expect("memory");
    let members: Vec<u8> = records.iter().flat_map(|record| gzip(record)).collect();
    let mut seen = Vec::new();
    for (name, bytes) in [
        ("a.warc", plain.clone()),
        ("b.warc.gz", gzip(&plain)),
        ("c.warc.zst", zstd),
        ("d.warc.gz", members),
    ] {
        let lab = Lab::new();
        let pages = collected(&lab, name, &bytes);
        assert_eq!(pages.len(), 12, "{name}");
        for (n, page) in (0..).zip(&pages) {
            let hash = blake3::hash(filler(n).as_bytes()).to_hex();
            assert_eq!(page.body_hash.as_deref(), Some(&hash[..32]), "{name}");
        }
        let copies = lab.data.store().run_dir(&lab.run).join("unpacked");
        assert!(!copies.exists(), "{name}");
        seen.push(pages.into_iter().map(|p| (p.url, p.body_hash, p.headers)).collect::<Vec<_>>());
    }
    assert!(seen.iter().all(|pages| *pages == seen[0]), "however it is packed");
}

#[test]
fn damage_is_an_outcome_of_its_page_alone() {
    let lab = Lab::new();
    let wrong = "WARC-Payload-Digest: sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\nContent-Type: application/http\r\n";
    let block = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{HTML}");
    let left_out = "WARC-Truncated: unspecified\r\nContent-Type: application/http\r\n";
    let cut = "WARC-Truncated: disconnect\r\nContent-Type: application/http\r\n";
    let mut records = [
        html("http://a.example/"),
        record("response", "http://b.example/", wrong, &block),
        record(
            "response",
            "http://c.example/",
            left_out,
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n",
        ),
        record("response", "http://d.example/", cut, &block),
        html("http://e.example/"),
    ]
    .concat();
    records.truncate(records.len() - 20);
    let pages = collected(&lab, "crawl.warc", &records);
    assert_ended(&pages[0], Outcome::Fetched, "");
    assert_ended(&pages[1], Outcome::Incomplete, "not what its digest says");
    assert_ended(&pages[2], Outcome::NotContent, "left out");
    assert_ended(&pages[3], Outcome::Incomplete, "disconnect");
    assert_ended(&pages[4], Outcome::Incomplete, "bytes too short");
    assert!(pages[4].truncated && pages[4].body.is_some());
}

#[test]
fn an_archive_that_was_changed_meanwhile_is_noticed() {
    let lab = Lab::new();
    let path = file(
        &lab,
        "crawl.warc",
        &[html("http://a.example/1"), html("http://a.example/2")].concat(),
    );
    lab.admit_path(&path);
    std::fs::write(&path, [html("http://b.example/1"), b"WARC".to_vec()].concat()).expect("a file");
    lab.collect();
    let pages = lab.pages();
    assert_ended(&pages[0], Outcome::Internal, "not what it was");
    assert_ended(&pages[1], Outcome::Internal, "no record at its place");
}
