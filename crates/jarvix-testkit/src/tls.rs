//! Certificates of our own making, and servers that use them rightly or wrongly.
//!
//! Nothing here is trusted by anyone but the test that adds [`TestCa::der`] to its roots.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{HandshakeKind, ServerConfig};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::hostile::{Behaviour, PAGE, Scripts, Seen};
use crate::server_thread::{ServerThread, listen};

/// The names that certificates are made out to unless a test asks for others.
pub const TLS_NAMES: [&str; 5] =
    ["localhost", "secure.localhost", "other.localhost", "127.0.0.1", "::1"];
/// The one name that is on the certificate of [`TlsBehaviour::WrongHost`].
pub const TLS_OTHER_NAME: &str = "someone-else.example";
/// Certificates that [`TlsBehaviour::HugeChain`] sends: some hundred kilobytes.
const HUGE_CHAIN_CERTIFICATES: usize = 500;

/// A certificate authority for one test.
pub struct TestCa {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
}

/// What is wrong with a TLS server, if anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsBehaviour {
    /// Nothing: a certificate of our CA for the right names.
    Valid,
    /// The certificate ended in 2020.
    Expired,
    /// The certificate begins in 2120.
    NotYetValid,
    /// The certificate is made out to [`TLS_OTHER_NAME`].
    WrongHost,
    /// The certificate is signed by its own key.
    SelfSigned,
    /// The certificate comes with hundreds of others.
    HugeChain,
    /// Accepts the connection and never answers the handshake.
    StallInHandshake,
    /// Reads the start of the handshake and hangs up.
    CloseInHandshake,
}

/// The application protocols that a TLS server offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsProtocols {
    /// `http/1.1`.
    Http1,
    /// `h2`.
    Http2,
    /// Both; the client chooses.
    Both,
}

impl TestCa {
    /// A new authority with a key of its own.
    ///
    /// # Panics
    /// When no key can be made.
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Jarvix test authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a CA certificate").der().clone();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    /// The authority's certificate: what a client has to trust.
    pub fn der(&self) -> CertificateDer<'static> {
        self.certificate.clone()
    }

    /// A client's set of roots with this authority alone.
    ///
    /// # Panics
    /// When the certificate is refused.
    pub fn roots(&self) -> rustls::RootCertStore {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.der()).expect("a usable CA certificate");
        roots
    }

    fn leaf(&self, behaviour: TlsBehaviour) -> (Vec<CertificateDer<'static>>, KeyPair) {
        let names: Vec<String> = match behaviour {
            TlsBehaviour::WrongHost => vec![TLS_OTHER_NAME.to_owned()],
            _ => TLS_NAMES.map(str::to_owned).to_vec(),
        };
        let mut params = CertificateParams::new(names).expect("names for a certificate");
        let (from, to) = match behaviour {
            TlsBehaviour::Expired => (2019, 2020),
            TlsBehaviour::NotYetValid => (2120, 2121),
            _ => (2020, 2120),
        };
        (params.not_before, params.not_after) =
            (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
        let key = KeyPair::generate().expect("a key");
        let leaf = match behaviour {
            TlsBehaviour::SelfSigned => params.self_signed(&key),
            _ => params.signed_by(&key, &self.issuer),
        };
        let mut chain = vec![leaf.expect("a certificate").der().clone()];
        if behaviour == TlsBehaviour::HugeChain {
            chain.resize(HUGE_CHAIN_CERTIFICATES, self.der());
        }
        (chain, key)
    }
}

impl Default for TestCa {
    fn default() -> Self {
        Self::new()
    }
}

/// A server behind TLS. Over HTTP/1.1 it plays every [`Behaviour`]; over HTTP/2 it answers every
/// path with [`PAGE`].
pub struct TlsOrigin {
    addr: SocketAddr,
    scripts: Scripts,
    counts: Arc<Counts>,
    _server: ServerThread,
}

#[derive(Default)]
struct Counts {
    handshakes: AtomicU64,
    resumed: AtomicU64,
    http2_requests: AtomicU64,
}

/// What each connection of a server needs.
#[derive(Clone)]
struct Shared {
    acceptor: TlsAcceptor,
    behaviour: TlsBehaviour,
    scripts: Scripts,
    counts: Arc<Counts>,
}

