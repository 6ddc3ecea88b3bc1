//! The collector's front door: what it needs, what it gives back, how it can fail.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use jarvix_core::{Env, Event, Outcome, RunId, Stage, limits};
use jarvix_store::{Store, StoreError};
use serde::Serialize;
use tokio::task::JoinSet;

use crate::admit::AdmitError;
use crate::archives::Archives;
use crate::base::{self, Base};
use crate::budget::Budget;
use crate::client::Client;
use crate::collector;
use crate::connect::Connector;
use crate::fetch::Fetcher;
use crate::frontier::Frontier;
use crate::net::Net;
use crate::politeness::Politeness;
use crate::proxy::ProxyNet;
use crate::rendering::Rendering;
use crate::robots::Robots;
use crate::settings::CollectSettings;
use crate::tls::Tls;

/// Where events go. Called from several threads; must not block.
pub type EventSink = Arc<dyn Fn(Event) + Send + Sync>;

/// Largest file of certificate authorities, in bytes.
const CA_FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Open files that are not connections to servers: parts, catalogue, name servers, the rest.
const FILES_BESIDE: usize = 40;

/// What is known of every host: its limits, its waits, how it takes requests. Kept from one level of
/// a crawl to the next, so that a host that asked for patience is not met as a stranger.
#[derive(Clone)]
pub struct Manners(Arc<Politeness>);

impl Manners {
    /// Knows no host yet.
    pub fn new(settings: &CollectSettings) -> Self {
        Self(Politeness::new(settings))
    }
}

