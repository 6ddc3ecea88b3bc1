//! The line. One URL's way can be read here from top to bottom:
//!
//! line -> ordinal -> frontier gate -> fetch -> page -> pages part -> decode -> extract ->
//! document -> documents part -> dedupe -> score -> scores part -> summary -> report. In a crawl
//! the links of one level's documents are the lines of the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use jarvix_collect::admit::{Admission, AdmitSettings, Crawled, admit};
use jarvix_collect::frontier::Frontier;
use jarvix_collect::input::Input;
use jarvix_collect::{CollectJob, CollectSummary, EventSink, Manners, Net};
use jarvix_core::{
    Dataset, Event, Generation, RunId, RunState, Stage, StageRunner, WorkItem, WorkQueue, limits,
};
use jarvix_query::Query;
use jarvix_score::{PartScorer, Scorer};
use jarvix_store::Store;
use tokio::runtime::Runtime;

use crate::report::Written;
use crate::settings::Scope;
use crate::stages::curate::{self, CurateRunner};
use crate::stages::score::ScoreRunner;
use crate::stages::{Conditions, Publish, Work, dedupe};
use crate::{LineError, LineSettings, MemoryQueue, crawl, generations, identity, report};

/// Everything that the line works with.
pub struct Line<'a> {
    /// The data folder.
    pub store: &'a Store,
    /// The run; its lock is held by the caller.
    pub run: &'a RunId,
    /// Whether earlier work of the run was found.
    pub continued: bool,
    /// Settings of this session.
    pub settings: &'a LineSettings,
    /// The way to the network.
    pub net: Arc<dyn Net>,
    /// The query engine.
    pub query: &'a Query,
    /// Where facts are told.
    pub publish: EventSink,
    /// Turns true when the user asks to stop.
    pub stop: &'a Arc<AtomicBool>,
}

/// How the line ended.
#[derive(Debug)]
pub struct Ending {
    /// What became of the input lines, since the run's first.
    pub admission: Option<Admission>,
    /// What was found on the way, since the run's first page; none where nothing is followed.
    pub crawled: Option<Crawled>,
    /// What collect did in this session.
    pub collected: Option<CollectSummary>,
    /// Whether the user stopped it; the run can be continued.
    pub interrupted: bool,
    /// The report's files.
    pub report: Option<Written>,
    /// How long it took.
    pub elapsed: Duration,
}

