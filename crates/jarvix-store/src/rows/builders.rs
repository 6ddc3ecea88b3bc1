//! Columns under construction: rows go in cell by cell, a record batch comes out.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryViewArray, BooleanBuilder, Float32Builder, Float64Builder, Int32Builder,
    Int64Builder, ListArray, StringBuilder, StructArray, TimestampMicrosecondBuilder,
    builder::make_view,
};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use jarvix_core::{Header, Hop, Section, Source};

use crate::schema::{element, header_fields, hop_fields, section_fields, source_fields};

/// The columns of a dataset, under construction. A row's cells come in schema order.
///
/// A batch has views of bytes where the dataset has bytes: a file is written the same from both,
/// and views take a body over as it is, without a copy.
pub struct Columns {
    schema: SchemaRef,
    columns: Vec<Column>,
    next: usize,
    rows: usize,
    bytes: usize,
}

enum Column {
    Text(StringBuilder),
    Bytes(Blobs),
    Bool(BooleanBuilder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    Float32(Float32Builder),
    Float64(Float64Builder),
    Time(TimestampMicrosecondBuilder),
    Texts(List<StringBuilder>),
    Headers(Box<List<HeaderColumns>>),
    Hops(Box<List<HopColumns>>),
    Sources(Box<List<SourceColumns>>),
    Sections(Box<List<SectionColumns>>),
}

/// A column of bytes, each value with the memory that it came in.
#[derive(Default)]
struct Blobs {
    views: Vec<u128>,
    blocks: Vec<Buffer>,
    present: Vec<bool>,
}

impl Blobs {
    fn append_option(&mut self, value: Option<Vec<u8>>) {
        self.present.push(value.is_some());
        let block = u32::try_from(self.blocks.len()).unwrap_or(u32::MAX);
        self.views.push(value.as_deref().map_or(0, |bytes| make_view(bytes, block, 0)));
        // Short ones stand in the view itself.
        if let Some(bytes) = value.filter(|bytes| bytes.len() > VIEW_BYTES_MAX) {
            self.blocks.push(Buffer::from_vec(bytes));
        }
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let views = ScalarBuffer::from(std::mem::take(&mut self.views));
        let blocks = std::mem::take(&mut self.blocks);
        let nulls = Some(NullBuffer::from(std::mem::take(&mut self.present)));
        Ok(Arc::new(BinaryViewArray::try_new(views, blocks, nulls)?))
    }
}

/// A list column: where each row's elements end, and the elements.
struct List<T> {
    ends: Vec<i32>,
    elements: T,
    count: i32,
}

#[derive(Default)]
struct HeaderColumns {
    name: StringBuilder,
    value: StringBuilder,
}

#[derive(Default)]
struct HopColumns {
    url: StringBuilder,
    status: Int32Builder,
    headers: List<HeaderColumns>,
}

#[derive(Default)]
struct SourceColumns {
    column: StringBuilder,
    source: StringBuilder,
    confidence: Float32Builder,
}

#[derive(Default)]
struct SectionColumns {
    level: Int32Builder,
    heading: StringBuilder,
    start: Int32Builder,
    end: Int32Builder,
}

impl<T: Default> Default for List<T> {
    fn default() -> Self {
        Self { ends: vec![0], elements: T::default(), count: 0 }
    }
}

impl<T> List<T> {
    fn end_row(&mut self) {
        self.ends.push(self.count);
    }

    /// The offsets of the rows so far; the list is empty after.
    fn offsets(&mut self) -> OffsetBuffer<i32> {
        self.count = 0;
        OffsetBuffer::new(std::mem::replace(&mut self.ends, vec![0]).into())
    }

    /// The rows so far, whose elements have `fields` with the values of `columns`.
    fn of_structs(
        &mut self,
        fields: Fields,
        columns: Vec<ArrayRef>,
    ) -> Result<ArrayRef, ArrowError> {
        let values = StructArray::try_new(fields.clone(), columns, None)?;
        let item = element(DataType::Struct(fields));
        Ok(Arc::new(ListArray::try_new(item, self.offsets(), Arc::new(values), None)?))
    }
}

impl List<StringBuilder> {
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let values: ArrayRef = Arc::new(self.elements.finish());
        Ok(Arc::new(ListArray::try_new(element(DataType::Utf8), self.offsets(), values, None)?))
    }
}

impl List<HeaderColumns> {
    fn push(&mut self, headers: &[Header]) -> usize {
        let mut bytes = 0;
        for header in headers {
            self.elements.name.append_value(&header.name);
            self.elements.value.append_value(&header.value);
            self.count += 1;
            bytes += header.name.len() + header.value.len();
        }
        self.end_row();
        bytes
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let columns: Vec<ArrayRef> =
            vec![Arc::new(self.elements.name.finish()), Arc::new(self.elements.value.finish())];
        self.of_structs(header_fields(), columns)
    }
}

