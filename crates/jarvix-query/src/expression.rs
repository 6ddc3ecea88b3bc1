//! Checks expressions that a user wrote before anything runs: they must compute one value from one
//! row, the same on every machine and every day, and must not be able to fail on a page's content.

use std::collections::BTreeSet;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, ScalarValue};
use datafusion::logical_expr::{
    Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, Operator, Volatility,
};

use crate::error::{Known, QueryError, QueryErrorKind};
use crate::functions::{CURVE, curve_points};
use crate::session::Session;

/// What an expression gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// A number of any type.
    Number,
    /// A truth value.
    Bool,
    /// A text.
    Text,
    /// Something else: a list, a date, always null.
    Other,
}

/// A checked expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    /// What it gives.
    pub kind: ValueKind,
    /// The columns that it reads, sorted.
    pub columns: Vec<String>,
}

impl Session {
    /// Checks that `expression` is one SQL expression over a row of `relation` (a table or view).
    ///
    /// Refused are: unknown columns and functions; aggregates, windows and subqueries; functions
    /// whose value changes from call to call; and what fails while it runs on content that nobody
    /// has seen: casts of texts, divisions of whole numbers. Places in errors are places in
    /// `expression`.
    pub fn check_expression(
        &self,
        relation: &str,
        expression: &str,
    ) -> Result<Expression, QueryError> {
        self.checked(relation, expression).map_err(|error| error.located_in(expression))
    }

    fn checked(&self, relation: &str, expression: &str) -> Result<Expression, QueryError> {
        let table = self.plan_now(&format!("SELECT * FROM {relation}"))?;
        let parsed = self.context().parse_sql_expr(expression, table.schema());
        let parsed = parsed.map_err(|error| match self.engine_error(error) {
            // An expression by itself knows no tables: whatever named one is a subquery.
            error if error.kind() == QueryErrorKind::UnknownTable => subquery(),
            error => error,
        })?;
        one_row(&parsed)?;
        let analysed = self.analysed(table, parsed)?;
        for expr in analysed.expressions() {
            cannot_fail(&expr, input_schema(&analysed)?)?;
        }
        let [expr] = analysed.expressions().try_into().map_err(|_| not_an_expression())?;
        let data_type =
            expr.get_type(input_schema(&analysed)?).map_err(|error| self.engine_error(error))?;
        let columns: BTreeSet<&str> = expr.column_refs().into_iter().map(Column::name).collect();
        Ok(Expression {
            kind: kind_of(&data_type),
            columns: columns.into_iter().map(str::to_owned).collect(),
        })
    }

    /// A projection of `expr` after the analyser has put in the conversions that the engine makes
    /// by itself, and has checked the types.
    fn analysed(&self, table: LogicalPlan, expr: Expr) -> Result<LogicalPlan, QueryError> {
        let state = self.context().state();
        let plan = LogicalPlanBuilder::from(table)
            .project([expr.alias("value")])
            .and_then(LogicalPlanBuilder::build)
            .map_err(|error| self.engine_error(error))?;
        state
            .analyzer()
            .execute_and_check(plan, state.config_options(), |_, _| {})
            .map_err(|error| self.engine_error(error))
    }
}

fn input_schema(plan: &LogicalPlan) -> Result<&DFSchema, QueryError> {
    plan.inputs().first().map(|input| input.schema().as_ref()).ok_or_else(not_an_expression)
}

fn not_an_expression() -> QueryError {
    QueryError::new(QueryErrorKind::Plan, "this is not one expression")
}

fn refused(message: String, help: &str) -> QueryError {
    QueryError::new(QueryErrorKind::Refused, message).with_help(help)
}

const ONE_ROW: &str = "compute one value from the columns of one row";

fn subquery() -> QueryError {
    refused("a subquery looks at more than one row".to_owned(), ONE_ROW)
}

/// One value from one row, always the same.
fn one_row(expr: &Expr) -> Result<(), QueryError> {
    let help = ONE_ROW;
    visit(expr, |expr| match expr {
        Expr::AggregateFunction(call) => {
            Err(refused(format!("`{}` looks at more than one row", call.func.name()), help))
        }
        Expr::WindowFunction(_) => Err(refused("OVER looks at more than one row".to_owned(), help)),
        Expr::Exists(_) | Expr::InSubquery(_) | Expr::ScalarSubquery(_) => Err(subquery()),
        Expr::Placeholder(_) => {
            Err(refused("there is nothing to put in for a placeholder".to_owned(), help))
        }
        Expr::ScalarFunction(call) if call.func.signature().volatility != Volatility::Immutable => {
            Err(refused(
                format!("`{}` gives another value each time", call.name()),
                "the same pages must give the same scores",
            ))
        }
        _ => Ok(()),
    })
}

