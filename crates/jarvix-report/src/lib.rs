//! The report: a plain [`Summary`] and a stream of ranked rows in, HTML, PDF, JSON, CSV and terminal
//! text out.
//!
//! It renders and nothing else: it never sees SQL, parts, a clock or the network. Everything that
//! comes from a page is hostile here and is made harmless by the renderer that shows it.

mod brand;
mod brief;
mod chart;
mod csv;
mod decimal;
mod escape;
mod failing;
mod found;
mod html;
mod json;
mod pdf;
mod politeness;
mod scores;
mod summary;
pub mod text;
mod totals;
mod trends;
mod view;
mod words;

use std::fmt;

pub use brand::{Brand, BrandError, Section};
pub use csv::{RankedRow, RankingCsv, csv, neutralised};
pub use decimal::{Milli, MilliError};
pub use escape::harmless;
pub use failing::*;
pub use found::*;
pub use html::html;
pub use jarvix_pdf::{Fonts, LOGO_BYTES_MAX, Paper, Typesetter};
pub use json::{SCHEMA, json};
pub use pdf::pdf;
pub use politeness::*;
pub use scores::{BIN_WIDTH, BINS, ScoreStats, ScoreTally};
pub use summary::*;
pub use trends::*;

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The template could not be filled in: a defect of Jarvix.
    #[error("render the HTML report: {0}; this is a defect of Jarvix, please report it")]
    Html(#[from] askama::Error),
    /// The fonts inside the programme cannot be read: a defect of Jarvix.
    #[error("read the fonts of the PDF; this is a defect of Jarvix, please report it")]
    Fonts,
    /// The PDF could not be written: a defect of Jarvix.
    #[error("{0}")]
    Pdf(#[from] jarvix_pdf::PdfError),
    /// A row of the ranking could not be written.
    #[error("write row {row} of the ranking as CSV: {source}; check the free space and the folder")]
    Csv {
        /// The row's rank; 0 is the header, and the end of the file where the rows were all written.
        row: u64,
        /// What the writer said.
        source: ::csv::Error,
    },
}

/// A form in which a report is written to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// One self-contained page for people.
    Html,
    /// Pages for people to print and to send: tagged, with everything embedded.
    Pdf,
    /// The [`Summary`] for programmes.
    Json,
    /// The full ranking, a row per document.
    Csv,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Html, Self::Pdf, Self::Json, Self::Csv];

    /// What is written unless others are asked for.
    pub const USUAL: [Self; 3] = [Self::Html, Self::Json, Self::Csv];

    /// The word on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Pdf => "pdf",
            Self::Json => "json",
            Self::Csv => "csv",
        }
    }

    /// Reads what [`as_str`](Self::as_str) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == text)
    }

    /// The file's name in the report's folder.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Html => "index.html",
            Self::Pdf => "report.pdf",
            Self::Json => "summary.json",
            Self::Csv => "top.csv",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
