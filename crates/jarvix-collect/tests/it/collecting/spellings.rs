//! Every way to write an address that is not public, through the whole collector, with not one
//! connection made (HOSTILE 6 to 10). The network is made up so that a connection to any address
//! but the allowed ones arrives at a listener that counts: what the guard lets through is seen
//! there, whatever the collector itself says about it.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jarvix_collect::net::{BoxFuture, BoxStream, Net, ResolveError};
use jarvix_collect::settings::Adaptive;
use jarvix_core::{Outcome, Page};
use jarvix_testkit::hostile::Behaviour;
use jarvix_testkit::spellings::{self, Spelling};
use jarvix_testkit::{Forbidden, HostileOrigin};
use tokio::net::TcpStream;

use super::Lab;

/// One address or more of every kind that is not public.
const INNER_V4: [[u8; 4]; 18] = [
    [127, 0, 0, 1],
    [127, 255, 255, 254],
    [0, 0, 0, 0],
    [10, 0, 0, 1],
    [172, 16, 0, 1],
    [172, 31, 255, 254],
    [192, 168, 0, 1],
    [169, 254, 1, 1],
    [100, 64, 0, 1],
    [192, 0, 0, 1],
    [192, 0, 2, 1],
    [198, 51, 100, 1],
    [203, 0, 113, 1],
    [192, 88, 99, 1],
    [198, 18, 0, 1],
    [224, 0, 0, 1],
    [240, 0, 0, 1],
    [255, 255, 255, 255],
];
const INNER_V6: [&str; 16] = [
    "::1",
    "::",
    "fe80::1",
    "febf::1",
    "fec0::1",
    "fc00::1",
    "fdff:1:2:3::4",
    "ff02::1",
    "2001:db8::1",
    "3fff::1",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "100::1",
    "4000::1",
    "5f00::1",
];
const METADATA_V4: [[u8; 4]; 5] = [
    [169, 254, 169, 254],
    [169, 254, 170, 2],
    [100, 100, 100, 200],
    [168, 63, 129, 16],
    [192, 0, 0, 192],
];
const METADATA_V6: [&str; 2] = ["fd00:ec2::254", "fd20:ce::254"];
/// Stands for the public internet: whoever connects to it meets the origin.
const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::new(93, 184, 215, 14));
const PORT: u16 = 8080;

/// A way to write an address, and the line of a list that does so.
struct Way {
    kind: &'static str,
    line: String,
}

/// A network in which every address leads somewhere: the origin's own and [`PUBLIC`] to the
/// origin, all others to the forbidden listener. A name has the addresses it was given, the n-th
/// time it is asked for the n-th of them.
struct Maze {
    origin: SocketAddr,
    forbidden: SocketAddr,
    names: HashMap<String, Vec<Vec<IpAddr>>>,
    asked: Mutex<HashMap<String, usize>>,
}

impl Net for Maze {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>, ResolveError>> {
        let mut asked = self.asked.lock().expect("a lock");
        let count = asked.entry(host.to_owned()).or_default();
        let answers = self.names.get(host);
        let answer = answers.and_then(|all| all.get(*count).or(all.last())).cloned();
        *count += 1;
        Box::pin(async move { answer.ok_or(ResolveError::NoSuchName) })
    }

    fn connect(&self, addr: SocketAddr) -> BoxFuture<'_, io::Result<BoxStream>> {
        let allowed = addr == self.origin || addr.ip() == PUBLIC;
        let to = if allowed { self.origin } else { self.forbidden };
        Box::pin(async move { Ok(Box::new(TcpStream::connect(to).await?) as BoxStream) })
    }
}

/// The collector in the maze.
struct Trial {
    origin: HostileOrigin,
    forbidden: Forbidden,
    names: HashMap<String, Vec<Vec<IpAddr>>>,
    ways: Vec<Way>,
    open: Vec<String>,
    robots: bool,
}

/// What came of it.
struct Verdict {
    /// Connections at the forbidden listener.
    connections: u64,
    /// Lines that ended in another way than refused, by kind.
    leaks: BTreeMap<&'static str, Vec<String>>,
    /// Lines by kind.
    kinds: BTreeMap<&'static str, usize>,
    pages: Vec<Page>,
}

impl Trial {
    fn new() -> Self {
        Self {
            origin: HostileOrigin::start(),
            forbidden: Forbidden::listen(),
            names: HashMap::new(),
            ways: Vec::new(),
            open: Vec::new(),
            robots: false,
        }
    }

