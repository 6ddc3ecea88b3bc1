//! The demo's server side: looks an address up in the table and does what stands there.

use std::collections::HashMap;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::header::{HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};

use crate::answer::{self, Body};
use crate::demo::table::{Act, Entry, LANDINGS, PNG, ROBOTS};
use crate::demo::{STALL, entries};
use crate::wire::Garble;

/// Decoded size of the decompression bomb: small enough to make in a moment, and beyond every
/// sensible ratio.
const BOMB_BYTES: usize = 24 * 1024 * 1024;

/// What answers for every host of the demo.
pub(crate) struct DemoSite {
    addr: SocketAddr,
    places: HashMap<(&'static str, &'static str), Served>,
    bomb: Bytes,
}

struct Served {
    act: Act,
    gzipped: Bytes,
    /// Whether this address has answered before.
    asked: AtomicBool,
}

impl DemoSite {
    pub(crate) fn new(addr: SocketAddr) -> io::Result<Self> {
        let mut places = HashMap::new();
        let listed = entries().filter_map(Entry::served);
        for (host, path, act) in listed.chain(LANDINGS.iter().copied()) {
            let gzipped = match act {
                Act::Page { html, .. } => gzip(html)?,
                _ => Bytes::new(),
            };
            places.insert((host, path), Served { act, gzipped, asked: AtomicBool::new(false) });
        }
        Ok(Self { addr, places, bomb: bomb()? })
    }

    pub(crate) async fn answer(
        &self,
        host: &str,
        path: &str,
        gzip_fits: bool,
        garble: &Garble,
    ) -> Response<Body> {
        if path == "/robots.txt" {
            return answer::text(StatusCode::OK, ROBOTS);
        }
        let Some(served) = self.places.get(&(host, path)) else {
            return failure(StatusCode::NOT_FOUND);
        };
        let status = |code| StatusCode::from_u16(code).unwrap_or(StatusCode::NOT_FOUND);
        match served.act {
            Act::Page { content_type, .. } if gzip_fits => {
                page(served.gzipped.clone(), content_type, true)
            }
            Act::Page { html, content_type } => page(Bytes::from_static(html), content_type, false),
            Act::Fails(code) => failure(status(code)),
            Act::Redirect(code, target) => {
                let port = self.addr.port().to_string();
                answer::redirect(status(code), &target.replace("{port}", &port))
            }
            Act::Stalls => {
                tokio::time::sleep(STALL).await;
                answer::text(StatusCode::OK, "That took a while.\n")
            }
            Act::BreaksOff { html } => {
                let half = Bytes::from_static(&html[..html.len() / 2]);
                let mut response = page(half.clone(), HTML_UTF8, false);
                *response.body_mut() = Body::broken(half, html.len() as u64);
                response
            }
            Act::Garbles => {
                garble.mark();
                answer::text(StatusCode::OK, "nobody reads this\n")
            }
            Act::Image => page(Bytes::from_static(PNG), "image/png", false),
            Act::Bomb => page(self.bomb.clone(), HTML_UTF8, true),
            Act::BusyOnce { html } if served.asked.swap(true, Ordering::Relaxed) => {
                page(Bytes::from_static(html), HTML_UTF8, false)
            }
            Act::BusyOnce { .. } => {
                let mut response = failure(StatusCode::TOO_MANY_REQUESTS);
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
                response
            }
        }
    }
}

const HTML_UTF8: &str = "text/html; charset=utf-8";

fn page(bytes: Bytes, content_type: &'static str, gzip: bool) -> Response<Body> {
    answer::page(bytes, HeaderValue::from_static(content_type), gzip)
}

/// An error page as servers send them: HTML, with the status in large letters.
fn failure(status: StatusCode) -> Response<Body> {
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><title>{status}</title></head>\
         <body><h1>{status}</h1><p>The machine is not ready.</p></body></html>\n"
    );
    let mut response = page(html.into(), HTML_UTF8, false);
    *response.status_mut() = status;
    response
}

fn gzip(bytes: &[u8]) -> io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish().map(Bytes::from)
}

/// A page that is a few kilobytes on the wire and [`BOMB_BYTES`] once unpacked.
fn bomb() -> io::Result<Bytes> {
    const CHUNK: usize = 64 * 1024;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(b"<!doctype html><html><head><title>One more cup</title></head><body><p>")?;
    for _ in 0..BOMB_BYTES / CHUNK {
        encoder.write_all(&[b' '; CHUNK])?;
    }
    encoder.write_all(b"</body></html>")?;
    encoder.finish().map(Bytes::from)
}
