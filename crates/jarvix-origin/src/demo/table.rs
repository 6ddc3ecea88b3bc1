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
    /// The same page with another `Content-Type`.
    const fn typed(mut self, content_type: &'static str) -> Self {
        if let Some(Act::Page { html, .. }) = self.act {
            self.act = Some(Act::Page { html, content_type });
        }
        self
    }

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
const SHOP: &str = "kessel.localhost";
const FORUM: &str = "forum.localhost";
const MANUAL: &str = "lumen.localhost";
const WORKSHOP: &str = "workshop.localhost";
const WORLD: &str = "world.localhost";
const HARBOUR: &str = "harbour.localhost";
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

/// Trouble that is the whole server's: on a host of its own, so that a host which keeps failing
/// takes nothing else with it.
const fn broken(host: &'static str, act: Act, outcome: Outcome, about: &'static str) -> Entry {
    entry(Place::Site { host, path: "/menu" }, Some(act), outcome, about)
}

const fn elsewhere(url: &'static str, outcome: Outcome, about: &'static str) -> Entry {
    entry(Place::Elsewhere(url), None, outcome, about)
}

/// Pages that are reached by a redirect only.
pub(crate) const LANDINGS: &[(&str, &str, Act)] = &[
    (MAGAZINE, "/milk", Act::Redirect(302, "http://www.magazine.localhost:{port}/milk")),
    (
        "www.magazine.localhost",
        "/milk",
        Act::Redirect(308, "http://magazine.localhost:{port}/articles/milk-steaming"),
    ),
    (
        MAGAZINE,
        "/articles/milk-steaming",
        Act::Page { html: html!("milk-steaming.html"), content_type: HTML_UTF8 },
    ),
];

/// The table, in the order of the list: a comment, and the lines below it.
pub(crate) const SECTIONS: &[(&str, &[Entry])] = &[
    ("Crema Weekly, a magazine", MAGAZINE_PAGES),
    ("Kessel & Co., a shop for machines and grinders", SHOP_PAGES),
    ("A forum, a manual, a workshop", PEOPLE_PAGES),
    ("Other languages, other charsets", WORLD_PAGES),
    ("What goes wrong: each in its own way, and none of it stops the run", TROUBLES),
];

const MAGAZINE_PAGES: &[Entry] = &[
    page(
        MAGAZINE,
        "/articles/burr-geometry",
        html!("burr-geometry.html"),
        "a long article with all its metadata",
    ),
    page(
        MAGAZINE,
        "/articles/water-chemistry",
        html!("water-chemistry.html"),
        "a long article with lists and a quotation",
    ),
    page(
        MAGAZINE,
        "/articles/pressure-profiles",
        html!("pressure-profiles.html"),
        "an article in old markup, with comments below",
    ),
    page(
        MAGAZINE,
        "/articles/buyers-guide",
        html!("buyers-guide.html"),
        "a guide with a table of prices",
    ),
    page(MAGAZINE, "/news/recall", html!("recall.html"), "a short piece of news without an author"),
    page(MAGAZINE, "/reviews", html!("reviews.html"), "a list of articles"),
    page(
        MAGAZINE,
        "/collections/first-setup",
        html!("first-setup.html"),
        "a collection of products",
    ),
    page(
        MAGAZINE,
        "/premium/cost-of-a-cup",
        html!("cost-of-a-cup.html"),
        "a text that ends at a paywall",
    )
    .gate(Gate::Paywall),
    page(
        MAGAZINE,
        "/amp/burr-geometry",
        html!("burr-geometry-amp.html"),
        "the first article again, in other markup: an exact duplicate",
    ),
    entry(
        Place::Site { host: MAGAZINE, path: "/go/milk" },
        Some(Act::Redirect(301, "/milk")),
        Outcome::Fetched,
        "an article behind three redirects, one of them over another host",
    ),
    page(MAGAZINE, "/notice", html!("notice.html"), "a page of two sentences"),
];

