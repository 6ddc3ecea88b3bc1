//! Writing a part: rows or batches in, a staged part out. The file is hashed while it is written,
//! row groups are bounded in bytes, and whatever is dropped before `finish` leaves nothing behind.

use std::fmt;
use std::io::{self, Write};
use std::marker::PhantomData;
use std::sync::Arc;

use arrow::compute::{BatchCoalescer, CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use jarvix_core::{Dataset, PartRef, limits};
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;

use crate::parts::{Address, Upload};
use crate::properties::{BATCH_BYTES_MAX, BATCH_ROWS_MAX, row_group_bytes_max, writer_properties};
use crate::rows::{Columns, Row};
use crate::schema::{DatasetSchema, schema};
use crate::{Store, StoreError};

type Result<T> = std::result::Result<T, StoreError>;

/// A part that is durable under its name, and not committed yet.
pub struct StagedPart {
    pub(crate) part: PartRef,
    /// Only with the planted defect: what `finish` should have completed.
    #[cfg(feature = "failpoints")]
    pub(crate) late: Option<Box<dyn Upload>>,
}

impl StagedPart {
    pub(crate) fn new(part: PartRef) -> Self {
        Self {
            part,
            #[cfg(feature = "failpoints")]
            late: None,
        }
    }

    /// What will be committed.
    pub fn part(&self) -> &PartRef {
        &self.part
    }
}

impl fmt::Debug for StagedPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StagedPart").field(&self.part).finish()
    }
}

/// Counts and hashes what goes into an upload.
struct Hashing {
    /// `None` once the file is whole.
    upload: Option<Box<dyn Upload>>,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl Write for Hashing {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let count = self.upload()?.write(buf)?;
        self.hasher.update(&buf[..count]);
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.upload()?.flush()
    }
}

impl Hashing {
    fn upload(&mut self) -> io::Result<&mut Box<dyn Upload>> {
        self.upload.as_mut().ok_or_else(|| io::Error::other("the file is whole already"))
    }
}

/// One Parquet file under construction.
struct FileWriter {
    store: Store,
    address: Address,
    /// `None` after an error: the file is not worth going on with.
    parquet: Option<ArrowWriter<Hashing>>,
    rows: u64,
}

impl FileWriter {
    fn begin(store: Store, address: Address, schema: &DatasetSchema) -> Result<Self> {
        let upload = store.begin_upload(&address)?;
        let hashing = Hashing { upload: Some(upload), hasher: blake3::Hasher::new(), bytes: 0 };
        let properties = writer_properties(schema.dataset);
        let parquet = ArrowWriter::try_new(hashing, Arc::clone(&schema.schema), Some(properties))
            .map_err(|source| encode(&address, source))?;
        Ok(Self { store, address, parquet: Some(parquet), rows: 0 })
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut parquet = self.parquet.take().ok_or_else(|| self.failed_before())?;
        let mut go = || {
            parquet.write(batch)?;
            if parquet.in_progress_size() >= row_group_bytes_max(self.address.dataset) {
                parquet.flush()?;
            }
            Ok(())
        };
        go().map_err(|source| encode(&self.address, source))?;
        self.rows += batch.num_rows() as u64;
        self.parquet = Some(parquet);
        Ok(())
    }

    fn failed_before(&self) -> StoreError {
        let source = ParquetError::General("an earlier write of this part failed".to_owned());
        encode(&self.address, source)
    }

    /// Bytes in the file and in the row group under construction.
    fn bytes(&self) -> u64 {
        self.parquet.as_ref().map_or(0, |p| (p.bytes_written() + p.in_progress_size()) as u64)
    }

    fn finish(mut self) -> Result<StagedPart> {
        let mut parquet = self.parquet.take().ok_or_else(|| self.failed_before())?;
        // Its `into_inner` would make text of the disk's error, and a full disk one like any other.
        parquet.finish().map_err(|source| encode(&self.address, source))?;
        let hashing = parquet.inner_mut();
        let upload = hashing.upload.take().ok_or_else(|| self.failed_before())?;
        let part = PartRef {
            run: self.address.run.clone(),
            dataset: self.address.dataset,
            name: self.address.name,
            generation: self.address.generation,
            rows: self.rows,
            bytes: hashing.bytes,
            hash: hashing.hasher.finalize().to_hex().to_string(),
        };
        self.store.publish(part, upload)
    }
}

fn encode(address: &Address, source: ParquetError) -> StoreError {
    StoreError::Encode { place: address.to_string(), source }
}

/// Writes the rows of one part. Dropping it without [`finish`](Self::finish) gives the part up.
pub struct PartWriter<R> {
    file: FileWriter,
    columns: Columns,
    row: PhantomData<fn(&R)>,
}

impl<R: Row> PartWriter<R> {
    pub(crate) fn begin(store: Store, address: Address) -> Result<Self> {
        let schema = schema(R::DATASET);
        let columns = Columns::new(Arc::clone(&schema.schema));
        Ok(Self { file: FileWriter::begin(store, address, &schema)?, columns, row: PhantomData })
    }

    /// Adds a row. After an error the part is given up.
    pub fn append(&mut self, row: &R) -> Result<()> {
        row.write(&mut self.columns);
        self.end_row()
    }

    /// Adds a row that nobody needs any more. After an error the part is given up.
    pub fn push(&mut self, row: R) -> Result<()> {
        row.give(&mut self.columns);
        self.end_row()
    }

    fn end_row(&mut self) -> Result<()> {
        self.columns.end_row();
        if self.columns.rows() >= BATCH_ROWS_MAX || self.columns.bytes() >= BATCH_BYTES_MAX {
            self.write_batch()?;
        }
        Ok(())
    }

