//! What goes over the wire, read byte by byte.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use jarvix_testkit::hostile::{PAGE, ROBOTS_EARLY, ROBOTS_LATE};
use jarvix_testkit::{Behaviour, HostileOrigin};

fn open(origin: &HostileOrigin) -> TcpStream {
    let socket = TcpStream::connect(origin.addr()).expect("a connection");
    socket.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
    socket
}

fn ask(socket: &mut TcpStream, target: &str) {
    let request = format!("GET {target} HTTP/1.1\r\nHost: a.localhost:1\r\nX-Test: yes\r\n\r\n");
    socket.write_all(request.as_bytes()).expect("a sent request");
}

/// Everything that comes back until the server hangs up.
fn all(origin: &HostileOrigin, target: &str) -> Vec<u8> {
    let mut socket = open(origin);
    ask(&mut socket, target);
    socket.shutdown(std::net::Shutdown::Write).expect("a closed half");
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).expect("an answer to its end");
    bytes
}

fn text(origin: &HostileOrigin, target: &str) -> String {
    String::from_utf8_lossy(&all(origin, target)).into_owned()
}

#[test]
fn good_answers_are_good_and_are_counted() {
    let origin = HostileOrigin::start();
    origin.set("/page", Behaviour::Page);
    origin.set_on("b.localhost", "/page", Behaviour::Status(503, Vec::new()));
    let answer = text(&origin, "/page?x=1");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with(PAGE), "{answer}");
    assert!(text(&origin, "/robots.txt").contains("Allow: /"));
    assert!(text(&origin, "/other").starts_with("HTTP/1.1 404"));
    let seen = origin.seen();
    assert_eq!(seen.len(), 3);
    assert_eq!((seen[0].path(), seen[0].host.as_str()), ("/page", "a.localhost"));
    assert_eq!(seen[0].header("x-test"), Some("yes"));
    assert_eq!(origin.requests("/page"), 1);
    assert_eq!(origin.connections(), 3);
}

#[test]
fn a_connection_is_reused_after_a_good_answer() {
    let origin = HostileOrigin::start();
    origin.set("/page", Behaviour::Page);
    let mut socket = open(&origin);
    for _ in 0..2 {
        ask(&mut socket, "/page");
        let mut answer = Vec::new();
        while !answer.ends_with(PAGE.as_bytes()) {
            let mut buffer = [0; 4096];
            let n = socket.read(&mut buffer).expect("bytes");
            assert!(n > 0, "the server hung up");
            answer.extend_from_slice(&buffer[..n]);
        }
    }
    assert_eq!((origin.connections(), origin.requests("/page")), (1, 2));
}

#[test]
fn malformed_answers_are_malformed() {
    let origin = HostileOrigin::start();
    type Holds = fn(&str) -> bool;
    let cases: [(&str, Behaviour, Holds); 9] = [
        ("/short", Behaviour::ShortContentLength, |t| t.ends_with(PAGE)),
        ("/cut", Behaviour::CutChunked, |t| t.contains("chunked\r\n\r\n1000\r\n")),
        ("/two", Behaviour::TwoContentLengths, |t| t.matches("Content-Length").count() == 2),
        ("/both", Behaviour::ClAndTe, |t| {
            t.contains("Content-Length: 10\r\nTransfer-Encoding: chunked")
        }),
        ("/large", Behaviour::HugeHeader, |t| t.len() > 1_000_000),
        ("/many", Behaviour::ManyHeaders, |t| t.lines().count() > 10_000),
        ("/old", Behaviour::Http09, |t| t == PAGE),
        ("/garbage", Behaviour::Garbage, |t| !t.is_empty() && !t.contains("HTTP/1")),
        ("/close", Behaviour::CloseImmediately, str::is_empty),
    ];
    for (path, behaviour, holds) in cases {
        origin.set(path, behaviour.clone());
        let answer = text(&origin, path);
        assert!(holds(&answer), "{behaviour:?}: {}", answer.chars().take(300).collect::<String>());
    }
}

