//! The server: one event loop a thread, all on one listening socket, and what each request gets.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{HOST, USER_AGENT};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use jarvix_core::Entropy;
use jarvix_core::env::SeededEntropy;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};

use crate::answer::{self, Body};
use crate::demo::DemoSite;
use crate::folder::Folder;
use crate::generated::Generated;
use crate::log::{AccessLog, HostLog, Visit};
use crate::settings::{CONNECTIONS_MAX, Latency, OriginSettings, Pages, ROBOTS_ALLOW_ALL};
use crate::wire::{Garble, Wire};

/// How long an event loop waits when no connection can be accepted (no file descriptors left).
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// A running origin. Dropping it stops it and closes its connections.
pub struct Origin {
    addr: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<watch::Sender<()>>,
    threads: Vec<JoinHandle<()>>,
}

/// What all event loops have in common.
struct Shared {
    site: Site,
    robots: Bytes,
    latency: Option<Latency>,
    latency_by_host: bool,
    dice: SeededEntropy,
    log: Option<AccessLog>,
    requests: AtomicU64,
}

enum Site {
    Folder(Folder),
    Generated(Generated),
    Demo(Box<DemoSite>),
}

impl Origin {
    /// Listens and serves until it is stopped or dropped.
    ///
    /// Works from synchronous and asynchronous code alike: the event loops have their own threads.
    /// Errors: the folder cannot be read or has no pages, the address is taken, no thread.
    pub fn start(settings: OriginSettings) -> io::Result<Self> {
        let listener = TcpListener::bind(settings.listen)?;
        listener.set_nonblocking(true)?;
        let addr = listener.local_addr()?;
        let threads = settings.threads.max(1);
        let shared = Arc::new(Shared::new(settings, addr)?);
        let (stop, stopped) = watch::channel(());
        let mut origin = Self { addr, shared, stop: Some(stop), threads: Vec::new() };
        for n in 0..threads {
            let listener = listener.try_clone()?;
            let (shared, stopped) = (Arc::clone(&origin.shared), stopped.clone());
            let (started, start) = sync_channel(1);
            let thread = std::thread::Builder::new()
                .name(format!("origin-{n}"))
                .spawn(move || run_loop(listener, shared, stopped, &started))?;
            origin.threads.push(thread);
            start.recv().map_err(io::Error::other)??;
        }
        Ok(origin)
    }

    /// The address it listens on.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What each host saw so far, by name; empty if the log is off.
    pub fn log(&self) -> Vec<HostLog> {
        self.shared.log.as_ref().map(AccessLog::hosts).unwrap_or_default()
    }

    /// Every request that has ended so far, in the order of the ends; empty unless
    /// [`visits`](OriginSettings::visits) are kept.
    pub fn visits(&self) -> Vec<Visit> {
        self.shared.log.as_ref().map(AccessLog::visits).unwrap_or_default()
    }

    /// Requests so far, robots.txt included; counted with the log off too.
    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::Relaxed)
    }

    /// The names of the pages, in order: `0001.html`. For the demo, see [`demo`](crate::demo).
    pub fn page_names(&self) -> Vec<String> {
        match &self.shared.site {
            Site::Folder(folder) => folder.names().iter().map(|n| n.to_string()).collect(),
            Site::Generated(pages) => (0..pages.pages).map(|n| pages.name(n)).collect(),
            Site::Demo(_) => Vec::new(),
        }
    }

    /// The first `n` distinct URLs of this origin over `hosts` virtual hosts; see [`url_list`].
    pub fn urls(&self, n: u64, hosts: u64) -> impl Iterator<Item = String> + use<> {
        url_list(self.addr, self.page_names(), n, hosts)
    }

    /// Stops serving and waits for the threads to end.
    pub fn stop(mut self) {
        self.shut_down();
    }

    fn shut_down(&mut self) {
        self.stop = None;
        for thread in self.threads.drain(..) {
            // A panic in an event loop has been reported by its thread; there is no more to do.
            drop(thread.join());
        }
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.shut_down();
    }
}

/// `n` distinct URLs that an origin at `addr` with these pages answers: URL `i` is page
/// `i % pages`, on host `h<i % hosts>.localhost`, and once the pages are used up a prefix
/// (`/v1/`, `/v2/`, ...) makes them distinct. The same arguments give the same list.
pub fn url_list(
    addr: SocketAddr,
    page_names: Vec<String>,
    n: u64,
    hosts: u64,
) -> impl Iterator<Item = String> {
    let pages = page_names.len() as u64;
    let (port, hosts) = (addr.port(), hosts.max(1));
    (0..if pages == 0 { 0 } else { n }).map(move |i| {
        let (version, name) = (i / pages, &page_names[(i % pages) as usize]);
        let host = i % hosts;
        match version {
            0 => format!("http://h{host}.localhost:{port}/{name}"),
            _ => format!("http://h{host}.localhost:{port}/v{version}/{name}"),
        }
    })
}

/// The life of one thread: says through `started` whether it could begin.
fn run_loop(
    listener: TcpListener,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<()>,
    started: &SyncSender<io::Result<()>>,
) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return drop(started.send(Err(error))),
    };
    runtime.block_on(async {
        let listener = match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => return drop(started.send(Err(error))),
        };
        drop(started.send(Ok(())));
        tokio::select! {
            () = accept(listener, shared) => {}
            // The sender never sends: an error says that the origin is gone.
            _ = stopped.changed() => {}
        }
    });
    // Connections end with their loop; a page that is being read from disk is not waited for.
    runtime.shutdown_background();
}

