//! The DevTools protocol over two pipes: JSON messages, each ended by a NUL. Answers go to whoever
//! asked, events to the page that they belong to; what belongs to nobody is dropped.
//!
//! Every queue has its limit. A page that makes more events than its reader takes loses its
//! connection, and a message longer than any document ends the browser: both are attacks or
//! faults, not load.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::settings::{COMMANDS_WAITING_MAX, EVENTS_WAITING_MAX};

/// A command came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WireError {
    /// The browser is gone.
    #[error("the browser is gone")]
    Closed,
    /// It did not answer.
    #[error("the browser did not answer {0}")]
    Silent(&'static str),
    /// It would not.
    #[error("the browser refused {0}: {1}")]
    Refused(&'static str, String),
}

/// Something that happened in a page.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) method: String,
    pub(crate) params: Value,
}

/// A session with one page; forgotten when dropped.
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) events: mpsc::Receiver<Event>,
    shared: Arc<Shared>,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.shared.state().sessions.remove(&self.id);
    }
}

/// The connection to a browser; closed when dropped.
pub(crate) struct Wire {
    shared: Arc<Shared>,
    out: mpsc::Sender<Vec<u8>>,
    _tasks: JoinSet<()>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    number: AtomicU64,
}

type Result<T> = std::result::Result<T, WireError>;
type Told = std::result::Result<Value, String>;

#[derive(Default)]
struct State {
    asked: HashMap<u64, oneshot::Sender<Told>>,
    sessions: HashMap<String, mpsc::Sender<Event>>,
    closed: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wire {
    /// Speaks over `to` and `from`.
    pub(crate) fn new<W, R>(to: W, from: R, message_bytes_max: usize) -> Self
    where
        W: AsyncWrite + Unpin + Send + 'static,
        R: AsyncRead + Unpin + Send + 'static,
    {
        let shared = Arc::new(Shared::default());
        let (out, waiting) = mpsc::channel(COMMANDS_WAITING_MAX);
        let mut tasks = JoinSet::new();
        let (writes, reads) = (Arc::clone(&shared), Arc::clone(&shared));
        tasks.spawn(async move {
            write(to, waiting).await;
            writes.close();
        });
        tasks.spawn(async move {
            if let Err(error) = read(from, &reads, message_bytes_max).await {
                tracing::debug!(%error, "the connection to the browser broke");
            }
            reads.close();
        });
        Self { shared, out, _tasks: tasks }
    }

    /// Whether the browser is gone.
    pub(crate) fn is_closed(&self) -> bool {
        self.shared.state().closed
    }

    /// Sends a command and gives its result, for at most `limit`.
    pub(crate) async fn call(
        &self,
        session: Option<&str>,
        method: &'static str,
        params: Value,
        limit: Duration,
    ) -> Result<Value> {
        let (told, answer) = oneshot::channel();
        let number = self.number();
        {
            let mut state = self.shared.state();
            if state.closed {
                return Err(WireError::Closed);
            }
            state.asked.insert(number, told);
        }
        let _asked = Asked { shared: &self.shared, number };
        let exchange = async {
            let sent = self.out.send(message(number, session, method, params)).await;
            sent.map_err(|_| WireError::Closed)?;
            answer.await.map_err(|_| WireError::Closed)
        };
        match tokio::time::timeout(limit, exchange).await {
            Ok(Ok(told)) => told.map_err(|why| WireError::Refused(method, why)),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(WireError::Silent(method)),
        }
    }

    /// Sends a command whose result does not matter, if there is room for it.
    pub(crate) fn tell(&self, session: &str, method: &'static str, params: Value) {
        let message = message(self.number(), Some(session), method, params);
        if self.out.try_send(message).is_err() {
            tracing::debug!(method, "the browser takes no more commands");
        }
    }

    /// Hears the events of a session from now on.
    pub(crate) fn listen(&self, id: String) -> Session {
        let (to, events) = mpsc::channel(EVENTS_WAITING_MAX);
        self.shared.state().sessions.insert(id.clone(), to);
        Session { id, events, shared: Arc::clone(&self.shared) }
    }

    fn number(&self) -> u64 {
        self.shared.number.fetch_add(1, Ordering::Relaxed) + 1
    }
}

impl Shared {
    fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.asked.clear();
        state.sessions.clear();
    }

    fn take(&self, message: &[u8]) {
        let Ok(Value::Object(mut message)) = serde_json::from_slice(message) else { return };
        if let Some(number) = message.get("id").and_then(Value::as_u64) {
            let Some(told) = self.state().asked.remove(&number) else { return };
            let answer = match message.remove("error") {
                Some(error) => Err(error["message"].as_str().unwrap_or_default().to_owned()),
                None => Ok(message.remove("result").unwrap_or_default()),
            };
            // Whoever asked may have gone.
            drop(told.send(answer));
            return;
        }
        let session = message.get("sessionId").and_then(Value::as_str).unwrap_or_default();
        let mut state = self.state();
        let Some(to) = state.sessions.get(session) else { return };
        let method = message.get("method").and_then(Value::as_str).unwrap_or_default().to_owned();
        let session = session.to_owned();
        let params = message.remove("params").unwrap_or_default();
        if to.try_send(Event { method, params }).is_err() {
            state.sessions.remove(&session);
        }
    }
}

