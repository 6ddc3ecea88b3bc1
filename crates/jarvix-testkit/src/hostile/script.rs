//! The conversation: reads a request, plays the script of its address, and so on until one side
//! hangs up. A script that did something wrong ends its connection.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::hostile::behaviour::{Behaviour, PAGE};
use crate::hostile::{Scripts, Seen, bodies, request};

/// What an endless script sends at most, if nobody stops it.
const ENDLESS_BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;
const HTML: &str = "text/html; charset=utf-8";

/// Whether the connection can be used again.
#[derive(PartialEq, Eq)]
enum After {
    Next,
    HangUp,
}

pub(super) async fn converse<S>(scripts: &Scripts, mut stream: S, connection: u64) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut rest = Vec::new();
    while let Some(seen) = request::read(&mut stream, &mut rest, connection).await? {
        let (behaviour, before) = scripts.asked(seen.clone());
        let behaviour = unwrap_layers(behaviour, before).await;
        let after = match &behaviour {
            Behaviour::Versioned { .. } => {
                versioned(scripts, &mut stream, &behaviour, &seen).await?
            }
            _ => play(&mut stream, &behaviour, &seen).await?,
        };
        stream.flush().await?;
        if after == After::HangUp {
            break;
        }
    }
    stream.shutdown().await
}

