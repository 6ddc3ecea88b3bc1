//! The result of a query as a Parquet file of its own, batch by batch, with no rows in between: for
//! people who asked, not for the catalogue, whose parts come from [`PartQuery`](crate::PartQuery).

use std::io::Write;

use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::properties::WriterProperties;
use futures::StreamExt;

use crate::error::{QueryError, QueryErrorKind};
use crate::session::Session;

/// Bytes of encoded columns after which a result's row group is written out.
const ROW_GROUP_BYTES: usize = 16 * 1024 * 1024;

impl Session {
    /// The result of `sql` as a Parquet file of its own.
    pub(crate) async fn parquet_now(
        &self,
        sql: &str,
        out: &mut (dyn Write + Send),
    ) -> Result<u64, QueryError> {
        let frame = self.frame(sql).await?;
        let mut batches = frame.execute_stream().await.map_err(|error| self.engine_error(error))?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let failed = |error: ParquetError| {
            QueryError::new(QueryErrorKind::Store, format!("write the result: {error}"))
        };
        let mut writer =
            ArrowWriter::try_new(out, batches.schema(), Some(properties)).map_err(failed)?;
        let mut rows = 0;
        while let Some(batch) = batches.next().await {
            let batch = batch.map_err(|error| self.engine_error(error))?;
            rows += batch.num_rows() as u64;
            writer.write(&batch).map_err(failed)?;
            if writer.in_progress_size() >= ROW_GROUP_BYTES {
                writer.flush().map_err(failed)?;
            }
        }
        writer.close().map_err(failed)?;
        Ok(rows)
    }
}
