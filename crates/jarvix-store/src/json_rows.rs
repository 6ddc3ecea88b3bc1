//! The rows of any dataset as JSON objects, column by column as the schema has them: for exports,
//! which know no columns. Binary columns (bodies, fingerprints) are left out: they are no text.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StructArray};
use arrow::datatypes::{
    DataType, Decimal128Type, Float32Type, Float64Type, Int32Type, Int64Type, TimeUnit,
    TimestampMicrosecondType,
};
use arrow::record_batch::RecordBatch;
use jarvix_core::{DiskRead, PartRef};
use jiff::Timestamp;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use serde_json::{Map, Number, Value};

use crate::StoreError;
use crate::reader::{batches, compare, damaged};

/// One row, in the order of the columns.
pub type JsonRow = Map<String, Value>;

/// The rows of a part as JSON. Memory is bounded as for [`RowReader`](crate::RowReader).
pub struct JsonRows {
    part: PartRef,
    batches: ParquetRecordBatchReader,
    batch: Option<RecordBatch>,
    row: usize,
    ended: bool,
}

impl JsonRows {
    pub(crate) fn open(part: &PartRef, file: Arc<dyn DiskRead>) -> Result<Self, StoreError> {
        let problem = compare(part, &*file).map_err(|error| damaged(part, error))?;
        if let Some(problem) = problem {
            return Err(damaged(part, problem));
        }
        let batches = batches(part, file)?;
        Ok(Self { part: part.clone(), batches, batch: None, row: 0, ended: false })
    }

    fn next_row(&mut self) -> Result<Option<JsonRow>, StoreError> {
        loop {
            if let Some(batch) = self.batch.as_ref().filter(|batch| self.row < batch.num_rows()) {
                let row = row(batch, self.row).map_err(|reason| damaged(&self.part, reason))?;
                self.row += 1;
                return Ok(Some(row));
            }
            self.row = 0;
            match self.batches.next() {
                Some(Ok(batch)) => self.batch = Some(batch),
                Some(Err(error)) => return Err(damaged(&self.part, error)),
                None => return Ok(None),
            }
        }
    }
}

impl Iterator for JsonRows {
    type Item = Result<JsonRow, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.next_row().transpose();
        self.ended = !matches!(next, Some(Ok(_)));
        next
    }
}

/// Copies a part's file as it is, after comparing it with the catalogue's hash; how many bytes.
pub(crate) fn copy(
    part: &PartRef,
    file: Arc<dyn DiskRead>,
    to: &mut dyn Write,
) -> Result<u64, StoreError> {
    let problem = compare(part, &*file).map_err(|error| damaged(part, error))?;
    if let Some(problem) = problem {
        return Err(damaged(part, problem));
    }
    let mut from = crate::reader::From::start(file);
    std::io::copy(&mut from, to).map_err(StoreError::io("copy", std::path::Path::new("a part")))
}

fn row(batch: &RecordBatch, at: usize) -> Result<JsonRow, String> {
    let schema = batch.schema_ref();
    let columns = schema.fields().iter().zip(batch.columns());
    columns
        .filter(|(field, _)| !matches!(field.data_type(), DataType::Binary))
        .map(|(field, column)| Ok((field.name().clone(), value(column, at)?)))
        .collect()
}

fn value(column: &ArrayRef, at: usize) -> Result<Value, String> {
    if column.is_null(at) {
        return Ok(Value::Null);
    }
    Ok(match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(at).into(),
        DataType::Boolean => column.as_boolean().value(at).into(),
        DataType::Int32 => column.as_primitive::<Int32Type>().value(at).into(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(at).into(),
        // By its shortest decimal form, which is not that of the double next to it.
        DataType::Float32 => number(&column.as_primitive::<Float32Type>().value(at).to_string()),
        DataType::Float64 => number(&column.as_primitive::<Float64Type>().value(at).to_string()),
        DataType::Decimal128(..) => {
            number(&column.as_primitive::<Decimal128Type>().value_as_string(at))
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            let micros = column.as_primitive::<TimestampMicrosecondType>().value(at);
            Timestamp::from_microsecond(micros).map_or(Value::Null, |t| t.to_string().into())
        }
        DataType::List(_) => {
            let items = column.as_list::<i32>().value(at);
            (0..items.len()).map(|i| value(&items, i)).collect::<Result<Vec<_>, _>>()?.into()
        }
        DataType::Struct(_) => Value::Object(object(column.as_struct(), at)?),
        other => return Err(format!("a column of type {other} has no form in JSON")),
    })
}

fn object(values: &StructArray, at: usize) -> Result<JsonRow, String> {
    let columns = values.fields().iter().zip(values.columns());
    columns.map(|(field, column)| Ok((field.name().clone(), value(column, at)?))).collect()
}

/// A number as it is written; nothing for what JSON has no number for.
fn number(text: &str) -> Value {
    text.parse::<f64>().ok().and_then(Number::from_f64).map_or(Value::Null, Value::Number)
}
