//! The summary for programmes: the same model as the HTML, under a versioned schema.

use serde::Serialize;

use crate::{Summary, escape};

/// Name and version of the shape that [`json`] writes.
pub const SCHEMA: &str = "jarvix.report/1";

#[derive(Serialize)]
struct Versioned<'a> {
    schema: &'static str,
    #[serde(flatten)]
    summary: &'a Summary,
}

/// The summary as indented JSON, `schema` first, with a line break at the end.
///
/// Characters that act on a terminal stand as `\u` escapes, so printing it is safe.
pub fn json(summary: &Summary) -> String {
    let versioned = Versioned { schema: SCHEMA, summary };
    match serde_json::to_string_pretty(&versioned) {
        Ok(json) => escape::visible_json(&json) + "\n",
        Err(error) => unreachable!("plain values always have a JSON form: {error}"),
    }
}
