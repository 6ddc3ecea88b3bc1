//! Values as cells and as JSON. Texts come from pages: in a cell, nothing of them acts on whoever
//! opens the file. JSON has them as they are.

use jarvix_query::Value;
use jarvix_report::harmless;
use serde_json::{Map, json};

/// A value as JSON has it; bytes in hexadecimal digits, times as RFC 3339.
pub fn json_value(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => json!(value),
        Value::Int(value) => json!(value),
        Value::UInt(value) => json!(value),
        Value::Float(value) => json!(value),
        Value::Decimal { .. } => value.as_f64().map_or(serde_json::Value::Null, |n| json!(n)),
        Value::List(values) => values.iter().map(json_value).collect(),
        Value::Record(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.clone(), json_value(value)));
            serde_json::Value::Object(fields.collect::<Map<_, _>>())
        }
        Value::Text(_) | Value::Bytes(_) | Value::Time(_) => json!(value.to_string()),
    }
}

/// A row as a JSON object, in the order of the columns.
pub fn json_row(columns: &[String], row: &[Value]) -> serde_json::Value {
    let fields = columns.iter().cloned().zip(row.iter().map(json_value));
    serde_json::Value::Object(fields.collect())
}

/// What a cell shows.
pub(super) enum Cell {
    /// Nothing.
    Empty,
    /// A number or truth value, as it is written.
    Plain(String),
    /// A text in which nothing acts, which may still begin like a formula.
    Text(String),
}

impl Cell {
    /// The cell for a value. Lists and records are JSON.
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Empty,
            Value::Float(number) if !number.is_finite() => Self::Empty,
            Value::Bool(_) | Value::Int(_) | Value::UInt(_) | Value::Float(_) => {
                Self::Plain(value.to_string())
            }
            Value::Decimal { .. } => Self::Plain(value.to_string()),
            Value::Text(text) => Self::Text(harmless(text)),
            Value::Bytes(_) | Value::Time(_) => Self::Text(value.to_string()),
            Value::List(_) | Value::Record(_) => {
                Self::Text(harmless(&json_value(value).to_string()))
            }
        }
    }
}

/// `text` cut to as many characters, measured by `width`, as fit into `max` with an ellipsis at the
/// end; `None` if all of it fits.
pub(super) fn cut(text: &str, max: usize, width: impl Fn(char) -> usize) -> Option<String> {
    let mut used = 0;
    // Where the ellipsis would stand.
    let mut end = 0;
    for (at, c) in text.char_indices() {
        used += width(c);
        if used > max {
            return Some(format!("{}…", &text[..end]));
        }
        if used < max {
            end = at + c.len_utf8();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_json_of_their_kind() {
        let value = Value::Record(vec![
            ("price".to_owned(), Value::Decimal { unscaled: 1_250, scale: 3 }),
            ("list".to_owned(), Value::List(vec![Value::Int(1), Value::Null])),
            ("bytes".to_owned(), Value::Bytes(vec![0, 255])),
        ]);
        let expected = json!({ "price": 1.25, "list": [1, null], "bytes": "00ff" });
        assert_eq!(json_value(&value), expected);
        assert_eq!(json_value(&Value::Float(f64::NAN)), serde_json::Value::Null);
    }

    #[test]
    fn a_cut_text_fits_with_its_ellipsis() {
        let cases =
            [("abc", 3, None), ("abcd", 3, Some("ab…")), ("", 3, None), ("äöüß", 1, Some("…"))];
        for (text, max, expected) in cases {
            assert_eq!(cut(text, max, |_| 1).as_deref(), expected, "{text}");
        }
        // A character of two UTF-16 units goes as a whole.
        assert_eq!(cut("a👩b👩", 5, char::len_utf16).as_deref(), Some("a👩b…"));
        assert_eq!(cut("a👩👩", 4, char::len_utf16).as_deref(), Some("a👩…"));
        assert_eq!(cut("a👩👩", 3, char::len_utf16).as_deref(), Some("a…"));
    }
}
