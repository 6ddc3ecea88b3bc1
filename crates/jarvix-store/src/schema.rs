//! Every dataset's columns, in one place, each with a description that goes into the Parquet files
//! (field metadata, key `description`), into `docs/SCHEMA.md` and into `--json`.
//!
//! What is not decided here: how rows are compressed (`parts::properties`) and what the values mean
//! to a stage. A column that is not in these tables is never written.

mod documents;

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, TimeUnit};
use jarvix_core::{Dataset, LinkKind, Outcome, Role, limits};

/// The key of a column's description in its field metadata.
pub const DESCRIPTION_KEY: &str = "description";

/// Digits of a score or a contribution.
pub const SCORE_PRECISION: u8 = 9;
/// Digits of a score or a contribution after the point.
pub const SCORE_SCALE: i8 = 3;
/// The type of a score or a contribution.
pub const SCORE_TYPE: DataType = DataType::Decimal128(SCORE_PRECISION, SCORE_SCALE);

/// What the name of a contribution's column begins with.
pub const SIGNAL_PREFIX: &str = "signal_";

/// The columns of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetSchema {
    /// The dataset.
    pub dataset: Dataset,
    /// Its columns, with a description each.
    pub schema: SchemaRef,
}

/// The columns of `dataset`. `scores` comes without contributions: see [`scores_schema`].
pub fn schema(dataset: Dataset) -> DatasetSchema {
    let columns = match dataset {
        Dataset::Pages => pages(),
        Dataset::Hosts => hosts(),
        Dataset::Rejects => rejects(),
        Dataset::Documents => documents::columns(),
        Dataset::Links => links(),
        Dataset::Duplicates => duplicates(),
        Dataset::Scores => return scores_schema(&[]),
    };
    DatasetSchema { dataset, schema: Arc::new(Schema::new(columns)) }
}

/// The columns of `scores` with one column `signal_<name>` per contribution, given as name (without
/// the prefix) and description.
pub fn scores_schema(contributions: &[(&str, &str)]) -> DatasetSchema {
    let mut columns = vec![
        required("url", DataType::Utf8, "Canonical URL of the page; joins all datasets."),
        required("ordinal", DataType::Int64, "Ordinal of the page; unique in the run."),
        required(
            "score",
            SCORE_TYPE,
            "Sum of the contributions, each rounded once, held within 0 to 100.",
        ),
        required(
            "action",
            DataType::Utf8,
            "What the profile says to do, such as BUY, MONITOR or SKIP.",
        ),
        required("reason", DataType::Utf8, "Why, in one line of words."),
        optional(
            "confidence",
            SCORE_TYPE,
            "How sure the action is, 0 to 1: what is known of the page times the distance to the next threshold; 1 where a gate decides.",
        ),
        optional(
            "duplicate_of",
            DataType::Utf8,
            "Canonical URL of the document that this one repeats; empty for originals.",
        ),
    ];
    for (name, about) in contributions {
        columns.push(optional(&format!("{SIGNAL_PREFIX}{name}"), SCORE_TYPE, about));
    }
    columns.push(required("profile", DataType::Utf8, "Name of the profile."));
    columns.push(required("profile_hash", DataType::Utf8, "Hash of the profile's content."));
    DatasetSchema { dataset: Dataset::Scores, schema: Arc::new(Schema::new(columns)) }
}

fn column(name: &str, data_type: DataType, nullable: bool, about: &str) -> Field {
    // One key only: the order of several would differ from process to process, and with it the
    // bytes of the file.
    let metadata = HashMap::from([(DESCRIPTION_KEY.to_owned(), about.to_owned())]);
    Field::new(name, data_type, nullable).with_metadata(metadata)
}

fn required(name: &str, data_type: DataType, about: &str) -> Field {
    column(name, data_type, false, about)
}

fn optional(name: &str, data_type: DataType, about: &str) -> Field {
    column(name, data_type, true, about)
}

/// Time stamps: microseconds, UTC.
pub(crate) fn time_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// The element of a list, named as the Parquet specification names it.
pub(crate) fn element(data_type: DataType) -> FieldRef {
    Arc::new(Field::new("element", data_type, false))
}

/// One header line.
pub(crate) fn header_fields() -> Fields {
    Fields::from(vec![
        Field::new("name", DataType::Utf8, false),
        Field::new("value", DataType::Utf8, false),
    ])
}

/// One answered redirect.
pub(crate) fn hop_fields() -> Fields {
    Fields::from(vec![
        Field::new("url", DataType::Utf8, false),
        Field::new("status", DataType::Int32, false),
        Field::new("headers", headers_type(), false),
    ])
}

