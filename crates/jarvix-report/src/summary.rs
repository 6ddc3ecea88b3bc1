//! The summary of a run: the one model that feeds HTML, JSON and the terminal.
//!
//! Plain values: integers, texts and decimals with three places, filled by the pipeline from
//! committed parts (the run's, and for [`Summary::trends`] those of earlier runs) and the run's
//! settings. It holds nothing that differs between two renderings of the same parts: no clock, no
//! duration, no thread count, no path of this machine (invariant I3a). Texts from pages are held as
//! they are; every renderer escapes them itself.

use serde::{Deserialize, Serialize};

use jarvix_core::{Gate, Outcome, RunId};

use crate::{CrawlFacts, FailingHost, Milli, PolitenessFacts, ScoreStats, TrendFacts};

/// Rows of [`Summary::top`] unless asked otherwise.
pub const TOP_ROWS: usize = 50;
/// Rows of [`Summary::hosts`]: the largest by pages, the rest in [`Summary::hosts_left_out`].
pub const HOST_ROWS: usize = 25;
/// Rows of [`RejectFacts::sample`].
pub const REJECT_ROWS: usize = 20;
/// Rows of [`DuplicateFacts::largest`].
pub const CLUSTER_ROWS: usize = 10;
/// URLs that are shown of one cluster.
pub const CLUSTER_URLS: usize = 5;
/// Rows of [`Summary::languages`] and [`Summary::page_types`].
pub const GROUP_ROWS: usize = 12;

/// Everything a report says about one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Headline, for instance the name of the input.
    pub title: String,
    /// The run.
    pub run: RunId,
    /// Which part of the run it is about; `None` for all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<PartFact>,
    /// Version of Jarvix that made the report.
    pub jarvix_version: String,
    /// What was asked for, and what became of each line.
    pub input: InputFacts,
    /// First and last `fetched_at` of the pages, as text in UTC; `None` where nothing was fetched.
    pub fetched: Option<FetchSpan>,
    /// What decided the scores.
    pub profile: ProfileFacts,
    /// Other settings that matter, in the order they are shown. Secrets never stand here.
    pub settings: Vec<Setting>,
    /// Pages by outcome, in the order of [`Outcome::ALL`], those that occur; adds up to all pages.
    pub outcomes: Vec<OutcomeCount>,
    /// Documents: pages that gave content, gated ones included.
    pub documents: u64,
    /// Gated documents by gate, in the order of [`Gate::ALL`], those that occur.
    pub gates: Vec<GateCount>,
    /// Scored documents by action, the most favoured action first; see [`ActionCount::table`].
    pub actions: Vec<ActionCount>,
    /// How the scores are spread; see [`ScoreTally`](crate::ScoreTally).
    pub scores: ScoreStats,
    /// The best pages, by score descending, then URL.
    pub top: Vec<TopPage>,
    /// The hosts with most pages: by pages descending, then name.
    pub hosts: Vec<HostRow>,
    /// Hosts that are not in `hosts`.
    pub hosts_left_out: u64,
    /// How much the hosts were asked.
    #[serde(default)]
    pub politeness: PolitenessFacts,
    /// Documents by language, most first, then by name; an empty name stands for "not known".
    pub languages: Vec<GroupCount>,
    /// Documents by kind of page, most first, then by name; an empty name stands for "not known".
    pub page_types: Vec<GroupCount>,
    /// Why pages failed: by count descending, then outcome and reason.
    pub failures: Vec<FailureCause>,
    /// The hosts with most failed pages: by count descending, then name.
    #[serde(default)]
    pub failing_hosts: Vec<FailingHost>,
    /// Input lines that are not usable URLs.
    pub rejects: RejectFacts,
    /// Documents that repeat another one.
    pub duplicates: DuplicateFacts,
    /// What became of the pages since earlier runs of the same input.
    #[serde(default)]
    pub trends: TrendFacts,
    /// What was found on the way.
    #[serde(default)]
    pub crawl: CrawlFacts,
    /// What was received and kept.
    pub sizes: Sizes,
    /// The command that repeats the run.
    pub repeat_command: String,
    /// Sentences on how the figures came about and what they do not say.
    pub method: Vec<String>,
}

/// A part of a run: the pages that have something in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartFact {
    /// What they have in common, such as `host`.
    pub what: String,
    /// Its value, such as `example.org`.
    pub value: String,
}

/// Where the input came from, and the sum that accounts for every line:
/// `lines = pages + left + rejects + duplicates`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFacts {
    /// The inputs by name: file names without folders, `-` for stdin, or single URLs.
    pub names: Vec<String>,
    /// Lines that were neither blank nor comments; a local file counts as a line.
    pub lines: u64,
    /// Pages that stand for a line.
    pub pages: u64,
    /// Lines whose page is not fetched yet: the run was stopped, or its time was over.
    #[serde(default)]
    pub left: u64,
    /// Lines that are not usable URLs.
    pub rejects: u64,
    /// Lines that repeat an earlier URL.
    pub duplicates: u64,
    /// Pages that were found through links rather than listed.
    pub pages_from_links: u64,
    /// Addresses that were found and are not fetched yet.
    #[serde(default)]
    pub links_left: u64,
}

