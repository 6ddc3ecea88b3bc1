//! Where values come from: each value of a document's metadata notes what on the page said it.
//!
//! Confidence is the share of pages of the development set on which that source was right, rounded;
//! it compares sources with each other and promises nothing about one page.

use jarvix_core::Source;

/// The notes of one document.
#[derive(Debug, Default)]
pub(crate) struct Sources(Vec<Source>);

/// A value that might be taken, where it stands, and how often that is right.
pub(crate) type Candidate<'a> = (Option<&'a str>, &'static str, f32);

impl Sources {
    /// Notes that the value of `column` comes from `source`.
    pub(crate) fn push(&mut self, column: &str, source: &str, confidence: f32) {
        let (column, source) = (column.to_owned(), source.to_owned());
        self.0.push(Source { column, source, confidence });
    }

    /// The first candidate of which `keep` makes a value, noted.
    pub(crate) fn first<T>(
        &mut self,
        column: &str,
        candidates: &[Candidate<'_>],
        keep: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        candidates.iter().find_map(|(value, source, confidence)| {
            let kept = keep((*value)?)?;
            self.push(column, source, *confidence);
            Some(kept)
        })
    }

    /// All notes, in the order in which they were made.
    pub(crate) fn finish(self) -> Vec<Source> {
        self.0
    }
}
