//! Reading a part: the file's hash is checked first, then rows come one by one. What is given out is
//! what was committed, or an error; a damaged file is never decoded.

use std::io::{self, BufReader, Read};
use std::marker::PhantomData;
use std::sync::Arc;

use arrow::array::RecordBatchReader;
use arrow::datatypes::Schema;
use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use jarvix_core::{DiskRead, PartRef};
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::file::reader::{ChunkReader, Length};

use crate::StoreError;
use crate::parts::Address;
use crate::rows::{Cells, Row};
use crate::schema::schema;

type Result<T> = std::result::Result<T, StoreError>;

/// Bytes that are read at once to hash a file.
const HASH_BUFFER_BYTES: usize = 256 * 1024;
/// About how many bytes of the file become rows at once.
const BATCH_BYTES: u64 = 2 * 1024 * 1024;
/// Most rows at once.
const BATCH_ROWS_MAX: u64 = 1_024;

/// BLAKE3 of a file, 64 hex digits.
pub(crate) fn hash_of(file: &dyn DiskRead) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; HASH_BUFFER_BYTES];
    let mut offset = 0;
    loop {
        match file.read_at(&mut buffer, offset)? {
            0 => return Ok(hasher.finalize().to_hex().to_string()),
            count => {
                hasher.update(&buffer[..count]);
                offset += count as u64;
            }
        }
    }
}

/// What is wrong with a file, compared with what was committed; `None` if nothing is.
pub(crate) fn compare(part: &PartRef, file: &dyn DiskRead) -> io::Result<Option<String>> {
    if file.size() != part.bytes {
        return Ok(Some(format!("it has {} bytes instead of {}", file.size(), part.bytes)));
    }
    let hash = hash_of(file)?;
    if hash != part.hash {
        return Ok(Some(format!("its hash is {hash} instead of {}", part.hash)));
    }
    Ok(None)
}

/// A stored file as the Parquet library wants to see it.
#[derive(Clone)]
pub(crate) struct PartFile(pub(crate) Arc<dyn DiskRead>);

/// Reads a file from a position on.
pub(crate) struct From {
    file: Arc<dyn DiskRead>,
    offset: u64,
}

impl From {
    pub(crate) fn start(file: Arc<dyn DiskRead>) -> Self {
        Self { file, offset: 0 }
    }
}

impl Read for From {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buf, self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}

impl Length for PartFile {
    fn len(&self) -> u64 {
        self.0.size()
    }
}

impl ChunkReader for PartFile {
    type T = BufReader<From>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(BufReader::new(From { file: Arc::clone(&self.0), offset: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        // Asked before memory is taken: a length that the file cannot hold is an error, not an
        // allocation.
        if start.checked_add(length as u64).is_none_or(|end| end > self.0.size()) {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        let mut content = vec![0; length];
        From { file: Arc::clone(&self.0), offset: start }.read_exact(&mut content)?;
        Ok(content.into())
    }
}

pub(crate) fn damaged(part: &PartRef, reason: impl ToString) -> StoreError {
    StoreError::Damaged { place: Address::from(part).to_string(), reason: reason.to_string() }
}

/// The rows of a part as record batches of a bounded size.
pub(crate) fn batches(part: &PartRef, file: Arc<dyn DiskRead>) -> Result<ParquetRecordBatchReader> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(PartFile(file))
        .map_err(|error| damaged(part, error))?;
    let row_bytes = (part.bytes / part.rows.max(1)).max(1);
    let rows = (BATCH_BYTES / row_bytes).clamp(1, BATCH_ROWS_MAX);
    let builder = builder.with_batch_size(usize::try_from(rows).unwrap_or(1));
    builder.build().map_err(|error| damaged(part, error))
}

/// Rows in a file according to its footer; an error if the file is not what Jarvix writes.
pub(crate) fn rows_in_footer(part: &PartRef, file: Arc<dyn DiskRead>) -> Result<u64> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(PartFile(file))
        .map_err(|error| damaged(part, error))?;
    u64::try_from(builder.metadata().file_metadata().num_rows()).map_err(|e| damaged(part, e))
}

/// The rows of a part, in the order they were written. Memory is bounded by a few MiB whatever the
/// part holds. After an error there are no more rows.
pub struct RowReader<R> {
    part: PartRef,
    batches: ParquetRecordBatchReader,
    batch: Option<RecordBatch>,
    /// The next row of `batch`.
    row: usize,
    given: u64,
    ended: bool,
    kind: PhantomData<fn() -> R>,
}

impl<R: Row> RowReader<R> {
    pub(crate) fn open(part: &PartRef, file: Arc<dyn DiskRead>) -> Result<Self> {
        let problem = compare(part, &*file).map_err(|error| damaged(part, error))?;
        if let Some(problem) = problem {
            return Err(damaged(part, problem));
        }
        let batches = batches(part, file)?;
        let found = batches.schema();
        if let Some(difference) = difference(&schema(R::DATASET).schema, &found) {
            return Err(damaged(part, difference));
        }
        Ok(Self {
            part: part.clone(),
            batches,
            batch: None,
            row: 0,
            given: 0,
            ended: false,
            kind: PhantomData,
        })
    }

    /// The part that is being read.
    pub fn part(&self) -> &PartRef {
        &self.part
    }

    fn next_row(&mut self) -> Result<Option<R>> {
        loop {
            if let Some(batch) = &self.batch
                && self.row < batch.num_rows()
            {
                let row = R::read(&mut Cells::new(batch, self.row))
                    .map_err(|error| damaged(&self.part, error))?;
                self.row += 1;
                self.given += 1;
                return Ok(Some(row));
            }
            self.row = 0;
            self.batch = None;
            match self.batches.next() {
                Some(batch) => {
                    self.batch = Some(batch.map_err(|error| damaged(&self.part, error))?);
                }
                None if self.given == self.part.rows => return Ok(None),
                None => {
                    let reason =
                        format!("it has {} rows instead of {}", self.given, self.part.rows);
                    return Err(damaged(&self.part, reason));
                }
            }
        }
    }
}

impl<R: Row> Iterator for RowReader<R> {
    type Item = Result<R>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.next_row().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

/// The first column in which a file differs from its dataset.
pub(crate) fn difference(wanted: &Schema, found: &Schema) -> Option<String> {
    let (wanted, found) = (wanted.fields(), found.fields());
    for (position, field) in wanted.iter().enumerate() {
        match found.get(position) {
            Some(f) if f.name() == field.name() && f.data_type() == field.data_type() => {}
            Some(f) => return Some(format!("column {f} stands where {field} belongs")),
            None => return Some(format!("column {} is missing", field.name())),
        }
    }
    (found.len() > wanted.len()).then(|| "it has more columns than the dataset".to_owned())
}
