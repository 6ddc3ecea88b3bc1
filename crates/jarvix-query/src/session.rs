//! The engine, opened for one store, and sessions over the datasets of one run or of several.
//!
//! A query here reads and never changes anything: statements that define, insert, copy or set are
//! refused. Memory has a limit; sorts and aggregations beyond it go to the spill folder.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::DataFusionError;
use datafusion::dataframe::DataFrame;
use datafusion::datasource::{MemTable, ViewTable};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{SQLOptions, SessionConfig, SessionContext};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use jarvix_core::{Dataset, PartRef, RunId};
use jarvix_store::{Store, schema};

use crate::error::{Known, QueryError, QueryErrorKind};
use crate::functions::{self, NumberMatch, RowWords, TextBytes, TextMatch};
use crate::reader::OpenPart;
use crate::spill::SpillFolder;
use crate::table::{PartsTable, readable, reads_long};
use crate::value::{Table, Value, rows_of};

/// Least memory that the engine can work in, in bytes.
const MEMORY_BYTES_MIN: usize = 32 * 1024 * 1024;
/// Rows of a batch inside the engine. A sort must be able to hold twice a batch of wide rows in its
/// share of the memory, which is about an eighth.
const BATCH_ROWS: usize = 1_024;
/// The same where no long texts are read: fewer steps for the same rows.
const SHORT_BATCH_ROWS: usize = 4_096;
/// The same where whole runs are joined and sorted: several sorts then share the memory, and each must
/// be able to merge a few batches in what it keeps back for that.
const SORTED_BATCH_ROWS: usize = 256;
/// Partitions where whole runs are joined and sorted: with one the engine always holds a side in
/// memory, and every further one halves what a sort has.
const SORTED_PARTITIONS: usize = 2;
/// Most rows that [`Session::rows`] gives: more belongs in a stream or a part.
pub const ROWS_MAX: usize = 100_000;

/// How much the engine may use.
#[derive(Debug, Clone)]
pub struct QuerySettings {
    /// Memory of all running queries together, in bytes.
    pub memory_bytes: usize,
    /// Threads that one query is divided over.
    pub threads: usize,
    /// Where sorts and aggregations beyond the memory limit go; made if it is not there.
    pub spill_dir: PathBuf,
}

impl QuerySettings {
    /// 128 MiB, `threads` threads, spilling below `root`'s cache folder.
    pub fn below(root: &std::path::Path, threads: usize) -> Self {
        Self {
            memory_bytes: 128 * 1024 * 1024,
            threads,
            spill_dir: root.join("cache").join("spill"),
        }
    }
}

/// The engine for one store. Cheap to clone; all clones share one memory limit.
#[derive(Clone)]
pub struct Query {
    store: Store,
    shared: Arc<dyn Shared>,
    settings: Arc<QuerySettings>,
}

