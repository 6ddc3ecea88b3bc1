//! A query that is planned once for a run and then asked part by part: to read what was written as
//! SQL, look its names up and rewrite it takes longer than to run it over one part.
//!
//! What it refuses to do: share anything between two parts. Each gets a physical plan of its own, so
//! several can be asked at the same time.

use std::sync::Arc;

use datafusion::arrow::array::{AsArray, Int64Array, RecordBatch};
use datafusion::arrow::compute::{concat_batches, sort_to_indices, take_record_batch};
use datafusion::common::DataFusionError;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use jarvix_core::{Generation, PartName, RunId};
use jarvix_store::{DatasetSchema, StagedPart, Store};

use crate::error::QueryError;
use crate::session::Session;
use crate::table::LONG;

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
/// Rows of a batch where no long texts are read: fewer steps for the same rows.
const BATCH_ROWS: usize = 8 * 1024;

/// A query whose result for each part is a part of another dataset.
pub struct PartQuery {
    session: Session,
    sql: String,
    plan: Box<dyn Planned>,
    /// Whether it reads texts so long that a batch of many rows would not fit into memory.
    reads_long: bool,
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
        let plan = plan.map_err(|error| self.engine_error(error).located_in(sql))?;
        let (reads_long, plan) = (reads_long(&plan), Box::new(plan));
        Ok(PartQuery { session: self, sql: sql.to_owned(), plan, reads_long, schema, order_by })
    }
}

/// Whether a plan reads columns of long texts.
pub(crate) fn reads_long(plan: &LogicalPlan) -> bool {
    let mut found = false;
    let looked = plan.apply(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let fields = scan.projected_schema.fields();
            found |= fields.iter().any(|field| LONG.contains(&field.name().as_str()));
        }
        Ok(TreeNodeRecursion::Continue)
    });
    looked.is_err() || found
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
        let mut state = self.session.context().state();
        state.config_mut().set_extension(Arc::new(OnePart(name)));
        if !self.reads_long {
            let config = state.config().clone().with_batch_size(BATCH_ROWS);
            *state.config_mut() = config;
        }
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
