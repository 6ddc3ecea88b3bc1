//! Pages of text, tables and charts as tagged PDF (PDF/UA-1), for whoever has something to report.
//!
//! A [`Document`] is filled from top to bottom with headings, paragraphs, tables and figures; pages
//! break where they are full, table heads are repeated, and what stands where is known before a byte
//! is written. Text is measured before it is placed: what does not fit is wrapped, then cut with an
//! ellipsis, so that nothing overlaps and nothing is clipped.
//!
//! Latin, Greek and Cyrillic letters come from fonts inside the programme, others from the machine's
//! fonts if one has them; a character without any is drawn as a box. The same calls with the same
//! fonts give the same bytes.
//!
//! What it refuses to do: know of runs and reports, look at a clock, use the network, fail because of
//! a text.

mod document;
mod draw;
mod face;
mod figure;
mod lines;
mod logo;
mod pack;
mod place;
mod shape;
mod system;
mod table;
mod tags;
#[cfg(test)]
mod tests;
mod write;

pub use document::{Document, Metadata, Paper, Setup};
pub use draw::Colour;
pub use face::Fonts;
pub use figure::{Anchor, Figure, Pattern, Shape};
pub use lines::{Align, Paragraph, Span, Style};
pub use logo::{LOGO_BYTES_MAX, Logo, LogoError};
pub use shape::Typesetter;
pub use table::{Cell, Column, Table, Width};

/// Why a document could not be written.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// The writer refused: a defect of Jarvix.
    #[error("write the PDF: {reason}; this is a defect of Jarvix, please report it")]
    Write {
        /// What it said.
        reason: String,
    },
}
