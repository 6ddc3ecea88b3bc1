//! One request, one answer: takes a kept connection or makes one, sends, and hands out the answer
//! with its headers read and its body still to come. Redirects, robots.txt and retries are for
//! those above.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, COOKIE, FROM, HeaderMap, HeaderName,
    HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, TRANSFER_ENCODING, USER_AGENT,
};
use http::{Method, Request, StatusCode, Uri, Version};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Incoming};
use jarvix_core::{Clock, Header, Outcome, Timings, limits};
use tokio::time::Instant;

use crate::addresses::{Addresses, Place};
use crate::base::Validators;
use crate::connect::{Connector, ms};
use crate::cookies::Jar;
use crate::failure::Failure;
use crate::http1::Head;
use crate::politeness::Politeness;
use crate::pool::{Conn, Pool, Sender};
use crate::secrets::{Credentials, SecretError, add_headers};
use crate::settings::{CollectSettings, Phases};
use crate::target::Target;
use crate::watch::Watch;

/// What may be asked for beforehand: pages before anything else.
const ACCEPTED: &str =
    "text/html,application/xhtml+xml,application/xml;q=0.9,text/plain;q=0.8,*/*;q=0.5";
/// The content codings that the decoder knows.
const CODINGS: &str = "gzip, br, zstd, deflate";

/// What is remembered of an attempt while it is under way.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    pub(crate) timings: Timings,
    pub(crate) bytes_wire: u64,
    pub(crate) remote: Option<SocketAddr>,
    /// Whether the last connection went into a range that was opened by name.
    pub(crate) opened: Option<bool>,
}

/// An answer whose body is still to come.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    /// The body where the connection is shared; else the connection has it.
    body: Option<Shared>,
    conn: Conn,
    /// Counts against the limit per address until the answer is done with.
    _place: Option<Place>,
}

/// A body on a connection that others use too, and what has come of it and was not yet taken.
struct Shared {
    body: Incoming,
    data: Bytes,
}

/// Whom to ask, and what is already known of the answer.
type Asked<'a> = (&'a Target, Option<&'a Validators>);

/// Asks.
pub(crate) struct Client {
    connector: Connector,
    pool: Pool,
    addresses: Addresses,
    politeness: Arc<Politeness>,
    /// What every request says, ...
    headers: HeaderMap,
    /// ... and the same as lines of HTTP/1.1.
    header_lines: Vec<u8>,
    credentials: Credentials,
    jar: Option<Jar>,
    phases: Phases,
}

/// A header of the settings cannot be sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HeaderError {
    #[error("{name}: {text:?} cannot be sent as a header")]
    Value { name: HeaderName, text: String },
    #[error("{0}")]
    Own(#[from] SecretError),
}

impl Client {
    pub(crate) fn new(
        connector: Connector,
        politeness: Arc<Politeness>,
        settings: &CollectSettings,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, HeaderError> {
        let value = |name: HeaderName, text: &str| {
            HeaderValue::from_str(text)
                .map_err(|_| HeaderError::Value { name, text: text.to_owned() })
        };
        let mut headers = HeaderMap::with_capacity(5);
        headers.insert(USER_AGENT, value(USER_AGENT, &settings.user_agent())?);
        headers.insert(ACCEPT, HeaderValue::from_static(ACCEPTED));
        if !settings.accept.is_empty() {
            let named: Vec<String> = settings.accept.iter().map(ToString::to_string).collect();
            // robots.txt is none of them, and is asked for all the same.
            headers.insert(ACCEPT, value(ACCEPT, &format!("{},*/*;q=0.1", named.join(",")))?);
        }
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(CODINGS));
        // RFC 9110, 10.1.2: robots should say whom to write to.
        let contact = settings.contact.as_deref().unwrap_or_default();
        let mail = contact.strip_prefix("mailto:").unwrap_or(contact);
        if mail.contains('@') && !mail.contains('/') {
            headers.insert(FROM, value(FROM, mail)?);
        }
        add_headers(&settings.headers, &mut headers)?;
        Ok(Self {
            connector,
            pool: Pool::new(&settings.pool, settings.concurrent),
            addresses: Addresses::new(settings),
            politeness,
            header_lines: lines_of(&headers),
            headers,
            credentials: Credentials::new(&settings.credentials),
            jar: settings.cookies.then(|| Jar::new(Arc::clone(clock))),
            phases: settings.phases.clone(),
        })
    }

