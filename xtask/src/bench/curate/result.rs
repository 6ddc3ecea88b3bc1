//! The tables of the curate benchmark and the targets below them.

use super::super::measure::Run;
use super::super::{table, target};
use super::JARVIX;
use super::peers::Took;
use super::scores::{ALL, Score, Scores};

/// One program's run.
pub struct Row {
    pub name: String,
    pub run: Run,
    pub took: Took,
    /// Unknown for Jarvix if nothing was learned.
    pub scores: Option<Scores>,
    pub metadata: bool,
    pub without: &'static str,
}

impl Row {
    fn score(&self, kind: &str) -> Option<&Score> {
        self.scores.as_ref()?.get(kind)
    }
}

/// What the issue of curation set out to reach.
const F1_MILESTONE: f64 = 0.86;
const F1_GOAL: f64 = 0.88;
/// Times the pages per second of a peer: milestone and goal.
const SPEED: [(&str, f64, f64); 2] = [("trafilatura", 5.0, 10.0), ("resiliparse", 0.5, 1.0)];
/// Whose metadata is to be beaten.
const METADATA_PEER: &str = "trafilatura-metadata";

pub fn render(rows: &[Row]) -> String {
    let note = "\
Scores of jarvix: cross-validated, each page judged with weights that were learned from the other half
of the pages. Its speed is that of the weights that ship. Seconds are those of decoding and extraction.
";
    let mut out = programs(rows) + "\n" + note + "\nF1 by kind of page:\n\n" + &kinds(rows);
    out.push_str("\nHow often title, author and day are right:\n\n");
    out.push_str(&metadata(rows));
    out.push('\n');
    out.push_str(&verdicts(rows));
    out
}

fn share(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"))
}

fn programs(rows: &[Row]) -> String {
    const HEADS: [&str; 12] = [
        "program",
        "F1",
        "precision",
        "recall",
        "pages/s, CPU",
        "pages/s, wall",
        "CPU s",
        "wall s",
        "process CPU s",
        "RSS MB",
        "broke off",
        "leaves out",
    ];
    let cells = |row: &Row| {
        let of = |part: fn(&Score) -> f64| share(row.score(ALL).map(part));
        vec![
            row.name.clone(),
            of(|score| score.f1),
            of(|score| score.precision),
            of(|score| score.recall),
            format!("{:.1}", row.took.pages_per_cpu_s()),
            format!("{:.1}", row.took.pages as f64 / row.took.wall_s),
            format!("{:.2}", row.took.cpu_s),
            format!("{:.2}", row.took.wall_s),
            format!("{:.2}", row.run.cpu.as_secs_f64()),
            format!("{:.0}", row.run.rss_bytes as f64 / 1e6),
            row.took.failed.to_string(),
            row.without.to_owned(),
        ]
    };
    table::markdown(&HEADS, &rows.iter().map(cells).collect::<Vec<_>>())
}

/// The kinds of page that were judged, and how many of each there are.
fn judged(rows: &[Row]) -> Vec<(&str, u64)> {
    let scores = rows.iter().find_map(|row| row.scores.as_ref());
    let kinds = scores.into_iter().flatten();
    kinds.filter(|(kind, _)| *kind != ALL).map(|(kind, s)| (kind.as_str(), s.pages)).collect()
}

fn kinds(rows: &[Row]) -> String {
    let kinds = judged(rows);
    let heads: Vec<String> =
        kinds.iter().map(|(kind, pages)| format!("{kind} ({pages})")).collect();
    let heads: Vec<&str> =
        std::iter::once("program").chain(heads.iter().map(String::as_str)).collect();
    let cells = |row: &Row| {
        let of = |(kind, _): &(&str, u64)| share(row.score(kind).map(|score| score.f1));
        std::iter::once(row.name.clone()).chain(kinds.iter().map(of)).collect()
    };
    table::markdown(&heads, &rows.iter().map(cells).collect::<Vec<_>>())
}

fn metadata(rows: &[Row]) -> String {
    let cells = |row: &Row| {
        let of = |part: fn(&Score) -> Option<f64>| share(row.score(ALL).and_then(part));
        vec![
            row.name.clone(),
            of(|s| Some(s.title)),
            of(|s| Some(s.author)),
            of(|s| Some(s.day)),
            of(|s| s.author_labelled),
            of(|s| s.day_labelled),
        ]
    };
    let heads = [
        "program",
        "title",
        "author",
        "day",
        "author, of those labelled",
        "day, of those labelled",
    ];
    let rows: Vec<_> = rows.iter().filter(|row| row.metadata).map(cells).collect();
    table::markdown(&heads, &rows)
}

fn verdicts(rows: &[Row]) -> String {
    let Some(jarvix) = rows.iter().find(|row| row.name == JARVIX) else { return String::new() };
    let peers: Vec<&Row> = rows.iter().filter(|row| row.name != JARVIX).collect();
    quality(jarvix, &peers) + &speed(jarvix, &peers)
}