/// Functions of the engine that end a query at values that a page may well hold.
const FAIL_ON_CONTENT: &[&str] = &[
    "array_repeat",
    "arrow_cast",
    "chr",
    "date_bin",
    "decode",
    "factorial",
    "gcd",
    "generate_series",
    "lcm",
    "make_date",
    "make_time",
    "range",
    "to_date",
    "to_time",
    "to_timestamp",
    "to_timestamp_micros",
    "to_timestamp_millis",
    "to_timestamp_nanos",
    "to_timestamp_seconds",
    "to_unixtime",
];
/// Functions that end it at some values of their further arguments: lengths, places, patterns.
const FAIL_ON_ARGUMENTS: &[&str] = &[
    "date_part",
    "date_trunc",
    "lpad",
    "regexp_count",
    "regexp_instr",
    "regexp_like",
    "regexp_match",
    "regexp_replace",
    "repeat",
    "rpad",
    "split_part",
    "substr",
];

/// Whether the author of an expression wrote the value itself.
fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(..) => true,
        Expr::Cast(cast) => is_literal(&cast.expr),
        Expr::Alias(alias) => is_literal(&alias.expr),
        Expr::Negative(inner) => is_literal(inner),
        _ => false,
    }
}

/// Nothing that depends on the content fails while it runs.
fn cannot_fail(expr: &Expr, schema: &DFSchema) -> Result<(), QueryError> {
    visit(expr, |expr| match expr {
        Expr::Cast(cast) => text_cast(&cast.expr, cast.field.data_type(), schema),
        Expr::BinaryExpr(binary)
            if matches!(binary.op, Operator::Divide | Operator::Modulo)
                && type_of(&binary.right, schema).is_integer() =>
        {
            Err(refused(
                format!("`{}` between whole numbers drops the rest and fails at zero", binary.op),
                "make one side a fraction, as in `/ 10.0`",
            ))
        }
        Expr::ScalarFunction(call) if FAIL_ON_CONTENT.contains(&call.name()) => {
            let problem =
                format!("`{}` stops the run at a value that it does not take", call.name());
            Err(refused(problem, "use another function, or try_cast(... AS ...)"))
        }
        Expr::ScalarFunction(call)
            if FAIL_ON_ARGUMENTS.contains(&call.name())
                && call.args.iter().skip(1).any(|arg| !is_literal(arg)) =>
        {
            let problem =
                format!("`{}` stops the run at arguments that it does not take", call.name());
            Err(refused(problem, "write all its arguments but the first as literals"))
        }
        Expr::ScalarFunction(call) if call.name() == CURVE => match constants(&call.args) {
            Some(points) => curve_points(&points).map(drop).map_err(|problem| {
                refused(problem.to_owned(), "write curve(x, x0, y0, x1, y1, ...)")
            }),
            None => Err(refused(
                "the points of a curve must be numbers".to_owned(),
                "write curve(x, x0, y0, x1, y1, ...)",
            )),
        },
        _ => Ok(()),
    })
}

/// A text of a page may be anything; one that stands in the expression was written by its author.
fn text_cast(from: &Expr, to: &DataType, schema: &DFSchema) -> Result<(), QueryError> {
    if !is_text(&type_of(from, schema)) || is_text(to) || matches!(from, Expr::Literal(..)) {
        return Ok(());
    }
    Err(refused(
        format!("a text that is no {to} would stop the run"),
        "write try_cast(... AS ...), which gives null instead",
    ))
}

/// The numbers of all arguments but the first, if that is what they are.
fn constants(args: &[Expr]) -> Option<Vec<f64>> {
    args.get(1..)?.iter().map(constant).collect()
}

fn constant(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Literal(value, _) => match value.cast_to(&DataType::Float64) {
            Ok(ScalarValue::Float64(value)) => value,
            _ => None,
        },
        Expr::Cast(cast) => constant(&cast.expr),
        Expr::Alias(alias) => constant(&alias.expr),
        Expr::Negative(inner) => constant(inner).map(|value| -value),
        _ => None,
    }
}

fn visit(
    expr: &Expr,
    mut check: impl FnMut(&Expr) -> Result<(), QueryError>,
) -> Result<(), QueryError> {
    let mut found = Ok(());
    let walked = expr.apply(|expr| {
        found = check(expr);
        Ok(if found.is_ok() { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    });
    found.and(walked.map(drop).map_err(|error| QueryError::from_engine(error, &Known::default())))
}

fn type_of(expr: &Expr, schema: &DFSchema) -> DataType {
    expr.get_type(schema).unwrap_or(DataType::Null)
}

pub(crate) fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

fn kind_of(data_type: &DataType) -> ValueKind {
    match data_type {
        DataType::Boolean => ValueKind::Bool,
        other if other.is_numeric() => ValueKind::Number,
        other if is_text(other) => ValueKind::Text,
        _ => ValueKind::Other,
    }
}
