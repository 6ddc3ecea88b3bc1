//! The browser's only way out: a proxy on loopback, one for each page, open as long as the page
//! is. It knows two forms of request, `GET http://...` and `CONNECT host:port` with TLS inside,
//! which it ends itself; both become a question to the port [`Web`], and nothing is passed on
//! that is not a whole request with a whole answer. A tunnel that does not speak TLS is closed
//! (WebSocket, TURN), an upgrade is refused.

use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use bytes::Bytes;
use futures::FutureExt as _;
use http::header::{
    ACCEPT, ALT_SVC, CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, HOST, HeaderMap, HeaderName,
    TRANSFER_ENCODING, UPGRADE,
};
use http::uri::Authority;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use jarvix_core::limits;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use url::Url;

use crate::settings::{CONNECTIONS_MAX, REQUEST_BYTES_MAX};
use crate::visit::{Turn, Visit};
use crate::web::{Ask, Refused, Web};

/// What holds between two neighbours on the way and says nothing to the next.
const BETWEEN_NEIGHBOURS: [HeaderName; 4] = [CONNECTION, TRANSFER_ENCODING, UPGRADE, HOST];
const PROXY_PREFIX: &str = "proxy-";
/// What an answer without its codings must not say any more; and what leads around us.
const NOT_TRUE_ANY_MORE: [HeaderName; 3] = [CONTENT_ENCODING, CONTENT_LENGTH, ALT_SVC];

/// A proxy on loopback; closed with all its connections when dropped.
pub(crate) struct Door {
    port: u16,
    _task: JoinSet<()>,
}

impl Door {
    /// Opens one for `visit`.
    pub(crate) async fn open(
        visit: Arc<Visit>,
        web: Arc<dyn Web>,
        acceptor: TlsAcceptor,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let mut task = JoinSet::new();
        task.spawn(attend(listener, Arc::new(Keeper { visit, web }), acceptor));
        Ok(Self { port, _task: task })
    }