impl TlsOrigin {
    /// Listens on a free port of 127.0.0.1 with a certificate of `ca`, or one that is wrong in the
    /// way that `behaviour` says.
    ///
    /// # Panics
    /// When it cannot listen or the certificate cannot be made.
    pub fn start(ca: &TestCa, behaviour: TlsBehaviour, protocols: TlsProtocols) -> Self {
        let (listener, addr) = listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let (scripts, counts) = (Scripts::new(), Arc::new(Counts::default()));
        let shared = Shared {
            acceptor: TlsAcceptor::from(Arc::new(config(ca, behaviour, protocols))),
            behaviour,
            scripts: scripts.clone(),
            counts: Arc::clone(&counts),
        };
        let server = ServerThread::spawn("tls-origin", move || async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            loop {
                if let Ok((socket, _)) = listener.accept().await {
                    drop(socket.set_nodelay(true));
                    tokio::spawn(shared.clone().serve(socket));
                }
            }
        });
        Self { addr, scripts, counts, _server: server }
    }

    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The URL of `path` on `localhost`, a name that valid certificates carry.
    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.addr.port())
    }

    /// Gives `path` a script for HTTP/1.1; its URL.
    pub fn set(&self, path: &str, behaviour: Behaviour) -> String {
        self.scripts.set(None, path, behaviour);
        self.url(path)
    }

    /// Every request over HTTP/1.1, in order of arrival.
    pub fn seen(&self) -> Vec<Seen> {
        self.scripts.seen()
    }

    /// Requests over HTTP/2.
    pub fn http2_requests(&self) -> u64 {
        self.counts.http2_requests.load(Ordering::Relaxed)
    }

    /// Handshakes that came to an end, and how many of them resumed an earlier session.
    pub fn handshakes(&self) -> (u64, u64) {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (load(&self.counts.handshakes), load(&self.counts.resumed))
    }
}

pub(crate) fn config(
    ca: &TestCa,
    behaviour: TlsBehaviour,
    protocols: TlsProtocols,
) -> ServerConfig {
    let (chain, key) = ca.leaf(behaviour);
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate with its key");
    let names: &[&str] = match protocols {
        TlsProtocols::Http1 => &["http/1.1"],
        TlsProtocols::Http2 => &["h2"],
        TlsProtocols::Both => &["h2", "http/1.1"],
    };
    config.alpn_protocols = names.iter().map(|name| name.as_bytes().to_vec()).collect();
    config
}

impl Shared {
    async fn serve(self, mut socket: TcpStream) {
        match self.behaviour {
            TlsBehaviour::StallInHandshake => {
                let mut ignored = [0; 1024];
                while socket.read(&mut ignored).await.is_ok_and(|n| n > 0) {}
            }
            TlsBehaviour::CloseInHandshake => drop(socket.read(&mut [0; 16]).await),
            // A client that refuses our certificate hangs up: that is what it is for.
            _ => {
                if let Ok(stream) = self.acceptor.accept(socket).await {
                    self.talk(stream).await;
                }
            }
        }
    }

    async fn talk(self, stream: TlsStream<TcpStream>) {
        let (_, session) = stream.get_ref();
        self.counts.handshakes.fetch_add(1, Ordering::Relaxed);
        if session.handshake_kind() == Some(HandshakeKind::Resumed) {
            self.counts.resumed.fetch_add(1, Ordering::Relaxed);
        }
        if session.alpn_protocol() != Some(b"h2") {
            return self.scripts.serve(stream).await;
        }
        let counts = self.counts;
        let service = service_fn(move |_: Request<Incoming>| {
            counts.http2_requests.fetch_add(1, Ordering::Relaxed);
            let page = Response::builder()
                .header("content-type", "text/html; charset=utf-8")
                .body(Full::new(Bytes::from_static(PAGE.as_bytes())));
            std::future::ready(page)
        });
        let http2 = http2::Builder::new(TokioExecutor::new());
        // Clients hang up in the middle; that is not this server's failure.
        drop(http2.serve_connection(TokioIo::new(stream), service).await);
    }
}
