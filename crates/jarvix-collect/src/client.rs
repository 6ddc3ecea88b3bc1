//! One request, one answer: takes a kept connection or makes one, sends, and hands out the answer
//! with its headers read and its body still to come. Redirects, robots.txt and retries are for
//! those above.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, COOKIE, FROM, HOST, HeaderMap,
    HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, TRANSFER_ENCODING, USER_AGENT,
};
use http::{Method, Request, Response, StatusCode, Uri, Version};
use http_body_util::Empty;
use hyper::body::Incoming;
use jarvix_core::{Clock, Header, Outcome, Timings, limits};
use tokio::time::Instant;

use crate::addresses::{Addresses, Place};
use crate::base::Validators;
use crate::connect::{Connector, ms};
use crate::cookies::Jar;
use crate::failure::Failure;
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
    pub(crate) body: Incoming,
    conn: Conn,
    /// Counts against the limit per address until the answer is done with.
    _place: Option<Place>,
}

/// Whom to ask, and what is already known of the answer.
type Asked<'a> = (&'a Target, Option<&'a Validators>);

/// Asks.
pub(crate) struct Client {
    connector: Connector,
    pool: Pool,
    addresses: Addresses,
    politeness: Arc<Politeness>,
    headers: HeaderMap,
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
            let response = self.exchange(asked, &mut conn, watch, trail).await;
            match response.and_then(|response| check(response, conn, place)) {
                // The server closed a kept connection just as it was to be used. That is no
                // attempt: nothing was asked yet.
                Err(failure) if failure.stale && kept => kept_may_serve = false,
                Ok(answer) => {
                    if let Some(jar) = &self.jar {
                        jar.take_in(&to.url, &answer.headers);
                    }
                    return Ok(answer);
                }
                Err(failure) => return Err(failure),
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
        self.pool.make_room();
        let dialed = self.connector.dial(to, watch, &mut trail.timings).await?;
        self.pool.enlist(&to.origin, dialed).await
    }

    async fn exchange(
        &self,
        asked: Asked<'_>,
        conn: &mut Conn,
        watch: &mut Watch,
        trail: &mut Trail,
    ) -> Result<Response<Incoming>, Failure> {
        let started = Instant::now();
        let meter = Arc::clone(&conn.facts.meter);
        let sent = async {
            conn.ready().await?;
            self.politeness.asked(&asked.0.origin.host);
            match &mut conn.sender {
                Sender::H1(sender) => {
                    meter.await_head();
                    sender.send_request(self.request_h1(asked)).await
                }
                Sender::H2(sender) => sender.send_request(self.request_h2(asked)).await,
            }
        };
        let sent = watch.within(self.phases.head, sent).await;
        meter.head_complete();
        if !matches!(sent, Ok(Ok(_))) {
            trail.bytes_wire += meter.take();
        }
        let response = sent.map_err(|late| Failure::late(late, "waiting for the answer"))?;
        let response = response.map_err(|error| Failure::of_exchange(&error))?;
        trail.timings.ttfb_ms = Some(ms(started.elapsed()));
        Ok(response)
    }

    fn request_h1(&self, asked: Asked<'_>) -> Request<Empty<Bytes>> {
        let (to, _) = asked;
        let uri = to.path_and_query().parse::<Uri>();
        let mut request = self.request(uri.unwrap_or_else(|_| Uri::from_static("/")), asked);
        if let Ok(host) = HeaderValue::from_str(to.authority()) {
            request.headers_mut().insert(HOST, host);
        }
        request
    }

    fn request_h2(&self, asked: Asked<'_>) -> Request<Empty<Bytes>> {
        let uri = asked.0.url.as_str().parse();
        self.request(uri.unwrap_or_else(|_| Uri::from_static("/")), asked)
    }

    fn request(&self, uri: Uri, asked: Asked<'_>) -> Request<Empty<Bytes>> {
        let mut request = Request::new(Empty::new());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = uri;
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

/// What hyper lets pass and we do not.
fn check(
    response: Response<Incoming>,
    conn: Conn,
    place: Option<Place>,
) -> Result<Answer, Failure> {
    let (parts, body) = response.into_parts();
    let refused = |reason: &str| Err(Failure::last(Outcome::Protocol, reason));
    if parts.status == StatusCode::SWITCHING_PROTOCOLS {
        return refused("the server switched to another protocol unasked");
    }
    if parts.headers.len() > limits::HEADERS_MAX {
        return refused("there are too many headers");
    }
    // A body with two lengths is how requests are smuggled; who sends both is not to be trusted
    // about where the answer ends.
    if parts.headers.contains_key(TRANSFER_ENCODING) && parts.headers.contains_key(CONTENT_LENGTH) {
        return refused("the answer has both Content-Length and Transfer-Encoding");
    }
    Ok(Answer {
        status: parts.status,
        version: parts.version,
        headers: parts.headers,
        body,
        conn,
        _place: place,
    })
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
