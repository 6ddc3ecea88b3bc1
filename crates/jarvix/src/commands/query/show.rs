//! Results: a table for people, and CSV, JSON and Parquet for programmes; on stdout or in a file that
//! appears when it is whole. Texts come from pages: in a table and in CSV none of them acts.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use jarvix_pipeline::export::{OutFile, json_row};
use jarvix_query::{QueryError, RowStream, Value};
use jarvix_report::neutralised;
use jarvix_store::Store;
use serde_json::json;

use super::Desk;
use crate::error::{CliError, Exit};
use crate::grid::{self, Grid};
use crate::output;
use crate::waiting::Waiting;

/// Rows of a table for people; more is for programmes.
const TABLE_ROWS_MAX: usize = 200;

/// The widest that a cell of a table is shown; a body is of no use to people.
const CELL_COLUMNS_MAX: usize = 300;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// An aligned table.
    Table,
    /// RFC 4180, with a header.
    Csv,
    /// One array of objects.
    Json,
    /// An object a line.
    Jsonl,
    /// A Parquet file.
    Parquet,
}

impl Format {
    /// Every word for one.
    pub const WORDS: [&str; 5] = ["table", "csv", "json", "jsonl", "parquet"];

    /// The format of that name.
    pub fn parse(word: &str) -> Option<Self> {
        let all = [Self::Table, Self::Csv, Self::Json, Self::Jsonl, Self::Parquet];
        Self::WORDS.iter().position(|known| *known == word).map(|at| all[at])
    }

    /// What `--format` says, else what the ending of `--out` does.
    pub fn of(matches: &ArgMatches, enveloped: bool) -> Result<Self, CliError> {
        let named = matches.get_one::<String>("format").and_then(|word| Self::parse(word));
        if enveloped && named.is_some_and(|format| format != Self::Json) {
            return Err(CliError::usage("--json and --format name two formats")
                .help("--json wraps the rows in the envelope of every command; --format json gives the rows alone"));
        }
        let by_ending = matches.get_one::<String>("out").and_then(|out| {
            Path::new(out).extension().and_then(|e| e.to_str()).and_then(Self::parse)
        });
        Ok(named.or(by_ending).unwrap_or(Self::Table))
    }
}

/// Where results go.
#[derive(Debug, Clone)]
pub enum Sink {
    /// Standard output.
    Stdout,
    /// A file, and whether it may replace one.
    File(PathBuf, bool),
}

impl Sink {
    /// What `--out` says.
    pub fn of(matches: &ArgMatches, format: Format) -> Result<Self, CliError> {
        match matches.get_one::<String>("out") {
            Some(out) => Ok(Self::File(PathBuf::from(out), matches.get_flag("force"))),
            None if format == Format::Parquet && io::stdout().is_terminal() => {
                Err(CliError::usage("Parquet is nothing for a terminal")
                    .help("--out result.parquet writes a file"))
            }
            None => Ok(Self::Stdout),
        }
    }

    /// Whether results go into a file.
    pub fn is_file(&self) -> bool {
        matches!(self, Self::File(..))
    }
}

/// Why there is no answer.
pub enum Failed {
    /// The query is wrong, or failed.
    Query(QueryError),
    /// It could not be shown.
    Other(CliError),
}

impl From<QueryError> for Failed {
    fn from(error: QueryError) -> Self {
        Self::Query(error)
    }
}

impl From<CliError> for Failed {
    fn from(error: CliError) -> Self {
        Self::Other(error)
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Other(error.into())
    }
}

