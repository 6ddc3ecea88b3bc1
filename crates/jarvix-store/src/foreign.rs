//! Parquet files that Jarvix did not write: a user's list, read as cells of text.
//!
//! What stands in such a file is not trusted. Whatever is wrong with it is an error that says so,
//! also where the library panics; rows are read in small batches. What this module refuses to do:
//! guess what a column means.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatchReader, StringArray};
use arrow::compute::{can_cast_types, cast};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use jarvix_core::Env;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::basic::Compression;
use parquet::file::metadata::ParquetMetaData;

use crate::reader::PartFile;

/// About how many bytes of the file become cells at once.
const BATCH_BYTES: u64 = 2 * 1024 * 1024;
/// Most rows at once.
const BATCH_ROWS_MAX: u64 = 1_024;

/// Why a foreign file cannot be read. The texts complete "failed to ...".
#[derive(Debug, thiserror::Error)]
pub enum ForeignError {
    /// The file system refused.
    #[error("open the file")]
    Io(#[from] std::io::Error),
    /// The file is not what it should be.
    #[error("read it as Parquet: {reason}; the file is damaged, write it again")]
    Damaged {
        /// What is wrong with it.
        reason: String,
    },
    /// The file needs something that this program does not have.
    #[error("read it as Parquet: {reason}; write it with zstd, snappy or uncompressed")]
    Unsupported {
        /// What it needs.
        reason: String,
    },
}

/// One value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// No value, or bytes that are not text.
    Empty,
    /// Text, or a value in the form that people read (dates, decimals, lists).
    Text(String),
    /// A number or a truth value, as it stands in JSON.
    Json(String),
}

/// A foreign Parquet file, row by row. After an error there are no more rows.
pub struct ForeignTable {
    columns: Vec<String>,
    batches: ParquetRecordBatchReader,
    batch: Vec<(StringArray, bool)>,
    rows: usize,
    row: usize,
    ended: bool,
}

impl fmt::Debug for ForeignTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForeignTable").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl ForeignTable {
    /// Opens the file at `path`.
    pub fn open(env: &Env, path: &Path) -> Result<Self, ForeignError> {
        let file = env.disk.open(path)?;
        let bytes = file.size();
        let batches = guarded(|| {
            let builder =
                ParquetRecordBatchReaderBuilder::try_new(PartFile(file)).map_err(damaged)?;
            refuse_unknown_codecs(builder.metadata())?;
            let rows = u64::try_from(builder.metadata().file_metadata().num_rows());
            let rows = rows.map_err(damaged)?;
            let row_bytes = (unpacked_bytes(builder.metadata()).max(bytes) / rows.max(1)).max(1);
            let batch_rows = (BATCH_BYTES / row_bytes).clamp(1, BATCH_ROWS_MAX);
            let builder = builder.with_batch_size(usize::try_from(batch_rows).unwrap_or(1));
            builder.build().map_err(damaged)
        })?;
        let columns = batches.schema().fields().iter().map(|f| f.name().clone()).collect();
        Ok(Self { columns, batches, batch: Vec::new(), rows: 0, row: 0, ended: false })
    }

    /// The names of the columns, in order.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    fn next_row(&mut self) -> Result<Option<Vec<Cell>>, ForeignError> {
        while self.row >= self.rows {
            let batches = &mut self.batches;
            let next = guarded(|| match batches.next() {
                None => Ok(None),
                Some(batch) => {
                    let batch = batch.map_err(damaged)?;
                    Ok(Some((batch.num_rows(), texts(&batch).map_err(damaged)?)))
                }
            })?;
            let Some((rows, batch)) = next else { return Ok(None) };
            (self.rows, self.row, self.batch) = (rows, 0, batch);
        }
        let row = self.row;
        self.row += 1;
        let cell = |(texts, is_json): &(StringArray, bool)| {
            if texts.is_null(row) {
                Cell::Empty
            } else if *is_json {
                Cell::Json(texts.value(row).to_owned())
            } else {
                Cell::Text(texts.value(row).to_owned())
            }
        };
        Ok(Some(self.batch.iter().map(cell).collect()))
    }
}

impl Iterator for ForeignTable {
    type Item = Result<Vec<Cell>, ForeignError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.next_row().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

/// A damaged file may make the library panic; that is the file's fault, not ours.
fn guarded<T>(read: impl FnOnce() -> Result<T, ForeignError>) -> Result<T, ForeignError> {
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(damaged("the Parquet library gave up on it")))
}