/// The span of time in which the pages were fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchSpan {
    /// `fetched_at` of the first page, for instance `2026-03-09 08:15:02 UTC`.
    pub first: String,
    /// `fetched_at` of the last page.
    pub last: String,
}

/// The profile that scored the run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileFacts {
    /// Its name.
    pub name: String,
    /// Hash of its settings.
    pub hash: String,
    /// One sentence on what it favours; empty where it says nothing.
    pub about: String,
    /// Its signals in the order of their columns.
    pub signals: Vec<SignalFact>,
}

/// A signal of the profile; [`Contribution::signal`] names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignalFact {
    /// Its name, as in the column `signal_<name>`.
    pub name: String,
    /// What it measures, one sentence.
    pub about: String,
    /// Its weight in the profile.
    pub weight: Milli,
}

/// A setting and its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Its name as on the command line, without dashes.
    pub name: String,
    /// Its value as text.
    pub value: String,
}

/// How many pages ended in one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeCount {
    /// The outcome.
    pub outcome: Outcome,
    /// One sentence for people.
    pub about: String,
    /// Whether it counts as a failure.
    pub failure: bool,
    /// Pages.
    pub count: u64,
}

impl OutcomeCount {
    /// A row of the table, with the outcome's own sentence.
    pub fn new(outcome: Outcome, count: u64) -> Self {
        Self { outcome, about: outcome.about().to_owned(), failure: outcome.is_failure(), count }
    }
}

/// How many documents one gate held back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateCount {
    /// The gate.
    pub gate: Gate,
    /// One sentence for people.
    pub about: String,
    /// Documents.
    pub count: u64,
}

impl GateCount {
    /// A row of the table, with the gate's own sentence.
    pub fn new(gate: Gate, count: u64) -> Self {
        Self { gate, about: gate.about().to_owned(), count }
    }
}

/// How many documents got one action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionCount {
    /// The profile's word: BUY, MONITOR, SKIP, ...
    pub action: String,
    /// What it means, for instance `score of 70 and above`; may be empty.
    pub about: String,
    /// Documents.
    pub count: u64,
    /// Share of all scored documents, in percent with one place; the shares add up to 100.
    pub share: Milli,
}

impl ActionCount {
    /// The table of `(action, about, count)`, with shares that add up to exactly 100 percent
    /// (largest remainder; ties go to the earlier row).
    pub fn table(rows: impl IntoIterator<Item = (String, String, u64)>) -> Vec<Self> {
        let rows: Vec<_> = rows.into_iter().collect();
        let counts: Vec<u64> = rows.iter().map(|row| row.2).collect();
        let shares = tenths_of_percent(&counts);
        rows.into_iter()
            .zip(shares)
            .map(|((action, about, count), tenths)| Self {
                action,
                about,
                count,
                share: Milli(tenths * 100),
            })
            .collect()
    }
}

/// Shares in tenths of a percent by the method of the largest remainder.
fn tenths_of_percent(counts: &[u64]) -> Vec<i64> {
    let total: u128 = counts.iter().map(|c| u128::from(*c)).sum();
    if total == 0 {
        return vec![0; counts.len()];
    }
    let scaled: Vec<u128> = counts.iter().map(|c| u128::from(*c) * 1_000).collect();
    let mut shares: Vec<i64> =
        scaled.iter().map(|s| i64::try_from(s / total).unwrap_or(1_000)).collect();
    let left = 1_000 - shares.iter().sum::<i64>();
    let mut by_remainder: Vec<usize> = (0..counts.len()).collect();
    by_remainder.sort_by_key(|&i| std::cmp::Reverse(scaled[i] % total));
    for &i in by_remainder.iter().take(usize::try_from(left).unwrap_or(0)) {
        shares[i] += 1;
    }
    shares
}

/// A page of the ranking, with what explains its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopPage {
    /// Its place, from 1.
    pub rank: u64,
    /// Canonical URL.
    pub url: String,
    /// Title of the document.
    pub title: Option<String>,
    /// Host of the URL.
    pub host: String,
    /// Score, 0 to 100.
    pub score: Milli,
    /// What the profile advises.
    pub action: String,
    /// Why, in one line of words.
    pub reason: String,
    /// What each signal gave or took, in the order of [`ProfileFacts::signals`]; before the score
    /// is held within 0 to 100, this is what adds up to it.
    pub contributions: Vec<Contribution>,
    /// Language, as a code.
    pub language: Option<String>,
    /// Kind of page.
    pub page_type: Option<String>,
    /// Words of the main text.
    pub word_count: Option<u64>,
    /// Publication date as ISO 8601.
    pub published: Option<String>,
    /// The page that this one repeats.
    pub duplicate_of: Option<String>,
}

