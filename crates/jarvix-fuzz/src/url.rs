//! Canonicalisation, and the guard's reading of the host that comes out of it.

use std::net::{IpAddr, SocketAddr};

use jarvix_collect::guard::vet;
use jarvix_core::{CanonicalUrl, canonicalise, limits};

/// A line of a list.
///
/// # Panics
/// When the canonical form is not the only one, or holds what it must not.
pub fn target(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(url) = canonicalise(&text) else { return };
    let again = canonicalise(url.as_str()).expect("what is canonical is a URL");
    assert_eq!(again, url, "canonical forms are their own");
    assert!(url.as_str().len() <= limits::URL_BYTES_MAX, "longer than the limit");
    assert!(url.as_str().is_ascii() && !url.as_str().chars().any(char::is_control), "{url:?}");
    assert_eq!(url.url().fragment(), None);
    if url.is_web() {
        web(&url);
    }
}

fn web(url: &CanonicalUrl) {
    assert!(!url.host().is_empty(), "a web address without a host: {url:?}");
    assert!(url.url().username().is_empty() && url.url().password().is_none(), "{url:?}");
    assert_ne!(url.url().port(), url.url().port_or_known_default().filter(|p| is_own(url, *p)));
    let ip: IpAddr = match url.url().host() {
        Some(url::Host::Ipv4(ip)) => ip.into(),
        Some(url::Host::Ipv6(ip)) => ip.into(),
        _ => return,
    };
    // The text that a connection is made from and the address that is vetted are the same.
    let text = url.host().trim_matches(['[', ']']);
    assert_eq!(text.parse(), Ok(ip), "{url:?}");
    let port = url.url().port_or_known_default().unwrap_or(80);
    if let Ok(vetted) = vet(SocketAddr::new(ip, port), &[]) {
        assert_eq!(vetted.addr, SocketAddr::new(ip, port), "what is vetted is what is asked");
        assert!(!vetted.opened, "nothing was opened");
    }
}

/// Whether `port` is the scheme's own, which is never written.
fn is_own(url: &CanonicalUrl, port: u16) -> bool {
    port == if url.scheme() == "https" { 443 } else { 80 }
}
