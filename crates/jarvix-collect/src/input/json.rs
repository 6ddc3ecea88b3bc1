//! JSON lines: an object or a plain string a line.

use serde_json::Value;

use super::lines::{Content, Line};
use super::physical::{Physical, PhysicalLines};
use super::{InputError, columns};

/// A list of JSON objects.
pub(super) struct JsonLines {
    lines: PhysicalLines,
    name: String,
    wanted: Option<String>,
    /// The key of the URLs, known from the first object on.
    key: Option<String>,
}

impl JsonLines {
    pub(super) fn new(lines: PhysicalLines, name: String, wanted: Option<String>) -> Self {
        Self { lines, name, wanted, key: None }
    }

    pub(super) fn physical(&self) -> &PhysicalLines {
        &self.lines
    }

    pub(super) fn next(&mut self) -> Result<Option<Line>, InputError> {
        let line = self.lines.next_used().map_err(InputError::io("read", &self.name))?;
        let Some(line) = line else { return Ok(None) };
        let content = match self.read(&line)? {
            Ok(content) => content,
            Err(reason) => Content::Unusable { text: line.shown(), reason },
        };
        Ok(Some(Line { line_no: Some(line.line_no), content }))
    }

    fn read(&mut self, line: &Physical) -> Result<Result<Content, String>, InputError> {
        let value = line.text().and_then(|text| {
            serde_json::from_str(text).map_err(|error| format!("the line is not JSON: {error}"))
        });
        let mut object = match value {
            Ok(Value::Object(object)) => object,
            Ok(Value::String(text)) => return Ok(Ok(Content::Url { text, meta: None })),
            Ok(_) => return Ok(Err("the line is neither a JSON object nor a string".to_owned())),
            Err(reason) => return Ok(Err(reason)),
        };
        let key = match &self.key {
            Some(key) => key.clone(),
            None => {
                let keys: Vec<String> = object.keys().cloned().collect();
                let values = object.values().map(|value| value.as_str().unwrap_or(""));
                let at = columns::choose(&keys, self.wanted.as_deref(), values, &self.name)?;
                self.key.insert(keys[at].clone()).clone()
            }
        };
        let text = match object.shift_remove(&key) {
            Some(Value::String(text)) => text,
            Some(_) => return Ok(Err(format!("{key:?} is not a string"))),
            None => return Ok(Err(format!("the object has no {key:?}"))),
        };
        Ok(columns::meta(object).map(|meta| Content::Url { text, meta }))
    }
}
