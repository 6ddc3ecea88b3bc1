//! The lines of one input, whatever it is: the one place that knows all formats.

use std::path::Path;

use jarvix_core::Env;

use super::archive::{ArchiveLines, Archived};
use super::bytes::{self, Consumed, Kind};
use super::delimited::{self, Delimited};
use super::folder::Walk;
use super::foreign::ForeignLines;
use super::json::JsonLines;
use super::physical::PhysicalLines;
use super::{Input, InputError, pages, text};

/// One line of an input that is neither blank nor a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number from 1: line of a list, row of a Parquet file, record of an archive, place in a
    /// folder's walk; `None` for a single URL.
    pub line_no: Option<u64>,
    /// What stands on it.
    pub content: Content,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A text that should be a URL.
    Url {
        /// The text as it stands.
        text: String,
        /// The line's other columns, as a JSON object.
        meta: Option<String>,
    },
    /// A local page, by its path inside the input's folder, with `/` between the names.
    Local {
        /// The path.
        relative: String,
    },
    /// A page in a web archive.
    Archived {
        /// The text that should be its URL.
        text: String,
        /// Where it lies.
        at: Archived,
    },
    /// Nothing that can be used.
    Unusable {
        /// The line, escaped and cut.
        text: String,
        /// Why.
        reason: String,
    },
}

/// The lines of an input, streamed.
pub struct Lines {
    format: Format,
    name: String,
    lines_before: u64,
}

enum Format {
    Text(PhysicalLines),
    Pages(PhysicalLines),
    Delimited(Delimited),
    Json(JsonLines),
    Foreign(ForeignLines),
    Folder(Walk),
    Archive(Box<ArchiveLines>),
    One(Option<Line>),
}

impl Lines {
    /// Opens `input`. `url_column` names the column of the URLs in lists that have columns.
    pub fn open(env: &Env, input: &Input, url_column: Option<&str>) -> Result<Self, InputError> {
        let name = input.name();
        let one = |content| Format::One(Some(Line { line_no: None, content }));
        let format = match input {
            Input::List { path, .. } | Input::Stdin { spooled: Some(path) } => {
                open_list(env, path, &name, url_column)?
            }
            Input::Run { spooled: Some(path), .. } => {
                let (_, unpacked) = bytes::open(env, path, &name)?;
                Format::Pages(PhysicalLines::new(unpacked))
            }
            Input::Stdin { spooled: None } | Input::Run { spooled: None, .. } => {
                return Err(InputError::NotSpooled);
            }
            Input::Url(url) | Input::Sitemap(url) => {
                one(Content::Url { text: url.clone(), meta: None })
            }
            Input::File(path) => one(match path.file_name().and_then(|n| n.to_str()) {
                Some(file) => Content::Local { relative: file.to_owned() },
                None => super::folder::not_utf8(path.as_os_str()),
            }),
            Input::Folder(root) => Format::Folder(Walk::new(root, &name)?),
            Input::Archive(path) => {
                Format::Archive(Box::new(ArchiveLines::open(env, path, &name)?))
            }
        };
        Ok(Self { format, name, lines_before: 0 })
    }

    /// Reads standard input as it comes, for who needs it only once.
    pub(crate) fn from_stdin(url_column: Option<&str>) -> Result<Self, InputError> {
        let name = "stdin";
        let (kind, unpacked) = bytes::unpack(Box::new(std::io::stdin()), name)?;
        if kind == Kind::Parquet {
            let reason = "Parquet cannot be read from a pipe; give the file".to_owned();
            return Err(InputError::Format { name: name.to_owned(), reason });
        }
        let format = list_format(unpacked, Path::new(name), name, url_column)?;
        Ok(Self { format, name: name.to_owned(), lines_before: 0 })
    }

    /// The next line.
    pub fn next_line(&mut self) -> Result<Option<Line>, InputError> {
        match &mut self.format {
            Format::Text(lines) => text::next(lines).map_err(InputError::io("read", &self.name)),
            Format::Pages(lines) => pages::next(lines).map_err(InputError::io("read", &self.name)),
            Format::Delimited(lines) => lines.next(),
            Format::Json(lines) => lines.next(),
            Format::Foreign(lines) => lines.next(),
            Format::Folder(walk) => walk.next(),
            Format::Archive(records) => records.next(),
            Format::One(line) => Ok(line.take()),
        }
    }

