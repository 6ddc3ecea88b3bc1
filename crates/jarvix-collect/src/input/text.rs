//! Plain text: one URL a line.

use std::io;

use super::lines::{Content, Line};
use super::physical::{Physical, PhysicalLines};

/// The next line of a text list.
pub(super) fn next(lines: &mut PhysicalLines) -> io::Result<Option<Line>> {
    Ok(lines.next_used()?.map(|line| read(&line)))
}

fn read(line: &Physical) -> Line {
    let content = match line.text() {
        Ok(text) => Content::Url { text: text.to_owned(), meta: None },
        Err(reason) => Content::Unusable { text: line.shown(), reason },
    };
    Line { line_no: Some(line.line_no), content }
}
