//! Cells of a record batch, read row by row in schema order. What does not have the type, the value
//! or the presence that the schema promises is an error with the column's name, never a panic.

use arrow::array::{
    Array, AsArray, BinaryArray, BooleanArray, ListArray, PrimitiveArray, StringArray, StructArray,
};
use arrow::datatypes::{
    ArrowPrimitiveType, Float32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType,
};
use arrow::record_batch::RecordBatch;
use jarvix_core::{Header, Hop, Section, Source};

/// A cell that is not what the schema promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column} holds {found}")]
pub struct WrongCell {
    column: String,
    found: String,
}

/// The cells of one row after another.
pub struct Cells<'a> {
    batch: &'a RecordBatch,
    row: usize,
    next: usize,
}

type Cell<T> = Result<T, WrongCell>;

impl<'a> Cells<'a> {
    pub(crate) fn new(batch: &'a RecordBatch, row: usize) -> Self {
        Self { batch, row, next: 0 }
    }

    /// An error about the cell that was read last.
    pub fn wrong(&self, found: impl Into<String>) -> WrongCell {
        let position = self.next.saturating_sub(1);
        let schema = self.batch.schema_ref();
        let column = schema.fields().get(position).map_or("?", |field| field.name().as_str());
        WrongCell { column: column.to_owned(), found: found.into() }
    }

    /// The next cell's column as an array of type `A`.
    fn array<A: Array + 'static>(&mut self) -> Cell<&'a A> {
        let position = self.next;
        self.next += 1;
        let array =
            self.batch.columns().get(position).ok_or_else(|| self.wrong("no such column"))?;
        array
            .as_any()
            .downcast_ref::<A>()
            .ok_or_else(|| self.wrong(format!("values of type {}", array.data_type())))
    }

    fn primitive<T: ArrowPrimitiveType>(&mut self) -> Cell<Option<T::Native>> {
        let array = self.array::<PrimitiveArray<T>>()?;
        Ok(array.is_valid(self.row).then(|| array.value(self.row)))
    }

    fn present<T>(&self, value: Option<T>) -> Cell<T> {
        value.ok_or_else(|| self.wrong("nothing in a row that needs a value"))
    }

    /// A text, or nothing.
    pub fn opt_text(&mut self) -> Cell<Option<&'a str>> {
        let array = self.array::<StringArray>()?;
        Ok(array.is_valid(self.row).then(|| array.value(self.row)))
    }

    /// A text of its own, or nothing.
    pub fn opt_string(&mut self) -> Cell<Option<String>> {
        Ok(self.opt_text()?.map(str::to_owned))
    }

    /// A text.
    pub fn text(&mut self) -> Cell<&'a str> {
        let value = self.opt_text()?;
        self.present(value)
    }

    /// A text of its own.
    pub fn string(&mut self) -> Cell<String> {
        self.text().map(str::to_owned)
    }

    /// Bytes, or nothing.
    pub fn opt_bytes(&mut self) -> Cell<Option<Vec<u8>>> {
        let array = self.array::<BinaryArray>()?;
        Ok(array.is_valid(self.row).then(|| array.value(self.row).to_vec()))
    }

    /// A truth value.
    pub fn bool(&mut self) -> Cell<bool> {
        let array = self.array::<BooleanArray>()?;
        let value = array.is_valid(self.row).then(|| array.value(self.row));
        self.present(value)
    }

    /// A count, or nothing.
    pub fn opt_count(&mut self) -> Cell<Option<u64>> {
        let value = self.primitive::<Int64Type>()?;
        value.map(|v| u64::try_from(v).map_err(|_| self.wrong(v.to_string()))).transpose()
    }

    /// A count.
    pub fn count(&mut self) -> Cell<u64> {
        let value = self.opt_count()?;
        self.present(value)
    }

    /// A small count, or nothing.
    pub fn opt_small_count(&mut self) -> Cell<Option<u32>> {
        let value = self.primitive::<Int32Type>()?;
        value.map(|v| u32::try_from(v).map_err(|_| self.wrong(v.to_string()))).transpose()
    }

    /// A small count.
    pub fn small_count(&mut self) -> Cell<u32> {
        let value = self.opt_small_count()?;
        self.present(value)
    }

    /// A short float, or nothing.
    pub fn opt_float32(&mut self) -> Cell<Option<f32>> {
        self.primitive::<Float32Type>()
    }

    /// A float, or nothing.
    pub fn opt_float64(&mut self) -> Cell<Option<f64>> {
        self.primitive::<Float64Type>()
    }

    /// A float.
    pub fn float64(&mut self) -> Cell<f64> {
        let value = self.opt_float64()?;
        self.present(value)
    }

    /// Microseconds since 1970-01-01 UTC, or nothing.
    pub fn opt_time(&mut self) -> Cell<Option<i64>> {
        self.primitive::<TimestampMicrosecondType>()
    }

    /// Texts.
    pub fn texts(&mut self) -> Cell<Vec<&'a str>> {
        let list = self.array::<ListArray>()?;
        let range = range(list, self.row);
        let values = list.values().as_string_opt::<i32>().ok_or_else(|| self.wrong("no texts"))?;
        Ok(range.map(|i| values.value(i)).collect())
    }

    /// Header lines.
    pub fn headers(&mut self) -> Cell<Vec<Header>> {
        let list = self.array::<ListArray>()?;
        headers(list, self.row).ok_or_else(|| self.wrong("no header lines"))
    }

    /// Answered redirects.
    pub fn hops(&mut self) -> Cell<Vec<Hop>> {
        let list = self.array::<ListArray>()?;
        hops(list, self.row).ok_or_else(|| self.wrong("no redirects"))
    }

    /// Where values come from.
    pub fn sources(&mut self) -> Cell<Vec<Source>> {
        let list = self.array::<ListArray>()?;
        sources(list, self.row).ok_or_else(|| self.wrong("no sources"))
    }

    /// Parts of a text.
    pub fn sections(&mut self) -> Cell<Vec<Section>> {
        let list = self.array::<ListArray>()?;
        sections(list, self.row).ok_or_else(|| self.wrong("no sections"))
    }
}