#[test]
fn endless_scripts_go_on_until_the_client_has_enough() {
    let origin = HostileOrigin::start();
    let cases = [
        ("/endless", Behaviour::EndlessBody, "another thing"),
        ("/flood", Behaviour::FloodOf1xx, "HTTP/1.1 103"),
        ("/slow", Behaviour::SlowLoris { bytes_per_s: 1_000 }, "Content-Length: 1000000"),
        ("/stall", Behaviour::StallAfterHeaders, "So far, so good"),
    ];
    for (path, behaviour, marker) in cases {
        origin.set(path, behaviour);
        let mut socket = open(&origin);
        ask(&mut socket, path);
        let mut answer = String::new();
        while !answer.contains(marker) {
            let mut buffer = [0; 4096];
            let n = socket.read(&mut buffer).expect("bytes");
            assert!(n > 0, "{path} ended");
            answer.push_str(&String::from_utf8_lossy(&buffer[..n]));
        }
    }
    origin.set("/silence", Behaviour::StallBeforeHeaders);
    let mut socket = open(&origin);
    ask(&mut socket, "/silence");
    socket.set_read_timeout(Some(Duration::from_millis(200))).expect("a timeout");
    let error = socket.read(&mut [0; 16]).expect_err("silence");
    assert!(matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut));
}

#[test]
fn redirects_count_their_hops() {
    let origin = HostileOrigin::start();
    origin.set("/chain", Behaviour::RedirectChain(2));
    origin.set("/loop", Behaviour::RedirectLoop);
    assert!(text(&origin, "/chain").contains("Location: /chain?hop=1\r\n"));
    assert!(text(&origin, "/chain?hop=1").contains("Location: /chain?hop=2\r\n"));
    assert!(text(&origin, "/chain?hop=2").ends_with(PAGE));
    assert!(text(&origin, "/loop").contains("Location: /loop\r\n"));
}

#[test]
fn bad_days_end() {
    let origin = HostileOrigin::start();
    origin.set("/busy", Behaviour::retry_after("2"));
    origin.set("/flaky", Behaviour::flaky(2));
    assert!(text(&origin, "/busy").contains("429 Scripted\r\nRetry-After: 2\r\n"));
    assert!(text(&origin, "/busy").ends_with(PAGE));
    assert!(all(&origin, "/flaky").is_empty() && all(&origin, "/flaky").is_empty());
    assert!(text(&origin, "/flaky").ends_with(PAGE));
    origin.set("/late", Behaviour::Page.after_ms(1));
    assert!(text(&origin, "/late").ends_with(PAGE));
}

#[test]
fn bombs_are_small_until_they_go_off() {
    let origin = HostileOrigin::start();
    let decoded_bytes = 4 * 1024 * 1024;
    let body = |path: &str| {
        let answer = all(&origin, path);
        let start = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("a head") + 4;
        answer[start..].to_vec()
    };
    let unzip = |packed: &[u8]| {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(packed).read_to_end(&mut plain).expect("gzip");
        plain
    };
    origin.set("/gzip", Behaviour::GzipBomb { decoded_bytes });
    origin.set("/nested", Behaviour::NestedGzipBomb { decoded_bytes });
    origin.set("/zstd", Behaviour::ZstdBomb { decoded_bytes });
    origin.set("/br", Behaviour::BrBomb);
    let gzip = body("/gzip");
    assert!(gzip.len() < 10_000);
    assert_eq!(unzip(&gzip).len(), decoded_bytes);
    assert_eq!(unzip(&unzip(&body("/nested"))).len(), decoded_bytes);
    assert_eq!(zstd::decode_all(&body("/zstd")[..]).expect("zstd").len(), decoded_bytes);
    assert!(body("/br").len() < 1_000);
}

#[test]
fn the_huge_robots_has_rules_at_both_ends() {
    let origin = HostileOrigin::start();
    origin.set("/robots.txt", Behaviour::HugeRobots { bytes: 2_000_000 });
    let rules = text(&origin, "/robots.txt");
    assert!(rules.len() >= 2_000_000);
    let early = rules.find(ROBOTS_EARLY).expect("the early rule");
    let late = rules.find(ROBOTS_LATE).expect("the late rule");
    assert!(early < 1_000 && late > 1_900_000);
}
