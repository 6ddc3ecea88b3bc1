//! Nothing that the guard refuses is ever connected to (HOSTILE 6, 7, 8, 10).

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use jarvix_collect::net::{BoxFuture, BoxStream, Net, ResolveError};
use jarvix_core::Outcome;
use jarvix_testkit::hostile::Behaviour;
use jarvix_testkit::{Forbidden, HostileOrigin};
use tokio::net::TcpStream;

use super::{Lab, assert_ended};

/// Only the origin's own port is opened; the forbidden listener is its neighbour.
fn lab_for(origin: &HostileOrigin) -> Lab {
    let mut lab = Lab::new();
    lab.settings.allow_net = vec![origin.addr().to_string().parse().expect("a range")];
    lab
}

#[test]
fn no_way_leads_to_an_address_that_is_not_allowed() {
    let origin = HostileOrigin::start();
    let mut forbidden = Forbidden::listen();
    let port = forbidden.addr().port();
    let inner = format!("http://127.0.0.1:{port}/");
    let spellings = [
        inner.clone(),
        format!("http://localhost:{port}/"),
        format!("http://a.b.localhost:{port}/"),
        format!("http://2130706433:{port}/x"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://[64:ff9b::127.0.0.1]:{port}/"),
        format!("http://[2002:7f00:1::]:{port}/"),
        origin.set("/redirect", Behaviour::RedirectTo(inner.clone())),
        origin.set("/decimal", Behaviour::RedirectTo(format!("http://2130706433:{port}/y"))),
        origin.set("/name", Behaviour::RedirectTo(format!("//localhost:{port}/z"))),
        origin.set("/metadata", Behaviour::RedirectTo("http://169.254.169.254/latest/".into())),
    ];
    let pages = lab_for(&origin).pages_of(&spellings);
    assert_eq!(pages.len(), spellings.len());
    for page in pages.values() {
        assert_ended(page, Outcome::AddressDenied, "address");
        assert_eq!(page.attempts, u32::from(!page.redirects.is_empty()));
    }
    assert_eq!(forbidden.connections(), 0);
}

#[test]
fn a_robots_txt_cannot_lead_inside_either() {
    let origin = HostileOrigin::start();
    let mut forbidden = Forbidden::listen();
    let inner = format!("http://{}/robots.txt", forbidden.addr());
    origin.set("/robots.txt", Behaviour::RedirectTo(inner));
    let url = origin.set("/page", Behaviour::Page);
    let page = lab_for(&origin).page_of(&url);
    assert_ended(&page, Outcome::AddressDenied, "loopback");
    assert_eq!((forbidden.connections(), origin.requests("/page")), (0, 0));
}

/// A network in which every name is public when it is first asked for and private afterwards, and
/// in which the public address leads to `origin`.
struct Rebinding {
    origin: SocketAddr,
    asked: AtomicUsize,
    connected: Mutex<Vec<SocketAddr>>,
}

const PUBLIC: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(93, 184, 215, 14));

impl Net for Rebinding {
    fn resolve<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>> {
        let first = self.asked.fetch_add(1, Ordering::SeqCst) == 0;
        let ip = if first { PUBLIC } else { IpAddr::from([127, 0, 0, 1]) };
        Box::pin(async move { Ok(vec![ip]) })
    }

    fn connect(&self, addr: SocketAddr) -> BoxFuture<'_, io::Result<BoxStream>> {
        self.connected.lock().expect("a lock").push(addr);
        Box::pin(async move { Ok(Box::new(TcpStream::connect(self.origin).await?) as BoxStream) })
    }
}

#[test]
fn a_name_that_changes_its_answer_gains_nothing() {
    let origin = HostileOrigin::start();
    // The connection is not kept, so that the name is asked for again.
    let close = vec![("Connection".to_owned(), "close".to_owned())];
    origin.set("/robots.txt", Behaviour::Status(404, close));
    origin.set("/", Behaviour::Page);
    let net = Arc::new(Rebinding {
        origin: origin.addr(),
        asked: AtomicUsize::new(0),
        connected: Mutex::default(),
    });
    let mut lab = Lab::with_net(Arc::clone(&net) as Arc<dyn Net>);
    lab.settings.allow_net.clear();
    let page = lab.page_of("http://rebinding.example/");
    assert_ended(&page, Outcome::AddressDenied, "127.0.0.1");
    let connected = net.connected.lock().expect("a lock");
    assert_eq!(*connected, [SocketAddr::new(PUBLIC, 80)], "only what was vetted");
}
