//! The collector's loop: from the frontier's pending entries, through a bounded window that is fair
//! to hosts, to concurrent fetches whose pages go to one writer.
//!
//! ```text
//! frontier -> feed thread -> window -> fetch tasks -> writer thread -> committed parts
//!             (as asked)    (hosts      (concurrent)  (bounded, byte
//!                            take turns)               budget)
//! ```
//!
//! Every entry that enters ends in exactly one row, or stays pending in the frontier: when the run
//! is stopped, when its time is over, when the disk is full. Nothing but the committed ordinals
//! says what is done (invariant I1).

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use futures::FutureExt;
use jarvix_core::{Event, Outcome, Page, RunId, Stage};
use jarvix_store::Store;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior};

use crate::bottleneck::{Bottleneck, Sample};
use crate::collect::{CollectError, CollectJob, CollectSummary, EventSink};
use crate::fetch::{Attempt, Fetcher};
use crate::intake::Intake;
use crate::job::{Aim, Job};
use crate::memory::{Memory, Turn};
use crate::politeness::Slot;
use crate::processor::Processor;
use crate::rendering::Rendering;
use crate::retry::Retry;
use crate::settings::CollectSettings;
use crate::threads::{FeedThread, WriterThread, spawn_feed, spawn_writer};
use crate::window::Window;
use crate::writer::{Finished, WAITING_MAX};

/// How often the loop looks up: for a stop, for disk space, at what limits it.
const TICK: Duration = Duration::from_millis(100);
/// Ticks between two looks at the free disk space.
const TICKS_PER_DISK_LOOK: u32 = 10;
/// Ticks between two looks at what is idle.
const TICKS_PER_SWEEP: u32 = 20;
/// Entries that are looked at together, beyond four for every fetch: enough hosts, each at its
/// limit, to keep all fetches busy.
const WINDOW_LEAST: usize = 8_000;

/// A wait for hosts that is worth telling of ...
const WAIT_TOLD: Duration = Duration::from_secs(1);
/// ... if none was told of for this long.
const WAIT_TOLD_GAP: Duration = Duration::from_secs(60);

/// Why the loop stopped taking work although there was more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Halt {
    /// It was asked to.
    Stop,
    /// Its time was over.
    Time,
    /// There is no room on the disk.
    Disk,
    /// The writer or the feed ended with an error.
    Broken,
}

/// What a task leaves behind.
enum TaskEnd {
    /// The page is with the writer, and this host may be asked for the next.
    Written(Option<Arc<str>>),
    /// It is to be tried again after this long.
    Again(Box<Job>, Duration),
    /// The writer is gone.
    Unwritten,
}

/// What all tasks share.
struct Crew {
    fetcher: Arc<Fetcher>,
    rendering: Option<Rendering>,
    pages: mpsc::Sender<Finished>,
    in_flight: Arc<AtomicUsize>,
}

/// Collects with everything in place; see [`crate::collect`].
pub(crate) async fn run(
    job: CollectJob,
    fetcher: Arc<Fetcher>,
    rendering: Option<Rendering>,
    concurrent: usize,
) -> Result<CollectSummary, CollectError> {
    let pending = job.frontier.pending_len();
    let in_flight = Arc::new(AtomicUsize::new(0));
    let (pages, received) = mpsc::channel(WAITING_MAX);
    let writer = spawn_writer(&job, &in_flight, &fetcher.politeness, received)?;
    let settings = Arc::clone(&fetcher.settings);
    let window_max = concurrent * 4 + WINDOW_LEAST;
    let (intake, feeder) = spawn_feed(&job.frontier, window_max, settings.pages_per_host)?;
    let collector = Loop {
        crew: Arc::new(Crew { fetcher, rendering, pages, in_flight }),
        tasks: JoinSet::new(),
        intake,
        window: Window::default(),
        processor: Processor::new(Arc::clone(&job.store.env().disk)),
        memory: Memory::new(Arc::clone(&job.store.env().disk), settings.max_memory, concurrent),
        halt: None,
        disk_low_since: None,
        wait_told: None,
        bottleneck: Bottleneck::new(concurrent),
        started: Instant::now(),
        settings,
        desk: Desk {
            store: job.store,
            run: job.run,
            backlog: job.backlog,
            stop: job.stop,
            on_event: job.on_event,
        },
    };
    collector.run(writer, feeder, pending).await
}

