//! CSV, JSON and JSON lines: forms that are written row by row, packed as gzip where that was asked
//! for.

use std::io::{self, Write};

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use jarvix_query::Value;
use jarvix_report::neutralised;

use super::OutFile;
use super::cells::{Cell, json_row};
use super::rows::Sink;

/// Bytes on their way into a file.
pub(super) enum Lines {
    Plain(OutFile),
    Packed(Box<GzEncoder<OutFile>>),
}

impl Lines {
    /// Into `file`, packed if its name says so.
    pub(super) fn new(file: OutFile) -> Self {
        match file.path().to_string_lossy().ends_with(".gz") {
            true => {
                let packed = GzBuilder::new().write(file, Compression::default());
                Self::Packed(Box::new(packed))
            }
            false => Self::Plain(file),
        }
    }

    pub(super) fn finish(self) -> io::Result<OutFile> {
        match self {
            Self::Plain(file) => Ok(file),
            Self::Packed(file) => file.finish(),
        }
    }
}

impl Write for Lines {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.write(buf),
            Self::Packed(file) => file.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.flush(),
            Self::Packed(file) => file.flush(),
        }
    }
}

/// RFC 4180 with a header; no text is a formula, numbers stay numbers.
pub(super) struct Csv(::csv::Writer<Lines>);

impl Csv {
    pub(super) fn new(lines: Lines, columns: &[String]) -> io::Result<Self> {
        let terminator = ::csv::Terminator::CRLF;
        let mut out = ::csv::WriterBuilder::new().terminator(terminator).from_writer(lines);
        out.write_record(columns.iter().map(|name| neutralised(name.clone())))?;
        Ok(Self(out))
    }
}

impl Sink for Csv {
    fn row(&mut self, row: &[Value]) -> io::Result<()> {
        for value in row {
            match Cell::of(value) {
                Cell::Empty => self.0.write_field("")?,
                Cell::Plain(text) => self.0.write_field(text)?,
                Cell::Text(text) => self.0.write_field(neutralised(text))?,
            }
        }
        Ok(self.0.write_record(None::<&[u8]>)?)
    }

    fn finish(self: Box<Self>) -> io::Result<OutFile> {
        self.0.into_inner().map_err(|error| error.into_error())?.finish()
    }
}

/// One array of objects, or an object a line.
pub(super) struct Json {
    lines: Lines,
    columns: Vec<String>,
    is_array: bool,
    rows: u64,
}

impl Json {
    pub(super) fn new(mut lines: Lines, columns: &[String], is_array: bool) -> io::Result<Self> {
        if is_array {
            lines.write_all(b"[")?;
        }
        Ok(Self { lines, columns: columns.to_vec(), is_array, rows: 0 })
    }
}

impl Sink for Json {
    fn row(&mut self, row: &[Value]) -> io::Result<()> {
        let object = json_row(&self.columns, row);
        match (self.is_array, self.rows) {
            (false, _) => writeln!(self.lines, "{object}")?,
            (true, 0) => write!(self.lines, "\n{object}")?,
            (true, _) => write!(self.lines, ",\n{object}")?,
        }
        self.rows += 1;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<OutFile> {
        if self.is_array {
            self.lines.write_all(if self.rows == 0 { b"]\n" } else { b"\n]\n" })?;
        }
        self.lines.finish()
    }
}
