//! Everything but the ranking: where the pages come from, how they ended, why some failed, what
//! repeats what, and how the figures came about.

use super::{Fact, Link, Shown};
use crate::chart::Scatter;
use crate::{FAILURE_EXAMPLES, GroupCount, HostRow, Milli, Summary, words};

/// A counted line of a table, with its share of the table's total.
pub(crate) struct Line {
    pub(crate) name: Shown,
    pub(crate) about: Shown,
    pub(crate) count: String,
    pub(crate) share: String,
    pub(crate) failure: bool,
}

/// An action and its part of the bar.
pub(crate) struct Action {
    pub(crate) name: Shown,
    pub(crate) about: Shown,
    pub(crate) count: String,
    pub(crate) share: Milli,
    pub(crate) x: Milli,
    pub(crate) tone: usize,
}

/// A host's row.
pub(crate) struct Host {
    pub(crate) name: Shown,
    pub(crate) pages: String,
    pub(crate) failed: String,
    pub(crate) documents: String,
    pub(crate) mean: Option<Milli>,
}

/// Documents by one property.
pub(crate) struct Group {
    pub(crate) title: &'static str,
    pub(crate) empty: &'static str,
    pub(crate) rows: Vec<GroupRow>,
}

/// One value of the property.
pub(crate) struct GroupRow {
    pub(crate) name: Shown,
    pub(crate) count: String,
    pub(crate) share: String,
    pub(crate) width: Milli,
}

/// A cause of failure.
pub(crate) struct Failure {
    pub(crate) outcome: String,
    pub(crate) reason: Shown,
    pub(crate) count: String,
    pub(crate) examples: Vec<Link>,
}

/// A host with failed pages.
pub(crate) struct FailingHost {
    pub(crate) name: Shown,
    pub(crate) failed: String,
    pub(crate) pages: String,
    pub(crate) mostly: String,
}

/// A rejected line.
pub(crate) struct Reject {
    pub(crate) source: Shown,
    pub(crate) line: u64,
    pub(crate) text: Shown,
    pub(crate) reason: Shown,
}

/// A group of documents with the same text.
pub(crate) struct Cluster {
    pub(crate) representative: Link,
    pub(crate) repeated: String,
    pub(crate) examples: Vec<Link>,
}

/// The profile and its signals.
pub(crate) struct Profile {
    pub(crate) name: Shown,
    pub(crate) hash: Shown,
    pub(crate) about: Shown,
    pub(crate) signals: Vec<SignalLine>,
}

/// A signal and its weight.
pub(crate) struct SignalLine {
    pub(crate) name: Shown,
    pub(crate) about: Shown,
    pub(crate) weight: String,
}

/// Patterns that the style sheet knows; further actions share the last one.
const TONES: usize = 4;

/// An action's place in the profile's order, as the number of its pattern.
pub(crate) fn tone(summary: &Summary, action: &str) -> usize {
    let place = summary.actions.iter().position(|a| a.action == action);
    place.unwrap_or(TONES - 1).min(TONES - 1)
}

pub(crate) fn actions(summary: &Summary) -> Vec<Action> {
    let mut x = Milli::ZERO;
    let mut actions = Vec::with_capacity(summary.actions.len());
    for row in &summary.actions {
        actions.push(Action {
            name: Shown::of(&row.action),
            about: Shown::of(&row.about),
            count: words::number(row.count),
            share: row.share,
            x,
            tone: tone(summary, &row.action),
        });
        x = x + row.share;
    }
    actions
}

fn host_name(host: &HostRow) -> Shown {
    Shown::of(words::host(&host.host))
}

/// The hosts that are shown as dots.
pub(crate) fn hosts_chart(summary: &Summary) -> Option<Scatter> {
    Scatter::of(&summary.hosts, |host| host_name(host).0)
}

pub(crate) fn hosts(summary: &Summary) -> Vec<Host> {
    let row = |host: &HostRow| Host {
        name: host_name(host),
        pages: words::number(host.pages),
        failed: words::number(host.failed),
        documents: words::number(host.documents),
        mean: host.mean_score,
    };
    summary.hosts.iter().map(row).collect()
}

pub(crate) fn hosts_note(summary: &Summary) -> String {
    match (summary.hosts.is_empty(), summary.hosts_left_out) {
        (true, _) => "No page, so no host.".to_owned(),
        (false, 0) => "All hosts, most pages first.".to_owned(),
        (false, more) => format!(
            "Most pages first; {} not shown.",
            words::counted(more, "further host is", "further hosts are")
        ),
    }
}

