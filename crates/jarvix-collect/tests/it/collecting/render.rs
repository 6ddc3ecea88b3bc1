//! Pages that need a browser, with a real Chromium. Where there is none, these tests are left out.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jarvix_collect::net::{BoxFuture, BoxStream, Net, ResolveError};
use jarvix_collect::settings::{Adaptive, RenderMode};
use jarvix_core::{Event, Outcome, Page};
use jarvix_testkit::hostile::Behaviour;
use jarvix_testkit::{Forbidden, HostileOrigin};
use tokio::net::TcpStream;

use super::{Lab, assert_ended};

const SHELL: &str =
    "<!doctype html><title>App</title><div id=root></div><script src=/app.js></script>";
const APP: &str = "fetch('/data.json?utm_source=x').then(r => r.json()).then(d => {
    document.getElementById('root').innerHTML = '<h1>' + d.title + '</h1><a href=next>on</a>' })";

fn lab(mode: RenderMode, origin: &HostileOrigin) -> Option<Lab> {
    let mut lab = Lab::new();
    // Only the origin's own port is opened; a forbidden listener is its neighbour.
    lab.settings.allow_net = vec![origin.addr().to_string().parse().expect("a range")];
    lab.settings.rendering.mode = mode;
    lab.settings.rendering.settle = Duration::from_secs(2);
    lab.settings.rendering.chromium = Some(jarvix_testkit::chromium()?);
    Some(lab)
}

/// The body as text: the store may have packed it.
fn body(page: &Page) -> String {
    let stored = page.body.as_deref().unwrap_or_default();
    let coding = page.content_encoding.as_deref();
    let plain = jarvix_html::decode_body(stored, coding, &jarvix_html::DecodeCaps::default());
    String::from_utf8_lossy(&plain.expect("a sound body").bytes).into_owned()
}

fn typed(content_type: &str, text: &str) -> Behaviour {
    Behaviour::Body {
        content_type: Some(content_type.to_owned()),
        content_encoding: None,
        bytes: text.as_bytes().to_vec(),
    }
}