    /// Where it listens, as Chromium wants it.
    pub(crate) fn proxy(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// A tunnel that was asked for.
struct Tunnel {
    to: Authority,
    io: OnUpgrade,
}

/// Takes connections in, and the tunnels that they turn into.
async fn attend(listener: TcpListener, keeper: Arc<Keeper>, acceptor: TlsAcceptor) {
    let mut connections = JoinSet::new();
    let (dig, mut tunnels) = mpsc::channel::<Tunnel>(CONNECTIONS_MAX);
    loop {
        let has_room = connections.len() < CONNECTIONS_MAX * 2;
        tokio::select! {
            accepted = listener.accept(), if has_room => {
                let Ok((socket, _)) = accepted else { continue };
                let (keeper, dig) = (Arc::clone(&keeper), dig.clone());
                // A connection that breaks is the browser's business.
                connections.spawn(keeper.serve_proxy(socket, dig).map(drop));
            }
            Some(tunnel) = tunnels.recv(), if has_room => {
                let (keeper, acceptor) = (Arc::clone(&keeper), acceptor.clone());
                connections.spawn(keeper.serve_tunnel(tunnel, acceptor).map(drop));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

struct Keeper {
    visit: Arc<Visit>,
    web: Arc<dyn Web>,
}

type Answer = Response<Full<Bytes>>;

impl Keeper {
    async fn serve_proxy(
        self: Arc<Self>,
        io: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        dig: mpsc::Sender<Tunnel>,
    ) -> hyper::Result<()> {
        let service =
            service_fn(|request| self.answer_proxy(request, &dig).map(Ok::<_, Infallible>));
        let connection = builder().serve_connection(TokioIo::new(io), service);
        connection.with_upgrades().await
    }

    /// A request to the proxy itself.
    async fn answer_proxy(
        &self,
        mut request: Request<Incoming>,
        dig: &mpsc::Sender<Tunnel>,
    ) -> Answer {
        if *request.method() == Method::CONNECT {
            let Some(to) = request.uri().authority().cloned() else {
                return refusal(StatusCode::BAD_REQUEST);
            };
            let io = hyper::upgrade::on(&mut request);
            return match dig.try_send(Tunnel { to, io }) {
                Ok(()) => Response::default(),
                Err(_) => refusal(StatusCode::SERVICE_UNAVAILABLE),
            };
        }
        match Url::parse(&request.uri().to_string()) {
            Ok(url) if url.scheme() == "http" => self.answer(url, request).await,
            _ => refusal(StatusCode::BAD_REQUEST),
        }
    }

    async fn serve_tunnel(
        self: Arc<Self>,
        tunnel: Tunnel,
        acceptor: TlsAcceptor,
    ) -> io::Result<()> {
        let Tunnel { to, io } = tunnel;
        let io: Upgraded = io.await.map_err(io::Error::other)?;
        let io = acceptor.accept(TokioIo::new(io)).await?;
        let service = service_fn(|request: Request<Incoming>| {
            let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
            // Who is asked is whom the tunnel leads to, whatever the request inside says.
            let url = Url::parse(&format!("https://{to}{path}"));
            async {
                Ok::<_, Infallible>(match url {
                    Ok(url) => self.answer(url, request).await,
                    Err(_) => refusal(StatusCode::BAD_REQUEST),
                })
            }
        });
        let served = builder().serve_connection(TokioIo::new(io), service).await;
        served.map_err(io::Error::other)
    }

    /// A request for `url`.
    async fn answer(&self, url: Url, request: Request<Incoming>) -> Answer {
        let (parts, body) = request.into_parts();
        if parts.headers.contains_key(UPGRADE) || is_beside_the_point(&parts.headers) {
            return self.refuse(url, "it is nothing that a document needs");
        }
        let (known, bytes_max) = match self.visit.turn(&url, parts.method == Method::GET) {
            Turn::Known(reply) => (Some(reply), 0),
            Turn::Ask(bytes_max) => (None, bytes_max),
            Turn::Spent => return self.refuse(url, "the page has asked for too much"),
        };
        if let Some(reply) = known {
            return answer_of(reply.status, reply.headers, reply.body);
        }
        let Ok(body) = Limited::new(body, REQUEST_BYTES_MAX).collect().await else {
            return self.refuse(url, "it sends too much");
        };
        let (method, body) = (parts.method, body.to_bytes());
        let headers = without(parts.headers, &BETWEEN_NEIGHBOURS);
        let ask = Ask { method, url: url.clone(), headers, body, bytes_max };
        match self.web.ask(ask, &self.visit.clock).await {
            Ok(reply) => {
                self.visit.spend(reply.bytes_wire, reply.body.len() as u64);
                answer_of(reply.status, reply.headers, reply.body)
            }
            Err(Refused { why, bytes_wire }) => {
                self.visit.spend(bytes_wire, 0);
                self.refuse(url, &why)
            }
        }
    }

    fn refuse(&self, url: Url, why: &str) -> Answer {
        tracing::debug!(%url, why, "a page was refused a request");
        self.visit.refused(url);
        refusal(StatusCode::FORBIDDEN)
    }
}

fn builder() -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.max_buf_size(limits::HEADER_BYTES_MAX).max_headers(limits::HEADERS_MAX);
    builder
}

fn refusal(status: StatusCode) -> Answer {
    let mut answer = Answer::default();
    *answer.status_mut() = status;
    answer
}

fn answer_of(status: StatusCode, headers: HeaderMap, body: Bytes) -> Answer {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    let headers = without(headers, &BETWEEN_NEIGHBOURS);
    *answer.headers_mut() = without(headers, &NOT_TRUE_ANY_MORE);
    answer
}

fn without(mut headers: HeaderMap, names: &[HeaderName]) -> HeaderMap {
    for name in names {
        headers.remove(name);
    }
    let proxy: Vec<HeaderName> =
        headers.keys().filter(|name| name.as_str().starts_with(PROXY_PREFIX)).cloned().collect();
    for name in proxy {
        headers.remove(name);
    }
    headers
}

/// Whether the browser wants something to look at or to listen to, or a stream without end. In the
/// frame of the page itself it hardly comes to that; this is for the frames and workers inside.
fn is_beside_the_point(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let wanted = text("sec-fetch-dest").unwrap_or_default();
    matches!(wanted, "image" | "font" | "audio" | "video" | "track" | "iframe" | "frame" | "embed")
        || text(ACCEPT.as_str()).is_some_and(|accept| {
            accept.starts_with("image/") || accept.starts_with("text/event-stream")
        })
}

#[cfg(test)]
mod tests;
