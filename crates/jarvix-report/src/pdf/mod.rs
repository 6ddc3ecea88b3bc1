//! The report as PDF: the same figures and sentences as the HTML, laid out for paper.
//!
//! Everything that is shown comes from the view that the HTML is made of, so the two cannot differ.
//! Actions differ by pattern as well as by colour: the report can be printed in black.
//!
//! What it refuses to do: compute a figure of its own; show a text that was not made harmless.

mod account;
mod charts;
mod look;
mod ranking;

use jarvix_pdf::{Document, Metadata, Paper, Paragraph, Setup, Span, Typesetter};

use crate::view::{Piece, View};
use crate::{Brand, ReportError, Section, Summary};
use look::Look;

/// The report of `summary` on `paper`, as `brand` says.
pub fn pdf(
    summary: &Summary,
    paper: Paper,
    brand: &Brand,
    setter: &mut Typesetter,
) -> Result<Vec<u8>, ReportError> {
    let view = View::of(summary, brand);
    let look = Look::of(brand);
    let setup = setup(summary, &view, paper, &look);
    let mut sheet = Sheet { document: Document::new(setter, setup), look };
    sheet.cover(&view, brand);
    for section in Section::ALL.into_iter().filter(|section| brand.shows(*section)) {
        match section {
            Section::Scores => sheet.scores(&view),
            Section::Ranking => sheet.ranking(&view),
            Section::Trends => sheet.over_time(&view),
            Section::Hosts => sheet.places(&view),
            Section::Politeness => sheet.manners(&view),
            Section::Lines => sheet.account(&view),
            Section::Failures => sheet.failures(&view),
            Section::Duplicates => sheet.duplicates(&view),
            Section::Method => sheet.method(&view),
        }
    }
    Ok(sheet.document.finish()?)
}

fn setup(summary: &Summary, view: &View, paper: Paper, look: &Look) -> Setup {
    let footer = match &view.footer {
        Some(footer) => format!("{footer} · {}", view.title),
        None => format!("{} · Jarvix {}", view.title, view.version),
    };
    Setup {
        paper,
        metadata: Metadata {
            title: format!("{} – Jarvix report", view.title),
            subject: view.lead.iter().map(|s| words(s)).collect::<Vec<_>>().join(" "),
            creator: format!("Jarvix {}", view.version),
            language: "en".to_owned(),
            date: summary.fetched.as_ref().and_then(|span| moment(&span.last)),
        },
        footer,
        small: look.small(),
        strong: look.ink,
        faint: look.rule,
    }
}

/// A sentence as text; names from outside stand in isolates in the HTML and are set apart by the
/// Bidirectional Algorithm here.
fn words(pieces: &[Piece]) -> String {
    let text = |piece: &Piece| match piece {
        Piece::Ours(text) => text.clone(),
        Piece::Theirs(text) => text.0.clone(),
    };
    pieces.iter().map(text).collect()
}

/// Year, month, day, hour, minute and second of `2026-03-09 08:15:02 UTC`.
fn moment(text: &str) -> Option<(u16, u8, u8, u8, u8, u8)> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let year = numbers.next()?.parse().ok()?;
    let mut next = || numbers.next()?.parse::<u8>().ok();
    Some((year, next()?, next()?, next()?, next()?, next()?))
}

/// What a chart with its sentence needs on a page, in points.
const CHART_ROOM: f32 = 260.0;

/// The document with the look of its parts.
pub(super) struct Sheet<'t> {
    document: Document<'t>,
    look: Look,
}

impl Sheet<'_> {
    fn cover(&mut self, view: &View, brand: &Brand) {
        let look = self.look;
        self.document.figure(&look.band(self.document.width()));
        if let Some(logo) = &brand.logo {
            self.document.figure(&look.logo(logo, &view.title.0));
        }
        self.document.paragraph(&Paragraph::new("Jarvix report", look.overline()));
        self.document.drop(34.0);
        self.document.heading(1, &view.title.0, look.title(), 0.0);
        self.document.drop(6.0);
        self.facts(&view.facts);
        self.document.drop(18.0);
        for sentence in &view.discrepancies {
            let text = format!("This figure does not add up: {sentence}.");
            self.document.paragraph(&Paragraph::new(text, look.alarm()));
            self.document.gap(6.0);
        }
        let lead: Vec<String> = view.lead.iter().map(|sentence| words(sentence)).collect();
        self.document.paragraph(&Paragraph::new(lead.join(" "), look.lead()));
        self.document.drop(18.0);
        let figure = |figure: &crate::view::Figure| {
            let one = |text: &str, style| Paragraph::new(text, style).cut_after(1);
            vec![
                one(&figure.name.0, look.soft()),
                one(&figure.value, look.figure()),
                one(&figure.note, look.soft()),
            ]
        };
        let figures: Vec<_> = view.figures.iter().map(figure).collect();
        self.document.grid(&figures, 3);
        for finding in &view.findings {
            let about = Span::new(format!("{}: ", finding.about), look.strong());
            let text = Span::new(words(&finding.pieces), look.text());
            self.document
                .paragraph(&Paragraph { spans: vec![about, text], ..Paragraph::default() });
            self.document.gap(3.0);
        }
    }

    /// A heading of the second level.
    pub(super) fn section(&mut self, title: &str) {
        self.document.heading(1, title, self.look.heading(), 0.0);
    }

    /// A heading of the second level above a chart.
    pub(super) fn section_of_chart(&mut self, title: &str) {
        self.document.heading(1, title, self.look.heading(), CHART_ROOM);
    }

    /// A heading of the third level.
    pub(super) fn part(&mut self, title: &str) {
        self.document.heading(2, title, self.look.part(), 0.0);
    }

    /// A sentence above a table.
    pub(super) fn note(&mut self, text: &str) {
        if !text.is_empty() {
            self.document.paragraph(&Paragraph::new(text, self.look.soft()));
            self.document.gap(4.0);
        }
    }
}
