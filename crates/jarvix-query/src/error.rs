//! What can go wrong with a query: a kind, the engine's own words, and where one can be named, a
//! way out. Refuses to leak the engine's error type upwards.

use std::fmt;

use datafusion::common::{Column, DataFusionError, SchemaError};
use jarvix_store::StoreError;

use crate::place::Place;

/// What kind of failure it was; callers choose exit codes and retries by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryErrorKind {
    /// The text is not SQL.
    Syntax,
    /// No such column.
    UnknownColumn,
    /// No such table.
    UnknownTable,
    /// The SQL is well formed but makes no sense (types, functions, aggregation).
    Plan,
    /// Something that is not allowed here: changing data, or a result without an order.
    Refused,
    /// The memory limit was reached and spilling did not help.
    Memory,
    /// The query failed while it ran.
    Execution,
    /// A part could not be read or written.
    Store,
}

/// The names that a query could have meant.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Tables and views.
    pub(crate) tables: Vec<String>,
    /// Functions.
    pub(crate) functions: Vec<String>,
}

/// A failed query.
#[derive(Debug)]
pub struct QueryError(Box<Facts>);

/// In a box: errors travel through every result, and hardly ever come up.
#[derive(Debug)]
struct Facts {
    kind: QueryErrorKind,
    message: String,
    help: Option<String>,
    place: Option<Place>,
    /// What the message is about, to be looked up in the query.
    name: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl QueryError {
    /// The kind of failure.
    pub fn kind(&self) -> QueryErrorKind {
        self.0.kind
    }

    /// What is wrong, without the way out.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do about it.
    pub fn help(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// Where in the query it is, if that is known.
    pub fn place(&self) -> Option<Place> {
        self.0.place
    }

    pub(crate) fn new(kind: QueryErrorKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self(Box::new(Facts { kind, message, help: None, place: None, name: None, source: None }))
    }

    /// The same with its place in `sql`, as far as it can be found.
    pub(crate) fn located_in(mut self, sql: &str) -> Self {
        if self.0.place.is_none() {
            self.0.place = self.0.name.as_deref().and_then(|name| Place::of_name(sql, name));
        }
        self
    }

    fn because_of(mut self, source: Box<dyn std::error::Error + Send + Sync>) -> Self {
        self.0.source = Some(source);
        self
    }

    fn about(mut self, name: &str) -> Self {
        self.0.name = Some(name.to_owned());
        self
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// The engine's error, with a suggestion where a name is unknown.
    pub(crate) fn from_engine(error: DataFusionError, known: &Known) -> Self {
        let root = error.find_root();
        match root {
            DataFusionError::SQL(parser, _) => {
                let message = parser.to_string();
                let message = message.trim_start_matches("sql parser error: ");
                let (message, place) = Place::in_message(message);
                let mut found = Self::new(QueryErrorKind::Syntax, message);
                found.0.place = place;
                found
            }
            DataFusionError::SchemaError(schema, _) => Self::from_schema_error(schema),
            DataFusionError::ResourcesExhausted(message) => {
                Self::new(QueryErrorKind::Memory, first_line(message))
                    .with_help("raise the memory limit or ask for less at once")
            }
            DataFusionError::Plan(message) => Self::from_plan_error(message, known),
            DataFusionError::NotImplemented(message) => {
                Self::new(QueryErrorKind::Plan, first_line(message))
            }
            other => {
                let message = first_line(&other.strip_backtrace());
                Self::new(QueryErrorKind::Execution, message).because_of(Box::new(error))
            }
        }
    }

    fn from_plan_error(message: &str, known: &Known) -> Self {
        if let Some(name) = unknown_table(message) {
            let message = format!("there is no table `{name}`");
            let tables = known.tables.iter().map(String::as_str);
            return Self::new(QueryErrorKind::UnknownTable, message)
                .about(name)
                .with_help(suggestion("tables", name, tables));
        }
        if let Some(name) = unknown_function(message) {
            let error = Self::new(QueryErrorKind::Plan, format!("there is no function `{name}`"));
            let error = error.about(name);
            return match nearest(name, known.functions.iter().map(String::as_str)) {
                Some(near) => error.with_help(format!("did you mean `{near}`?")),
                None => error,
            };
        }
        Self::new(QueryErrorKind::Plan, message.trim().replace('\n', "; "))
    }

    fn from_schema_error(error: &SchemaError) -> Self {
        match error {
            SchemaError::FieldNotFound { field, valid_fields } => {
                let message = format!("there is no column `{}`", field.flat_name());
                let help =
                    suggestion("columns", field.name(), valid_fields.iter().map(Column::name));
                Self::new(QueryErrorKind::UnknownColumn, message)
                    .about(field.name())
                    .with_help(help)
            }
            SchemaError::AmbiguousReference { field } => {
                let name = field.name();
                let message = format!("more than one table has a column `{name}`");
                Self::new(QueryErrorKind::Plan, message)
                    .about(name)
                    .with_help(format!("say which is meant, as in documents.{name}"))
            }
            other => Self::new(QueryErrorKind::Plan, first_line(&other.to_string())),
        }
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run a query: {}", self.0.message)?;
        if let Some(Place { line, column, .. }) = self.0.place {
            write!(f, " (line {line}, column {column})")?;
        }
        match &self.0.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for QueryError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

impl From<StoreError> for QueryError {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        Self::new(QueryErrorKind::Store, message).because_of(Box::new(error))
    }
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

/// The table name in the engine's "table 'datafusion.public.x' not found".
fn unknown_table(message: &str) -> Option<&str> {
    let rest = message.strip_prefix("table '")?;
    let name = rest.strip_suffix("' not found")?;
    name.rsplit('.').next()
}

/// The function name in the engine's "Invalid function 'x'.".
fn unknown_function(message: &str) -> Option<&str> {
    message.strip_prefix("Invalid function '")?.split('\'').next()
}

/// Names that an error lists at most.
const NAMES_LISTED_MAX: usize = 24;

/// The nearest of the `known` names, else what there is.
fn suggestion<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    if let Some(near) = nearest(name, known.iter().copied()) {
        return format!("did you mean `{near}`?");
    }
    let rest = if known.len() > NAMES_LISTED_MAX { ", ..." } else { "" };
    let listed = known.iter().copied().take(NAMES_LISTED_MAX).collect::<Vec<_>>().join(", ");
    format!("the {what} are: {listed}{rest}")
}

/// The name most like `name`, if any is like it at all.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&name, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