    /// Adds hosts; every line gets a path of its own, so that no two are the same page.
    fn hosts(&mut self, hosts: impl IntoIterator<Item = Spelling>) {
        for Spelling { kind, host } in hosts {
            let line = format!("http://{host}:{PORT}/{}", self.ways.len());
            self.ways.push(Way { kind, line });
        }
    }

    /// Adds a name that leads to these addresses, one answer after the other.
    fn name(&mut self, kind: &'static str, answers: Vec<Vec<IpAddr>>) {
        let name = format!("n{}.names.example", self.ways.len());
        self.ways.push(Way { kind, line: format!("http://{name}/") });
        self.names.insert(name, answers);
    }

    /// Adds a page of the origin that redirects to `location`.
    fn redirect(&mut self, kind: &'static str, status: u16, location: &str) {
        let path = format!("/redirect/{}", self.ways.len());
        let headers = vec![("Location".to_owned(), location.to_owned())];
        let line = self.origin.set(&path, Behaviour::Status(status, headers));
        self.ways.push(Way { kind, line });
    }

    fn run(mut self) -> Verdict {
        let net = Maze {
            origin: self.origin.addr(),
            forbidden: self.forbidden.addr(),
            names: self.names,
            asked: Mutex::default(),
        };
        let mut lab = Lab::with_net(Arc::new(net));
        let origin = self.origin.addr().to_string();
        let open = self.open.iter().chain([&origin]);
        lab.settings.allow_net = open.map(|net| net.parse().expect("a range")).collect();
        lab.settings.robots = self.robots;
        // Nobody is there to be polite to, and what gets through is not to be waited for.
        lab.settings.adaptive = Adaptive::Off;
        lab.settings.per_host = 100;
        lab.settings.retries = 0;
        lab.settings.phases.head = Duration::from_millis(200);
        let pages = lab.pages_of(self.ways.iter().map(|way| &way.line));
        let mut verdict = Verdict {
            connections: self.forbidden.connections(),
            leaks: BTreeMap::new(),
            kinds: BTreeMap::new(),
            pages: Vec::new(),
        };
        for Way { kind, line } in self.ways {
            *verdict.kinds.entry(kind).or_default() += 1;
            // A line that is no URL has no page: it never came near the network.
            let Ok(url) = jarvix_core::canonicalise(&line) else { continue };
            let page = pages.get(url.as_str()).unwrap_or_else(|| panic!("{line} has no row"));
            if page.outcome != Outcome::AddressDenied {
                let how = format!("{line}: {:?} {:?}", page.outcome, page.reason);
                verdict.leaks.entry(kind).or_default().push(how);
            }
        }
        verdict.pages = pages.into_values().collect();
        verdict
    }
}

fn v4(all: &[[u8; 4]]) -> impl Iterator<Item = Ipv4Addr> {
    all.iter().map(|octets| Ipv4Addr::from(*octets))
}

fn v6(all: &'static [&str]) -> impl Iterator<Item = Ipv6Addr> {
    all.iter().map(|text| text.parse().expect("an address"))
}

/// Every address of every kind, in every spelling, as lines of a list.
fn all_lines(trial: &mut Trial) {
    for ip in v4(&INNER_V4).chain(v4(&METADATA_V4)) {
        trial.hosts(spellings::of_v4(ip));
        trial.hosts(spellings::carriers_of(ip));
    }
    for ip in v6(&INNER_V6).chain(v6(&METADATA_V6)) {
        trial.hosts(spellings::of_v6("IPv6", ip));
        trial.hosts(spellings::with_zones(ip));
    }
    for host in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:7f00:1]"] {
        let path = format!("/{}", trial.ways.len());
        for (n, (kind, line)) in spellings::dressed_up(host, PORT, &path).into_iter().enumerate() {
            let line = line.replace(&path, &format!("{path}-{n}"));
            trial.ways.push(Way { kind, line });
        }
    }
}

/// Names that lead inside, at once or later.
fn all_names(trial: &mut Trial) {
    let inner: Vec<IpAddr> = v4(&INNER_V4)
        .chain(v4(&METADATA_V4))
        .map(IpAddr::from)
        .chain(v6(&INNER_V6).chain(v6(&METADATA_V6)).map(IpAddr::from))
        .collect();
    for ip in &inner {
        trial.name("names with an inner address", vec![vec![*ip]]);
        trial.name("names with two inner addresses", vec![vec![*ip, inner[0]]]);
    }
    for ip in v4(&INNER_V4) {
        let mapped = IpAddr::V6(ip.to_ipv6_mapped());
        trial.name("names with an inner address", vec![vec![mapped]]);
    }
}

