//! Proxies: only addresses are handed to them, and the guard stands before.

use jarvix_core::Outcome;
use jarvix_testkit::hostile::Behaviour;
use jarvix_testkit::{
    Forbidden, HostileOrigin, ProxySpeech, TestCa, TestProxy, TlsBehaviour, TlsOrigin, TlsProtocols,
};

use super::tls::lab_trusting;
use super::{Lab, assert_ended};

fn through(proxy: &TestProxy, speech: ProxySpeech, login: &str) -> String {
    let scheme = if speech == ProxySpeech::Connect { "http" } else { "socks5" };
    format!("{scheme}://{login}{}", proxy.addr())
}

const SPEECHES: [ProxySpeech; 2] = [ProxySpeech::Connect, ProxySpeech::Socks5];

#[test]
fn the_proxy_gets_addresses_and_the_server_gets_names() {
    for speech in SPEECHES {
        let proxy = TestProxy::start(speech, Some(("me", "s3cret")));
        let origin = HostileOrigin::start();
        let url = origin.set_on("named.localhost", "/", Behaviour::Page);
        let ca = TestCa::new();
        let secure = TlsOrigin::start(&ca, TlsBehaviour::Valid, TlsProtocols::Both);
        let mut lab = lab_trusting(&ca);
        lab.settings.proxy = Some(through(&proxy, speech, "me:s3cret@").parse().expect("a proxy"));
        let pages = lab.pages_of([&url, &secure.url("/")]);
        let page = &pages[&url];
        assert_ended(page, Outcome::Fetched, "");
        assert_eq!(page.remote_addr, Some(origin.addr().to_string()), "of the server");
        assert_ended(&pages[&secure.url("/")], Outcome::Fetched, "");
        assert_eq!(pages[&secure.url("/")].protocol.as_deref(), Some("h2"));
        assert!(origin.seen().iter().all(|seen| seen.host == "named.localhost"));
        let expected = [origin.addr().to_string(), secure.addr().to_string()];
        let asked = proxy.asked();
        assert!(!asked.is_empty() && asked.iter().all(|to| expected.contains(to)), "{asked:?}");
    }
}

#[test]
fn the_guard_judges_the_server_and_not_the_proxy() {
    for speech in SPEECHES {
        let proxy = TestProxy::start(speech, None);
        let mut forbidden = Forbidden::listen();
        let mut lab = Lab::new();
        lab.settings.allow_net = Vec::new();
        lab.settings.proxy = Some(through(&proxy, speech, "").parse().expect("a proxy"));
        let urls = [
            format!("http://{}/", forbidden.addr()),
            format!("http://localhost:{}/", forbidden.addr().port()),
            "http://169.254.169.254/".to_owned(),
        ];
        let pages = lab.pages_of(&urls);
        for url in &urls {
            assert_ended(&pages[url], Outcome::AddressDenied, "");
        }
        assert_eq!((proxy.asked(), forbidden.connections()), (Vec::new(), 0));
    }
}

#[test]
fn a_proxy_that_does_not_work_is_an_outcome_that_names_it() {
    let origin = HostileOrigin::start();
    let url = origin.set("/", Behaviour::Page);
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("its address")
    };
    let page_through = |proxy: &str| {
        let mut lab = Lab::new();
        lab.settings.retries = 1;
        lab.settings.robots = false;
        lab.settings.proxy = Some(proxy.parse().expect("a proxy"));
        lab.page_of(&url)
    };
    for speech in SPEECHES {
        let guarded = TestProxy::start(speech, Some(("me", "right")));
        let page = page_through(&through(&guarded, speech, "me:wr0ng@"));
        assert_ended(&page, Outcome::Connect, "did not accept the name and password");
        let reason = page.reason.as_deref().unwrap_or_default();
        assert!(reason.contains(&guarded.addr().to_string()), "{reason}");
        assert!(!reason.contains("wr0ng") && !reason.contains("me:"), "{reason}");
        assert_eq!(page.attempts, 1, "asking again does not help");
        assert_ended(
            &page_through(&through(&guarded, speech, "")),
            Outcome::Connect,
            "asks for a name and password",
        );
    }
    let page = page_through(&format!("http://{closed}"));
    assert_ended(&page, Outcome::Connect, "cannot be reached");
    assert_eq!(page.attempts, 2);
    // A web server is no proxy.
    let server = format!("socks5://{}", origin.addr());
    assert_eq!(page_through(&server).outcome, Outcome::Connect);
    let page = page_through(&format!("http://{}", origin.addr()));
    assert_ended(&page, Outcome::Connect, "refused to connect (404)");
    assert_eq!(origin.requests("/"), 0);
}

#[test]
fn what_the_proxy_cannot_reach_is_said() {
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("its address")
    };
    for (speech, why) in
        [(ProxySpeech::Connect, "could not connect (502)"), (ProxySpeech::Socks5, "was refused")]
    {
        let proxy = TestProxy::start(speech, None);
        let mut lab = Lab::new();
        lab.settings.proxy = Some(through(&proxy, speech, "").parse().expect("a proxy"));
        let page = lab.page_of(&format!("http://{gone}/"));
        assert_ended(&page, Outcome::Connect, why);
    }
}
