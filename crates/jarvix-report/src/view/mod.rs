//! What a report shows: the summary, sentence by sentence and cell by cell. The HTML and the PDF are
//! both drawn from it, so the two cannot differ.
//!
//! Safety is by type (HOSTILE 42): a text that is not Jarvix's own wording stands here only as
//! [`Shown`], which has gone through [`escape`](crate::escape).

pub(crate) mod account;
pub(crate) mod manners;
pub(crate) mod over_time;
pub(crate) mod ranking;

use std::fmt;

use crate::chart::{Histogram, Scatter};
use crate::{Brand, Summary, brief, escape, words};

/// Longest title, reason or other text of a page that is shown, in characters.
const TEXT_CHARS_MAX: usize = 300;
/// Longest text of a page within a sentence of ours, in characters.
const LEAD_CHARS_MAX: usize = 90;
/// Longest URL that is shown as text, in characters; its link keeps all of it.
const URL_CHARS_MAX: usize = 160;

/// A report, ready to be drawn.
pub(crate) struct View {
    pub(crate) footer: Option<Shown>,
    pub(crate) title: Shown,
    pub(crate) version: Shown,
    pub(crate) facts: Vec<Fact>,
    pub(crate) discrepancies: Vec<String>,
    pub(crate) figures: Vec<Figure>,
    pub(crate) lead: Vec<Vec<Piece>>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) histogram: Option<Histogram>,
    pub(crate) spread: String,
    pub(crate) actions: Vec<account::Action>,
    pub(crate) scored: String,
    pub(crate) ranking: ranking::Ranking,
    pub(crate) over_time: Option<over_time::OverTime>,
    pub(crate) hosts: Vec<account::Host>,
    pub(crate) hosts_note: String,
    pub(crate) hosts_chart: Option<Scatter>,
    pub(crate) manners: manners::Manners,
    pub(crate) groups: Vec<account::Group>,
    pub(crate) outcomes: Vec<account::Line>,
    pub(crate) pages: String,
    pub(crate) account: &'static str,
    pub(crate) ledger: Vec<account::Line>,
    pub(crate) lines: String,
    pub(crate) from_links: Option<String>,
    pub(crate) ways: Vec<account::Line>,
    pub(crate) left_out: Vec<account::Failure>,
    pub(crate) found_on: Vec<account::Failure>,
    pub(crate) gates: Vec<account::Line>,
    pub(crate) gated: String,
    pub(crate) failures: Vec<account::Failure>,
    pub(crate) failing_hosts: Vec<account::FailingHost>,
    pub(crate) failures_note: String,
    pub(crate) rejects: Vec<account::Reject>,
    pub(crate) rejects_note: String,
    pub(crate) clusters: Vec<account::Cluster>,
    pub(crate) duplicates_note: String,
    pub(crate) profile: account::Profile,
    pub(crate) settings: Vec<Fact>,
    pub(crate) sizes: Vec<Fact>,
    pub(crate) repeat_command: Shown,
    pub(crate) method: Vec<Shown>,
}

/// A text from outside, harmless to show.
#[derive(Clone)]
pub(crate) struct Shown(pub(crate) String);

impl Shown {
    pub(crate) fn of(text: &str) -> Self {
        Self(escape::shortened(text, TEXT_CHARS_MAX))
    }

    /// In full: for what people copy.
    fn whole(text: &str) -> Self {
        Self(escape::visible(text))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A URL that may be followed, or only read.
pub(crate) struct Link {
    /// `None` for anything but http and https, and for text that is not quite what it seems.
    /// `file:` URLs of local inputs name a folder's contents, not a place on this machine.
    pub(crate) href: Option<Shown>,
    pub(crate) text: Shown,
}

impl Link {
    fn of(url: &str) -> Self {
        let web = ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme));
        let whole = Shown::whole(url);
        let href = (web && whole.0 == url && !url.contains(' ')).then_some(whole);
        Self { href, text: Shown(escape::shortened(url, URL_CHARS_MAX)) }
    }
}

/// A name and a value.
pub(crate) struct Fact {
    pub(crate) name: Shown,
    pub(crate) value: Shown,
}

impl Fact {
    pub(crate) fn new(name: &str, value: &str) -> Self {
        Self { name: Shown::of(name), value: Shown::of(value) }
    }
}

/// A key figure.
pub(crate) struct Figure {
    pub(crate) value: String,
    pub(crate) name: Shown,
    pub(crate) note: String,
}

/// A piece of a sentence. What is not ours stands apart, so that its direction stays its own.
pub(crate) enum Piece {
    Ours(String),
    Theirs(Shown),
}

/// Something that stands out, in a sentence.
pub(crate) struct Finding {
    pub(crate) about: &'static str,
    pub(crate) pieces: Vec<Piece>,
}

fn pieces(sentence: brief::Sentence) -> Vec<Piece> {
    let piece = |piece| match piece {
        brief::Piece::Ours(text) => Piece::Ours(text),
        brief::Piece::Theirs(text) => {
            Piece::Theirs(Shown(escape::shortened(&text, LEAD_CHARS_MAX)))
        }
    };
    sentence.0.into_iter().map(piece).collect()
}

impl Finding {
    fn of(finding: brief::Finding) -> Self {
        Self { about: finding.about, pieces: pieces(finding.sentence) }
    }
}

