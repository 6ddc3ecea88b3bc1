//! A host that keeps failing: put aside, tried again by one request, given up.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use jarvix_collect::Net;
use jarvix_collect::net::{BoxFuture, BoxStream, ResolveError};
use jarvix_collect::settings::Adaptive;
use jarvix_core::{Event, Outcome, Page};
use jarvix_testkit::HostileOrigin;
use jarvix_testkit::hostile::Behaviour;

use super::{Lab, assert_ended};

/// Settings under which a host is given up within a second.
fn impatient(lab: &mut Lab) {
    lab.settings.host_failures = 5;
    lab.settings.breaker.aside = Duration::from_millis(20);
    lab.settings.breaker.asides_max = 2;
    lab.settings.adaptive = Adaptive::Off;
}

fn split(pages: &[Page]) -> (Vec<&Page>, Vec<&Page>) {
    pages.iter().partition(|page| page.outcome == Outcome::HostSuspended)
}

#[test]
fn its_urls_are_given_up_without_an_attempt_and_others_go_on() {
    let origin = HostileOrigin::start();
    let failing = [
        ("cut", Behaviour::CloseImmediately, Outcome::Incomplete),
        ("s500", Behaviour::Status(500, Vec::new()), Outcome::HttpError),
        ("s503", Behaviour::Status(503, Vec::new()), Outcome::HttpError),
    ];
    let mut urls = Vec::new();
    for n in 0..100 {
        for (name, behaviour, _) in &failing {
            let host = format!("{name}.localhost");
            urls.push(origin.set_on(&host, &format!("/{name}/{n}"), behaviour.clone()));
        }
        urls.push(origin.set_on("well.localhost", &format!("/well/{n}"), Behaviour::Page));
        let missing = Behaviour::Status(404, Vec::new());
        urls.push(origin.set_on("missing.localhost", &format!("/missing/{n}"), missing));
    }
    let mut lab = Lab::new();
    impatient(&mut lab);
    lab.settings.robots = false;
    let pages = lab.pages_of(&urls);
    for (name, _, outcome) in &failing {
        let of_host: Vec<Page> =
            pages.values().filter(|p| p.url.contains(&format!("/{name}/"))).cloned().collect();
        let (suspended, tried) = split(&of_host);
        // Five in a row, what was under way with them (three), and two probes; a URL that was tried
        // and is to be tried again may be among those that are given up.
        assert!(suspended.len() >= 90 && tried.len() <= 10, "{name}: {} tried", tried.len());
        assert!(tried.iter().all(|page| page.outcome == *outcome), "{name}");
        for page in &suspended {
            assert_ended(page, Outcome::HostSuspended, "given up after 7 failures in a row");
            assert!(page.reason.as_ref().is_some_and(|why| why.contains(outcome.as_str())));
        }
        assert!(suspended.iter().filter(|page| page.attempts == 0).count() >= 90);
        let attempts: u32 = of_host.iter().map(|page| page.attempts).sum();
        let host = format!("{name}.localhost");
        let asked = origin.seen().iter().filter(|s| s.host == host).count();
        assert_eq!(attempts as usize, asked, "{name}: every attempt is one the server saw");
    }
    let ended = |outcome: Outcome, what: &str| {
        pages.values().filter(|p| p.outcome == outcome && p.url.contains(what)).count()
    };
    assert_eq!(ended(Outcome::Fetched, "/well/"), 100);
    assert_eq!(ended(Outcome::HttpError, "/missing/"), 100, "a 404 is an answer");
}

#[test]
fn retries_of_one_url_do_not_put_its_host_aside() {
    let origin = HostileOrigin::start();
    let mut urls: Vec<String> =
        (0..4).map(|n| origin.set(&format!("/cut/{n}"), Behaviour::CloseImmediately)).collect();
    urls.push(origin.set("/page", Behaviour::Page.after_ms(1)));
    let mut lab = Lab::new();
    impatient(&mut lab);
    lab.settings.breaker.asides_max = 0;
    lab.settings.retries = 9;
    lab.settings.robots = false;
    let pages = lab.pages_of(&urls);
    for url in &urls[..4] {
        assert_ended(&pages[url], Outcome::Incomplete, "closed");
        assert_eq!(pages[url].attempts, 10);
    }
    assert_ended(&pages[&urls[4]], Outcome::Fetched, "");
}

