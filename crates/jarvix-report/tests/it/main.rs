//! What the reports look like, and that nothing in them acts.

mod agree;
mod fixtures;
mod hostile;
mod pdf;
mod scripts;

use jarvix_report::text::{self, Style};
use jarvix_report::{Milli, RankedRow, Summary, csv, html, json};

/// `html` without the style sheet and the script, which have their own checks.
fn html_body(summary: &Summary) -> String {
    let html = html(summary, &jarvix_report::Brand::default()).expect("renders");
    let (head, rest) = html.split_once("<style>").expect("a style sheet");
    let (style, rest) = rest.split_once("</style>").expect("its end");
    let (body, rest) = rest.split_once("<script>").expect("a script");
    let (script, end) = rest.split_once("</script>").expect("its end");
    assert!(!style.is_empty() && !script.is_empty());
    let whole = format!("{head}<style></style>{body}<script></script>{end}");
    // The hashes change with every colour; a unit test holds them to the text.
    let words = whole.split_inclusive('\'');
    words.map(|word| if word.starts_with("sha256-") { "sha256'" } else { word }).collect()
}

/// The ranking's rows as they stand in the summary.
fn ranked_rows(summary: &Summary) -> impl Iterator<Item = RankedRow> + '_ {
    summary.top.iter().map(|page| RankedRow {
        rank: page.rank,
        url: page.url.clone(),
        score: page.score,
        action: page.action.clone(),
        title: page.title.clone(),
        host: page.host.clone(),
        language: page.language.clone(),
        page_type: page.page_type.clone(),
        word_count: page.word_count,
        published: page.published.clone(),
        reason: page.reason.clone(),
        duplicate_of: page.duplicate_of.clone(),
        signals: page.contributions.iter().map(|c| Some(c.points)).collect(),
        input_meta: Some(r#"{"team":"=sales"}"#.to_owned()),
    })
}

fn signals(summary: &Summary) -> Vec<String> {
    summary.profile.signals.iter().map(|signal| signal.name.clone()).collect()
}

fn csv_text(summary: &Summary) -> String {
    let mut out = Vec::new();
    let rows = csv(&signals(summary), ranked_rows(summary), &mut out).expect("writes");
    assert_eq!(rows, summary.top.len() as u64);
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn a_small_run_as_html() {
    insta::assert_snapshot!(html_body(&fixtures::small()));
}

#[test]
fn an_empty_run_as_html() {
    insta::assert_snapshot!(html_body(&fixtures::empty()));
}

#[test]
fn a_small_run_as_json() {
    insta::assert_snapshot!(json(&fixtures::small()));
}

#[test]
fn a_small_run_as_csv() {
    insta::assert_snapshot!(csv_text(&fixtures::small()));
}

#[test]
fn a_run_in_the_terminal() {
    let summary = fixtures::typical(60);
    let wide = text::ranking(&summary, Style { columns: 110, rows: 4, color: false });
    let narrow = text::ranking(&summary, Style { columns: 60, rows: 4, color: false });
    let outcome = text::outcome_line(&summary);
    insta::assert_snapshot!(format!("{wide}\n{narrow}\n{outcome}"));
}

#[test]
fn colours_change_nothing_but_colours() {
    let summary = fixtures::typical(60);
    let style = Style { columns: 90, rows: 20, color: true };
    let mut plain = String::new();
    for piece in text::ranking(&summary, style).split("\u{1b}[") {
        let is_code = |c: char| c.is_ascii_digit() || c == ';' || c == 'm';
        plain.push_str(if plain.is_empty() && !piece.starts_with(is_code) {
            piece
        } else {
            piece.split_once('m').map_or(piece, |(_, text)| text)
        });
    }
    assert_eq!(plain, text::ranking(&summary, Style { color: false, ..style }));
}

#[test]
fn every_fixture_but_the_hostile_one_adds_up() {
    for name in fixtures::NAMES {
        let summary = fixtures::named(name).expect("a fixture");
        assert_eq!(summary.discrepancies().is_empty(), name != "hostile", "{name}");
        let shown = html(&summary, &jarvix_report::Brand::default())
            .expect("renders")
            .contains("do not add up");
        assert_eq!(shown, name == "hostile", "{name}");
    }
}

#[test]
fn contributions_add_up_to_the_score() {
    for page in fixtures::typical(60).top {
        let sum: Milli = page.contributions.iter().map(|c| c.points).sum();
        assert_eq!(sum, page.score, "rank {}", page.rank);
    }
}

#[test]
fn a_part_of_a_run_says_nothing_of_lines() {
    let mut summary = fixtures::typical(20);
    let (what, value) = ("host".to_owned(), "energy.example.org".to_owned());
    summary.part = Some(jarvix_report::PartFact { what, value });
    let page = html_body(&summary);
    for there in ["Part of it", "This part of the run", "Every page accounted for", "Received"] {
        assert!(page.contains(there), "{there}");
    }
    for gone in ["All lines", "Kept on disk", "Every line", "could not be used and"] {
        assert!(!page.contains(gone), "{gone}");
    }
}

#[test]
fn json_reads_back_as_the_same_summary() {
    for name in fixtures::NAMES {
        let summary = fixtures::named(name).expect("a fixture");
        let json = json(&summary);
        assert!(json.starts_with("{\n  \"schema\": \"jarvix.report/1\",\n"));
        assert_eq!(serde_json::from_str::<Summary>(&json).expect("reads back"), summary);
    }
}

#[test]
fn the_same_summary_gives_the_same_bytes() {
    let render = || {
        let summary = fixtures::typical(60);
        (
            html(&summary, &jarvix_report::Brand::default()).expect("renders"),
            json(&summary),
            csv_text(&summary),
        )
    };
    assert_eq!(render(), render());
}
