//! Spellings of addresses, from the whole URL to the guard's verdict: what a page, a list or a
//! redirect could write to reach the inside of a network.

use super::*;
use jarvix_core::canonicalise;

/// What the guard says to the host of `url`: `refused`, `metadata`, `public`, or `name` where the
/// host is not an address and would have to be resolved first, or `invalid`.
fn verdict(url: &str) -> &'static str {
    let Ok(canonical) = canonicalise(url) else { return "invalid" };
    let ip = match canonical.url().host() {
        Some(url::Host::Ipv4(ip)) => IpAddr::V4(ip),
        Some(url::Host::Ipv6(ip)) => IpAddr::V6(ip),
        _ => return "name",
    };
    match vet(SocketAddr::new(ip, 80), &[]) {
        Ok(_) => "public",
        Err(Refusal::NotPublic { .. }) => "refused",
        Err(Refusal::Metadata { .. }) => "metadata",
    }
}

/// Spellings of addresses that are not public, as a list may hold them.
const REFUSED: &[&str] = &[
    // Loopback, in all the ways that WHATWG reads an IPv4 address.
    "http://127.0.0.1/",
    "http://127.0.0.1:8080/",
    "http://127.1/",
    "http://127.0.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7F000001/",
    "http://0x7f.1/",
    "http://0x7f.0x0.0x0.0x1/",
    "http://0177.0.0.1/",
    "http://017700000001/",
    "http://0177.1/",
    "http://127.0.0.1./",
    "http://127.255.255.255/",
    "http://127.127.127.127/",
    "http://%31%32%37.0.0.1/",
    "http://127%2e0%2e0%2e1/",
    "http://１２７.0.0.1/",
    "http://127。0。0。1/",
    "http://127．0．0．1/",
    "http://①②⑦.⓪.⓪.①/",
    "http://user:password@127.0.0.1/",
    "http://example.org@127.0.0.1/",
    "http://example.org:80@127.0.0.1/",
    "http:127.0.0.1/",
    "http:\\\\127.0.0.1\\",
    "http:///127.0.0.1/",
    "https://127.0.0.1/#@example.org/",
    "https://127.0.0.1?@example.org/",
    "HTTP://0X7F.0.0.1/",
    // The unspecified network.
    "http://0/",
    "http://0.0.0.0/",
    "http://0x0/",
    "http://00000/",
    "http://0.1.2.3/",
    // Private networks.
    "http://10.0.0.1/",
    "http://10.1/",
    "http://167772161/",
    "http://0x0a000001/",
    "http://012.0.0.1/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://2886729729/",
    "http://192.168.0.1/",
    "http://192.168.1/",
    "http://3232235521/",
    "http://0xc0.0xa8.0.1/",
    "http://0300.0250.0.1/",
    // Link-local, carriers, protocols, documentation, benchmarks, relays.
    "http://169.254.0.1/",
    "http://169.254.169.253/",
    "http://100.64.0.1/",
    "http://100.127.255.255/",
    "http://192.0.0.1/",
    "http://192.0.2.1/",
    "http://198.51.100.1/",
    "http://203.0.113.1/",
    "http://192.88.99.1/",
    "http://198.18.0.1/",
    "http://198.19.255.255/",
    // Multicast, reserved, broadcast.
    "http://224.0.0.1/",
    "http://239.255.255.250/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://4294967295/",
    "http://0xffffffff/",
    // IPv6 of the same kinds.
    "http://[::1]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[0000:0000:0000:0000:0000:0000:0000:0001]/",
    "http://[::]/",
    "http://[fe80::1]/",
    "http://[febf::1]/",
    "http://[fec0::1]/",
    "http://[fc00::1]/",
    "http://[fdff::1]/",
    "http://[ff02::1]/",
    "http://[2001:db8::1]/",
    "http://[3fff::1]/",
    "http://[2001:2::1]/",
    "http://[2001:10::1]/",
    "http://[2001:20::1]/",
    "http://[100::1]/",
    "http://[4000::1]/",
    "http://[5f00::1]/",
    // IPv4 inside IPv6.
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::FFFF:7F00:1]/",
    "http://[0:0:0:0:0:ffff:127.0.0.1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[::ffff:192.168.0.1]/",
    "http://[::127.0.0.1]/",
    "http://[::10.0.0.1]/",
    "http://[::ffff:0:127.0.0.1]/",
    "http://[64:ff9b::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::10.0.0.1]/",
    "http://[64:ff9b:1::1]/",
    "http://[64:ff9b:1::808:808]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:7f00:0001::1]/",
    "http://[2002:a00:1::1]/",
    "http://[2002:c0a8:1::1]/",
    // Teredo: server 10.0.0.1; client 127.0.0.1 with every bit turned.
    "http://[2001:0:a00:1::]/",
    "http://[2001:0:4136:e378:8000:63bf:80ff:fffe]/",
    // ISATAP under a public prefix.
    "http://[2600:1::5efe:10.0.0.1]/",
    "http://[2600:1:0:0:200:5efe:192.168.0.1]/",
    "http://[fe80::5efe:8.8.8.8]/",
];

