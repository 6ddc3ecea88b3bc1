//! What the servers' own logs say about our manners (invariant I5).

use std::time::Duration;

use jarvix_collect::settings::Adaptive;
use jarvix_core::Outcome;
use jarvix_origin::{Latency, Origin, OriginSettings};
use jarvix_testkit::HostileOrigin;
use jarvix_testkit::hostile::Behaviour;

use super::Lab;

fn slow_origin() -> Origin {
    let wait = Duration::from_millis(10);
    let latency = Some(Latency { min: wait, max: wait });
    Origin::start(OriginSettings { latency, ..OriginSettings::generated(50) }).expect("an origin")
}

#[test]
fn no_host_is_ever_asked_by_more_than_its_limit() {
    for adaptive in [Adaptive::Public, Adaptive::On, Adaptive::Off] {
        let origin = slow_origin();
        let mut lab = Lab::new();
        lab.settings.per_host = 3;
        lab.settings.adaptive = adaptive;
        // On a public host's terms this many pages would take too long for a test.
        let pages = if adaptive == Adaptive::On { 16 } else { 400 };
        lab.admit(origin.urls(pages, 4));
        let summary = lab.collect();
        assert_eq!(summary.outcomes.get(&Outcome::Fetched), Some(&pages));
        let log = origin.log();
        assert_eq!(log.len(), 4);
        for host in &log {
            assert!(host.concurrency_max <= 3, "{adaptive:?}: {host:?}");
            assert_eq!(host.robots_requests, 1, "{host:?}");
            assert_eq!(host.user_agents.len(), 1);
            if adaptive != Adaptive::On {
                assert_eq!(host.concurrency_max, 3, "{adaptive:?}: the limit is used");
            }
        }
    }
}

#[test]
fn redirects_to_another_host_wait_for_a_place_there() {
    let origin = HostileOrigin::start();
    let target = "target.localhost";
    let mut urls = Vec::new();
    for n in 0..30 {
        let path = format!("/{n}");
        let there = origin.set_on(target, &path, Behaviour::Page.after_ms(5));
        let host = format!("h{n}.localhost");
        urls.push(origin.set_on(&host, &path, Behaviour::RedirectTo(there.clone())));
        urls.push(there);
    }
    let mut lab = Lab::new();
    lab.settings.per_host = 1;
    let pages = lab.pages_of(&urls);
    assert!(pages.values().all(|page| page.outcome == Outcome::Fetched));
    let seen: Vec<Duration> =
        origin.seen().iter().filter(|s| s.host == target).map(|s| s.at).collect();
    assert_eq!(seen.len(), 61, "robots.txt, thirty pages, thirty redirects");
    // One at a time means that each begins after the one before was answered, 5 ms later.
    let pages = &seen[1..];
    assert!(pages.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_millis(5)));
}

#[test]
fn a_fixed_rate_and_a_crawl_delay_are_kept() {
    // The shortest gap that a server sees depends on the machine; how long the whole takes at
    // least does not. Ten pages and robots.txt for each host.
    let origin = slow_origin();
    let mut lab = Lab::new();
    lab.settings.rate_per_host = 50.0;
    lab.admit(origin.urls(20, 2));
    let summary = lab.collect();
    assert!(summary.elapsed_ms >= 10 * 20, "{summary:?}");

    let origin = slow_origin();
    let mut lab = Lab::new();
    lab.settings.rate = 50.0;
    lab.admit(origin.urls(20, 2));
    let summary = lab.collect();
    assert!(summary.elapsed_ms >= 21 * 20, "{summary:?}");

    let robots = Some("User-agent: *\nCrawl-delay: 0.1\n".to_owned());
    let settings = OriginSettings { robots, ..OriginSettings::generated(50) };
    let origin = Origin::start(settings).expect("an origin");
    let lab = Lab::new();
    lab.admit(origin.urls(5, 1));
    let summary = lab.collect();
    assert!(summary.elapsed_ms >= 5 * 100, "{summary:?}");
    assert_eq!(origin.log()[0].requests, 6);
}

#[test]
fn a_limit_per_address_holds_over_all_hosts() {
    let origin = HostileOrigin::start();
    let urls: Vec<String> = (0..20)
        .map(|n| origin.set_on(&format!("h{n}.localhost"), "/", Behaviour::Page.after_ms(5)))
        .collect();
    let mut lab = Lab::new();
    lab.settings.per_address = Some(1);
    lab.settings.robots = false;
    let pages = lab.pages_of(&urls);
    assert!(pages.values().all(|page| page.outcome == Outcome::Fetched));
    let at: Vec<Duration> = origin.seen().iter().map(|s| s.at).collect();
    assert!(at.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_millis(5)));
}

