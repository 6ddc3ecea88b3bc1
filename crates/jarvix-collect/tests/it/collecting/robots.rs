//! robots.txt (HOSTILE 21, 22, 23; RFC 9309).

use jarvix_core::Outcome;
use jarvix_testkit::HostileOrigin;
use jarvix_testkit::hostile::{Behaviour, ROBOTS_EARLY, ROBOTS_LATE};

use super::{Lab, assert_ended};

#[test]
fn what_an_origin_answers_decides() {
    let origin = HostileOrigin::start();
    let status = |code| Behaviour::Status(code, Vec::new());
    let rules =
        Behaviour::Text("User-agent: *\nDisallow: /\n\nUser-agent: JARVIX\nAllow: /\n".into());
    let forbids = Behaviour::Text("User-agent: jarvix\nDisallow: /\n".into());
    let cases = [
        ("s404.localhost", status(404), Outcome::Fetched),
        ("s403.localhost", status(403), Outcome::Fetched),
        ("s401.localhost", status(401), Outcome::Fetched),
        ("s500.localhost", status(500), Outcome::RobotsDenied),
        ("s503.localhost", status(503), Outcome::RobotsDenied),
        ("s429.localhost", status(429), Outcome::RobotsDenied),
        ("cut.localhost", Behaviour::CloseImmediately, Outcome::RobotsDenied),
        ("garbage.localhost", Behaviour::Garbage, Outcome::RobotsDenied),
        ("named.localhost", rules, Outcome::Fetched),
        ("forbids.localhost", forbids, Outcome::RobotsDenied),
        ("empty.localhost", Behaviour::Text(String::new()), Outcome::Fetched),
        ("passes.localhost", status(503).first_then(1, status(404)), Outcome::Fetched),
        ("few.localhost", Behaviour::RedirectChain(4), Outcome::Fetched),
        ("loop.localhost", Behaviour::RedirectLoop, Outcome::Fetched),
    ];
    let mut urls = Vec::new();
    for (host, behaviour, _) in &cases {
        origin.set_on(host, "/robots.txt", behaviour.clone());
        urls.push(origin.set_on(host, "/page", Behaviour::Page));
    }
    let pages = Lab::new().pages_of(&urls);
    for ((host, _, outcome), url) in cases.iter().zip(&urls) {
        assert_eq!(pages[url].outcome, *outcome, "{host}: {:?}", pages[url].reason);
        let asked = origin.seen().iter().any(|s| s.host == *host && s.path() == "/page");
        assert_eq!(asked, *outcome == Outcome::Fetched, "{host}");
        if *outcome == Outcome::RobotsDenied {
            assert_ended(&pages[url], Outcome::RobotsDenied, "robots.txt");
            assert_eq!(pages[url].attempts, 0, "{host}");
        }
    }
}

#[test]
fn robots_txt_is_asked_for_once_per_origin_and_on_every_hop() {
    let origin = HostileOrigin::start();
    let closed = "closed.localhost";
    origin.set_on(closed, "/robots.txt", Behaviour::Text("User-agent: *\nDisallow: /inner".into()));
    let target = origin.set_on(closed, "/inner/page", Behaviour::Page);
    let mut urls: Vec<String> = (0..30)
        .map(|n| origin.set_on("open.localhost", &format!("/{n}"), Behaviour::Page))
        .collect();
    urls.push(origin.set_on("open.localhost", "/hop", Behaviour::RedirectTo(target)));
    let pages = Lab::new().pages_of(&urls);
    assert_ended(&pages[&urls[30]], Outcome::RobotsDenied, "robots.txt");
    assert_eq!(pages[&urls[30]].redirects.len(), 1);
    assert_eq!(origin.requests("/robots.txt"), 2);
    assert_eq!(origin.requests("/inner/page"), 0);
}

