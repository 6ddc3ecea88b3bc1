//! Rows of one table or view: which columns, under which condition, in which order.
//!
//! The condition comes from a user. It is parsed as one expression and put into the plan as such,
//! never into a text of SQL: there is nothing that it could close, end or add. What it refuses to
//! do: take a condition that looks beyond its own row, or that can fail on what a page holds; sort
//! rows that are too long for it.

use std::io::Write;
use std::sync::atomic::AtomicU64;

use datafusion::arrow::datatypes::DataType;
use datafusion::dataframe::DataFrame;
use datafusion::logical_expr::{LogicalPlanBuilder, SortExpr, ident};
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::error::{QueryError, QueryErrorKind};
use crate::expression::{ValueKind, is_text};
use crate::session::{RowStream, Session};
use crate::table::LONG;

/// Rows of a batch with long texts or bodies, each of which may have some megabytes.
const LONG_BATCH_ROWS: usize = 32;

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Numbers of any type.
    Number,
    /// Truth values.
    Bool,
    /// Texts.
    Text,
    /// Moments.
    Time,
    /// Bytes.
    Bytes,
    /// Lists, records and whatever else there is.
    Nested,
}

/// A column of a table or view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What its values are.
    pub kind: ColumnKind,
}

/// A column that rows are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderBy {
    /// The column, which need not be among those that are selected.
    pub column: &'static str,
    /// Whether the greatest value comes first.
    pub descending: bool,
}

/// Some rows of a table or view.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'a> {
    /// The table or view.
    pub relation: &'a str,
    /// The columns, in order.
    pub columns: &'a [String],
    /// An SQL condition over the columns of the relation.
    pub condition: Option<&'a str>,
    /// The order of the rows; it leaves no ties. Rows with long texts or bodies are not sorted, since
    /// they may be too large for that: they come in the order of their parts.
    pub order: &'a [OrderBy],
}

impl Session {
    /// The columns of a table or view, in order.
    pub fn columns_of(&self, relation: &str) -> Result<Vec<Column>, QueryError> {
        let plan = self.plan_now(&format!("SELECT * FROM {relation}"))?;
        let column =
            |(name, kind): (&String, &DataType)| Column { name: name.clone(), kind: kind_of(kind) };
        let fields = plan.schema().fields().iter();
        Ok(fields.map(|field| (field.name(), field.data_type())).map(column).collect())
    }

    /// Checks that `condition` is one condition over a row of `relation`, by the rules of
    /// [`check_expression`](Self::check_expression).
    pub fn check_condition(&self, relation: &str, condition: &str) -> Result<(), QueryError> {
        let what = match self.check_expression(relation, condition)?.kind {
            ValueKind::Bool => return Ok(()),
            ValueKind::Number => "a number",
            ValueKind::Text => "a text",
            ValueKind::Other => "a value",
        };
        let message = format!("this gives {what}, not yes or no");
        Err(QueryError::new(QueryErrorKind::Plan, message)
            .with_help("a condition compares, as in word_count > 300"))
    }

    /// The rows of a selection, some at a time.
    pub fn select<'a>(
        &'a self,
        selection: &'a Selection<'a>,
    ) -> BoxFuture<'a, Result<RowStream, QueryError>> {
        async move { self.stream_of(self.selected(selection)?).await }.boxed()
    }

    /// Writes the rows of a selection to `out` as one Parquet file and gives their number, which
    /// `written` holds on the way. The bytes depend on the rows alone, not on threads.
    pub fn select_parquet<'a>(
        &'a self,
        selection: &'a Selection<'a>,
        out: &'a mut (dyn Write + Send),
        written: &'a AtomicU64,
    ) -> BoxFuture<'a, Result<u64, QueryError>> {
        async move { self.parquet_of(self.selected(selection)?, out, written).await }.boxed()
    }

    fn selected(&self, selection: &Selection<'_>) -> Result<DataFrame, QueryError> {
        let failed = |error| self.engine_error(error);
        let table = self.plan_now(&format!("SELECT * FROM {}", selection.relation))?;
        let condition = match selection.condition {
            Some(condition) => {
                self.check_condition(selection.relation, condition)?;
                let parsed = self.context().parse_sql_expr(condition, table.schema());
                Some(parsed.map_err(|error| failed(error).located_in(condition))?)
            }
            None => None,
        };
        let mut plan = LogicalPlanBuilder::from(table);
        if let Some(condition) = condition {
            plan = plan.filter(condition).map_err(failed)?;
        }
        let is_long = selection.columns.iter().any(|column| LONG.contains(&column.as_str()));
        if !is_long {
            plan = plan.sort(selection.order.iter().map(sort_expr)).map_err(failed)?;
        }
        let columns = selection.columns.iter().map(ident);
        let plan = plan.project(columns).and_then(LogicalPlanBuilder::build).map_err(failed)?;
        let mut state = self.state_for(&plan);
        if is_long {
            // One part after the other.
            let config = state.config().clone().with_target_partitions(1);
            *state.config_mut() = config.with_batch_size(LONG_BATCH_ROWS);
        }
        Ok(DataFrame::new(state, plan))
    }
}

/// The order as SQL has it: no value is greater than every other.
fn sort_expr(order: &OrderBy) -> SortExpr {
    ident(order.column).sort(!order.descending, order.descending)
}

fn kind_of(data_type: &DataType) -> ColumnKind {
    match data_type {
        DataType::Boolean => ColumnKind::Bool,
        DataType::Timestamp(..) => ColumnKind::Time,
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => ColumnKind::Bytes,
        other if other.is_numeric() => ColumnKind::Number,
        other if is_text(other) => ColumnKind::Text,
        _ => ColumnKind::Nested,
    }
}