impl Query {
    /// Opens the engine for `store`.
    pub fn open(store: &Store, settings: QuerySettings) -> Result<Self, QueryError> {
        let spill = SpillFolder::open(&settings.spill_dir).map_err(|error| {
            let place = settings.spill_dir.display();
            QueryError::new(
                QueryErrorKind::Store,
                format!("make the spill folder {place}: {error}"),
            )
            .with_help("choose a --data folder that can be written to")
        })?;
        let directories = DiskManagerMode::Directories(vec![spill.path().to_path_buf()]);
        let memory = settings.memory_bytes.max(MEMORY_BYTES_MIN);
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(memory)))
            .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(directories))
            .build_arc()
            .map_err(|error| QueryError::from_engine(error, &Known::default()))?;
        let shared = Arc::new(Runtime { runtime, _spill: spill });
        Ok(Self { store: store.clone(), shared, settings: Arc::new(settings) })
    }

    /// A session over the datasets of `run`, as the catalogue lists them now. Datasets without
    /// parts are empty tables.
    pub fn session_for_run(&self, run: &RunId) -> Result<Session, QueryError> {
        self.over(run, &self.settings, Joins::Held)
    }

    /// The same for [selections](Session::select) of any size: joins sort both sides, which spills,
    /// and hold neither.
    pub fn session_by_sorting(&self, run: &RunId) -> Result<Session, QueryError> {
        self.over(run, &self.settings, Joins::Sorted)
    }

    /// Threads that one query is divided over.
    pub fn threads(&self) -> usize {
        self.settings.threads
    }

    /// The same for queries that are asked [part by part](Session::by_part), each of them on one
    /// thread: whoever has more asks for several parts at a time.
    pub fn session_by_part(&self, run: &RunId) -> Result<Session, QueryError> {
        self.over(run, &QuerySettings { threads: 1, ..(*self.settings).clone() }, Joins::Held)
    }

    fn over(
        &self,
        run: &RunId,
        settings: &QuerySettings,
        joins: Joins,
    ) -> Result<Session, QueryError> {
        let session = Session::new(settings, self.shared.runtime(), joins)?;
        for dataset in Dataset::ALL {
            let listed = self.store.catalogue().parts(run, dataset)?;
            let columns = self.columns(dataset, &listed)?;
            let table = PartsTable::new(self.store.clone(), &columns, listed, is_by_part(dataset));
            session.register(dataset.as_str(), Arc::new(table))?;
        }
        Ok(session)
    }

    /// A session over the datasets of all `runs`, each table with a column `run`; a query that names
    /// runs reads no others. Datasets without parts are empty tables.
    pub fn session_for_runs(&self, runs: &[RunId]) -> Result<Session, QueryError> {
        let session = Session::new(&self.settings, self.shared.runtime(), Joins::Held)?;
        for dataset in Dataset::ALL {
            let mut listed = Vec::new();
            let mut fields = schema(dataset).schema.fields().to_vec();
            for run in runs {
                let parts = self.store.catalogue().parts(run, dataset)?;
                // Profiles have signals of their own: the columns are those of all of them.
                for field in self.columns(dataset, &parts)?.fields() {
                    if !fields.iter().any(|known| known.name() == field.name()) {
                        fields.push(Arc::clone(field));
                    }
                }
                listed.extend(parts);
            }
            let table = PartsTable::of_runs(self.store.clone(), &Schema::new(fields), listed);
            session.register(dataset.as_str(), Arc::new(table))?;
        }
        Ok(session)
    }

    /// The columns of a dataset. Those of `scores` depend on the profile and are read from the
    /// newest part.
    fn columns(&self, dataset: Dataset, parts: &[PartRef]) -> Result<SchemaRef, QueryError> {
        match (dataset, parts.last()) {
            (Dataset::Scores, Some(part)) => OpenPart::open(&self.store, part)
                .and_then(|part| part.schema())
                .map_err(|error| QueryError::from_engine(error.into(), &Known::default())),
            _ => Ok(schema(dataset).schema),
        }
    }
}

/// Whether the parts of a dataset are made from those of the same name of another one.
fn is_by_part(dataset: Dataset) -> bool {
    !matches!(dataset, Dataset::Rejects | Dataset::Duplicates)
}

/// One set of tables, views and functions to ask.
pub struct Session {
    context: Box<dyn Engine>,
    joins: Joins,
}

/// The engine's types behind a pointer. Everything about them, dropping them too, is compiled here
/// and not again in each crate that holds a session: that was most of the binary's build time.
trait Engine: Send + Sync {
    fn context(&self) -> &SessionContext;
}

impl Engine for SessionContext {
    fn context(&self) -> &SessionContext {
        self
    }
}

/// The same for what sessions share.
trait Shared: Send + Sync {
    fn runtime(&self) -> Arc<RuntimeEnv>;
}

struct Runtime {
    runtime: Arc<RuntimeEnv>,
    /// Removed when the last clone of the engine goes.
    _spill: SpillFolder,
}

impl Shared for Runtime {
    fn runtime(&self) -> Arc<RuntimeEnv> {
        Arc::clone(&self.runtime)
    }
}

/// How two tables are joined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joins {
    /// One side is held in memory: quick, and an error where it does not fit.
    Held,
    /// Both sides are sorted.
    Sorted,
}

impl Session {
    fn new(
        settings: &QuerySettings,
        runtime: Arc<RuntimeEnv>,
        joins: Joins,
    ) -> Result<Self, QueryError> {
        let threads = match joins {
            Joins::Held => settings.threads.max(1),
            Joins::Sorted => SORTED_PARTITIONS,
        };
        let memory = settings.memory_bytes.max(MEMORY_BYTES_MIN);
        let mut config = SessionConfig::new()
            .with_target_partitions(threads)
            .with_batch_size(BATCH_ROWS)
            .with_information_schema(true);
        // What a sort keeps back for merging must fit into its share of the limit; where joins sort,
        // four times two sorts may be there at once.
        let kept_back = if joins == Joins::Held { memory / (16 * threads) } else { memory / 16 };
        config.options_mut().execution.sort_spill_reservation_bytes = kept_back;
        config.options_mut().optimizer.prefer_hash_join = joins == Joins::Held;
        let context = SessionContext::new_with_config_rt(config, runtime);
        for function in functions::all() {
            context.register_udf(function);
        }
        Ok(Self { context: Box::new(context), joins })
    }