#[test]
fn a_huge_robots_txt_is_read_as_far_as_the_limit() {
    let origin = HostileOrigin::start();
    origin.set("/robots.txt", Behaviour::HugeRobots { bytes: 50 << 20 });
    let early = origin.set(&format!("{ROBOTS_EARLY}x"), Behaviour::Page);
    let late = origin.set(&format!("{ROBOTS_LATE}x"), Behaviour::Page);
    let lab = Lab::new();
    lab.admit([&early, &late]);
    let summary = lab.collect();
    assert_eq!(summary.outcomes.get(&Outcome::RobotsDenied), Some(&1));
    assert_eq!(summary.outcomes.get(&Outcome::Fetched), Some(&1));
    assert_eq!(
        (origin.requests(&format!("{ROBOTS_EARLY}x")), origin.requests(&format!("{ROBOTS_LATE}x"))),
        (0, 1)
    );
}

#[test]
fn without_robots_nobody_is_asked() {
    let origin = HostileOrigin::start();
    origin.set("/robots.txt", Behaviour::Text("User-agent: *\nDisallow: /".into()));
    let url = origin.set("/page", Behaviour::Page);
    let mut lab = Lab::new();
    lab.settings.robots = false;
    assert_ended(&lab.page_of(&url), Outcome::Fetched, "");
    assert_eq!(origin.requests("/robots.txt"), 0);
}

#[test]
fn a_redirect_to_another_host_brings_that_hosts_file() {
    let origin = HostileOrigin::start();
    let elsewhere = "elsewhere.localhost";
    let rules = Behaviour::Text("User-agent: *\nDisallow: /closed\n".into());
    let file = origin.set_on(elsewhere, "/shared/robots.txt", rules);
    let mut urls = Vec::new();
    for n in 0..4 {
        let host = format!("h{n}.localhost");
        origin.set_on(&host, "/robots.txt", Behaviour::RedirectTo(file.clone()));
        urls.push(origin.set_on(&host, "/closed", Behaviour::Page));
        urls.push(origin.set_on(&host, "/open", Behaviour::Page));
    }
    // The file binds who redirects to it, not the host that it lies on.
    urls.push(origin.set_on(elsewhere, "/closed", Behaviour::Page));
    let mut lab = Lab::new();
    lab.settings.per_host = 1;
    let pages = lab.pages_of(&urls);
    for url in &urls {
        let closed = url.ends_with("/closed") && !url.contains(elsewhere);
        let outcome = if closed { Outcome::RobotsDenied } else { Outcome::Fetched };
        assert_eq!(pages[url].outcome, outcome, "{url}: {:?}", pages[url].reason);
    }
    assert_eq!(lab.hosts()[elsewhere].concurrency_max, 1, "also for such files");
}

#[test]
fn two_hosts_whose_files_lie_at_each_other_do_not_wait_for_ever() {
    let origin = HostileOrigin::start();
    let (a, b) = ("a.localhost", "b.localhost");
    let rules = || Behaviour::Text("User-agent: *\nDisallow: /no\n".into());
    let (of_a, of_b) = (origin.set_on(b, "/for-a", rules()), origin.set_on(a, "/for-b", rules()));
    origin.set_on(a, "/robots.txt", Behaviour::RedirectTo(of_a).after_ms(50));
    origin.set_on(b, "/robots.txt", Behaviour::RedirectTo(of_b).after_ms(50));
    let urls =
        [origin.set_on(a, "/page", Behaviour::Page), origin.set_on(b, "/page", Behaviour::Page)];
    let mut lab = Lab::new();
    lab.settings.per_host = 2;
    let pages = lab.pages_of(&urls);
    assert!(pages.values().all(|page| page.outcome == Outcome::Fetched), "{pages:#?}");
}

#[test]
fn rules_are_those_of_a_host_and_a_port() {
    let (closed, open) = (HostileOrigin::start(), HostileOrigin::start());
    closed.set("/robots.txt", Behaviour::Text("User-agent: *\nDisallow: /\n".into()));
    let urls = [closed.set("/page", Behaviour::Page), open.set("/page", Behaviour::Page)];
    let pages = Lab::new().pages_of(&urls);
    assert_ended(&pages[&urls[0]], Outcome::RobotsDenied, "robots.txt");
    assert_ended(&pages[&urls[1]], Outcome::Fetched, "");
}
