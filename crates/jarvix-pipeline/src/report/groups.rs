//! One report for each host, domain or kind of a run's pages. The rows of all pages are streamed once,
//! brought together by the engine's sort (which spills to disk where it must); each group is counted
//! as its rows come by and handed to the pool when the next one begins.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use jarvix_core::RunId;
use jarvix_query::Table;
use jarvix_report::Summary;

use super::batch::{Batch, BatchResult, locked, split_name};
use super::group::{Group, PageRow};
use super::made::{self, Made};
use super::{Fontcase, file_error};
use crate::LineError;
use crate::summary::{self, Rows, ScoredBy, outcome_of};

/// What a run's pages are split by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// The host of the URL.
    Host,
    /// The domain that someone registered.
    Domain,
    /// The action that the profile advises.
    Action,
    /// The language of the text.
    Language,
    /// The kind of page.
    PageType,
}

impl Split {
    /// Every way.
    pub const ALL: [Self; 5] =
        [Self::Host, Self::Domain, Self::Action, Self::Language, Self::PageType];

    /// The word on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Domain => "domain",
            Self::Action => "action",
            Self::Language => "language",
            Self::PageType => "page_type",
        }
    }

    /// Reads what [`as_str`](Self::as_str) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|split| split.as_str() == text)
    }

    const fn sql(self) -> &'static str {
        match self {
            Self::Host => "coalesce(host(p.url), '')",
            Self::Domain => "coalesce(registrable_domain(p.url), '')",
            Self::Action => "coalesce(s.action, '')",
            Self::Language => "coalesce(d.language, '')",
            Self::PageType => "coalesce(d.page_type, '')",
        }
    }

    /// What the group of those is called that have none.
    const fn none(self) -> &'static str {
        match self {
            Self::Host | Self::Domain => "local files",
            Self::Action => "not scored",
            Self::Language => "language not known",
            Self::PageType => "kind not known",
        }
    }
}

/// The rows of all pages, group by group, the best page of each first.
fn sql(split: Split) -> String {
    format!(
        "SELECT {key} AS split_key, p.url AS page_url, host(p.url) AS host, p.outcome AS outcome, \
         coalesce(p.reason, '') AS page_reason, p.bytes_wire AS bytes_wire, \
         CASE WHEN p.attempts > 0 OR p.protocol = 'file' \
              THEN CAST(date_trunc('second', p.fetched_at) AS VARCHAR) END AS fetched, \
         d.ordinal IS NOT NULL AS is_document, d.title AS title, d.language AS language, \
         d.page_type AS page_type, d.word_count AS word_count, d.published AS published, \
         d.gate AS gate, s.* \
         FROM (SELECT ordinal, url, outcome, reason, bytes_wire, fetched_at, attempts, protocol FROM pages) p \
         LEFT JOIN (SELECT ordinal, title, language, page_type, word_count, published, gate FROM documents) d \
           ON d.ordinal = p.ordinal \
         LEFT JOIN scores s ON s.ordinal = p.ordinal \
         ORDER BY split_key, score DESC NULLS LAST, page_url",
        key = split.sql()
    )
}

/// A group on its way to be drawn.
struct Task {
    stem: String,
    summary: Summary,
}

/// What the threads of a split have in common.
struct Desk<'a> {
    folder: &'a Path,
    tasks: Mutex<Receiver<Task>>,
    made: Mutex<Made<'a>>,
    done: AtomicU64,
}