/// What one signal gave to a score, or took from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contribution {
    /// Name of the [`SignalFact`].
    pub signal: String,
    /// Points.
    pub points: Milli,
}

/// A host and what it gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostRow {
    /// Host name; empty for local files.
    pub host: String,
    /// Pages of the run on this host.
    pub pages: u64,
    /// Pages that ended in a failure.
    pub failed: u64,
    /// Documents.
    pub documents: u64,
    /// Mean score of its documents.
    pub mean_score: Option<Milli>,
}

/// How many documents share a property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupCount {
    /// The property's value; empty stands for "not known".
    pub name: String,
    /// Documents.
    pub count: u64,
}

/// A cause of failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureCause {
    /// How the pages ended.
    pub outcome: Outcome,
    /// Why, as one of the pages says it.
    pub reason: String,
    /// Pages.
    pub count: u64,
    /// A few of them, lowest ordinal first.
    pub examples: Vec<String>,
}

/// Input lines that are not usable URLs. How many there are stands in [`InputFacts::rejects`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectFacts {
    /// The first of them.
    pub sample: Vec<RejectRow>,
}

/// An input line that is not a usable URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectRow {
    /// The input it stands in, by name.
    pub source: String,
    /// Its line number, from 1.
    pub line_no: u64,
    /// The line, escaped and cut.
    pub text: String,
    /// Why it cannot be used.
    pub reason: String,
}

/// Documents that repeat another one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DuplicateFacts {
    /// Groups of documents with the same text.
    pub clusters: u64,
    /// Documents in them, representatives not counted.
    pub repeated: u64,
    /// The largest groups: by size descending, then by URL.
    pub largest: Vec<ClusterRow>,
}

/// A group of documents with the same text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterRow {
    /// URL of the representative: the page that was admitted first.
    pub representative: String,
    /// Documents that repeat it.
    pub repeated: u64,
    /// A few of their URLs.
    pub examples: Vec<String>,
}

/// What was received and what is kept on disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes {
    /// Bytes from the network, headers included.
    pub bytes_wire: u64,
    /// Bytes of the documents' bodies after decoding.
    pub bytes_decoded: u64,
    /// Parts of all datasets; `bytes_parts` is their size on disk.
    pub parts: u64,
    /// Bytes of those parts.
    pub bytes_parts: u64,
}

impl Summary {
    /// A summary of a run in which nothing has happened yet; the caller fills in what there is.
    pub fn empty(run: RunId, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            run,
            part: None,
            jarvix_version: env!("CARGO_PKG_VERSION").to_owned(),
            input: InputFacts::default(),
            fetched: None,
            profile: ProfileFacts::default(),
            settings: Vec::new(),
            outcomes: Vec::new(),
            documents: 0,
            gates: Vec::new(),
            actions: Vec::new(),
            scores: ScoreStats::default(),
            top: Vec::new(),
            hosts: Vec::new(),
            hosts_left_out: 0,
            politeness: PolitenessFacts::default(),
            languages: Vec::new(),
            page_types: Vec::new(),
            failures: Vec::new(),
            failing_hosts: Vec::new(),
            rejects: RejectFacts::default(),
            duplicates: DuplicateFacts::default(),
            trends: TrendFacts::default(),
            crawl: CrawlFacts::default(),
            sizes: Sizes::default(),
            repeat_command: String::new(),
            method: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_empty_summary_adds_up() {
        let summary = Summary::empty(RunId::new("empty-1").expect("an id"), "Nothing");
        assert_eq!(summary.discrepancies(), Vec::<String>::new());
    }

    #[test]
    fn a_sum_that_does_not_hold_is_named() {
        let mut summary = Summary::empty(RunId::new("odd-1").expect("an id"), "Odd");
        summary.input.lines = 3;
        summary.input.pages = 2;
        summary.outcomes = vec![OutcomeCount::new(Outcome::Dns, 2)];
        let expected = "input lines and pages, rejects and repeated lines together differ: 3 and 2";
        assert_eq!(summary.discrepancies(), [expected]);
    }

    #[test]
    fn shares_of_thirds_add_up() {
        let rows = ["BUY", "MONITOR", "SKIP"].map(|a| (a.to_owned(), String::new(), 1));
        let shares: Vec<_> = ActionCount::table(rows).iter().map(|a| a.share).collect();
        assert_eq!(shares, [Milli(33_400), Milli(33_300), Milli(33_300)]);
    }

    proptest! {
        #[test]
        fn shares_always_add_up(counts in proptest::collection::vec(0u64..u64::MAX / 8, 1..8)) {
            let rows = counts.iter().map(|n| (String::new(), String::new(), *n));
            let sum: Milli = ActionCount::table(rows).iter().map(|a| a.share).sum();
            let expected = if counts.iter().all(|n| *n == 0) { 0 } else { 100 };
            prop_assert_eq!(sum, Milli::whole(expected));
        }
    }
}
