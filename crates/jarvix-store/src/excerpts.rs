//! Single columns of committed documents, each with the ordinal of its row: what finding duplicates
//! asks for, pass by pass. A pass reads its own column and no other; where it wants few rows it
//! says which, and what lies between them is not decoded.
//!
//! What this file does not do: compare anything, or hold more than a batch of rows.

use std::sync::Arc;

use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use jarvix_core::{Dataset, DiskRead, PartRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader,
    ParquetRecordBatchReaderBuilder, RowSelection, RowSelector,
};

use crate::reader::{PartFile, compare, damaged, difference};
use crate::rows::{Cells, WrongCell};
use crate::schema::schema;
use crate::{Store, StoreError};

type Result<T> = std::result::Result<T, StoreError>;

/// Rows of short columns that are read at once.
const BATCH_ROWS: usize = 1_024;
/// Texts that are read at once.
const BATCH_TEXTS: usize = 32;

/// A few columns of a row of `documents`.
pub trait Excerpt: Sized {
    /// The columns, in schema order.
    const COLUMNS: &[&str];
    /// Rows that are read at once.
    const ROWS: usize = BATCH_ROWS;

    /// Takes every cell from `cells`, in schema order.
    fn read(cells: &mut Cells<'_>) -> std::result::Result<Self, WrongCell>;

    /// Ordinal of the document.
    fn ordinal(&self) -> u64;
}

/// The exact hash of a document's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextHashOf {
    /// Ordinal of the document.
    pub ordinal: u64,
    /// The hash; `None` without text.
    pub hash: Option<u128>,
}

/// The MinHash of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MinHashOf {
    /// Ordinal of the document.
    pub ordinal: u64,
    /// The MinHash as stored; `None` under 5 words.
    pub minhash: Option<Vec<u8>>,
}

/// The text of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextOf {
    /// Ordinal of the document.
    pub ordinal: u64,
    /// Its main text.
    pub text: String,
}

/// The URL of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlOf {
    /// The canonical URL.
    pub url: String,
    /// Ordinal of the document.
    pub ordinal: u64,
}

/// The ordinal alone: which rows there are.
struct OrdinalOf(u64);

impl Excerpt for TextHashOf {
    const COLUMNS: &[&str] = &["ordinal", "text_hash"];

    fn read(cells: &mut Cells<'_>) -> std::result::Result<Self, WrongCell> {
        let ordinal = cells.count()?;
        let hash = cells.opt_text()?.map(|text| {
            u128::from_str_radix(text, 16).map_err(|_| cells.wrong(format!("{text:?}, no hash")))
        });
        Ok(Self { ordinal, hash: hash.transpose()? })
    }

    fn ordinal(&self) -> u64 {
        self.ordinal
    }
}

impl Excerpt for MinHashOf {
    const COLUMNS: &[&str] = &["ordinal", "minhash"];

    fn read(cells: &mut Cells<'_>) -> std::result::Result<Self, WrongCell> {
        Ok(Self { ordinal: cells.count()?, minhash: cells.opt_bytes()? })
    }

    fn ordinal(&self) -> u64 {
        self.ordinal
    }
}

impl Excerpt for TextOf {
    const COLUMNS: &[&str] = &["ordinal", "text"];
    const ROWS: usize = BATCH_TEXTS;

    fn read(cells: &mut Cells<'_>) -> std::result::Result<Self, WrongCell> {
        Ok(Self { ordinal: cells.count()?, text: cells.string()? })
    }

    fn ordinal(&self) -> u64 {
        self.ordinal
    }
}

impl Excerpt for UrlOf {
    const COLUMNS: &[&str] = &["url", "ordinal"];

    fn read(cells: &mut Cells<'_>) -> std::result::Result<Self, WrongCell> {
        Ok(Self { url: cells.string()?, ordinal: cells.count()? })
    }

    fn ordinal(&self) -> u64 {
        self.ordinal
    }
}

impl Excerpt for OrdinalOf {
    const COLUMNS: &[&str] = &["ordinal"];

    fn read(cells: &mut Cells<'_>) -> std::result::Result<Self, WrongCell> {
        cells.count().map(Self)
    }

