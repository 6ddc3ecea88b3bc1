//! Rows of any source on their way into a file: some columns, under a condition, in a stated order,
//! streamed from the query engine into whichever form was asked for.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jarvix_query::{Selection, Session, Value};
use tokio::runtime::Runtime;

use super::lines::{Csv, Json, Lines};
use super::markdown::Markdown;
use super::out::{OutFile, failed};
use super::source::{Plan, Source, define_ranking};
use super::xlsx::{SHEET_ROWS_MAX, Xlsx};
use super::{Export, ExportFormat, Exported, Progress};
use crate::LineError;

/// How long the engine may work before somebody looks whether it should stop.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A form that takes rows.
pub(super) trait Sink {
    /// Writes a row.
    fn row(&mut self, row: &[Value]) -> io::Result<()>;

    /// Cells that are shorter than their values.
    fn cut_cells(&self) -> u64 {
        0
    }

    /// Writes what stands behind the rows and gives the file back.
    fn finish(self: Box<Self>) -> io::Result<OutFile>;
}

/// Sources that are ready to be exported.
pub(super) struct Desk {
    session: Session,
    runtime: Runtime,
    plans: Vec<Plan>,
}

impl Desk {
    /// Checks columns and condition against every one of `sources`, before any file is made.
    pub(super) fn open(export: &Export<'_>, sources: &[Source]) -> Result<Self, LineError> {
        let session = export.engine.session_by_sorting(export.run)?;
        if sources.contains(&Source::Ranking) {
            define_ranking(&session)?;
        }
        let plan = |source: &Source| Plan::new(export, &session, *source);
        let plans = sources.iter().map(plan).collect::<Result<_, _>>()?;
        let runtime = crate::line::runtime(export.engine.threads())?;
        Ok(Self { session, runtime, plans })
    }

    /// Writes a file for each source.
    pub(super) fn write(
        &self,
        export: &Export<'_>,
        progress: &mut Progress<'_>,
        exported: &mut Exported,
    ) -> Result<(), LineError> {
        for plan in &self.plans {
            let path = export.path(plan.source);
            let file = export.create(&path)?;
            let selection = Selection {
                relation: plan.source.as_str(),
                columns: &plan.columns,
                condition: export.condition,
                order: plan.order,
            };
            let before = progress.done;
            let done = match export.format {
                ExportFormat::Parquet => self.parquet(&selection, file, progress)?,
                _ => self.stream(export, plan, &selection, file, (progress, exported))?,
            };
            let Some(file) = done else {
                exported.interrupted = true;
                return Ok(());
            };
            exported.bytes += file.finish()?;
            exported.rows += progress.done - before;
            exported.files.push(path);
        }
        Ok(())
    }

    /// The file with every row; none if it was stopped.
    fn stream(
        &self,
        export: &Export<'_>,
        plan: &Plan,
        selection: &Selection<'_>,
        file: OutFile,
        (progress, exported): (&mut Progress<'_>, &mut Exported),
    ) -> Result<Option<OutFile>, LineError> {
        let path = file.path().to_owned();
        let mut sink = sink(export, plan, file)?;
        let mut rows = self.runtime.block_on(self.session.select(selection))?;
        loop {
            let next = until_stopped(progress, None, rows.next_rows());
            let Some(next) = self.runtime.block_on(next) else { return Ok(None) };
            let Some(batch) = next? else { break };
            for row in &batch {
                sink.row(row).map_err(failed("write", &path))?;
                if !progress.advance(1) {
                    return Ok(None);
                }
            }
        }
        exported.cut_cells += sink.cut_cells();
        match sink.finish() {
            Ok(file) => Ok(Some(file)),
            Err(_) if export.is_stopped() => Ok(None),
            Err(error) => Err(failed("write", &path)(error)),
        }
    }

    /// The same as a Parquet file.
    fn parquet(
        &self,
        selection: &Selection<'_>,
        mut file: OutFile,
        progress: &mut Progress<'_>,
    ) -> Result<Option<OutFile>, LineError> {
        let written = AtomicU64::new(0);
        let before = progress.done;
        let work = self.session.select_parquet(selection, &mut file, &written);
        let Some(count) = self.runtime.block_on(until_stopped(progress, Some(&written), work))
        else {
            return Ok(None);
        };
        let count = count?;
        progress.advance(before + count - progress.done);
        Ok(Some(file))
    }
}

/// What `work` gives, or nothing if the user asks to stop first. Rows that `written` counts on the way
/// are told.
async fn until_stopped<T>(
    progress: &mut Progress<'_>,
    written: Option<&AtomicU64>,
    work: impl Future<Output = T>,
) -> Option<T> {
    let before = progress.done;
    let mut work = pin!(work);
    loop {
        if let Ok(done) = tokio::time::timeout(LOOK_EVERY, &mut work).await {
            return Some(done);
        }
        let rows = written.map_or(0, |written| written.load(Ordering::Relaxed));
        if !progress.advance(before + rows - progress.done) {
            return None;
        }
    }
}

/// The form that was asked for, in `file`.
fn sink<'a>(
    export: &Export<'a>,
    plan: &Plan,
    file: OutFile,
) -> Result<Box<dyn Sink + 'a>, LineError> {
    let path = file.path().to_owned();
    let made = || -> io::Result<Box<dyn Sink + 'a>> {
        let (columns, kinds) = (&plan.columns, &plan.kinds);
        Ok(match export.format {
            ExportFormat::Xlsx => {
                let temporary = export.store.root().join("cache");
                export.store.env().disk.create_dir_all(&temporary)?;
                let name = plan.source.as_str();
                let place = (file, temporary.as_path());
                Box::new(Xlsx::new(place, export.stop, name, (columns, kinds), SHEET_ROWS_MAX)?)
            }
            ExportFormat::Csv => Box::new(Csv::new(Lines::new(file), columns)?),
            ExportFormat::Markdown => Box::new(Markdown::new(Lines::new(file), columns, kinds)?),
            format => {
                let is_array = format == ExportFormat::Json;
                Box::new(Json::new(Lines::new(file), columns, is_array)?)
            }
        })
    };
    made().map_err(failed("write", &path))
}