/// What collecting needs.
pub struct CollectJob {
    /// Where pages go. The caller holds the run's lock.
    pub store: Store,
    /// The run.
    pub run: RunId,
    /// What is to be fetched.
    pub frontier: Frontier,
    /// How.
    pub settings: CollectSettings,
    /// What earlier levels of a crawl have learned of hosts.
    pub manners: Manners,
    /// The network.
    pub net: Arc<dyn Net>,
    /// Committed parts that the next stage has not worked off; the caller counts them.
    pub backlog: Arc<AtomicU64>,
    /// Set it to stop: what is in flight may finish for a while, the rest stays pending.
    pub stop: Arc<AtomicBool>,
    /// Who wants to hear what happens.
    pub on_event: EventSink,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CollectSummary {
    /// Rows that were committed.
    pub pages: u64,
    /// How many ended in which way.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Bytes received from the network.
    pub bytes_wire: u64,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// Whether it was stopped before everything was done.
    pub interrupted: bool,
    /// Whether its time was over before everything was done.
    pub out_of_time: bool,
    /// Entries that are still pending.
    pub left: u64,
    /// Connections that were opened.
    pub connections_opened: u64,
    /// Parts that were committed.
    pub parts: u64,
    /// What limited the run, with a figure.
    pub limited_by: String,
}

impl CollectSummary {
    /// This and, after it, `next` as one: what another level of a crawl adds. What limited the
    /// longer of the two stands for both.
    #[must_use]
    pub fn followed_by(self, next: Self) -> Self {
        let mut outcomes = self.outcomes;
        for (outcome, count) in next.outcomes {
            *outcomes.entry(outcome).or_default() += count;
        }
        let longer =
            if next.elapsed_ms > self.elapsed_ms { next.limited_by } else { self.limited_by };
        Self {
            pages: self.pages + next.pages,
            outcomes,
            bytes_wire: self.bytes_wire + next.bytes_wire,
            elapsed_ms: self.elapsed_ms + next.elapsed_ms,
            connections_opened: self.connections_opened + next.connections_opened,
            parts: self.parts + next.parts,
            limited_by: longer,
            // How things stand, the last one knows.
            interrupted: next.interrupted,
            out_of_time: next.out_of_time,
            left: next.left,
        }
    }
}

/// Why collecting ended early. What was committed stays, and the run can be continued.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CollectError {
    /// The store failed.
    #[error("store the pages")]
    Store(#[source] StoreError),
    /// The frontier could not be read.
    #[error("read the frontier")]
    Frontier(#[source] AdmitError),
    /// The disk stayed full.
    #[error(
        "go on: less than {} MiB are free on the disk of {}; make room and run the same command again",
        least / (1024 * 1024),
        path.display()
    )]
    DiskFull {
        /// The data folder.
        path: PathBuf,
        /// Free bytes that are needed.
        least: u64,
    },
    /// The file of certificate authorities cannot be used.
    #[error("read the certificate authorities in {}: {reason}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// What an earlier session left of its base run cannot be removed.
    #[error("remove the index of the base run in run {run}")]
    Base {
        /// The run.
        run: RunId,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A setting cannot be used.
    #[error("use the setting {0}")]
    Setting(String),
    /// A thread could not be started.
    #[error("start a thread")]
    Thread(#[source] io::Error),
}

impl From<StoreError> for CollectError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Fetches everything that is pending in the job's frontier and commits it as `pages` parts.
///
/// Runs on the caller's tokio runtime, which needs timers and I/O; one or two worker threads are
/// enough. Being stopped or out of time is no error: see [`CollectSummary`].
pub async fn collect(job: CollectJob) -> Result<CollectSummary, CollectError> {
    let mut settings = job.settings.clone();
    settings.concurrent = settings.concurrent.max(1);
    let within = within_open_files(settings.concurrent);
    if within < settings.concurrent {
        let reason = format!(
            "only {within} fetches at a time instead of {}: the system allows too few open files (ulimit -n)",
            settings.concurrent
        );
        (job.on_event)(Event::TroubleMet { run: job.run.clone(), stage: Stage::Collect, reason });
        settings.concurrent = within;
        settings.pool.connections_max = within;
    }
    let concurrent = settings.concurrent;
    let base = base_of(&job).await?;
    let archives = Archives::new(job.store.env(), &job.store.run_dir(&job.run), settings.max_body);
    let beside = (base, Arc::clone(&archives));
    let manners = job.manners.clone();
    let net = Arc::clone(&job.net);
    let fetcher = fetcher(job.store.env(), Arc::new(settings), manners, net, beside)?;
    let fetcher = Arc::new(fetcher);
    let rendering = Rendering::new(&job, &fetcher);
    // As a task the loop runs where the fetches run: waking it up costs no switch of threads. The
    // set ends it when the caller drops this future.
    let mut task = JoinSet::new();
    task.spawn(collector::run(job, fetcher, rendering, concurrent));
    match task.join_next().await {
        Some(Ok(summary)) => {
            if summary.as_ref().is_ok_and(|summary| summary.left == 0) {
                archives.remove_copies();
            }
            summary
        }
        Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        _ => Err(CollectError::Thread(io::Error::other("the runtime is shutting down"))),
    }
}

/// Everything that asks, put together.
pub(crate) fn fetcher(
    env: &Env,
    settings: Arc<CollectSettings>,
    Manners(politeness): Manners,
    net: Arc<dyn Net>,
    (base, archives): (Option<Arc<Base>>, Arc<Archives>),
) -> Result<Fetcher, CollectError> {
    let tls = tls(env, &settings)?;
    let net = match &settings.proxy {
        Some(proxy) => Arc::new(ProxyNet::new(net, proxy.clone())),
        None => net,
    };
    let connector = Connector::new(net, tls, settings.allow_net.clone(), settings.phases.clone());
    let client = Client::new(connector, Arc::clone(&politeness), &settings, &env.clock)
        .map_err(|e| CollectError::Setting(e.to_string()))?;
    let body_max = usize::try_from(settings.max_body).unwrap_or(usize::MAX);
    let reserve = body_max.saturating_add(limits::HEADER_BYTES_MAX);
    let budget = Budget::new(limits::BODY_BUDGET_BYTES, reserve);
    let robots = Robots::new(
        Arc::clone(&settings),
        Arc::clone(&budget),
        Arc::clone(&politeness),
        env.clone(),
    );
    Ok(Fetcher { client, robots, budget, politeness, archives, settings, env: env.clone(), base })
}

/// The run that pages are compared with, ready to be asked. Where it is not what it should be,
/// pages are fetched whole and somebody is told.
async fn base_of(job: &CollectJob) -> Result<Option<Arc<Base>>, CollectError> {
    base::clear(&job.store, &job.run)
        .map_err(|source| CollectError::Base { run: job.run.clone(), source })?;
    let Some(base) = job.settings.base.as_ref().filter(|_| job.frontier.pending_len() > 0) else {
        return Ok(None);
    };
    let (store, run, base) = (job.store.clone(), job.run.clone(), base.clone());
    let opened = tokio::task::spawn_blocking(move || Base::open(&store, &run, &base)).await;
    let opened = opened.map_err(|error| CollectError::Thread(io::Error::other(error)))?;
    if let Some(reason) = opened.trouble {
        let run = job.run.clone();
        (job.on_event)(Event::TroubleMet { run, stage: Stage::Collect, reason });
    }
    Ok(opened.base.map(Arc::new))
}

fn tls(env: &Env, settings: &CollectSettings) -> Result<Tls, CollectError> {
    let Some(path) = &settings.ca_file else {
        return Tls::new(None).map_err(|e| CollectError::Setting(e.to_string()));
    };
    let error = |reason: String| CollectError::CaFile { path: path.clone(), reason };
    let pem = env.disk.read(path, CA_FILE_BYTES_MAX).map_err(|e| error(e.to_string()))?;
    Tls::new(Some(&pem)).map_err(|e| error(e.to_string()))
}

/// At most `wanted` fetches, and as many connections as the process may have open files.
fn within_open_files(wanted: usize) -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let files = limit.and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
    wanted.min(files.saturating_sub(FILES_BESIDE).max(1))
}