    fn ordinal(&self) -> u64 {
        self.0
    }
}

/// The excerpts of a part, in the order of its rows. After an error there are no more.
pub struct Excerpts<E> {
    part: PartRef,
    /// `None` where no row is wanted.
    batches: Option<ParquetRecordBatchReader>,
    batch: Option<RecordBatch>,
    row: usize,
    ended: bool,
    kind: std::marker::PhantomData<fn() -> E>,
}

impl<E: Excerpt> Excerpts<E> {
    fn open(
        part: &PartRef,
        file: Arc<dyn DiskRead>,
        wanted: Option<&dyn Fn(u64) -> bool>,
    ) -> Result<Self> {
        let file = PartFile(file);
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
            .map_err(|error| damaged(part, error))?;
        let mut excerpts = Self {
            part: part.clone(),
            batches: None,
            batch: None,
            row: 0,
            ended: false,
            kind: std::marker::PhantomData,
        };
        let selection = match wanted {
            Some(wanted) => match select(part, &file, &metadata, wanted)? {
                Some(selection) => Some(selection),
                None => return Ok(excerpts),
            },
            None => None,
        };
        excerpts.batches = Some(batches::<E>(part, file, metadata, selection)?);
        Ok(excerpts)
    }

    fn next_excerpt(&mut self) -> Result<Option<E>> {
        loop {
            if let Some(batch) = &self.batch
                && self.row < batch.num_rows()
            {
                let excerpt = E::read(&mut Cells::new(batch, self.row));
                self.row += 1;
                return excerpt.map(Some).map_err(|error| damaged(&self.part, error));
            }
            (self.row, self.batch) = (0, None);
            match self.batches.as_mut().and_then(Iterator::next) {
                Some(batch) => {
                    self.batch = Some(batch.map_err(|error| damaged(&self.part, error))?);
                }
                None => return Ok(None),
            }
        }
    }
}

impl<E: Excerpt> Iterator for Excerpts<E> {
    type Item = Result<E>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.next_excerpt().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

fn batches<E: Excerpt>(
    part: &PartRef,
    file: PartFile,
    metadata: ArrowReaderMetadata,
    selection: Option<RowSelection>,
) -> Result<ParquetRecordBatchReader> {
    // Only these must be as they are now: an earlier run may have been made by an earlier Jarvix.
    let (wanted, found) = (schema(Dataset::Documents).schema, Arc::clone(metadata.schema()));
    let of = |all: &Schema| -> std::result::Result<Vec<usize>, ArrowError> {
        E::COLUMNS.iter().map(|name| all.index_of(name)).collect()
    };
    let project = |all: &Schema| of(all).and_then(|columns| all.project(&columns));
    let compared = project(&wanted).and_then(|wanted| Ok((wanted, project(&found)?)));
    let (wanted, columns) = compared.map_err(|error| damaged(part, error))?;
    if let Some(difference) = difference(&wanted, &columns) {
        return Err(damaged(part, difference));
    }
    let roots = of(&found).map_err(|error| damaged(part, error))?;
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
    let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
    let mut builder = builder.with_projection(mask).with_batch_size(E::ROWS);
    if let Some(selection) = selection {
        builder = builder.with_row_selection(selection);
    }
    builder.build().map_err(|error| damaged(part, error))
}

/// The rows whose ordinals are wanted; `None` if there are none.
fn select(
    part: &PartRef,
    file: &PartFile,
    metadata: &ArrowReaderMetadata,
    wanted: &dyn Fn(u64) -> bool,
) -> Result<Option<RowSelection>> {
    let batches = batches::<OrdinalOf>(part, file.clone(), metadata.clone(), None)?;
    let (mut selectors, mut any) = (Vec::new(), false);
    for batch in batches {
        let batch = batch.map_err(|error| damaged(part, error))?;
        for row in 0..batch.num_rows() {
            let OrdinalOf(ordinal) = OrdinalOf::read(&mut Cells::new(&batch, row))
                .map_err(|error| damaged(part, error))?;
            let take = wanted(ordinal);
            any |= take;
            selectors.push(if take { RowSelector::select(1) } else { RowSelector::skip(1) });
        }
    }
    // Neighbours become one run of rows.
    Ok(any.then(|| selectors.into()))
}

impl Store {
    /// Some columns of every row of a part of `documents`. The file is compared with the
    /// catalogue's hash first.
    pub fn excerpts<E: Excerpt>(&self, part: &PartRef) -> Result<Excerpts<E>> {
        let file = self.open_part_of(Dataset::Documents, part)?;
        if let Some(problem) = compare(part, &*file).map_err(|error| damaged(part, error))? {
            return Err(damaged(part, problem));
        }
        Excerpts::open(part, file, None)
    }

