//! Lists of any format, packed or not, read line by line.

use std::path::PathBuf;
use std::sync::Arc;

use jarvix_collect::input::{Content, Input, Line, Lines};
use jarvix_core::{Env, canonicalise, limits};

use crate::memory_disk::MemoryDisk;
use crate::{first_line, header};

/// Names of files: the ending has a say in what a list is.
const NAMES: [&str; 6] = ["l.txt", "l.csv", "l.tsv", "l.jsonl", "l", "l.csv.gz"];
/// Lines that are read of one list: a packed one may hold very many.
const LINES_MAX: usize = 20_000;
/// The first bytes of a Parquet file. The library that reads those may panic, which is caught; a
/// fuzzer cannot be told so.
const PARQUET: &[u8] = b"PAR1";

/// A digit that names the file and the name of a column, a line end, and a list.
///
/// # Panics
/// When a line does not keep the promises of [`Line`], or when reading twice gives two lists.
pub fn target(data: &[u8]) {
    let (how, list) = first_line(data);
    if list.starts_with(PARQUET) {
        return;
    }
    let name = NAMES[usize::from(how.first().copied().unwrap_or_default()) % NAMES.len()];
    let column = how.get(1..).and_then(header);
    let env = Env::system(Arc::new(MemoryDisk::new(list)));
    let input = Input::List { path: PathBuf::from("/").join(name), name: name.to_owned() };
    let once = read(&env, &input, column);
    assert_eq!(once, read(&env, &input, column), "the same bytes are the same list");
    let mut last = 0;
    for line in once.unwrap_or_else(|(lines, error)| {
        assert!(!error.contains(['\n', '\r', '\u{1b}']), "{error:?}");
        lines
    }) {
        let number = line.line_no.expect("a line of a list has its number");
        assert!(number > last, "line {number} comes after line {last}");
        last = number;
        holds(&line);
    }
}

type Read = Result<Vec<Line>, (Vec<Line>, String)>;

fn read(env: &Env, input: &Input, column: Option<&str>) -> Read {
    let mut lines = Vec::new();
    let mut open = match Lines::open(env, input, column) {
        Ok(open) => open,
        Err(error) => return Err((lines, error.to_string())),
    };
    while lines.len() < LINES_MAX {
        match open.next_line() {
            Ok(Some(line)) => lines.push(line),
            Ok(None) => break,
            Err(error) => return Err((lines, error.to_string())),
        }
    }
    Ok(lines)
}

fn holds(line: &Line) {
    match &line.content {
        Content::Url { text, meta } => {
            assert!(text.len() <= limits::LINE_BYTES_MAX);
            drop(canonicalise(text));
            if let Some(meta) = meta {
                let meta: serde_json::Value = serde_json::from_str(meta).expect("JSON");
                assert!(meta.is_object(), "{meta}");
            }
        }
        Content::Unusable { text, reason } => {
            assert!(text.chars().count() <= limits::REJECT_TEXT_CHARS_MAX, "{text}");
            assert!(!text.chars().any(char::is_control), "{text:?}");
            assert!(!reason.is_empty() && !reason.chars().any(char::is_control), "{reason:?}");
        }
        Content::Local { relative } => panic!("a list named the local page {relative}"),
        Content::Archived { text, .. } => panic!("a list named the archived page {text}"),
    }
}