/// What said a value.
pub(crate) fn source_fields() -> Fields {
    Fields::from(vec![
        Field::new("column", DataType::Utf8, false),
        Field::new("source", DataType::Utf8, false),
        Field::new("confidence", DataType::Float32, false),
    ])
}

/// A part of a text.
pub(crate) fn section_fields() -> Fields {
    Fields::from(vec![
        Field::new("level", DataType::Int32, false),
        Field::new("heading", DataType::Utf8, false),
        Field::new("start", DataType::Int32, false),
        Field::new("end", DataType::Int32, false),
    ])
}

/// Header lines, repeats kept.
pub(crate) fn headers_type() -> DataType {
    DataType::List(element(DataType::Struct(header_fields())))
}

fn words<T: Copy>(all: &[T], word: fn(T) -> &'static str) -> String {
    all.iter().map(|item| word(*item)).collect::<Vec<_>>().join(", ")
}

fn pages() -> Vec<Field> {
    let outcomes = words(Outcome::ALL, Outcome::as_str);
    let mut columns = vec![
        required("url", DataType::Utf8, "Canonical URL; joins all datasets."),
        required(
            "ordinal",
            DataType::Int64,
            "The number the URL got when it was admitted; unique in the run.",
        ),
        optional(
            "line_no",
            DataType::Int64,
            "Line of the input it stood on or record of the archive, from 1; empty for other URLs.",
        ),
        optional("final_url", DataType::Utf8, "The address that gave the body, after redirects."),
        optional("status", DataType::Int32, "HTTP status code of the last answer."),
        required("outcome", DataType::Utf8, &format!("How it ended: {outcomes}.")),
        optional("reason", DataType::Utf8, "Why, in one line, for every outcome but fetched."),
        required("truncated", DataType::Boolean, "Whether the body was cut at the byte cap."),
        required(
            "rendered",
            DataType::Boolean,
            "Whether the body is what a browser made of the page, not what its server sent.",
        ),
        optional(
            "content_type",
            DataType::Utf8,
            "The Content-Type header, or what sniffing says where there was none; of a rendered \
             page that of the document.",
        ),
        optional(
            "content_encoding",
            DataType::Utf8,
            "The coding of body as it is stored: gzip, br, zstd, deflate; empty is identity.",
        ),
        optional(
            "content_encoding_received",
            DataType::Utf8,
            "The Content-Encoding header as received.",
        ),
        optional(
            "body",
            DataType::Binary,
            "The body after transfer decoding, in the coding that content_encoding names.",
        ),
        optional(
            "body_hash",
            DataType::Utf8,
            "BLAKE3 of the body as received, 32 hex digits (the first half).",
        ),
        required("headers", headers_type(), "All header lines of the last answer, in order."),
        required(
            "redirects",
            DataType::List(element(DataType::Struct(hop_fields()))),
            "Every redirect before the last answer, in order.",
        ),
    ];
    columns.extend(page_facts());
    columns
}

/// The facts of a page that differ from fetch to fetch, and what came with its input line.
fn page_facts() -> Vec<Field> {
    let roles = words(Role::ALL, Role::as_str);
    vec![
        optional("protocol", DataType::Utf8, "http/1.0, http/1.1, h2, file or warc."),
        optional("remote_addr", DataType::Utf8, "The vetted address that was connected to."),
        optional(
            "fetched_at",
            time_type(),
            "When the answer was complete, UTC; empty where nothing was asked.",
        ),
        optional("dns_ms", DataType::Float32, "Milliseconds to resolve the name; empty if reused."),
        optional(
            "connect_ms",
            DataType::Float32,
            "Milliseconds of the TCP handshake; empty if reused.",
        ),
        optional("tls_ms", DataType::Float32, "Milliseconds of the TLS handshake; empty if none."),
        optional(
            "ttfb_ms",
            DataType::Float32,
            "Milliseconds from sending the request to the first byte of the answer.",
        ),
        optional(
            "elapsed_ms",
            DataType::Float32,
            "Milliseconds of the last attempt, redirects included.",
        ),
        required("attempts", DataType::Int32, "Attempts made; 0 where none was allowed."),
        required(
            "bytes_wire",
            DataType::Int64,
            "Bytes received from the network, headers included, all attempts.",
        ),
        optional(
            "input_meta",
            DataType::Utf8,
            "The other columns of the input line, or what a sitemap says beside the address, as a \
             JSON object.",
        ),
        required("role", DataType::Utf8, &format!("What it is read as: {roles}.")),
        required(
            "level",
            DataType::Int32,
            "Links between it and an input: 0 for inputs and for what their sitemaps list; for \
             sitemaps, how many others lead to it.",
        ),
        optional(
            "found_on",
            DataType::Utf8,
            "Canonical URL of the page that led to it; empty for inputs.",
        ),
        optional(
            "seed",
            DataType::Utf8,
            "Where the input that led there ended after redirects; scopes are relative to it. \
             Empty for inputs.",
        ),
    ]
}