const SHOP_PAGES: &[Entry] = &[
    page(
        SHOP,
        "/products/lumen-d58",
        html!("lumen-d58.html"),
        "a product with its price in JSON-LD",
    ),
    page(
        SHOP,
        "/products/lumen-d58-red",
        html!("lumen-d58-red.html"),
        "the same product in red: a near duplicate",
    ),
    page(
        SHOP,
        "/products/arc-kettle",
        html!("arc-kettle.html"),
        "a product whose text stands only in JSON-LD",
    ),
    page(SHOP, "/category/grinders", html!("grinders.html"), "a product listing"),
    page(SHOP, "/account/orders", html!("orders.html"), "a page that asks to sign in")
        .gate(Gate::Login),
    page(SHOP, "/checkout", html!("checkout.html"), "a bot check sent with status 200")
        .gate(Gate::Challenge),
];

const PEOPLE_PAGES: &[Entry] = &[
    page(FORUM, "/t/412", html!("channelling.html"), "a forum thread"),
    page(FORUM, "/t/377", html!("first-machine.html"), "questions and answers"),
    page(
        FORUM,
        "/t/501",
        html!("script-title.html"),
        "a title, an author and a description that try to be scripts",
    ),
    page(
        FORUM,
        "/t/502",
        html!("formula-title.html"),
        "a title that tries to be a formula, with control characters",
    ),
    page(MANUAL, "/docs/descaling", html!("descaling.html"), "documentation with code and a table"),
    page(MANUAL, "/docs/api/brew-events", html!("brew-events.html"), "a reference page"),
    page(MANUAL, "/console/", html!("console.html"), "a page that is empty until its scripts run")
        .gate(Gate::EmptyShell),
    page(WORKSHOP, "/services/repair", html!("workshop.html"), "a service with prices"),
    entry(
        Place::Site { host: HARBOUR, path: "/opening-day" },
        Some(Act::BusyOnce { html: html!("opening-day.html") }),
        Outcome::Fetched,
        "a server that asks to come back in a second, and then answers",
    ),
];

const WORLD_PAGES: &[Entry] = &[
    page(
        WORLD,
        "/en/your-water",
        html!("water-reprint.html"),
        "an article reprinted with small changes: a near duplicate",
    ),
    page(WORLD, "/de/wasser", html!("de-entkalken.html"), "German"),
    page(WORLD, "/fr/torrefacteur", html!("fr-torrefacteur.html"), "French"),
    page(
        WORLD,
        "/es/sobremesa",
        html!("es-sobremesa.html"),
        "Spanish; says UTF-8 and is windows-1252",
    )
    .typed(HTML),
    page(
        WORLD,
        "/ja/drip",
        html!("ja-drip.shift_jis.html"),
        "Japanese in Shift_JIS, as its meta element says",
    )
    .typed(HTML),
    page(
        WORLD,
        "/ru/turka",
        html!("ru-turka.windows-1251.html"),
        "Russian in windows-1251, as its header says",
    )
    .typed("text/html; charset=windows-1251"),
    page(WORLD, "/ar/dallah", html!("ar-dallah.html"), "Arabic, from right to left"),
];

const TROUBLES: &[Entry] = &[
    trouble("/sold-out", Act::Fails(404), Outcome::HttpError, "a page that is not there"),
    broken(
        "steam.localhost",
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
    broken("cold.localhost", Act::Stalls, Outcome::Timeout, "a server that says nothing"),
    broken(
        "fuse.localhost",
        Act::BreaksOff { html: html!("pressure-profiles.html") },
        Outcome::Incomplete,
        "a connection that ends in the middle of the page",
    ),
    broken("limescale.localhost", Act::Garbles, Outcome::Protocol, "an answer that is not HTTP"),
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
    entry(Place::ClosedPort, None, Outcome::AddressDenied, "another port of this computer"),
    entry(
        Place::Tls { host: SHOP, path: "/" },
        None,
        Outcome::Tls,
        "TLS spoken to a server that does not speak it",
    ),
];

/// A picture of one pixel.
pub(crate) const PNG: &[u8] = include_bytes!("../../demo/pixel.png");
