//! Attempts, and what a server may ask for between them (HOSTILE 11).

use std::time::Duration;

use jarvix_core::Outcome;
use jarvix_testkit::HostileOrigin;
use jarvix_testkit::hostile::Behaviour;

use super::{Lab, assert_ended};

#[test]
fn what_may_pass_is_tried_three_times_in_all() {
    let origin = HostileOrigin::start();
    let busy = |status| Behaviour::Status(status, Vec::new()).first(2);
    let cases = [
        ("flaky", Behaviour::flaky(2), Outcome::Fetched, 3),
        ("broken", Behaviour::flaky(3), Outcome::Incomplete, 3),
        ("short", Behaviour::ShortContentLength.first(1), Outcome::Fetched, 2),
        ("s429", busy(429), Outcome::Fetched, 3),
        ("s502", busy(502), Outcome::Fetched, 3),
        ("s503", busy(503), Outcome::Fetched, 3),
        ("s504", busy(504), Outcome::Fetched, 3),
        ("s500", busy(500), Outcome::HttpError, 1),
        ("s404", busy(404), Outcome::HttpError, 1),
        ("garbage", Behaviour::Garbage.first(2), Outcome::Protocol, 1),
    ];
    let mut lab = Lab::new();
    // Without it every connection is new, and hanging up on it is a failed attempt.
    lab.settings.robots = false;
    let urls: Vec<String> = cases
        .iter()
        .map(|(name, behaviour, ..)| {
            origin.set_on(&format!("{name}.localhost"), &format!("/{name}"), behaviour.clone())
        })
        .collect();
    let pages = lab.pages_of(&urls);
    for ((name, _, outcome, attempts), url) in cases.iter().zip(&urls) {
        let page = &pages[url];
        assert_eq!(page.outcome, *outcome, "{name}: {:?}", page.reason);
        assert_eq!(page.attempts, *attempts, "{name}");
        assert_eq!(origin.requests(&format!("/{name}")), u64::from(*attempts), "{name}");
    }
}

#[test]
fn retry_after_holds_for_the_whole_host_and_is_clamped() {
    let origin = HostileOrigin::start();
    let host = "busy.localhost";
    let wait = origin.set_on(host, "/wait", Behaviour::retry_after("1"));
    let past = "Sun, 06 Nov 1994 08:49:37 GMT";
    let cases = [
        (origin.set_on("past.localhost", "/past", Behaviour::retry_after(past)), true),
        (origin.set_on("zero.localhost", "/zero", Behaviour::retry_after("0")), true),
        (origin.set_on("huge.localhost", "/huge", Behaviour::retry_after("86400")), false),
        (origin.set_on("far.localhost", "/far", Behaviour::retry_after("9".repeat(40))), false),
        (origin.set_on("odd.localhost", "/odd", Behaviour::retry_after("soon")), true),
    ];
    let others: Vec<String> =
        (0..5).map(|n| origin.set_on(host, &format!("/other{n}"), Behaviour::Page)).collect();
    let mut lab = Lab::new();
    lab.settings.per_host = 1;
    lab.settings.backoff.retry_after_max = Duration::from_secs(2);
    let urls = [&wait].into_iter().chain(cases.iter().map(|(url, _)| url)).chain(&others);
    let pages = lab.pages_of(urls);
    for (url, fetched) in &cases {
        if *fetched {
            assert_ended(&pages[url], Outcome::Fetched, "");
            assert_eq!(pages[url].attempts, 2, "{url}");
        } else {
            assert_ended(&pages[url], Outcome::HttpError, "longer than 2s");
            assert_eq!(pages[url].attempts, 1, "{url}");
        }
    }
    assert_ended(&pages[&wait], Outcome::Fetched, "");
    let seen = origin.seen();
    let times: Vec<Duration> =
        seen.iter().filter(|s| s.host == host && s.path() != "/robots.txt").map(|s| s.at).collect();
    assert_eq!(times.len(), 7);
    // Whatever was asked first, after the 429 nothing came for a second.
    let asked = seen.iter().position(|s| s.path() == "/wait").expect("the first");
    let refused = seen[asked].at;
    let next = times.iter().find(|at| **at > refused).expect("the next");
    assert!(*next - refused >= Duration::from_secs(1), "{:?}", *next - refused);
}

#[test]
fn a_kept_connection_that_was_closed_costs_no_attempt() {
    let origin = HostileOrigin::start();
    let urls: Vec<String> =
        (0..6).map(|n| origin.set(&format!("/{n}"), Behaviour::flaky(1))).collect();
    let mut lab = Lab::new();
    lab.settings.per_host = 1;
    lab.settings.retries = 0;
    // The first comes over the connection that robots.txt was asked for on, and so does each that
    // follows a success: hanging up on those is answered by asking again over a new one.
    let pages = lab.pages_of(&urls);
    for url in &urls {
        assert_ended(&pages[url], Outcome::Fetched, "");
        assert_eq!(pages[url].attempts, 1);
    }
}