    /// The connections.
    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Asks `to` and gives the answer once its headers are there.
    pub(crate) async fn ask(
        &self,
        to: &Target,
        watch: &mut Watch,
        trail: &mut Trail,
    ) -> Result<Answer, Failure> {
        self.ask_unless((to, None), watch, trail).await
    }

    /// Asks `to` for an answer without a body if it still is what the validators say.
    pub(crate) async fn ask_unless(
        &self,
        asked: Asked<'_>,
        watch: &mut Watch,
        trail: &mut Trail,
    ) -> Result<Answer, Failure> {
        let (to, _) = asked;
        (trail.remote, trail.opened) = (None, None);
        let mut kept_may_serve = true;
        loop {
            let (mut conn, kept) = self.connection(to, kept_may_serve, watch, trail).await?;
            trail.remote = Some(conn.facts.peer.addr);
            trail.opened = Some(conn.facts.peer.opened);
            let place = watch.paused(self.addresses.enter(conn.facts.peer.addr.ip())).await;
            let meter = Arc::clone(&conn.facts.meter);
            let answered = self.exchange(asked, &mut conn, watch, trail).await;
            match answered.and_then(|(head, body)| check(head, body, conn, place)) {
                // The server closed a kept connection just as it was to be used, or had said
                // already that it would. That is no attempt: nothing was answered.
                Err(failure) if failure.stale && kept => kept_may_serve = false,
                Ok(answer) if answer.status == StatusCode::REQUEST_TIMEOUT && kept => {
                    answer.finish(false, &self.pool, trail);
                    kept_may_serve = false;
                }
                Ok(answer) => {
                    if let Some(jar) = &self.jar {
                        jar.take_in(&to.url, &answer.headers);
                    }
                    return Ok(answer);
                }
                Err(failure) => {
                    trail.bytes_wire += meter.take();
                    return Err(failure);
                }
            }
        }
    }

    /// A connection to `to`, and whether it was a kept one.
    async fn connection(
        &self,
        to: &Target,
        kept_may_serve: bool,
        watch: &mut Watch,
        trail: &mut Trail,
    ) -> Result<(Conn, bool), Failure> {
        if kept_may_serve && let Some(conn) = self.pool.take(&to.origin) {
            return Ok((conn, true));
        }
        // In boxes: most requests never come here and need not carry all of it around.
        if to.origin.https {
            return Box::pin(self.dial_in_turn(to, kept_may_serve, watch, trail)).await;
        }
        Ok((Box::pin(self.dial(to, watch, trail)).await?, false))
    }

    /// Dials an origin that may speak HTTP/2, one at a time: the first connection may serve all.
    async fn dial_in_turn(
        &self,
        to: &Target,
        kept_may_serve: bool,
        watch: &mut Watch,
        trail: &mut Trail,
    ) -> Result<(Conn, bool), Failure> {
        let turn = self.pool.turn(&to.origin);
        let held = watch.within(self.phases.tls, Arc::clone(&turn).lock_owned()).await;
        let conn = match held {
            Err(late) => Err(Failure::late(late, "waiting for the host's connection")),
            Ok(_held) => match self.pool.take(&to.origin).filter(|_| kept_may_serve) {
                Some(conn) => Ok((conn, true)),
                None => self.dial(to, watch, trail).await.map(|conn| (conn, false)),
            },
        };
        self.pool.end_turn(&to.origin, turn);
        conn
    }

    async fn dial(
        &self,
        to: &Target,
        watch: &mut Watch,
        trail: &mut Trail,
    ) -> Result<Conn, Failure> {
        let room = self.pool.make_room();
        let dialed = self.connector.dial(to, watch, &mut trail.timings).await?;
        self.pool.enlist(&to.origin, dialed, room).await
    }