/// A network in which nobody listens.
#[derive(Default)]
struct Nobody(AtomicU32);

impl Net for Nobody {
    fn resolve<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>> {
        Box::pin(async { Ok(vec![Ipv4Addr::new(93, 184, 215, 14).into()]) })
    }

    fn connect(&self, _: SocketAddr) -> BoxFuture<'_, io::Result<BoxStream>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Err(io::ErrorKind::ConnectionRefused.into()) })
    }
}

#[test]
fn a_dead_host_is_asked_again_after_each_pause_and_then_no_more() {
    let nobody = Arc::new(Nobody::default());
    let mut lab = Lab::with_net(Arc::clone(&nobody) as Arc<dyn Net>);
    impatient(&mut lab);
    lab.settings.retries = 0;
    let urls: Vec<String> = (0..60).map(|n| format!("http://dead.example/{n}")).collect();
    lab.admit(&urls);
    lab.collect();
    let pages = lab.pages();
    let (suspended, tried) = split(&pages);
    assert!((7..=10).contains(&tried.len()), "{} tried", tried.len());
    assert_eq!(suspended.len(), 60 - tried.len());
    assert!(tried.iter().all(|page| page.outcome == Outcome::Connect));
    assert!(suspended.iter().all(|page| page.attempts == 0));
    // robots.txt, once before the host was put aside and once after each pause.
    assert_eq!(nobody.0.load(Ordering::SeqCst), 3);
}

#[test]
fn who_redirects_to_a_failing_host_is_not_to_blame() {
    let origin = HostileOrigin::start();
    let mut urls = Vec::new();
    for n in 0..60 {
        let there = origin.set_on("bad.localhost", &format!("/{n}"), Behaviour::CloseImmediately);
        let here = format!("/to/{n}");
        urls.push(origin.set_on("front.localhost", &here, Behaviour::RedirectTo(there)));
        urls.push(origin.set_on("front.localhost", &format!("/page/{n}"), Behaviour::Page));
    }
    let mut lab = Lab::new();
    impatient(&mut lab);
    lab.settings.robots = false;
    let pages = lab.pages_of(&urls);
    let redirected: Vec<Page> =
        pages.values().filter(|p| p.url.contains("/to/")).cloned().collect();
    let (suspended, tried) = split(&redirected);
    assert!(suspended.len() >= 30, "{} of 60", suspended.len());
    assert!(tried.iter().all(|page| page.outcome == Outcome::Incomplete));
    assert!(suspended.iter().all(|page| page.redirects.len() == 1 && page.attempts > 0));
    let fetched = pages.values().filter(|page| page.outcome == Outcome::Fetched).count();
    assert_eq!(fetched, 60, "the host in front is well");
    let hosts = lab.hosts();
    assert!(hosts["bad.localhost"].suspended && hosts["bad.localhost"].put_aside == 2);
    assert_eq!(
        (hosts["front.localhost"].put_aside, hosts["front.localhost"].suspended),
        (0, false)
    );
}

#[test]
fn it_is_said_that_everything_waits_for_a_failing_host() {
    let mut lab = Lab::with_net(Arc::new(Nobody::default()));
    impatient(&mut lab);
    lab.settings.breaker.aside = Duration::from_secs(60);
    lab.settings.max_time = Some(Duration::from_secs(4));
    lab.settings.retries = 0;
    lab.admit((0..20).map(|n| format!("http://dead.example/{n}")));
    lab.collect();
    let told = lab.events().into_iter().filter_map(|event| match event {
        Event::TroubleMet { reason, .. } => Some(reason),
        _ => None,
    });
    let told: Vec<String> = told.filter(|reason| reason.contains("keep failing")).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("addresses wait for hosts"), "{told:?}");
}
