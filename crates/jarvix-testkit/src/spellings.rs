//! The ways in which an address can be written down: what a list, a page or a redirect may hold to
//! reach the inside of a network without looking like it. Made by rule, not collected: every way
//! for every address, in the same order each time.
//!
//! What it refuses to do: judge. Which addresses are forbidden, and what a spelling means, is for
//! the code under test.

use std::net::{Ipv4Addr, Ipv6Addr};

/// A host as it stands in a URL, and the way in which it hides its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spelling {
    /// The way, in words.
    pub kind: &'static str,
    /// The host, brackets included.
    pub host: String,
}

fn spelling(kind: &'static str, host: impl Into<String>) -> Spelling {
    Spelling { kind, host: host.into() }
}

/// A public address for the parts of a carrier that are not the point.
const PUBLIC: Ipv4Addr = Ipv4Addr::new(8, 8, 8, 8);

/// Every way to write `ip` that WHATWG's URL parser reads as an IPv4 address.
pub fn of_v4(ip: Ipv4Addr) -> Vec<Spelling> {
    let mut all = numbers(ip);
    let plain = ip.to_string();
    all.extend(disguises(&plain));
    all.push(spelling("trailing dot", format!("{plain}.")));
    all.push(spelling("trailing dot", format!("{:#x}.", ip.to_bits())));
    all.push(spelling("trailing dot", format!("{plain}%2E")));
    all.push(spelling("trailing dot", format!("{plain}。")));
    all
}

/// One to four numbers, each decimal, hexadecimal or octal, in all pure and some mixed forms.
fn numbers(ip: Ipv4Addr) -> Vec<Spelling> {
    const KINDS: [&str; 4] = ["one number", "two numbers", "three numbers", "four numbers"];
    let mut all = Vec::new();
    for count in (1..=4).rev() {
        let parts = split(ip, count);
        let kind = KINDS[count - 1];
        let write = |radix: fn(usize, u32) -> String| {
            let words: Vec<String> = parts.iter().enumerate().map(|(i, n)| radix(i, *n)).collect();
            spelling(kind, words.join("."))
        };
        all.push(write(|_, n| n.to_string()));
        all.push(write(|_, n| format!("{n:#x}")));
        all.push(write(|_, n| format!("0X{n:X}")));
        all.push(write(|_, n| format!("0x{n:016x}")));
        all.push(write(|_, n| format!("0{n:o}")));
        all.push(write(|_, n| format!("0000{n:o}")));
        if count > 1 {
            let mixed = |i: usize, n: u32| match i % 3 {
                0 => format!("{n:#x}"),
                1 => n.to_string(),
                _ => format!("0{n:o}"),
            };
            all.push(write(mixed));
            all.push(write(|i, n| if i == 0 { format!("0{n:o}") } else { n.to_string() }));
        }
    }
    all
}

/// `ip` as `count` numbers: the last takes what the others leave.
fn split(ip: Ipv4Addr, count: usize) -> Vec<u32> {
    let octets = ip.octets();
    let mut parts: Vec<u32> = octets[..count - 1].iter().map(|o| u32::from(*o)).collect();
    parts.push(octets[count - 1..].iter().fold(0, |sum, o| sum << 8 | u32::from(*o)));
    parts
}

/// Characters that stand for others, or for nothing, once a host is prepared (UTS 46).
fn disguises(plain: &str) -> Vec<Spelling> {
    let digits = |zero: char| map_digits(plain, |n| char::from_u32(zero as u32 + n));
    let dots = |dot: &str| plain.replace('.', dot);
    let circled = map_digits(plain, |n| match n {
        0 => Some('⓪'),
        n => char::from_u32('①' as u32 + n - 1),
    });
    let superscript = map_digits(plain, |n| match n {
        1 => Some('¹'),
        2 => Some('²'),
        3 => Some('³'),
        n => char::from_u32('⁰' as u32 + n),
    });
    let escaped: String = plain.bytes().map(|b| format!("%{b:02x}")).collect();
    let first = plain.as_bytes().first().map_or(String::new(), |b| format!("%{b:02X}"));
    let mut all = vec![
        spelling("full-width digits", digits('０')),
        spelling("mathematical digits", digits('𝟎')),
        spelling("double-struck digits", digits('𝟘')),
        spelling("subscript digits", digits('₀')),
        spelling("superscript digits", superscript),
        spelling("circled digits", circled),
        spelling("full-width dots", dots("．")),
        spelling("ideographic dots", dots("。")),
        spelling("half-width ideographic dots", dots("｡")),
        spelling("percent-encoded", escaped),
        spelling("percent-encoded", format!("{first}{}", &plain[1..])),
        spelling("percent-encoded", dots("%2e")),
        spelling("percent-encoded", dots("%E3%80%82")),
    ];
    // Soft hyphen, zero-width space, word joiner, variation selector, byte order mark.
    for ignored in ['\u{ad}', '\u{200b}', '\u{2060}', '\u{fe0f}', '\u{feff}'] {
        all.push(spelling("ignored characters", plain.replacen('.', &format!("{ignored}."), 1)));
    }
    all
}

fn map_digits(plain: &str, digit: impl Fn(u32) -> Option<char>) -> String {
    plain.chars().map(|c| c.to_digit(10).and_then(&digit).unwrap_or(c)).collect()
}