/// The positions of a row's elements.
fn range(list: &ListArray, row: usize) -> std::ops::Range<usize> {
    let offsets = list.value_offsets();
    let start = usize::try_from(offsets[row]).unwrap_or(0);
    let end = usize::try_from(offsets[row + 1]).unwrap_or(0);
    if list.is_valid(row) { start..end } else { 0..0 }
}

fn texts_of<'a>(values: &'a StructArray, column: &str) -> Option<&'a StringArray> {
    values.column_by_name(column)?.as_string_opt::<i32>()
}

fn headers(list: &ListArray, row: usize) -> Option<Vec<Header>> {
    let values = list.values().as_struct_opt()?;
    let (names, texts) = (texts_of(values, "name")?, texts_of(values, "value")?);
    let header = |i| Header { name: names.value(i).to_owned(), value: texts.value(i).to_owned() };
    Some(range(list, row).map(header).collect())
}

fn sources(list: &ListArray, row: usize) -> Option<Vec<Source>> {
    let values = list.values().as_struct_opt()?;
    let (columns, sources) = (texts_of(values, "column")?, texts_of(values, "source")?);
    let sure = values.column_by_name("confidence")?.as_primitive_opt::<Float32Type>()?;
    let source = |i| Source {
        column: columns.value(i).to_owned(),
        source: sources.value(i).to_owned(),
        confidence: sure.value(i),
    };
    Some(range(list, row).map(source).collect())
}

fn sections(list: &ListArray, row: usize) -> Option<Vec<Section>> {
    let values = list.values().as_struct_opt()?;
    let headings = texts_of(values, "heading")?;
    let numbers = |name| values.column_by_name(name)?.as_primitive_opt::<Int32Type>();
    let (levels, starts, ends) = (numbers("level")?, numbers("start")?, numbers("end")?);
    let section = |i| {
        Some(Section {
            level: u8::try_from(levels.value(i)).ok()?,
            heading: headings.value(i).to_owned(),
            start: u32::try_from(starts.value(i)).ok()?,
            end: u32::try_from(ends.value(i)).ok()?,
        })
    };
    range(list, row).map(section).collect()
}

fn hops(list: &ListArray, row: usize) -> Option<Vec<Hop>> {
    let values = list.values().as_struct_opt()?;
    let urls = texts_of(values, "url")?;
    let statuses = values.column_by_name("status")?.as_primitive_opt::<Int32Type>()?;
    let lists = values.column_by_name("headers")?.as_list_opt::<i32>()?;
    range(list, row)
        .map(|i| {
            Some(Hop {
                url: urls.value(i).to_owned(),
                status: u16::try_from(statuses.value(i)).ok()?,
                headers: headers(lists, i)?,
            })
        })
        .collect()
}