impl List<HopColumns> {
    fn push(&mut self, hops: &[Hop]) -> usize {
        let mut bytes = 0;
        for hop in hops {
            self.elements.url.append_value(&hop.url);
            self.elements.status.append_value(i32::from(hop.status));
            bytes += hop.url.len() + self.elements.headers.push(&hop.headers);
            self.count += 1;
        }
        self.end_row();
        bytes
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.elements.url.finish()),
            Arc::new(self.elements.status.finish()),
            self.elements.headers.finish()?,
        ];
        self.of_structs(hop_fields(), columns)
    }
}

impl List<SourceColumns> {
    fn push(&mut self, sources: &[Source]) -> usize {
        let mut bytes = 0;
        for source in sources {
            self.elements.column.append_value(&source.column);
            self.elements.source.append_value(&source.source);
            self.elements.confidence.append_value(source.confidence);
            self.count += 1;
            bytes += source.column.len() + source.source.len() + 12;
        }
        self.end_row();
        bytes
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let elements = &mut self.elements;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(elements.column.finish()),
            Arc::new(elements.source.finish()),
            Arc::new(elements.confidence.finish()),
        ];
        self.of_structs(source_fields(), columns)
    }
}

impl List<SectionColumns> {
    fn push(&mut self, sections: &[Section]) -> usize {
        let whole = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        let mut bytes = 0;
        for section in sections {
            self.elements.level.append_value(i32::from(section.level));
            self.elements.heading.append_value(&section.heading);
            self.elements.start.append_value(whole(section.start));
            self.elements.end.append_value(whole(section.end));
            self.count += 1;
            bytes += section.heading.len() + 16;
        }
        self.end_row();
        bytes
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let elements = &mut self.elements;
        let columns: Vec<ArrayRef> = vec![
            Arc::new(elements.level.finish()),
            Arc::new(elements.heading.finish()),
            Arc::new(elements.start.finish()),
            Arc::new(elements.end.finish()),
        ];
        self.of_structs(section_fields(), columns)
    }
}

impl Column {
    fn new(data_type: &DataType) -> Self {
        match data_type {
            DataType::Utf8 => Self::Text(StringBuilder::new()),
            DataType::Binary => Self::Bytes(Blobs::default()),
            DataType::Boolean => Self::Bool(BooleanBuilder::new()),
            DataType::Int32 => Self::Int32(Int32Builder::new()),
            DataType::Int64 => Self::Int64(Int64Builder::new()),
            DataType::Float32 => Self::Float32(Float32Builder::new()),
            DataType::Float64 => Self::Float64(Float64Builder::new()),
            DataType::Timestamp(_, _) => {
                Self::Time(TimestampMicrosecondBuilder::new().with_timezone("UTC"))
            }
            DataType::List(item) => match item.data_type() {
                DataType::Utf8 => Self::Texts(List::default()),
                DataType::Struct(fields) if *fields == header_fields() => {
                    Self::Headers(Box::default())
                }
                DataType::Struct(fields) if *fields == hop_fields() => Self::Hops(Box::default()),
                DataType::Struct(fields) if *fields == source_fields() => {
                    Self::Sources(Box::default())
                }
                DataType::Struct(fields) if *fields == section_fields() => {
                    Self::Sections(Box::default())
                }
                other => unreachable!("no row has a list of {other}"),
            },
            other => unreachable!("no row has a {other}"),
        }
    }

    /// The values so far. The next batch has as much room as this one took, so that its values are
    /// not copied again and again while it grows.
    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Self::Text(b) => {
                let full = b.finish();
                *b = StringBuilder::with_capacity(full.len(), full.value_data().len());
                Arc::new(full)
            }
            Self::Bytes(b) => b.finish()?,
            Self::Bool(b) => Arc::new(b.finish()),
            Self::Int32(b) => Arc::new(b.finish()),
            Self::Int64(b) => Arc::new(b.finish()),
            Self::Float32(b) => Arc::new(b.finish()),
            Self::Float64(b) => Arc::new(b.finish()),
            Self::Time(b) => Arc::new(b.finish()),
            Self::Texts(b) => b.finish()?,
            Self::Headers(b) => b.finish()?,
            Self::Hops(b) => b.finish()?,
            Self::Sources(b) => b.finish()?,
            Self::Sections(b) => b.finish()?,
        })
    }
}

