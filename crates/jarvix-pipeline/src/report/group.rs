//! A report's summary of some of a run's pages, counted row by row: what the run's own summary asks by
//! SQL, for each host without asking a thousand times.
//!
//! What it refuses to do: hold more than the rows that a report shows.

use std::collections::BTreeMap;

use jarvix_core::{Gate, Outcome, RunId};
use jarvix_report::{
    ActionCount, Contribution, DuplicateFacts, FAILURE_EXAMPLES, FAILURE_ROWS, FailureCause,
    FetchSpan, GROUP_ROWS, GateCount, GroupCount, HOST_ROWS, HostRow, Milli, OutcomeCount,
    ScoreTally, Summary, TOP_ROWS, TopPage,
};

use crate::summary::ScoredBy;

/// Different causes and hosts that are counted in one group; more are left out of it.
const KINDS_MAX: usize = 4_096;

/// A page of the run with what is known of it.
#[derive(Debug, Default)]
pub(super) struct PageRow {
    pub(super) url: String,
    pub(super) host: String,
    pub(super) outcome: Option<Outcome>,
    pub(super) reason: String,
    pub(super) fetched_at: Option<String>,
    pub(super) bytes_wire: u64,
    /// Whether a document was taken from it.
    pub(super) is_document: bool,
    pub(super) title: Option<String>,
    pub(super) language: Option<String>,
    pub(super) page_type: Option<String>,
    pub(super) word_count: Option<u64>,
    pub(super) published: Option<String>,
    pub(super) gate: Option<String>,
    pub(super) score: Option<i64>,
    pub(super) action: String,
    pub(super) why: String,
    pub(super) duplicate_of: Option<String>,
    pub(super) contributions: Vec<Option<i64>>,
}

#[derive(Default)]
struct HostCount {
    pages: u64,
    failed: u64,
    documents: u64,
    scored: u64,
    sum: i128,
}

/// The pages of one group, counted; rows come best first.
pub(super) struct Group {
    pub(super) name: String,
    pages: u64,
    documents: u64,
    bytes_wire: u64,
    span: Option<(String, String)>,
    outcomes: BTreeMap<usize, u64>,
    causes: BTreeMap<(usize, String), (u64, Vec<String>)>,
    gates: BTreeMap<String, u64>,
    languages: BTreeMap<String, u64>,
    page_types: BTreeMap<String, u64>,
    actions: BTreeMap<String, u64>,
    hosts: BTreeMap<String, HostCount>,
    scores: Vec<(i64, u64)>,
    repeated: u64,
    top: Vec<TopPage>,
}

fn count<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K) {
    if counts.len() < KINDS_MAX || counts.contains_key(&key) {
        *counts.entry(key).or_default() += 1;
    }
}

/// Most first, then by name.
fn ranked(counts: BTreeMap<String, u64>) -> Vec<GroupCount> {
    let mut rows: Vec<_> =
        counts.into_iter().map(|(name, count)| GroupCount { name, count }).collect();
    rows.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
    rows.truncate(GROUP_ROWS);
    rows
}

