//! A report's summary of some of a run's pages, counted row by row: what the run's own summary asks by
//! SQL, for each host without asking a thousand times.
//!
//! What it refuses to do: hold more than the rows that a report shows.

use std::collections::{BTreeMap, HashSet};

use jarvix_core::{Gate, Outcome, RunId};
use jarvix_report::{
    ActionCount, CLUSTER_ROWS, CLUSTER_URLS, ClusterRow, Contribution, DuplicateFacts,
    FAILING_HOST_ROWS, FAILURE_EXAMPLES, FAILURE_ROWS, FailingHost, FailureCause, FetchSpan,
    GROUP_ROWS, GateCount, GroupCount, HOST_ROWS, HostRow, Milli, OutcomeCount, PartFact,
    ScoreTally, Summary, TOP_ROWS, TopPage,
};

use super::Split;
use crate::summary::{LINES_METHOD, ScoredBy};

/// Different causes, hosts and repeated pages that are counted in one group; the report says so where
/// there are more.
const KINDS_MAX: usize = 4_096;
/// Hosts of one group with counts of their own.
const HOSTS_MAX: usize = 65_536;
/// Hosts and repeated pages that are told apart in one group.
const TOLD_APART_MAX: usize = 1 << 20;

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
    /// The page that it repeats, by the duplicates, and the run of that page where it is another one.
    pub(super) repeats: Option<(String, String)>,
    pub(super) contributions: Vec<Option<i64>>,
}

#[derive(Default)]
struct HostCount {
    pages: u64,
    failed: u64,
    documents: u64,
    scored: u64,
    sum: i128,
    /// Failed pages by the place of their outcome.
    failures: BTreeMap<usize, u64>,
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
    /// Hashes of all hosts.
    all_hosts: HashSet<u64>,
    /// Hashes of the pages that others repeat.
    clusters: HashSet<u64>,
    /// Those pages, how many repeat each, and a few that do.
    repeats: BTreeMap<String, (u64, Vec<String>)>,
    top: Vec<TopPage>,
    /// Whether something was left out because there were too many kinds of it.
    is_short: bool,
}

/// The entry of `key`, unless there are too many others; then `is_short` is set.
fn entry<'a, K: Ord, V: Default>(
    entries: &'a mut BTreeMap<K, V>,
    key: K,
    most: usize,
    is_short: &mut bool,
) -> Option<&'a mut V> {
    if entries.len() >= most && !entries.contains_key(&key) {
        *is_short = true;
        return None;
    }
    Some(entries.entry(key).or_default())
}

