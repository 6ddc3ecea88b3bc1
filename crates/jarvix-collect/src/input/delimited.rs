//! CSV and TSV, with a header or without.
//!
//! A quote that is opened and never closed must not swallow the list: after a limit of lines or
//! bytes the record is rejected, and reading goes on with the line after its first.

use std::collections::VecDeque;

use jarvix_core::limits;
use serde_json::{Map, Value};

use super::lines::{Content, Line};
use super::physical::{Physical, PhysicalLines};
use super::record::{Record, split};
use super::{InputError, columns};

/// Most lines of one record.
const RECORD_LINES_MAX: usize = 1_000;

/// A list whose lines have several columns.
pub(super) struct Delimited {
    lines: PhysicalLines,
    /// Lines that were read ahead and belong to no record.
    returned: VecDeque<Physical>,
    delimiter: char,
    name: String,
    wanted: Option<String>,
    header: Option<Header>,
    /// Number of the last line of an earlier session: no record goes across its end.
    lines_before: u64,
}

/// The columns, and which of them holds the URLs.
struct Header {
    columns: Vec<String>,
    url: usize,
    /// The first record of a list without a header.
    first: Option<Row>,
}

/// A record with the number of its first line.
struct Row {
    line_no: u64,
    fields: Result<Vec<String>, String>,
    shown: String,
}

/// The delimiter that a first line suggests: a comma wherever there is one.
pub(super) fn delimiter_of(line: &str) -> char {
    [',', '\t', ';'].into_iter().find(|d| line.contains(*d)).unwrap_or(',')
}

impl Delimited {
    pub(super) fn new(
        lines: PhysicalLines,
        delimiter: char,
        name: String,
        wanted: Option<String>,
    ) -> Self {
        let returned = VecDeque::new();
        Self { lines, returned, delimiter, name, wanted, header: None, lines_before: 0 }
    }

    pub(super) fn begin_after(&mut self, lines_before: u64) {
        self.lines_before = lines_before;
    }

    pub(super) fn physical(&self) -> &PhysicalLines {
        &self.lines
    }

    pub(super) fn next(&mut self) -> Result<Option<Line>, InputError> {
        let mut header = match self.header.take() {
            Some(header) => header,
            None => match self.read_header()? {
                Some(header) => header,
                None => return Ok(None),
            },
        };
        let row = match header.first.take() {
            Some(row) => Some(row),
            None => self.next_row()?,
        };
        let line = row.map(|row| {
            let content = row
                .fields
                .and_then(|fields| header.content(fields))
                .unwrap_or_else(|reason| Content::Unusable { text: row.shown, reason });
            Line { line_no: Some(row.line_no), content }
        });
        self.header = Some(header);
        Ok(line)
    }

    /// Reads the first record and decides whether it names the columns.
    fn read_header(&mut self) -> Result<Option<Header>, InputError> {
        let Some(first) = self.next_row()? else { return Ok(None) };
        let Ok(fields) = &first.fields else {
            let reason = "its first line, which should name the columns, cannot be read as text; \
                          save the list as UTF-8"
                .to_owned();
            return Err(InputError::Format { name: self.name.clone(), reason });
        };
        let named = match &self.wanted {
            Some(wanted) => columns::named(fields, wanted),
            None => columns::usual(fields),
        };
        if let Some(url) = named {
            return Ok(Some(Header { columns: distinct(fields), url, first: None }));
        }
        if columns::first_url(fields.iter().map(String::as_str)).is_some() {
            // A row with a web address is not a header.
            let columns: Vec<String> = (1..=fields.len()).map(|n| format!("column_{n}")).collect();
            let url = self.choose(&columns, fields)?;
            return Ok(Some(Header { columns, url, first: Some(first) }));
        }
        let columns = distinct(fields);
        let second = self.next_row()?;
        let values = second.as_ref().and_then(|row| row.fields.as_deref().ok()).unwrap_or(&[]);
        let url = self.choose(&columns, values)?;
        Ok(Some(Header { columns, url, first: second }))
    }