    async fn exchange(
        &self,
        asked: Asked<'_>,
        conn: &mut Conn,
        watch: &mut Watch,
        trail: &mut Trail,
    ) -> Result<(Head, Option<Incoming>), Failure> {
        let started = Instant::now();
        let meter = Arc::clone(&conn.facts.meter);
        let sent = async {
            match &mut conn.sender {
                Sender::H1(lone) => {
                    let question = self.question(asked);
                    self.politeness.asked(&asked.0.origin.host);
                    meter.await_head();
                    let head = lone.http.ask(&question).await;
                    head.map(|head| (head, None)).map_err(|error| Failure::of_http1(&error))
                }
                Sender::H2(sender) => {
                    sender.ready().await.map_err(|error| Failure::of_exchange(&error))?;
                    self.politeness.asked(&asked.0.origin.host);
                    let response = sender.send_request(self.request(asked)).await;
                    let response = response.map_err(|error| Failure::of_exchange(&error))?;
                    let (parts, body) = response.into_parts();
                    let http::response::Parts { status, version, headers, .. } = parts;
                    Ok((Head { status, version, headers }, Some(body)))
                }
            }
        };
        let sent = watch.within(self.phases.head, sent).await;
        meter.head_complete();
        if !matches!(sent, Ok(Ok(_))) {
            trail.bytes_wire += meter.take();
        }
        let answered = sent.map_err(|late| Failure::late(late, "waiting for the answer"))??;
        trail.timings.ttfb_ms = Some(ms(started.elapsed()));
        Ok(answered)
    }

    /// The request in HTTP/1.1.
    fn question(&self, asked: Asked<'_>) -> Vec<u8> {
        let (to, _) = asked;
        let (path, authority) = (to.path_and_query(), to.authority());
        // A URL has none; one that had would be a second request.
        let breaks = |text: &str| text.bytes().any(|byte| byte <= b' ' || byte == 0x7f);
        assert!(!breaks(path) && !breaks(authority), "a URL with white space");
        let length = path.len() + authority.len() + self.header_lines.len() + 64;
        let mut question = Vec::with_capacity(length);
        for part in ["GET ", path, " HTTP/1.1\r\nhost: ", authority, "\r\n"] {
            question.extend_from_slice(part.as_bytes());
        }
        question.extend_from_slice(&self.header_lines);
        let mut own = HeaderMap::new();
        self.dress(&mut own, asked);
        question.extend_from_slice(&lines_of(&own));
        question.extend_from_slice(b"\r\n");
        question
    }

    /// The request in HTTP/2.
    fn request(&self, asked: Asked<'_>) -> Request<Empty<Bytes>> {
        let uri = asked.0.url.as_str().parse();
        let mut request = Request::new(Empty::new());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = uri.unwrap_or_else(|_| Uri::from_static("/"));
        *request.headers_mut() = self.headers.clone();
        self.dress(request.headers_mut(), asked);
        request
    }

    /// Adds what this request alone says; nothing for most.
    fn dress(&self, headers: &mut HeaderMap, (to, unless): Asked<'_>) {
        if let Some(Validators { etag, last_modified, .. }) = unless {
            headers.extend(etag.clone().map(|value| (IF_NONE_MATCH, value)));
            headers.extend(last_modified.clone().map(|value| (IF_MODIFIED_SINCE, value)));
        }
        if let Some(value) = self.credentials.of(&to.origin) {
            headers.insert(AUTHORIZATION, value.clone());
        }
        if let Some(value) = self.jar.as_ref().and_then(|jar| jar.header(&to.url)) {
            headers.insert(COOKIE, value);
        }
    }
}

/// Headers as lines of HTTP/1.1.
fn lines_of(headers: &HeaderMap) -> Vec<u8> {
    let mut lines = Vec::new();
    for (name, value) in headers {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            lines.extend_from_slice(part);
        }
    }
    lines
}