fn quality(jarvix: &Row, peers: &[&Row]) -> String {
    let mut out = String::new();
    let Some(own) = jarvix.score(ALL) else {
        return "- F1 of jarvix: not measured (`--quick`)\n".to_owned();
    };
    for (what, least) in [("milestone", F1_MILESTONE), ("goal", F1_GOAL)] {
        let reached = format!("{:.3}", own.f1);
        let target = format!(">= {least:.2}");
        out.push_str(&target::line(&format!("F1, {what}"), &reached, &target, own.f1 >= least));
    }
    for (kind, score) in jarvix.scores.iter().flatten().filter(|(kind, _)| *kind != ALL) {
        let of = |peer: &&Row| Some((peer.score(kind)?.f1, peer.name.clone()));
        let best = peers.iter().filter_map(of).max_by(|a, b| a.0.total_cmp(&b.0));
        let Some((best, name)) = best else { continue };
        let target = format!(">= {best:.3}, {name}'s");
        let what = format!("F1 of {kind} pages");
        out.push_str(&target::line(&what, &format!("{:.3}", score.f1), &target, score.f1 >= best));
    }
    let other = peers.iter().find(|peer| peer.name == METADATA_PEER).and_then(|p| p.score(ALL));
    let Some(other) = other else { return out };
    for (what, own, other) in [
        ("title", Some(own.title), Some(other.title)),
        ("author", Some(own.author), Some(other.author)),
        ("day", Some(own.day), Some(other.day)),
        ("author of those labelled", own.author_labelled, other.author_labelled),
        ("day of those labelled", own.day_labelled, other.day_labelled),
    ] {
        let (Some(own), Some(other)) = (own, other) else { continue };
        let target = format!("> {other:.3}, trafilatura's");
        let what = format!("{what} right");
        out.push_str(&target::line(&what, &format!("{own:.3}"), &target, own > other));
    }
    out
}

fn speed(jarvix: &Row, peers: &[&Row]) -> String {
    let mut out = String::new();
    for (name, milestone, goal) in SPEED {
        let Some(peer) = peers.iter().find(|peer| peer.name == name) else { continue };
        let times = jarvix.took.pages_per_cpu_s() / peer.took.pages_per_cpu_s();
        for (what, least) in [("milestone", milestone), ("goal", goal)] {
            let what = format!("pages per CPU second, {what}");
            let reached = format!("{times:.2} times {name}'s");
            out.push_str(&target::line(&what, &reached, &format!(">= {least}"), times >= least));
        }
    }
    out
}

#[cfg(test)]
pub mod tests {
    use std::time::Duration;

    use super::*;

    /// A run over 100 pages with equal scores of all sorts.
    pub fn row(name: &str, cpu_s: f64, score: f64) -> Row {
        let run = Run {
            wall: Duration::from_secs(9),
            cpu: Duration::from_secs(8),
            rss_bytes: 12_000_000,
            stdout: String::new(),
        };
        let of = |pages| Score {
            pages,
            f1: score,
            precision: score,
            recall: score,
            title: score,
            author: score,
            day: score,
            author_labelled: None,
            day_labelled: Some(score),
        };
        let scores = [(ALL.to_owned(), of(100)), ("forum".to_owned(), of(40))];
        Row {
            name: name.to_owned(),
            run,
            took: Took { pages: 100, failed: 1, cpu_s, wall_s: 5.0 },
            scores: Some(scores.into()),
            metadata: name == JARVIX || name == METADATA_PEER,
            without: "sleep",
        }
    }

    #[test]
    fn the_targets_are_judged_against_the_best_of_the_peers() {
        let rows = [
            row(JARVIX, 1.0, 0.87),
            row("trafilatura", 6.0, 0.80),
            row(METADATA_PEER, 9.0, 0.87),
            row("resiliparse", 0.4, 0.90),
        ];
        let text = render(&rows);
        for line in [
            "- F1, milestone: 0.870 (target >= 0.86): reached\n",
            "- F1, goal: 0.870 (target >= 0.88): MISSED\n",
            "- F1 of forum pages: 0.870 (target >= 0.900, resiliparse's): MISSED\n",
            "- day right: 0.870 (target > 0.870, trafilatura's): MISSED\n",
            "- day of those labelled right: 0.870 (target > 0.870, trafilatura's): MISSED\n",
            "- pages per CPU second, milestone: 6.00 times trafilatura's (target >= 5): reached\n",
            "- pages per CPU second, goal: 6.00 times trafilatura's (target >= 10): MISSED\n",
            "- pages per CPU second, milestone: 0.40 times resiliparse's (target >= 0.5): MISSED\n",
            "| program              | forum (40) |\n",
        ] {
            assert!(text.contains(line), "{line}{text}");
        }
        let metadata = text.split("are right:").nth(1).unwrap();
        assert!(!metadata.split("- F1").next().unwrap().contains("resiliparse"), "{text}");
    }

    #[test]
    fn without_a_held_out_half_no_score_of_jarvix_is_shown() {
        let rows = [Row { scores: None, ..row(JARVIX, 1.0, 0.99) }, row("trafilatura", 6.0, 0.8)];
        let text = render(&rows);
        assert!(text.contains("| jarvix      |     - |"), "{text}");
        assert!(text.contains("- F1 of jarvix: not measured") && !text.contains("0.99"), "{text}");
        assert!(text.contains("6.00 times trafilatura's"), "{text}");
    }
}