/// Answers `sql` and shows the answer.
pub fn answer(desk: &Desk<'_>, store: &Store, sql: &str) -> Result<(), Failed> {
    if desk.context.output.json {
        return enveloped(desk, sql);
    }
    let Sink::File(path, force) = &desk.sink else {
        // A reader that went away (`| head`) has what it wanted.
        let mut out = io::BufWriter::new(io::stdout());
        let written = write(desk, sql, &mut out).and_then(|rows| {
            out.flush()?;
            Ok(rows)
        });
        return match written {
            Err(Failed::Other(error)) if error.is_broken_pipe() => Ok(()),
            done => done.map(drop),
        };
    };
    let written = || -> Result<u64, Failed> {
        let mut file = OutFile::create(&store.env().disk, path, *force).map_err(|e| {
            CliError::usage(e.to_string()).help("--force replaces a file that is there")
        })?;
        let rows = write(desk, sql, &mut file)?;
        file.finish().map_err(|e| CliError::failed(e.to_string()))?;
        Ok(rows)
    };
    let rows = written()?;
    desk.context.output.note(&format!("{rows} rows in {}", path.display()));
    Ok(())
}

/// The rows in the envelope of every command.
fn enveloped(desk: &Desk<'_>, sql: &str) -> Result<(), Failed> {
    let table = desk.runtime.block_on(desk.session.rows(sql))?;
    let rows: Vec<_> = table.rows.iter().map(|row| json_row(&table.columns, row)).collect();
    let data = json!({ "columns": table.columns, "rows": rows });
    Ok(desk.context.output.result(("query", Exit::Ok), &data, String::new)?)
}

/// Writes the rows and says how many.
fn write(desk: &Desk<'_>, sql: &str, out: &mut (dyn Write + Send)) -> Result<u64, Failed> {
    // Rows that are printed as they come are a sign of life themselves.
    let printed = !desk.sink.is_file() && io::stdout().is_terminal();
    let waiting = Waiting::begin(desk.context.output, "asking")
        .filter(|_| desk.format != Format::Table && !printed);
    if desk.format == Format::Parquet {
        let mut out = io::BufWriter::new(out);
        let rows = desk.runtime.block_on(desk.session.parquet(sql, &mut out))?;
        out.flush()?;
        return Ok(rows);
    }
    let mut rows = desk.runtime.block_on(desk.session.stream(sql))?;
    let written = match desk.format {
        Format::Csv => csv(desk, &mut rows, out),
        Format::Json => json_array(desk, &mut rows, out),
        Format::Jsonl => lines(desk, &mut rows, out),
        Format::Table | Format::Parquet => table(desk, &mut rows, out),
    };
    drop(waiting);
    written
}

fn table(desk: &Desk<'_>, rows: &mut RowStream, out: &mut dyn Write) -> Result<u64, Failed> {
    let columns = rows.columns().to_vec();
    let mut shown: Vec<Vec<Value>> = Vec::new();
    let mut more = false;
    let waiting = Waiting::begin(desk.context.output, "asking");
    while let Some(batch) = desk.runtime.block_on(rows.next_rows())? {
        shown.extend(batch);
        if shown.len() > TABLE_ROWS_MAX {
            more = true;
            break;
        }
    }
    drop(waiting);
    shown.truncate(TABLE_ROWS_MAX);
    let is_plan = columns == ["plan_type", "plan"];
    let width = desk.context.output.width().filter(|_| !desk.sink.is_file());
    if is_plan {
        // Plans are trees of lines.
        for row in &shown {
            let words: Vec<String> =
                row.iter().map(|value| output::plain(&value.to_string())).collect();
            writeln!(out, "{}\n{}", words[0], words[1])?;
        }
        return Ok(shown.len() as u64);
    }
    let color = desk.context.output.color && !desk.sink.is_file();
    let grid = side_by_side(&columns, &shown);
    // More columns than can stand side by side: a row is a list of them.
    let text = match width.is_some_and(|width| !grid.fits(width)) {
        true => records(&columns, &shown, width, color),
        false => grid.render(width, color),
    };
    out.write_all(text.as_bytes())?;
    let count = shown.len();
    let words = match (more, count) {
        (true, _) => {
            format!("the first {count} rows; a LIMIT, --format csv or --out FILE for others")
        }
        (false, 1) => "1 row".to_owned(),
        (false, _) => format!("{count} rows"),
    };
    desk.context.output.note(&words);
    Ok(count as u64)
}

