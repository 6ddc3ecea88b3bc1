//! The schema as people and programs read it: rows for `--json`, Markdown for `docs/SCHEMA.md`.
//! Everything here is derived from [`schema`](crate::schema()); nothing is said twice.

use arrow::datatypes::DataType;
use jarvix_core::Dataset;

use crate::schema::{DESCRIPTION_KEY, SIGNAL_PREFIX, schema, scores_schema};

/// One column of one dataset, described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnDoc {
    /// The dataset.
    pub dataset: Dataset,
    /// The column's name.
    pub column: String,
    /// Its type, in words.
    pub data_type: String,
    /// Whether a row may leave it empty.
    pub nullable: bool,
    /// What it means.
    pub description: String,
}

/// Every column of every dataset. The contributions in `scores` stand as one row, `signal_<name>`.
pub fn describe() -> Vec<ColumnDoc> {
    let contribution = ("<name>", "Points that the signal of this name adds to the score.");
    let mut columns = Vec::new();
    for dataset in Dataset::ALL {
        let described = match dataset {
            Dataset::Scores => scores_schema(&[contribution]),
            other => schema(other),
        };
        for field in described.schema.fields() {
            columns.push(ColumnDoc {
                dataset,
                column: field.name().clone(),
                data_type: type_name(field.data_type()),
                nullable: field.is_nullable(),
                description: field.metadata().get(DESCRIPTION_KEY).cloned().unwrap_or_default(),
            });
        }
    }
    columns
}

/// The text of `docs/SCHEMA.md`.
pub fn schema_markdown() -> String {
    let mut out = String::from(
        "# Datasets and their columns\n\n\
         Made from `crates/jarvix-store/src/schema.rs`; a test keeps the two equal. Every dataset \
         is a folder of plain Parquet files,\n`data/runs/<run>/<dataset>/part-*.parquet`, that \
         DuckDB, Polars, Spark and pandas open without Jarvix. The descriptions below\nstand in \
         the files too (Arrow field metadata, key `description`). `url` joins all datasets.\n",
    );
    let columns = describe();
    for dataset in Dataset::ALL {
        let about = dataset_about(dataset);
        out.push_str(&format!(
            "\n## {dataset}\n\n{about}\n\n| column | type | empty allowed | what it is |\n\
             |---|---|---|---|\n"
        ));
        for column in columns.iter().filter(|c| c.dataset == dataset) {
            let empty = if column.nullable { "yes" } else { "no" };
            out.push_str(&format!(
                "| `{}` | {} | {empty} | {} |\n",
                column.column, column.data_type, column.description
            ));
        }
    }
    out.push_str(&format!(
        "\nA profile with the contributions `length` and `links` writes `{SIGNAL_PREFIX}length` \
         and `{SIGNAL_PREFIX}links`.\n"
    ));
    out
}

fn dataset_about(dataset: Dataset) -> &'static str {
    match dataset {
        Dataset::Pages => "One row per distinct canonical URL: what the server answered.",
        Dataset::Hosts => {
            "One row per host and part of pages: what it was asked while that part was filled. The \
             rows of a host add up: counts as sums, the concurrency as the greatest, the gap as the \
             smallest. Joins as `host(url)` in Jarvix's own SQL."
        }
        Dataset::Rejects => "One row per input line that is not a usable URL.",
        Dataset::Documents => {
            "One row per page that gave content: what a reader would take from it, and one column \
             per quality signal."
        }
        Dataset::Links => "One row per link of a page or address in a sitemap.",
        Dataset::Duplicates => {
            "One row per document that repeats another of the run, or of an earlier run that it was compared with."
        }
        Dataset::Scores => "One row per document: score, contributions, action, reason.",
    }
}

/// A type in words that need no knowledge of Arrow.
fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 => "text".to_owned(),
        DataType::Binary => "bytes".to_owned(),
        DataType::Boolean => "true or false".to_owned(),
        DataType::Int32 => "integer, 32 bits".to_owned(),
        DataType::Int64 => "integer, 64 bits".to_owned(),
        DataType::Float32 => "float, 32 bits".to_owned(),
        DataType::Float64 => "float, 64 bits".to_owned(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        DataType::Timestamp(_, _) => "time stamp, microseconds, UTC".to_owned(),
        DataType::List(item) => format!("list of {}", type_name(item.data_type())),
        DataType::Struct(fields) => {
            let parts: Vec<String> = fields
                .iter()
                .map(|f| format!("{} {}", f.name(), type_name(f.data_type())))
                .collect();
            format!("({})", parts.join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_described_and_named_once() {
        let columns = describe();
        for column in &columns {
            assert!(
                column.description.len() > 4 && column.description.ends_with('.'),
                "{}.{} has no proper description: {:?}",
                column.dataset,
                column.column,
                column.description
            );
        }
        let mut names: Vec<_> = columns.iter().map(|c| (c.dataset, &c.column)).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), columns.len(), "a column stands twice");
    }
}
