//! The origin over a real socket, asked by hyper's client.

mod demo;
mod support;

use std::collections::HashSet;
use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use jarvix_origin::{Generated, Latency, Origin, OriginSettings, Pages};
use support::{Client, block_on};

/// A folder with `a.html`, `b.html.gz` and `sub/c.html`; removed when dropped.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("a.html"), "<p>plain").expect("a.html");
    let mut gz = GzEncoder::new(Vec::new(), Compression::default());
    gz.write_all(b"<p>packed").expect("packing");
    std::fs::write(folder.path().join("b.html.gz"), gz.finish().expect("packing")).expect("b");
    std::fs::create_dir(folder.path().join("sub")).expect("sub");
    std::fs::write(folder.path().join("sub/c.html"), "<p>below").expect("c.html");
    std::fs::write(folder.path().join("notes.txt"), "not a page").expect("notes.txt");
    folder
}

#[test]
fn a_folder_is_served_as_it_lies_on_disk() {
    let folder = folder();
    for cache_bytes_max in [0, u64::MAX] {
        let mut settings = OriginSettings::folder(folder.path());
        settings.cache_bytes_max = cache_bytes_max;
        let origin = Origin::start(settings).expect("an origin");
        assert_eq!(origin.page_names(), ["a.html", "b.html", "sub/c.html"]);
        block_on(async {
            let mut client = Client::connect(origin.addr()).await;
            let plain = client.get("h1.localhost", "/a.html", Some("gzip")).await;
            assert_eq!((plain.status, &plain.body[..]), (200, &b"<p>plain"[..]));
            assert_eq!(plain.header("content-encoding"), None);
            let packed = client.get("h2.localhost", "/v7/b.html?x=1", Some("br, gzip")).await;
            assert_eq!(packed.header("content-encoding"), Some("gzip"));
            let on_disk = std::fs::read(folder.path().join("b.html.gz")).expect("b.html.gz");
            assert_eq!(packed.body, on_disk);
            let unpacked = client.get("h2.localhost", "/b.html", None).await;
            assert_eq!(unpacked.header("content-encoding"), None);
            assert_eq!(&unpacked.body[..], b"<p>packed");
            assert_eq!(client.get("x", "/sub/c.html", None).await.status, 200);
            assert_eq!(client.get("x", "/notes.txt", None).await.status, 404);
            assert_eq!(client.get("x", "/../a.html", None).await.status, 404);
        });
        origin.stop();
    }
}

#[test]
fn a_folder_without_pages_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let error = Origin::start(OriginSettings::folder(folder.path())).err().expect("an error");
    assert!(error.to_string().contains("no .html"), "{error}");
}

#[test]
fn every_listed_url_is_answered() {
    let pages = Pages::Generated(Generated { pages: 7, bytes: 600, seed: 3 });
    let mut settings = OriginSettings::new(pages);
    settings.threads = 2;
    let origin = Origin::start(settings).expect("an origin");
    let urls: Vec<String> = origin.urls(20, 3).collect();
    assert_eq!(urls.iter().collect::<HashSet<_>>().len(), 20);
    block_on(async {
        for url in &urls {
            let rest = url.strip_prefix("http://").expect("http");
            let (host, path) = rest.split_once('/').expect("a path");
            let mut client = Client::connect(origin.addr()).await;
            let page = client.get(host, &format!("/{path}"), None).await;
            assert_eq!(page.status, 200, "{url}");
        }
    });
    assert_eq!(origin.requests(), 20);
    let log = origin.log();
    let hosts: Vec<&str> = log.iter().map(|h| h.host.as_str()).collect();
    assert_eq!(hosts, ["h0.localhost", "h1.localhost", "h2.localhost"]);
    assert_eq!(log.iter().map(|h| h.requests).sum::<u64>(), 20);
}

#[test]
fn the_log_tells_how_many_asked_at_once() {
    let mut settings = OriginSettings::generated(10);
    let wait = Duration::from_millis(500);
    settings.latency = Some(Latency { min: wait, max: wait });
    settings.robots = Some("User-agent: *\nDisallow: /\n".to_owned());
    let origin = Origin::start(settings).expect("an origin");
    block_on(async {
        let addr = origin.addr();
        // Four connections are open before the first of them asks, so that the four overlap.
        let mut clients = Vec::new();
        for _ in 0..4 {
            clients.push(Client::connect(addr).await);
        }
        let mut asked = Vec::new();
        for mut client in clients {
            asked.push(tokio::spawn(async move {
                client.get("busy.localhost", "/000001.html", None).await.status
            }));
        }
        for answer in asked {
            assert_eq!(answer.await.expect("an answer"), 200);
        }
        let mut client = Client::connect(addr).await;
        let robots = client.get("calm.localhost", "/robots.txt", None).await;
        assert_eq!(&robots.body[..], b"User-agent: *\nDisallow: /\n");
        assert_eq!(client.get("calm.localhost", "/nothing", None).await.status, 404);
    });
    let log = origin.log();
    assert_eq!((log[0].host.as_str(), log[0].concurrency_max), ("busy.localhost", 4));
    assert_eq!((log[1].host.as_str(), log[1].concurrency_max), ("calm.localhost", 1));
    assert_eq!((log[1].requests, log[1].robots_requests), (2, 1));
    assert!(log[1].gap_min_us.is_some_and(|gap| gap >= 500_000), "{:?}", log[1]);
    assert_eq!(log[1].statuses.clone().into_iter().collect::<Vec<_>>(), [(200, 1), (404, 1)]);
    assert_eq!(log[0].user_agents, ["test"]);
}

#[test]
fn an_origin_that_is_dropped_is_gone() {
    let origin = Origin::start(OriginSettings::generated(1)).expect("an origin");
    let addr = origin.addr();
    drop(origin);
    assert!(std::net::TcpStream::connect(addr).is_err(), "somebody still listens on {addr}");
}
