//! The store: where a run's rows lie and what is committed of them.
//!
//! * [`Store`] joins the two halves under the commit protocol: a part is durable under its name
//!   before one transaction of the [`Catalogue`] makes it visible, together with what it covers.
//! * [`PartStore`] is the port to where parts lie: files, memory, later a bucket.
//! * [`schema()`] is the one list of every dataset's columns.
//!
//! What this crate refuses to do: decide what work there is or how rows come about, decode a body,
//! repair or delete what is damaged (`verify` only reports). Only it and the query engine know that
//! parts are Arrow and Parquet.

mod catalogue;
mod disk;
mod error;
mod excerpts;
mod faults;
mod folders;
pub mod foreign;
mod json_rows;
mod lock;
mod lookup;
mod merge;
pub mod parts;
mod properties;
mod quarantine;
mod reader;
mod rows;
mod schema;
mod schema_doc;
mod store;
mod transcode;
mod upkeep;
mod verify;
mod writer;

pub use catalogue::{Catalogue, GenerationRecord, NewRun, RunRecord};
pub use disk::{LocalDisk, system_env};
pub use error::StoreError;
pub use excerpts::{Excerpt, Excerpts, MinHashOf, TextHashOf, TextOf, UrlOf};
pub use json_rows::{JsonRow, JsonRows};
pub use lock::RunLock;
pub use lookup::{PageMark, PageMarks, PageRows};
pub use parts::{Address, LocalPartStore, MemoryPartStore, PartStore, Stored, Upload};
pub use quarantine::Quarantined;
pub use reader::RowReader;
pub use rows::{Cells, Columns, Row, WrongCell};
pub use schema::{
    DESCRIPTION_KEY, DatasetSchema, SCORE_PRECISION, SCORE_SCALE, SCORE_TYPE, SIGNAL_PREFIX,
    schema, scores_schema,
};
pub use schema_doc::{ColumnDoc, describe, schema_markdown};
pub use store::{Commit, Store};
pub use transcode::body_hash;
pub use upkeep::Recovered;
pub use verify::{Damage, DamageKind, VerifyReport};
pub use writer::{BatchPartWriter, PartWriter, StagedPart};
