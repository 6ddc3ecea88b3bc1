//! Headers, credentials and cookies: sent to whom they are meant for, and to nobody else.

use jarvix_collect::settings::{Credential, RequestHeader};
use jarvix_core::Outcome;
use jarvix_testkit::HostileOrigin;
use jarvix_testkit::hostile::{Behaviour, Seen};

use super::{Lab, assert_ended};

/// The requests for `path`.
fn asked(origin: &HostileOrigin, path: &str) -> Vec<Seen> {
    origin.seen().into_iter().filter(|seen| seen.path() == path).collect()
}

fn header<'a>(seen: &'a [Seen], name: &str) -> Vec<Option<&'a str>> {
    seen.iter().map(|seen| seen.header(name)).collect()
}

#[test]
fn headers_go_to_every_host_and_credentials_to_one_origin() {
    let origin = HostileOrigin::start();
    let other = HostileOrigin::start();
    let port = origin.addr().port();
    let mine = origin.set_on("mine.localhost", "/page", Behaviour::Page);
    let away = other.set_on("away.localhost", "/away", Behaviour::Page);
    let leads_away = origin.set_on("mine.localhost", "/leads", Behaviour::RedirectTo(away.clone()));
    let leads_back = other.set_on("away.localhost", "/back", Behaviour::RedirectTo(mine.clone()));
    let same_name = other.set_on("mine.localhost", "/port", Behaviour::Page);
    let mut lab = Lab::new();
    lab.settings.headers = vec![RequestHeader::new("X-Team", "blue").expect("a header")];
    lab.settings.credentials = vec![
        Credential::basic(&format!("http://mine.localhost:{port}"), "me:s3cret").expect("valid"),
        // Not for plain http.
        Credential::bearer(&format!("away.localhost:{}", other.addr().port()), "t0ken")
            .expect("valid"),
    ];
    let pages = lab.pages_of([&mine, &leads_away, &leads_back, &same_name]);
    for page in pages.values() {
        assert_ended(page, Outcome::Fetched, "");
    }
    let basic = Some("Basic bWU6czNjcmV0");
    assert_eq!(header(&asked(&origin, "/page"), "authorization"), [basic, basic]);
    assert_eq!(header(&asked(&origin, "/leads"), "authorization"), [basic]);
    for path in ["/away", "/back", "/port"] {
        assert_eq!(header(&asked(&other, path), "authorization"), [None], "{path}");
        assert_eq!(header(&asked(&other, path), "x-team"), [Some("blue")], "{path}");
    }
    assert!(origin.seen().iter().all(|seen| seen.header("x-team") == Some("blue")));
}

#[test]
fn cookies_are_kept_only_if_asked_for() {
    let origin = HostileOrigin::start();
    let set = |value: &str| ("Set-Cookie".to_owned(), value.to_owned());
    let cookies = vec![set("own=1"), set("x=y; Domain=localhost"), set("deep=2; Path=/deep")];
    let first = origin.set_on("a.localhost", "/first", Behaviour::Status(200, cookies));
    let page = Behaviour::Page.after_ms(1);
    let urls = [
        first.clone(),
        origin.set_on("a.localhost", "/second", page.clone()),
        origin.set_on("a.localhost", "/deep/er", page.clone()),
        origin.set_on("b.localhost", "/other", page),
    ];
    let second = || ["/second", "/deep/er", "/other"].map(|path| asked(&origin, path));
    let mut lab = Lab::new();
    lab.settings.robots = false;
    lab.pages_of(&urls);
    for seen in second() {
        assert_eq!(header(&seen, "cookie"), [None]);
    }
    let mut lab = Lab::new();
    lab.settings.robots = false;
    lab.settings.cookies = true;
    // One after the other, as they stand on the list.
    (lab.settings.concurrent, lab.settings.per_host) = (1, 1);
    lab.pages_of(&urls);
    let [page, deep, other] = second();
    assert_eq!(header(&page, "cookie"), [None, Some("own=1")]);
    assert_eq!(header(&deep, "cookie"), [None, Some("deep=2; own=1")]);
    assert_eq!(header(&other, "cookie"), [None, None]);
}

#[test]
fn settings_are_written_down_without_secrets() {
    let mut lab = Lab::new();
    lab.settings.headers = vec![RequestHeader::new("X-Key", "s3cret").expect("a header")];
    lab.settings.credentials =
        vec![Credential::basic("example.org", "me:s3cret").expect("a credential")];
    lab.settings.proxy = Some("socks5://me:s3cret@10.0.0.1".parse().expect("a proxy"));
    let written = serde_json::to_string(&lab.settings).expect("plain values");
    for text in [written, format!("{:?}", lab.settings)] {
        assert!(!text.contains("s3cret") && !text.contains("bWU6"), "{text}");
        assert!(text.to_lowercase().contains("x-key: (hidden)"), "{text}");
    }
}
