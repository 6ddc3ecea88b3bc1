//! A dataset of a run, or of several, as a table: exactly the parts that the catalogue lists, never
//! what happens to lie in a folder. Columns that older parts do not have read as null; columns that a
//! query does not name are not read, which matters most for the page bodies.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result, ScalarValue, Statistics, project_schema};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::listing::helpers::{expr_applicable_for_cols, filter_partitioned_file};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, LogicalPlan, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use jarvix_core::PartRef;
use jarvix_store::Store;

use crate::by_part::OnePart;
use crate::reader::PartReaders;

/// The column that says whose a row is, in tables over several runs.
pub(crate) const RUN: &str = "run";

/// The parts of one dataset, as they were when the session was made.
pub(crate) struct PartsTable {
    /// The columns that stand in the files, and after them those that stand for the files.
    schema: TableSchema,
    parts: Vec<PartRef>,
    /// Whether a query that is asked part by part sees one of them at a time.
    by_part: bool,
    store: Store,
}

impl PartsTable {
    /// Parts of one run.
    pub(crate) fn new(store: Store, columns: &Schema, parts: Vec<PartRef>, by_part: bool) -> Self {
        Self { schema: TableSchema::from(readable(columns)), parts, by_part, store }
    }

    /// Parts of several runs, told apart by the column `run`.
    pub(crate) fn of_runs(store: Store, columns: &Schema, parts: Vec<PartRef>) -> Self {
        let run = Arc::new(Field::new(RUN, DataType::Utf8, false));
        let schema = TableSchema::builder(readable(columns));
        Self {
            schema: schema.with_table_partition_cols(vec![run]).build(),
            parts,
            by_part: false,
            store,
        }
    }

    /// The parts that rows for `filters` can stand in: where these ask for runs, only of those; and
    /// where one part is asked for, only that.
    fn wanted(
        &self,
        one: Option<&OnePart>,
        filters: &[Expr],
    ) -> Result<Vec<(&PartRef, PartitionedFile)>> {
        let one = one.filter(|_| self.by_part);
        let parts = self.parts.iter().filter(|part| one.is_none_or(|one| one.0 == part.name));
        let all = parts.map(|part| (part, self.file_entry(part)));
        if self.schema.table_partition_cols().is_empty() {
            return Ok(all.collect());
        }
        let by_run: Vec<Expr> =
            filters.iter().filter(|filter| is_about_runs(filter)).cloned().collect();
        let columns = DFSchema::from_unqualified_fields(
            self.schema.table_partition_cols().clone(),
            HashMap::new(),
        )?;
        let mut wanted = Vec::new();
        for (part, file) in all {
            if let Some(file) = filter_partitioned_file(file, &by_run, &columns)? {
                wanted.push((part, file));
            }
        }
        Ok(wanted)
    }

    /// The engine's entry for a part. Its path is only a label: [`PartReaders`] opens by descriptor.
    fn file_entry(&self, part: &PartRef) -> PartitionedFile {
        let label = format!("{}/{}/{}", part.run, part.dataset, part.name.file_name());
        let file = PartitionedFile::new(label, part.bytes).with_extension(part.clone());
        match self.schema.table_partition_cols().is_empty() {
            true => file,
            false => file.with_partition_values(vec![ScalarValue::from(part.run.as_str())]),
        }
    }
}

/// Whether a filter can be answered by the name of a run alone.
fn is_about_runs(filter: &Expr) -> bool {
    expr_applicable_for_cols(&[RUN], filter)
}

/// One file group per thread, each a stretch of neighbouring parts.
fn file_groups(files: Vec<PartitionedFile>, threads: usize) -> Vec<FileGroup> {
    let per_group = files.len().div_ceil(threads.max(1)).max(1);
    files.chunks(per_group).map(|files| FileGroup::new(files.to_vec())).collect()
}

fn statistics<'a>(parts: impl Iterator<Item = &'a PartRef>, schema: &Schema) -> Statistics {
    let rows: u64 = parts.map(|part| part.rows).sum();
    Statistics {
        num_rows: usize::try_from(rows).map_or(Precision::Absent, Precision::Exact),
        ..Statistics::new_unknown(schema)
    }
}

/// Columns of values so long that one batch may hold more than 2 GiB of them.
pub(crate) const LONG: &[&str] = &["body", "text", "markdown"];

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

/// The columns as queries see them: every one may be null (an older part may lack it), and long
/// texts and bytes are views. Short ones are not: a view keeps the whole page of the file that it
/// looks into, and a batch behind a join looks into all of them.
pub(crate) fn readable(columns: &Schema) -> SchemaRef {
    let fields: Vec<Field> = columns
        .fields()
        .iter()
        .map(|field| {
            let data_type = match field.data_type() {
                short if !LONG.contains(&field.name().as_str()) => short.clone(),
                DataType::Utf8 | DataType::LargeUtf8 => DataType::Utf8View,
                DataType::Binary | DataType::LargeBinary => DataType::BinaryView,
                other => other.clone(),
            };
            field.as_ref().clone().with_data_type(data_type).with_nullable(true)
        })
        .collect();
    Arc::new(Schema::new(fields))
}

impl fmt::Debug for PartsTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartsTable").field("parts", &self.parts.len()).finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for PartsTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.schema.table_schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(statistics(self.parts.iter(), self.schema.table_schema()))
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        let over_runs = !self.schema.table_partition_cols().is_empty();
        let support = |filter: &&Expr| match over_runs && is_about_runs(filter) {
            true => TableProviderFilterPushDown::Exact,
            false => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(support).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let one = state.config().get_extension::<OnePart>();
        let (parts, files): (Vec<_>, Vec<_>) =
            self.wanted(one.as_deref(), filters)?.into_iter().unzip();
        let columns = self.schema.table_schema();
        if files.is_empty() {
            return Ok(Arc::new(EmptyExec::new(project_schema(columns, projection)?)));
        }
        let readers = Arc::new(PartReaders::new(self.store.clone()));
        let source = ParquetSource::new(self.schema.clone())
            .with_parquet_file_reader_factory(readers)
            .with_table_parquet_options(state.default_table_options().parquet);
        let url = ObjectStoreUrl::local_filesystem();
        let scan = FileScanConfigBuilder::new(url, Arc::new(source))
            .with_file_groups(file_groups(files, state.config().target_partitions()))
            .with_statistics(statistics(parts.into_iter(), columns))
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(scan))
    }
}
