//! SQL over the datasets of a run: the engine (DataFusion) behind a small face.
//!
//! A [`Query`] is opened once for a store, with a memory limit and a spill folder; a [`Session`] sees
//! the parts of one run, or of several, exactly as the catalogue lists them. Results come as plain
//! [`Value`]s, as a stream of them, as a Parquet file, or, by a [`PartQuery`], go straight into parts.
//! Stages above write SQL; they name neither Arrow nor Parquet.
//!
//! What it refuses to do: change anything by SQL; write a part without a stated order; read a file
//! that no catalogue lists; hold more memory than it was given.

mod by_part;
mod error;
mod expression;
mod functions;
mod json;
mod place;
mod reader;
mod selection;
mod session;
mod similarity;
mod spill;
mod table;
mod url_part;
mod value;
mod write;

pub use by_part::PartQuery;
pub use error::{QueryError, QueryErrorKind, nearest};
pub use expression::{Expression, ValueKind};
pub use functions::{FUNCTIONS, NumberMatch, RowWords, TextBytes, TextMatch};
pub use place::Place;
pub use selection::{Column, ColumnKind, OrderBy, Selection};
pub use session::{Query, QuerySettings, ROWS_MAX, RowStream, Session};
pub use value::{Table, Value};