fn app(origin: &HostileOrigin) -> String {
    origin.set("/app.js", typed("text/javascript", APP));
    origin.set("/data.json", typed("application/json", r#"{"title": "made by scripts"}"#));
    origin.set("/app", Behaviour::Html(SHELL.to_owned()))
}

#[test]
fn a_shell_is_rendered_under_auto_and_a_page_is_not() {
    let origin = HostileOrigin::start();
    let Some(lab) = lab(RenderMode::Auto, &origin) else { return };
    let (shell, page) = (app(&origin), origin.set("/page", Behaviour::Page));
    let pages = lab.pages_of([&shell, &page]);
    let rendered = &pages[&shell];
    assert_ended(rendered, Outcome::Fetched, "");
    assert!(rendered.rendered && body(rendered).contains("<h1>made by scripts</h1>"));
    assert_eq!(rendered.content_type.as_deref(), Some("text/html; charset=utf-8"));
    assert_eq!(rendered.status, Some(200));
    assert!(rendered.body_hash.as_ref().is_some_and(|hash| hash.len() == 32));
    assert!(!pages[&page].rendered && body(&pages[&page]).contains("A page that behaves"));
    // The browser does not fetch the page a second time, and asks as Jarvix does.
    assert_eq!((origin.requests("/app"), origin.requests("/app.js")), (1, 1));
    let seen = origin.seen();
    assert!(seen.iter().all(|r| r.header("user-agent").is_some_and(|a| a.starts_with("Jarvix/"))));
    let data = seen.iter().find(|r| r.path() == "/data.json").expect("asked for");
    assert_eq!(data.target, "/data.json?utm_source=x", "as the script wrote it");
    let run = lab.folder().join("data/runs/test/.browser");
    assert!(!run.exists(), "no profile is left");
}

#[test]
fn never_looks_for_no_browser_and_always_renders_every_page() {
    let origin = HostileOrigin::start();
    let Some(mut never) = lab(RenderMode::Never, &origin) else { return };
    never.settings.rendering.chromium = Some("/no/such/browser".into());
    let url = app(&origin);
    let page = never.page_of(&url);
    assert!(!page.rendered && !body(&page).contains("<h1>") && never.troubles().is_empty());

    let Some(always) = lab(RenderMode::Always, &origin) else { return };
    let text = origin.set("/text", Behaviour::Text("plain words".to_owned()));
    let html = origin.set("/page", Behaviour::Page);
    let missing = origin.set("/missing", Behaviour::Status(404, Vec::new()));
    let pages = always.pages_of([&text, &html, &missing]);
    assert!(pages[&html].rendered && body(&pages[&html]).contains("A page that behaves"));
    assert!(!pages[&text].rendered && !pages[&missing].rendered);
}

#[test]
fn a_missing_browser_is_said_once_and_pages_stay_as_they_are() {
    let origin = HostileOrigin::start();
    let mut lab = Lab::new();
    lab.settings.rendering.mode = RenderMode::Always;
    lab.settings.rendering.chromium = Some("/no/such/browser".into());
    let urls: Vec<String> = (0..5).map(|n| origin.set(&format!("/{n}"), Behaviour::Page)).collect();
    let pages = lab.pages_of(&urls);
    assert!(pages.values().all(|page| page.outcome == Outcome::Fetched && !page.rendered));
    let troubles = lab.troubles();
    assert_eq!(troubles.len(), 1, "{troubles:?}");
    assert!(troubles[0].contains("apt install chromium"), "{troubles:?}");
}

#[test]
fn robots_txt_holds_for_what_a_page_asks_for() {
    let origin = HostileOrigin::start();
    let Some(lab) = lab(RenderMode::Auto, &origin) else { return };
    let rules = "User-agent: *\nDisallow: /data.json\n";
    origin.set("/robots.txt", Behaviour::Text(rules.to_owned()));
    let page = lab.page_of(&app(&origin));
    assert!(page.rendered && !body(&page).contains("made by scripts"));
    assert_eq!((origin.requests("/app.js"), origin.requests("/data.json")), (1, 0));
}

#[test]
fn no_way_out_of_a_page_leads_to_an_address_that_is_not_allowed() {
    let origin = HostileOrigin::start();
    let mut forbidden = Forbidden::listen();
    let mut forbidden6 = Forbidden::listen_on("[::1]:0".parse().expect("an address"));
    let udp = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    udp.set_nonblocking(true).expect("a socket");
    let Some(lab) = lab(RenderMode::Always, &origin) else { return };
    let (v4, v6) = (forbidden.addr().port(), forbidden6.addr().port());
    let datagrams = udp.local_addr().expect("an address").port();
    let script = UNDERMINING
        .replace("$V4", &v4.to_string())
        .replace("$V6", &v6.to_string())
        .replace("$UDP", &datagrams.to_string());
    origin.set("/redirect", Behaviour::RedirectTo(format!("http://127.0.0.1:{v4}/r")));
    origin.set("/worker.js", typed("text/javascript", &script));
    let html = format!(
        "<p>still here</p><link rel=preconnect href=http://127.0.0.1:{v4}>
        <link rel=dns-prefetch href=//localhost:{v4}><link rel=prefetch href=http://127.0.0.1:{v4}/p>
        <img src=http://127.0.0.1:{v4}/i><iframe src=http://localhost:{v4}/f></iframe>
        <script src=http://127.0.0.1:{v4}/s></script><script>{script}</script>
        <script>new Worker('/worker.js'); navigator.serviceWorker?.register('/worker.js')</script>"
    );
    let away = |to: &str| format!("<p>x</p><script>location = '{to}'</script>");
    let urls = [
        origin.set("/page", Behaviour::Html(html)),
        origin.set("/away", Behaviour::Html(away(&format!("http://2130706433:{v4}/")))),
        origin.set("/away6", Behaviour::Html(away(&format!("http://[::1]:{v6}/")))),
        origin.set("/hop", Behaviour::Html(away("/redirect"))),
        origin.set("/data", Behaviour::Html(away("data:text/html,<p>y</p>"))),
        origin.set("/file", Behaviour::Html(away("file:///etc/passwd"))),
    ];
    let pages = lab.pages_of(&urls);
    assert!(pages[&urls[0]].rendered && body(&pages[&urls[0]]).contains("still here"));
    assert!(pages.values().all(|page| page.outcome == Outcome::Fetched));
    for url in &urls[1..4] {
        assert!(!pages[url].rendered && body(&pages[url]).contains("<p>x</p>"), "{url}");
    }
    assert!(pages.values().all(|page| !body(page).contains("root:")));
    assert_eq!((forbidden.connections(), forbidden6.connections()), (0, 0));
    assert!(udp.recv(&mut [0; 16]).is_err(), "no datagram");
    // Some of it did run: what may be asked for was.
    assert!(origin.requests("/worker.js") > 0 && origin.requests("/redirect") > 1);
}

/// Everything a script can think of to reach a neighbour.
const UNDERMINING: &str = r"
const hosts = ['127.0.0.1:$V4', 'localhost:$V4', 'a.localhost:$V4', '2130706433:$V4', '0x7f.1:$V4',
    '[::ffff:127.0.0.1]:$V4', '[::1]:$V6', '169.254.169.254', '127.0.0.1.nip.io:$V4',
    '127.0.0.1:$V4%2f', '0:$V4', '0.0.0.0:$V4', '[::]:$V6'];
for (const host of hosts) {
    for (const scheme of ['http', 'https']) {
        const url = scheme + '://' + host + '/';
        try { fetch(url, {mode: 'no-cors'}).catch(() => 0) } catch {}
        try { fetch(url, {method: 'POST', body: 'x', mode: 'no-cors'}).catch(() => 0) } catch {}
        try { const x = new XMLHttpRequest(); x.open('GET', url); x.send() } catch {}
        try { navigator.sendBeacon(url, 'x') } catch {}
        try { new EventSource(url) } catch {}
    }
    try { new WebSocket('ws://' + host + '/') } catch {}
    try { new WebSocket('wss://' + host + '/') } catch {}
    try { new WebTransport('https://' + host + '/') } catch {}
}
fetch('/redirect', {mode: 'no-cors'}).catch(() => 0);
try { new WebTransport('https://127.0.0.1:$UDP/') } catch {}
if (self.RTCPeerConnection) for (const policy of ['all', 'relay']) {
    const urls = ['stun:127.0.0.1:$UDP', 'stun:127.0.0.1:$V4?transport=tcp'];
    const turns = ['turn:127.0.0.1:$UDP', 'turn:127.0.0.1:$V4?transport=tcp',
        'turns:127.0.0.1:$V4?transport=tcp', 'turn:[::1]:$V6?transport=tcp'];
    const iceServers = [...urls.map(u => ({urls: u})),
        ...turns.map(u => ({urls: u, username: 'u', credential: 'c'}))];
    try {
        const peer = new RTCPeerConnection({iceServers, iceTransportPolicy: policy});
        peer.createDataChannel('x');
        peer.createOffer().then(o => peer.setLocalDescription(o));
    } catch {}
}
";

/// A network in which a name is public when it is first asked for and loopback afterwards.
struct Rebinding {
    origin: SocketAddr,
    asked: AtomicUsize,
}

const PUBLIC: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(93, 184, 215, 14));

impl Net for Rebinding {
    fn resolve<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>> {
        let first = self.asked.fetch_add(1, Ordering::SeqCst) == 0;
        let ip = if first { PUBLIC } else { IpAddr::from([127, 0, 0, 1]) };
        Box::pin(async move { Ok(vec![ip]) })
    }

    fn connect(&self, addr: SocketAddr) -> BoxFuture<'_, io::Result<BoxStream>> {
        let to = if addr.ip() == PUBLIC { self.origin } else { addr };
        Box::pin(async move { Ok(Box::new(TcpStream::connect(to).await?) as BoxStream) })
    }
}