impl View {
    pub(crate) fn of(summary: &Summary, brand: &Brand) -> Self {
        let scored = summary.scores.count;
        let title = match (&brand.title, &summary.part) {
            (Some(title), Some(part)) => Shown::of(&format!("{title} – {}", part.value)),
            (Some(title), None) => Shown::of(title),
            (None, _) => Shown::of(&summary.title),
        };
        Self {
            footer: brand.footer.as_deref().map(Shown::of),
            title,
            version: Shown::of(&summary.jarvix_version),
            facts: facts(summary),
            discrepancies: summary.discrepancies(),
            figures: figures(summary),
            lead: brief::lead(summary).into_iter().map(pieces).collect(),
            findings: brief::findings(summary).into_iter().map(Finding::of).collect(),
            histogram: Histogram::of(&summary.scores),
            spread: spread(summary),
            actions: account::actions(summary),
            scored: words::number(scored),
            ranking: ranking::Ranking::of(summary),
            over_time: over_time::OverTime::of(summary),
            hosts: account::hosts(summary),
            hosts_note: account::hosts_note(summary),
            hosts_chart: account::hosts_chart(summary),
            manners: manners::Manners::of(summary),
            groups: account::groups(summary),
            outcomes: account::outcomes(summary),
            pages: words::number(summary.pages()),
            account: match summary.part {
                Some(_) => "Every page accounted for",
                None => "Every line accounted for",
            },
            ledger: account::ledger(summary),
            lines: words::number(summary.input.lines),
            from_links: (summary.input.pages_from_links > 0).then(|| {
                words::counted(summary.input.pages_from_links, "more page was", "more pages were")
            }),
            ways: account::ways(summary),
            left_out: account::left_out(summary),
            found_on: account::found_on(summary),
            gates: account::gates(summary),
            gated: words::number(summary.gated()),
            failures: account::failures(summary),
            failing_hosts: account::failing_hosts(summary),
            failures_note: account::failures_note(summary),
            rejects: account::rejects(summary),
            rejects_note: account::rejects_note(summary),
            clusters: account::clusters(summary),
            duplicates_note: account::duplicates_note(summary),
            profile: account::Profile::of(summary),
            settings: summary.settings.iter().map(|s| Fact::new(&s.name, &s.value)).collect(),
            sizes: account::sizes(summary),
            repeat_command: Shown::whole(&summary.repeat_command),
            method: summary.method.iter().map(|sentence| Shown::whole(sentence)).collect(),
        }
    }
}

fn facts(summary: &Summary) -> Vec<Fact> {
    let mut facts = vec![Fact::new("Run", summary.run.as_str())];
    if let Some(part) = &summary.part {
        let what = words::spaced(&part.what);
        facts.push(Fact::new("Part of it", &format!("{what}: {}", part.value)));
    }
    if !summary.input.names.is_empty() {
        let shown: Vec<String> = summary.input.names.iter().take(3).cloned().collect();
        let more = summary.input.names.len() - shown.len();
        let names = match more {
            0 => words::list(&shown),
            more => format!("{} and {more} more", shown.join(", ")),
        };
        facts.push(Fact::new("Input", &names));
    }
    let fetched = match &summary.fetched {
        None => "nothing".to_owned(),
        Some(span) if span.first == span.last => span.first.clone(),
        Some(span) => format!("{} to {}", span.first, span.last),
    };
    facts.push(Fact::new("Fetched", &fetched));
    let left = summary.input.left + summary.input.links_left;
    if left > 0 {
        let left = words::number(left);
        facts.push(Fact::new("Unfinished", &format!("{left} pages are not fetched yet")));
    }
    if !summary.profile.name.is_empty() {
        facts.push(Fact::new("Profile", &summary.profile.name));
    }
    facts
}

fn figures(summary: &Summary) -> Vec<Figure> {
    let pages = summary.pages();
    let of_pages = |count| match pages {
        0 => String::new(),
        pages => format!("{} of the pages", words::share(count, pages)),
    };
    let mut figures = vec![
        Figure {
            value: words::number(pages),
            name: Shown::of("Pages"),
            note: match summary.part {
                Some(_) => format!("of {}", summary.run),
                None => format!("from {}", words::counted(summary.input.lines, "line", "lines")),
            },
        },
        Figure {
            value: words::number(summary.documents),
            name: Shown::of("Documents"),
            note: of_pages(summary.documents),
        },
        Figure {
            value: words::number(summary.failed()),
            name: Shown::of("Failed"),
            note: of_pages(summary.failed()),
        },
    ];
    if let Some(favoured) = summary.actions.first() {
        figures.push(Figure {
            value: words::number(favoured.count),
            name: Shown::of(&format!("Marked {}", favoured.action)),
            note: format!("{} of the scored", words::share(favoured.count, summary.scores.count)),
        });
    }
    if let Some(median) = summary.scores.median {
        figures.push(Figure {
            value: format!("{median:.1}"),
            name: Shown::of("Median score"),
            note: "of 100".to_owned(),
        });
    }
    figures
}

/// The spread of the scores in a sentence: what the chart shows, for those who do not see it.
fn spread(summary: &Summary) -> String {
    let scores = &summary.scores;
    match (scores.min, scores.median, scores.mean, scores.max) {
        (Some(min), Some(median), Some(mean), Some(max)) => format!(
            "{} from {min:.1} to {max:.1}; median {median:.1}, mean {mean:.1}.",
            words::counted(scores.count, "document scores", "documents score"),
        ),
        _ => "No document was scored.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_honest_web_addresses_can_be_followed() {
        for url in ["http://example.org/", "https://example.org/?a=1&b=%22"] {
            assert!(Link::of(url).href.is_some(), "{url}");
        }
        for url in [
            "javascript:alert(1)",
            "JAVASCRIPT:alert(1)",
            "data:text/html,x",
            "file:///pages/a.html",
            "//example.org",
            "https://example.org/\u{202e}gnp.exe",
            "https://example.org/a b",
            " javascript:alert(1)",
        ] {
            assert!(Link::of(url).href.is_none(), "{url}");
        }
    }
}
