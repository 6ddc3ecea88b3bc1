//! What is placed stays apart and on the page, whatever the texts are; and the same calls give the
//! same bytes.

use std::sync::Arc;

use crate::draw::{Mark, Op, Sheet, TextRun};
use crate::*;

const STYLE: Style = Style { size: 8.5, bold: false, colour: Colour::BLACK };

fn setter() -> Typesetter {
    Typesetter::new(Arc::new(Fonts::without_system().expect("fonts")))
}

fn setup(paper: Paper) -> Setup {
    let metadata = Metadata {
        title: "A title".to_owned(),
        language: "en".to_owned(),
        creator: "Test".to_owned(),
        ..Metadata::default()
    };
    let (footer, small) = ("At the foot".to_owned(), Style { size: 7.5, ..STYLE });
    Setup { paper, metadata, footer, small, strong: Colour::BLACK, faint: Colour(200, 200, 200) }
}

/// Texts that pages come with.
fn hostile() -> Vec<String> {
    let long = "https://example.org/".to_owned() + &"very-long-path/".repeat(40);
    vec![
        String::new(),
        " ".to_owned(),
        "W".repeat(400),
        "word ".repeat(400),
        long,
        "שלום עולם – مرحبا بالعالم – mixed 123 (abc)".to_owned(),
        "日本語の長い題名".repeat(20),
        "👩‍👩‍👧‍👦🏳️‍🌈".repeat(10),
        "Z\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}algo".repeat(5),
        "\u{202e}reversed\u{0}\u{7}\u{1b}[31m\u{feff}\u{ffff}".to_owned(),
        "tab\tand\nline\r\nand\u{2028}separator".to_owned(),
        "Ελληνικά, Кириллица, Tiếng Việt, ŁÓDŹ, ﬁ".to_owned(),
    ]
}

fn texts(sheet: &Sheet) -> impl Iterator<Item = (Mark, &TextRun)> {
    sheet.ops.iter().filter_map(|(mark, op)| match op {
        Op::Text(run) => Some((*mark, run)),
        _ => None,
    })
}

/// Every text within the page's edges, and no two on top of each other.
fn check(sheets: &[Sheet], paper: Paper) {
    let (width, height) = paper.size();
    for (page, sheet) in sheets.iter().enumerate() {
        // What is below the baseline hangs into the gap between the lines.
        let mut boxes: Vec<(f32, f32, f32, f32, &str)> = texts(sheet)
            .filter(|(_, run)| run.width > 0.0)
            .map(|(_, run)| {
                (
                    run.x,
                    run.y - run.size * 0.75,
                    run.x + run.width,
                    run.y + run.size * 0.2,
                    &*run.text,
                )
            })
            .collect();
        for (left, top, right, bottom, text) in &boxes {
            let inside =
                *left >= 49.0 && *right <= width - 49.0 && *top >= 40.0 && *bottom <= height - 20.0;
            assert!(inside, "page {page}: {text:?} at {left} {top} to {right} {bottom}");
        }
        boxes.sort_by(|a, b| a.1.total_cmp(&b.1));
        for (at, a) in boxes.iter().enumerate() {
            for b in boxes[at + 1..].iter().take_while(|b| b.1 < a.3 - 0.3) {
                let apart = b.0 >= a.2 - 0.3 || a.0 >= b.2 - 0.3;
                assert!(apart, "page {page}: {:?} and {:?}", a, b);
            }
        }
    }
}

fn table(rows: usize) -> Table {
    let texts = hostile();
    let text = |at: usize| texts[at % texts.len()].clone();
    let column = |head: &str, width, align| Column { head: head.to_owned(), width, align };
    let row = |at: usize| {
        let span = Span::new(text(at), STYLE).leading_to(Some("https://example.org/".to_owned()));
        let first = Paragraph { spans: vec![span], lines_max: 2, ..Paragraph::default() };
        vec![
            Cell::text(at.to_string(), STYLE),
            Cell::of(vec![first, Paragraph::new(text(at + 1), STYLE).cut_after(3)]),
            Cell::text(text(at + 2).chars().take(30).collect::<String>(), STYLE),
        ]
    };
    Table {
        columns: vec![
            column("#", Width::Fit(40.0), Align::End),
            column("A head that is far too long for its column", Width::Share(1.0), Align::Start),
            column("Fits", Width::Fit(90.0), Align::End),
        ],
        rows: (0..rows).map(row).collect(),
        summary: "Rows.".to_owned(),
        head: Some(STYLE),
    }
}