impl Group {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            pages: 0,
            documents: 0,
            bytes_wire: 0,
            span: None,
            outcomes: BTreeMap::new(),
            causes: BTreeMap::new(),
            gates: BTreeMap::new(),
            languages: BTreeMap::new(),
            page_types: BTreeMap::new(),
            actions: BTreeMap::new(),
            hosts: BTreeMap::new(),
            scores: Vec::new(),
            repeated: 0,
            top: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, row: PageRow, scored_by: &ScoredBy) {
        self.pages += 1;
        self.bytes_wire += row.bytes_wire;
        let outcome = row.outcome.unwrap_or(Outcome::Internal);
        let place = Outcome::ALL.iter().position(|known| *known == outcome).unwrap_or(0);
        count(&mut self.outcomes, place);
        if let Some(at) = &row.fetched_at {
            let (first, last) = self.span.get_or_insert_with(|| (at.clone(), at.clone()));
            if at < first {
                first.clone_from(at);
            }
            if at > last {
                last.clone_from(at);
            }
        }
        if !outcome.gives_document() {
            let key = (place, row.reason.clone());
            if self.causes.len() < KINDS_MAX || self.causes.contains_key(&key) {
                let (count, examples) = self.causes.entry(key).or_default();
                *count += 1;
                if examples.len() < FAILURE_EXAMPLES {
                    examples.push(row.url.clone());
                }
            }
        }
        if self.hosts.len() < KINDS_MAX || self.hosts.contains_key(&row.host) {
            let host = self.hosts.entry(row.host.clone()).or_default();
            host.pages += 1;
            host.failed += u64::from(outcome.is_failure());
            host.documents += u64::from(row.is_document);
            host.scored += u64::from(row.score.is_some());
            host.sum += i128::from(row.score.unwrap_or(0));
        }
        if row.is_document {
            self.document(row, scored_by);
        }
    }

    fn document(&mut self, row: PageRow, scored_by: &ScoredBy) {
        self.documents += 1;
        if let Some(gate) = &row.gate {
            count(&mut self.gates, gate.clone());
        }
        count(&mut self.languages, row.language.clone().unwrap_or_default());
        count(&mut self.page_types, row.page_type.clone().unwrap_or_default());
        self.repeated += u64::from(row.duplicate_of.is_some());
        let Some(score) = row.score else { return };
        count(&mut self.actions, row.action.clone());
        match self.scores.last_mut() {
            Some((last, count)) if *last == score => *count += 1,
            _ => self.scores.push((score, 1)),
        }
        if self.top.len() < TOP_ROWS {
            let rank = self.top.len() as u64 + 1;
            self.top.push(top_page(row, rank, score, scored_by));
        }
    }

    /// The summary of the group; `tally` is empty before and after.
    pub(super) fn summary(self, run: &RunId, of: &Summary, scored_by: &ScoredBy) -> Summary {
        let mut summary = Summary::empty(run.clone(), self.name);
        summary.input.names = vec![of.title.clone()];
        (summary.input.lines, summary.input.pages) = (self.pages, self.pages);
        summary.fetched = self.span.map(|(first, last)| FetchSpan { first, last });
        summary.profile = scored_by.profile.clone();
        summary.settings.clone_from(&of.settings);
        let outcome = |(place, count): (usize, u64)| {
            Outcome::ALL.get(place).map(|outcome| OutcomeCount::new(*outcome, count))
        };
        summary.outcomes = self.outcomes.into_iter().filter_map(outcome).collect();
        summary.documents = self.documents;
        let gate =
            |gate: &Gate| self.gates.get(gate.as_str()).map(|count| GateCount::new(*gate, *count));
        summary.gates = Gate::ALL.iter().filter_map(gate).collect();
        summary.languages = ranked(self.languages);
        summary.page_types = ranked(self.page_types);
        summary.actions = actions(self.actions, scored_by);
        let mut tally = ScoreTally::new();
        self.scores.iter().for_each(|(score, count)| tally.add(Milli(*score), *count));
        summary.scores = tally.stats();
        summary.top = self.top;
        (summary.hosts, summary.hosts_left_out) = hosts(self.hosts);
        summary.failures = causes(self.causes);
        summary.duplicates =
            DuplicateFacts { repeated: self.repeated, ..DuplicateFacts::default() };
        summary.sizes.bytes_wire = self.bytes_wire;
        summary.method.clone_from(&of.method);
        summary.method.insert(0, format!("This report is about a part of the run {run}: what is not said here stands in the report of the whole run."));
        summary.repeat_command.clone_from(&of.repeat_command);
        summary
    }
}

fn top_page(row: PageRow, rank: u64, score: i64, scored_by: &ScoredBy) -> TopPage {
    let signals = scored_by.profile.signals.iter().zip(row.contributions);
    let contribution = |(signal, points): (&jarvix_report::SignalFact, Option<i64>)| {
        points.map(|points| Contribution { signal: signal.name.clone(), points: Milli(points) })
    };
    TopPage {
        rank,
        url: row.url,
        title: row.title,
        host: row.host,
        score: Milli(score),
        action: row.action,
        reason: row.why,
        contributions: signals.filter_map(contribution).collect(),
        language: row.language,
        page_type: row.page_type,
        word_count: row.word_count,
        published: row.published,
        duplicate_of: row.duplicate_of,
    }
}

fn actions(mut counts: BTreeMap<String, u64>, scored_by: &ScoredBy) -> Vec<ActionCount> {
    let known = scored_by.actions.iter();
    let mut rows: Vec<(String, String, u64)> = known
        .map(|(action, about)| (action.clone(), about.clone(), counts.remove(action).unwrap_or(0)))
        .collect();
    rows.extend(counts.into_iter().map(|(action, count)| (action, String::new(), count)));
    ActionCount::table(rows)
}

fn hosts(counts: BTreeMap<String, HostCount>) -> (Vec<HostRow>, u64) {
    let row = |(host, count): (String, HostCount)| HostRow {
        host,
        pages: count.pages,
        failed: count.failed,
        documents: count.documents,
        mean_score: Milli::mean(count.sum, count.scored),
    };
    let mut rows: Vec<HostRow> = counts.into_iter().map(row).collect();
    rows.sort_by(|a, b| b.pages.cmp(&a.pages).then_with(|| a.host.cmp(&b.host)));
    let left_out = rows.len().saturating_sub(HOST_ROWS) as u64;
    rows.truncate(HOST_ROWS);
    (rows, left_out)
}

fn causes(counts: BTreeMap<(usize, String), (u64, Vec<String>)>) -> Vec<FailureCause> {
    let cause = |((place, reason), (count, examples)): ((usize, String), (u64, Vec<String>))| {
        Outcome::ALL.get(place).map(|outcome| FailureCause {
            outcome: *outcome,
            reason,
            count,
            examples,
        })
    };
    let mut rows: Vec<FailureCause> = counts.into_iter().filter_map(cause).collect();
    rows.sort_by(|a, b| {
        let names = |row: &FailureCause| (row.outcome.as_str(), row.reason.clone());
        b.count.cmp(&a.count).then_with(|| names(a).cmp(&names(b)))
    });
    rows.truncate(FAILURE_ROWS);
    rows
}
