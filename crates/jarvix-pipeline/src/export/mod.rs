//! Exports: a run's committed parts in the forms of others, streamed part by part.
//!
//! WARC for web archives, JSON lines for whatever reads those, and copies of the Parquet parts. The
//! same run gives the same bytes. A file appears under its name when it is whole, and none is
//! replaced unless that was asked for. What this module refuses to do: fetch, or change the run.

mod http;
mod jsonl;
mod out;
mod parquet;
#[cfg(test)]
mod tests;
mod warc;

pub use out::OutFile;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use jarvix_core::{Dataset, PartRef, RunId};
use jarvix_store::Store;

use crate::LineError;

/// The forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// WARC/1.1, a gzip member a record: pages.
    Warc,
    /// The parts as they are.
    Parquet,
    /// One JSON object a row.
    Jsonl,
}

impl ExportFormat {
    /// Every form.
    pub const ALL: [Self; 3] = [Self::Warc, Self::Parquet, Self::Jsonl];

    /// The word on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warc => "warc",
            Self::Parquet => "parquet",
            Self::Jsonl => "jsonl",
        }
    }

    /// Reads what [`as_str`](Self::as_str) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == text)
    }

    /// The datasets that are exported unless others are named.
    pub const fn datasets(self) -> &'static [Dataset] {
        match self {
            Self::Warc => &[Dataset::Pages],
            Self::Parquet => &Dataset::ALL,
            Self::Jsonl => &[Dataset::Documents],
        }
    }
}

/// What to export, and to where.
pub struct Export<'a> {
    /// Where the run is.
    pub store: &'a Store,
    /// The run.
    pub run: &'a RunId,
    /// The form.
    pub format: ExportFormat,
    /// Which datasets; for WARC pages alone.
    pub datasets: &'a [Dataset],
    /// A folder, or for one WARC or JSON lines file its name.
    pub out: &'a Path,
    /// Whether JSON lines are packed as gzip.
    pub gzip: bool,
    /// Whether files that are there may be replaced.
    pub force: bool,
    /// Told of rows that are done, and how many there are.
    pub on_progress: &'a dyn Fn(u64, u64),
    /// Set it to stop; the file under way does not appear.
    pub stop: &'a AtomicBool,
}

/// What was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exported {
    /// The files, in the order in which they were written.
    pub files: Vec<PathBuf>,
    /// Rows that are in them.
    pub rows: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// Whether it was stopped before everything was done.
    pub interrupted: bool,
}

/// Exports as `export` says.
pub fn run(export: &Export<'_>) -> Result<Exported, LineError> {
    if export.store.catalogue().run(export.run)?.is_none() {
        return Err(LineError::UnknownRun { run: export.run.clone() });
    }
    match export.format {
        ExportFormat::Warc => warc::write(export),
        ExportFormat::Parquet => parquet::write(export),
        ExportFormat::Jsonl => jsonl::write(export),
    }
}

impl Export<'_> {
    fn create(&self, path: &Path) -> Result<OutFile, LineError> {
        OutFile::create(&self.store.env().disk, path, self.force)
    }

    fn parts(&self, dataset: Dataset) -> Result<Vec<PartRef>, LineError> {
        Ok(self.store.catalogue().parts(self.run, dataset)?)
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Whether `path` is meant as the file itself: it has one of `endings`, and no folder has its name.
fn names_file(path: &Path, endings: &[&str]) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    endings.iter().any(|ending| name.ends_with(ending)) && !path.is_dir()
}

/// How far an export has come.
struct Progress<'a> {
    export: &'a Export<'a>,
    done: u64,
    total: u64,
}

impl<'a> Progress<'a> {
    /// Rows between two words about it.
    const STEP: u64 = 256;

    fn new(export: &'a Export<'a>, parts: &[PartRef]) -> Self {
        let total = parts.iter().map(|part| part.rows).sum();
        (export.on_progress)(0, total);
        Self { export, done: 0, total }
    }

    /// Counts a row; whether to go on.
    fn advance(&mut self, rows: u64) -> bool {
        let before = self.done;
        self.done += rows;
        if self.done / Self::STEP != before / Self::STEP || self.done == self.total {
            (self.export.on_progress)(self.done, self.total);
        }
        !self.export.is_stopped()
    }
}