/// From the input to the report.
pub fn run(
    line: &Line<'_>,
    inputs: &[Input],
    admit_settings: &AdmitSettings,
) -> Result<Ending, LineError> {
    let start = line.store.env().clock.monotonic();
    let run = || line.run.clone();
    (line.publish)(Event::RunStarted { run: run(), continued: line.continued });

    // line -> ordinal -> frontier
    let stopped = || line.stop.load(Ordering::SeqCst);
    let admission = admit(line.store, line.run, inputs, admit_settings, &*line.publish, &stopped)?;
    let mut ending = Ending {
        admission: Some(admission),
        crawled: None,
        collected: None,
        interrupted: stopped(),
        report: None,
        elapsed: Duration::ZERO,
    };

    // frontier gate -> fetch -> page -> pages part; and at the same time, for every committed
    // part: decode -> extract -> document -> documents part
    let mut session =
        Session { manners: Manners::new(&line.settings.collect), spent: Duration::ZERO };
    while !ending.interrupted {
        let collected = collect_and_curate(line, &session)?;
        session.spent += Duration::from_millis(collected.elapsed_ms);
        ending.interrupted = collected.interrupted || stopped();
        let left = collected.left;
        ending.collected = Some(match ending.collected.take() {
            Some(before) => before.followed_by(collected),
            None => collected,
        });
        // links part -> frontier: the next level, once this one is whole
        let whole = !ending.interrupted && left == 0;
        if !whole || !crawl::next_level(line, &line.settings.crawl)? {
            break;
        }
    }

    if line.settings.crawl.is_on() {
        ending.crawled = Some(Crawled::recorded(line.store, line.run)?);
    }

    if !ending.interrupted && line.settings.scope == Scope::Report {
        // a barrier: documents -> duplicates; then -> scores part
        ending.interrupted = score(line)?;
        if !ending.interrupted {
            // -> summary -> report
            ending.report = Some(report(line)?);
        }
    }

    ending.elapsed = line.store.env().clock.monotonic().saturating_sub(start);
    (line.publish)(Event::RunEnded {
        run: run(),
        finished: !ending.interrupted,
        elapsed_ms: millis(ending.elapsed),
    });
    Ok(ending)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// What one level of a crawl leaves to the next: how hosts are to be treated, and the time that
/// fetching has taken of `--max-time`.
struct Session {
    manners: Manners,
    spent: Duration,
}

/// Collects on the async threads and curates committed parts on the pool, at the same time.
fn collect_and_curate(line: &Line<'_>, session: &Session) -> Result<CollectSummary, LineError> {
    // Curate is where links come from.
    if line.settings.scope == Scope::Collect && !line.settings.crawl.is_on() {
        let collected = collect(line, session, Arc::clone(&line.publish), Arc::default())?;
        merge_small_parts(line, None)?;
        return Ok(collected);
    }
    let key = generations::curate_key(&line.settings.policy);
    let generation = line.store.begin_generation(line.run, Stage::Curate, &key)?;
    let queue = Arc::new(MemoryQueue::default());
    let backlog = Arc::new(AtomicU64::new(backlog_of(line, generation)?));
    let collecting = AtomicBool::new(true);
    let collected = std::thread::scope(|scope| {
        let curating = scope.spawn(|| {
            let publish = |event: Event| {
                if matches!(event, Event::StageAdvanced { stage: Stage::Curate, .. }) {
                    // Where the catalogue cannot be read, the next commit says so.
                    let left = backlog_of(line, generation).unwrap_or_default();
                    backlog.store(left, Ordering::Relaxed);
                }
                (line.publish)(event);
            };
            let still = || collecting.load(Ordering::SeqCst);
            let done = curate_while(line, generation, &*queue, &still, &publish);
            // Without curate there is no point in fetching on.
            if done.is_err() {
                line.stop.store(true, Ordering::SeqCst);
            }
            done
        });
        let (publish, hints) = (Arc::clone(&line.publish), Arc::clone(&queue));
        let committed = Arc::clone(&backlog);
        let sink: EventSink = Arc::new(move |event| {
            if matches!(event, Event::PartCommitted { .. }) {
                committed.fetch_add(1, Ordering::Relaxed);
            }
            hint(&event, generation, &hints);
            publish(event);
        });
        let collected = collect(line, session, sink, Arc::clone(&backlog));
        collecting.store(false, Ordering::SeqCst);
        let curated = match curating.join() {
            Ok(curated) => curated,
            Err(_) => Err(LineError::Threads { reason: "the curate thread panicked".to_owned() }),
        };
        curated.and(collected)
    })?;
    if !line.stop.load(Ordering::SeqCst) {
        // What collect left behind is curated on all threads.
        curate_rest(line, generation)?;
        merge_small_parts(line, Some(generation))?;
        switch(line, Stage::Curate, generation)?;
    }
    Ok(collected)
}

/// Slow sites and interrupted sessions leave small parts; when nothing is fetched any more they
/// are merged, with what curate has made of them. A stopped session leaves them to the next.
fn merge_small_parts(line: &Line<'_>, curated: Option<Generation>) -> Result<(), LineError> {
    if line.stop.load(Ordering::SeqCst) {
        return Ok(());
    }
    let limits = (line.settings.collect.chunk_rows, limits::PART_BYTES_MAX);
    line.store.merge_pages(line.run, limits, curated)?;
    Ok(())
}

/// Parts that curate is behind.
fn backlog_of(line: &Line<'_>, generation: Generation) -> Result<u64, LineError> {
    Ok(line.store.catalogue().work(line.run, Stage::Curate, generation)?.len() as u64)
}

/// A committed pages part is work for curate. The hint is given here, by the one who saw the
/// commit; nothing that is read from the bus decides work.
fn hint(event: &Event, generation: Generation, queue: &MemoryQueue) {
    if let Event::PartCommitted { part, stage: Stage::Collect } = event {
        let (run, part) = (part.run.clone(), part.name);
        // A hint that does not fit is found in the catalogue.
        let _: bool = queue.offer(WorkItem { run, stage: Stage::Curate, part, generation });
    }
}

fn collect(
    line: &Line<'_>,
    session: &Session,
    on_event: EventSink,
    backlog: Arc<AtomicU64>,
) -> Result<CollectSummary, LineError> {
    let frontier = Frontier::open(line.store, line.run)?;
    let total = Some(frontier.pending_len());
    let (run, stage) = (line.run.clone(), Stage::Collect);
    (line.publish)(Event::StageStarted { run: run.clone(), stage, total });
    let runtime = runtime(line.settings.threads)?;
    let mut settings = line.settings.collect.clone();
    settings.max_time = settings.max_time.map(|most| most.saturating_sub(session.spent));
    let collected = runtime.block_on(jarvix_collect::collect(CollectJob {
        store: line.store.clone(),
        run: line.run.clone(),
        frontier,
        settings,
        manners: session.manners.clone(),
        net: Arc::clone(&line.net),
        backlog,
        stop: Arc::clone(line.stop),
        on_event,
    }))?;
    let (rows, elapsed_ms) = (collected.pages, collected.elapsed_ms);
    (line.publish)(Event::StageFinished { run, stage, rows, elapsed_ms });
    Ok(collected)
}

/// The threads of fetching and of the query engine.
pub fn runtime(threads: usize) -> Result<Runtime, LineError> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads.clamp(1, 16))
        .thread_name("async")
        .enable_all()
        .build()
        .map_err(|e| LineError::Threads { reason: e.to_string() })
}

