//! A query that is planned once for a run and then asked part by part: to read what was written as
//! SQL, look its names up and rewrite it takes longer than to run it over one part.
//!
//! The bytes of a part depend on its rows alone: they are put in the order of a column that leaves no
//! ties, and the store cuts batches anew to one fixed number of rows and brings them to the dataset's
//! own types. So it does not matter how many threads there are, or how the engine batches (invariant
//! I3).
//!
//! What it refuses to do: share anything between two parts. Each gets a physical plan of its own, so
//! several can be asked at the same time.

use std::sync::Arc;

use datafusion::arrow::array::{AsArray, Int64Array, RecordBatch};
use datafusion::arrow::compute::{concat_batches, sort_to_indices, take_record_batch};
use datafusion::common::{DFSchema, DataFusionError};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use jarvix_core::{Generation, PartName, RunId};
use jarvix_store::{DatasetSchema, StagedPart, Store};

use crate::error::{QueryError, QueryErrorKind};
use crate::session::Session;

/// Which part a plan is for, as the tables hear of it.
pub(crate) struct OnePart(pub(crate) PartName);

/// The optimised plan, behind a pointer for the same reason as the engine.
trait Planned: Send + Sync {
    fn plan(&self) -> &LogicalPlan;
}

impl Planned for LogicalPlan {
    fn plan(&self) -> &LogicalPlan {
        self
    }
}

/// Rows that are put in order here, in memory: many times what a part usually has.
const HELD_ROWS_MAX: usize = 64 * 1024;

/// A query whose result for each part is a part of another dataset.
pub struct PartQuery {
    session: Session,
    sql: String,
    plan: Box<dyn Planned>,
    schema: DatasetSchema,
    order_by: &'static str,
}

impl Session {
    /// Plans `sql`, which gives the columns of `schema`, by name, for one part after the other: of the
    /// datasets that are made part by part it sees the parts of one name, of the others all. The
    /// result is put in the order of the column `order_by`, which has whole numbers, each of them
    /// once.
    pub fn by_part(
        self,
        sql: &str,
        schema: DatasetSchema,
        order_by: &'static str,
    ) -> Result<PartQuery, QueryError> {
        let plan = self.fitting_plan(sql, &schema)?;
        let plan = self.context().state().optimize(&plan);
        let plan = Box::new(plan.map_err(|error| self.engine_error(error).located_in(sql))?);
        Ok(PartQuery { session: self, sql: sql.to_owned(), plan, schema, order_by })
    }

    /// Plans `sql`, which must give the columns of `schema`.
    fn fitting_plan(&self, sql: &str, schema: &DatasetSchema) -> Result<LogicalPlan, QueryError> {
        let plan = self.plan_now(sql)?;
        fits(plan.schema(), schema)?;
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

impl PartQuery {
    /// Writes the result for the parts called `name` as the part of that name of `run`; an empty result
    /// makes a part without rows.
    pub fn write<'a>(
        &'a self,
        store: &'a Store,
        run: &'a RunId,
        name: PartName,
        generation: Generation,
    ) -> BoxFuture<'a, Result<StagedPart, QueryError>> {
        self.write_now(store, run, name, generation).boxed()
    }

    /// Rows mostly come in order, or are few: the engine is asked to sort only where they are neither.
    async fn write_now(
        &self,
        store: &Store,
        run: &RunId,
        name: PartName,
        generation: Generation,
    ) -> Result<StagedPart, QueryError> {
        let failed = |error| self.session.engine_error(error);
        let writer = || store.batch_writer(run, self.schema.clone(), name, generation);
        let mut batches = self.batches(self.plan.plan(), name).await?;
        let mut held = Held::new(self.order_by);
        while held.rows <= HELD_ROWS_MAX
            && let Some(batch) = batches.next().await
        {
            held.push(batch.map_err(failed)?).map_err(failed)?;
        }
        let mut out = writer()?;
        if held.rows <= HELD_ROWS_MAX {
            for batch in held.in_order().map_err(failed)? {
                out.append(&batch)?;
            }
            return Ok(out.finish()?);
        }
        held.batches.drain(..).try_for_each(|batch| out.append(&batch))?;
        while held.is_in_order
            && let Some(batch) = batches.next().await
        {
            held.push(batch.map_err(failed)?).map_err(failed)?;
            held.batches.drain(..).try_for_each(|batch| out.append(&batch))?;
        }
        if held.is_in_order {
            return Ok(out.finish()?);
        }
        drop((out, batches));
        let sql = format!("SELECT * FROM ({}) ORDER BY {}", self.sql, self.order_by);
        let plan = self.session.plan_now(&sql)?;
        let plan = self.session.context().state().optimize(&plan).map_err(failed)?;
        let (mut batches, mut out) = (self.batches(&plan, name).await?, writer()?);
        while let Some(batch) = batches.next().await {
            out.append(&batch.map_err(failed)?)?;
        }
        Ok(out.finish()?)
    }

    /// What `plan` gives for the parts called `name`.
    async fn batches(
        &self,
        plan: &LogicalPlan,
        name: PartName,
    ) -> Result<SendableRecordBatchStream, QueryError> {
        let failed = |error| self.session.engine_error(error);
        let mut state = self.session.state_for(plan);
        state.config_mut().set_extension(Arc::new(OnePart(name)));
        let plan = state.query_planner().create_physical_plan(plan, &state);
        execute_stream(plan.await.map_err(failed)?, state.task_ctx()).map_err(failed)
    }
}

/// Batches on their way into a part, and whether they are in order so far.
struct Held {
    order_by: &'static str,
    batches: Vec<RecordBatch>,
    rows: usize,
    last: Option<i64>,
    is_in_order: bool,
}

impl Held {
    fn new(order_by: &'static str) -> Self {
        Self { order_by, batches: Vec::new(), rows: 0, last: None, is_in_order: true }
    }

    fn push(&mut self, batch: RecordBatch) -> Result<(), DataFusionError> {
        for number in self.key(&batch)?.values() {
            self.is_in_order &= self.last.is_none_or(|last| last < *number);
            self.last = Some(*number);
        }
        self.rows += batch.num_rows();
        self.batches.push(batch);
        Ok(())
    }

    fn key<'b>(&self, batch: &'b RecordBatch) -> Result<&'b Int64Array, DataFusionError> {
        let column = batch.column_by_name(self.order_by).and_then(|c| c.as_primitive_opt());
        column.ok_or_else(|| DataFusionError::Plan(format!("no whole numbers {}", self.order_by)))
    }

    /// All of them, in order.
    fn in_order(self) -> Result<Vec<RecordBatch>, DataFusionError> {
        let Some(first) = self.batches.first().filter(|_| !self.is_in_order) else {
            return Ok(self.batches);
        };
        let all = concat_batches(&first.schema(), &self.batches)?;
        let order = sort_to_indices(self.key(&all)?, None, None)?;
        Ok(vec![take_record_batch(&all, &order)?])
    }
}
