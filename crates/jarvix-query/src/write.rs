//! The result of a query as a Parquet file of its own, batch by batch, with no rows in between: for
//! people who asked, not for the catalogue, whose parts come from [`PartQuery`](crate::PartQuery).

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::BatchCoalescer;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::error::ArrowError;
use datafusion::dataframe::DataFrame;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::properties::WriterProperties;
use futures::StreamExt;

use crate::error::{QueryError, QueryErrorKind};
use crate::session::Session;

/// Bytes of encoded columns after which a result's row group is written out.
const ROW_GROUP_BYTES: usize = 16 * 1024 * 1024;

/// Rows that are handed to the file at a time, however the engine cuts them: so that its bytes do not
/// depend on threads.
const BATCH_ROWS: usize = 1_024;

impl Session {
    /// The rows of `frame` as a Parquet file of its own; their number, also while it grows.
    pub(crate) async fn parquet_of(
        &self,
        frame: DataFrame,
        out: &mut (dyn Write + Send),
        written: &AtomicU64,
    ) -> Result<u64, QueryError> {
        let mut batches = frame.execute_stream().await.map_err(|error| self.engine_error(error))?;
        let mut file = File::begin(batches.schema(), out)?;
        let mut cut = BatchCoalescer::new(batches.schema(), BATCH_ROWS);
        let engine = |error: ArrowError| self.engine_error(error.into());
        while let Some(batch) = batches.next().await {
            cut.push_batch(batch.map_err(|error| self.engine_error(error))?).map_err(engine)?;
            while let Some(batch) = cut.next_completed_batch() {
                file.write(&batch)?;
                written.store(file.rows, Ordering::Relaxed);
            }
        }
        cut.finish_buffered_batch().map_err(engine)?;
        while let Some(batch) = cut.next_completed_batch() {
            file.write(&batch)?;
        }
        file.finish()
    }
}

/// A file under way.
struct File<'a> {
    writer: ArrowWriter<&'a mut (dyn Write + Send)>,
    rows: u64,
}

impl<'a> File<'a> {
    fn begin(schema: SchemaRef, out: &'a mut (dyn Write + Send)) -> Result<Self, QueryError> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let writer = ArrowWriter::try_new(out, schema, Some(properties)).map_err(failed)?;
        Ok(Self { writer, rows: 0 })
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<(), QueryError> {
        self.rows += batch.num_rows() as u64;
        self.writer.write(batch).map_err(failed)?;
        if self.writer.in_progress_size() >= ROW_GROUP_BYTES {
            self.writer.flush().map_err(failed)?;
        }
        Ok(())
    }

    fn finish(self) -> Result<u64, QueryError> {
        self.writer.close().map_err(failed)?;
        Ok(self.rows)
    }
}

fn failed(error: ParquetError) -> QueryError {
    QueryError::new(QueryErrorKind::Store, format!("write the result: {error}"))
}