#[track_caller]
fn assert_tight(verdict: &Verdict) {
    assert!(verdict.leaks.is_empty(), "{:#?}", verdict.leaks);
    assert_eq!(verdict.connections, 0);
}

#[test]
fn no_spelling_of_an_inner_address_is_connected_to() {
    let mut trial = Trial::new();
    all_lines(&mut trial);
    all_names(&mut trial);
    let verdict = trial.run();
    assert_tight(&verdict);
    for (kind, count) in KINDS {
        assert_eq!(verdict.kinds.get(kind), Some(count), "{kind}: {:#?}", verdict.kinds);
    }
    assert_eq!(verdict.kinds.len(), KINDS.len(), "{:#?}", verdict.kinds);
    assert!(KINDS.iter().map(|(_, count)| count).sum::<usize>() >= 500);
}

/// How many spellings there are of each kind.
const KINDS: &[(&str, usize)] = &[
    ("one number", 138),
    ("two numbers", 184),
    ("three numbers", 184),
    ("four numbers", 184),
    ("trailing dot", 92),
    ("full-width digits", 23),
    ("mathematical digits", 23),
    ("double-struck digits", 23),
    ("subscript digits", 23),
    ("superscript digits", 23),
    ("circled digits", 23),
    ("full-width dots", 23),
    ("ideographic dots", 23),
    ("half-width ideographic dots", 23),
    ("percent-encoded", 92),
    ("ignored characters", 115),
    ("IPv4-compatible", 115),
    ("IPv4-mapped", 115),
    ("IPv4-translated", 115),
    ("NAT64", 115),
    ("local NAT64", 115),
    ("ISATAP", 230),
    ("6to4", 184),
    ("Teredo server", 92),
    ("Teredo client", 92),
    ("IPv6", 72),
    ("zone", 90),
    ("user names", 35),
    ("slashes", 35),
    ("schemes", 10),
    ("ports", 10),
    ("tails", 20),
    ("spaces", 10),
    ("names with an inner address", 59),
    ("names with two inner addresses", 41),
];

#[test]
fn asking_for_robots_txt_first_opens_no_door() {
    let mut trial = Trial::new();
    trial.robots = true;
    for ip in v4(&INNER_V4).take(4) {
        trial.hosts(spellings::of_v4(ip));
        trial.hosts(spellings::carriers_of(ip));
    }
    all_names(&mut trial);
    assert_tight(&trial.run());
}

#[test]
fn no_redirect_leads_to_an_inner_address() {
    let mut trial = Trial::new();
    for (n, ip) in v4(&INNER_V4).chain(v4(&METADATA_V4)).enumerate() {
        let status = [301, 302, 303, 307, 308][n % 5];
        let hosts = spellings::of_v4(ip).into_iter().chain(spellings::carriers_of(ip));
        // Every seventh, another seventh for each address: all kinds come up.
        for Spelling { kind, host } in hosts.skip(n % 7).step_by(7) {
            trial.redirect(kind, status, &format!("http://{host}:{PORT}/"));
            trial.redirect(kind, status, &format!("//{host}/"));
        }
    }
    for ip in v6(&INNER_V6) {
        trial.redirect("IPv6", 302, &format!("https://[{ip}]/"));
    }
    // Two hops, and a name at the end of them.
    let inner = trial.origin.set("/inner", Behaviour::RedirectTo("http://0x7f.1/".into()));
    trial.redirect("two hops", 302, &inner);
    trial.names.insert("inside.example".into(), vec![vec![Ipv4Addr::LOCALHOST.into()]]);
    let named = trial.origin.set("/named", Behaviour::RedirectTo("http://inside.example/".into()));
    trial.redirect("two hops", 307, &named);
    let verdict = trial.run();
    assert_tight(&verdict);
    assert!(verdict.kinds.values().sum::<usize>() >= 500, "{:#?}", verdict.kinds);
    assert!(verdict.pages.iter().all(|page| !page.redirects.is_empty()));
}