async fn accept(listener: tokio::net::TcpListener, shared: Arc<Shared>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((socket, _)) => {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    serve(socket, shared).await;
                    drop(place);
                });
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn serve(socket: TcpStream, shared: Arc<Shared>) {
    // Without it an answer may be slower, and that is all.
    drop(socket.set_nodelay(true));
    let garble = Garble::default();
    let wire = Wire::new(socket, garble.clone());
    let service = service_fn(move |request| {
        let (shared, garble) = (Arc::clone(&shared), garble.clone());
        async move { Ok::<_, Infallible>(shared.respond(request, &garble).await) }
    });
    // A client that goes away is the client's business.
    drop(http1::Builder::new().half_close(true).serve_connection(wire, service).await);
}

impl Shared {
    fn new(settings: OriginSettings, addr: SocketAddr) -> io::Result<Self> {
        let site = match settings.pages {
            Pages::Folder(path) => Site::Folder(Folder::open(&path, settings.cache_bytes_max)?),
            Pages::Generated(pages) => Site::Generated(pages),
            Pages::Demo => Site::Demo(Box::new(DemoSite::new(addr)?)),
        };
        Ok(Self {
            site,
            robots: settings.robots.map_or(ROBOTS_ALLOW_ALL.into(), Bytes::from),
            latency: settings.latency,
            latency_by_host: settings.latency_by_host,
            dice: SeededEntropy::new(u64::from(addr.port())),
            log: settings.log.then(|| AccessLog::new(settings.visits)),
            requests: AtomicU64::new(0),
        })
    }

    async fn respond(&self, request: Request<Incoming>, garble: &Garble) -> Response<Body> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let (head, _) = request.into_parts();
        let host = host_of(&head);
        let robots = head.uri.path() == "/robots.txt";
        let mut in_flight = self.log.as_ref().map(|log| {
            let agent = head.headers.get(USER_AGENT).and_then(|v| v.to_str().ok());
            log.begin(host, agent.unwrap_or(""), robots)
        });
        if let Some(latency) = self.latency {
            let wait = match self.latency_by_host {
                true => latency.of(host),
                false => latency.at(self.dice.fraction()),
            };
            tokio::time::sleep(wait).await;
        }
        let mut response = self.answer(&head, host, garble).await;
        if let Some(in_flight) = &mut in_flight {
            in_flight.answered(response.status().as_u16());
        }
        response.body_mut().hold(in_flight);
        response
    }

    async fn answer(&self, head: &Parts, host: &str, garble: &Garble) -> Response<Body> {
        if head.method != Method::GET && head.method != Method::HEAD {
            return answer::text(
                StatusCode::METHOD_NOT_ALLOWED,
                "only GET and HEAD
",
            );
        }
        let path = head.uri.path();
        let gzip_fits = answer::accepts_gzip(&head.headers);
        if let Site::Demo(demo) = &self.site {
            return demo.answer(host, path, gzip_fits, garble).await;
        }
        if path == "/robots.txt" {
            return answer::text(StatusCode::OK, self.robots.clone());
        }
        let name = page_name(path);
        match &self.site {
            Site::Folder(folder) => match folder.page(name, gzip_fits).await {
                Ok(Some(content)) => answer::page(content.bytes, answer::HTML, content.gzip),
                Ok(None) => answer::text(
                    StatusCode::NOT_FOUND,
                    "no such page
",
                ),
                Err(error) => answer::text(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    format!(
                        "{error}
"
                    ),
                ),
            },
            Site::Generated(pages) => match pages.page(name) {
                Some(html) => answer::page(html.into(), answer::HTML_UTF8, false),
                None => answer::text(
                    StatusCode::NOT_FOUND,
                    "no such page
",
                ),
            },
            Site::Demo(_) => unreachable!("answered above"),
        }
    }
}

/// The host a request is for, without its port.
fn host_of(head: &Parts) -> &str {
    let host = head.headers.get(HOST).and_then(|value| value.to_str().ok());
    let host = host.or(head.uri.host()).unwrap_or("");
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

/// `/0001.html` and `/v12/0001.html` are both `0001.html`.
fn page_name(path: &str) -> &str {
    let name = path.strip_prefix('/').unwrap_or(path);
    match name.strip_prefix('v').and_then(|rest| rest.split_once('/')) {
        Some((version, rest)) if version.bytes().all(|b| b.is_ascii_digit()) => rest,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn urls_are_distinct_and_repeatable() {
        let addr = SocketAddr::from(([127, 0, 0, 1], 8080));
        let names: Vec<String> = (1..=6).map(|n| format!("{n:04}.html")).collect();
        let list: Vec<String> = url_list(addr, names.clone(), 100, 4).collect();
        assert_eq!(list.iter().collect::<HashSet<_>>().len(), 100);
        assert_eq!(list[0], "http://h0.localhost:8080/0001.html");
        assert_eq!(list[7], "http://h3.localhost:8080/v1/0002.html");
        assert_eq!(list, url_list(addr, names, 100, 4).collect::<Vec<_>>());
        assert_eq!(url_list(addr, Vec::new(), 100, 4).count(), 0);
    }

    #[test]
    fn a_version_prefix_names_the_same_page() {
        for path in ["/0001.html", "/v1/0001.html", "/v20/0001.html"] {
            assert_eq!(page_name(path), "0001.html", "{path}");
        }
        assert_eq!(page_name("/vase/0001.html"), "vase/0001.html");
    }
}
