//! The datasets of a run and the stages between them: two closed lists that the catalogue, the
//! folders on disk, the command line and the documentation share.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A typed table of a run. The name is also the folder and the SQL table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dataset {
    /// One row per distinct canonical URL: what the server answered.
    Pages,
    /// One row per host and part of `pages`: what was asked of it, and how politely.
    Hosts,
    /// One row per input line that is not a usable URL.
    Rejects,
    /// One row per page that gave content: what a reader would take from it.
    Documents,
    /// One row per link found in a document.
    Links,
    /// One row per document that repeats another of the run.
    Duplicates,
    /// One row per document: score, contributions, action, reason.
    Scores,
}

impl Dataset {
    /// Every dataset, in the order of the line.
    pub const ALL: [Self; 7] = [
        Self::Pages,
        Self::Hosts,
        Self::Rejects,
        Self::Documents,
        Self::Links,
        Self::Duplicates,
        Self::Scores,
    ];

    /// Folder and table name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pages => "pages",
            Self::Hosts => "hosts",
            Self::Rejects => "rejects",
            Self::Documents => "documents",
            Self::Links => "links",
            Self::Duplicates => "duplicates",
            Self::Scores => "scores",
        }
    }

    /// Reads what [`as_str`](Self::as_str) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.as_str() == text)
    }

    /// The stage whose commits write this dataset.
    pub const fn stage(self) -> Stage {
        match self {
            Self::Pages | Self::Hosts => Stage::Collect,
            Self::Rejects => Stage::Admit,
            Self::Documents | Self::Links => Stage::Curate,
            Self::Duplicates => Stage::Dedupe,
            Self::Scores => Stage::Score,
        }
    }

    /// Whether its rows come along with the work of its stage and are no work themselves: losing
    /// them is no reason to ask servers again, or to read the input again.
    pub const fn comes_along(self) -> bool {
        match self {
            Self::Hosts | Self::Rejects => true,
            Self::Pages | Self::Documents | Self::Links | Self::Duplicates | Self::Scores => false,
        }
    }
}

impl fmt::Display for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A step of the line. A stage has a [`Generation`](crate::Generation): code version and settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Input lines to frontier and rejects.
    Admit,
    /// Frontier to pages, and what was asked of hosts for them.
    Collect,
    /// Pages to documents and links, one part in, one part out.
    Curate,
    /// All documents to duplicates: a barrier.
    Dedupe,
    /// Documents and duplicates to scores, one part in, one part out.
    Score,
    /// Everything to the summary and its files.
    Report,
}

impl Stage {
    /// Every stage, in the order of the line.
    pub const ALL: [Self; 6] =
        [Self::Admit, Self::Collect, Self::Curate, Self::Dedupe, Self::Score, Self::Report];

    /// The stage's name in the catalogue, in events and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admit => "admit",
            Self::Collect => "collect",
            Self::Curate => "curate",
            Self::Dedupe => "dedupe",
            Self::Score => "score",
            Self::Report => "report",
        }
    }

    /// Reads what [`as_str`](Self::as_str) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }

    /// The datasets that one commit of this stage writes, empty ones too; collect leaves `hosts` out
    /// where no server was asked.
    pub const fn outputs(self) -> &'static [Dataset] {
        match self {
            Self::Admit => &[Dataset::Rejects],
            Self::Collect => &[Dataset::Pages, Dataset::Hosts],
            Self::Curate => &[Dataset::Documents, Dataset::Links],
            Self::Dedupe => &[Dataset::Duplicates],
            Self::Score => &[Dataset::Scores],
            Self::Report => &[],
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_every_dataset_has_its_writer() {
        for d in Dataset::ALL {
            assert_eq!(Dataset::parse(d.as_str()), Some(d));
            assert!(d.stage().outputs().contains(&d), "{d} is not among its stage's outputs");
        }
        for s in Stage::ALL {
            assert_eq!(Stage::parse(s.as_str()), Some(s));
        }
    }
}
