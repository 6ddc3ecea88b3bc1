//! Lists in Parquet. The store reads the file; here its rows become lines.

use std::path::Path;

use jarvix_core::Env;
use jarvix_store::foreign::{Cell, ForeignTable};
use serde_json::{Map, Value};

use super::bytes::{Consumed, digest_file};
use super::lines::{Content, Line};
use super::{InputError, columns};

/// A list of rows.
pub(super) struct ForeignLines {
    table: ForeignTable,
    name: String,
    columns: Vec<String>,
    url: usize,
    /// The first row, which was read to find the column of the URLs.
    first: Option<Vec<Cell>>,
    row: u64,
    digest: Consumed,
}

impl ForeignLines {
    pub(super) fn open(
        env: &Env,
        path: &Path,
        name: &str,
        wanted: Option<&str>,
    ) -> Result<Self, InputError> {
        let digest = digest_file(env, path, name)?;
        let failed = |source| InputError::Parquet { name: name.to_owned(), source };
        let mut table = ForeignTable::open(env, path).map_err(failed)?;
        let first = table.next().transpose().map_err(failed)?;
        let columns = table.columns().to_vec();
        let values = first.iter().flatten().map(|cell| match cell {
            Cell::Text(text) => text.as_str(),
            Cell::Json(_) | Cell::Empty => "",
        });
        let url = columns::choose(&columns, wanted, values, name)?;
        Ok(Self { table, name: name.to_owned(), columns, url, first, row: 0, digest })
    }

    pub(super) fn consumed(&self) -> Consumed {
        Consumed { lines: self.row, ..self.digest.clone() }
    }

    pub(super) fn next(&mut self) -> Result<Option<Line>, InputError> {
        let cells = match self.first.take() {
            Some(cells) => cells,
            None => match self.table.next() {
                None => return Ok(None),
                Some(Ok(cells)) => cells,
                Some(Err(source)) => {
                    return Err(InputError::Parquet { name: self.name.clone(), source });
                }
            },
        };
        self.row += 1;
        let content = self.content(cells).unwrap_or_else(|reason| Content::Unusable {
            text: format!("row {}", self.row),
            reason,
        });
        Ok(Some(Line { line_no: Some(self.row), content }))
    }

    fn content(&self, cells: Vec<Cell>) -> Result<Content, String> {
        let mut url = None;
        let mut others = Map::new();
        for (at, (column, cell)) in self.columns.iter().zip(cells).enumerate() {
            if at == self.url {
                url = Some(cell);
                continue;
            }
            let value = match cell {
                Cell::Text(text) => Value::String(text),
                Cell::Json(json) => serde_json::from_str(&json).unwrap_or(Value::String(json)),
                Cell::Empty => Value::Null,
            };
            others.insert(column.clone(), value);
        }
        match url {
            Some(Cell::Text(text)) => Ok(Content::Url { text, meta: columns::meta(others)? }),
            Some(Cell::Empty) | None => Err("the column of the URLs is empty".to_owned()),
            Some(Cell::Json(_)) => Err("the column of the URLs does not hold text".to_owned()),
        }
    }
}
