//! The guard in front of every connection: private, loopback, link-local, metadata and other
//! addresses that are not part of the public internet are refused, unless a range is allowed by
//! name (invariant I5).
//!
//! It looks at the address that is about to be connected to, never at a name or a spelling, and it
//! looks again on every hop: a redirect or a second answer of a name server changes nothing.
//! Addresses that carry another one inside (IPv4-mapped, NAT64, 6to4, Teredo, ...) are judged by
//! what they carry. Metadata services stay refused even when their range is allowed.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// A range that may be fetched although it is not public; all ports of it, or one.
///
/// Written as `10.0.0.0/8`, `127.0.0.1`, `127.0.0.1:8080`, `10.0.0.0/8:8080` or `[::1]:8080`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AllowNet {
    /// The range.
    pub net: IpNet,
    /// The only port that is opened; `None` opens all.
    pub port: Option<u16>,
}

/// The text is not a range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a range of addresses: write 10.0.0.0/8, 127.0.0.1, 127.0.0.1:8080 or [::1]:8080"
)]
pub struct AllowNetError {
    text: String,
}

impl AllowNet {
    /// Exactly one address and port.
    pub fn only(addr: SocketAddr) -> Self {
        Self { net: IpNet::from(addr.ip()), port: Some(addr.port()) }
    }

    fn opens(&self, ip: IpAddr, port: u16) -> bool {
        self.net.contains(&ip) && self.port.is_none_or(|p| p == port)
    }
}

fn parse_net(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

impl FromStr for AllowNet {
    type Err = AllowNetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || AllowNetError { text: text.to_owned() };
        if let Some(net) = parse_net(text) {
            return Ok(Self { net, port: None });
        }
        let (net, port) = text.rsplit_once(':').ok_or_else(error)?;
        // Only brackets tell where an IPv6 range ends and a port begins.
        let bare = net.strip_prefix('[').and_then(|n| n.strip_suffix(']'));
        let net = if net.contains(':') { bare } else { Some(net) };
        let net = net.and_then(parse_net).ok_or_else(error)?;
        Ok(Self { net, port: Some(port.parse().map_err(|_| error())?) })
    }
}

impl fmt::Display for AllowNet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.port, self.net) {
            (None, net) => write!(f, "{net}"),
            (Some(port), IpNet::V4(net)) => write!(f, "{net}:{port}"),
            (Some(port), IpNet::V6(net)) => write!(f, "[{net}]:{port}"),
        }
    }
}

impl TryFrom<String> for AllowNet {
    type Error = AllowNetError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<AllowNet> for String {
    fn from(net: AllowNet) -> Self {
        net.to_string()
    }
}

/// An address that the guard let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vetted {
    /// Where to connect to.
    pub addr: SocketAddr,
    /// Whether it is only reachable because a range was allowed by name.
    pub opened: bool,
}

/// Why an address is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not part of the public internet.
    #[error("{ip} is {kind} address")]
    NotPublic {
        /// The address, unwrapped.
        ip: IpAddr,
        /// What it is, with its article.
        kind: &'static str,
    },
    /// It gives out a machine's secrets.
    #[error("{ip} is the address of a metadata service and is never fetched")]
    Metadata {
        /// The address, unwrapped.
        ip: IpAddr,
    },
}

/// Addresses of metadata services (AWS, GCP, Azure, Alibaba, Oracle and those who copied them).
const METADATA: [IpAddr; 7] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254)),
];

/// Lets `addr` through or says why not.
pub fn vet(addr: SocketAddr, allow: &[AllowNet]) -> Result<Vetted, Refusal> {
    let carried = carried(addr.ip());
    let all = || std::iter::once(addr.ip()).chain(carried.iter().copied().flatten());
    if let Some(ip) = all().find(|ip| METADATA.contains(ip)) {
        return Err(Refusal::Metadata { ip });
    }
    // An address with others inside is as private as the most private of them.
    let mut opened = false;
    for ip in all() {
        let Some(kind) = not_public(ip) else { continue };
        let is_open =
            |net: &AllowNet| net.opens(ip, addr.port()) || net.opens(addr.ip(), addr.port());
        if !allow.iter().any(is_open) {
            return Err(Refusal::NotPublic { ip, kind });
        }
        opened = true;
    }
    Ok(Vetted { addr, opened })
}