fn hosts() -> Vec<Field> {
    vec![
        required("host", DataType::Utf8, "The host as it stands in URLs."),
        required(
            "requests",
            DataType::Int64,
            "Requests that were sent: pages, robots.txt, redirects and retries.",
        ),
        required(
            "concurrency_max",
            DataType::Int32,
            "Most fetches that were under way there at the same time.",
        ),
        optional(
            "gap_min_us",
            DataType::Int64,
            "Shortest time between the starts of two requests, in microseconds; empty under two.",
        ),
        optional(
            "crawl_delay_ms",
            DataType::Int64,
            "The crawl delay of its robots.txt that was kept to, in milliseconds.",
        ),
        required(
            "pauses",
            DataType::Int32,
            "Times that it asked to wait (Retry-After) and was waited for.",
        ),
        required(
            "put_aside",
            DataType::Int32,
            "Times that it was put aside because it kept failing.",
        ),
        required(
            "suspended",
            DataType::Boolean,
            "Whether it was given up for the rest of the session.",
        ),
    ]
}

fn rejects() -> Vec<Field> {
    vec![
        required("source", DataType::Utf8, "The input the line came from, by name."),
        required("line_no", DataType::Int64, "Its line number, from 1."),
        required("text", DataType::Utf8, "The line, escaped and cut."),
        required("reason", DataType::Utf8, "Why it cannot be used."),
    ]
}

fn links() -> Vec<Field> {
    let kinds = words(LinkKind::ALL, LinkKind::as_str);
    vec![
        required("url", DataType::Utf8, "Canonical URL of the page that has the link."),
        required("ordinal", DataType::Int64, "Ordinal of that page."),
        required("kind", DataType::Utf8, &format!("How it leads there: {kinds}.")),
        required("position", DataType::Int32, "Position among the page's links, from 0."),
        required("target", DataType::Utf8, "Canonical URL it leads to."),
        optional(
            "text",
            DataType::Utf8,
            "Its text, at most 200 characters; for an address in a sitemap, when it last changed.",
        ),
        optional("rel", DataType::Utf8, "Its rel words, as they stand."),
        required("internal", DataType::Boolean, "Whether it leads to the same host."),
        required(
            "nofollow",
            DataType::Boolean,
            "Whether the page asks not to follow it (rel=nofollow or meta robots).",
        ),
    ]
}

fn duplicates() -> Vec<Field> {
    let kinds = format!(
        "exact (same normalised text as similar_to) or near (at least {} similar to it).",
        limits::NEAR_SIMILARITY_MIN
    );
    vec![
        required("url", DataType::Utf8, "Canonical URL of the document that repeats another."),
        required("ordinal", DataType::Int64, "Its ordinal."),
        required(
            "cluster",
            DataType::Int64,
            "Name of the cluster: the ordinal of its representative, in the representative's run.",
        ),
        required(
            "duplicate_of",
            DataType::Utf8,
            "Canonical URL of the representative: the lowest ordinal of the cluster, documents of \
             earlier runs first.",
        ),
        optional(
            "duplicate_run",
            DataType::Utf8,
            "The earlier run (--dedupe-against) that the representative belongs to; empty for \
             this run.",
        ),
        required("kind", DataType::Utf8, &kinds),
        required(
            "similar_to",
            DataType::Utf8,
            "Canonical URL of the document that kind, similarity and shared_share are about: the \
             representative, or where only a chain of others leads to that, the first of the chain.",
        ),
        optional(
            "similar_run",
            DataType::Utf8,
            "The earlier run that similar_to belongs to; empty for this run.",
        ),
        required(
            "similarity",
            DataType::Float64,
            "Share of the distinct word 5-grams of both texts that both have (Jaccard), 0 to 1.",
        ),
        required(
            "shared_share",
            DataType::Float64,
            "Share of this document's distinct word 5-grams that similar_to has too, 0 to 1.",
        ),
    ]
}
