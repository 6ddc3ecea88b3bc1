//! From a query straight into parts, batch by batch, with no rows in between.
//!
//! The bytes of a part depend on its rows alone: the query must say its order, and the store cuts
//! batches anew to one fixed number of rows and brings them to the dataset's own types. So one thread
//! and two write the same file (invariant I3).

use std::io::Write;

use datafusion::common::DFSchema;
use datafusion::dataframe::DataFrame;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::LogicalPlan;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::properties::WriterProperties;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use jarvix_core::{Generation, PartName, RunId};
use jarvix_store::{BatchPartWriter, DatasetSchema, StagedPart, Store};

use crate::error::{QueryError, QueryErrorKind};
use crate::session::Session;

/// Bytes of encoded columns after which a result's row group is written out.
const ROW_GROUP_BYTES: usize = 16 * 1024 * 1024;

impl Session {
    /// Writes the result of `sql` as parts with the columns of `schema`, by name, and begins a new
    /// one, with the next name, after every `rows_max` rows. There is always at least one part.
    ///
    /// The query must end with an ORDER BY that leaves no ties, else the parts would depend on the
    /// machine; a query without one is refused.
    #[expect(clippy::too_many_arguments, reason = "what a part is, and the limit")]
    pub fn write_parts<'a>(
        &'a self,
        sql: &'a str,
        schema: DatasetSchema,
        store: &'a Store,
        run: &'a RunId,
        first: PartName,
        generation: Generation,
        rows_max: u64,
    ) -> BoxFuture<'a, Result<Vec<StagedPart>, QueryError>> {
        self.write_parts_now(sql, schema, store, run, first, generation, rows_max).boxed()
    }

    #[expect(clippy::too_many_arguments, reason = "what a part is, and the limit")]
    async fn write_parts_now(
        &self,
        sql: &str,
        schema: DatasetSchema,
        store: &Store,
        run: &RunId,
        first: PartName,
        generation: Generation,
        rows_max: u64,
    ) -> Result<Vec<StagedPart>, QueryError> {
        let rows_max = rows_max.max(1);
        let mut batches = self.ordered(sql, &schema).await?;
        let mut name = first;
        let begin = |name| store.batch_writer(run, schema.clone(), name, generation);
        let mut writer: BatchPartWriter = begin(name)?;
        let mut parts = Vec::new();
        while let Some(batch) = batches.next().await {
            let mut batch = batch.map_err(|error| self.engine_error(error))?;
            while batch.num_rows() > 0 {
                if writer.rows() >= rows_max {
                    name = PartName(name.0 + 1);
                    parts.push(std::mem::replace(&mut writer, begin(name)?).finish()?);
                }
                let left = usize::try_from(rows_max - writer.rows()).unwrap_or(usize::MAX);
                let taken = left.min(batch.num_rows());
                writer.append(&batch.slice(0, taken))?;
                batch = batch.slice(taken, batch.num_rows() - taken);
            }
        }
        parts.push(writer.finish()?);
        Ok(parts)
    }

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

    /// The result of `sql` as one stream in the order that it states.
    async fn ordered(
        &self,
        sql: &str,
        schema: &DatasetSchema,
    ) -> Result<SendableRecordBatchStream, QueryError> {
        let plan = self.ordered_plan(sql, schema)?;
        let frame = DataFrame::new(self.context().state(), plan);
        frame.execute_stream().await.map_err(|error| self.engine_error(error))
    }

    /// Plans `sql`, which must give the columns of `schema`.
    pub(crate) fn fitting_plan(
        &self,
        sql: &str,
        schema: &DatasetSchema,
    ) -> Result<LogicalPlan, QueryError> {
        let plan = self.plan_now(sql)?;
        fits(plan.schema(), schema)?;
        Ok(plan)
    }

    /// Plans `sql`, which must give the columns of `schema` in an order that it states.
    fn ordered_plan(&self, sql: &str, schema: &DatasetSchema) -> Result<LogicalPlan, QueryError> {
        let plan = self.fitting_plan(sql, schema)?;
        let dataset = schema.dataset;
        if !states_its_order(&plan) {
            let message = format!("the rows of `{dataset}` have no stated order");
            return Err(QueryError::new(QueryErrorKind::Refused, message)
                .with_help("end the query with an ORDER BY that leaves no ties"));
        }
        Ok(plan)
    }
}

/// Whether the columns are the dataset's, before anything runs: a result without rows would not
/// show that they are not. Those that may be empty may be left out.
fn fits(given: &DFSchema, wanted: &DatasetSchema) -> Result<(), QueryError> {
    let dataset = wanted.dataset;
    let stranger =
        given.fields().iter().find(|field| wanted.schema.field_with_name(field.name()).is_err());
    if let Some(field) = stranger {
        let message = format!("`{dataset}` has no column `{}`", field.name());
        return Err(QueryError::new(QueryErrorKind::UnknownColumn, message));
    }
    let missing = |name: &str| !given.fields().iter().any(|field| field.name() == name);
    let lacks = wanted.schema.fields().iter().find(|f| !f.is_nullable() && missing(f.name()));
    match lacks {
        Some(field) => {
            let message = format!("the query gives no column `{}` of `{dataset}`", field.name());
            Err(QueryError::new(QueryErrorKind::UnknownColumn, message))
        }
        None => Ok(()),
    }
}

/// Whether the outermost operation that decides the order of rows is a sort.
fn states_its_order(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Sort(_) => true,
        LogicalPlan::Limit(limit) => states_its_order(&limit.input),
        LogicalPlan::Projection(projection) => states_its_order(&projection.input),
        LogicalPlan::SubqueryAlias(alias) => states_its_order(&alias.input),
        _ => false,
    }
}
