//! The proxy as a client on loopback sees it, without a browser.

use super::*;
use crate::disguise::Disguise;
use crate::settings::RenderSettings;
use crate::visit::{Assignment, Clock};
use crate::web::{BoxFuture, Reply};
use std::sync::Mutex;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Answers every question with its address, and remembers it.
#[derive(Default)]
struct Echo(Mutex<Vec<Ask>>);

impl Web for Echo {
    fn ask<'a>(&'a self, ask: Ask, _: &'a Clock) -> BoxFuture<'a, Result<Reply, Refused>> {
        let body = Bytes::from(format!("{} {}", ask.method, ask.url));
        let refused = ask.url.path() == "/refused";
        self.0.lock().expect("a lock").push(ask);
        Box::pin(async move {
            if refused {
                return Err(Refused { why: "no".to_owned(), bytes_wire: 0 });
            }
            Ok(reply("text/plain", body))
        })
    }
}

fn reply(kind: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", http::HeaderValue::from_static(kind));
    headers.insert(CONTENT_ENCODING, http::HeaderValue::from_static("gzip"));
    headers.insert(ALT_SVC, http::HeaderValue::from_static("h3=\":443\""));
    let body = body.into();
    Reply { status: StatusCode::OK, headers, bytes_wire: body.len() as u64, body }
}

struct Place {
    door: Door,
    echo: Arc<Echo>,
    visit: Arc<Visit>,
}

async fn place() -> Place {
    let settings = RenderSettings {
        pages: 1,
        deadline: Duration::from_secs(5),
        settle: Duration::from_secs(1),
        page_bytes_max: 100,
        page_requests_max: 5,
        document_bytes_max: 1_000,
        memory_max: u64::MAX,
        user_agent: "x".to_owned(),
    };
    let url = Url::parse("http://page.example/").expect("a URL");
    let assignment = Assignment { url, answer: reply("text/html", "known") };
    let visit = Arc::new(Visit::new(assignment, &settings));
    let echo = Arc::new(Echo::default());
    let acceptor = Disguise::new().expect("a certificate").acceptor();
    let web: Arc<dyn Web> = Arc::clone(&echo) as _;
    let door = Door::open(Arc::clone(&visit), web, acceptor).await.expect("a port");
    Place { door, echo, visit }
}

async fn say(place: &Place, text: &str) -> String {
    let mut socket = TcpStream::connect(("127.0.0.1", place.door.port)).await.expect("a door");
    socket.write_all(text.as_bytes()).await.expect("it listens");
    let mut answer = String::new();
    // What is closed on us may be reset, and then there is no more to read.
    drop(socket.read_to_string(&mut answer).await);
    answer
}

fn get(url: &str, more: &str) -> String {
    format!("GET {url} HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n{more}\r\n")
}

#[tokio::test]
async fn a_request_becomes_a_question_and_the_page_itself_is_known() {
    let place = place().await;
    let known = say(&place, &get("http://page.example/", "")).await;
    assert!(known.ends_with("known") && !known.contains("gzip"), "{known}");
    assert!(!known.contains("h3="), "{known}");
    let again = say(&place, &get("http://page.example/", "Proxy-X: 1\r\nAccept: a/b\r\n")).await;
    assert!(again.ends_with("GET http://page.example/"), "{again}");
    let asked = place.echo.0.lock().expect("a lock");
    let names: Vec<&str> = asked[0].headers.keys().map(HeaderName::as_str).collect();
    assert_eq!((asked.len(), names), (1, vec!["accept"]));
}

#[tokio::test]
async fn what_is_not_a_plain_request_leads_nowhere() {
    let place = place().await;
    for (text, status) in [
        (get("ftp://page.example/", ""), "400"),
        (get("https://page.example/", ""), "400"),
        (get("/", ""), "400"),
        (get("http://page.example/x", "Upgrade: websocket\r\n"), "403"),
        (get("http://page.example/x", "Accept: image/webp,*/*\r\n"), "403"),
        (get("http://page.example/x", "Accept: text/event-stream\r\n"), "403"),
        (get("http://page.example/x", "Sec-Fetch-Dest: font\r\n"), "403"),
        (get("http://page.example/refused", ""), "403"),
        ("garbage\r\n\r\n".to_owned(), "400"),
    ] {
        let answer = say(&place, &text).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{text}: {answer}");
    }
    let refused = Url::parse("http://page.example/refused#x").expect("a URL");
    assert!(place.visit.was_refused(&refused));
    assert_eq!(place.echo.0.lock().expect("a lock").len(), 1, "one of them was asked for");
    let tunnel = "CONNECT a.example:80 HTTP/1.1\r\nHost: a.example\r\n\r\nGET / HTTP/1.1\r\n\r\n";
    let answer = say(&place, tunnel).await;
    assert!(answer.starts_with("HTTP/1.1 200") && !answer.contains("a.example"), "{answer}");
}

#[tokio::test]
async fn bytes_and_requests_are_counted_and_come_to_an_end() {
    let place = place().await;
    let url = format!("http://page.example/{}", "x".repeat(60));
    for _ in 0..2 {
        assert!(say(&place, &get(&url, "")).await.starts_with("HTTP/1.1 200"));
    }
    assert!(say(&place, &get(&url, "")).await.starts_with("HTTP/1.1 403"), "100 bytes are all");
    assert_eq!(place.echo.0.lock().expect("a lock")[1].bytes_max, 100 - 84);
    assert_eq!(place.visit.bytes_wire(), 168);
}
