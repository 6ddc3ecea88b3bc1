//! What became of the pages since earlier runs of the same input.

use jarvix_core::RunId;
use serde::{Deserialize, Serialize};

use crate::Milli;

/// Rows of [`TrendFacts::movers`].
pub const MOVER_ROWS: usize = 10;
/// Most runs that are followed: the newest.
pub const TREND_RUNS_MAX: usize = 24;

/// The same pages over several runs; empty where there is no earlier one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrendFacts {
    /// The runs, oldest first; the last is the report's own.
    pub runs: Vec<RunMean>,
    /// Only in the last run.
    pub new: u64,
    /// More than a tenth better than before.
    pub improved: u64,
    /// More than a tenth worse.
    pub declined: u64,
    /// Neither.
    pub stable: u64,
    /// Not in the last run.
    pub gone: u64,
    /// The pages that moved most, farthest first.
    pub movers: Vec<MovedPage>,
    /// Where the mean score goes, where that can be said.
    pub outlook: Option<Outlook>,
    /// Why it cannot be said, where it cannot; empty elsewhere.
    pub no_outlook: String,
    /// Earlier runs of the same input that are left out because another profile scored them.
    #[serde(default)]
    pub other_profile: u64,
}

/// The scores of one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunMean {
    /// The run.
    pub run: RunId,
    /// The day and minute in which it was begun, in UTC; empty where that is not known.
    #[serde(default)]
    pub begun: String,
    /// Pages with a score.
    pub pages: u64,
    /// Their mean; none without pages.
    pub mean: Option<Milli>,
}

/// A page that moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedPage {
    /// Canonical URL.
    pub url: String,
    /// NEW, IMPROVED, DECLINED, STABLE or GONE.
    pub standing: String,
    /// Its score in the newest earlier run that has it.
    pub before: Option<Milli>,
    /// Its score in the last run.
    pub now: Option<Milli>,
    /// Its score in each of [`TrendFacts::runs`]; none where the run has no such page.
    #[serde(default)]
    pub scores: Vec<Option<Milli>>,
    /// Sections of its text that differ, by heading, the first of them.
    pub sections: Vec<String>,
    /// Whether its text differs at all.
    pub text_changed: bool,
}

/// The next mean score, by a forecast that was nearer to what came than "as the last time".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outlook {
    /// The mean itself.
    pub point: Milli,
    /// Lower end of the interval that holds four fifths of what comes.
    pub low: Milli,
    /// Its upper end.
    pub high: Milli,
}
