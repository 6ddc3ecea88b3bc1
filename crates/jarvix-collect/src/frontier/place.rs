//! Where a URL lives: the registrable domain of its host decides the partition, so that everything
//! of one owner lies in one place, and the host decides the place inside it.
//!
//! The key is a hash, and two hosts may share one. Then they also share their turns, and nothing
//! else comes of it: no URL is lost or fetched twice.

use xxhash_rust::xxh3::xxh3_64;

/// The place of a host: the hash of its registrable domain above the hash of the host itself, so
/// that hosts of one domain are neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Place(pub(crate) u128);

impl Place {
    /// The place of `host`, which is canonical: lower case, ASCII, an IPv6 address in brackets;
    /// empty for what has no host.
    pub(crate) fn of(host: &str) -> Self {
        let domain = xxh3_64(registrable(host).as_bytes());
        Self(u128::from(domain) << 64 | u128::from(xxh3_64(host.as_bytes())))
    }

    /// The hash of the registrable domain: equal for all hosts of one owner.
    pub(crate) fn domain(self) -> u64 {
        (self.0 >> 64) as u64
    }
}

/// The part of `host` that one registers (`shop.example.co.uk` is `example.co.uk`'s), by the public
/// suffix list with its private section: two blogs of one hoster are two owners. Addresses, single
/// labels and suffixes themselves stand for themselves.
pub(crate) fn registrable(host: &str) -> &str {
    let is_address = host.starts_with('[')
        || host.bytes().last().is_some_and(|b| b.is_ascii_digit())
            && host.parse::<std::net::Ipv4Addr>().is_ok();
    if is_address { host } else { psl::domain_str(host).unwrap_or(host) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_one_place_and_a_host_is_one_inside_it() {
        let cases = [
            ("www.example.co.uk", "example.co.uk"),
            ("example.co.uk", "example.co.uk"),
            ("co.uk", "co.uk"),
            ("a.github.io", "a.github.io"),
            ("x.a.github.io", "a.github.io"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("h7.localhost", "h7.localhost"),
            ("localhost", "localhost"),
            ("10.1.2.3", "10.1.2.3"),
            ("[2001:db8::1]", "[2001:db8::1]"),
            ("", ""),
        ];
        for (host, owner) in cases {
            assert_eq!(registrable(host), owner, "{host}");
        }
        let (a, b) = (Place::of("a.example.org"), Place::of("b.example.org"));
        assert_eq!(a.domain(), b.domain());
        assert_ne!(a, b);
        assert_ne!(Place::of("10.1.2.3").domain(), Place::of("10.1.2.4").domain());
    }
}