/// A kind of cell that goes into a kind of column, with about how many bytes it takes.
macro_rules! cell {
    ($(#[$about:meta])* $name:ident, $column:ident, $value:ty, $size:expr) => {
        $(#[$about])*
        pub fn $name(&mut self, value: $value) {
            self.bytes += $size(&value);
            match self.column() {
                Column::$column(builder) => builder.append_option(value),
                _ => self.misplaced(stringify!($name)),
            }
        }
    };
}

/// The longest value that stands in its view.
const VIEW_BYTES_MAX: usize = 12;

/// The field as a batch has it.
fn viewed(field: &Arc<Field>) -> Arc<Field> {
    match field.data_type() {
        DataType::Binary => {
            let field = field.as_ref().clone();
            Arc::new(field.with_data_type(DataType::BinaryView))
        }
        _ => Arc::clone(field),
    }
}

fn text_size(value: &Option<&str>) -> usize {
    value.map_or(1, |text| text.len() + 4)
}

fn bytes_size(value: &Option<Vec<u8>>) -> usize {
    value.as_ref().map_or(1, |bytes| bytes.len() + 4)
}

fn fixed_size<T>(_: &Option<T>) -> usize {
    size_of::<T>()
}

impl Columns {
    pub(crate) fn new(schema: SchemaRef) -> Self {
        let columns = schema.fields().iter().map(|f| Column::new(f.data_type())).collect();
        let schema = Arc::new(Schema::new(schema.fields().iter().map(viewed).collect::<Vec<_>>()));
        Self { schema, columns, next: 0, rows: 0, bytes: 0 }
    }

    /// Rows since the last batch.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// About how many bytes the rows since the last batch take.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn end_row(&mut self) {
        assert_eq!(self.next, self.columns.len(), "a row has as many cells as its schema columns");
        self.next = 0;
        self.rows += 1;
    }

    /// The rows since the last batch, as a batch.
    pub(crate) fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        self.rows = 0;
        self.bytes = 0;
        let arrays = self.columns.iter_mut().map(Column::finish).collect::<Result<Vec<_>, _>>()?;
        RecordBatch::try_new(Arc::clone(&self.schema), arrays)
    }

    fn column(&mut self) -> &mut Column {
        self.next += 1;
        &mut self.columns[self.next - 1]
    }

    fn misplaced(&self, cell: &str) -> ! {
        let field = self.schema.field(self.next - 1);
        unreachable!("a cell of kind {cell} does not go into column {field}")
    }

    cell!(
        /// A text, or nothing.
        opt_text, Text, Option<&str>, text_size
    );
    cell!(
        /// Bytes, or nothing.
        opt_bytes, Bytes, Option<Vec<u8>>, bytes_size
    );
    cell!(
        /// A truth value, or nothing.
        opt_bool, Bool, Option<bool>, fixed_size
    );
    cell!(
        /// A small integer, or nothing.
        opt_int32, Int32, Option<i32>, fixed_size
    );
    cell!(
        /// An integer, or nothing.
        opt_int64, Int64, Option<i64>, fixed_size
    );
    cell!(
        /// A short float, or nothing.
        opt_float32, Float32, Option<f32>, fixed_size
    );
    cell!(
        /// A float, or nothing.
        opt_float64, Float64, Option<f64>, fixed_size
    );
    cell!(
        /// Microseconds since 1970-01-01 UTC, or nothing.
        opt_time, Time, Option<i64>, fixed_size
    );

    /// A text.
    pub fn text(&mut self, value: &str) {
        self.opt_text(Some(value));
    }

    /// A truth value.
    pub fn bool(&mut self, value: bool) {
        self.opt_bool(Some(value));
    }

    /// A count that fits 63 bits, as ours do.
    pub fn count(&mut self, value: u64) {
        self.opt_count(Some(value));
    }

    /// A count, or nothing.
    pub fn opt_count(&mut self, value: Option<u64>) {
        self.opt_int64(value.map(|v| i64::try_from(v).unwrap_or(i64::MAX)));
    }

    /// A count that fits 31 bits, as ours do.
    pub fn small_count(&mut self, value: u32) {
        self.opt_int32(Some(i32::try_from(value).unwrap_or(i32::MAX)));
    }

    /// Texts.
    pub fn texts<'a>(&mut self, values: impl Iterator<Item = &'a str>) {
        let Column::Texts(list) = self.column() else { self.misplaced("texts") };
        let mut bytes = 0;
        for value in values {
            list.elements.append_value(value);
            list.count += 1;
            bytes += value.len() + 4;
        }
        list.end_row();
        self.bytes += bytes;
    }

    /// Header lines.
    pub fn headers(&mut self, headers: &[Header]) {
        let Column::Headers(list) = self.column() else { self.misplaced("headers") };
        let bytes = list.push(headers);
        self.bytes += bytes;
    }

    /// Answered redirects.
    pub fn hops(&mut self, hops: &[Hop]) {
        let Column::Hops(list) = self.column() else { self.misplaced("redirects") };
        let bytes = list.push(hops);
        self.bytes += bytes;
    }

    /// Where values come from.
    pub fn sources(&mut self, sources: &[Source]) {
        let Column::Sources(list) = self.column() else { self.misplaced("sources") };
        let bytes = list.push(sources);
        self.bytes += bytes;
    }

    /// Parts of a text.
    pub fn sections(&mut self, sections: &[Section]) {
        let Column::Sections(list) = self.column() else { self.misplaced("sections") };
        let bytes = list.push(sections);
        self.bytes += bytes;
    }
}
