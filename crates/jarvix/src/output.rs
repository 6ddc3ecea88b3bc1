//! stdout carries data only, stderr everything else. This is the only module that writes to either
//! by itself; text from pages and inputs passes [`plain`] first.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;
use serde_json::{Value, json};

use crate::error::Exit;

/// How a command's result is shown.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    /// Whether `--json` was given.
    pub json: bool,
    /// Whether `--quiet` was given.
    pub quiet: bool,
    /// Whether colour may be used on stdout.
    pub color: bool,
}

impl Output {
    /// Settings for this process.
    pub fn new(json: bool, quiet: bool, color: &str) -> Self {
        let wanted = match color {
            "always" => true,
            "never" => false,
            _ => io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
        };
        Self { json, quiet, color: wanted && !json }
    }

    /// The result of `command`, which ends with `exit`: as JSON in its envelope, or as the text
    /// that `text` makes.
    pub fn result<T: Serialize>(
        self,
        (command, exit): (&str, Exit),
        data: &T,
        text: impl FnOnce() -> String,
    ) -> io::Result<()> {
        if self.json {
            let data = serde_json::to_value(data).map_err(io::Error::other)?;
            return print_json(&json!({
                "schema": format!("jarvix.{command}/1"),
                "ok": exit == Exit::Ok,
                "data": data,
                "exit_code": exit as i32,
            }));
        }
        print(&text())
    }

    /// A line for people, on stderr; nothing with `--quiet` or `--json`.
    pub fn note(self, line: &str) {
        if !self.quiet && !self.json {
            note(line);
        }
    }

    /// Whether somebody would see how far the work is: a terminal on stderr, nothing that forbids it.
    pub fn shows_progress(self) -> bool {
        !self.quiet && !self.json && io::stderr().is_terminal()
    }

    /// Columns that a table is cut to: those of the terminal; none where the output goes elsewhere.
    pub fn width(self) -> Option<usize> {
        io::stdout().is_terminal().then(|| self.columns())
    }

    /// Columns of the terminal, 100 where there is none.
    pub fn columns(self) -> usize {
        if !io::stdout().is_terminal() {
            return 100;
        }
        let (_, columns) = console::Term::stdout().size();
        usize::from(columns).clamp(40, 200)
    }
}

/// A text without control characters and direction marks: what came from a page or a list cannot
/// move the cursor or hide itself (HOSTILE 44). Line breaks stay.
pub fn plain(text: &str) -> String {
    let harmless = |c: char| match c {
        '\n' => c,
        '\t' => ' ',
        c if c.is_control() => '\u{FFFD}',
        '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => '\u{FFFD}',
        c => c,
    };
    text.chars().map(harmless).collect()
}

/// Writes `text` to stdout. A reader that went away (`| head`) is not an error.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes `value` to stdout on one line.
pub fn print_json(value: &Value) -> io::Result<()> {
    print(&format!("{value}\n"))
}

/// Writes a line to stderr; where that fails there is nobody left to tell.
pub fn note(line: &str) {
    drop(writeln!(io::stderr().lock(), "{line}"));
}
