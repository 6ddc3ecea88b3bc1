//! Query results as plain values, so that nobody above this floor needs to know Arrow. Meant for
//! small results and for row streams; bulk data goes from query to part as it is.

use std::fmt;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{
    DataType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimeUnit, TimestampMicrosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};

/// One value of a result.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// A truth value.
    Bool(bool),
    /// A signed whole number.
    Int(i64),
    /// An unsigned whole number.
    UInt(u64),
    /// A floating-point number.
    Float(f64),
    /// An exact decimal: `unscaled` / 10^`scale`.
    Decimal {
        /// The digits.
        unscaled: i128,
        /// How many of them stand behind the point.
        scale: u8,
    },
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A moment, in microseconds since 1970-01-01 UTC.
    Time(i64),
    /// A list.
    List(Vec<Value>),
    /// A record: names and values, in order.
    Record(Vec<(String, Value)>),
}

impl Value {
    /// Whether there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The whole number, if it is one and not negative.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::UInt(value) => Some(*value),
            Self::Int(value) => u64::try_from(*value).ok(),
            Self::Decimal { unscaled, scale: 0 } => u64::try_from(*unscaled).ok(),
            _ => None,
        }
    }

    /// The whole number, if it is one and fits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            Self::UInt(value) => i64::try_from(*value).ok(),
            Self::Decimal { unscaled, scale: 0 } => i64::try_from(*unscaled).ok(),
            _ => None,
        }
    }

    /// The number as a double; exact decimals lose nothing that a double can hold.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Float(value) => Some(*value),
            Self::Int(value) => Some(*value as f64),
            Self::UInt(value) => Some(*value as f64),
            Self::Decimal { .. } => self.to_string().parse().ok(),
            _ => None,
        }
    }

    /// A decimal (or whole number) in thousandths, if it is one with at most three places.
    pub fn as_thousandths(&self) -> Option<i64> {
        match self {
            Self::Decimal { unscaled, scale } if *scale <= 3 => {
                let factor = 10i128.pow(3 - u32::from(*scale));
                unscaled.checked_mul(factor).and_then(|value| i64::try_from(value).ok())
            }
            _ => self.as_i64().and_then(|value| value.checked_mul(1000)),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::UInt(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value}"),
            Self::Decimal { unscaled, scale } => write_decimal(f, *unscaled, *scale),
            Self::Text(text) => f.write_str(text),
            Self::Bytes(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
            Self::Time(us) => match jiff::Timestamp::from_microsecond(*us) {
                Ok(time) => write!(f, "{time}"),
                Err(_) => write!(f, "{us}"),
            },
            Self::List(values) => {
                f.write_str("[")?;
                for (i, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
            Self::Record(fields) => {
                f.write_str("{")?;
                for (i, (name, value)) in fields.iter().enumerate() {
                    write!(f, "{}{name}: {value}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str("}")
            }
        }
    }
}

fn write_decimal(f: &mut fmt::Formatter<'_>, unscaled: i128, scale: u8) -> fmt::Result {
    let sign = if unscaled < 0 { "-" } else { "" };
    let digits = format!("{:0width$}", unscaled.unsigned_abs(), width = usize::from(scale) + 1);
    let (whole, fraction) = digits.split_at(digits.len() - usize::from(scale));
    match fraction {
        "" => write!(f, "{sign}{whole}"),
        _ => write!(f, "{sign}{whole}.{fraction}"),
    }
}

/// A small result, row by row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// The column names, in order.
    pub columns: Vec<String>,
    /// The rows; each has one value a column.
    pub rows: Vec<Vec<Value>>,
}

impl Table {
    /// The value of column `name` in row `row`; `None` if there is no such row or column.
    pub fn value(&self, row: usize, name: &str) -> Option<&Value> {
        let column = self.columns.iter().position(|c| c == name)?;
        self.rows.get(row)?.get(column)
    }

    /// The only value of a result with one row and one column.
    pub fn single(&self) -> Option<&Value> {
        match self.rows.as_slice() {
            [row] if row.len() == 1 => row.first(),
            _ => None,
        }
    }
}

/// The rows of a batch as values.
pub(crate) fn rows_of(batch: &RecordBatch) -> Vec<Vec<Value>> {
    let mut rows: Vec<Vec<Value>> =
        (0..batch.num_rows()).map(|_| Vec::with_capacity(batch.num_columns())).collect();
    for column in batch.columns() {
        for (row, values) in rows.iter_mut().enumerate() {
            values.push(value_at(column, row));
        }
    }
    rows
}

fn value_at(array: &ArrayRef, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Null => Value::Null,
        DataType::Dictionary(_, _) => {
            let dictionary = array.as_any_dictionary();
            match dictionary.normalized_keys().get(row) {
                Some(key) => value_at(dictionary.values(), *key),
                None => Value::Null,
            }
        }
        DataType::Boolean => Value::Bool(array.as_boolean().value(row)),
        DataType::Int8 => Value::Int(array.as_primitive::<Int8Type>().value(row).into()),
        DataType::Int16 => Value::Int(array.as_primitive::<Int16Type>().value(row).into()),
        DataType::Int32 => Value::Int(array.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => Value::Int(array.as_primitive::<Int64Type>().value(row)),
        DataType::UInt8 => Value::UInt(array.as_primitive::<UInt8Type>().value(row).into()),
        DataType::UInt16 => Value::UInt(array.as_primitive::<UInt16Type>().value(row).into()),
        DataType::UInt32 => Value::UInt(array.as_primitive::<UInt32Type>().value(row).into()),
        DataType::UInt64 => Value::UInt(array.as_primitive::<UInt64Type>().value(row)),
        DataType::Float32 => Value::Float(widened(array.as_primitive::<Float32Type>().value(row))),
        DataType::Float64 => Value::Float(array.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal128(_, scale) if *scale >= 0 => Value::Decimal {
            unscaled: array.as_primitive::<Decimal128Type>().value(row),
            scale: scale.unsigned_abs(),
        },
        DataType::Utf8 => Value::Text(array.as_string::<i32>().value(row).to_owned()),
        DataType::LargeUtf8 => Value::Text(array.as_string::<i64>().value(row).to_owned()),
        DataType::Utf8View => Value::Text(array.as_string_view().value(row).to_owned()),
        DataType::Binary => Value::Bytes(array.as_binary::<i32>().value(row).to_vec()),
        DataType::LargeBinary => Value::Bytes(array.as_binary::<i64>().value(row).to_vec()),
        DataType::BinaryView => Value::Bytes(array.as_binary_view().value(row).to_vec()),
        DataType::FixedSizeBinary(_) => {
            Value::Bytes(array.as_fixed_size_binary().value(row).to_vec())
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            Value::Time(array.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        DataType::List(_) => list_of(&array.as_list::<i32>().value(row)),
        DataType::LargeList(_) => list_of(&array.as_list::<i64>().value(row)),
        DataType::FixedSizeList(..) => list_of(&array.as_fixed_size_list().value(row)),
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns();
            let names = fields.iter().map(|field| field.name().clone());
            Value::Record(names.zip(columns.iter().map(|column| value_at(column, row))).collect())
        }
        // Dates, intervals, dictionaries and whatever else a query may make: as the engine
        // writes it.
        _ => match ArrayFormatter::try_new(array.as_ref(), &FormatOptions::default()) {
            Ok(formatter) => Value::Text(formatter.value(row).to_string()),
            Err(_) => Value::Null,
        },
    }
}

/// The double that reads as `value` does: 0.1, not 0.10000000149011612.
fn widened(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| value.into())
}

fn list_of(values: &ArrayRef) -> Value {
    Value::List((0..values.len()).map(|row| value_at(values, row)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_print_exactly() {
        let cases = [
            (0, 3, "0.000"),
            (-5, 3, "-0.005"),
            (100_000, 3, "100.000"),
            (-12_345, 3, "-12.345"),
            (7, 0, "7"),
            (i128::MIN, 0, "-170141183460469231731687303715884105728"),
        ];
        for (unscaled, scale, text) in cases {
            assert_eq!(Value::Decimal { unscaled, scale }.to_string(), text);
        }
        assert_eq!(Value::Decimal { unscaled: -5, scale: 2 }.as_thousandths(), Some(-50));
        assert_eq!(Value::Int(3).as_thousandths(), Some(3000));
        assert_eq!(Value::Decimal { unscaled: 5, scale: 4 }.as_thousandths(), None);
    }

    #[test]
    fn single_precision_reads_as_it_is_written() {
        let shown = |value: f32| Value::Float(widened(value)).to_string();
        assert_eq!(
            (shown(0.1), shown(-12.3), shown(1e30)),
            ("0.1".into(), "-12.3".into(), format!("{}", 1e30))
        );
        assert!(widened(f32::NAN).is_nan() && widened(f32::INFINITY).is_infinite());
    }

    #[test]
    fn times_and_nested_values_read_well() {
        assert_eq!(Value::Time(0).to_string(), "1970-01-01T00:00:00Z");
        let nested = Value::List(vec![
            Value::Record(vec![("a".to_owned(), Value::Int(1))]),
            Value::Null,
            Value::Bytes(vec![0, 255]),
        ]);
        assert_eq!(nested.to_string(), "[{a: 1}, , 00ff]");
    }
}
