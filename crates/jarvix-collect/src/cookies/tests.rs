//! What the jar keeps and what it sends.

use super::*;
use std::time::Duration;

use jarvix_testkit::clock::ManualClock;

fn url(text: &str) -> Url {
    Url::parse(text).expect("a URL")
}

fn jar() -> (Jar, Arc<ManualClock>) {
    // 1994-11-06 08:49:37 UTC.
    let clock = Arc::new(ManualClock::at(784_111_777_000_000));
    (Jar::new(Arc::clone(&clock) as Arc<dyn Clock>), clock)
}

fn set(jar: &Jar, at: &str, cookies: &[&str]) {
    let mut headers = HeaderMap::new();
    for cookie in cookies {
        headers.append(SET_COOKIE, HeaderValue::from_str(cookie).expect("a header"));
    }
    jar.take_in(&url(at), &headers);
}

fn sent(jar: &Jar, to: &str) -> String {
    let value = jar.header(&url(to));
    value.map(|v| v.to_str().expect("text").to_owned()).unwrap_or_default()
}

#[test]
fn cookies_go_back_to_where_they_belong() {
    let (jar, _) = jar();
    set(&jar, "https://a.example.org/x/y", &["own=1", "all=2; Domain=.Example.org; Path=/"]);
    set(&jar, "https://a.example.org/x/y", &["deep=3; Path=/x/y", "safe=4; Secure; Path=/"]);
    assert_eq!(sent(&jar, "https://a.example.org/x/y/z"), "deep=3; own=1; all=2; safe=4");
    assert_eq!(sent(&jar, "https://a.example.org/x/other"), "own=1; all=2; safe=4");
    assert_eq!(sent(&jar, "https://a.example.org/xy"), "all=2; safe=4");
    assert_eq!(sent(&jar, "http://a.example.org/"), "all=2");
    assert_eq!(sent(&jar, "https://b.example.org/"), "all=2");
    assert_eq!(sent(&jar, "https://example.org/"), "all=2");
    for elsewhere in ["https://example.com/", "https://notexample.org/", "https://org/"] {
        assert_eq!(sent(&jar, elsewhere), "", "{elsewhere}");
    }
}

#[test]
fn nobody_sets_cookies_for_others() {
    let (jar, _) = jar();
    let at = "https://a.example.co.uk/";
    for refused in [
        "x=1; Domain=co.uk",
        "x=1; Domain=uk",
        "x=1; Domain=b.example.co.uk",
        "x=1; Domain=example.com",
        "x=1; Domain=ple.co.uk",
        "__Host-x=1; Secure; Domain=example.co.uk; Path=/",
        "__Secure-x=1",
        "=1",
        "nothing",
        "x=a\tb\u{7f}",
    ] {
        if let Ok(header) = HeaderValue::from_str(refused) {
            let mut headers = HeaderMap::new();
            headers.append(SET_COOKIE, header);
            jar.take_in(&url(at), &headers);
        }
        assert_eq!(sent(&jar, at), "", "{refused:?}");
    }
    set(&jar, "http://a.example.co.uk/", &["x=1; Secure"]);
    assert_eq!(sent(&jar, at), "", "Secure without encryption");
    set(&jar, "http://127.0.0.1/", &["x=1; Domain=0.0.1", "y=2; Domain=127.0.0.1"]);
    assert_eq!(sent(&jar, "http://127.0.0.1/"), "y=2");
    set(&jar, "https://someone.github.io/", &["x=1; Domain=github.io"]);
    assert_eq!(sent(&jar, "https://other.github.io/"), "");
}

#[test]
fn cookies_are_replaced_and_end() {
    let (jar, clock) = jar();
    let at = "https://example.org/";
    set(&jar, at, &["a=1; Max-Age=10", "b=1; Expires=Sun, 06-Nov-94 08:49:57 GMT", "c=1"]);
    set(&jar, at, &["a=2; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT"]);
    assert_eq!(sent(&jar, at), "a=2; b=1; c=1");
    clock.advance(Duration::from_secs(11));
    assert_eq!(sent(&jar, at), "b=1; c=1");
    clock.advance(Duration::from_secs(10));
    assert_eq!(sent(&jar, at), "c=1");
    set(&jar, at, &["c=; Max-Age=0", "d=1; Max-Age=99999999999999999999999", "e=1; Max-Age=-1"]);
    assert_eq!(sent(&jar, at), "d=1");
}

#[test]
fn the_jar_is_bounded() {
    let (jar, _) = jar();
    let at = "https://example.org/";
    for n in 0..200 {
        set(&jar, at, &[&format!("c{n}=1")]);
    }
    let kept = sent(&jar, at);
    assert_eq!(kept.split("; ").count(), COOKIES_PER_SITE_MAX);
    assert!(kept.ends_with("c199=1") && !kept.contains("c100="), "{kept}");
    set(&jar, "https://large.example/", &[&format!("x={}", "y".repeat(COOKIE_BYTES_MAX))]);
    assert_eq!(sent(&jar, "https://large.example/"), "");
    let value = "v".repeat(4000);
    for n in 0..6_000 {
        let at = format!("https://s{n}.example/");
        set(&jar, &at, &[&format!("x={value}")]);
        assert!(jar.lock().bytes <= BYTES_MAX);
    }
    let sites = jar.lock();
    let counted: usize = sites.by_name.values().flat_map(|s| &s.cookies).map(Cookie::bytes).sum();
    assert_eq!(sites.bytes, counted);
    assert!(sites.by_name.contains_key("s5999.example"));
}
