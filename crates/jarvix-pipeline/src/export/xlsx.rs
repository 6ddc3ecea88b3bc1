//! A workbook for spreadsheets. Texts are texts, never formulas and never links; numbers are numbers.
//!
//! The rows go through a temporary file of the writer's own, in the data folder's cache and without
//! a name where the system can do that: memory does not grow with them. What this module refuses to
//! do: write what a spreadsheet would not open. Rows beyond the last of a sheet go to a further one,
//! texts beyond the longest of a cell are cut and counted.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use jarvix_query::{ColumnKind, Value};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::OutFile;
use super::cells::{Cell, cut};
use super::rows::Sink;

/// Rows of a sheet, the header among them.
pub(super) const SHEET_ROWS_MAX: u32 = 1_048_576;
/// Longest text of a cell, in UTF-16 units.
const CELL_UNITS_MAX: usize = 32_767;
/// The greatest whole number up to which a spreadsheet's numbers have no gaps.
const EXACT_MAX: u64 = 1 << 53;
/// Bytes of a sheet from which the archive needs the larger form of its records.
const LARGE_BYTES: u64 = u32::MAX as u64;
/// The most that a character becomes in a sheet (`&quot;`, `_x000D_`), and what a cell has beside.
const ESCAPED_BYTES_MAX: u64 = 7;
const CELL_BYTES: u64 = 96;

/// A workbook that is being written.
pub(super) struct Xlsx<'a> {
    file: OutFile,
    stop: &'a AtomicBool,
    name: &'static str,
    columns: Vec<String>,
    kinds: Vec<ColumnKind>,
    workbook: Workbook,
    formats: Formats,
    rows_max: u32,
    /// The number of the sheet, from 0, and its next row.
    sheet: usize,
    row: u32,
    /// The most bytes that the sheet under way can have.
    bytes: u64,
    is_large: bool,
    cut: u64,
}

struct Formats {
    head: Format,
    /// For texts that would be formulas if somebody typed them.
    quoted: Format,
}

impl<'a> Xlsx<'a> {
    /// A workbook in `file`, whose sheets are called `name`; `temporary` is where its rows may wait.
    pub(super) fn new(
        (file, temporary): (OutFile, &Path),
        stop: &'a AtomicBool,
        name: &'static str,
        (columns, kinds): (&[String], &[ColumnKind]),
        rows_max: u32,
    ) -> io::Result<Self> {
        let mut workbook = Workbook::new();
        guarded(|| {
            workbook.set_tempdir(temporary)?;
            // The same rows are the same bytes: no clock stands in the file.
            let date = ExcelDateTime::from_ymd(2000, 1, 1)?;
            workbook.set_properties(&DocProperties::new().set_creation_datetime(&date));
            Ok(())
        })?;
        let formats =
            Formats { head: Format::new().set_bold(), quoted: Format::new().set_quote_prefix() };
        let mut xlsx = Self {
            file,
            stop,
            name,
            columns: columns.to_vec(),
            kinds: kinds.to_vec(),
            workbook,
            formats,
            rows_max,
            sheet: 0,
            row: 0,
            bytes: 0,
            is_large: false,
            cut: 0,
        };
        guarded(|| xlsx.begin_sheet())?;
        Ok(xlsx)
    }

    fn begin_sheet(&mut self) -> Result<(), XlsxError> {
        let sheet = self.workbook.add_worksheet_with_constant_memory()?;
        match self.sheet {
            0 => sheet.set_name(self.name)?,
            more => sheet.set_name(format!("{} {}", self.name, more + 1))?,
        };
        sheet.set_freeze_panes(1, 0)?;
        for (at, name) in (0u16..).zip(&self.columns) {
            sheet.set_column_width(at, width(name, self.kinds.get(usize::from(at))))?;
            sheet.write_string_with_format(0, at, name, &self.formats.head)?;
        }
        self.row = 1;
        self.bytes = 0;
        Ok(())
    }

    /// What can be said of a sheet when all its rows are there.
    fn end_sheet(&mut self) -> Result<(), XlsxError> {
        let last = u16::try_from(self.columns.len().saturating_sub(1)).unwrap_or(u16::MAX);
        let sheet = self.workbook.worksheet_from_index(self.sheet)?;
        sheet.autofilter(0, 0, self.row - 1, last)?;
        self.is_large |= self.bytes >= LARGE_BYTES;
        Ok(())
    }

