//! Where values come from: each value of a document's metadata notes what on the page said it.
//!
//! Confidence of titles, authors and dates of publication is the share of pages of the development
//! set on which that source was right, as `--example wcxb` prints it, rounded to a twentieth; where
//! that is printed of fewer than twenty pages it is an estimate. That of a page's kind is the forests'
//! own. The other columns have no labels: theirs is an estimate that puts sources in order and promises
//! nothing about one page.

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

/// Columns whose values are noted with their sources, as they stand in a document.
const NOTED: &[&str] = &[
    "title",
    "author",
    "published",
    "modified",
    "language",
    "page_type",
    "site_name",
    "description",
    "canonical_url",
    "image",
    "breadcrumbs",
    "product_name",
    "product_brand",
    "product_price",
    "product_currency",
    "product_availability",
    "product_rating",
    "product_rating_count",
    "platform",
    "contacts",
    "social_links",
    "text",
];

/// Puts notes in the order of their columns; those of one column stay as they are.
pub(crate) fn sort(sources: &mut [Source]) {
    sources.sort_by_key(|source| NOTED.iter().position(|noted| *noted == source.column));
}
