//! Which address is tried when.

use super::*;
use crate::net::{BoxFuture, ResolveError};
use crate::settings::CollectSettings;
use std::io;
use std::sync::Mutex;
use url::Url;

const V4: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(93, 184, 216, 34));
const V4_B: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(93, 184, 216, 35));
const V6: IpAddr = IpAddr::V6(std::net::Ipv6Addr::new(0x2606, 0x2800, 0x220, 1, 0, 0, 0, 1));
const V6_B: IpAddr = IpAddr::V6(std::net::Ipv6Addr::new(0x2606, 0x2800, 0x220, 1, 0, 0, 0, 2));

/// What an address does with an attempt to connect.
#[derive(Clone, Copy, PartialEq)]
enum Reaction {
    Takes,
    Refuses,
    Ignores,
}

/// A network of one name.
struct Made {
    addresses: Vec<(IpAddr, Reaction)>,
    tried: Mutex<Vec<IpAddr>>,
}

impl Net for Made {
    fn resolve<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>> {
        Box::pin(async { Ok(self.addresses.iter().map(|(ip, _)| *ip).collect()) })
    }

    fn connect(&self, addr: SocketAddr) -> BoxFuture<'_, io::Result<BoxStream>> {
        self.tried.lock().expect("a lock").push(addr.ip());
        let found = self.addresses.iter().find(|(ip, _)| *ip == addr.ip());
        let reaction = found.expect("an address of this name").1;
        Box::pin(async move {
            match reaction {
                Reaction::Takes => Ok(Box::new(tokio::io::duplex(64).0) as BoxStream),
                Reaction::Refuses => Err(io::ErrorKind::ConnectionRefused.into()),
                Reaction::Ignores => std::future::pending().await,
            }
        })
    }
}

/// Who was connected to, who was tried in which order, and how long it took.
async fn dial(
    addresses: &[(IpAddr, Reaction)],
) -> (Result<IpAddr, Failure>, Vec<IpAddr>, Duration) {
    let net = Arc::new(Made { addresses: addresses.to_vec(), tried: Mutex::default() });
    let settings = CollectSettings::default();
    let tls = Tls::new(None).expect("no file");
    let connector =
        Connector::new(Arc::clone(&net) as Arc<dyn Net>, tls, Vec::new(), settings.phases.clone());
    let to = Target::new(Url::parse("http://example.org/").expect("a URL")).expect("a target");
    let mut watch = Watch::new(settings.timeout, settings.phases.rate_window);
    let started = Instant::now();
    let dialed = connector.dial(&to, &mut watch, &mut Timings::default()).await;
    let tried = net.tried.lock().expect("a lock").clone();
    (dialed.map(|dialed| dialed.peer.addr.ip()), tried, started.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_dead_family_costs_a_moment_and_not_the_page() {
    use Reaction::{Ignores, Refuses, Takes};
    let (to, tried, took) = dial(&[(V6, Ignores), (V6_B, Ignores), (V4, Takes)]).await;
    assert_eq!((to.expect("a connection"), tried), (V4, vec![V6, V4]));
    assert!(took >= STAGGER && took < 2 * STAGGER, "{took:?}");

    let (to, tried, took) = dial(&[(V6, Refuses), (V4, Takes)]).await;
    assert_eq!((to.expect("a connection"), tried), (V4, vec![V6, V4]));
    assert!(took < STAGGER, "a refusal is not waited for: {took:?}");

    let (to, tried, _) = dial(&[(V4, Ignores), (V4_B, Refuses), (V6, Takes), (V6_B, Takes)]).await;
    assert_eq!((to.expect("a connection"), tried), (V6, vec![V4, V6]));

    let (to, tried, took) = dial(&[(V4, Takes), (V6, Takes)]).await;
    assert_eq!((to.expect("a connection"), tried, took), (V4, vec![V4], Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_slow_address_may_still_win_and_all_dead_ones_end_in_time() {
    use Reaction::{Ignores, Refuses};
    let (to, tried, took) = dial(&[(V6, Ignores), (V4, Ignores)]).await;
    let failure = to.expect_err("nobody answers");
    assert_eq!(failure.outcome, Outcome::Connect);
    assert!(failure.reason.contains(&V4.to_string()) && failure.reason.contains("no answer"));
    assert_eq!((tried.len(), took), (2, CollectSettings::default().phases.connect));

    let (to, tried, took) = dial(&[(V6, Refuses), (V4, Refuses)]).await;
    let failure = to.expect_err("all refuse");
    assert!(failure.reason.contains("connection refused"), "{}", failure.reason);
    assert_eq!((tried.len(), took), (2, Duration::ZERO));

    let private: IpAddr = [10, 0, 0, 1].into();
    let (to, tried, _) = dial(&[(private, Reaction::Takes)]).await;
    assert_eq!(to.expect_err("it is private").outcome, Outcome::AddressDenied);
    assert!(tried.is_empty(), "the guard stands before the attempt");
}