fn document(setter: &mut Typesetter, rows: usize, paper: Paper) -> Document<'_> {
    let mut document = Document::new(setter, setup(paper));
    for (at, text) in hostile().iter().enumerate() {
        document.heading(1 + (at % 2) as u16, text, Style { size: 15.0, bold: true, ..STYLE }, 0.0);
        document.paragraph(&Paragraph::new(text.clone(), STYLE));
    }
    let cell = |text: &String| vec![Paragraph::new(text.clone(), STYLE).cut_after(1)];
    let cells: Vec<_> = hostile().iter().map(cell).collect();
    document.grid(&cells, 3);
    document.table(&table(rows));
    let label = |(at, text): (usize, &String)| Shape::Text {
        x: 200.0,
        y: 12.0 * (at + 1) as f32,
        text: text.clone(),
        style: STYLE,
        anchor: [Anchor::Start, Anchor::Middle, Anchor::End][at % 3],
        width_max: 100.0,
    };
    let shapes = hostile().iter().enumerate().map(label).collect();
    document.figure(&Figure { width: 400.0, height: 150.0, shapes, alt: "Labels.".to_owned() });
    document
}

#[test]
fn nothing_overlaps_and_nothing_leaves_the_page() {
    for paper in [Paper::A4, Paper::Letter] {
        for rows in [0, 1, 3, 60] {
            let mut setter = setter();
            check(&document(&mut setter, rows, paper).sheets.all(), paper);
        }
    }
}

#[test]
fn ten_thousand_rows_are_as_well_placed_as_ten() {
    let mut setter = setter();
    let sheets = document(&mut setter, 10_000, Paper::A4).sheets.all();
    assert!(sheets.len() > 400, "{}", sheets.len());
    check(&sheets, Paper::A4);
    // The head stands on every page of the table.
    let heads =
        sheets.iter().filter(|sheet| texts(sheet).any(|(_, run)| &*run.text == "#")).count();
    assert!(heads + 20 > sheets.len(), "{heads} of {}", sheets.len());
}

#[test]
fn the_same_calls_give_the_same_bytes_whatever_was_set_before() {
    let mut setter = setter();
    let first = document(&mut setter, 30, Paper::A4).finish().expect("a PDF");
    let again = document(&mut setter, 30, Paper::A4).finish().expect("a PDF");
    let mut fresh = super::tests::setter();
    assert!(first == again);
    assert!(first == document(&mut fresh, 30, Paper::A4).finish().expect("a PDF"));
    assert!(first.starts_with(b"%PDF-1.7"));
}

#[test]
fn an_empty_document_is_a_document() {
    let mut setter = setter();
    let pdf = Document::new(&mut setter, setup(Paper::Letter)).finish().expect("a PDF");
    assert!(pdf.len() > 1_000);
}

#[test]
fn a_defect_in_placing_would_be_seen() {
    let mut setter = setter();
    let mut document = Document::new(&mut setter, setup(Paper::A4));
    document.paragraph(&Paragraph::new("One line", STYLE));
    document.advance(-8.0);
    document.paragraph(&Paragraph::new("One more", STYLE));
    let sheets = document.sheets.all();
    assert!(
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&sheets, Paper::A4)))
            .is_err()
    );
}

#[test]
fn what_no_font_has_is_a_box_for_each_character() {
    let mut setter = setter();
    let expected = setter.fonts().face(face::FaceId::Regular).box_glyph.expect("a box");
    let word = setter.word("日本🚀", false, 8.5, false);
    let glyphs: Vec<_> = word.runs.iter().flat_map(|run| &run.glyphs).collect();
    assert_eq!(glyphs.len(), 3);
    assert!(glyphs.iter().all(|glyph| glyph.id == expected && glyph.advance > 0.2));
    let known = setter.word("abc", false, 8.5, false);
    assert!(known.runs.iter().flat_map(|run| &run.glyphs).all(|glyph| glyph.id != expected));
}