    /// Says that the lines up to number `lines_before` were read in an earlier session. They are
    /// given again, because others may depend on them, but no line after them becomes part of one
    /// of them.
    pub fn begin_after(&mut self, lines_before: u64) {
        self.lines_before = lines_before;
        if let Format::Delimited(lines) = &mut self.format {
            lines.begin_after(lines_before);
        }
    }

    /// Whether `line` was read in an earlier session.
    pub fn was_read_before(&self, line: &Line) -> bool {
        line.line_no.is_some_and(|number| number <= self.lines_before)
    }

    /// What was read; meaningful once [`next_line`](Self::next_line) has given `None`.
    pub fn consumed(&self) -> Consumed {
        match &self.format {
            Format::Text(lines) | Format::Pages(lines) => lines.consumed(),
            Format::Delimited(lines) => lines.physical().consumed(),
            Format::Json(lines) => lines.physical().consumed(),
            Format::Foreign(lines) => lines.consumed(),
            Format::Folder(walk) => walk.consumed(),
            Format::Archive(records) => records.consumed(),
            Format::One(_) => Consumed::default(),
        }
    }
}

impl Iterator for Lines {
    type Item = Result<Line, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_line().transpose()
    }
}

fn open_list(
    env: &Env,
    path: &Path,
    name: &str,
    url_column: Option<&str>,
) -> Result<Format, InputError> {
    let (kind, unpacked) = bytes::open(env, path, name)?;
    if kind == Kind::Parquet {
        return Ok(Format::Foreign(ForeignLines::open(env, path, name, url_column)?));
    }
    list_format(unpacked, path, name, url_column)
}

fn list_format(
    unpacked: bytes::Unpacked,
    path: &Path,
    name: &str,
    url_column: Option<&str>,
) -> Result<Format, InputError> {
    let mut lines = PhysicalLines::new(unpacked);
    let head = lines.peek().map_err(InputError::io("read", name))?;
    refuse_other_encodings(head, name)?;
    let wanted = url_column.map(str::to_owned);
    Ok(match layout(head, path, url_column, name)? {
        Layout::Text => Format::Text(lines),
        Layout::Json => Format::Json(JsonLines::new(lines, name.to_owned(), wanted)),
        Layout::Delimited(delimiter) => {
            Format::Delimited(Delimited::new(lines, delimiter, name.to_owned(), wanted))
        }
    })
}

/// How the lines of a list are laid out.
enum Layout {
    Text,
    Json,
    Delimited(char),
}

/// Decides by the file's ending, packing aside, and by the first line that is used.
fn layout(
    head: &[u8],
    path: &Path,
    url_column: Option<&str>,
    name: &str,
) -> Result<Layout, InputError> {
    let first = first_used_line(head);
    Ok(match ending(path).as_str() {
        "csv" => Layout::Delimited(delimited::delimiter_of(&first)),
        "tsv" | "tab" => Layout::Delimited('\t'),
        _ if first.starts_with('{') => Layout::Json,
        "json" if first.starts_with('[') => {
            let reason = "it is one JSON array; write one object a line (jq -c '.[]' does that)";
            return Err(InputError::Format { name: name.to_owned(), reason: reason.to_owned() });
        }
        "jsonl" | "ndjson" | "json" => Layout::Json,
        _ => match (delimited::sniff(&first, url_column), url_column) {
            (Some(delimiter), _) => Layout::Delimited(delimiter),
            (None, None) => Layout::Text,
            // A column was asked for, so there have to be columns.
            (None, Some(_)) => Layout::Delimited(delimited::delimiter_of(&first)),
        },
    })
}

fn first_used_line(head: &[u8]) -> String {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let mut lines = head.split(|b| matches!(b, b'\n' | b'\r')).map(<[u8]>::trim_ascii);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with(b"#"));
    String::from_utf8_lossy(first.unwrap_or_default()).into_owned()
}

/// The last ending of the name, lower case, without `.gz` and `.zst`.
fn ending(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let name = [".gz", ".zst", ".zstd"].iter().find_map(|e| name.strip_suffix(e)).unwrap_or(&name);
    name.rsplit_once('.').map_or_else(String::new, |(_, ending)| ending.to_owned())
}

fn refuse_other_encodings(head: &[u8], name: &str) -> Result<(), InputError> {
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        let reason = "it is in UTF-16; save it as UTF-8 (iconv -f UTF-16 -t UTF-8 does that)";
        return Err(InputError::Format { name: name.to_owned(), reason: reason.to_owned() });
    }
    Ok(())
}