/// What the loop asks and tells the world outside the network.
struct Desk {
    store: Store,
    run: RunId,
    backlog: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    on_event: EventSink,
}

impl Desk {
    fn trouble(&self, reason: String) {
        let run = self.run.clone();
        (self.on_event)(Event::TroubleMet { run, stage: Stage::Collect, reason });
    }
}

struct Loop {
    crew: Arc<Crew>,
    tasks: JoinSet<TaskEnd>,
    intake: Intake,
    window: Window,
    memory: Memory,
    processor: Processor,
    halt: Option<Halt>,
    disk_low_since: Option<Instant>,
    /// When it was last told that everything waits for hosts.
    wait_told: Option<Instant>,
    bottleneck: Bottleneck,
    started: Instant,
    settings: Arc<CollectSettings>,
    desk: Desk,
}

impl Loop {
    async fn run(
        mut self,
        writer: WriterThread,
        feeder: FeedThread,
        pending: u64,
    ) -> Result<CollectSummary, CollectError> {
        self.work().await;
        self.drain().await;
        let connections_opened = self.crew.fetcher.client.pool().opened();
        // With the last sender gone the writer closes its part and ends.
        drop((self.crew, self.intake, self.window, self.tasks));
        let tally = join(writer).await?.map_err(CollectError::Store)?;
        join(feeder).await?.map_err(CollectError::Frontier)?;
        if self.halt == Some(Halt::Disk) {
            return Err(CollectError::DiskFull {
                path: self.desk.store.root().to_owned(),
                least: self.settings.patience.free_space_min,
            });
        }
        Ok(CollectSummary {
            pages: tally.pages,
            outcomes: tally.outcomes,
            bytes_wire: tally.bytes_wire,
            elapsed_ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            interrupted: self.halt == Some(Halt::Stop),
            out_of_time: self.halt == Some(Halt::Time),
            left: pending.saturating_sub(tally.pages),
            connections_opened,
            parts: tally.parts,
            limited_by: self.bottleneck.describe(),
        })
    }

