//! `json_as_text(json, key)`: a field of a JSON object, such as a column of one's own in `input_meta`.

use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, StringArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};
use serde_json::Value;

use crate::functions::columnar;

/// The function; null where there is no such field, or it is null, or there is no object.
pub(crate) fn json_as_text() -> ScalarUDF {
    let body = |args: &[ColumnarValue]| {
        columnar(args, |columns| {
            let (texts, keys) = (columns[0].as_string::<i32>(), columns[1].as_string::<i32>());
            let field = |row: usize| {
                let both = texts.is_valid(row) && keys.is_valid(row);
                both.then(|| field(texts.value(row), keys.value(row))).flatten()
            };
            Ok(Arc::new((0..texts.len()).map(field).collect::<StringArray>()))
        })
    };
    let texts = vec![DataType::Utf8, DataType::Utf8];
    create_udf("json_as_text", texts, DataType::Utf8, Volatility::Immutable, Arc::new(body))
}

/// Texts as they are, everything else as JSON.
fn field(json: &str, key: &str) -> Option<String> {
    // Whoever has no such field is not read.
    if !json.contains(key) && !json.contains('\\') {
        return None;
    }
    match serde_json::from_str::<Value>(json).ok()? {
        Value::Object(mut fields) => match fields.remove(key)? {
            Value::Null => None,
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_a_text() {
        let json = r#"{"team": "sales", "n": 3, "deep": {"a": [1]}, "none": null, "k\"ey": ""}"#;
        for (key, expected) in [
            ("team", Some("sales")),
            ("n", Some("3")),
            ("deep", Some(r#"{"a":[1]}"#)),
            ("none", None),
            ("sales", None),
            ("k\"ey", Some("")),
            ("", None),
        ] {
            assert_eq!(field(json, key).as_deref(), expected, "{key}");
        }
        for broken in ["", "[1]", "{", "\"team\"", "{\"team\""] {
            assert_eq!(field(broken, "team"), None, "{broken}");
        }
    }
}