fn count<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K, is_short: &mut bool) {
    if let Some(count) = entry(counts, key, KINDS_MAX, is_short) {
        *count += 1;
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
            all_hosts: HashSet::new(),
            clusters: HashSet::new(),
            repeats: BTreeMap::new(),
            top: Vec::new(),
            is_short: false,
        }
    }

    pub(super) fn add(&mut self, row: PageRow, scored_by: &ScoredBy) {
        self.pages += 1;
        self.bytes_wire += row.bytes_wire;
        let outcome = row.outcome.unwrap_or(Outcome::Internal);
        let place = Outcome::ALL.iter().position(|known| *known == outcome).unwrap_or(0);
        count(&mut self.outcomes, place, &mut self.is_short);
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
            let cause = entry(&mut self.causes, key, KINDS_MAX, &mut self.is_short);
            if let Some((count, examples)) = cause {
                *count += 1;
                if examples.len() < FAILURE_EXAMPLES {
                    examples.push(row.url.clone());
                }
            }
        }
        insert(&mut self.all_hosts, &[&row.host], &mut self.is_short);
        let host = entry(&mut self.hosts, row.host.clone(), HOSTS_MAX, &mut self.is_short);
        if let Some(host) = host {
            host.pages += 1;
            host.failed += u64::from(outcome.is_failure());
            host.documents += u64::from(row.is_document);
            host.scored += u64::from(row.score.is_some());
            host.sum += i128::from(row.score.unwrap_or(0));
            if outcome.is_failure() {
                *host.failures.entry(place).or_default() += 1;
            }
        }
        if row.is_document {
            self.document(row, scored_by);
        }
    }

    fn document(&mut self, row: PageRow, scored_by: &ScoredBy) {
        self.documents += 1;
        if let Some(gate) = &row.gate {
            count(&mut self.gates, gate.clone(), &mut self.is_short);
        }
        let language = row.language.clone().unwrap_or_default();
        count(&mut self.languages, language, &mut self.is_short);
        let page_type = row.page_type.clone().unwrap_or_default();
        count(&mut self.page_types, page_type, &mut self.is_short);
        if let Some((first, run)) = &row.repeats {
            self.repeat(first, run, &row.url);
        }
        let Some(score) = row.score else { return };
        count(&mut self.actions, row.action.clone(), &mut self.is_short);
        match self.scores.last_mut() {
            Some((last, count)) if *last == score => *count += 1,
            _ => self.scores.push((score, 1)),
        }
        if self.top.len() < TOP_ROWS {
            let rank = self.top.len() as u64 + 1;
            self.top.push(top_page(row, rank, score, scored_by));
        }
    }

    fn repeat(&mut self, first: &str, run: &str, url: &str) {
        self.repeated += 1;
        insert(&mut self.clusters, &[run, first], &mut self.is_short);
        let repeats = entry(&mut self.repeats, first.to_owned(), KINDS_MAX, &mut self.is_short);
        if let Some((count, examples)) = repeats {
            *count += 1;
            if examples.len() < CLUSTER_URLS {
                examples.push(url.to_owned());
            }
        }
    }

    /// The summary of the group.
    pub(super) fn summary(
        self,
        run: &RunId,
        of: &Summary,
        scored_by: &ScoredBy,
        by: &Split,
    ) -> Summary {
        let part = PartFact { what: by.name().to_owned(), value: self.name.clone() };
        // A host says what it is; `de` does not.
        let title = match by {
            Split::Host | Split::Domain => self.name.clone(),
            _ => format!("{}: {}", by.name().replace('_', " "), self.name),
        };
        let mut summary = Summary::empty(run.clone(), title);
        summary.part = Some(part);
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
        summary.failing_hosts = failing_hosts(&self.hosts);
        summary.hosts = hosts(self.hosts);
        summary.hosts_left_out =
            (self.all_hosts.len() as u64).saturating_sub(summary.hosts.len() as u64);
        summary.failures = causes(self.causes);
        summary.duplicates = DuplicateFacts {
            repeated: self.repeated,
            clusters: self.clusters.len() as u64,
            largest: repeats(self.repeats),
        };
        summary.sizes.bytes_wire = self.bytes_wire;
        let of_lines = |sentence: &&String| *sentence != LINES_METHOD;
        summary.method = of.method.iter().filter(of_lines).cloned().collect();
        summary.method.insert(0, format!("This report is about a part of the run {run}: what is not said here stands in the report of the whole run."));
        if self.is_short {
            let short = "There are more causes, hosts, languages or repeated pages than are counted one by one: tables of them lack those that came last, so that another one may be the largest.";
            summary.method.insert(1, short.to_owned());
        }
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

/// Takes down a name among those that are told apart.
fn insert(hashes: &mut HashSet<u64>, name: &[&str], is_short: &mut bool) {
    let mut hasher = blake3::Hasher::new();
    for part in name {
        hasher.update(part.as_bytes()).update(&[0]);
    }
    let hash = hasher.finalize();
    let hash = u64::from_le_bytes(std::array::from_fn(|at| hash.as_bytes()[at]));
    match hashes.len() < TOLD_APART_MAX {
        true => drop(hashes.insert(hash)),
        false => *is_short |= !hashes.contains(&hash),
    }
}

fn hosts(counts: BTreeMap<String, HostCount>) -> Vec<HostRow> {
    let row = |(host, count): (String, HostCount)| HostRow {
        host,
        pages: count.pages,
        failed: count.failed,
        documents: count.documents,
        mean_score: Milli::mean(count.sum, count.scored),
    };
    let mut rows: Vec<HostRow> = counts.into_iter().map(row).collect();
    rows.sort_by(|a, b| b.pages.cmp(&a.pages).then_with(|| a.host.cmp(&b.host)));
    rows.truncate(HOST_ROWS);
    rows
}

/// The hosts with most failed pages, and how most of those ended.
fn failing_hosts(counts: &BTreeMap<String, HostCount>) -> Vec<FailingHost> {
    let row = |(host, count): (&String, &HostCount)| {
        let named = |place: &usize| Outcome::ALL.get(*place).map(|outcome| outcome.as_str());
        let most = count
            .failures
            .iter()
            .max_by(|a, b| a.1.cmp(b.1).then_with(|| named(b.0).cmp(&named(a.0))));
        let (place, of_outcome) = most?;
        Some(FailingHost {
            host: host.clone(),
            pages: count.pages,
            failed: count.failed,
            outcome: *Outcome::ALL.get(*place)?,
            of_outcome: *of_outcome,
        })
    };
    let mut rows: Vec<FailingHost> = counts.iter().filter_map(row).collect();
    rows.sort_by(|a, b| b.failed.cmp(&a.failed).then_with(|| a.host.cmp(&b.host)));
    rows.truncate(FAILING_HOST_ROWS);
    rows
}

/// The pages that are repeated most.
fn repeats(counts: BTreeMap<String, (u64, Vec<String>)>) -> Vec<ClusterRow> {
    let row =
        |(representative, (repeated, examples))| ClusterRow { representative, repeated, examples };
    let mut rows: Vec<ClusterRow> = counts.into_iter().map(row).collect();
    let place = |row: &ClusterRow| (std::cmp::Reverse(row.repeated), row.representative.clone());
    rows.sort_by_cached_key(place);
    rows.truncate(CLUSTER_ROWS);
    rows
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
