//! The prompt: statements over several lines, history, and completion of words, tables, columns and
//! functions. A failed query is told and the prompt goes on.

use std::borrow::Cow;

use jarvix_core::RunId;
use jarvix_query::FUNCTIONS;
use jarvix_store::Store;
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Config, Editor, Helper};

use super::show::Format;
use super::{Desk, history, statements};
use crate::error::{CliError, Exit};
use crate::grid::Grid;
use crate::output;

/// Words of SQL that are completed.
const WORDS: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP BY",
    "ORDER BY",
    "HAVING",
    "LIMIT",
    "JOIN",
    "LEFT JOIN",
    "ON",
    "USING",
    "AND",
    "OR",
    "NOT",
    "IN",
    "IS NULL",
    "IS NOT NULL",
    "LIKE",
    "BETWEEN",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "AS",
    "DISTINCT",
    "COUNT",
    "SUM",
    "AVG",
    "MIN",
    "MAX",
    "DESC",
    "ASC",
    "WITH",
    "UNION ALL",
    "EXPLAIN",
    "CAST",
    "COALESCE",
    "OVER",
    "PARTITION BY",
];

const HELP: &str = "\
  a query may go over several lines and ends with ;
  .tables           the tables
  .columns TABLE    the columns of a table
  .format NAME      table, csv, json or jsonl
  .help             this
  .quit             the end; Ctrl-D too
";

/// Answers until nobody asks any more.
pub fn serve(desk: &mut Desk<'_>, store: &Store, runs: &[RunId]) -> Result<Exit, CliError> {
    let config =
        Config::builder().max_history_size(1_000).and_then(|b| b.history_ignore_dups(true));
    let config = config.map_err(|e| CliError::failed(e.to_string()))?.build();
    let failed = |e: ReadlineError| CliError::failed(format!("failed to open the prompt: {e}"));
    let mut editor = Editor::with_config(config).map_err(failed)?;
    editor.set_helper(Some(Help::of(desk)));
    let history = history(store);
    // The first time there is none.
    drop(editor.load_history(&history));
    let words = match runs.len() {
        1 => format!("run {}", runs[0]),
        count => format!("{count} runs, told apart by the column run"),
    };
    output::note(&format!("{words}; .help helps, Ctrl-D ends"));
    loop {
        match editor.readline("jarvix> ") {
            Ok(text) if text.trim().is_empty() => {}
            Ok(text) => {
                // What cannot be remembered is no reason not to be answered.
                drop(editor.add_history_entry(text.trim()));
                if let Next::End = desk.deal_with(store, text.trim()) {
                    break;
                }
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(failed(error)),
        }
    }
    if let Err(error) = editor.save_history(&history) {
        tracing::debug!(%error, "the history of queries was not saved");
    }
    Ok(Exit::Ok)
}

/// Whether the prompt goes on.
enum Next {
    Goes,
    End,
}

impl Desk<'_> {
    fn deal_with(&mut self, store: &Store, text: &str) -> Next {
        if let Some(command) = text.strip_prefix('.') {
            return self.command(command.trim_end_matches(';').trim());
        }
        for sql in statements::split(text) {
            if let Err(error) = self.answer(store, &sql) {
                output::note(error.to_text().trim_end());
                break;
            }
        }
        Next::Goes
    }

    fn command(&mut self, command: &str) -> Next {
        let (name, rest) = command.split_once(' ').unwrap_or((command, ""));
        match (name, rest.trim()) {
            ("quit" | "exit" | "q", _) => return Next::End,
            ("tables", _) => output::note(self.tables().trim_end()),
            ("columns" | "schema", table) => output::note(self.columns(table).trim_end()),
            ("format", word) => match Format::parse(word) {
                Some(format) if format != Format::Parquet => self.format = format,
                _ => output::note("the formats of the prompt are table, csv, json and jsonl"),
            },
            ("help", _) => output::note(HELP.trim_end()),
            (other, _) => {
                output::note(&format!(
                    "there is no command .{}; .help shows them",
                    output::plain(other)
                ));
            }
        }
        Next::Goes
    }

    fn tables(&self) -> String {
        let mut grid = Grid::new(["table", "columns"]).numbers([1]);
        for (name, columns) in self.session.tables() {
            grid.push([name, columns.len().to_string()]);
        }
        grid.render(None, false)
    }

    fn columns(&self, table: &str) -> String {
        let tables = self.session.tables();
        match tables.iter().find(|(name, _)| name == table) {
            Some((_, columns)) => columns.join("\n"),
            None => {
                let names: Vec<&str> = tables.iter().map(|(name, _)| name.as_str()).collect();
                format!("the tables are {}", names.join(", "))
            }
        }
    }
}

/// What the editor asks while somebody types.
struct Help {
    /// Everything that can be completed, sorted.
    words: Vec<String>,
}

impl Help {
    fn of(desk: &Desk<'_>) -> Self {
        let mut words: Vec<String> = WORDS.iter().map(|word| (*word).to_owned()).collect();
        for (table, columns) in desk.session.tables() {
            words.push(table);
            words.extend(columns);
        }
        let names = FUNCTIONS.iter().filter_map(|(call, _)| call.split_once('('));
        words.extend(names.map(|(name, _)| format!("{name}(")));
        words.sort();
        words.dedup();
        Self { words }
    }

    /// Where the last word of `line` before `at` begins, and what it may become.
    fn completions(&self, line: &str, at: usize) -> (usize, Vec<String>) {
        let before = &line[..at];
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let from = before
            .rfind(|c| !is_word(c))
            .map_or(0, |space| space + before[space..].chars().next().map_or(1, char::len_utf8));
        let word = before[from..].to_lowercase();
        if word.is_empty() {
            return (from, Vec::new());
        }
        let fits = |candidate: &&String| candidate.to_lowercase().starts_with(&word);
        (from, self.words.iter().filter(fits).cloned().collect())
    }
}

impl Completer for Help {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _context: &rustyline::Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let (from, words) = self.completions(line, at);
        let pair = |word: String| Pair { display: word.clone(), replacement: word };
        Ok((from, words.into_iter().map(pair).collect()))
    }
}

impl Validator for Help {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let text = context.input().trim();
        let complete = text.starts_with('.') || statements::is_complete(text);
        Ok(if complete { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

impl Hinter for Help {
    type Hint = String;
}

impl Highlighter for Help {
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(
        &'s self,
        prompt: &'p str,
        _default: bool,
    ) -> Cow<'b, str> {
        Cow::Borrowed(prompt)
    }
}

impl Helper for Help {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_is_completed() {
        let words = ["SELECT", "documents", "document_count", "url", "url_part("];
        let help = Help { words: words.map(str::to_owned).to_vec() };
        assert_eq!(help.completions("sel", 3), (0, vec!["SELECT".to_owned()]));
        assert_eq!(help.completions("SELECT url_", 11), (7, vec!["url_part(".to_owned()]));
        let (from, found) = help.completions("SELECT count(d.DOC", 18);
        assert_eq!((from, found.len()), (15, 2));
        assert_eq!(help.completions("SELECT ", 7).1, Vec::<String>::new());
        assert_eq!(help.completions("SELECT 'ä", 10).0, 8);
    }
}
