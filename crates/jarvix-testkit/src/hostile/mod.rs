//! A web server with bad manners, in scripts: each address does one wrong thing and does it the
//! same way every time. Below HTTP libraries on purpose, since they would not let it.
//!
//! The same scripts run over plain TCP ([`HostileOrigin`]) and over TLS
//! ([`TlsOrigin`](crate::TlsOrigin)).

mod behaviour;
mod bodies;
mod request;
mod script;

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jarvix_core::Clock;
use jarvix_core::env::SystemClock;
use tokio::io::{AsyncRead, AsyncWrite};

pub use behaviour::{Behaviour, PAGE, ROBOTS_EARLY, ROBOTS_LATE};

use crate::server_thread::{ServerThread, listen};

/// Requests that are remembered; further ones are only counted.
const SEEN_MAX: usize = 100_000;

/// A request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The host asked for, without the port.
    pub host: String,
    /// Path and query.
    pub target: String,
    /// Header names in lower case and their values, in order.
    pub headers: Vec<(String, String)>,
    /// Which connection it came on, from 0.
    pub connection: u64,
    /// When, since the origin was started.
    pub at: Duration,
}

impl Seen {
    /// The path without the query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The first value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// What became of requests for [`Behaviour::Versioned`] pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Compared {
    /// Answers 304.
    pub not_modified: u64,
    /// Answers 200.
    pub whole: u64,
    /// Bytes of the bodies of those.
    pub body_bytes: u64,
}

/// What addresses do, and what was seen. Shared between the test and the server.
#[derive(Clone)]
pub(crate) struct Scripts(Arc<Mutex<State>>, Arc<SystemClock>);

#[derive(Default)]
struct State {
    behaviours: HashMap<(Option<String>, String), Behaviour>,
    asked: HashMap<(String, String), u32>,
    seen: Vec<Seen>,
    requests: u64,
    connections: u64,
    open: u64,
    open_max: u64,
    compared: Compared,
}

impl Scripts {
    pub(crate) fn new() -> Self {
        Self(Arc::default(), Arc::new(SystemClock::default()))
    }

    pub(crate) fn set(&self, host: Option<&str>, path: &str, behaviour: Behaviour) {
        let key = (host.map(str::to_owned), path.to_owned());
        self.state().behaviours.insert(key, behaviour);
    }

    pub(crate) fn connection_opened(&self) -> u64 {
        let mut state = self.state();
        state.connections += 1;
        state.open += 1;
        state.open_max = state.open_max.max(state.open);
        state.connections - 1
    }

    pub(crate) fn connection_closed(&self) {
        self.state().open -= 1;
    }

    /// Notes a request; what to do with it, and how often the address was asked before.
    pub(crate) fn asked(&self, mut seen: Seen) -> (Behaviour, u32) {
        let mut state = self.state();
        let (host, path) = (seen.host.clone(), seen.path().to_owned());
        let behaviour = state
            .behaviours
            .get(&(Some(host.clone()), path.clone()))
            .or_else(|| state.behaviours.get(&(None, path.clone())))
            .cloned();
        let behaviour = behaviour.unwrap_or_else(|| match path.as_str() {
            "/robots.txt" => Behaviour::Text("User-agent: *\nAllow: /\n".to_owned()),
            _ => Behaviour::Status(404, Vec::new()),
        });
        let count = state.asked.entry((host, path)).or_default();
        let before = *count;
        *count += 1;
        state.requests += 1;
        seen.at = self.1.monotonic();
        if state.seen.len() < SEEN_MAX {
            state.seen.push(seen);
        }
        (behaviour, before)
    }

    /// Notes an answer to a request for a versioned page; `None` is a 304.
    pub(crate) fn answered(&self, body_bytes: Option<u64>) {
        let compared = &mut self.state().compared;
        match body_bytes {
            None => compared.not_modified += 1,
            Some(bytes) => {
                compared.whole += 1;
                compared.body_bytes += bytes;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn requests(&self, path: &str) -> u64 {
        self.state().asked.iter().filter(|((_, p), _)| p == path).map(|(_, n)| u64::from(*n)).sum()
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state().seen.clone()
    }

    /// Connections so far and the most that were open at once.
    pub(crate) fn connections(&self) -> (u64, u64) {
        let state = self.state();
        (state.connections, state.open_max)
    }

    /// Serves one connection until either side has had enough.
    pub(crate) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) {
        // A client that closes one connection before it opens the next has one open: the server must
        // hear of the first before it counts the second. It runs on one thread, so what the system
        // knows by now is heard in the turn that this gives away, and told in the next.
        for _ in 0..2 {
            tokio::task::yield_now().await;
        }
        let connection = self.connection_opened();
        // A client that hangs up is no failure of this server: most of them should.
        drop(script::converse(self, stream, connection).await);
        self.connection_closed();
    }
}

/// A scripted server over plain TCP.
pub struct HostileOrigin {
    addr: SocketAddr,
    scripts: Scripts,
    _server: ServerThread,
}

impl HostileOrigin {
    /// Listens on a free port of 127.0.0.1. Every host name is answered for; an address without a
    /// script is a 404, except robots.txt, which allows everything.
    ///
    /// # Panics
    /// When it cannot listen.
    pub fn start() -> Self {
        Self::start_on(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }

    /// As [`start`](Self::start), on `addr`.
    ///
    /// # Panics
    /// When it cannot listen.
    pub fn start_on(addr: SocketAddr) -> Self {
        let (listener, addr) = listen(addr);
        let scripts = Scripts::new();
        let shared = scripts.clone();
        let server = ServerThread::spawn("hostile-origin", move || async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            loop {
                if let Ok((socket, _)) = listener.accept().await {
                    drop(socket.set_nodelay(true));
                    let scripts = shared.clone();
                    tokio::spawn(async move { scripts.serve(socket).await });
                }
            }
        });
        Self { addr, scripts, _server: server }
    }

    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Gives `path` a script, on every host; its URL by address.
    pub fn set(&self, path: &str, behaviour: Behaviour) -> String {
        self.scripts.set(None, path, behaviour);
        self.url(path)
    }

    /// Gives `path` a script on `host` alone; its URL by that name.
    pub fn set_on(&self, host: &str, path: &str, behaviour: Behaviour) -> String {
        self.scripts.set(Some(host), path, behaviour);
        self.url_on(host, path)
    }

    /// The URL of `path` by address.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// The URL of `path` on a named host; the name must lead here.
    pub fn url_on(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.addr.port())
    }

    /// How often `path` was asked for, on all hosts.
    pub fn requests(&self, path: &str) -> u64 {
        self.scripts.requests(path)
    }

    /// Every request, in order of arrival (the first 100,000).
    pub fn seen(&self) -> Vec<Seen> {
        self.scripts.seen()
    }

    /// What became of requests for [`Behaviour::Versioned`] pages so far.
    pub fn compared(&self) -> Compared {
        self.scripts.state().compared
    }

    /// Connections so far.
    pub fn connections(&self) -> u64 {
        self.scripts.connections().0
    }

    /// The most connections that were open at the same time.
    pub fn connections_open_max(&self) -> u64 {
        self.scripts.connections().1
    }
}