/// What the protocols let pass and we do not.
fn check(
    head: Head,
    body: Option<Incoming>,
    conn: Conn,
    place: Option<Place>,
) -> Result<Answer, Failure> {
    let Head { status, version, headers } = head;
    let refused = |reason: &str| Err(Failure::last(Outcome::Protocol, reason));
    if status == StatusCode::SWITCHING_PROTOCOLS {
        return refused("the server switched to another protocol unasked");
    }
    if headers.len() > limits::HEADERS_MAX {
        return refused("there are too many headers");
    }
    // A body with two lengths is how requests are smuggled; who sends both is not to be trusted
    // about where the answer ends.
    if headers.contains_key(TRANSFER_ENCODING) && headers.contains_key(CONTENT_LENGTH) {
        return refused("the answer has both Content-Length and Transfer-Encoding");
    }
    let body = body.map(|body| Shared { body, data: Bytes::new() });
    Ok(Answer { status, version, headers, body, conn, _place: place })
}

impl Shared {
    async fn more(&mut self) -> Result<usize, Failure> {
        while self.data.is_empty() {
            match self.body.frame().await {
                None => break,
                Some(Err(error)) => return Err(Failure::of_exchange(&error)),
                // Trailers are not kept.
                Some(Ok(frame)) => self.data = frame.into_data().unwrap_or_default(),
            }
        }
        Ok(self.data.len())
    }
}

impl Answer {
    /// The first value of a header, if it is text.
    pub(crate) fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The declared length of the body.
    pub(crate) fn length(&self) -> Option<u64> {
        self.header(CONTENT_LENGTH).and_then(|text| text.trim().parse().ok())
    }

    /// Whether the body is known to have come to its end.
    pub(crate) fn is_end(&self) -> bool {
        match (&self.body, &self.conn.sender) {
            (Some(shared), _) => shared.data.is_empty() && shared.body.is_end_stream(),
            (None, Sender::H1(lone)) => lone.http.is_end(),
            (None, Sender::H2(_)) => true,
        }
    }

    /// Waits until bytes of the body are at hand, and says how many; 0 at its end.
    pub(crate) async fn more(&mut self) -> Result<usize, Failure> {
        match (&mut self.body, &mut self.conn.sender) {
            (Some(shared), _) => shared.more().await,
            (None, Sender::H1(lone)) => {
                lone.http.more().await.map_err(|error| Failure::of_http1(&error))
            }
            (None, Sender::H2(_)) => Ok(0),
        }
    }

    /// The first `count` bytes that are at hand.
    pub(crate) fn data(&self, count: usize) -> &[u8] {
        match (&self.body, &self.conn.sender) {
            (Some(shared), _) => &shared.data[..count],
            (None, Sender::H1(lone)) => lone.http.data(count),
            (None, Sender::H2(_)) => &[],
        }
    }

    /// The first `count` bytes are done with.
    pub(crate) fn done_with(&mut self, count: usize) {
        match (&mut self.body, &mut self.conn.sender) {
            (Some(shared), _) => shared.data.advance(count),
            (None, Sender::H1(lone)) => lone.http.done_with(count),
            (None, Sender::H2(_)) => {}
        }
    }

    /// The protocol, as `pages` has it.
    pub(crate) fn protocol(&self) -> &'static str {
        match self.version {
            Version::HTTP_10 => "http/1.0",
            Version::HTTP_2 => "h2",
            _ => "http/1.1",
        }
    }

    /// All headers, in the order in which they came as far as it was kept.
    pub(crate) fn header_rows(&self) -> Vec<Header> {
        let row = |(name, value): (&HeaderName, &HeaderValue)| Header {
            name: name.as_str().to_owned(),
            value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
        };
        self.headers.iter().map(row).collect()
    }

    /// The answer is done with. `whole` says that the body was read to its end, so that the
    /// connection can serve again; else it is closed.
    pub(crate) fn finish(self, whole: bool, pool: &Pool, trail: &mut Trail) {
        trail.bytes_wire += self.conn.facts.meter.take();
        if whole {
            pool.give_back(self.conn);
        }
    }
}
