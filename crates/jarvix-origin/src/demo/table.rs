//! Every address of the demo, what it does, and how it is to end.

use jarvix_core::{Gate, Outcome};

/// A line of the table.
pub(crate) struct Entry {
    pub place: Place,
    pub act: Option<Act>,
    pub outcome: Outcome,
    pub gate: Option<Gate>,
    pub about: &'static str,
}

/// Where an address leads.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    /// A path on a host that the origin answers for.
    Site { host: &'static str, path: &'static str },
    /// The same, asked for over TLS, which the origin does not speak.
    Tls { host: &'static str, path: &'static str },
    /// A port beside the origin's where nobody listens.
    ClosedPort,
    /// Somewhere else: never reached.
    Elsewhere(&'static str),
}

/// What an address of the origin does.
#[derive(Clone, Copy)]
pub(crate) enum Act {
    /// Answers with a page.
    Page { html: &'static [u8], content_type: &'static str },
    /// Answers with an error status.
    Fails(u16),
    /// Redirects; `{port}` in the target is the origin's.
    Redirect(u16, &'static str),
    /// Says nothing for [`STALL`](crate::demo::STALL).
    Stalls,
    /// Closes the connection in the middle of the page.
    BreaksOff { html: &'static [u8] },
    /// Answers with bytes that are not HTTP.
    Garbles,
    /// Answers with a picture.
    Image,
    /// Answers with a decompression bomb.
    Bomb,
    /// Answers 429 with `Retry-After: 1`, and with the page from then on.
    BusyOnce { html: &'static [u8] },
}

impl Entry {
    /// The same, with a document that ends at `gate`.
    const fn gate(mut self, gate: Gate) -> Self {
        self.gate = Some(gate);
        self
    }

    /// Host, path and act of what the origin answers for.
    pub(crate) fn served(&self) -> Option<(&'static str, &'static str, Act)> {
        match (self.place, self.act) {
            (Place::Site { host, path }, Some(act)) => Some((host, path, act)),
            _ => None,
        }
    }
}

/// The robots.txt of every host.
pub(crate) const ROBOTS: &str = "\
# Everyone is welcome, but not behind the counter.
User-agent: *
Disallow: /staff/
";

macro_rules! html {
    ($name:literal) => {
        include_bytes!(concat!("../../demo/", $name))
    };
}

const HTML: &str = "text/html";
const HTML_UTF8: &str = "text/html; charset=utf-8";

const MAGAZINE: &str = "magazine.localhost";
const SHOP: &str = "shop.localhost";
const FORUM: &str = "forum.localhost";
const MANUAL: &str = "manual.localhost";
const WORKSHOP: &str = "workshop.localhost";
const WORLD: &str = "world.localhost";
const TROUBLE: &str = "trouble.localhost";

const fn entry(place: Place, act: Option<Act>, outcome: Outcome, about: &'static str) -> Entry {
    Entry { place, act, outcome, gate: None, about }
}

const fn page(
    host: &'static str,
    path: &'static str,
    html: &'static [u8],
    about: &'static str,
) -> Entry {
    let act = Act::Page { html, content_type: HTML_UTF8 };
    entry(Place::Site { host, path }, Some(act), Outcome::Fetched, about)
}

const fn trouble(path: &'static str, act: Act, outcome: Outcome, about: &'static str) -> Entry {
    entry(Place::Site { host: TROUBLE, path }, Some(act), outcome, about)
}

const fn elsewhere(url: &'static str, outcome: Outcome, about: &'static str) -> Entry {
    entry(Place::Elsewhere(url), None, outcome, about)
}

/// Pages that are reached by a redirect only.
pub(crate) const LANDINGS: &[(&str, &str, Act)] = &[];

/// The table, in the order of the list.
pub(crate) const SECTIONS: &[(&str, &[Entry])] = &[
    (
        "Crema Weekly, a magazine",
        &[page(
            MAGAZINE,
            "/articles/burr-geometry",
            html!("burr-geometry.html"),
            "a long article with all its metadata",
        )],
    ),
    (
        "What goes wrong: each of these ends in another way, and none of them stops the run",
        &[
            trouble("/sold-out", Act::Fails(404), Outcome::HttpError, "a page that is not there"),
            trouble(
                "/over-pressure",
                Act::Fails(500),
                Outcome::HttpError,
                "a server that fails at each attempt",
            ),
            trouble(
                "/round-and-round",
                Act::Redirect(302, "/and-round"),
                Outcome::RedirectLimit,
                "redirects in a circle",
            ),
            trouble(
                "/and-round",
                Act::Redirect(302, "/round-and-round"),
                Outcome::RedirectLimit,
                "the same circle from its other side",
            ),
            trouble(
                "/back-door",
                Act::Redirect(302, "http://169.254.169.254/latest/meta-data/"),
                Outcome::AddressDenied,
                "a redirect to the metadata address of a cloud",
            ),
            trouble(
                "/old-ftp",
                Act::Redirect(301, "ftp://files.localhost/manual.txt"),
                Outcome::SchemeDenied,
                "a redirect away from the web",
            ),
            trouble(
                "/staff/rota",
                Act::Fails(403),
                Outcome::RobotsDenied,
                "a page that robots.txt asks not to fetch",
            ),
            trouble("/cold-boiler", Act::Stalls, Outcome::Timeout, "a server that says nothing"),
            trouble(
                "/power-cut",
                Act::BreaksOff { html: html!("burr-geometry.html") },
                Outcome::Incomplete,
                "a connection that ends in the middle of the page",
            ),
            trouble("/limescale", Act::Garbles, Outcome::Protocol, "an answer that is not HTTP"),
            trouble("/latte-art.png", Act::Image, Outcome::NotContent, "a picture"),
            trouble("/bottomless-cup", Act::Bomb, Outcome::Fetched, "a decompression bomb")
                .gate(Gate::DecodeLimit),
            elsewhere("http://10.0.0.1/", Outcome::AddressDenied, "a private address"),
            elsewhere(
                "ftp://files.localhost/price-list.txt",
                Outcome::SchemeDenied,
                "an address that is not on the web",
            ),
            elsewhere("http://nowhere.invalid/", Outcome::Dns, "a name that does not exist"),
            entry(Place::ClosedPort, None, Outcome::Connect, "a port where nobody listens"),
            entry(
                Place::Tls { host: SHOP, path: "/" },
                None,
                Outcome::Tls,
                "TLS spoken to a server that does not speak it",
            ),
        ],
    ),
];

/// A picture of one pixel.
pub(crate) const PNG: &[u8] = include_bytes!("../../demo/pixel.png");