    fn write_row(&mut self, row: &[Value]) -> Result<(), XlsxError> {
        if self.row >= self.rows_max {
            self.end_sheet()?;
            self.sheet += 1;
            self.begin_sheet()?;
        }
        let sheet = self.workbook.worksheet_from_index(self.sheet)?;
        for (at, value) in (0u16..).zip(row) {
            let length = write_cell(sheet, (self.row, at), value, &self.formats, &mut self.cut)?;
            self.bytes += length * ESCAPED_BYTES_MAX + CELL_BYTES;
        }
        self.row += 1;
        Ok(())
    }
}

/// Writes a value as the kind of cell that it is; the bytes of its text.
fn write_cell(
    sheet: &mut Worksheet,
    (row, at): (u32, u16),
    value: &Value,
    formats: &Formats,
    cut_cells: &mut u64,
) -> Result<u64, XlsxError> {
    let number = match value {
        Value::Bool(value) => {
            sheet.write_boolean(row, at, *value)?;
            return Ok(0);
        }
        Value::Int(value) if value.unsigned_abs() > EXACT_MAX => None,
        Value::UInt(value) if *value > EXACT_MAX => None,
        _ => value.as_f64().filter(|number| number.is_finite()),
    };
    if let Some(number) = number {
        sheet.write_number(row, at, number)?;
        return Ok(0);
    }
    let text = match Cell::of(value) {
        Cell::Empty => return Ok(0),
        Cell::Plain(text) | Cell::Text(text) => text,
    };
    let text = match cut(&text, CELL_UNITS_MAX, char::len_utf16) {
        Some(short) => {
            *cut_cells += 1;
            short
        }
        None => text,
    };
    match jarvix_report::neutralised(text.clone()) == text {
        true => sheet.write_string(row, at, &text)?,
        false => sheet.write_string_with_format(row, at, &text, &formats.quoted)?,
    };
    Ok(text.len() as u64)
}

/// The width of a column in characters.
fn width(name: &str, kind: Option<&ColumnKind>) -> f64 {
    let wide: f64 = match (name, kind) {
        ("url" | "title" | "text" | "markdown" | "reason" | "target", _) => 60.0,
        (_, Some(ColumnKind::Number | ColumnKind::Bool)) => 10.0,
        (_, Some(ColumnKind::Time)) => 28.0,
        _ => 20.0,
    };
    // The header's arrow takes room too.
    wide.max(name.chars().count() as f64 + 4.0)
}

impl Sink for Xlsx<'_> {
    fn row(&mut self, row: &[Value]) -> io::Result<()> {
        guarded(|| self.write_row(row))
    }

    fn cut_cells(&self) -> u64 {
        self.cut
    }

    fn finish(mut self: Box<Self>) -> io::Result<OutFile> {
        guarded(|| self.end_sheet())?;
        let Self { mut file, stop, mut workbook, is_large, .. } = *self;
        workbook.use_zip_large_file(is_large);
        let mut fuse = Fuse { file: &mut file, stop, blown: None };
        let saved = guarded(|| workbook.save_to_writer(&mut fuse));
        match fuse.blown {
            Some(error) => Err(error),
            None => saved.map(|()| file),
        }
    }
}

/// Does `work` with the workbook. Its writer ends the thread where its temporary file cannot be
/// written, as on a full disk; here that is an error like any other.
fn guarded<T>(work: impl FnOnce() -> Result<T, XlsxError>) -> io::Result<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(io::Error::other),
        Err(_) => Err(io::Error::other(
            "the temporary file of the workbook could not be written; is there room in the data folder?",
        )),
    }
}

/// Ends the packing at the first error or when the user asks to stop. From then on it takes everything
/// in silence: the archive's writer tries once more when it is dropped, and complains on stderr.
struct Fuse<'a> {
    file: &'a mut OutFile,
    stop: &'a AtomicBool,
    blown: Option<io::Error>,
}

