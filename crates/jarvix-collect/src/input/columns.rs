//! Which column holds the URLs, and what becomes of the others.

use jarvix_core::{canonicalise, limits};
use serde_json::{Map, Value};

use super::InputError;
use super::escape::escaped;

/// Names that a column of URLs usually has, best first.
const URL_NAMES: [&str; 3] = ["url", "link", "address"];

/// Columns that an error names: what is no table can look like a very wide one.
const SHOWN_MAX: usize = 20;

/// The position of the column named `wanted`: exactly, else without regard to case.
pub(super) fn named(columns: &[String], wanted: &str) -> Option<usize> {
    let exact = columns.iter().position(|c| c == wanted);
    exact.or_else(|| columns.iter().position(|c| c.eq_ignore_ascii_case(wanted)))
}

/// The position of a column that by its name holds URLs.
pub(super) fn usual(columns: &[String]) -> Option<usize> {
    URL_NAMES.iter().find_map(|name| named(columns, name))
}

/// The position of the first value that is a web address: with a scheme if there is one such, else
/// without.
pub(super) fn first_url<'a>(values: impl Iterator<Item = &'a str> + Clone) -> Option<usize> {
    let is_url = |value: &str| canonicalise(value).is_ok_and(|url| url.is_web());
    let with_scheme = values.clone().position(|value| value.contains("://") && is_url(value));
    with_scheme.or_else(|| values.clone().position(is_url))
}

/// The column of the URLs: the named one, else by usual names, else by the first row's values.
pub(super) fn choose<'a>(
    columns: &[String],
    wanted: Option<&str>,
    first_row: impl Iterator<Item = &'a str> + Clone,
    name: &str,
) -> Result<usize, InputError> {
    let found = match wanted {
        Some(wanted) => named(columns, wanted),
        None => usual(columns).or_else(|| first_url(first_row)),
    };
    found.ok_or_else(|| InputError::Columns {
        name: name.to_owned(),
        problem: match wanted {
            Some(wanted) => format!("there is no column {wanted:?}"),
            None => "no column is named url, link or address, and the first row has no web address"
                .to_owned(),
        },
        // A name is whatever stands in the list: a password, or a word to the terminal.
        columns: columns.iter().take(SHOWN_MAX).map(|c| escaped(c.as_bytes())).collect(),
    })
}

/// The other columns as a JSON object in column order; `None` if there are none. The error is the
/// reason for rejecting the line.
pub(super) fn meta(columns: Map<String, Value>) -> Result<Option<String>, String> {
    if columns.is_empty() {
        return Ok(None);
    }
    let text = Value::Object(columns).to_string();
    if text.len() > limits::INPUT_META_BYTES_MAX {
        let (bytes, max) = (text.len(), limits::INPUT_META_BYTES_MAX);
        return Err(format!("the other columns are {bytes} bytes long; the limit is {max}"));
    }
    Ok(Some(text))
}