/// Answers with the page, or that it is what the client has (RFC 9110, 13.2.2).
async fn versioned<S: AsyncWrite + Unpin>(
    scripts: &Scripts,
    stream: &mut S,
    behaviour: &Behaviour,
    seen: &Seen,
) -> io::Result<After> {
    let Behaviour::Versioned { etag, last_modified, html } = behaviour else {
        return Ok(After::HangUp);
    };
    let same = match (seen.header("if-none-match"), seen.header("if-modified-since")) {
        (Some(known), _) => etag.as_deref() == Some(known),
        (None, Some(since)) => last_modified.as_deref() == Some(since),
        (None, None) => false,
    };
    let mut head = format!("HTTP/1.1 {}\r\n", if same { "304 Not Modified" } else { "200 OK" });
    // A 304 need not say again what it was asked with: only the ETag comes back.
    let last_modified = last_modified.as_ref().filter(|_| !same);
    for (name, value) in [("ETag", etag.as_ref()), ("Last-Modified", last_modified)] {
        if let Some(value) = value {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    scripts.answered((!same).then_some(html.len() as u64));
    if !same {
        let len = html.len();
        head.push_str(&format!("Content-Type: {HTML}\r\nContent-Length: {len}\r\n\r\n{html}"));
    } else {
        head.push_str("X-Fresh: yes\r\n\r\n");
    }
    stream.write_all(head.as_bytes()).await?;
    Ok(After::Next)
}

/// Waits, and chooses by how often the address was asked before.
async fn unwrap_layers(mut behaviour: Behaviour, mut before: u32) -> Behaviour {
    loop {
        behaviour = match behaviour {
            Behaviour::After { wait_ms, then } => {
                tokio::time::sleep(Duration::from_millis(wait_ms)).await;
                *then
            }
            Behaviour::FirstThen { times, first, .. } if before < times => *first,
            Behaviour::FirstThen { times, then, .. } => {
                before -= times;
                *then
            }
            plain => return plain,
        };
    }
}

async fn play<S>(stream: &mut S, behaviour: &Behaviour, seen: &Seen) -> io::Result<After>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match behaviour {
        Behaviour::Page => ok(stream, Some(HTML), None, PAGE.as_bytes()).await,
        Behaviour::Html(html) => ok(stream, Some(HTML), None, html.as_bytes()).await,
        Behaviour::Text(text) => ok(stream, Some("text/plain"), None, text.as_bytes()).await,
        Behaviour::Body { content_type, content_encoding, bytes } => {
            ok(stream, content_type.as_deref(), content_encoding.as_deref(), bytes).await
        }
        Behaviour::GzipBomb { decoded_bytes } => {
            ok(stream, Some(HTML), Some("gzip"), &bodies::gzip_bomb(*decoded_bytes)).await
        }
        Behaviour::NestedGzipBomb { decoded_bytes } => {
            let packed = bodies::gzip(&bodies::gzip_bomb(*decoded_bytes));
            ok(stream, Some(HTML), Some("gzip, gzip"), &packed).await
        }
        Behaviour::ZstdBomb { decoded_bytes } => {
            ok(stream, Some(HTML), Some("zstd"), &bodies::zstd_bomb(*decoded_bytes)).await
        }
        Behaviour::BrBomb => ok(stream, Some(HTML), Some("br"), bodies::BR_BOMB).await,
        Behaviour::WrongCharset => ok(stream, Some(HTML), None, &bodies::windows_1252()).await,
        Behaviour::BinaryAsHtml => ok(stream, Some("text/html"), None, &bodies::picture()).await,
        Behaviour::Status(status, headers) => answer(stream, *status, headers).await,
        Behaviour::RedirectLoop => redirect(stream, &seen.target).await,
        Behaviour::RedirectTo(target) => redirect(stream, target).await,
        Behaviour::RedirectChain(hops) => chain(stream, *hops, seen).await,
        Behaviour::Calendar { links } => {
            ok(stream, Some(HTML), None, bodies::calendar(&seen.target, *links).as_bytes()).await
        }
        Behaviour::HugeRobots { bytes } => huge_robots(stream, *bytes).await,
        Behaviour::SlowLoris { bytes_per_s } => slow_loris(stream, *bytes_per_s).await,
        Behaviour::EndlessBody => {
            let start = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n";
            endless(stream, start, "<p>and another thing</p>\n").await
        }
        Behaviour::FloodOf1xx => endless(stream, "", "HTTP/1.1 103 Early Hints\r\n\r\n").await,
        Behaviour::StallBeforeHeaders => stall(stream, "").await,
        Behaviour::StallAfterHeaders => {
            let start = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\
                         Content-Length: 100000\r\n\r\n<p>So far, so good";
            stall(stream, start).await
        }
        // The loop around this has taken these off.
        Behaviour::FirstThen { .. } | Behaviour::After { .. } => Ok(After::HangUp),
        wrong => {
            stream.write_all(&malformed(wrong)).await?;
            Ok(After::HangUp)
        }
    }
}

/// The bytes of answers that are wrong as such.
fn malformed(behaviour: &Behaviour) -> Vec<u8> {
    let ok = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n";
    let text = match behaviour {
        Behaviour::ShortContentLength => {
            format!("{ok}Content-Length: {}\r\n\r\n{PAGE}", PAGE.len() * 10)
        }
        Behaviour::CutChunked => {
            format!("{ok}Transfer-Encoding: chunked\r\n\r\n1000\r\n{PAGE}")
        }
        Behaviour::TwoContentLengths => {
            format!("{ok}Content-Length: {}\r\nContent-Length: 10\r\n\r\n{PAGE}", PAGE.len())
        }
        Behaviour::ClAndTe => format!(
            "{ok}Content-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{PAGE}\r\n0\r\n\r\n",
            PAGE.len()
        ),
        Behaviour::HugeHeader => {
            let value = "a".repeat(1_000_000);
            format!("{ok}X-Large: {value}\r\nContent-Length: {}\r\n\r\n{PAGE}", PAGE.len())
        }
        Behaviour::ManyHeaders => {
            let lines: String = (0..10_000).map(|i| format!("X-{i}: {i}\r\n")).collect();
            format!("{ok}{lines}Content-Length: {}\r\n\r\n{PAGE}", PAGE.len())
        }
        Behaviour::Http09 => PAGE.to_owned(),
        Behaviour::Garbage => "\u{0}\u{1}\u{2} SSH-2.0-NotHTTP_1.0\r\n\u{7f}\r\n".repeat(20),
        _ => String::new(),
    };
    text.into_bytes()
}

async fn ok<S: AsyncWrite + Unpin>(
    stream: &mut S,
    content_type: Option<&str>,
    content_encoding: Option<&str>,
    body: &[u8],
) -> io::Result<After> {
    let mut head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in [("Content-Type", content_type), ("Content-Encoding", content_encoding)] {
        if let Some(value) = value {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body).await?;
    Ok(After::Next)
}

async fn answer<S: AsyncWrite + Unpin>(
    stream: &mut S,
    status: u16,
    headers: &[(String, String)],
) -> io::Result<After> {
    // These three have no body, whatever their headers say.
    let body = match status {
        204 | 205 | 304 => String::new(),
        _ => format!("status {status}\n"),
    };
    let mut head = format!("HTTP/1.1 {status} Scripted\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    stream.write_all(head.as_bytes()).await?;
    Ok(After::Next)
}

async fn redirect<S: AsyncWrite + Unpin>(stream: &mut S, target: &str) -> io::Result<After> {
    answer(stream, 302, &[("Location".to_owned(), target.to_owned())]).await
}

/// Counts its hops in the query: `/chain`, `/chain?hop=1`, ...
async fn chain<S: AsyncWrite + Unpin>(stream: &mut S, hops: u32, seen: &Seen) -> io::Result<After> {
    let hop: u32 = seen.target.split_once("?hop=").and_then(|(_, n)| n.parse().ok()).unwrap_or(0);
    if hop >= hops {
        return ok(stream, Some(HTML), None, PAGE.as_bytes()).await;
    }
    redirect(stream, &format!("{}?hop={}", seen.path(), hop + 1)).await
}

async fn huge_robots<S: AsyncWrite + Unpin>(stream: &mut S, bytes: usize) -> io::Result<After> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    for piece in bodies::robots(bytes) {
        stream.write_all(piece.as_bytes()).await?;
    }
    Ok(After::HangUp)
}

async fn slow_loris<S: AsyncWrite + Unpin>(stream: &mut S, bytes_per_s: u32) -> io::Result<After> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000000\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    let wait = Duration::from_secs(1) / bytes_per_s.max(1);
    for byte in PAGE.bytes().cycle().take(1_000_000) {
        stream.write_all(&[byte]).await?;
        stream.flush().await?;
        tokio::time::sleep(wait).await;
    }
    Ok(After::HangUp)
}

async fn endless<S: AsyncWrite + Unpin>(
    stream: &mut S,
    start: &str,
    again: &str,
) -> io::Result<After> {
    stream.write_all(start.as_bytes()).await?;
    let piece = again.repeat(16 * 1024 / again.len());
    let mut sent = 0;
    while sent < ENDLESS_BYTES_MAX {
        stream.write_all(piece.as_bytes()).await?;
        sent += piece.len() as u64;
        // A client in the same thread of a machine with one core gets its turn.
        tokio::task::yield_now().await;
    }
    Ok(After::HangUp)
}

/// Says nothing more until the client hangs up.
async fn stall<S>(stream: &mut S, start: &str) -> io::Result<After>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(start.as_bytes()).await?;
    stream.flush().await?;
    let mut ignored = [0; 1024];
    while stream.read(&mut ignored).await? > 0 {}
    Ok(After::HangUp)
}