    /// Some columns of the rows whose ordinals are `wanted`. The file is not compared with its hash
    /// again: who asks has read [`excerpts`](Self::excerpts) of it before.
    pub fn excerpts_of<E: Excerpt>(
        &self,
        part: &PartRef,
        wanted: &dyn Fn(u64) -> bool,
    ) -> Result<Excerpts<E>> {
        Excerpts::open(part, self.open_part_of(Dataset::Documents, part)?, Some(wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NewRun, system_env};
    use jarvix_core::{Document, Generation, PartName, RunId, Signal};

    fn document(n: u64) -> Document {
        Document {
            url: format!("https://a.example/{n}"),
            ordinal: 3 * n,
            text: format!("text {n} ").repeat(1 + (n as usize * 7_919) % 3_000),
            text_hash: (n > 0).then(|| format!("{n:032x}")),
            minhash: (n > 0).then(|| vec![n as u8; 448]),
            signals: vec![None; Signal::ALL.len()],
            ..Document::default()
        }
    }

    #[test]
    fn every_column_comes_with_its_ordinal_and_only_what_is_wanted() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(&folder.path().join("data"), system_env()).expect("a store");
        let run = RunId::new("run").expect("an id");
        let new =
            NewRun { id: run.clone(), input_fingerprint: String::new(), settings: "{}".into() };
        store.catalogue().create_run(new).expect("a run");
        let mut writer =
            store.writer::<Document>(&run, PartName(1), Generation::FIRST).expect("a writer");
        for n in 0..2_500 {
            writer.append(&document(n)).expect("a row");
        }
        let part = writer.finish().expect("a part").part().clone();

        let hashes = store.excerpts::<TextHashOf>(&part).expect("hashes");
        for (n, hash) in (0..).zip(hashes) {
            let expected = (n > 0).then_some(u128::from(n));
            let hash = hash.expect("a row");
            assert_eq!((hash.ordinal, hash.hash), (3 * n, expected));
        }
        let minhashes = store.excerpts_of::<MinHashOf>(&part, &|_| true).expect("minhashes");
        assert_eq!(
            minhashes.map(|row| row.expect("a row").minhash.is_some() as u64).sum::<u64>(),
            2_499
        );
        let wanted = |ordinal: u64| ordinal.is_multiple_of(300) || ordinal > 7_400;
        let expected: Vec<u64> = (0..2_500).filter(|n| wanted(3 * n)).collect();
        let texts = store.excerpts_of::<TextOf>(&part, &wanted).expect("texts");
        let texts: Vec<TextOf> = texts.map(|text| text.expect("a row")).collect();
        assert_eq!(texts.len(), expected.len());
        for (text, n) in texts.iter().zip(&expected) {
            assert_eq!((text.ordinal, &text.text), (3 * n, &document(*n).text));
        }
        let urls = store.excerpts_of::<UrlOf>(&part, &wanted).expect("URLs");
        let urls: Vec<String> = urls.map(|url| url.expect("a row").url).collect();
        assert_eq!(urls, expected.iter().map(|n| document(*n).url).collect::<Vec<_>>());
        assert_eq!(store.excerpts_of::<UrlOf>(&part, &|_| false).expect("URLs").count(), 0);

        let path = store.part_path(&part);
        let mut bytes = std::fs::read(&path).expect("the file");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&path, bytes).expect("a damaged file");
        assert!(store.excerpts::<TextHashOf>(&part).is_err(), "a flipped bit goes unseen");
    }
}