fn damaged(reason: impl ToString) -> ForeignError {
    ForeignError::Damaged { reason: reason.to_string() }
}

fn refuse_unknown_codecs(metadata: &ParquetMetaData) -> Result<(), ForeignError> {
    for column in metadata.row_groups().iter().flat_map(|group| group.columns()) {
        match column.compression() {
            Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::ZSTD(_) => {}
            other => {
                let reason = format!("its columns are packed with {other}");
                return Err(ForeignError::Unsupported { reason });
            }
        }
    }
    Ok(())
}

fn unpacked_bytes(metadata: &ParquetMetaData) -> u64 {
    let sizes = metadata.row_groups().iter().map(|group| group.total_byte_size());
    sizes.filter_map(|size| u64::try_from(size).ok()).fold(0, u64::saturating_add)
}

/// Every column as text, and whether that text is JSON.
fn texts(batch: &RecordBatch) -> Result<Vec<(StringArray, bool)>, ArrowError> {
    batch.columns().iter().map(|column| Ok((text(column)?, is_json(column.data_type())))).collect()
}

fn is_json(data_type: &DataType) -> bool {
    data_type.is_integer() || data_type.is_floating() || *data_type == DataType::Boolean
}

fn text(column: &Arc<dyn Array>) -> Result<StringArray, ArrowError> {
    if can_cast_types(column.data_type(), &DataType::Utf8) {
        // Bytes that are not UTF-8 become empty.
        return Ok(cast(column, &DataType::Utf8)?.as_string::<i32>().clone());
    }
    let options = FormatOptions::default().with_display_error(true);
    let format = ArrayFormatter::try_new(column, &options)?;
    Ok((0..column.len())
        .map(|row| column.is_valid(row).then(|| format.value(row).to_string()))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system_env;
    use arrow::array::{ArrayRef, BinaryArray, Float64Array, Int64Array, ListArray};
    use arrow::datatypes::Int64Type;
    use parquet::arrow::ArrowWriter;
    use proptest::prelude::*;

    fn sample() -> Vec<u8> {
        let columns: [(&str, ArrayRef); 5] = [
            ("rank", Arc::new(Int64Array::from(vec![Some(1), None]))),
            ("link", Arc::new(StringArray::from(vec!["https://a.example/", "https://b.example/"]))),
            ("share", Arc::new(Float64Array::from(vec![0.5, f64::NAN]))),
            ("raw", Arc::new(BinaryArray::from(vec![&b"text"[..], &b"\xff"[..]]))),
            (
                "list",
                Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>([
                    Some(vec![Some(1), Some(2)]),
                    None,
                ])),
            ),
        ];
        let batch = RecordBatch::try_from_iter(columns).expect("batch");
        let mut file = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), None).expect("writer");
        writer.write(&batch).expect("write");
        writer.close().expect("close");
        file
    }

    fn read(bytes: &[u8]) -> Result<Vec<Vec<Cell>>, ForeignError> {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("list.parquet");
        std::fs::write(&path, bytes).expect("write");
        ForeignTable::open(&system_env(), &path)?.collect()
    }

    #[test]
    fn every_type_of_column_becomes_text_or_json() {
        let text = |t: &str| Cell::Text(t.to_owned());
        let json = |t: &str| Cell::Json(t.to_owned());
        let rows = read(&sample()).expect("rows");
        let first =
            vec![json("1"), text("https://a.example/"), json("0.5"), text("text"), text("[1, 2]")];
        assert_eq!(rows[0], first);
        assert_eq!(rows[1][0], Cell::Empty);
        assert_eq!(rows[1][3], Cell::Empty);
        assert_eq!(rows[1][4], Cell::Empty);
    }

    #[test]
    fn a_cut_file_is_an_error() {
        let file = sample();
        for length in [0, 4, 12, file.len() / 2, file.len() - 1] {
            assert!(read(&file[..length]).is_err(), "{length} bytes were accepted");
        }
    }

    proptest! {
        #[test]
        fn a_damaged_file_gives_rows_or_an_error_and_no_panic(
            flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        ) {
            let mut file = sample();
            for (at, byte) in &flips {
                let at = at.index(file.len());
                file[at] = *byte;
            }
            drop(read(&file));
        }
    }
}