#[test]
fn a_name_that_moves_inside_between_two_questions_is_not_followed() {
    let mut trial = Trial::new();
    trial.robots = true;
    let close = vec![("Connection".to_owned(), "close".to_owned())];
    trial.origin.set("/robots.txt", Behaviour::Status(404, close));
    let inner: Vec<IpAddr> =
        v4(&INNER_V4).map(IpAddr::from).chain(v6(&INNER_V6).map(IpAddr::from)).collect();
    for ip in &inner {
        trial.name("moves at once", vec![vec![PUBLIC], vec![*ip]]);
    }
    let verdict = trial.run();
    assert_tight(&verdict);

    // Among several addresses the public one is taken, and only that.
    let mut trial = Trial::new();
    trial.origin.set("/", Behaviour::Page);
    for ip in &inner {
        trial.name("public and inner", vec![vec![*ip, PUBLIC, *ip]]);
    }
    let verdict = trial.run();
    assert_eq!(verdict.connections, 0);
    for page in &verdict.pages {
        assert_eq!(page.outcome, Outcome::Fetched, "{}: {:?}", page.url, page.reason);
        assert_eq!(page.remote_addr, Some(SocketAddr::new(PUBLIC, 80).to_string()));
    }
}

#[test]
fn metadata_services_stay_shut_when_everything_is_opened() {
    let mut trial = Trial::new();
    trial.open = vec!["0.0.0.0/0".to_owned(), "::/0".to_owned()];
    for ip in v4(&METADATA_V4) {
        trial.hosts(spellings::of_v4(ip));
        trial.hosts(spellings::carriers_of(ip));
        trial.name("names with an inner address", vec![vec![ip.into()]]);
        trial.redirect("redirects", 302, &format!("http://{ip}/latest/meta-data/"));
    }
    for ip in v6(&METADATA_V6) {
        trial.hosts(spellings::of_v6("IPv6", ip));
        trial.name("names with an inner address", vec![vec![ip.into()]]);
        trial.redirect("redirects", 302, &format!("http://[{ip}]/"));
    }
    let verdict = trial.run();
    assert_tight(&verdict);
    assert!(verdict.kinds.values().sum::<usize>() >= 250, "{:#?}", verdict.kinds);
}

/// The harness is worth something: a guard with one hole is found, and the hole is named.
#[test]
fn a_guard_with_one_hole_is_caught() {
    for (hole, kinds) in [
        ("64:ff9b::/96", &["NAT64"][..]),
        ("2002::/16", &["6to4"]),
        ("fc00::/7", &["IPv6"]),
        ("0.0.0.0/8", &["four numbers", "one number"]),
    ] {
        let mut trial = Trial::new();
        trial.open = vec![hole.to_owned()];
        for ip in v4(&[[10, 0, 0, 1], [0, 0, 0, 0]]) {
            let some = |s: &Spelling| s.kind == "four numbers" || s.kind == "one number";
            trial.hosts(spellings::of_v4(ip).into_iter().filter(some));
        }
        trial.hosts(spellings::carriers_of(Ipv4Addr::new(10, 0, 0, 1)));
        for ip in v6(&["fd00::1", "fe80::1"]) {
            trial.hosts(spellings::of_v6("IPv6", ip));
        }
        let verdict = trial.run();
        assert!(verdict.connections > 0, "{hole}: nothing arrived at the listener");
        let leaks: Vec<&str> = verdict.leaks.keys().copied().collect();
        assert_eq!(leaks, kinds, "{hole}: {:#?}", verdict.leaks);
    }
}

/// The same with the machine's own network, where loopback can be reached for real.
#[test]
fn the_machines_own_network_is_as_tight() {
    let mut forbidden = Forbidden::listen();
    let port = forbidden.addr().port();
    let mut lines: Vec<String> = spellings::of_v4(Ipv4Addr::LOCALHOST)
        .into_iter()
        .chain(spellings::carriers_of(Ipv4Addr::LOCALHOST))
        .chain(spellings::of_v6("IPv6", Ipv6Addr::LOCALHOST))
        .enumerate()
        .map(|(n, spelling)| format!("http://{}:{port}/{n}", spelling.host))
        .collect();
    for name in
        ["localhost", "LOCALHOST", "localhost.", "a.b.localhost", "loc%61lhost", "ｌｏｃalhost"]
    {
        lines.push(format!("http://{name}:{port}/{}", lines.len()));
    }
    let mut lab = Lab::new();
    lab.settings.allow_net.clear();
    lab.settings.adaptive = Adaptive::Off;
    lab.settings.per_host = 100;
    let pages = lab.pages_of(&lines);
    assert_eq!(pages.len(), lines.len());
    for page in pages.values() {
        assert_eq!(page.outcome, Outcome::AddressDenied, "{}: {:?}", page.url, page.reason);
    }
    assert_eq!(forbidden.connections(), 0);
}
