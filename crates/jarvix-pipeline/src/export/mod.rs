//! Exports: what a run has in the forms of others, streamed.
//!
//! WARC for web archives; JSON, JSON lines and CSV for whatever reads those; workbooks and Markdown
//! for people; Parquet as copies of the parts, or as one file where columns or a condition were asked
//! for. The same run gives the same bytes. A file appears under its name when it is whole, and none
//! is replaced unless that was asked for. What this module refuses to do: fetch, or change the run.

mod cells;
mod http;
mod jsonl;
mod lines;
mod markdown;
mod out;
mod parquet;
mod rows;
mod source;
#[cfg(test)]
mod tests;
mod warc;
mod xlsx;

pub use cells::{json_row, json_value};
pub use out::OutFile;
pub use source::Source;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use jarvix_core::{Dataset, PartRef, RunId};
use jarvix_query::Query;
use jarvix_store::Store;

use crate::LineError;

/// The forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// WARC/1.1, a gzip member a record: pages.
    Warc,
    /// The parts as they are; one file where columns or a condition are given.
    Parquet,
    /// One JSON object a row.
    Jsonl,
    /// One JSON array of objects.
    Json,
    /// RFC 4180 with a header.
    Csv,
    /// A table as GitHub reads it.
    Markdown,
    /// A workbook.
    Xlsx,
}

impl ExportFormat {
    /// Every form.
    pub const ALL: [Self; 7] =
        [Self::Warc, Self::Parquet, Self::Jsonl, Self::Json, Self::Csv, Self::Markdown, Self::Xlsx];

    /// The word on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Warc => "warc",
            Self::Parquet => "parquet",
            Self::Jsonl => "jsonl",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Markdown => "markdown",
            Self::Xlsx => "xlsx",
        }
    }

    /// Reads what [`as_str`](Self::as_str) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == text)
    }

    /// What is exported unless something else is named.
    pub const fn sources(self) -> &'static [Source] {
        match self {
            Self::Warc => &[Source::Dataset(Dataset::Pages)],
            Self::Parquet => &Source::DATASETS,
            Self::Jsonl => &[Source::Dataset(Dataset::Documents)],
            Self::Json | Self::Csv | Self::Markdown | Self::Xlsx => &[Source::Ranking],
        }
    }

    /// Whether it is text, which can be packed as gzip.
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Jsonl | Self::Json | Self::Csv | Self::Markdown)
    }

    /// Whether `path` has a name that a file of rows in this format may have.
    pub fn names(self, path: &Path) -> bool {
        names_file(path, self.endings())
    }

    /// The usual ending.
    pub fn ending(self) -> &'static str {
        self.endings().first().copied().unwrap_or_default()
    }

    /// What names of files of rows end with; the first is the usual one.
    const fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Warc => &[".warc", ".warc.gz"],
            Self::Parquet => &[".parquet"],
            Self::Jsonl => &[".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz"],
            Self::Json => &[".json", ".json.gz"],
            Self::Csv => &[".csv", ".csv.gz"],
            Self::Markdown => &[".md", ".md.gz"],
            Self::Xlsx => &[".xlsx"],
        }
    }
}

/// What to export, and to where.
pub struct Export<'a> {
    /// Where the run is.
    pub store: &'a Store,
    /// The query engine over `store`.
    pub engine: &'a Query,
    /// The run.
    pub run: &'a RunId,
    /// The form.
    pub format: ExportFormat,
    /// Which rows; for WARC pages alone.
    pub sources: &'a [Source],
    /// The columns, in order; all that the form has room for if none are named. Not for WARC.
    pub columns: Option<&'a [String]>,
    /// An SQL condition over the columns that rows have to meet. Not for WARC.
    pub condition: Option<&'a str>,
    /// A folder, or where there is one file its name.
    pub out: &'a Path,
    /// Whether text is packed as gzip.
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
    /// Cells of workbooks and Markdown that are shorter than their values.
    pub cut_cells: u64,
    /// Whether it was stopped before everything was done.
    pub interrupted: bool,
}

/// Exports as `export` says.
pub fn run(export: &Export<'_>) -> Result<Exported, LineError> {
    if export.store.catalogue().run(export.run)?.is_none() {
        return Err(LineError::UnknownRun { run: export.run.clone() });
    }
    if export.format == ExportFormat::Warc {
        return warc::write(export);
    }
    // What is written part by part, and what the query engine gives.
    let (parts, selected) = export.divided();
    let desk = match selected.is_empty() {
        true => None,
        false => Some(rows::Desk::open(export, &selected)?),
    };
    let mut total = 0;
    for source in export.sources {
        total += export.parts(source.counted())?.iter().map(|part| part.rows).sum::<u64>();
    }
    let mut progress = Progress::new(export, total);
    let mut exported = match export.format {
        ExportFormat::Parquet => parquet::write(export, &parts, &mut progress)?,
        _ => jsonl::write(export, &parts, &mut progress)?,
    };
    if let Some(desk) = desk.filter(|_| !exported.interrupted) {
        desk.write(export, &mut progress, &mut exported)?;
    }
    Ok(exported)
}

impl Export<'_> {
    /// The datasets whose parts are written as they are, and the sources whose rows are selected.
    fn divided(&self) -> (Vec<Dataset>, Vec<Source>) {
        let by_part =
            matches!(self.format, ExportFormat::Warc | ExportFormat::Parquet | ExportFormat::Jsonl);
        let by_part = by_part && self.columns.is_none() && self.condition.is_none();
        let (mut parts, mut selected) = (Vec::new(), Vec::new());
        for source in self.sources {
            match source {
                Source::Dataset(dataset) if by_part => parts.push(*dataset),
                _ => selected.push(*source),
            }
        }
        (parts, selected)
    }

    fn create(&self, path: &Path) -> Result<OutFile, LineError> {
        OutFile::create(&self.store.env().disk, path, self.force)
    }

    /// The file for the rows of `source`.
    fn path(&self, source: Source) -> PathBuf {
        let endings = self.format.endings();
        if self.sources.len() == 1 && names_file(self.out, endings) {
            return self.out.to_owned();
        }
        let ending = endings.first().copied().unwrap_or_default();
        let packed = if self.gzip && self.format.is_text() { ".gz" } else { "" };
        self.out.join(format!("{}-{source}{ending}{packed}", self.run))
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

    fn new(export: &'a Export<'a>, total: u64) -> Self {
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
