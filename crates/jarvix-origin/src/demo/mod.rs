//! The demo: a small made-up corner of the web about coffee machines, and everything that goes
//! wrong there.
//!
//! The pages are the project's own, in `demo/` as files; what misbehaves is a closed list. One
//! table (`table::SECTIONS`) feeds the server, the list of URLs and what is expected of each.
//! Nothing here reaches further than the origin's own address: names that lead elsewhere are there
//! to be refused.

mod site;
mod table;

use std::net::SocketAddr;
use std::time::Duration;

use jarvix_core::{Gate, Outcome};

pub(crate) use site::DemoSite;
use table::{Entry, Place, SECTIONS};

/// The deadline of one attempt that suits the demo: everything but the page that stalls is far
/// faster.
pub const TIMEOUT: Duration = Duration::from_millis(1_500);
/// How long the page that stalls says nothing: longer than [`TIMEOUT`], short enough not to hang
/// anyone who sets a longer one.
pub const STALL: Duration = Duration::from_millis(2_500);
/// Lines of the list that repeat an earlier URL in another spelling.
pub const DUPLICATE_LINES: u64 = 1;
/// Lines of the list that are not usable URLs.
pub const REJECT_LINES: u64 = 2;

/// Another port of the origin's own address: a run of the demo may only reach the origin's.
const CLOSED_PORT: u16 = 1;

/// How one URL of the demo is to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The URL as it stands in the list; it is in canonical form.
    pub url: String,
    /// How fetching it ends.
    pub outcome: Outcome,
    /// The gate its document ends at; `None` for content, and where there is no document.
    pub gate: Option<Gate>,
    /// What the entry is there for, in words.
    pub about: &'static str,
}

/// The lines of the demo's list for an origin at `addr`: comments, a blank line, URLs, one URL
/// twice, and two lines that are not URLs.
pub fn urls(addr: SocketAddr) -> Vec<String> {
    let mut lines = vec![
        "# Coffee machines: who writes about them, who sells them, who mends them.".to_owned(),
        "# A made-up corner of the web, served from this computer.".to_owned(),
    ];
    for (comment, entries) in SECTIONS {
        lines.push(String::new());
        lines.push(format!("# {comment}"));
        lines.extend(entries.iter().map(|entry| entry.url(addr)));
    }
    lines.push(String::new());
    lines.push(
        "# The first page again, spelt differently; and two lines that are no URLs".to_owned(),
    );
    lines.extend(entries().next().map(|first| respelt(&first.url(addr))));
    lines.push("espresso machines (see the notes from Tuesday)".to_owned());
    lines.push("http://[coffee/".to_owned());
    lines
}

/// The text of the demo's list: [`urls`] as a file.
pub fn list(addr: SocketAddr) -> String {
    let mut text = urls(addr).join("\n");
    text.push('\n');
    text
}

/// How each distinct URL of the list is to end, in the order of the list.
pub fn expected(addr: SocketAddr) -> Vec<Expected> {
    entries()
        .map(|entry| Expected {
            url: entry.url(addr),
            outcome: entry.outcome,
            gate: entry.gate,
            about: entry.about,
        })
        .collect()
}

/// All lines of the table, in order.
fn entries() -> impl Iterator<Item = &'static Entry> {
    SECTIONS.iter().flat_map(|(_, entries)| entries.iter())
}

/// Another spelling of the same URL.
fn respelt(url: &str) -> String {
    let upper = url.replacen("http://", "HTTP://", 1);
    format!("{upper}?utm_source=newsletter#comments")
}

impl Entry {
    fn url(&self, addr: SocketAddr) -> String {
        let port = addr.port();
        match self.place {
            Place::Site { host, path } => format!("http://{host}:{port}{path}"),
            Place::Tls { host, path } => format!("https://{host}:{port}{path}"),
            Place::ClosedPort => {
                format!("http://{}/", SocketAddr::new(addr.ip(), CLOSED_PORT))
            }
            Place::Elsewhere(url) => url.to_owned(),
        }
    }
}
