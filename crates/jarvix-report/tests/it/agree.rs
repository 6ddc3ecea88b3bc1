//! HTML, PDF, CSV and JSON of one summary say the same: every figure of every table is looked for, in
//! the row that it belongs to, as the JSON has it and as this file, not the crate, writes numbers.

use jarvix_report::{Brand, Milli, Paper, Summary, html, json};
use serde_json::Value;

use crate::pdf::{checked, drawn};
use crate::{csv_text, fixtures};

/// `9412` as `9,412`.
fn n(count: u64) -> String {
    match count {
        0..1_000 => count.to_string(),
        _ => format!("{},{:03}", n(count / 1_000), count % 1_000),
    }
}

fn share(part: u64, of: u64) -> String {
    match (part * 2_000 + of) / (2 * of) {
        0 if part > 0 => "<0.1%".to_owned(),
        tenths => format!("{}.{}%", tenths / 10, tenths % 10),
    }
}

fn score(score: Option<Milli>) -> String {
    score.map_or_else(|| "–".to_owned(), |score| format!("{score:.1}"))
}

fn spaced(name: &str) -> String {
    name.replace('_', " ")
}

/// A row that every format has to have: words and figures in their order.
struct Expected(&'static str, Vec<String>);

/// What stands in the tables of a report.
fn expected(summary: &Summary) -> Vec<Expected> {
    let mut rows = Vec::new();
    let mut row = |table, cells: Vec<String>| rows.push(Expected(table, cells));
    let (pages, lines) = (summary.pages(), summary.input.lines);
    for action in &summary.actions {
        let share = format!("{:.1}%", action.share);
        row("actions", vec![action.action.clone(), n(action.count), share]);
    }
    for host in &summary.hosts {
        let counts = [host.pages, host.failed, host.documents].map(n);
        row(
            "hosts",
            [vec![host.host.clone()], counts.into(), vec![score(host.mean_score)]].concat(),
        );
    }
    for group in summary.languages.iter().chain(&summary.page_types) {
        let name = if group.name.is_empty() { "not known" } else { &group.name };
        row("groups", vec![name.to_owned(), n(group.count), share(group.count, summary.documents)]);
    }
    for outcome in &summary.outcomes {
        let name = spaced(outcome.outcome.as_str());
        row("outcomes", vec![name, n(outcome.count), share(outcome.count, pages)]);
    }
    for gate in &summary.gates {
        let name = spaced(gate.gate.as_str());
        row("gates", vec![name, n(gate.count), share(gate.count, summary.documents)]);
    }
    let input = &summary.input;
    for (name, count) in
        [("pages", input.pages), ("rejects", input.rejects), ("repeated lines", input.duplicates)]
    {
        row("ledger", vec![name.to_owned(), n(count), share(count, lines)]);
    }
    row("ledger", vec!["All lines".to_owned(), n(lines)]);
    row("outcomes", vec!["All pages".to_owned(), n(pages)]);
    for cause in &summary.failures {
        row("failures", vec![spaced(cause.outcome.as_str()), n(cause.count)]);
    }
    for host in &summary.failing_hosts {
        let mostly = spaced(host.outcome.as_str());
        row("failing hosts", vec![host.host.clone(), mostly]);
        row("failing hosts", vec![host.host.clone(), n(host.failed), n(host.pages)]);
    }
    for host in &summary.politeness.worst {
        row("politeness", vec![host.host.clone(), n(host.requests), n(host.concurrency_max)]);
    }
    for run in &summary.trends.runs {
        row("runs", vec![run.run.to_string(), n(run.pages), score(run.mean)]);
    }
    for page in &summary.trends.movers {
        row("movers", vec![page.url.clone(), score(page.before), score(page.now)]);
    }
    for cluster in &summary.duplicates.largest {
        row("duplicates", vec![cluster.representative.clone(), n(cluster.repeated)]);
    }
    for signal in &summary.profile.signals {
        let weight = signal.weight.to_string().replace('-', "−");
        let weight = weight.trim_end_matches('0').trim_end_matches('.').to_owned();
        row("signals", vec![spaced(&signal.name), weight]);
    }
    for page in &summary.top {
        row("ranking", vec![page.rank.to_string(), score(Some(page.score)), page.action.clone()]);
    }
    for setting in &summary.settings {
        row("settings", vec![setting.name.clone(), setting.value.clone()]);
    }
    rows
}

/// Whether `words` stand in `row` in this order.
fn has(row: &[&str], cells: &[String]) -> bool {
    let mut rest = row.iter();
    let mut words = cells.iter().flat_map(|cell| cell.split_whitespace());
    words.all(|word| rest.any(|other| other.trim_end_matches(':') == word))
}

fn missing(expected: &[Expected], rows: &[String]) -> Vec<String> {
    let rows: Vec<Vec<&str>> = rows.iter().map(|row| row.split_whitespace().collect()).collect();
    let lacks = |Expected(_, cells): &&Expected| !rows.iter().any(|row| has(row, cells));
    let name = |Expected(table, cells): &Expected| format!("{table}: {}", cells.join(" | "));
    expected.iter().filter(lacks).map(name).collect()
}

/// The text of a page without its tags.
fn plain(html: &str) -> String {
    let mut text = String::new();
    for piece in html.split('<') {
        text.push(' ');
        text.push_str(piece.split_once('>').map_or(piece, |(_, text)| text));
    }
    let entities =
        [("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#38;", "&")];
    entities.iter().fold(text.replace('\u{ad}', ""), |text, (entity, c)| text.replace(entity, c))
}

/// The rows of all tables, tables within them included, and the names with values that are no table.
fn html_rows(html: &str) -> Vec<String> {
    let body = html.split_once("<body>").expect("a body").1;
    let (mut open, mut rows) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(next) = body[at..].find('<').map(|next| at + next) {
        at = next + 1;
        if body[at..].starts_with("tr>") || body[at..].starts_with("tr ") {
            open.push(next);
        } else if body[at..].starts_with("/tr>") {
            rows.push(plain(&body[open.pop().expect("a row begins")..next]));
        }
    }
    let pairs = body.split("<dt>").skip(1).map(|row| row.split("</dd>").next().unwrap_or(row));
    rows.extend(pairs.map(plain));
    rows
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_figure_stands_in_every_format() {
    let summary = fixtures::typical(60);
    let json = json(&summary);
    // What is looked for comes from the JSON, so that it is compared, too.
    let read: Summary = serde_json::from_str(&json).expect("JSON");
    let expected = expected(&read);
    assert!(expected.len() > 150, "{}", expected.len());
    let html = html(&summary, &Brand::default()).expect("HTML");
    assert_eq!(missing(&expected, &html_rows(&html)), Vec::<String>::new(), "HTML lacks them");
    csv_agrees(&read);
    let files = [("same.pdf".to_owned(), drawn(&summary, Paper::A4, &Brand::default()))];
    let Some(told) = checked(&files) else { return };
    let told = &told["same.pdf"];
    let texts = |name: &str| -> Vec<String> {
        let all = told[name].as_array().expect("a list");
        all.iter().filter_map(Value::as_str).map(|text| text.replace('\u{a0}', " ")).collect()
    };
    assert_eq!(missing(&expected, &texts("lines")), Vec::<String>::new(), "PDF lacks them");
    let paper = squeezed(told["text"].as_str().expect("text"));
    let (_, lead) = html.split_once("<p class=\"lead\">").expect("a lead");
    for sentence in squeezed(&plain(lead.split("</p>").next().expect("its end"))).split(". ") {
        let sentence = sentence.trim_end_matches('.');
        // Quotation marks stand close to what they quote; a tag between them left a space.
        let bare = |text: &str| text.replace(['“', '”', ' '], "");
        assert!(bare(&paper).contains(&bare(sentence)), "PDF lacks: {sentence}");
    }
    histogram_agrees(&read, &html, &texts("alts"));
    signals_agree(&read, &html, &paper);
}

#[test]
fn a_wrong_figure_would_be_found() {
    let summary = fixtures::typical(60);
    let html = html(&summary, &Brand::default()).expect("HTML");
    let mut other = summary;
    other.hosts[0].pages += 1;
    other.top[3].score = Milli(12_300);
    let lacks = missing(&expected(&other), &html_rows(&html));
    assert_eq!(lacks.len(), 2, "{lacks:?}");
}

/// The bars, in the table of the HTML and in what the PDF says to those who do not see it.
fn histogram_agrees(summary: &Summary, html: &str, alts: &[String]) {
    let (rows, alts) = (html_rows(html), alts.join(" "));
    for (at, count) in summary.scores.histogram.iter().enumerate() {
        let (range, count) = (format!("{} to {}", 5 * at, 5 * at + 5), n(*count));
        let row = format!("{range} {count}");
        assert!(rows.iter().any(|other| squeezed(other).ends_with(&row)), "HTML lacks {row}");
        assert!(alts.contains(&format!("{range}: {count}")), "PDF lacks {row}");
    }
}

/// What each signal gave: all of them in the HTML, the three strongest in the PDF.
fn signals_agree(summary: &Summary, html: &str, paper: &str) {
    let text = squeezed(&plain(html));
    for page in &summary.top {
        let mut given: Vec<_> = page.contributions.iter().filter(|c| c.points.0 != 0).collect();
        given.sort_by_key(|c| std::cmp::Reverse(c.points.abs()));
        let signed = |points: Milli, places: usize| format!("{points:+.places$}").replace('-', "−");
        for one in &given {
            let points = signed(one.points, 3);
            assert!(text.contains(&points), "HTML lacks {points} of {}", one.signal);
        }
        let strongest: Vec<String> = given
            .iter()
            .take(3)
            .map(|one| format!("{} {}", spaced(&one.signal), signed(one.points, 1)))
            .collect();
        let strongest = strongest.join(", ");
        assert!(paper.contains(&strongest), "PDF lacks {strongest}");
    }
}

/// Every cell of the ranking.
fn csv_agrees(summary: &Summary) {
    let text = csv_text(summary);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let heads = reader.headers().expect("heads").clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), summary.top.len());
    for (row, page) in rows.iter().zip(&summary.top) {
        let cell = |name: &str| {
            let at = heads.iter().position(|head| head == name);
            row.get(at.unwrap_or_else(|| panic!("no column {name}"))).expect("a cell")
        };
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let words = page.word_count.map(|count| count.to_string()).unwrap_or_default();
        for (name, value) in [
            ("rank", page.rank.to_string()),
            ("url", page.url.clone()),
            ("score", page.score.to_string()),
            ("action", page.action.clone()),
            ("title", text(&page.title)),
            ("host", page.host.clone()),
            ("language", text(&page.language)),
            ("page_type", text(&page.page_type)),
            ("word_count", words),
            ("published", text(&page.published)),
            ("reason", page.reason.clone()),
            ("duplicate_of", text(&page.duplicate_of)),
        ] {
            assert_eq!(cell(name), value, "{name} of {}", page.url);
        }
        for one in &page.contributions {
            let name = format!("signal_{}", one.signal);
            assert_eq!(cell(&name), one.points.to_string(), "{name} of {}", page.url);
        }
    }
}
