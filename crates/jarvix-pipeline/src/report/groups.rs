//! One report for each group of a run's pages, such as those of one host. The rows of all pages are streamed once,
//! brought together by the engine's sort (which spills to disk where it must); each group is counted
//! as its rows come by and handed to the pool when the next one begins.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use jarvix_core::RunId;
use jarvix_query::Table;
use jarvix_report::Summary;

use super::batch::{Batch, BatchResult, Job, locked, split_name};
use super::group::{Group, PageRow};
use super::made::{self, Made};
use super::manners::Manners;
use super::{Caveats, Fontcase, Split, file_error};
use crate::LineError;
use crate::summary::{self, Rows, ScoredBy, outcome_of};

/// A group on its way to be drawn.
struct Task {
    stem: String,
    summary: Summary,
}

/// What the threads of a split have in common.
struct Desk<'a> {
    folder: &'a Path,
    /// `None` when nobody draws any more: whoever hands over a task is told so.
    tasks: Mutex<Option<Receiver<Task>>>,
    made: Mutex<Made<'a>>,
    done: AtomicU64,
    /// Set when a report could not be made: the others are not begun.
    failed: AtomicBool,
}

/// Closes the desk, however drawing ended.
struct Closing<'a>(&'a Mutex<Option<Receiver<Task>>>);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        drop(locked(self.0).take());
    }
}

