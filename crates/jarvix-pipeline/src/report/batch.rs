//! Many reports: one for each of several runs, or one for each host of a run. A pool of threads draws
//! them; how many wait to be drawn is bounded, so memory does not grow with their number. What was
//! made is written down, and a batch that was stopped goes on behind it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jarvix_core::RunId;
use jarvix_query::Query;
use jarvix_report::{Format, Summary, Typesetter};
use jarvix_store::Store;
use tokio::runtime::Handle;

use super::made::{self, Made};
use super::{Caveats, Fontcase, ReportSettings, replace};
use crate::LineError;

/// What a batch needs.
pub struct Batch<'a> {
    /// Where the runs are.
    pub store: &'a Store,
    /// What asks them.
    pub query: &'a Query,
    /// How the reports are to look.
    pub settings: &'a ReportSettings,
    /// The folder for all of them; the runs' own where there is none.
    pub out: Option<&'a Path>,
    /// Threads that draw.
    pub pool: usize,
    /// Whether what is made already is made anew.
    pub force: bool,
    /// Told how many are done, and of how many if that is known.
    pub on_progress: &'a (dyn Fn(u64, Option<u64>) + Sync),
    /// Set it to stop between two reports.
    pub stop: &'a AtomicBool,
    /// The engine's threads.
    pub runtime: Handle,
}

/// A report that was made, or that there was already.
#[derive(Debug)]
pub struct Job {
    /// Its run.
    pub run: RunId,
    /// What to know of it, where it was written; `None` where it was there already.
    pub written: Option<Caveats>,
}

/// What a batch came to.
#[derive(Debug, Default)]
pub struct BatchResult {
    /// The files, new ones and those that were there, in order.
    pub files: Vec<PathBuf>,
    /// The reports of runs, in the order of the runs.
    pub jobs: Vec<Job>,
    /// Reports that were there already.
    pub kept: u64,
    /// Whether it was stopped before its end.
    pub interrupted: bool,
}

/// A lock that a panic elsewhere does not close: what is behind it is whole at any time.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Batch<'_> {
    /// Whether to begin no further report.
    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// The reports of `runs`. A single one is always made anew.
    pub fn runs(&self, runs: &[RunId]) -> Result<BatchResult, LineError> {
        let (next, done, fonts) = (AtomicU64::new(0), AtomicU64::new(0), Fontcase::default());
        let failed = AtomicBool::new(false);
        let total = Some(runs.len() as u64);
        let jobs: Mutex<Vec<(u64, Job, Vec<PathBuf>)>> = Mutex::default();
        let reports = || -> Result<(), LineError> {
            let mut setter = self.setter(&fonts)?;
            while !self.is_stopped() && !failed.load(Ordering::Relaxed) {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let run = usize::try_from(at).ok().and_then(|at| runs.get(at));
                let Some(run) = run else { break };
                let (job, files) = self.one(run, runs.len() > 1, &fonts, setter.as_mut())?;
                locked(&jobs).push((at, job, files));
                (self.on_progress)(done.fetch_add(1, Ordering::Relaxed) + 1, total);
            }
            Ok(())
        };
        let work = || reports().inspect_err(|_| failed.store(true, Ordering::Relaxed));
        self.pooled(self.pool.min(runs.len()), &work)?;
        let mut jobs = jobs.into_inner().unwrap_or_else(PoisonError::into_inner);
        jobs.sort_by_key(|(at, _, _)| *at);
        let mut result = BatchResult {
            interrupted: jobs.len() < runs.len(),
            kept: jobs.iter().filter(|(_, job, _)| job.written.is_none()).count() as u64,
            ..BatchResult::default()
        };
        for (_, job, files) in jobs {
            result.files.extend(files);
            result.jobs.push(job);
        }
        Ok(result)
    }

    fn one(
        &self,
        run: &RunId,
        may_keep: bool,
        fonts: &Fontcase,
        setter: Option<&mut Typesetter>,
    ) -> Result<(Job, Vec<PathBuf>), LineError> {
        let folder = match self.out {
            Some(out) => out.join(run.as_str()),
            None => self.store.run_dir(run).join("report"),
        };
        // Whoever makes one report is not kept waiting for a list of the machine's fonts.
        let key = match may_keep {
            true => self.key(run, "run", fonts)?,
            false => made::key(self.store, run, self.settings, &["run"])?,
        };
        let disk = &*self.store.env().disk;
        let what = (format!("run {run}"), key);
        let mut made = Made::open(disk, &folder, what, self.force || !may_keep)?;
        let formats = &self.settings.formats;
        let files = formats.iter().map(|format| folder.join(format.file_name())).collect();
        if formats.iter().all(|format| made.has(format.file_name())) {
            return Ok((Job { run: run.clone(), written: None }, files));
        }
        let write = super::write(self.store, self.query, run, self.settings, &folder, setter);
        let written = self.runtime.block_on(write)?;
        for format in formats {
            made.add(format.file_name().to_owned())?;
        }
        made.save()?;
        // No more of it is held than is told: there may be thousands.
        Ok((Job { run: run.clone(), written: Some(written.caveats()) }, files))
    }

    /// What decides the bytes of the reports of `run`: see [`made::key`].
    pub(super) fn key(
        &self,
        run: &RunId,
        what: &str,
        fonts: &Fontcase,
    ) -> Result<String, LineError> {
        let is_set = self.settings.formats.contains(&Format::Pdf);
        let fonts = if is_set { fonts.identity()? } else { String::new() };
        made::key(self.store, run, self.settings, &[what, &fonts])
    }

    /// A typesetter, if there is a PDF to make.
    pub(super) fn setter(&self, fonts: &Fontcase) -> Result<Option<Typesetter>, LineError> {
        let wanted = self.settings.formats.contains(&Format::Pdf);
        wanted.then(|| fonts.typesetter()).transpose()
    }

    /// Does `work` on so many threads; the first failure is the whole's.
    pub(super) fn pooled(
        &self,
        threads: usize,
        work: &(dyn Fn() -> Result<(), LineError> + Sync),
    ) -> Result<(), LineError> {
        let panicked = |_| LineError::Threads { reason: "one of them panicked".to_owned() };
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let first = work();
            let join =
                |other: std::thread::ScopedJoinHandle<'_, _>| other.join().map_err(panicked)?;
            others.into_iter().map(join).fold(first, Result::and)
        })
    }

    /// Writes one report of a split: `stem` is its file's name without the ending.
    pub(super) fn draw(
        &self,
        summary: &Summary,
        folder: &Path,
        stem: &str,
        setter: Option<&mut Typesetter>,
    ) -> Result<(), LineError> {
        let disk = &*self.store.env().disk;
        let mut setter = setter;
        for format in &self.settings.formats {
            let path = folder.join(split_name(stem, *format));
            let content = match format {
                Format::Html => jarvix_report::html(summary, &self.settings.brand)?.into_bytes(),
                Format::Json => jarvix_report::json(summary).into_bytes(),
                Format::Pdf => match setter.as_deref_mut() {
                    Some(setter) => {
                        let settings = self.settings;
                        jarvix_report::pdf(summary, settings.paper, &settings.brand, setter)?
                    }
                    None => continue,
                },
                // The command refuses it: rankings are one file.
                Format::Csv => continue,
            };
            replace(disk, &path, &content)?;
        }
        Ok(())
    }
}

/// The name of a file of a split.
pub(super) fn split_name(stem: &str, format: Format) -> String {
    format!("{stem}.{format}")
}