#[test]
fn a_rate_per_address_holds_over_all_hosts() {
    let origin = HostileOrigin::start();
    let urls: Vec<String> =
        (0..10).map(|n| origin.set_on(&format!("h{n}.localhost"), "/", Behaviour::Page)).collect();
    let mut lab = Lab::new();
    lab.settings.rate_per_address = 100.0;
    lab.admit(&urls);
    let summary = lab.collect();
    assert_eq!(summary.outcomes.get(&Outcome::Fetched), Some(&10));
    // Ten pages and ten times robots.txt.
    assert!(summary.elapsed_ms >= 19 * 10, "{summary:?}");
}

#[test]
fn the_record_says_what_the_servers_saw() {
    let origin = slow_origin();
    let mut lab = Lab::new();
    lab.settings.per_host = 3;
    lab.settings.chunk_rows = 40;
    lab.admit(origin.urls(400, 4));
    // Also over an interruption.
    lab.stop_after = Some(100);
    let first = lab.collect();
    assert!(first.interrupted && first.left > 0, "{first:?}");
    lab.stop_after = None;
    lab.stop.store(false, std::sync::atomic::Ordering::SeqCst);
    let second = lab.collect();
    assert_eq!(first.pages + second.pages, 400);
    let hosts = lab.hosts();
    assert_eq!(hosts.len(), 4);
    for seen in origin.log() {
        let ours = &hosts[&seen.host];
        assert_eq!(ours.requests, seen.requests, "{seen:?}");
        assert!(seen.concurrency_max <= ours.concurrency_max, "{ours:?} {seen:?}");
        assert!(ours.concurrency_max <= 3, "{ours:?}");
        assert!(ours.gap_min_us.is_some() && !ours.suspended, "{ours:?}");
    }
}

#[test]
fn the_gap_in_the_record_is_that_of_requests_one_after_the_other() {
    // With one fetch at a time a request follows the answer before it: on both sides of the wire no
    // gap is shorter than the server's own 10 ms, and the shortest is not above the mean.
    let origin = slow_origin();
    let mut lab = Lab::new();
    lab.settings.per_host = 1;
    lab.admit(origin.urls(60, 2));
    let summary = lab.collect();
    let hosts = lab.hosts();
    for seen in origin.log() {
        let ours = &hosts[&seen.host];
        let gap = ours.gap_min_us.expect("many requests");
        let mean = summary.elapsed_ms * 1_000 / (ours.requests - 1);
        assert!((10_000..=mean).contains(&gap), "{ours:?}, mean {mean}");
        assert!(seen.gap_min_us.is_some_and(|gap| gap >= 10_000), "{seen:?}");
        assert_eq!((ours.concurrency_max, seen.concurrency_max), (1, 1));
    }
}

#[test]
fn the_record_counts_robots_redirects_and_retries() {
    let origin = HostileOrigin::start();
    let there = origin.set_on("there.localhost", "/page", Behaviour::Page);
    let urls = [
        origin.set_on("hops.localhost", "/a", Behaviour::RedirectTo(there)),
        origin.set_on("hops.localhost", "/b", Behaviour::RedirectChain(3)),
        origin.set_on("flaky.localhost", "/c", Behaviour::flaky(2)),
        origin.set_on("busy.localhost", "/d", Behaviour::retry_after("0")),
    ];
    let rules = "User-agent: *\nCrawl-delay: 0.02\n";
    origin.set_on("flaky.localhost", "/robots.txt", Behaviour::Text(rules.into()));
    let lab = Lab::new();
    let pages = lab.pages_of(&urls);
    assert!(pages.values().all(|page| page.outcome == Outcome::Fetched));
    let hosts = lab.hosts();
    let mut seen = std::collections::BTreeMap::<String, u64>::new();
    origin.seen().iter().for_each(|s| *seen.entry(s.host.clone()).or_default() += 1);
    let ours: std::collections::BTreeMap<String, u64> =
        hosts.values().map(|host| (host.host.clone(), host.requests)).collect();
    assert_eq!(ours, seen);
    assert_eq!(hosts["flaky.localhost"].crawl_delay_ms, Some(20));
    assert_eq!(hosts["busy.localhost"].pauses, 1);
}
