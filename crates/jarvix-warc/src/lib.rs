//! Web archives: WARC 1.0 and 1.1 (ISO 28500), plain, gzip and zstd, read and written as streams.
//!
//! [`Archive`] gives the records of a file one by one, each with its [`Place`], so that a record can
//! be read again later without those before it; [`take_response`] takes the HTTP answer out of one.
//! [`ArchiveWriter`] writes records whose digests hold.
//!
//! Real archives are sloppy and some are hostile. What is wrong with one is a [`Defect`], never a
//! panic: the reader goes on at the next record that it can find, and every length, header and count
//! has a limit. What this crate refuses to do: touch a network or a file by itself, believe a length
//! before the bytes are there, or take a name in an archive for a path.

mod archive;
mod block;
mod chunked;
mod digest;
mod fields;
pub mod fuzz;
mod http;
mod limits;
mod raw;
mod record;
mod response;
mod time;
mod unpack;
mod writer;

pub use archive::{Archive, Defect, Item};
pub use block::Block;
pub use chunked::{Chunked, Chunks};
pub use digest::{Algorithm, Digest, Hasher};
pub use fields::{Field, Fields};
pub use http::{HttpHead, HttpHeadError, read_http_head};
pub use limits::Limits;
pub use record::{Kind, ORIGINAL_PREFIX, REQUESTED_URI, RecordHead};
pub use response::{Damage, Response, take_response};
pub use time::{format_date, parse_date};
pub use unpack::{Place, unpack_piece};
pub use writer::{ArchiveWriter, Outgoing, record_id};
