//! TLS and HTTP/2 (HOSTILE 12, 13).

use std::time::Duration;

use jarvix_core::Outcome;
use jarvix_testkit::hostile::Behaviour;
use jarvix_testkit::{TestCa, TlsBehaviour, TlsOrigin, TlsProtocols};

use super::{Lab, assert_ended};

/// A lab that trusts `ca`.
pub(super) fn lab_trusting(ca: &TestCa) -> Lab {
    let mut lab = Lab::new();
    let path = lab.folder().join("ca.pem");
    let pem =
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", base64(&ca.der()));
    std::fs::write(&path, pem).expect("a file");
    lab.settings.ca_file = Some(path);
    lab
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits =
            three.iter().fold(0u32, |sum, b| sum << 8 | u32::from(*b)) << (8 * (3 - three.len()));
        for digit in 0..4 {
            let at = (bits >> (18 - 6 * digit)) as usize & 63;
            text.push(if digit <= three.len() { char::from(DIGITS[at]) } else { '=' });
        }
    }
    text
}

#[test]
fn pages_come_over_tls_and_connections_are_kept() {
    let ca = TestCa::new();
    let origin = TlsOrigin::start(&ca, TlsBehaviour::Valid, TlsProtocols::Http1);
    let urls: Vec<String> =
        (0..20).map(|n| origin.set(&format!("/{n}"), Behaviour::Page)).collect();
    let pages = lab_trusting(&ca).pages_of(&urls);
    for url in &urls {
        assert_ended(&pages[url], Outcome::Fetched, "");
        assert_eq!(pages[url].protocol.as_deref(), Some("http/1.1"));
    }
    assert!(origin.handshakes().0 <= 4, "{:?}", origin.handshakes());
    let wire: u64 = pages.values().map(|page| page.bytes_wire).sum();
    let bodies = pages.values().filter_map(|page| page.body.as_ref()).map(Vec::len);
    assert!(wire > bodies.sum::<usize>() as u64, "what is counted is what came, not what it held");
}

#[test]
fn http2_shares_one_connection() {
    let ca = TestCa::new();
    let origin = TlsOrigin::start(&ca, TlsBehaviour::Valid, TlsProtocols::Both);
    let urls: Vec<String> = (0..50).map(|n| origin.url(&format!("/{n}"))).collect();
    let mut lab = lab_trusting(&ca);
    lab.settings.per_host = 16;
    lab.settings.robots = false;
    let pages = lab.pages_of(&urls);
    for url in &urls {
        assert_ended(&pages[url], Outcome::Fetched, "");
        assert_eq!(pages[url].protocol.as_deref(), Some("h2"));
    }
    assert_eq!(origin.handshakes().0, 1);
    assert_eq!(origin.http2_requests(), 50);
}

#[test]
fn a_second_connection_resumes_the_session_of_the_first() {
    let ca = TestCa::new();
    for protocols in [TlsProtocols::Http1, TlsProtocols::Both] {
        let origin = TlsOrigin::start(&ca, TlsBehaviour::Valid, protocols);
        // The first answer breaks off, so that its connection cannot serve again.
        let cut = origin.set("/cut", Behaviour::ShortContentLength);
        let page = origin.set("/page", Behaviour::Page);
        let mut lab = lab_trusting(&ca);
        lab.settings.robots = false;
        lab.settings.retries = 0;
        (lab.settings.concurrent, lab.settings.per_host) = (1, 1);
        let pages = lab.pages_of([&cut, &page]);
        assert_ended(&pages[&page], Outcome::Fetched, "");
        match protocols {
            TlsProtocols::Http1 => assert_eq!(origin.handshakes(), (2, 1)),
            _ => assert_eq!(origin.handshakes(), (1, 0), "HTTP/2 needs no second one"),
        }
    }
}

#[test]
fn the_server_chooses_the_protocol() {
    let ca = TestCa::new();
    for (protocols, expected) in
        [(TlsProtocols::Http1, "http/1.1"), (TlsProtocols::Http2, "h2"), (TlsProtocols::Both, "h2")]
    {
        let origin = TlsOrigin::start(&ca, TlsBehaviour::Valid, protocols);
        let url = origin.set("/", Behaviour::Page);
        let page = lab_trusting(&ca).page_of(&url);
        assert_ended(&page, Outcome::Fetched, "");
        assert_eq!(page.protocol.as_deref(), Some(expected));
    }
}

#[test]
fn a_wrong_certificate_is_an_outcome_with_its_reason() {
    let ca = TestCa::new();
    let cases = [
        (TlsBehaviour::Expired, Outcome::Tls, "expired"),
        (TlsBehaviour::NotYetValid, Outcome::Tls, "not valid yet"),
        (TlsBehaviour::WrongHost, Outcome::Tls, "not valid for name"),
        (TlsBehaviour::SelfSigned, Outcome::Tls, "certificate"),
        (TlsBehaviour::StallInHandshake, Outcome::Timeout, "TLS handshake"),
        (TlsBehaviour::CloseInHandshake, Outcome::Tls, "handshake"),
    ];
    for (behaviour, outcome, why) in cases {
        let origin = TlsOrigin::start(&ca, behaviour, TlsProtocols::Both);
        let mut lab = lab_trusting(&ca);
        lab.settings.retries = 0;
        lab.settings.robots = false;
        if behaviour == TlsBehaviour::StallInHandshake {
            lab.settings.phases.tls = Duration::from_millis(300);
        }
        let page = lab.page_of(&origin.url("/"));
        assert_eq!(page.outcome, outcome, "{behaviour:?}: {:?}", page.reason);
        assert_ended(&page, outcome, why);
    }
    let origin = TlsOrigin::start(&ca, TlsBehaviour::Valid, TlsProtocols::Both);
    let mut lab = Lab::new();
    lab.settings.robots = false;
    assert_ended(&lab.page_of(&origin.url("/")), Outcome::Tls, "UnknownIssuer");
}

#[test]
fn a_huge_chain_ends_within_the_deadline() {
    let ca = TestCa::new();
    let origin = TlsOrigin::start(&ca, TlsBehaviour::HugeChain, TlsProtocols::Both);
    let mut lab = lab_trusting(&ca);
    lab.settings.retries = 0;
    lab.settings.robots = false;
    let page = lab.page_of(&origin.url("/"));
    assert!(matches!(page.outcome, Outcome::Fetched | Outcome::Tls), "{:?}", page.reason);
}

#[test]
fn a_file_of_authorities_that_is_none_is_named() {
    let mut lab = Lab::new();
    let path = lab.folder().join("ca.pem");
    std::fs::write(&path, "nothing").expect("a file");
    lab.settings.ca_file = Some(path);
    lab.admit(["http://nowhere.invalid/"]);
    let error = lab.try_collect().expect_err("no certificate");
    assert!(error.to_string().contains("ca.pem"), "{error}");
}