/// Curates while collect goes on, leaving one core to it.
fn curate_while(
    line: &Line<'_>,
    generation: Generation,
    queue: &dyn WorkQueue,
    collecting: &(dyn Fn() -> bool + Send + Sync),
    publish: Publish<'_>,
) -> Result<u64, LineError> {
    let all = curate::pool(line.settings.threads)?;
    let but_one = curate::pool(line.settings.threads.saturating_sub(1))?;
    let pool = || Arc::clone(if collecting() { &but_one } else { &all });
    let progress = |rows| curated(line, generation, rows);
    let runner = CurateRunner::new(line.store.clone(), &line.settings.policy, &pool, &progress);
    // When collect is through, the rest is done on all threads.
    let stop = || line.stop.load(Ordering::SeqCst) || !collecting();
    let total = || total_rows(line, Stage::Curate).unwrap_or_default();
    let rows_before = rows_of(line, Stage::Curate, generation)?;
    let conditions =
        Conditions { more_may_come: collecting, stop: &stop, rows_before, total: &total };
    // Each part is divided over the pool.
    let (store, run, runner, workers) = (line.store, line.run, &runner, 1);
    Work { store, run, generation, runner, queue, publish, workers }.off(conditions)
}

/// Tells how far curate is: what is committed and `rows` of the part in the making. False when the
/// user asks to stop.
fn curated(line: &Line<'_>, generation: Generation, rows: u64) -> bool {
    let stage = Stage::Curate;
    // Where the catalogue cannot be read, the next commit says so.
    let committed = rows_of(line, stage, generation).unwrap_or_default();
    let total = total_rows(line, stage).unwrap_or_default();
    let run = line.run.clone();
    (line.publish)(Event::StageAdvanced { run, stage, rows: committed + rows, total });
    !line.stop.load(Ordering::SeqCst)
}

/// Curates everything that has no output of `generation` yet.
fn curate_rest(line: &Line<'_>, generation: Generation) -> Result<(), LineError> {
    let all = curate::pool(line.settings.threads)?;
    let pool = || Arc::clone(&all);
    let progress = |rows| curated(line, generation, rows);
    let runner = CurateRunner::new(line.store.clone(), &line.settings.policy, &pool, &progress);
    finish_stage(line, generation, &runner, (begin_stage(line, Stage::Curate)?, 1))
}

/// A stage that was told to have begun.
struct Begun {
    at: Duration,
    total: Option<u64>,
}

/// Tells that `stage` begins, after everything above it is done.
fn begin_stage(line: &Line<'_>, stage: Stage) -> Result<Begun, LineError> {
    let (at, total) = (line.store.env().clock.monotonic(), total_rows(line, stage)?);
    (line.publish)(Event::StageStarted { run: line.run.clone(), stage, total });
    Ok(Begun { at, total })
}

/// Works off what is left of a stage that has begun, so many parts at a time.
fn finish_stage<R>(
    line: &Line<'_>,
    generation: Generation,
    runner: &R,
    (Begun { at, total }, workers): (Begun, usize),
) -> Result<(), LineError>
where
    R: StageRunner<Error = LineError>,
{
    let clock = &line.store.env().clock;
    let stage = runner.stage();
    let stop = || line.stop.load(Ordering::SeqCst);
    let rows_before = rows_of(line, stage, generation)?;
    let conditions =
        Conditions { more_may_come: &|| false, stop: &stop, rows_before, total: &|| total };
    let queue = &MemoryQueue::default();
    let (store, run, publish) = (line.store, line.run, &*line.publish);
    let rows = Work { store, run, generation, runner, queue, publish, workers }.off(conditions)?;
    let elapsed_ms = millis(clock.monotonic().saturating_sub(at));
    (line.publish)(Event::StageFinished { run: line.run.clone(), stage, rows, elapsed_ms });
    Ok(())
}

/// Rows that `stage` has written for `generation`.
fn rows_of(line: &Line<'_>, stage: Stage, generation: Generation) -> Result<u64, LineError> {
    let Some(output) = stage.outputs().first() else { return Ok(0) };
    let parts = line.store.catalogue().parts_at(line.run, *output, generation)?;
    Ok(parts.iter().map(|part| part.rows).sum())
}