    /// Takes entries in and begins fetches until there is nothing left or a reason to halt.
    async fn work(&mut self) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut ticks = 0;
        let politeness = Arc::clone(&self.crew.fetcher.politeness);
        self.look_at_disk();
        while self.halt.is_none() {
            self.intake.fill(&mut self.window);
            self.begin_what_may();
            if self.intake.is_done() && self.window.is_empty() && self.tasks.is_empty() {
                break;
            }
            let has_room = self.intake.has_room(&self.window);
            let moment = self.next_moment();
            tokio::select! {
                Some(end) = self.tasks.join_next() => self.take_end(end),
                delivery = self.intake.receive(), if has_room => {
                    self.intake.take(delivery, &mut self.window);
                }
                freed = politeness.next_freed() => {
                    freed.iter().for_each(|host| self.window.freed(host));
                }
                () = sleep_until(moment) => {}
                _ = tick.tick() => {
                    self.look_up(ticks);
                    ticks += 1;
                }
            }
            while let Some(end) = self.tasks.try_join_next() {
                self.take_end(end);
            }
        }
        self.sample();
    }

    fn begin_what_may(&mut self) {
        let politeness = &self.crew.fetcher.politeness;
        while self.may_begin()
            && let Some((job, slot)) = self.window.next(politeness)
        {
            self.intake.left(&job);
            // In a box: a task moves what it runs several times, and this is large.
            self.tasks.spawn(Box::pin(Arc::clone(&self.crew).deal_with(job, slot)));
        }
    }

    fn may_begin(&self) -> bool {
        self.tasks.len() < self.memory.allowed()
            && !self.must_wait()
            && self.crew.fetcher.politeness.any_not_before().is_none()
    }

    /// Whether nothing may begin until the disk or the next stage has room; looked at every tick.
    fn must_wait(&self) -> bool {
        self.disk_low_since.is_some() || self.is_ahead()
    }

    /// Whether the next stage is so far behind that fetching waits for it.
    fn is_ahead(&self) -> bool {
        self.desk.backlog.load(Ordering::Relaxed) > self.settings.max_backlog
    }

    /// When something may begin that may not now, if nothing else happens.
    fn next_moment(&self) -> Option<Instant> {
        if self.tasks.len() >= self.memory.allowed() || self.must_wait() {
            return None;
        }
        self.crew.fetcher.politeness.any_not_before().or_else(|| self.window.next_moment())
    }

    fn take_end(&mut self, end: Result<TaskEnd, JoinError>) {
        match end {
            Ok(TaskEnd::Written(host)) => {
                host.iter().for_each(|host| self.window.warmed(host));
            }
            Ok(TaskEnd::Again(job, wait)) => {
                self.intake.came_back(&job);
                self.window.push_later(*job, Instant::now() + wait);
            }
            Ok(TaskEnd::Unwritten) => self.halt = Some(Halt::Broken),
            // What a page can make panic is caught in the task; this is our own fault.
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => {}
        }
    }

    /// What is looked at now and then, and not for every page.
    fn look_up(&mut self, ticks: u32) {
        self.sample();
        self.look_at_memory();
        if self.desk.stop.load(Ordering::Relaxed) {
            self.halt = Some(Halt::Stop);
        } else if self.settings.max_time.is_some_and(|most| self.started.elapsed() >= most) {
            self.halt = Some(Halt::Time);
        }
        if ticks.is_multiple_of(TICKS_PER_DISK_LOOK) {
            self.processor.look();
            self.look_at_disk();
            self.tell_of_waiting();
        }
        if ticks.is_multiple_of(TICKS_PER_SWEEP) {
            self.crew.fetcher.client.pool().sweep();
            self.crew.fetcher.politeness.sweep();
        }
    }

    /// Says so when all that is left waits for hosts: else it would look as if nothing went on.
    fn tell_of_waiting(&mut self) {
        let now = Instant::now();
        let idle = self.tasks.is_empty() && !self.must_wait();
        let left = self.next_moment().filter(|_| idle).map(|at| at.saturating_duration_since(now));
        let Some(left) = left.filter(|left| *left >= WAIT_TOLD) else { return };
        if self.wait_told.is_none_or(|told| now.duration_since(told) >= WAIT_TOLD_GAP) {
            self.wait_told = Some(now);
            let (addresses, seconds) = (self.window.len(), left.as_secs());
            self.desk.trouble(format!(
                "{addresses} addresses wait for hosts that asked for time or keep failing; the next is tried in {seconds} s"
            ));
        }
    }

    /// Pauses while there is little room on the disk, and gives up after a while.
    fn look_at_disk(&mut self) {
        let patience = &self.settings.patience;
        let free = self.desk.store.env().disk.free_bytes(self.desk.store.root());
        // A system that does not say is no reason to stop.
        let low = free.is_ok_and(|bytes| bytes < patience.free_space_min);
        match (low, self.disk_low_since) {
            (true, None) => {
                self.disk_low_since = Some(Instant::now());
                let mib = patience.free_space_min / (1024 * 1024);
                self.desk
                    .trouble(format!("less than {mib} MiB are free on the disk; fetching waits"));
            }
            (true, Some(since)) if since.elapsed() >= patience.free_space_wait => {
                self.halt = Some(Halt::Disk);
            }
            (false, Some(_)) => {
                self.disk_low_since = None;
                self.desk.trouble("there is room on the disk again; fetching goes on".to_owned());
            }
            _ => {}
        }
    }

    /// Has fewer fetches under way while the process is near its limit of memory.
    fn look_at_memory(&mut self) {
        match self.memory.look() {
            Turn::None => {}
            Turn::Scarce => {
                let mib = self.memory.limit().unwrap_or_default() / (1024 * 1024);
                self.desk.trouble(format!(
                    "memory is near its limit of {mib} MiB; fewer fetches at a time"
                ));
            }
            Turn::Enough => {
                self.desk.trouble("there is memory again; as many fetches as before".to_owned());
            }
        }
    }

    fn sample(&mut self) {
        let crew = &self.crew;
        let sample = if self.disk_low_since.is_some() {
            Sample::Disk
        } else if self.is_ahead() {
            Sample::Backlog
        } else if crew.pages.capacity() == 0 {
            Sample::Writer
        } else if self.bottleneck.budget_waited(crew.fetcher.budget.waits()) {
            Sample::Budget
        } else if self.memory.is_scarce() {
            Sample::Memory
        } else if self.tasks.len() >= self.memory.allowed() {
            if self.processor.is_busy() { Sample::Processor } else { Sample::Fetches }
        } else if crew.fetcher.politeness.any_not_before().is_some() {
            Sample::Rate
        } else if let Some(host) = self.window.only_host() {
            return self.bottleneck.add_only_host(host);
        } else if !self.window.is_empty() {
            Sample::Hosts
        } else if !self.intake.is_done() {
            Sample::Input
        } else {
            Sample::Tail
        };
        self.bottleneck.add(sample);
    }

    /// Lets what is in flight finish for a while after a halt. What does not is still pending.
    async fn drain(&mut self) {
        let end = Instant::now() + self.settings.patience.drain;
        while let Ok(Some(_)) = tokio::time::timeout_at(end, self.tasks.join_next()).await {}
        self.tasks.shutdown().await;
        if let Some(rendering) = &self.crew.rendering {
            rendering.close().await;
        }
    }
}

