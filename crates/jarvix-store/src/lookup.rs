//! Single rows of committed pages: what a later run needs to ask a server whether a page has
//! changed ([`PageMark`]), and the row itself when it has not ([`PageRows`]).
//!
//! Bodies stay on the disk until one is asked for by the position of its row. What this file does
//! not do: say which mark is worth a question, or keep any of them.

use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use jarvix_core::{Dataset, DiskRead, Header, Outcome, Page, PartRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::file::metadata::PageIndexPolicy;

use crate::reader::{PartFile, compare, damaged, difference};
use crate::rows::{Cells, Row, WrongCell};
use crate::schema::schema;
use crate::{Store, StoreError};

type Result<T> = std::result::Result<T, StoreError>;

/// Columns of a mark, in schema order.
const COLUMNS: [&str; 6] = ["url", "final_url", "status", "outcome", "truncated", "headers"];
/// Marks that are read at once.
const BATCH_ROWS: usize = 512;

/// A row of `pages` without its body: what was asked, and what the answer said of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageMark {
    /// Its position in the part, from 0.
    pub row: u64,
    /// The page's canonical URL.
    pub url: String,
    /// The address that gave the body.
    pub final_url: Option<String>,
    /// Status code of the last answer.
    pub status: Option<u32>,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether the body was cut.
    pub truncated: bool,
    /// The headers of the last answer.
    pub headers: Vec<Header>,
}

impl PageMark {
    fn read(row: u64, from: &mut Cells<'_>) -> std::result::Result<Self, WrongCell> {
        Ok(Self {
            row,
            url: from.string()?,
            final_url: from.opt_string()?,
            status: from.opt_small_count()?,
            outcome: {
                let word = from.text()?;
                Outcome::parse(word)
                    .ok_or_else(|| from.wrong(format!("the unknown outcome {word:?}")))?
            },
            truncated: from.bool()?,
            headers: from.headers()?,
        })
    }
}

/// The marks of a part, in the order of its rows. After an error there are no more.
pub struct PageMarks {
    part: PartRef,
    batches: ParquetRecordBatchReader,
    batch: Option<(RecordBatch, usize)>,
    next: u64,
    ended: bool,
}

impl PageMarks {
    fn open(part: &PartRef, file: Arc<dyn DiskRead>) -> Result<Self> {
        let problem = compare(part, &*file).map_err(|error| damaged(part, error))?;
        if let Some(problem) = problem {
            return Err(damaged(part, problem));
        }
        let wanted = schema(Dataset::Pages).schema;
        let builder = ParquetRecordBatchReaderBuilder::try_new(PartFile(file))
            .map_err(|error| damaged(part, error))?;
        if let Some(difference) = difference(&wanted, builder.schema()) {
            return Err(damaged(part, difference));
        }
        let roots = COLUMNS.iter().filter_map(|name| wanted.index_of(name).ok());
        let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
        let builder = builder.with_projection(mask).with_batch_size(BATCH_ROWS);
        let batches = builder.build().map_err(|error| damaged(part, error))?;
        Ok(Self { part: part.clone(), batches, batch: None, next: 0, ended: false })
    }

    fn next_mark(&mut self) -> Result<Option<PageMark>> {
        loop {
            if let Some((batch, at)) = &mut self.batch
                && *at < batch.num_rows()
            {
                let mark = PageMark::read(self.next, &mut Cells::new(batch, *at))
                    .map_err(|error| damaged(&self.part, error))?;
                *at += 1;
                self.next += 1;
                return Ok(Some(mark));
            }
            match self.batches.next() {
                Some(batch) => {
                    let batch = batch.map_err(|error| damaged(&self.part, error))?;
                    self.batch = Some((batch, 0));
                }
                None => return Ok(None),
            }
        }
    }
}

impl Iterator for PageMarks {
    type Item = Result<PageMark>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.next_mark().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

/// The rows of a part of `pages`, each by its position. The file is not compared with its hash
/// again: who reads its marks has done that, and a body has a hash of its own.
pub struct PageRows {
    part: PartRef,
    file: PartFile,
    metadata: ArrowReaderMetadata,
}

impl PageRows {
    fn open(part: &PartRef, file: Arc<dyn DiskRead>) -> Result<Self> {
        let file = PartFile(file);
        // With the index of pages a row costs its own pages and not those before it.
        let options = ArrowReaderOptions::new().with_offset_index_policy(PageIndexPolicy::Optional);
        let metadata =
            ArrowReaderMetadata::load(&file, options).map_err(|error| damaged(part, error))?;
        let wanted = schema(Dataset::Pages).schema;
        if let Some(difference) = difference(&wanted, metadata.schema()) {
            return Err(damaged(part, difference));
        }
        Ok(Self { part: part.clone(), file, metadata })
    }