#[test]
fn a_name_that_changes_its_address_gains_nothing_in_the_browser() {
    let Some(chromium) = jarvix_testkit::chromium() else { return };
    let origin = HostileOrigin::start();
    let mut forbidden = Forbidden::listen();
    let port = forbidden.addr().port();
    let net = Rebinding { origin: origin.addr(), asked: AtomicUsize::new(0) };
    let mut lab = Lab::with_net(Arc::new(net));
    lab.settings.allow_net = Vec::new();
    lab.settings.adaptive = Adaptive::Off;
    lab.settings.robots = false;
    lab.settings.rendering.mode = RenderMode::Always;
    lab.settings.rendering.chromium = Some(chromium);
    let script = format!("fetch('http://rebind.example:{port}/inner').catch(() => 0)");
    origin.set("/page", Behaviour::Html(format!("<p>x</p><script>{script}</script>")));
    let page = lab.page_of("http://rebind.example/page");
    assert!(page.rendered);
    assert_eq!((origin.requests("/page"), origin.requests("/inner")), (1, 0));
    assert_eq!(forbidden.connections(), 0);
}

impl Lab {
    /// What was said to be wrong.
    fn troubles(&self) -> Vec<String> {
        let troubles = self.events().into_iter().filter_map(|event| match event {
            Event::TroubleMet { reason, .. } => Some(reason),
            _ => None,
        });
        troubles.collect()
    }
}