/// Forgets a question that nobody waits for any more.
struct Asked<'a> {
    shared: &'a Shared,
    number: u64,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.shared.state().asked.remove(&self.number);
    }
}

fn message(number: u64, session: Option<&str>, method: &str, params: Value) -> Vec<u8> {
    let mut message = json!({ "id": number, "method": method, "params": params });
    if let Some(session) = session {
        message["sessionId"] = session.into();
    }
    let mut bytes = message.to_string().into_bytes();
    bytes.push(0);
    bytes
}

async fn write<W: AsyncWrite + Unpin>(mut to: W, mut waiting: mpsc::Receiver<Vec<u8>>) {
    while let Some(message) = waiting.recv().await {
        if to.write_all(&message).await.is_err() || to.flush().await.is_err() {
            return;
        }
    }
}

async fn read<R: AsyncRead + Unpin>(from: R, shared: &Shared, bytes_max: usize) -> io::Result<()> {
    let mut from = BufReader::with_capacity(64 * 1024, from);
    let mut message = Vec::new();
    loop {
        let chunk = from.fill_buf().await?;
        if chunk.is_empty() {
            return Ok(());
        }
        let end = chunk.iter().position(|byte| *byte == 0);
        let taken = end.unwrap_or(chunk.len());
        if message.len() + taken > bytes_max {
            return Err(io::Error::other("a message is too long"));
        }
        message.extend_from_slice(&chunk[..taken]);
        from.consume(taken + usize::from(end.is_some()));
        if end.is_some() {
            shared.take(&message);
            message.clear();
            message.shrink_to(64 * 1024);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, DuplexStream};

    const SECOND: Duration = Duration::from_secs(1);

    fn pair() -> (Wire, DuplexStream, DuplexStream) {
        let (near_in, far_out) = tokio::io::duplex(1 << 20);
        let (far_in, near_out) = tokio::io::duplex(1 << 20);
        (Wire::new(near_out, near_in, 10_000), far_in, far_out)
    }

    async fn say(to: &mut DuplexStream, value: Value) {
        to.write_all(value.to_string().as_bytes()).await.expect("room");
        to.write_all(&[0]).await.expect("room");
    }

    #[tokio::test(start_paused = true)]
    async fn answers_find_who_asked_and_silence_ends() {
        let (wire, mut heard, mut out) = pair();
        let far = async {
            let mut bytes = vec![0; 512];
            let n = heard.read(&mut bytes).await.expect("a command");
            assert_eq!(bytes[n - 1], 0);
            let command: Value = serde_json::from_slice(&bytes[..n - 1]).expect("JSON");
            assert_eq!((&command["method"], &command["sessionId"]), (&json!("A.b"), &json!("s")));
            say(&mut out, json!({"id": 99, "result": {}})).await;
            say(&mut out, json!({"id": command["id"], "result": {"x": 1}})).await;
        };
        let call = wire.call(Some("s"), "A.b", json!({}), SECOND);
        let (answer, ()) = tokio::join!(call, far);
        assert_eq!(answer, Ok(json!({"x": 1})));
        let silent = wire.call(None, "A.c", json!({}), SECOND).await;
        assert_eq!(silent, Err(WireError::Silent("A.c")));
        assert!(wire.shared.state().asked.is_empty(), "nothing is kept for nobody");
        drop(out);
        let gone = wire.call(None, "A.d", json!({}), SECOND).await;
        assert_eq!(gone, Err(WireError::Closed));
        assert!(wire.is_closed());
    }

    #[tokio::test]
    async fn a_flood_of_events_ends_the_session_and_an_endless_message_the_browser() {
        let (wire, _heard, mut out) = pair();
        let mut session = wire.listen("s".to_owned());
        let mut other = wire.listen("t".to_owned());
        for n in 0..EVENTS_WAITING_MAX + 10 {
            say(&mut out, json!({"method": "E", "params": {"n": n}, "sessionId": "s"})).await;
        }
        say(&mut out, json!({"method": "E", "params": {}, "sessionId": "t"})).await;
        assert_eq!(other.events.recv().await.expect("its own").method, "E");
        let mut events = 0;
        while session.events.recv().await.is_some() {
            events += 1;
        }
        assert_eq!(events, EVENTS_WAITING_MAX);
        out.write_all(&[b' '; 20_000]).await.expect("room");
        assert!(other.events.recv().await.is_none());
        assert!(wire.is_closed());
    }
}