#[test]
fn no_spelling_of_an_inner_address_gets_through() {
    assert!(REFUSED.len() >= 100, "{} spellings", REFUSED.len());
    for url in REFUSED {
        assert_eq!(verdict(url), "refused", "{url}");
    }
}

#[test]
fn metadata_services_are_never_reached() {
    let everything: Vec<AllowNet> =
        ["0.0.0.0/0", "::/0"].iter().map(|n| n.parse().expect("valid")).collect();
    let metadata = [
        "http://169.254.169.254/latest/meta-data/",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://0251.0376.0251.0376/",
        "http://169.254.43518/",
        "http://169.16689662/",
        "http://169.254.170.2/",
        "http://100.100.100.200/",
        "http://168.63.129.16/",
        "http://192.0.0.192/",
        "http://[fd00:ec2::254]/",
        "http://[fd00:0ec2:0:0:0:0:0:254]/",
        "http://[fd20:ce::254]/",
        "http://[::ffff:169.254.169.254]/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://[::169.254.169.254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[2002:a9fe:a9fe::]/",
        "http://[2001:0:a9fe:a9fe::]/",
    ];
    for url in metadata {
        assert_eq!(verdict(url), "metadata", "{url}");
        let host = canonicalise(url).expect("valid").url().host().map(|h| h.to_owned());
        let ip = match host {
            Some(url::Host::Ipv4(ip)) => IpAddr::V4(ip),
            Some(url::Host::Ipv6(ip)) => IpAddr::V6(ip),
            other => panic!("{url} has the host {other:?}"),
        };
        let verdict = vet(SocketAddr::new(ip, 80), &everything);
        assert!(matches!(verdict, Err(Refusal::Metadata { .. })), "{url} was opened by a range");
    }
}

#[test]
fn public_addresses_and_names_pass_and_nonsense_is_no_url() {
    let public = [
        "http://1.1.1.1/",
        "http://8.8.8.8/",
        "http://134744072/",
        "http://100.63.255.255/",
        "http://100.128.0.1/",
        "http://172.15.0.1/",
        "http://172.32.0.1/",
        "http://192.0.1.1/",
        "http://198.20.0.1/",
        "http://223.255.255.255/",
        "http://[2606:4700::1111]/",
        "http://[2a00:1450:4001:80b::200e]/",
        "http://[::ffff:8.8.8.8]/",
        "http://[64:ff9b::808:808]/",
        "http://[2002:808:808::1]/",
    ];
    for url in public {
        assert_eq!(verdict(url), "public", "{url}");
    }
    for url in ["http://localhost/", "http://127.0.0.1.example.org/", "http://127.0.0.1-x.org/"] {
        assert_eq!(verdict(url), "name", "{url}");
    }
    let invalid = [
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://[::1%lo]/",
        "http://127.0.0.1.1/",
        "http://256.0.0.1/",
        "http://4294967296/",
        "http://0x100000000/",
        "http://[::ffff:127.0.0.256]/",
        "http://[:::1]/",
        "http://127.0.0.08/",
    ];
    for url in invalid {
        assert_eq!(verdict(url), "invalid", "{url}");
    }
}

#[test]
fn a_range_opens_exactly_what_it_names() {
    let allow: Vec<AllowNet> = ["127.0.0.1:8080", "10.0.0.0/8", "[::1]:9000"]
        .iter()
        .map(|n| n.parse().expect("valid"))
        .collect();
    let cases = [
        ("127.0.0.1:8080", true),
        ("127.0.0.1:8081", false),
        ("127.0.0.2:8080", false),
        ("[::ffff:127.0.0.1]:8080", true),
        ("10.9.8.7:1", true),
        ("11.0.0.1:1", true),
        ("192.168.0.1:80", false),
        ("[::1]:9000", true),
        ("[::1]:80", false),
    ];
    for (addr, passes) in cases {
        let addr: SocketAddr = addr.parse().expect("valid");
        assert_eq!(vet(addr, &allow).is_ok(), passes, "{addr}");
    }
    let opened = |addr: &str| vet(addr.parse().expect("valid"), &allow).map(|v| v.opened);
    assert_eq!(opened("10.9.8.7:1"), Ok(true));
    assert_eq!(opened("1.1.1.1:80"), Ok(false));
}

#[test]
fn ranges_read_back_and_what_is_no_range_is_refused() {
    for text in ["10.0.0.0/8", "127.0.0.1/32:8080", "::1/128", "[::1/128]:80"] {
        let net: AllowNet = text.parse().expect("valid");
        assert_eq!(net.to_string(), text);
    }
    for text in ["", "localhost", "10.0.0.0/33", "127.0.0.1:", "127.0.0.1:99999", "::1:x", "[::1"] {
        assert!(text.parse::<AllowNet>().is_err(), "{text:?}");
    }
}