/// Every IPv6 address that carries `ip`, in every way to write it.
pub fn carriers_of(ip: Ipv4Addr) -> Vec<Spelling> {
    let [hi, lo] = halves(ip);
    let [public_hi, public_lo] = halves(PUBLIC);
    let at_the_end = [
        ("IPv4-compatible", [0, 0, 0, 0, 0, 0]),
        ("IPv4-mapped", [0, 0, 0, 0, 0, 0xffff]),
        ("IPv4-translated", [0, 0, 0, 0, 0xffff, 0]),
        ("NAT64", [0x64, 0xff9b, 0, 0, 0, 0]),
        ("local NAT64", [0x64, 0xff9b, 1, 0, 0, 0]),
        ("ISATAP", [0x2600, 1, 0, 0, 0, 0x5efe]),
        ("ISATAP", [0x2600, 1, 0, 0, 0x0200, 0x5efe]),
    ];
    let mut all = Vec::new();
    for (kind, [a, b, c, d, e, f]) in at_the_end {
        let address = Ipv6Addr::new(a, b, c, d, e, f, hi, lo);
        all.extend(of_v6(kind, address));
        all.push(spelling(kind, format!("[{a:x}:{b:x}:{c:x}:{d:x}:{e:x}:{f:x}:{ip}]")));
    }
    let teredo = |server: [u16; 2], client: [u16; 2]| {
        Ipv6Addr::new(0x2001, 0, server[0], server[1], 0x8000, 0x63bf, !client[0], !client[1])
    };
    all.extend(of_v6("6to4", Ipv6Addr::new(0x2002, hi, lo, 0, 0, 0, 0, 0)));
    all.extend(of_v6("6to4", Ipv6Addr::new(0x2002, hi, lo, 1, 2, 3, 4, 5)));
    all.extend(of_v6("Teredo server", teredo([hi, lo], [public_hi, public_lo])));
    all.extend(of_v6("Teredo client", teredo([public_hi, public_lo], [hi, lo])));
    all
}

fn halves(ip: Ipv4Addr) -> [u16; 2] {
    let [a, b, c, d] = ip.octets();
    [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])]
}

/// `ip` written short, in full, padded, in upper case.
pub fn of_v6(kind: &'static str, ip: Ipv6Addr) -> Vec<Spelling> {
    let full: Vec<String> = ip.segments().iter().map(|s| format!("{s:x}")).collect();
    let padded: Vec<String> = ip.segments().iter().map(|s| format!("{s:04x}")).collect();
    vec![
        spelling(kind, format!("[{ip}]")),
        spelling(kind, format!("[{}]", full.join(":"))),
        spelling(kind, format!("[{}]", padded.join(":"))),
        spelling(kind, format!("[{}]", padded.join(":").to_uppercase())),
    ]
}

/// Hosts that are an IPv6 address with a zone, which no URL may have.
pub fn with_zones(ip: Ipv6Addr) -> Vec<Spelling> {
    let zones = ["%25eth0", "%eth0", "%251", "%25lo", "%"];
    zones.iter().map(|zone| spelling("zone", format!("[{ip}{zone}]"))).collect()
}

/// Whole URLs that dress up `host`: what a reader, or another parser, takes for something else.
pub fn dressed_up(host: &str, port: u16, path: &str) -> Vec<(&'static str, String)> {
    let at = format!("{host}:{port}{path}");
    vec![
        ("user names", format!("http://example.org@{at}")),
        ("user names", format!("http://example.org:80@{at}")),
        ("user names", format!("http://example.org%2F@{at}")),
        ("user names", format!("http://example.org%40@{at}")),
        ("user names", format!("http://user:password@{at}")),
        ("user names", format!("http://a@b@{at}")),
        ("user names", format!("http://:@{at}")),
        ("slashes", format!("http:{at}")),
        ("slashes", format!("http:/{at}")),
        ("slashes", format!("http:///{at}")),
        ("slashes", format!("http://///{at}")),
        ("slashes", format!("http:\\\\{at}")),
        ("slashes", format!("http:/\\{at}")),
        ("slashes", format!("http://{host}:{port}\\@example.org{path}")),
        ("schemes", format!("HTTP://{at}")),
        ("schemes", format!("hTtP://{at}")),
        ("ports", format!("http://{host}:0{port}{path}")),
        ("ports", format!("http://{host}:0000{port}{path}")),
        ("tails", format!("http://{at}#@example.org/")),
        ("tails", format!("http://{at}?@example.org/")),
        ("tails", format!("http://{at};.example.org/")),
        ("tails", format!("http://{at}/../..//{path}")),
        ("spaces", format!("   http://{at}")),
        ("spaces", format!("\u{a0}http://{at}\u{2003}")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_split_as_inet_aton_reads_them() {
        let ip = Ipv4Addr::new(127, 1, 2, 3);
        assert_eq!(split(ip, 4), [127, 1, 2, 3]);
        assert_eq!(split(ip, 3), [127, 1, 0x0203]);
        assert_eq!(split(ip, 2), [127, 0x01_0203]);
        assert_eq!(split(ip, 1), [0x7f01_0203]);
    }

    #[test]
    fn hosts_are_what_their_kind_says() {
        let hosts: Vec<String> =
            of_v4(Ipv4Addr::LOCALHOST).into_iter().map(|spelling| spelling.host).collect();
        for host in ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "①②⑦.⓪.⓪.①", "127.0.0.1."]
        {
            assert!(hosts.iter().any(|h| h == host), "{host} is not in {hosts:#?}");
        }
        let carriers = carriers_of(Ipv4Addr::LOCALHOST);
        for host in ["[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"] {
            assert!(carriers.iter().any(|c| c.host == host), "{host} is not in {carriers:#?}");
        }
    }
}
