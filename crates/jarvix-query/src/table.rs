//! A dataset of a run as a table: exactly the parts that the catalogue lists, never what happens
//! to lie in a folder. Columns that older parts do not have read as null; columns that a query does
//! not name are not read, which matters most for the page bodies.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{Result, Statistics, project_schema};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use jarvix_core::PartRef;
use jarvix_store::Store;

use crate::reader::PartReaders;

/// The parts of one dataset, as they were when the session was made.
pub(crate) struct PartsTable {
    schema: SchemaRef,
    parts: Vec<PartRef>,
    store: Store,
}

impl PartsTable {
    pub(crate) fn new(store: Store, columns: &Schema, parts: Vec<PartRef>) -> Self {
        Self { schema: readable(columns), parts, store }
    }

    /// One file group per thread, each a run of neighbouring parts.
    fn file_groups(&self, threads: usize) -> Vec<FileGroup> {
        let per_group = self.parts.len().div_ceil(threads.max(1)).max(1);
        self.parts
            .chunks(per_group)
            .map(|parts| FileGroup::new(parts.iter().map(file_entry).collect()))
            .collect()
    }

    fn statistics(&self) -> Statistics {
        let rows: u64 = self.parts.iter().map(|part| part.rows).sum();
        Statistics {
            num_rows: usize::try_from(rows).map_or(Precision::Absent, Precision::Exact),
            ..Statistics::new_unknown(&self.schema)
        }
    }
}

/// The engine's entry for a part. Its path is only a label: [`PartReaders`] opens by descriptor.
fn file_entry(part: &PartRef) -> PartitionedFile {
    let label = format!("{}/{}/{}", part.run, part.dataset, part.name.file_name());
    PartitionedFile::new(label, part.bytes).with_extension(part.clone())
}

/// Columns of values so long that one batch may hold more than 2 GiB of them.
const LONG: &[&str] = &["body", "text", "markdown"];

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
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(Self::statistics(self))
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if self.parts.is_empty() {
            return Ok(Arc::new(EmptyExec::new(project_schema(&self.schema, projection)?)));
        }
        let readers = Arc::new(PartReaders::new(self.store.clone()));
        let source = ParquetSource::new(Arc::clone(&self.schema))
            .with_parquet_file_reader_factory(readers)
            .with_table_parquet_options(state.default_table_options().parquet);
        let url = ObjectStoreUrl::local_filesystem();
        let scan = FileScanConfigBuilder::new(url, Arc::new(source))
            .with_file_groups(self.file_groups(state.config().target_partitions()))
            .with_statistics(Self::statistics(self))
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(scan))
    }
}