impl Batch<'_> {
    /// A report for each group of the pages of `run`, in the folder of the batch.
    pub fn split(&self, run: &RunId, by: Split) -> Result<BatchResult, LineError> {
        let folder = match self.out {
            Some(out) => out.to_owned(),
            None => self.store.run_dir(run).join("report").join(format!("by-{}", by.as_str())),
        };
        let disk = &*self.store.env().disk;
        let key = made::key(self.store, run, self.settings, by.as_str())?;
        let made = Made::open(disk, &folder, key, self.force)?;
        let (sender, receiver) = sync_channel(2 * self.pool.max(1));
        let desk = Desk {
            folder: &folder,
            tasks: Mutex::new(receiver),
            made: Mutex::new(made),
            done: AtomicU64::new(0),
        };
        let fonts = Fontcase::default();
        let mut result = BatchResult::default();
        let panicked = |_| LineError::Threads { reason: "one of them panicked".to_owned() };
        std::thread::scope(|scope| {
            let drawing = scope.spawn(|| self.pooled(self.pool, &|| self.draws(&desk, &fonts)));
            let groups = self.groups(run, by, &sender, &desk, &mut result);
            drop(sender);
            let drawn = drawing.join().map_err(panicked)?;
            // What a thread says is the cause where groups found nobody to draw them.
            drawn.and(groups)
        })?;
        locked(&desk.made).save()?;
        result.interrupted = self.is_stopped();
        disk.sync_dir(&folder).map_err(file_error("write", &folder))?;
        Ok(result)
    }

    fn draws(&self, desk: &Desk<'_>, fonts: &Fontcase) -> Result<(), LineError> {
        let mut setter = self.setter(fonts)?;
        loop {
            let task = locked(&desk.tasks).recv();
            let Ok(task) = task else { return Ok(()) };
            self.draw(&task.summary, desk.folder, &task.stem, setter.as_mut())?;
            for format in &self.settings.formats {
                locked(&desk.made).add(split_name(&task.stem, *format))?;
            }
            (self.on_progress)(desk.done.fetch_add(1, Ordering::Relaxed) + 1, None);
        }
    }

    /// Streams the rows and hands over one group after the other.
    fn groups(
        &self,
        run: &RunId,
        by: Split,
        sender: &SyncSender<Task>,
        desk: &Desk<'_>,
        result: &mut BatchResult,
    ) -> Result<(), LineError> {
        let session = self.query.session_for_run(run)?;
        let of = summary::frame(self.store, run)?;
        let whole = Whole { run, of, scored_by: summary::scored_by(self.store, run)?, by };
        let sql = sql(by);
        let mut rows = self.runtime.block_on(session.stream(&sql))?;
        let columns = rows.columns().to_vec();
        let mut open: Option<Group> = None;
        while let Some(batch) = self.runtime.block_on(rows.next_rows())? {
            let rows = Rows { table: Table { columns: columns.clone(), rows: batch } };
            for at in 0..rows.len() {
                let name = rows.text(at, "split_key");
                if open.as_ref().is_none_or(|group| group.name != name)
                    && let Some(group) = open.replace(Group::new(name))
                    && !self.hand_over(group, &whole, sender, desk, result)
                {
                    return Ok(());
                }
                if let Some(group) = &mut open {
                    group.add(page_row(&rows, at, &whole.scored_by), &whole.scored_by);
                }
            }
        }
        if let Some(group) = open {
            self.hand_over(group, &whole, sender, desk, result);
        }
        Ok(())
    }

    /// Gives a group to the pool, unless its files are there; false where there is no more to do.
    fn hand_over(
        &self,
        mut group: Group,
        whole: &Whole<'_>,
        sender: &SyncSender<Task>,
        desk: &Desk<'_>,
        result: &mut BatchResult,
    ) -> bool {
        if self.is_stopped() {
            return false;
        }
        if group.name.is_empty() {
            group.name = whole.by.none().to_owned();
        }
        let stem = made::stem(&group.name);
        let names: Vec<String> =
            self.settings.formats.iter().map(|format| split_name(&stem, *format)).collect();
        result.files.extend(names.iter().map(|name| desk.folder.join(name)));
        let is_made = {
            let made = locked(&desk.made);
            names.iter().all(|name| made.has(name))
        };
        if is_made {
            result.kept += 1;
            return true;
        }
        let summary = group.summary(whole.run, &whole.of, &whole.scored_by);
        sender.send(Task { stem, summary }).is_ok()
    }
}

/// The run that the groups are parts of.
struct Whole<'a> {
    run: &'a RunId,
    of: Summary,
    scored_by: ScoredBy,
    by: Split,
}

fn page_row(rows: &Rows, at: usize, scored_by: &ScoredBy) -> PageRow {
    let signals = scored_by.profile.signals.iter();
    let points = |name: &str| rows.thousandths(at, &format!("signal_{name}"));
    PageRow {
        url: rows.text(at, "page_url"),
        host: rows.text(at, "host"),
        outcome: Some(outcome_of(&rows.text(at, "outcome"))),
        reason: rows.text(at, "page_reason"),
        fetched_at: rows.optional(at, "fetched").as_deref().map(summary::readable),
        bytes_wire: rows.number(at, "bytes_wire"),
        is_document: rows.is_true(at, "is_document"),
        title: rows.optional(at, "title"),
        language: rows.optional(at, "language"),
        page_type: rows.optional(at, "page_type"),
        word_count: rows.optional_number(at, "word_count"),
        published: rows.optional(at, "published"),
        gate: rows.optional(at, "gate"),
        score: rows.thousandths(at, "score"),
        action: rows.text(at, "action"),
        why: rows.text(at, "reason"),
        duplicate_of: rows.optional(at, "duplicate_of"),
        contributions: signals.map(|signal| points(&signal.name)).collect(),
    }
}