/// Rows of the dataset that `stage` reads.
fn total_rows(line: &Line<'_>, stage: Stage) -> Result<Option<u64>, LineError> {
    let input = match stage {
        Stage::Curate => Dataset::Pages,
        _ => Dataset::Documents,
    };
    let parts = line.store.catalogue().parts(line.run, input)?;
    Ok(Some(parts.iter().map(|part| part.rows).sum()))
}

fn switch(line: &Line<'_>, stage: Stage, generation: Generation) -> Result<(), LineError> {
    let before = line.store.catalogue().generation(line.run, stage)?.map(|g| g.generation);
    if before == Some(generation) {
        return Ok(());
    }
    line.store.switch_generation(line.run, stage, generation)?;
    (line.publish)(Event::GenerationSwitched { run: line.run.clone(), stage, generation });
    Ok(())
}

/// Curates stored pages again, without the network; false if it was stopped.
pub fn curate_stored(line: &Line<'_>) -> Result<bool, LineError> {
    let key = generations::curate_key(&line.settings.policy);
    let generation = line.store.begin_generation(line.run, Stage::Curate, &key)?;
    curate_rest(line, generation)?;
    if line.stop.load(Ordering::SeqCst) {
        return Ok(false);
    }
    switch(line, Stage::Curate, generation)?;
    Ok(true)
}

/// Dedupe and score; true if it was stopped.
pub fn score(line: &Line<'_>) -> Result<bool, LineError> {
    let runtime = runtime(line.settings.threads)?;
    let documents = line.store.catalogue().parts(line.run, Dataset::Documents)?;
    let against = dedupe::documents_of(line.store, line.run, &line.settings.dedupe_against)?;
    let dedupe_key = generations::dedupe_key(&documents, &against);
    let generation = line.store.begin_generation(line.run, Stage::Dedupe, &dedupe_key)?;
    let there = line.store.catalogue().parts_at(line.run, Dataset::Duplicates, generation)?;
    if there.is_empty() && !find_duplicates(line, generation)? {
        return Ok(true);
    }
    switch(line, Stage::Dedupe, generation)?;

    let profile = &line.settings.profile;
    let score_key = generations::score_key(&profile.hash(), &dedupe_key);
    let generation = line.store.begin_generation(line.run, Stage::Score, &score_key)?;
    // Counting a topic may take as long as scoring: by then the stage has begun.
    let begun = begin_stage(line, Stage::Score)?;
    let scorer = runtime.block_on(Scorer::prepare(line.query, line.run, profile))?;
    let scorer = PartScorer::plan(line.store, line.query, line.run, &scorer)?;
    let runtime = runtime.handle().clone();
    let runner = ScoreRunner { store: line.store, scorer: &scorer, runtime };
    finish_stage(line, generation, &runner, (begun, line.settings.threads))?;
    if line.stop.load(Ordering::SeqCst) {
        return Ok(true);
    }
    report::note_profile(line.store, line.run, generation, profile)?;
    switch(line, Stage::Score, generation)?;
    Ok(false)
}

/// Works off dedupe, which is one piece; false if it was stopped.
fn find_duplicates(line: &Line<'_>, generation: Generation) -> Result<bool, LineError> {
    let clock = &line.store.env().clock;
    let (start, stage) = (clock.monotonic(), Stage::Dedupe);
    (line.publish)(Event::StageStarted { run: line.run.clone(), stage, total: None });
    let Some(found) = dedupe::dedupe(line, generation)? else { return Ok(false) };
    let elapsed_ms = millis(clock.monotonic().saturating_sub(start));
    (line.publish)(Event::StageFinished {
        run: line.run.clone(),
        stage,
        rows: found.rows,
        elapsed_ms,
    });
    Ok(true)
}

/// The summary and its files; with them the run is finished, if nothing is left to fetch.
pub fn report(line: &Line<'_>) -> Result<Written, LineError> {
    let runtime = runtime(line.settings.threads)?;
    let folder = line.store.run_dir(line.run).join("report");
    let written = runtime.block_on(report::write(
        line.store,
        line.query,
        line.run,
        &line.settings.report,
        &folder,
        None,
    ))?;
    let input = &written.summary.input;
    let fetched = input.left == 0 && input.links_left == 0;
    let followed = identity::settings_of(line.store, line.run)?.crawl;
    if fetched && crawl::is_exhausted(line.store, line.run, &followed)? {
        line.store.catalogue().set_run_state(line.run, RunState::Finished)?;
    }
    for path in &written.files {
        let path = path.display().to_string();
        (line.publish)(Event::ReportWritten { run: line.run.clone(), path });
    }
    Ok(written)
}
