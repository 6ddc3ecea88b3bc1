//! Connections that wait for the next request: HTTP/1.1 ones one request at a time, HTTP/2 ones
//! shared, one per origin. The sum of all open connections has a cap; over it, the one that was
//! idle for longest goes. Connections are kept by origin, so a kept one was vetted for its host.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use jarvix_core::limits;
use tokio::time::Instant;

use crate::connect::{Dialed, Io};
use crate::failure::Failure;
use crate::guard::Vetted;
use crate::http1::Http1;
use crate::settings::PoolSettings;
use crate::target::Origin;
use crate::wire::Meter;

/// How much an HTTP/2 server may send of one body before we ask for more.
const H2_STREAM_WINDOW: u32 = 128 * 1024;
/// The same for a whole connection.
const H2_CONNECTION_WINDOW: u32 = 1024 * 1024;

/// Sends requests over one connection.
pub(crate) enum Sender {
    H1(Lone),
    H2(http2::SendRequest<Empty<Bytes>>),
}

/// A connection that one fetch has to itself.
pub(crate) struct Lone {
    pub(crate) http: Http1,
    _open: Counted,
}

/// What is known about a connection.
#[derive(Clone)]
pub(crate) struct Facts {
    pub(crate) peer: Vetted,
    pub(crate) meter: Arc<Meter>,
}

/// A connection that a fetch has in its hands.
pub(crate) struct Conn {
    pub(crate) sender: Sender,
    pub(crate) facts: Facts,
    origin: Origin,
    /// Counts the users of a shared connection.
    _user: Option<Counted>,
}

/// Counts itself as long as it lives.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The place of a connection that is being dialed.
pub(crate) struct Room(Counted);

/// The pool.
pub(crate) struct Pool {
    kept: Mutex<Kept>,
    connections_max: usize,
    idle_max: Duration,
    open: Arc<AtomicUsize>,
    opened: AtomicU64,
}

#[derive(Default)]
struct Kept {
    idle: HashMap<Origin, Vec<Idle>>,
    shared: HashMap<Origin, Shared>,
    /// Idle HTTP/1.1 connections by the order in which they became idle.
    order: BTreeMap<u64, Origin>,
    turns: HashMap<Origin, Arc<tokio::sync::Mutex<()>>>,
    next: u64,
}

struct Idle {
    lone: Lone,
    facts: Facts,
    number: u64,
    since: Instant,
}

struct Shared {
    sender: http2::SendRequest<Empty<Bytes>>,
    facts: Facts,
    users: Arc<AtomicUsize>,
    since: Instant,
}

impl Pool {
    /// A pool for `concurrent` fetches at a time.
    pub(crate) fn new(settings: &PoolSettings, concurrent: usize) -> Self {
        Self {
            kept: Mutex::default(),
            connections_max: settings.connections_max.max(concurrent),
            idle_max: settings.idle_max,
            open: Arc::default(),
            opened: AtomicU64::new(0),
        }
    }

    /// Connections opened so far.
    pub(crate) fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    /// A kept connection to `origin`; of several, the one that was used last.
    pub(crate) fn take(&self, origin: &Origin) -> Option<Conn> {
        let mut kept = self.lock();
        if let Some(shared) = kept.shared.get_mut(origin) {
            if !shared.sender.is_closed() {
                shared.since = Instant::now();
                return Some(Conn {
                    sender: Sender::H2(shared.sender.clone()),
                    facts: shared.facts.clone(),
                    origin: origin.clone(),
                    _user: Some(Counted::new(&shared.users)),
                });
            }
            kept.shared.remove(origin);
        }
        while let Some(mut idle) = kept.pop(origin) {
            if idle.lone.http.is_quiet() {
                let sender = Sender::H1(idle.lone);
                let origin = origin.clone();
                return Some(Conn { sender, facts: idle.facts, origin, _user: None });
            }
        }
        None
    }

