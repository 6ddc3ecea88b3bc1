//! The best pages as a table: each with its address, the reason for its place, and what its signals
//! gave and took as small bars and in words.

use jarvix_pdf::{Align, Cell, Column, Figure, Paragraph, Pattern, Shape, Span, Table, Width};

use super::Sheet;
use super::look::Look;
use crate::view::ranking::{Points, Row};
use crate::view::{Link, View};

/// Signals that are named in a row, the strongest first.
const NAMED: usize = 3;
/// Width of the bars of a row.
const BARS_WIDTH: f32 = 62.0;
/// Height of one bar, and from one to the next.
const BAR: f32 = 3.0;
const BAR_STEP: f32 = 4.2;
/// Bars of a row, the strongest signals first.
const BARS_MAX: usize = 6;

impl Sheet<'_> {
    pub(super) fn ranking(&mut self, view: &View) {
        self.section("The best pages");
        if view.ranking.rows.is_empty() {
            self.note("No document was scored, so there is no ranking.");
            return;
        }
        let caption = &view.ranking.caption;
        self.note(&format!(
            "{caption} Bars show what each page's strongest signals gave, and to the left of the line what they took."
        ));
        let look = self.look;
        let column = |head: &str, width, align| Column { head: head.to_owned(), width, align };
        let table = Table {
            columns: vec![
                column("#", Width::Fit(34.0), Align::End),
                column("Page and reason", Width::Share(1.0), Align::Start),
                column("Signals", Width::Fit(BARS_WIDTH), Align::Start),
                column("Score", Width::Fit(40.0), Align::End),
                column("Action", Width::Fit(74.0), Align::Start),
            ],
            rows: view.ranking.rows.iter().map(|row| cells(row, look)).collect(),
            summary: caption.clone(),
            head: Some(look.head()),
        };
        self.document.table(&table);
    }
}

fn cells(row: &Row, look: Look) -> Vec<Cell> {
    let score = Paragraph::new(format!("{:.1}", row.score), look.strong());
    let action = Paragraph::new(row.action.0.clone(), look.strong()).cut_after(2);
    let swatch = Figure {
        width: 22.0,
        height: 9.0,
        shapes: vec![swatch(row.tone, look)],
        alt: String::new(),
    };
    vec![
        Cell::text(row.rank.to_string(), look.soft()),
        Cell::of(page(row, look)),
        Cell { paragraphs: Vec::new(), figure: Some(bars(&row.points, look)) },
        Cell::of(vec![score]),
        Cell { paragraphs: vec![action], figure: Some(swatch) },
    ]
}

fn swatch(tone: usize, look: Look) -> Shape {
    let (colour, pattern) = look.tone(tone);
    Shape::Rect { x: 0.5, y: 1.5, width: 20.0, height: 6.0, colour, pattern }
}

fn page(row: &Row, look: Look) -> Vec<Paragraph> {
    let href = |link: &Link| link.href.as_ref().map(|href| href.0.clone());
    let title = Span::new(row.title.0.clone(), look.link()).leading_to(href(&row.link));
    let mut about: Vec<String> = vec![row.link.text.0.clone()];
    about.extend(row.facts.iter().map(|fact| fact.0.clone()));
    let mut lines = vec![
        Paragraph { spans: vec![title], lines_max: 2, ..Paragraph::default() },
        Paragraph::new(about.join(" · "), look.small()).cut_after(1),
        Paragraph::new(reason(row), look.text()).cut_after(2),
    ];
    if let Some(first) = &row.repeats {
        let text = format!("repeats {}", first.text);
        lines.push(Paragraph::new(text, look.small()).cut_after(1));
    }
    lines
}

/// Why the page stands here, with what its strongest signals gave.
fn reason(row: &Row) -> String {
    let strongest: Vec<String> = row
        .points
        .iter()
        .take(NAMED)
        .map(|points| format!("{} {}", points.name, points.rounded))
        .collect();
    match (row.reason.is_empty(), strongest.is_empty()) {
        (_, true) => row.reason.0.clone(),
        (true, false) => strongest.join(", "),
        (false, false) => format!("{} ({})", row.reason, strongest.join(", ")),
    }
}

/// What the strongest signals gave, as bars; the words beside say the same.
fn bars(points: &[Points], look: Look) -> Figure {
    let felt = &points[..points.len().min(BARS_MAX)];
    let part = |percent: crate::Milli| BARS_WIDTH * percent.0 as f32 / 100_000.0;
    let mut shapes: Vec<Shape> = felt
        .iter()
        .enumerate()
        .map(|(at, points)| {
            let loss = points.is_loss;
            Shape::Rect {
                x: part(points.x),
                y: 3.0 + BAR_STEP * at as f32,
                width: part(points.width).max(0.4),
                height: BAR,
                colour: if loss { look.loss } else { look.accent },
                pattern: if loss { Pattern::Outline } else { Pattern::Solid },
            }
        })
        .collect();
    let height = 4.0 + BAR_STEP * felt.len() as f32;
    if let Some(first) = felt.first() {
        let x = part(first.zero);
        let (from, to) = ((x, 1.5), (x, height - 1.0));
        shapes.push(Shape::Line { from, to, colour: look.muted, width: 0.5 });
    }
    Figure { width: BARS_WIDTH, height, shapes, alt: String::new() }
}
