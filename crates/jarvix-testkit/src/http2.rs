//! HTTP/2 servers that break the rules, frame by frame, behind a valid certificate. Below HTTP
//! libraries on purpose, since they would not let it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use crate::server_thread::{ServerThread, listen};
use crate::tls::{TestCa, TlsBehaviour, TlsProtocols, config};

const PREFACE_BYTES: usize = 24;
/// What a flood sends at most, if nobody stops it.
const FLOOD_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const ACK: u8 = 1;

/// How a server breaks HTTP/2 when it is asked for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Http2Fault {
    /// Resets the stream with this error code.
    Reset(u32),
    /// Says that it goes away, with this error code, and that it has seen no stream.
    GoAway(u32),
    /// Begins headers and never ends them.
    ContinuationFlood,
    /// Sends pings without end instead of an answer.
    PingFlood,
    /// Answers with a frame that is larger than was agreed.
    HugeFrame,
    /// Sends bytes that are no frames.
    Garbage,
}

/// A server on a free port of 127.0.0.1 that does one of them to everybody.
pub struct Http2Server {
    addr: SocketAddr,
    counts: Arc<Counts>,
    _server: ServerThread,
}

#[derive(Default)]
struct Counts {
    requests: AtomicU64,
    bytes: AtomicU64,
}

impl Http2Server {
    /// Listens, with a certificate of `ca`.
    ///
    /// # Panics
    /// When it cannot listen or the certificate cannot be made.
    pub fn start(ca: &TestCa, fault: Http2Fault) -> Self {
        let (listener, addr) = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let config = config(ca, TlsBehaviour::Valid, TlsProtocols::Http2);
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let counts: Arc<Counts> = Arc::default();
        let shared = Arc::clone(&counts);
        let server = ServerThread::spawn("http2-faults", move || async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            loop {
                if let Ok((socket, _)) = listener.accept().await {
                    let (acceptor, counts) = (acceptor.clone(), Arc::clone(&shared));
                    tokio::spawn(async move {
                        if let Ok(stream) = acceptor.accept(socket).await {
                            // A client that hangs up is no failure of this server: it should.
                            drop(talk(stream, fault, &counts).await);
                        }
                    });
                }
            }
        });
        Self { addr, counts, _server: server }
    }

    /// The URL of `path` on `localhost`.
    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.addr.port())
    }

    /// Requests so far.
    pub fn requests(&self) -> u64 {
        self.counts.requests.load(Ordering::Relaxed)
    }

    /// Bytes of faults that clients took.
    pub fn bytes(&self) -> u64 {
        self.counts.bytes.load(Ordering::Relaxed)
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).unwrap_or(0).to_be_bytes();
    let mut frame = vec![len[1], len[2], len[3], kind, flags];
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

async fn talk<S>(mut stream: S, fault: Http2Fault, counts: &Counts) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut preface = [0; PREFACE_BYTES];
    stream.read_exact(&mut preface).await?;
    stream.write_all(&frame(SETTINGS, 0, 0, &[])).await?;
    stream.flush().await?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let len = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let mut payload = vec![0; len];
        stream.read_exact(&mut payload).await?;
        match head[3] {
            SETTINGS if head[4] & ACK == 0 => {
                stream.write_all(&frame(SETTINGS, ACK, 0, &[])).await?;
            }
            HEADERS => {
                counts.requests.fetch_add(1, Ordering::Relaxed);
                if misbehave(&mut stream, fault, id, counts).await? {
                    return stream.shutdown().await;
                }
            }
            _ => {}
        }
        stream.flush().await?;
    }
}

/// Does it to stream `id`; whether the connection is over then.
async fn misbehave<S: AsyncWrite + Unpin>(
    stream: &mut S,
    fault: Http2Fault,
    id: u32,
    counts: &Counts,
) -> io::Result<bool> {
    match fault {
        Http2Fault::Reset(code) => {
            stream.write_all(&frame(RST_STREAM, 0, id, &code.to_be_bytes())).await?;
            Ok(false)
        }
        Http2Fault::GoAway(code) => {
            let payload = [[0; 4], code.to_be_bytes()].concat();
            stream.write_all(&frame(GOAWAY, 0, 0, &payload)).await?;
            Ok(true)
        }
        Http2Fault::ContinuationFlood => {
            // `:status: 200`, then `x: y` as a literal without indexing, over and over.
            stream.write_all(&frame(HEADERS, 0, id, &[0x88])).await?;
            let more = frame(CONTINUATION, 0, id, &[0, 1, b'x', 1, b'y'].repeat(100));
            flood(stream, &more, counts).await
        }
        Http2Fault::PingFlood => {
            flood(stream, &frame(PING, 0, 0, &[7; 8]).repeat(50), counts).await
        }
        Http2Fault::HugeFrame => {
            stream.write_all(&frame(HEADERS, 4, id, &[0x88])).await?;
            stream.write_all(&frame(0, 0, id, &vec![b'x'; 1024 * 1024])).await?;
            Ok(true)
        }
        Http2Fault::Garbage => {
            stream.write_all(&b"HTTP/1.1 200 OK\r\n\r\nnot a frame at all".repeat(10)).await?;
            Ok(true)
        }
    }
}

async fn flood<S: AsyncWrite + Unpin>(
    stream: &mut S,
    piece: &[u8],
    counts: &Counts,
) -> io::Result<bool> {
    let mut sent = 0;
    while sent < FLOOD_BYTES_MAX {
        stream.write_all(piece).await?;
        sent += piece.len() as u64;
        counts.bytes.fetch_add(piece.len() as u64, Ordering::Relaxed);
        tokio::task::yield_now().await;
    }
    Ok(true)
}