fn side_by_side(columns: &[String], shown: &[Vec<Value>]) -> Grid {
    let numbers = (0..columns.len()).filter(|at| {
        let mut values = shown.iter().map(|row| &row[*at]).filter(|v| !matches!(v, Value::Null));
        values.clone().next().is_some() && values.all(is_number)
    });
    let mut grid = Grid::new(columns.iter().map(String::as_str)).numbers(numbers);
    for row in shown {
        grid.push(row.iter().map(|value| grid::cut(&value.to_string(), CELL_COLUMNS_MAX)));
    }
    grid
}

/// Each row as a table of its own, a column a line.
fn records(columns: &[String], shown: &[Vec<Value>], width: Option<usize>, color: bool) -> String {
    let record = |(number, row): (usize, &Vec<Value>)| {
        let mut grid = Grid::new(["row", &(number + 1).to_string()]);
        for (name, value) in columns.iter().zip(row) {
            grid.push([name.clone(), grid::cut(&value.to_string(), CELL_COLUMNS_MAX)]);
        }
        grid.render(width, color) + "\n"
    };
    shown.iter().enumerate().map(record).collect()
}

fn is_number(value: &Value) -> bool {
    matches!(value, Value::Int(_) | Value::UInt(_) | Value::Float(_) | Value::Decimal { .. })
}

fn csv(desk: &Desk<'_>, rows: &mut RowStream, out: &mut dyn Write) -> Result<u64, Failed> {
    let mut count = 0;
    let mut out = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(out);
    out.write_record(rows.columns().iter().map(|name| neutralised(name.clone())))
        .map_err(io_error)?;
    while let Some(batch) = desk.runtime.block_on(rows.next_rows())? {
        for row in batch {
            out.write_record(row.iter().map(csv_cell)).map_err(io_error)?;
            count += 1;
        }
    }
    out.flush()?;
    Ok(count)
}

/// A value as a cell: a number as it is, a text as no formula.
fn csv_cell(value: &Value) -> String {
    match value {
        value if is_number(value) => value.to_string(),
        value => neutralised(value.to_string()),
    }
}

fn io_error(error: ::csv::Error) -> Failed {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => error.into(),
        other => Failed::Other(CliError::failed(format!("failed to write CSV: {other:?}"))),
    }
}

fn json_array(desk: &Desk<'_>, rows: &mut RowStream, out: &mut dyn Write) -> Result<u64, Failed> {
    let mut count = 0;
    out.write_all(b"[")?;
    let columns = rows.columns().to_vec();
    while let Some(batch) = desk.runtime.block_on(rows.next_rows())? {
        for row in batch {
            let comma = if count == 0 { "\n" } else { ",\n" };
            write!(out, "{comma}{}", json_row(&columns, &row))?;
            count += 1;
        }
    }
    out.write_all(if count == 0 { b"]\n" } else { b"\n]\n" })?;
    Ok(count)
}

fn lines(desk: &Desk<'_>, rows: &mut RowStream, out: &mut dyn Write) -> Result<u64, Failed> {
    let mut count = 0;
    let columns = rows.columns().to_vec();
    while let Some(batch) = desk.runtime.block_on(rows.next_rows())? {
        for row in batch {
            writeln!(out, "{}", json_row(&columns, &row))?;
            count += 1;
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_with_many_columns_are_lists_of_them() {
        let columns: Vec<String> = (0..20).map(|at| format!("column_{at}")).collect();
        let row: Vec<Value> = (0..20).map(Value::Int).collect();
        let text = records(&columns, &[row.clone(), row], Some(60), false);
        assert_eq!(text.matches("column_19  19\n").count(), 2, "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 60));
    }

    #[test]
    fn numbers_stay_numbers_and_texts_are_no_formulas() {
        let text = |text: &str| csv_cell(&Value::Text(text.to_owned()));
        assert_eq!(
            (text("=1+1"), text("-1"), text("a=b")),
            ("'=1+1".into(), "'-1".into(), "a=b".into())
        );
        assert_eq!(csv_cell(&Value::Int(-1)), "-1");
        assert_eq!(csv_cell(&Value::Null), "");
    }
}
