//! The demo's table against the demo's server.

use std::collections::HashSet;

use jarvix_core::{Outcome, canonicalise};
use jarvix_origin::{Origin, OriginSettings, demo};

use crate::support::{Client, block_on};

/// Host and path of a URL that the origin answers for.
fn split(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("http://")?;
    let slash = rest.find('/')?;
    rest.contains(".localhost:").then_some((&rest[..slash], &rest[slash..]))
}

#[test]
fn the_list_and_what_is_expected_of_it_agree() {
    let addr = ([127, 0, 0, 1], 4321).into();
    let (mut distinct, mut duplicates, mut rejects) = (Vec::new(), 0, 0);
    for line in demo::list(addr).lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        match canonicalise(line) {
            Err(_) => rejects += 1,
            Ok(url) if distinct.iter().any(|known| known == url.as_str()) => duplicates += 1,
            Ok(url) => distinct.push(url.as_str().to_owned()),
        }
    }
    let expected: Vec<String> = demo::expected(addr).into_iter().map(|e| e.url).collect();
    assert_eq!(distinct, expected, "URLs of the list are distinct, canonical and in order");
    assert_eq!((duplicates, rejects), (demo::DUPLICATE_LINES, demo::REJECT_LINES));
    assert!(demo::list(addr).contains("\n\n"), "no blank line");
}

#[test]
fn the_demo_shows_every_outcome_that_one_run_can_show() {
    let shown: HashSet<Outcome> =
        demo::expected(([127, 0, 0, 1], 1).into()).iter().map(|e| e.outcome).collect();
    // The rest needs an earlier run, a second port to be refused at (the demo opens its own address
    // and port and nothing else), a host that keeps failing, a spent limit or a bug.
    let cannot = [
        Outcome::NotModified,
        Outcome::Connect,
        Outcome::HostSuspended,
        Outcome::Budget,
        Outcome::Internal,
    ];
    for outcome in Outcome::ALL {
        assert_eq!(shown.contains(outcome), !cannot.contains(outcome), "{outcome}");
    }
}

#[test]
fn every_page_of_the_demo_is_answered_as_the_table_says() {
    let origin = Origin::start(OriginSettings::demo()).expect("an origin");
    block_on(async {
        for entry in demo::expected(origin.addr()) {
            let Some((host, path)) = split(&entry.url) else { continue };
            let mut client = Client::connect(origin.addr()).await;
            let plain = client.try_get(host, path, None).await;
            match entry.outcome {
                Outcome::Fetched if path == "/opening-day" => {
                    let busy = plain.expect("an answer");
                    assert_eq!((busy.status, busy.header("retry-after")), (429, Some("1")));
                    assert_eq!(client.get(host, path, None).await.status, 200);
                }
                Outcome::Fetched if path == "/go/milk" => {
                    let (status, to) = last_of_chain(&mut client, host, path).await;
                    assert_eq!((status, to.as_str()), (200, "/articles/milk-steaming"));
                }
                Outcome::Fetched | Outcome::NotContent => {
                    let plain = plain.expect("an answer");
                    assert_eq!(plain.status, 200, "{}", entry.url);
                    assert!(!plain.body.is_empty(), "{} is empty", entry.url);
                }
                Outcome::HttpError => assert!(plain.expect("an answer").status >= 400),
                Outcome::RedirectLimit | Outcome::AddressDenied | Outcome::SchemeDenied => {
                    assert!(plain.expect("an answer").header("location").is_some());
                }
                Outcome::Protocol => assert!(plain.err().expect("garbage").is_parse()),
                Outcome::Incomplete => {
                    let error = plain.err().expect("a cut body");
                    assert!(!error.is_parse(), "{error:?}");
                }
                Outcome::RobotsDenied => {
                    let robots = client.get(host, "/robots.txt", None).await;
                    let rules = String::from_utf8_lossy(&robots.body).into_owned();
                    let prefix = path.split_inclusive('/').take(2).collect::<String>();
                    assert!(rules.contains(&format!("Disallow: {prefix}\n")), "{rules}");
                }
                Outcome::Timeout => assert_eq!(plain.expect("a late answer").status, 200),
                other => panic!("{other} at the origin itself: {}", entry.url),
            }
        }
    });
}

async fn last_of_chain(client: &mut Client, host: &str, path: &str) -> (u16, String) {
    let port = host.rsplit_once(':').expect("a port").1;
    let (mut host, mut path) = (host.to_owned(), path.to_owned());
    for _ in 0..5 {
        let answer = client.get(&host, &path, None).await;
        let Some(target) = answer.header("location") else { return (answer.status, path) };
        match split(target) {
            Some((h, p)) => (host, path) = (h.to_owned(), p.to_owned()),
            None => path = target.to_owned(),
        }
        assert!(host.ends_with(port), "{target} leaves the origin");
    }
    panic!("more than five redirects");
}

#[test]
fn pages_are_packed_for_those_who_read_gzip_and_the_bomb_always() {
    let origin = Origin::start(OriginSettings::demo()).expect("an origin");
    let port = origin.addr().port();
    block_on(async {
        let mut client = Client::connect(origin.addr()).await;
        let host = format!("magazine.localhost:{port}");
        let packed = client.get(&host, "/articles/burr-geometry", Some("gzip")).await;
        let plain = client.get(&host, "/articles/burr-geometry", None).await;
        assert_eq!(packed.header("content-encoding"), Some("gzip"));
        assert!(packed.body.len() * 2 < plain.body.len());
        let host = format!("trouble.localhost:{port}");
        let bomb = client.get(&host, "/bottomless-cup", None).await;
        assert_eq!(bomb.header("content-encoding"), Some("gzip"));
        assert!(bomb.body.len() < 100_000, "{} bytes on the wire", bomb.body.len());
        assert_eq!(client.get("elsewhere.example", "/", None).await.status, 404);
    });
}