impl Batch<'_> {
    /// A report for each group of the pages of `run`, in the folder of the batch.
    pub fn split(&self, run: &RunId, by: &Split) -> Result<BatchResult, LineError> {
        self.check(run, by)?;
        let folder = match self.out {
            Some(out) => out.to_owned(),
            None => {
                let column = if matches!(by, Split::Column(_)) { "column-" } else { "" };
                let name = format!("by-{column}{}", made::stem(by.name()));
                self.store.run_dir(run).join("report").join(name)
            }
        };
        let disk = &*self.store.env().disk;
        let fonts = Fontcase::default();
        let key = self.key(run, &format!("{by:?}"), &fonts)?;
        let what = match by {
            Split::Column(name) => format!("run {run} by column {name}"),
            _ => format!("run {run} by {}", by.name()),
        };
        let made = Made::open(disk, &folder, (what.replace('\n', " "), key), self.force)?;
        let (sender, receiver) = sync_channel(2 * self.pool.max(1));
        let desk = Desk {
            folder: &folder,
            tasks: Mutex::new(Some(receiver)),
            made: Mutex::new(made),
            done: AtomicU64::new(0),
            failed: AtomicBool::new(false),
        };
        let mut result = BatchResult::default();
        let panicked = |_| LineError::Threads { reason: "one of them panicked".to_owned() };
        let made = std::thread::scope(|scope| {
            let drawing = scope.spawn(|| {
                let _closing = Closing(&desk.tasks);
                self.pooled(self.pool, &|| self.draws(&desk, &fonts))
            });
            let groups = self.groups(run, by, &sender, &desk, &mut result);
            drop(sender);
            let drawn = drawing.join().map_err(panicked)?;
            // What a thread says is the cause where groups found nobody to draw them.
            drawn.and(groups)
        });
        // What is made is made, also where the rest could not be.
        locked(&desk.made).save()?;
        made?;
        result.interrupted = self.is_stopped();
        if !result.interrupted {
            locked(&desk.made).sweep()?;
        }
        disk.sync_dir(&folder).map_err(file_error("write", &folder))?;
        Ok(result)
    }

    fn draws(&self, desk: &Desk<'_>, fonts: &Fontcase) -> Result<(), LineError> {
        let drawn = self.draws_each(desk, fonts);
        drawn.inspect_err(|_| desk.failed.store(true, Ordering::Relaxed))
    }

    fn draws_each(&self, desk: &Desk<'_>, fonts: &Fontcase) -> Result<(), LineError> {
        let mut setter = self.setter(fonts)?;
        loop {
            let task = locked(&desk.tasks).as_ref().and_then(|tasks| tasks.recv().ok());
            let Some(task) = task else { return Ok(()) };
            if desk.failed.load(Ordering::Relaxed) {
                return Ok(());
            }
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
        by: &Split,
        sender: &SyncSender<Task>,
        desk: &Desk<'_>,
        result: &mut BatchResult,
    ) -> Result<(), LineError> {
        // All of a run is joined: sorted on disk where memory does not hold it.
        let session = self.query.session_by_sorting(run)?;
        let mut of = summary::frame(self.store, run)?;
        let caveats = Caveats::of_run(self.store, self.query, run);
        let caveats = self.runtime.block_on(caveats)?;
        of.method.splice(0..0, caveats.sentences(run));
        result.jobs.push(Job { run: run.clone(), written: Some(caveats) });
        let manners = Manners::of(&session, by, &self.runtime)?;
        let scored_by = summary::scored_by(self.store, run)?;
        let mut whole = Whole { run, of, scored_by, by, manners };
        let mut rows = self.runtime.block_on(session.stream(&by.pages()))?;
        let columns = rows.columns().to_vec();
        let mut open: Option<Group> = None;
        while let Some(batch) = self.runtime.block_on(rows.next_rows())? {
            let rows = Rows { table: Table { columns: columns.clone(), rows: batch } };
            for at in 0..rows.len() {
                let name = rows.text(at, "split_key");
                if open.as_ref().is_none_or(|group| group.name != name)
                    && let Some(group) = open.replace(Group::new(name))
                    && !self.hand_over(group, &mut whole, sender, desk, result)?
                {
                    return Ok(());
                }
                if let Some(group) = &mut open {
                    group.add(page_row(&rows, at, &whole.scored_by), &whole.scored_by);
                }
            }
        }
        if let Some(group) = open {
            self.hand_over(group, &mut whole, sender, desk, result)?;
        }
        Ok(())
    }

    /// Whether the run's list had the column.
    fn check(&self, run: &RunId, by: &Split) -> Result<(), LineError> {
        let Some(sql) = by.check() else { return Ok(()) };
        let session = self.query.session_for_run(run)?;
        if self.runtime.block_on(Rows::of(&session, &sql))?.len() > 0 {
            return Ok(());
        }
        let sql = "SELECT input_meta FROM pages WHERE input_meta IS NOT NULL LIMIT 1";
        let rows = self.runtime.block_on(Rows::of(&session, sql))?;
        let text = if rows.len() > 0 { rows.text(0, "input_meta") } else { String::new() };
        let fields: serde_json::Map<_, _> = serde_json::from_str(&text).unwrap_or_default();
        let columns = fields.keys().cloned().collect();
        Err(LineError::NoColumn { run: run.clone(), column: by.name().to_owned(), columns })
    }

    /// Gives a group to the pool, unless its files are there; false where there is no more to do.
    fn hand_over(
        &self,
        mut group: Group,
        whole: &mut Whole<'_>,
        sender: &SyncSender<Task>,
        desk: &Desk<'_>,
        result: &mut BatchResult,
    ) -> Result<bool, LineError> {
        if self.is_stopped() {
            return Ok(false);
        }
        let manners = whole.manners.as_mut().map(|all| all.facts(&group.name)).transpose()?;
        let stem = match group.name.is_empty() {
            true => {
                let (name, stem) = whole.by.none();
                group.name = name.to_owned();
                stem.to_owned()
            }
            false => made::stem(&group.name),
        };
        let names: Vec<String> =
            self.settings.formats.iter().map(|format| split_name(&stem, *format)).collect();
        result.files.extend(names.iter().map(|name| desk.folder.join(name)));
        let is_made = {
            let made = locked(&desk.made);
            names.iter().all(|name| made.has(name))
        };
        if is_made {
            result.kept += 1;
            return Ok(true);
        }
        let mut summary = group.summary(whole.run, &whole.of, &whole.scored_by, whole.by);
        summary.politeness = manners.unwrap_or_default();
        Ok(sender.send(Task { stem, summary }).is_ok())
    }
}

/// The run that the groups are parts of.
struct Whole<'a> {
    run: &'a RunId,
    of: Summary,
    scored_by: ScoredBy,
    by: &'a Split,
    manners: Option<Manners>,
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
        repeats: rows
            .optional(at, "repeats_url")
            .map(|first| (first, rows.text(at, "repeats_run"))),
        contributions: signals.map(|signal| points(&signal.name)).collect(),
    }
}