    fn choose(&self, columns: &[String], first_row: &[String]) -> Result<usize, InputError> {
        let values = first_row.iter().map(String::as_str);
        columns::choose(columns, self.wanted.as_deref(), values, &self.name)
    }

    fn next_row(&mut self) -> Result<Option<Row>, InputError> {
        let first = loop {
            match self.take_line()? {
                None => return Ok(None),
                Some(line) if line.is_skipped() => {}
                Some(line) => break line,
            }
        };
        let fields = match first.text() {
            Ok(text) => self.read_record(text, first.line_no)?,
            Err(reason) => Err(reason),
        };
        Ok(Some(Row { line_no: first.line_no, shown: first.shown(), fields }))
    }

    /// The record that begins with `text`. Lines that turn out not to belong to it go back.
    fn read_record(
        &mut self,
        text: &str,
        line_no: u64,
    ) -> Result<Result<Vec<String>, String>, InputError> {
        let mut record = Record::new(self.delimiter);
        record.feed(text);
        let mut bytes = text.len();
        let mut more: Vec<Physical> = Vec::new();
        let mut usable = true;
        while record.is_open() && usable {
            let Some(line) = self.take_line()? else { break };
            bytes += line.bytes.len() + 1;
            let in_one_session =
                (line_no <= self.lines_before) == (line.line_no <= self.lines_before);
            usable = in_one_session
                && more.len() + 1 < RECORD_LINES_MAX
                && bytes <= limits::LINE_BYTES_MAX;
            match line.text() {
                Ok(text) => record.feed(text),
                Err(_) => usable = false,
            }
            more.push(line);
        }
        if record.is_open() || !usable {
            for line in more.into_iter().rev() {
                self.returned.push_front(line);
            }
            return Ok(Err("a quote is opened and not closed".to_owned()));
        }
        Ok(Ok(record.finish()))
    }

    fn take_line(&mut self) -> Result<Option<Physical>, InputError> {
        match self.returned.pop_front() {
            Some(line) => Ok(Some(line)),
            None => self.lines.next().map_err(InputError::io("read", &self.name)),
        }
    }
}

impl Header {
    /// The URL of a row and its other columns.
    fn content(&self, fields: Vec<String>) -> Result<Content, String> {
        let mut url = None;
        let mut others = Map::new();
        for (at, field) in fields.into_iter().enumerate() {
            match self.columns.get(at) {
                _ if at == self.url => url = Some(field),
                Some(column) => {
                    others.insert(column.clone(), Value::String(field));
                }
                None => {
                    others.insert(format!("column_{}", at + 1), Value::String(field));
                }
            }
        }
        // The first row may be shorter than a later one that showed where the URLs stand.
        let text = url.ok_or_else(|| match self.columns.get(self.url) {
            Some(name) => format!("the row has no column {name:?}"),
            None => format!("the row has no column {}", self.url + 1),
        })?;
        Ok(Content::Url { text, meta: columns::meta(others)? })
    }
}

/// Column names without repeats: each becomes a key of its own.
fn distinct(names: &[String]) -> Vec<String> {
    let mut columns: Vec<String> = Vec::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        let name = name.trim();
        let taken = name.is_empty() || columns.iter().any(|c| c == name);
        columns.push(if taken { format!("column_{}", at + 1) } else { name.to_owned() });
    }
    columns
}

/// The delimiter of a list whose name does not say that it is one: there is a header with a usual
/// name for the column of the URLs, or the wanted one.
pub(super) fn sniff(line: &str, wanted: Option<&str>) -> Option<char> {
    let delimiter = delimiter_of(line);
    let fields = split(line, delimiter);
    match wanted {
        Some(wanted) => columns::named(&fields, wanted).map(|_| delimiter),
        None if fields.len() > 1 => columns::usual(&fields).map(|_| delimiter),
        None => None,
    }
}
