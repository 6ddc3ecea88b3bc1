//! `jarvix query`: SQL over every dataset of every run. It reads; nothing that it is told can change
//! a run. With no query it takes statements from a prompt, or from stdin where nobody types.

mod prompt;
mod show;
mod statements;

use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use jarvix_core::RunId;
use jarvix_pipeline::line::runtime;
use jarvix_query::{QueryError, QueryErrorKind, Session};
use jarvix_store::Store;
use tokio::runtime::Runtime;

use super::context::{Context, known_run, line_error};
use crate::error::{CliError, Exit};
use show::{Format, Sink};

/// Longest text of statements that is read from a file or stdin.
const SQL_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// What is asked, and how answers are given.
struct Desk<'a> {
    context: &'a Context,
    session: Session,
    runtime: Runtime,
    format: Format,
    sink: Sink,
}

/// Answers one query, all of a file, or whoever types.
pub fn query(context: &Context, matches: &ArgMatches) -> Result<Exit, CliError> {
    let format = Format::of(matches, context.output.json)?;
    let sink = Sink::of(matches, format)?;
    let given = match (matches.get_one::<String>("sql"), matches.get_one::<String>("file")) {
        (Some(sql), _) => Some(sql.clone()),
        (None, Some(file)) => Some(read_file(Path::new(file))?),
        (None, None) if io::stdin().is_terminal() => None,
        (None, None) => Some(read_all(io::stdin().lock(), "stdin")?),
    };
    let store = context.store()?;
    let runs = runs(&store, matches)?;
    let engine = context.query(&store)?;
    let session = engine.session_for_runs(&runs)?;
    let runtime = runtime(context.settings.threads()).map_err(line_error)?;
    let mut desk = Desk { context, session, runtime, format, sink };
    match given {
        Some(sql) => desk.answer_all(&store, &sql),
        None => prompt::serve(&mut desk, &store, &runs),
    }
}

/// The runs that are named, each of which there must be; else all, oldest first.
fn runs(store: &Store, matches: &ArgMatches) -> Result<Vec<RunId>, CliError> {
    let named: Vec<&String> = matches.get_many("run").into_iter().flatten().collect();
    if named.is_empty() {
        let mut records = store.catalogue().runs()?;
        records.sort_by(|a, b| (a.created_at_us, &a.id).cmp(&(b.created_at_us, &b.id)));
        return Ok(records.into_iter().map(|record| record.id).collect());
    }
    let mut runs = Vec::new();
    for name in named {
        let run = RunId::new(name).map_err(|e| CliError::usage(e.to_string()))?;
        known_run(store, &run)?;
        if !runs.contains(&run) {
            runs.push(run);
        }
    }
    Ok(runs)
}

fn read_file(path: &Path) -> Result<String, CliError> {
    let file = std::fs::File::open(path).map_err(|error| {
        CliError::usage(format!("failed to open {}", path.display())).because(&error)
    })?;
    read_all(file, &path.display().to_string())
}

fn read_all(from: impl Read, name: &str) -> Result<String, CliError> {
    let mut text = String::new();
    let read = from.take(SQL_BYTES_MAX + 1).read_to_string(&mut text);
    read.map_err(|e| CliError::usage(format!("failed to read SQL from {name}")).because(&e))?;
    match text.len() as u64 > SQL_BYTES_MAX {
        true => Err(CliError::usage(format!("{name} has more than {SQL_BYTES_MAX} bytes of SQL"))),
        false => Ok(text),
    }
}

impl Desk<'_> {
    /// Answers every statement of `text` until one fails.
    fn answer_all(&mut self, store: &Store, text: &str) -> Result<Exit, CliError> {
        let statements = statements::split(text);
        if statements.is_empty() {
            return Err(CliError::usage("there is no query")
                .help("jarvix query \"SELECT count(*) FROM documents\"; without a query there is a prompt"));
        }
        if statements.len() > 1 && (self.sink.is_file() || self.context.output.json) {
            return Err(CliError::usage("more than one query has no single result")
                .help("give one query at a time to --json and --out"));
        }
        for sql in &statements {
            self.answer(store, sql)?;
        }
        Ok(Exit::Ok)
    }

    /// Answers one statement.
    fn answer(&self, store: &Store, sql: &str) -> Result<(), CliError> {
        let shown = show::answer(self, store, sql);
        shown.map_err(|error| match error {
            show::Failed::Query(error) => query_error(&error, sql),
            show::Failed::Other(error) => error,
        })
    }
}

/// A query's error, with the line that it is about and a mark under the place.
pub fn query_error(error: &QueryError, sql: &str) -> CliError {
    let mut message = match error.kind() {
        QueryErrorKind::Syntax => format!("this is not SQL: {}", error.message()),
        _ => error.message().to_owned(),
    };
    if let Some(place) = error.place()
        && let Some(line) = sql.lines().nth(place.line - 1)
    {
        let mark = "^".repeat(place.length);
        let space = " ".repeat(place.column - 1);
        let number = place.line;
        message.push_str(&format!(
            "\n  line {number}: {line}\n          {}{space}{mark}",
            pad(number)
        ));
    }
    let cli = match error.kind() {
        QueryErrorKind::Execution | QueryErrorKind::Store | QueryErrorKind::Memory => {
            CliError::failed(message)
        }
        _ => CliError::usage(message),
    };
    match (error.help(), error.kind()) {
        (_, QueryErrorKind::Memory) => {
            cli.help("ask for fewer columns or groups at once, or sort less; a LIMIT helps a sort")
        }
        (Some(help), _) => cli.help(help),
        (None, _) => cli,
    }
}

/// Spaces for the digits of a line number beyond the first.
fn pad(number: usize) -> String {
    " ".repeat(number.to_string().len() - 1)
}

/// Where the lines of the prompt are remembered.
fn history(store: &Store) -> PathBuf {
    store.root().join("cache").join("query-history")
}