    /// A session over the same tables without any rows and without a store: enough to check SQL.
    pub fn blank() -> Result<Self, QueryError> {
        let settings = QuerySettings { memory_bytes: 0, threads: 1, spill_dir: PathBuf::new() };
        let runtime = RuntimeEnvBuilder::new()
            .with_disk_manager_builder(
                DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled),
            )
            .build_arc()
            .map_err(|error| QueryError::from_engine(error, &Known::default()))?;
        let session = Self::new(&settings, runtime, Joins::Held)?;
        for dataset in Dataset::ALL {
            let columns = readable(&schema(dataset).schema);
            let table = MemTable::try_new(columns, vec![vec![]])
                .map_err(|error| QueryError::from_engine(error, &Known::default()))?;
            session.register(dataset.as_str(), Arc::new(table))?;
        }
        Ok(session)
    }

    /// Gives the result of `sql` a name that later queries of this session can ask.
    pub fn define_view(&self, name: &str, sql: &str) -> Result<(), QueryError> {
        let plan = self.plan_now(sql)?;
        self.register(name, Arc::new(ViewTable::new(plan, Some(sql.to_owned()))))
    }

    /// Gives this session a function `name` that puts a whole number and `columns` score decimals of a
    /// row into words.
    pub fn define_row_words(&self, name: &str, columns: usize, words: Arc<dyn RowWords>) {
        self.context().register_udf(functions::row_words(name, columns, words));
    }

    /// Gives this session a function `name` of two texts and a number.
    pub fn define_text_match(&self, name: &str, matched: TextMatch) {
        self.context().register_udf(functions::text_match(name, matched));
    }

    /// Gives this session a function `name` from two texts to bytes.
    pub fn define_text_bytes(&self, name: &str, made: TextBytes) {
        self.context().register_udf(functions::text_bytes(name, made));
    }

    /// Gives this session a function `name` of two numbers.
    pub fn define_number_match(&self, name: &str, matched: NumberMatch) {
        self.context().register_udf(functions::number_match(name, matched));
    }

    /// A small result, all at once; more than [`ROWS_MAX`] rows are refused.
    pub fn rows<'a>(&'a self, sql: &'a str) -> BoxFuture<'a, Result<Table, QueryError>> {
        self.rows_now(sql).boxed()
    }

    async fn rows_now(&self, sql: &str) -> Result<Table, QueryError> {
        let mut stream = self.stream_now(sql).await?;
        let mut table = Table { columns: stream.columns().to_vec(), rows: Vec::new() };
        while let Some(mut rows) = stream.next_rows().await? {
            table.rows.append(&mut rows);
            if table.rows.len() > ROWS_MAX {
                let message = format!("the result has more than {ROWS_MAX} rows");
                return Err(QueryError::new(QueryErrorKind::Refused, message)
                    .with_help("add a LIMIT, or read it as a stream"));
            }
        }
        Ok(table)
    }

    /// A result of any size, some rows at a time.
    pub fn stream<'a>(&'a self, sql: &'a str) -> BoxFuture<'a, Result<RowStream, QueryError>> {
        self.stream_now(sql).boxed()
    }

    async fn stream_now(&self, sql: &str) -> Result<RowStream, QueryError> {
        self.stream_of(self.frame(sql).await?).await
    }

    pub(crate) async fn stream_of(&self, frame: DataFrame) -> Result<RowStream, QueryError> {
        let columns = frame.schema().fields().iter().map(|field| field.name().clone()).collect();
        let stream = frame.execute_stream().await.map_err(|error| self.engine_error(error))?;
        Ok(RowStream { columns, stream })
    }

    /// Writes the result of `sql` to `out` as one Parquet file and gives the rows; what is there after
    /// an error is no file.
    pub fn parquet<'a>(
        &'a self,
        sql: &'a str,
        out: &'a mut (dyn Write + Send),
    ) -> BoxFuture<'a, Result<u64, QueryError>> {
        async move { self.parquet_of(self.frame(sql).await?, out, &AtomicU64::new(0)).await }
            .boxed()
    }

    /// The tables and views of this session with their columns, by name.
    pub fn tables(&self) -> Vec<(String, Vec<String>)> {
        let schema = self.context().catalog("datafusion").and_then(|c| c.schema("public"));
        let Some(schema) = schema else { return Vec::new() };
        let mut names = schema.table_names();
        names.sort();
        let columns = |name: &String| {
            let table = schema.table(name).now_or_never().and_then(Result::ok).flatten();
            let fields =
                table.map(|t| t.schema().fields().iter().map(|f| f.name().clone()).collect());
            (name.clone(), fields.unwrap_or_default())
        };
        names.iter().map(columns).collect()
    }

    /// How the engine would run `sql`, in its own words.
    pub fn explain<'a>(&'a self, sql: &'a str) -> BoxFuture<'a, Result<String, QueryError>> {
        self.explain_now(sql).boxed()
    }

    async fn explain_now(&self, sql: &str) -> Result<String, QueryError> {
        let frame = self.frame(sql).await?;
        let plan = frame.create_physical_plan().await.map_err(|error| self.engine_error(error))?;
        Ok(datafusion::physical_plan::displayable(plan.as_ref()).indent(false).to_string())
    }

    pub(crate) fn context(&self) -> &SessionContext {
        self.context.context()
    }

    /// Plans `sql`, which may only read.
    pub(crate) async fn frame(&self, sql: &str) -> Result<DataFrame, QueryError> {
        let state = self.context().state();
        let plan = state.create_logical_plan(sql).await;
        let plan = plan.map_err(|error| self.engine_error(error).located_in(sql))?;
        read_only(&plan)?;
        Ok(DataFrame::new(self.state_for(&plan), plan))
    }

    /// What `plan` runs in: larger batches where no long texts are read.
    pub(crate) fn state_for(&self, plan: &LogicalPlan) -> SessionState {
        let mut state = self.context().state();
        let rows = match self.joins {
            Joins::Sorted => SORTED_BATCH_ROWS,
            Joins::Held if reads_long(plan) => BATCH_ROWS,
            Joins::Held => SHORT_BATCH_ROWS,
        };
        *state.config_mut() = state.config().clone().with_batch_size(rows);
        state
    }

    /// Plans `sql` at once: names are looked up in memory, so planning never waits.
    pub(crate) fn plan_now(&self, sql: &str) -> Result<LogicalPlan, QueryError> {
        match self.frame(sql).now_or_never() {
            Some(frame) => Ok(frame?.logical_plan().clone()),
            None => Err(QueryError::new(QueryErrorKind::Plan, "planning had to wait for a table")),
        }
    }

    pub(crate) fn register(
        &self,
        name: &str,
        table: Arc<dyn TableProvider>,
    ) -> Result<(), QueryError> {
        self.context()
            .register_table(name, table)
            .map(drop)
            .map_err(|error| QueryError::from_engine(error, &Known::default()))
    }

    /// The engine's error, with the names that this session knows.
    pub(crate) fn engine_error(&self, error: DataFusionError) -> QueryError {
        let schema = self.context().catalog("datafusion").and_then(|c| c.schema("public"));
        let state = self.context().state();
        let aggregates = state.aggregate_functions().keys();
        let mut known = Known {
            tables: schema.map(|schema| schema.table_names()).unwrap_or_default(),
            functions: state.scalar_functions().keys().chain(aggregates).cloned().collect(),
        };
        // Ties between suggestions go by name, not by the order of a hash map.
        known.tables.sort();
        known.functions.sort();
        QueryError::from_engine(error, &known)
    }
}

/// Only queries: nothing that defines, changes, copies or sets.
fn read_only(plan: &LogicalPlan) -> Result<(), QueryError> {
    let options =
        SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    options.verify_plan(plan).map_err(|_| {
        QueryError::new(QueryErrorKind::Refused, "only queries are allowed here")
            .with_help("begin with SELECT or WITH")
    })
}

/// The rows of a result as they come; nothing is read ahead beyond a batch per thread.
pub struct RowStream {
    columns: Vec<String>,
    stream: SendableRecordBatchStream,
}

impl RowStream {
    /// The column names, in order.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The next rows, at least one; `None` at the end.
    pub fn next_rows(&mut self) -> BoxFuture<'_, Result<Option<Vec<Vec<Value>>>, QueryError>> {
        async move {
            loop {
                match self.stream.next().await {
                    None => return Ok(None),
                    Some(Err(error)) => {
                        return Err(QueryError::from_engine(error, &Known::default()));
                    }
                    Some(Ok(batch)) if batch.num_rows() == 0 => {}
                    Some(Ok(batch)) => return Ok(Some(rows_of(&batch))),
                }
            }
        }
        .boxed()
    }
}
