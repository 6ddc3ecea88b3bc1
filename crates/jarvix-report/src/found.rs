//! What the summary says of addresses that were found on the way, beside the input's lines: how pages
//! came into the run, which led to most others, and what was left out.

use jarvix_core::LeftOut;
use serde::{Deserialize, Serialize};

/// Rows of [`CrawlFacts::found_on`].
pub const FOUND_ON_ROWS: usize = 10;

/// What pages and sitemaps led to, beside the input's lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrawlFacts {
    /// Pages by how they came into the run; adds up to all pages. Empty where nothing was found.
    pub pages: Vec<FoundCount>,
    /// Times that an address was found which was known already.
    pub repeats: u64,
    /// Addresses that were found and are not fetched, by cause, in the order of [`LeftOut::ALL`].
    pub left_out: Vec<LeftOutRow>,
    /// The pages that led to most others: by pages descending, then URL.
    pub found_on: Vec<FoundOnRow>,
}

impl CrawlFacts {
    /// The sum over [`pages`](Self::pages); `all` where nothing was found and they are empty.
    pub fn pages_or(&self, all: u64) -> u64 {
        if self.pages.is_empty() { all } else { self.pages.iter().map(|way| way.count).sum() }
    }
}

/// How many pages came into the run in one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundCount {
    /// The way, in words.
    pub name: String,
    /// Links between them and an input.
    pub level: u32,
    /// Pages.
    pub count: u64,
}

/// Addresses that are not fetched for one cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOutRow {
    /// The cause.
    pub cause: LeftOut,
    /// One sentence for people.
    pub about: String,
    /// Addresses; one that was found again at a later level counts again.
    pub count: u64,
    /// A few of them, the first that were found.
    pub examples: Vec<String>,
}

impl LeftOutRow {
    /// A row of the table, with the cause's own sentence.
    pub fn new(cause: LeftOut, count: u64, examples: Vec<String>) -> Self {
        Self { cause, about: cause.about().to_owned(), count, examples }
    }
}

/// A page that led to others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundOnRow {
    /// Its URL.
    pub url: String,
    /// Pages that it was the first to lead to.
    pub pages: u64,
}