pub(crate) fn groups(summary: &Summary) -> Vec<Group> {
    vec![
        Group {
            title: "Kinds of page",
            empty: "No document, so no kinds of page.",
            rows: group_rows(&summary.page_types, summary.documents),
        },
        Group {
            title: "Languages",
            empty: "No document, so no languages.",
            rows: group_rows(&summary.languages, summary.documents),
        },
    ]
}

fn group_rows(groups: &[GroupCount], documents: u64) -> Vec<GroupRow> {
    let row = |group: &GroupCount| GroupRow {
        name: Shown::of(if group.name.is_empty() { "not known" } else { &group.name }),
        count: words::number(group.count),
        share: words::share(group.count, documents),
        width: Milli::percent(group.count, documents).min(Milli::whole(100)),
    };
    groups.iter().map(row).collect()
}

/// How the pages ended; adds up to all pages.
pub(crate) fn outcomes(summary: &Summary) -> Vec<Line> {
    let pages = summary.pages();
    let line = |row: &crate::OutcomeCount| Line {
        name: Shown::of(&words::spaced(row.outcome.as_str())),
        about: Shown::of(&row.about),
        count: words::number(row.count),
        share: words::share(row.count, pages),
        failure: row.failure,
    };
    summary.outcomes.iter().map(line).collect()
}

/// What became of the input's lines; adds up to all lines. A part of a run has none of its own.
pub(crate) fn ledger(summary: &Summary) -> Vec<Line> {
    if summary.part.is_some() {
        return Vec::new();
    }
    let input = &summary.input;
    let left = ("not fetched yet", "Distinct addresses that a continued run fetches.", input.left);
    [
        Some(("pages", "Distinct addresses; each has a row and an outcome.", input.pages)),
        (input.left > 0).then_some(left),
        Some(("rejects", "Lines that are not usable addresses.", input.rejects)),
        Some(("repeated lines", "Lines that name an address a second time.", input.duplicates)),
    ]
    .into_iter()
    .flatten()
    .map(|(name, about, count)| Line {
        name: Shown::of(name),
        about: Shown::of(about),
        count: words::number(count),
        share: words::share(count, input.lines),
        failure: false,
    })
    .collect()
}

/// How the pages came into the run; adds up to all pages.
pub(crate) fn ways(summary: &Summary) -> Vec<Line> {
    let pages = summary.pages();
    let line = |way: &crate::FoundCount| Line {
        name: Shown::of(&way.name),
        about: Shown::of(""),
        count: words::number(way.count),
        share: words::share(way.count, pages),
        failure: false,
    };
    summary.crawl.pages.iter().map(line).collect()
}

/// Why addresses that were found are not fetched.
pub(crate) fn left_out(summary: &Summary) -> Vec<Failure> {
    let row = |row: &crate::LeftOutRow| Failure {
        outcome: words::spaced(row.cause.as_str()),
        reason: Shown::of(&row.about),
        count: words::number(row.count),
        examples: row.examples.iter().take(FAILURE_EXAMPLES).map(|url| Link::of(url)).collect(),
    };
    summary.crawl.left_out.iter().map(row).collect()
}

/// The pages that led to most others.
pub(crate) fn found_on(summary: &Summary) -> Vec<Failure> {
    let row = |row: &crate::FoundOnRow| Failure {
        outcome: String::new(),
        reason: Shown::of(""),
        count: words::number(row.pages),
        examples: vec![Link::of(&row.url)],
    };
    summary.crawl.found_on.iter().map(row).collect()
}

/// Documents that are not content.
pub(crate) fn gates(summary: &Summary) -> Vec<Line> {
    let line = |row: &crate::GateCount| Line {
        name: Shown::of(&words::spaced(row.gate.as_str())),
        about: Shown::of(&row.about),
        count: words::number(row.count),
        share: words::share(row.count, summary.documents),
        failure: false,
    };
    summary.gates.iter().map(line).collect()
}

pub(crate) fn failures(summary: &Summary) -> Vec<Failure> {
    let row = |cause: &crate::FailureCause| Failure {
        outcome: words::spaced(cause.outcome.as_str()),
        reason: Shown::of(&cause.reason),
        count: words::number(cause.count),
        examples: cause.examples.iter().take(FAILURE_EXAMPLES).map(|url| Link::of(url)).collect(),
    };
    summary.failures.iter().map(row).collect()
}