    fn write_batch(&mut self) -> Result<()> {
        let taken = self.columns.take();
        let batch = taken.map_err(|error| encode(&self.file.address, error.into()))?;
        self.file.write(&batch)
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.file.rows + self.columns.rows() as u64
    }

    /// About how large the file would be now, rows that are still in memory included.
    pub fn bytes(&self) -> u64 {
        self.file.bytes() + self.columns.bytes() as u64
    }

    /// Whether the part has reached the limit of rows or of bytes of any part.
    pub fn is_full(&self) -> bool {
        self.rows() >= limits::PART_ROWS_MAX || self.bytes() >= limits::PART_BYTES_MAX
    }

    /// Ends the file and makes it durable under its name. It is not committed by that.
    pub fn finish(mut self) -> Result<StagedPart> {
        if self.columns.rows() > 0 {
            self.write_batch()?;
        }
        self.file.finish()
    }
}

impl<R> fmt::Debug for PartWriter<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PartWriter").field(&self.file.address).finish()
    }
}

/// Writes the record batches of one part. They are brought to the dataset's columns by name: types
/// are cast where that loses nothing, a missing column that may be empty is empty, and a column that
/// the dataset does not have is an error. Values that come as a dictionary stay one on their way into
/// the file, which is the same either way. Dropping it without [`finish`](Self::finish) gives the
/// part up.
pub struct BatchPartWriter {
    file: FileWriter,
    schema: DatasetSchema,
    /// Cuts the batches anew; there once the first one is.
    batches: Option<BatchCoalescer>,
}

impl BatchPartWriter {
    pub(crate) fn begin(store: Store, address: Address, schema: DatasetSchema) -> Result<Self> {
        Ok(Self { file: FileWriter::begin(store, address, &schema)?, schema, batches: None })
    }

    /// Adds the rows of a batch, in order. After an error the part is given up.
    pub fn append(&mut self, batch: &RecordBatch) -> Result<()> {
        let dataset = self.schema.dataset;
        // What the first batch came as, the others come as, too.
        let wanted = match &self.batches {
            Some(batches) => batches.schema(),
            None => on_the_way(batch, &self.schema.schema),
        };
        let batch =
            conform(batch, &wanted).map_err(|reason| StoreError::Columns { dataset, reason })?;
        let new = || BatchCoalescer::new(wanted, BATCH_ROWS_MAX);
        let pushed = self.batches.get_or_insert_with(new).push_batch(batch);
        pushed.map_err(|error| self.wrong(error))?;
        self.write_completed()
    }

    fn write_completed(&mut self) -> Result<()> {
        let Some(batches) = &mut self.batches else { return Ok(()) };
        while let Some(batch) = batches.next_completed_batch() {
            self.file.write(&batch)?;
        }
        Ok(())
    }

    fn wrong(&self, error: ArrowError) -> StoreError {
        encode(&self.file.address, error.into())
    }

    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.file.rows + self.batches.as_ref().map_or(0, |b| b.get_buffered_rows() as u64)
    }

    /// About how large the file would be now.
    pub fn bytes(&self) -> u64 {
        self.file.bytes() + self.batches.as_ref().map_or(0, |b| b.size() as u64)
    }

    /// The dataset that is being written.
    pub fn dataset(&self) -> Dataset {
        self.schema.dataset
    }

    /// Ends the file and makes it durable under its name. It is not committed by that.
    pub fn finish(mut self) -> Result<StagedPart> {
        let finished = self.batches.as_mut().map_or(Ok(()), BatchCoalescer::finish_buffered_batch);
        finished.map_err(|error| self.wrong(error))?;
        self.write_completed()?;
        self.file.finish()
    }
}

/// The columns of `schema`, those as dictionaries that `batch` has so.
fn on_the_way(batch: &RecordBatch, schema: &SchemaRef) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| {
        match batch.column_by_name(field.name()).map(|column| column.data_type()) {
            Some(given @ DataType::Dictionary(_, value)) if **value == *field.data_type() => {
                Arc::new(field.as_ref().clone().with_data_type(given.clone()))
            }
            _ => Arc::clone(field),
        }
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

impl fmt::Debug for BatchPartWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BatchPartWriter").field(&self.file.address).finish()
    }
}

/// The batch with exactly the columns of `schema`; else what does not fit.
fn conform(batch: &RecordBatch, schema: &SchemaRef) -> std::result::Result<RecordBatch, String> {
    let given = batch.schema();
    let stranger =
        given.fields().iter().find(|field| schema.field_with_name(field.name()).is_err());
    if let Some(stranger) = stranger {
        return Err(format!("it has no column {}", stranger.name()));
    }
    // Values that do not fit are an error, never an empty cell.
    let options = CastOptions { safe: false, ..CastOptions::default() };
    let mut columns = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let column = match batch.column_by_name(field.name()) {
            Some(column) if column.data_type() == field.data_type() => Arc::clone(column),
            Some(column) => cast_with_options(column, field.data_type(), &options)
                .map_err(|error| format!("column {}: {error}", field.name()))?,
            None if field.is_nullable() => {
                arrow::array::new_null_array(field.data_type(), batch.num_rows())
            }
            None => return Err(format!("column {} is missing", field.name())),
        };
        if !field.is_nullable() && column.null_count() > 0 {
            return Err(format!("column {} is empty in some rows", field.name()));
        }
        columns.push(column);
    }
    RecordBatch::try_new(Arc::clone(schema), columns).map_err(|error| error.to_string())
}