/// The IPv4 addresses that an IPv6 address carries: none, one, or Teredo's two.
fn carried(ip: IpAddr) -> [Option<IpAddr>; 2] {
    let IpAddr::V6(v6) = ip else { return [None, None] };
    let s = v6.segments();
    let at = |i: usize| {
        let [a, b] = s[i].to_be_bytes();
        let [c, d] = s[i + 1].to_be_bytes();
        Some(IpAddr::V4(Ipv4Addr::new(a, b, c, d)))
    };
    match s {
        // ::1 and :: are addresses of their own.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => [None, None],
        // IPv4-compatible, IPv4-mapped, IPv4-translated, NAT64, a network's own NAT64 (RFC 8215).
        [0, 0, 0, 0, 0, 0, _, _]
        | [0, 0, 0, 0, 0, 0xffff, _, _]
        | [0, 0, 0, 0, 0xffff, 0, _, _]
        | [0x0064, 0xff9b, 0, 0, 0, 0, _, _]
        | [0x0064, 0xff9b, 1, ..] => [at(6), None],
        // 6to4.
        [0x2002, ..] => [at(1), None],
        // Teredo: the server as it is, the client with every bit turned.
        [0x2001, 0, ..] => {
            let client = u32::from(s[6]) << 16 | u32::from(s[7]);
            [at(2), Some(IpAddr::V4(Ipv4Addr::from(!client)))]
        }
        // ISATAP, under any prefix.
        [_, _, _, _, 0x0000 | 0x0200, 0x5efe, _, _] => [at(6), None],
        _ => [None, None],
    }
}

/// What kind of address `ip` is, if it is not part of the public internet.
fn not_public(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(v4) => not_public_v4(v4),
        IpAddr::V6(v6) => not_public_v6(v6),
    }
}

/// IANA's registry of special-purpose IPv4 addresses.
fn not_public_v4(ip: Ipv4Addr) -> Option<&'static str> {
    let kind = match ip.octets() {
        [0, ..] => "an unspecified",
        [127, ..] => "a loopback",
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => "a private",
        [169, 254, ..] => "a link-local",
        [100, 64..=127, ..] => "a carrier's private",
        [192, 0, 0, _] => "a protocol assignment",
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => "a documentation",
        [192, 88, 99, _] => "a relay",
        [198, 18..=19, ..] => "a benchmarking",
        [224..=239, ..] => "a multicast",
        [255, 255, 255, 255] => "a broadcast",
        [240..=255, ..] => "a reserved",
        _ => return None,
    };
    Some(kind)
}

/// IANA's registry of special-purpose IPv6 addresses; outside 2000::/3 nothing is public.
fn not_public_v6(ip: Ipv6Addr) -> Option<&'static str> {
    let kind = match ip.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => "an unspecified",
        [0, 0, 0, 0, 0, 0, 0, 1] => "a loopback",
        // Mere wrappers: judged by what they carry.
        [0, 0, 0, 0, 0, 0, ..]
        | [0, 0, 0, 0, 0, 0xffff, ..]
        | [0, 0, 0, 0, 0xffff, 0, ..]
        | [0x0064, 0xff9b, 0, 0, 0, 0, ..] => return None,
        [0xfc00..=0xfdff, ..] => "a unique local",
        [0xfe80..=0xfebf, ..] => "a link-local",
        [0xfec0..=0xfeff, ..] => "a site-local",
        [0xff00..=0xffff, ..] => "a multicast",
        [0x0064, 0xff9b, 1, ..] => "a local translation",
        [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => "a documentation",
        [0x2001, 2, 0, ..] => "a benchmarking",
        [0x2001, 0x0010..=0x002f, ..] => "an overlay",
        [0x2000..=0x3fff, ..] => return None,
        _ => "a reserved",
    };
    Some(kind)
}

#[cfg(test)]
mod tests;