impl Write for Fuse<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.blown.is_some() {
            return Ok(buf.len());
        }
        let written = match self.stop.load(Ordering::Relaxed) {
            true => Err(io::Error::other("stopped")),
            false => self.file.write(buf),
        };
        written.map_err(|error| {
            let told = io::Error::new(error.kind(), error.to_string());
            self.blown = Some(error);
            told
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::path::PathBuf;
    use std::sync::Arc;

    use jarvix_core::Disk;

    struct Place {
        folder: tempfile::TempDir,
        disk: Arc<dyn Disk>,
    }

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            Self { folder, disk: jarvix_store::system_env().disk }
        }

        fn path(&self) -> PathBuf {
            self.folder.path().join("out.xlsx")
        }

        /// A workbook of `rows`, with sheets of at most three rows; cells that were cut.
        fn write(&self, rows: &[Vec<Value>], stop: &AtomicBool) -> io::Result<u64> {
            let file = OutFile::create(&self.disk, &self.path(), true).expect("a file");
            let columns = ["text".to_owned(), "number".to_owned()];
            let kinds = [ColumnKind::Text, ColumnKind::Number];
            let place = (file, self.folder.path());
            let mut xlsx = Xlsx::new(place, stop, "rows", (&columns, &kinds), 3)?;
            rows.iter().try_for_each(|row| xlsx.row(row))?;
            let cut = xlsx.cut_cells();
            Box::new(xlsx).finish()?.finish().expect("the file");
            Ok(cut)
        }

        fn read(&self, name: &str) -> String {
            let file = std::fs::File::open(self.path()).expect("the workbook");
            let mut archive = zip::ZipArchive::new(file).expect("an archive");
            let mut text = String::new();
            let read = archive.by_name(name).expect("the file").read_to_string(&mut text);
            read.expect("text");
            text
        }
    }

    #[test]
    fn rows_beyond_a_sheet_go_to_the_next() {
        let place = Place::new();
        let row = |at: i64| vec![Value::Text(format!("text {at}")), Value::Int(at)];
        let rows: Vec<Vec<Value>> = (0..5).map(row).collect();
        place.write(&rows, &AtomicBool::new(false)).expect("a workbook");
        let book = place.read("xl/workbook.xml");
        for name in ["\"rows\"", "\"rows 2\"", "\"rows 3\""] {
            assert!(book.contains(&format!("sheet name={name}")), "{book}");
        }
        for (sheet, rows, range) in [(1, 3, "A1:B3"), (2, 3, "A1:B3"), (3, 2, "A1:B2")] {
            let xml = place.read(&format!("xl/worksheets/sheet{sheet}.xml"));
            assert_eq!(xml.matches("<row ").count(), rows, "{xml}");
            assert!(xml.contains(&format!("<autoFilter ref=\"{range}\"/>")), "{xml}");
            assert!(xml.contains("ySplit=\"1\"") && xml.contains("state=\"frozen\""), "{xml}");
        }
        assert!(place.read("docProps/core.xml").contains("2000-01-01T00:00:00Z"));
    }

    #[test]
    fn values_are_cells_of_their_kind_and_long_texts_are_cut() {
        let place = Place::new();
        let text = |text: &str| Value::Text(text.to_owned());
        let longest = "x".repeat(CELL_UNITS_MAX);
        let rows = [
            vec![text("=1+1"), Value::Decimal { unscaled: -1_500, scale: 3 }],
            vec![text(&longest), Value::Float(f64::NAN)],
            vec![text(&format!("{longest}y")), Value::Int(i64::MAX)],
            vec![Value::Bool(true), Value::Null],
        ];
        let cut = place.write(&rows, &AtomicBool::new(false)).expect("a workbook");
        assert_eq!(cut, 1);
        let (first, second) =
            (place.read("xl/worksheets/sheet1.xml"), place.read("xl/worksheets/sheet2.xml"));
        assert!(first.contains("t=\"inlineStr\"><is><t>=1+1</t>"), "{first}");
        assert!(first.contains("<c r=\"B2\"><v>-1.5</v></c>") && !first.contains("r=\"B3\""));
        assert!(second.contains("x…</t>") && second.contains("<t>9223372036854775807</t>"));
        assert!(second.contains("t=\"b\"><v>1</v>"));
        assert!(place.read("xl/styles.xml").contains("quotePrefix=\"1\""));
    }

    #[test]
    fn a_stop_ends_the_packing_and_leaves_nothing() {
        let place = Place::new();
        let rows = [vec![Value::Text("a".to_owned()), Value::Int(1)]];
        place.write(&rows, &AtomicBool::new(true)).expect_err("stopped");
        assert_eq!(std::fs::read_dir(place.folder.path()).expect("the folder").count(), 0);
    }

    #[test]
    fn a_writer_that_panics_is_an_error() {
        let failed: io::Result<()> = guarded(|| panic!("no space left"));
        assert!(failed.expect_err("an error").to_string().contains("temporary file"));
    }
}