pub(crate) fn failing_hosts(summary: &Summary) -> Vec<FailingHost> {
    let row = |host: &crate::FailingHost| FailingHost {
        name: Shown::of(words::host(&host.host)),
        failed: words::number(host.failed),
        pages: words::number(host.pages),
        mostly: words::spaced(host.outcome.as_str()),
    };
    summary.failing_hosts.iter().map(row).collect()
}

pub(crate) fn failures_note(summary: &Summary) -> String {
    let failed = match summary.failed() {
        0 => "No page failed".to_owned(),
        failed => format!("{} failed", words::counted(failed, "page", "pages")),
    };
    let without = summary.pages().saturating_sub(summary.giving());
    let others = match without.saturating_sub(summary.failed()) {
        0 => String::new(),
        1 => "; 1 was left alone or is no text".to_owned(),
        others => format!("; {} were left alone or are no text", words::number(others)),
    };
    let shown: u64 = summary.failures.iter().map(|cause| cause.count).sum();
    let rest = match without.saturating_sub(shown) {
        _ if without == 0 => ".".to_owned(),
        0 => ". By cause:".to_owned(),
        rest => format!(
            ". The most frequent causes, with examples; rarer ones account for another {}.",
            words::number(rest)
        ),
    };
    format!("{failed}{others}{rest}")
}

pub(crate) fn rejects(summary: &Summary) -> Vec<Reject> {
    let row = |reject: &crate::RejectRow| Reject {
        source: Shown::of(&reject.source),
        line: reject.line_no,
        text: Shown::of(&reject.text),
        reason: Shown::of(&reject.reason),
    };
    summary.rejects.sample.iter().map(row).collect()
}

pub(crate) fn rejects_note(summary: &Summary) -> String {
    let all = summary.input.rejects;
    let shown = summary.rejects.sample.len() as u64;
    match all {
        0 if summary.part.is_some() => {
            "A line that is no usable address is of no part; the report of the whole run has them."
                .to_owned()
        }
        0 => "Every line of the input is a usable address.".to_owned(),
        all if shown < all => format!("The first {shown} of {}.", words::number(all)),
        all => format!("{}.", words::counted(all, "line", "lines")),
    }
}

pub(crate) fn clusters(summary: &Summary) -> Vec<Cluster> {
    let row = |cluster: &crate::ClusterRow| Cluster {
        representative: Link::of(&cluster.representative),
        repeated: words::number(cluster.repeated),
        examples: cluster.examples.iter().map(|url| Link::of(url)).collect(),
    };
    summary.duplicates.largest.iter().map(row).collect()
}

pub(crate) fn duplicates_note(summary: &Summary) -> String {
    let facts = &summary.duplicates;
    if facts.clusters == 0 {
        return "No document repeats another one.".to_owned();
    }
    let mut note = format!(
        "{} another one; together with the pages that they repeat they form {}.",
        words::counted(facts.repeated, "document repeats", "documents repeat"),
        words::counted(facts.clusters, "group", "groups"),
    );
    if (facts.largest.len() as u64) < facts.clusters {
        note.push_str(" The largest are shown.");
    }
    note
}

pub(crate) fn sizes(summary: &Summary) -> Vec<Fact> {
    let sizes = &summary.sizes;
    let received = Fact::new("Received", &words::bytes(sizes.bytes_wire));
    if summary.part.is_some() {
        return vec![received];
    }
    vec![
        received,
        Fact::new("Decoded", &words::bytes(sizes.bytes_decoded)),
        Fact::new(
            "Kept on disk",
            &format!(
                "{} in {}",
                words::bytes(sizes.bytes_parts),
                words::counted(sizes.parts, "part", "parts")
            ),
        ),
    ]
}

impl Profile {
    pub(crate) fn of(summary: &Summary) -> Self {
        let profile = &summary.profile;
        Self {
            name: Shown::of(&profile.name),
            hash: Shown::of(&profile.hash),
            about: Shown::of(&profile.about),
            signals: profile
                .signals
                .iter()
                .map(|signal| SignalLine {
                    name: Shown::of(&words::spaced(&signal.name)),
                    about: Shown::of(&signal.about),
                    weight: words::plain(signal.weight).replace('-', "\u{2212}"),
                })
                .collect(),
        }
    }
}
