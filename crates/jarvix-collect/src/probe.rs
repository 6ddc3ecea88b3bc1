//! Doors for those who throw bytes at the collector: what it makes of a stranger's answer and of a
//! stranger's robots.txt, each as one function of bytes, without a network. Nothing that ships
//! calls them, and nothing here is more than a way in.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use jarvix_core::{Env, Page};
use jarvix_store::system_env;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use url::Url;

use crate::archives::Archives;
use crate::collect::{Manners, fetcher};
use crate::frontier::Entry;
use crate::job::{Aim, Job};
use crate::net::{BoxFuture, BoxStream, Net, ResolveError};
use crate::robots;
use crate::settings::{Adaptive, CollectSettings};

/// Largest body that [`answer`] takes, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// Bytes that come at once: small, so that everything is met in pieces.
const PIECE_BYTES: usize = 113;

/// Whether the robots.txt `body` lets `url` be fetched.
pub fn robots_allow(body: &[u8], coding: Option<&str>, url: &Url) -> bool {
    robots::allows(body, coding, url)
}

/// The row that comes of asking a server that sends `bytes` and hangs up, for whatever it is asked.
///
/// # Panics
/// When the settings that are made here cannot be used.
pub fn answer(bytes: &[u8]) -> Page {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("an event loop").block_on(ask(system_env(), bytes.into()))
}

async fn ask(env: Env, bytes: Arc<[u8]>) -> Page {
    let settings = CollectSettings {
        robots: false,
        adaptive: Adaptive::Off,
        max_body: BODY_BYTES_MAX as u64,
        ..CollectSettings::default()
    };
    let net: Arc<dyn Net> = Arc::new(Parrot { bytes });
    let archives = Archives::new(&env, std::path::Path::new(""), settings.max_body);
    let manners = Manners::new(&settings);
    let with = fetcher(&env, Arc::new(settings), manners, net, (None, archives));
    let with = with.expect("settings that can be used");
    let entry = Entry {
        url: "http://page.example/".to_owned(),
        ordinal: 0,
        line_no: None,
        input_meta: None,
        local: None,
        archived: None,
        found: jarvix_core::Found::default(),
    };
    let mut job = Job::new(entry);
    let aim = std::mem::replace(&mut job.aim, Aim::Local(std::path::PathBuf::new()));
    let Aim::Web(target) = aim else { unreachable!("it is a web address") };
    let Ok(slot) = with.politeness.enter(&target.origin.host).await else {
        unreachable!("a host that was never asked is not put aside")
    };
    let attempt = with.attempt(&job, target, slot).await;
    job.sign(attempt.page)
}

/// A network in which everyone says the same, over plain connections.
struct Parrot {
    bytes: Arc<[u8]>,
}

impl Net for Parrot {
    fn resolve<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>> {
        Box::pin(async { Ok(vec![IpAddr::V4(Ipv4Addr::new(93, 184, 215, 14))]) })
    }

    fn connect(&self, addr: SocketAddr) -> BoxFuture<'_, io::Result<BoxStream>> {
        let stream = Words { bytes: Arc::clone(&self.bytes), at: 0, asked: false, waits: None };
        Box::pin(async move {
            // Reading the machine's certificate authorities would take longer than all the rest.
            if addr.port() == 443 {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            Ok(Box::new(stream) as BoxStream)
        })
    }
}

/// Says its words once it is asked, whatever the question.
struct Words {
    bytes: Arc<[u8]>,
    at: usize,
    asked: bool,
    waits: Option<Waker>,
}

impl AsyncRead for Words {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.asked {
            self.waits = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let count = (self.bytes.len() - self.at).min(PIECE_BYTES).min(buf.remaining());
        buf.put_slice(&self.bytes[self.at..self.at + count]);
        self.at += count;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Words {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.asked = true;
        if let Some(waits) = self.waits.take() {
            waits.wake();
        }
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jarvix_core::Outcome;

    #[test]
    fn what_is_said_becomes_a_row() {
        let page = answer(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>Hello");
        assert_eq!(page.outcome, Outcome::Fetched, "{:?}", page.reason);
        assert_eq!(page.body.as_deref(), Some(&b"<p>Hello"[..]));
        let page = answer(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(page.outcome, Outcome::RedirectLimit, "{:?}", page.reason);
        let url = Url::parse("http://a/b").expect("a URL");
        assert!(!robots_allow(b"User-agent: *\nDisallow: /", None, &url));
    }
}