    /// The row at `row`, from 0.
    pub fn row(&self, row: u64) -> Result<Page> {
        let wrong = |reason: &str| damaged(&self.part, reason);
        let row = usize::try_from(row).map_err(|_| wrong("it has no such row"))?;
        let (group, rows, at) = self.place(row).ok_or_else(|| wrong("it has no such row"))?;
        let one = RowSelection::from_consecutive_ranges(std::iter::once(at..at + 1), rows);
        let metadata = self.metadata.clone();
        let mut batches =
            ParquetRecordBatchReaderBuilder::new_with_metadata(self.file.clone(), metadata)
                .with_row_groups(vec![group])
                .with_row_selection(one)
                .with_batch_size(1)
                .build()
                .map_err(|error| damaged(&self.part, error))?;
        let batch = batches.next().ok_or_else(|| wrong("it has no such row"))?;
        let batch = batch.map_err(|error| damaged(&self.part, error))?;
        Page::read(&mut Cells::new(&batch, 0)).map_err(|error| damaged(&self.part, error))
    }

    /// The row group of a row, how many rows that has, and the row's position in it.
    fn place(&self, row: usize) -> Option<(usize, usize, usize)> {
        let mut before = 0;
        for (group, facts) in self.metadata.metadata().row_groups().iter().enumerate() {
            let rows = usize::try_from(facts.num_rows()).ok()?;
            if row < before + rows {
                return Some((group, rows, row - before));
            }
            before += rows;
        }
        None
    }
}

impl Store {
    /// The marks of a part of `pages`. The file is compared with the catalogue's hash first.
    pub fn page_marks(&self, part: &PartRef) -> Result<PageMarks> {
        PageMarks::open(part, self.open_part_of(Dataset::Pages, part)?)
    }

    /// A part of `pages` for reading single rows.
    pub fn page_rows(&self, part: &PartRef) -> Result<PageRows> {
        PageRows::open(part, self.open_part_of(Dataset::Pages, part)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NewRun, system_env};
    use jarvix_core::{Generation, PartName, RunId};

    fn page(n: u64) -> Page {
        let url = format!("https://a.example/{n}");
        let mut page = Page::unfetched(url.clone(), n, Outcome::Fetched, "");
        (page.reason, page.status, page.final_url) = (None, Some(200), Some(url));
        page.headers = vec![Header { name: "etag".to_owned(), value: format!("\"{n}\"") }];
        // Bodies of very different sizes: several data pages and more than one row group.
        page.body =
            Some(format!("page {n} ").repeat(1 + (n as usize * 7919) % 20_000).into_bytes());
        page.content_encoding = Some("gzip".to_owned());
        page
    }

    #[test]
    fn every_row_is_found_by_its_mark() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("data"), system_env()).expect("a store");
        let run = RunId::new("base").expect("an id");
        let new =
            NewRun { id: run.clone(), input_fingerprint: String::new(), settings: "{}".into() };
        store.catalogue().create_run(new).expect("a run");
        let mut writer =
            store.writer::<Page>(&run, PartName(1), Generation::FIRST).expect("a writer");
        for n in 0..400 {
            writer.append(&page(n)).expect("a row");
        }
        let part = writer.finish().expect("a part").part().clone();
        let marks: Vec<PageMark> =
            store.page_marks(&part).expect("marks").map(|mark| mark.expect("a mark")).collect();
        assert_eq!(marks.len(), 400);
        let rows = store.page_rows(&part).expect("rows");
        assert!(rows.metadata.metadata().num_row_groups() > 1, "one row group proves little");
        for mark in marks.iter().rev().step_by(7) {
            let expected = page(mark.row);
            assert_eq!((&mark.url, &mark.headers), (&expected.url, &expected.headers));
            let found = rows.row(mark.row).expect("a row");
            assert_eq!((found.url, found.body), (expected.url, expected.body));
        }
        assert!(rows.row(400).is_err());

        let path = store.part_path(&part);
        let mut bytes = std::fs::read(&path).expect("the file");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&path, bytes).expect("a damaged file");
        assert!(store.page_marks(&part).is_err(), "a flipped bit goes unseen");
        std::fs::remove_file(&path).expect("the file");
        assert!(matches!(store.page_marks(&part), Err(StoreError::Gone { .. })));
    }
}