    /// The right to dial `origin`: one at a time, so that the first to learn that it speaks
    /// HTTP/2 can share. Given back with [`end_turn`](Self::end_turn).
    pub(crate) fn turn(&self, origin: &Origin) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(self.lock().turns.entry(origin.clone()).or_default())
    }

    /// Forgets the turns of `origin` if nobody else holds or awaits one.
    pub(crate) fn end_turn(&self, origin: &Origin, turn: Arc<tokio::sync::Mutex<()>>) {
        let mut kept = self.lock();
        drop(turn);
        if kept.turns.get(origin).is_some_and(|turn| Arc::strong_count(turn) == 1) {
            kept.turns.remove(origin);
        }
    }

    /// Makes room for a new connection under the cap. The room is taken from here on, so several
    /// that are dialed at once do not all count on the same one.
    pub(crate) fn make_room(&self) -> Room {
        let mut kept = self.lock();
        while self.open.load(Ordering::Relaxed) >= self.connections_max {
            if !kept.drop_longest_idle() {
                // A shared one counts until its task has ended, so no more than one goes for this.
                kept.drop_unused_shared();
                break;
            }
        }
        Room(Counted::new(&self.open))
    }

    /// Takes a dialed connection into service.
    pub(crate) async fn enlist(
        &self,
        origin: &Origin,
        dialed: Dialed,
        Room(open): Room,
    ) -> Result<Conn, Failure> {
        let facts = Facts { peer: dialed.peer, meter: dialed.meter };
        self.opened.fetch_add(1, Ordering::Relaxed);
        let origin = origin.clone();
        if dialed.h2 {
            let sender = shake_hands_h2(dialed.io, open).await?;
            let users = Arc::default();
            let user = Some(Counted::new(&users));
            let (since, shared) = (Instant::now(), sender.clone());
            let shared = Shared { sender: shared, facts: facts.clone(), users, since };
            self.lock().shared.insert(origin.clone(), shared);
            let sender = Sender::H2(sender);
            return Ok(Conn { sender, facts, origin, _user: user });
        }
        let sender = Sender::H1(Lone { http: Http1::new(dialed.io), _open: open });
        Ok(Conn { sender, facts, origin, _user: None })
    }

    /// Keeps a connection whose answer was read to its end.
    pub(crate) fn give_back(&self, conn: Conn) {
        let Sender::H1(lone) = conn.sender else { return };
        if !lone.http.can_serve() || self.open.load(Ordering::Relaxed) > self.connections_max {
            return;
        }
        let mut kept = self.lock();
        kept.next += 1;
        let (number, since) = (kept.next, Instant::now());
        kept.order.insert(number, conn.origin.clone());
        let idle = Idle { lone, facts: conn.facts, number, since };
        kept.idle.entry(conn.origin).or_default().push(idle);
    }

    /// Closes what has been idle for too long.
    pub(crate) fn sweep(&self) {
        let Some(before) = Instant::now().checked_sub(self.idle_max) else { return };
        let mut kept = self.lock();
        while kept.longest_idle_since().is_some_and(|since| since < before) {
            kept.drop_longest_idle();
        }
        kept.shared.retain(|_, shared| {
            let in_use = shared.users.load(Ordering::Relaxed) > 0;
            !shared.sender.is_closed() && (in_use || shared.since >= before)
        });
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn pop(&mut self, origin: &Origin) -> Option<Idle> {
        let all = self.idle.get_mut(origin)?;
        let idle = all.pop();
        if all.is_empty() {
            self.idle.remove(origin);
        }
        self.order.remove(&idle.as_ref()?.number);
        idle
    }

    fn longest_idle_since(&self) -> Option<Instant> {
        let (_, origin) = self.order.first_key_value()?;
        // Within one origin the longest idle stands first.
        self.idle.get(origin).and_then(|all| all.first()).map(|idle| idle.since)
    }

    fn drop_longest_idle(&mut self) -> bool {
        let Some((number, origin)) = self.order.pop_first() else { return false };
        if let Some(all) = self.idle.get_mut(&origin) {
            all.retain(|idle| idle.number != number);
            if all.is_empty() {
                self.idle.remove(&origin);
            }
        }
        true
    }

    fn drop_unused_shared(&mut self) {
        let unused = self.shared.iter().filter(|(_, s)| s.users.load(Ordering::Relaxed) == 0);
        let oldest = unused.min_by_key(|(_, s)| s.since).map(|(origin, _)| origin.clone());
        if let Some(origin) = oldest {
            self.shared.remove(&origin);
        }
    }
}

async fn shake_hands_h2(
    io: Io,
    open: Counted,
) -> Result<http2::SendRequest<Empty<Bytes>>, Failure> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .initial_stream_window_size(H2_STREAM_WINDOW)
        .initial_connection_window_size(H2_CONNECTION_WINDOW)
        .max_header_list_size(u32::try_from(limits::HEADER_BYTES_MAX).unwrap_or(u32::MAX));
    let (sender, connection) =
        builder.handshake(TokioIo::new(io)).await.map_err(|error| Failure::of_exchange(&error))?;
    tokio::spawn(async move {
        let _open = open;
        if let Err(error) = connection.await {
            tracing::trace!(%error, "connection ended");
        }
    });
    Ok(sender)
}
