//! HTTP/2 servers that break the rules (HOSTILE 18): typed outcomes, bounded retries and memory.

use std::time::Duration;

use jarvix_core::Outcome;
use jarvix_testkit::{Http2Fault, Http2Server, TestCa};

use super::assert_ended;
use super::tls::lab_trusting;

/// RFC 9113, 7.
const NO_ERROR: u32 = 0;
const INTERNAL_ERROR: u32 = 2;
const REFUSED_STREAM: u32 = 7;
const ENHANCE_YOUR_CALM: u32 = 11;

#[test]
fn every_broken_rule_ends_in_an_outcome_after_few_attempts() {
    let ca = TestCa::new();
    let cases = [
        (Http2Fault::Reset(INTERNAL_ERROR), Outcome::Incomplete, 3),
        (Http2Fault::Reset(REFUSED_STREAM), Outcome::Incomplete, 3),
        (Http2Fault::GoAway(NO_ERROR), Outcome::Incomplete, 3),
        (Http2Fault::GoAway(ENHANCE_YOUR_CALM), Outcome::Incomplete, 3),
        (Http2Fault::ContinuationFlood, Outcome::Protocol, 1),
        (Http2Fault::HugeFrame, Outcome::Protocol, 1),
        (Http2Fault::Garbage, Outcome::Protocol, 1),
    ];
    for (fault, outcome, attempts) in cases {
        let server = Http2Server::start(&ca, fault);
        let mut lab = lab_trusting(&ca);
        lab.settings.robots = false;
        lab.settings.retries = 2;
        let page = lab.page_of(&server.url("/"));
        assert_eq!(page.outcome, outcome, "{fault:?}: {:?}", page.reason);
        assert_ended(&page, outcome, "");
        assert_eq!(page.attempts, attempts, "{fault:?}: {:?}", page.reason);
        // A kept connection that goes away is not counted as an attempt, but it is asked once.
        assert!(server.requests() <= 2 * u64::from(attempts), "{fault:?}: {}", server.requests());
        assert!(server.bytes() < 8 << 20, "{fault:?}: {} bytes were taken", server.bytes());
        assert!(page.body.is_none(), "{fault:?}");
    }
}

#[test]
fn pings_without_end_do_not_outlast_the_deadline() {
    let ca = TestCa::new();
    let server = Http2Server::start(&ca, Http2Fault::PingFlood);
    let mut lab = lab_trusting(&ca);
    lab.settings.robots = false;
    lab.settings.retries = 0;
    lab.settings.phases.head = Duration::from_millis(500);
    let page = lab.page_of(&server.url("/"));
    assert!(matches!(page.outcome, Outcome::Timeout | Outcome::Protocol), "{:?}", page.reason);
}
