//! Running other programs: shown as they are run, their output passed on line by line.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result};

/// Cargo, the one that runs this.
pub fn cargo() -> Command {
    outside(Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())))
}

/// `command` as if it had been typed in a shell: without what cargo told this program about the
/// package it belongs to, which some tools take for a word to them.
pub fn outside(mut command: Command) -> Command {
    let about_package = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_NAME"];
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if about_package.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command
}

/// Prints `command` and runs it with our own stdout and stderr; whether it succeeded.
pub fn passes(command: &mut Command) -> Result<bool> {
    say(command);
    let status = command.status().with_context(|| format!("failed to start {}", name(command)))?;
    Ok(status.success())
}

/// Runs `command` quietly: its stdout, or `None` if it could not be started or failed.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Like [`passes`], and hands every line of stdout and stderr, without colours, to `on_line`.
pub fn passes_watched(command: &mut Command, on_line: impl FnMut(&str) + Send) -> Result<bool> {
    say(command);
    if std::io::stderr().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("failed to start {}", name(command)))?;
    let on_line = Mutex::new(on_line);
    let watch = |line: &str| {
        let mut on_line = on_line.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        on_line(&without_colours(line));
    };
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    thread::scope(|scope| {
        scope.spawn(|| copy_lines(stdout, std::io::stdout(), watch));
        scope.spawn(|| copy_lines(stderr, std::io::stderr(), watch));
    });
    Ok(child.wait()?.success())
}

fn copy_lines(from: Option<impl std::io::Read>, mut to: impl Write, watch: impl Fn(&str)) {
    let Some(from) = from else { return };
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    // A line that cannot be read ends the copy; the exit code still says how the program went.
    while from.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
        watch(String::from_utf8_lossy(&line).trim_end());
        if to.write_all(&line).and_then(|()| to.flush()).is_err() {
            return;
        }
        line.clear();
    }
}

/// `line` without terminal escapes (`ESC [ ... letter`).
fn without_colours(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            chars.by_ref().find(char::is_ascii_alphabetic);
        } else {
            out.push(c);
        }
    }
    out
}

fn say(command: &Command) {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(short).collect();
    eprintln!("$ {}", words.join(" "));
}

fn name(command: &Command) -> String {
    command.get_program().to_string_lossy().into_owned()
}

/// A word of a command line; a program's path becomes its file name.
fn short(word: &OsStr) -> String {
    let path = Path::new(word);
    let word = if path.is_absolute() && path.is_file() { path.file_name() } else { Some(word) };
    word.unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_go_and_text_stays() {
        let cases = [
            ("plain [1m] text", "plain [1m] text"),
            ("\u{1b}[32;1m     Summary\u{1b}[0m [ 1.2s] 3 passed", "     Summary [ 1.2s] 3 passed"),
            ("cut off \u{1b}[3", "cut off "),
        ];
        for (line, expected) in cases {
            assert_eq!(without_colours(line), expected);
        }
    }
}