async fn sleep_until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// The result of a thread, awaited without holding up the runtime.
async fn join<T: Send + 'static>(thread: JoinHandle<T>) -> Result<T, CollectError> {
    match tokio::task::spawn_blocking(move || thread.join()).await {
        Ok(Ok(result)) => Ok(result),
        Ok(Err(panic)) => std::panic::resume_unwind(panic),
        Err(error) => Err(CollectError::Thread(std::io::Error::other(error))),
    }
}

impl Crew {
    /// One attempt at a job, and its page to the writer if it was the last.
    async fn deal_with(self: Arc<Self>, mut job: Job, slot: Option<Slot>) -> TaskEnd {
        // What is refused is not attempted.
        job.attempts += u32::from(!matches!(job.aim, Aim::Refused(_)));
        let attempt = {
            let _counted = Counted::new(&self.in_flight);
            // A page that makes us panic is a row with an outcome like any other.
            let attempt = AssertUnwindSafe(self.attempt(&job, slot)).catch_unwind().await;
            attempt.unwrap_or_else(|_| {
                let page = job.ended(Outcome::Internal, "a fault of Jarvix; please report the URL");
                Attempt { page, lease: self.fetcher.budget.lease(), retry: Retry::No }
            })
        };
        let Attempt { page, lease, retry } = attempt;
        job.bytes_wire += page.bytes_wire;
        let (settings, env) = (&self.fetcher.settings, &self.fetcher.env);
        let wait = retry.wait(job.attempts, settings.retries, &settings.backoff, &*env.entropy);
        if let Some(wait) = wait {
            return TaskEnd::Again(Box::new(job), wait);
        }
        if was_never_asked(&page) {
            job.attempts = 0;
        }
        let host = job.host().map(Arc::clone);
        let mut page = job.sign(page);
        // A page from an archive knows when it was fetched.
        if page.fetched_at_us == 0 {
            page.fetched_at_us = env.clock.now_us();
        }
        match self.pages.send(Finished { page, lease }).await {
            Ok(()) => TaskEnd::Written(host),
            Err(_) => TaskEnd::Unwritten,
        }
    }

    async fn attempt(&self, job: &Job, slot: Option<Slot>) -> Attempt {
        match (&job.aim, slot) {
            (Aim::Web(target), Some(slot)) => {
                let attempt = self.fetcher.attempt(job, target.clone(), slot).await;
                match &self.rendering {
                    None => attempt,
                    // In a box: most pages never come here and need not carry it around.
                    Some(rendering) => Box::pin(rendering.finish(attempt)).await,
                }
            }
            (Aim::Web(_), None) => unreachable!("the window gives web jobs a place"),
            (Aim::Local(path), _) => self.fetcher.read_file(job, path).await,
            (Aim::Archived(path, at), _) => self.fetcher.read_archived(job, path, *at).await,
            (Aim::Refused(failure), _) => Attempt {
                page: job.ended(failure.outcome, failure.reason.clone()),
                lease: self.fetcher.budget.lease(),
                retry: Retry::No,
            },
        }
    }
}

/// Whether policy kept us from asking for the page at all.
fn was_never_asked(page: &Page) -> bool {
    let denied = matches!(
        page.outcome,
        Outcome::RobotsDenied | Outcome::AddressDenied | Outcome::SchemeDenied
    );
    denied && page.redirects.is_empty()
}

/// Counts itself as long as it lives.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
