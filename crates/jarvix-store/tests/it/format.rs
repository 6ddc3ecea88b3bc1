//! Rows come back as they went in, the same rows make the same bytes, and the files say what their
//! columns mean.

use std::fs;
use std::sync::Arc;

use arrow::array::{Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use jarvix_core::{Dataset, Generation, HostFacts, Outcome, Page, PartName};
use jarvix_store::{DESCRIPTION_KEY, Row, Store, describe, schema, scores_schema};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;

use crate::support::{
    document, duplicate, full_page, host, link, page, reject, run, stage, with_run,
};

const G1: Generation = Generation::FIRST;

/// Writes rows as a part and reads them back, without a commit.
fn round_trip<R: Row>(store: &Store, rows: &[R]) -> Vec<R> {
    let staged = stage(store, PartName(1), G1, rows).expect("stage");
    assert_eq!(staged.part().rows, rows.len() as u64);
    let reader = store.read::<R>(staged.part()).expect("open");
    reader.map(|row| row.expect("a row")).collect()
}

#[test]
fn every_kind_of_row_comes_back() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    let mut bare = page(5);
    bare.body = None;
    bare.fetched_at_us = 0;
    let pages = [full_page(3), bare, full_page(4)];
    assert_eq!(round_trip(&store, &pages), pages);
    let documents = [document(1, "one\ntwo"), document(2, "")];
    assert_eq!(round_trip(&store, &documents), documents);
    assert_eq!(round_trip(&store, &[link(1)]), [link(1)]);
    let unasked = HostFacts { gap_min_us: None, suspended: true, ..host("[::1]", 1) };
    let hosts = [host("a.example", 7), unasked];
    assert_eq!(round_trip(&store, &hosts), hosts);
    assert_eq!(round_trip(&store, &[reject()]), [reject()]);
    assert_eq!(round_trip(&store, &[duplicate()]), [duplicate()]);
    assert!(round_trip::<Page>(&store, &[]).is_empty());
}

#[test]
fn identity_bodies_that_shrink_are_zstd_and_say_so() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    let mut plain = page(1);
    plain.body = Some(b"<p>all work and no play</p>".repeat(1_000));
    let hash = blake3::hash(plain.body.as_deref().expect("a body")).to_hex();
    let back = round_trip(&store, std::slice::from_ref(&plain)).remove(0);
    assert_eq!(back.content_encoding.as_deref(), Some("zstd"));
    assert_eq!(back.content_encoding_received, None);
    assert_eq!(back.body_hash.as_deref(), Some(&hash[..32]), "the hash is of what was received");
    let body = zstd::bulk::decompress(&back.body.expect("a body"), 1 << 20).expect("zstd");
    assert_eq!(Some(body), plain.body);
}

#[test]
fn row_groups_are_bounded_and_large_parts_read_in_order() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    let rows: Vec<Page> = (0..60)
        .map(|ordinal| {
            let mut page = page(ordinal);
            page.content_encoding = Some("br".into());
            page.body = Some(vec![u8::try_from(ordinal).expect("small"); 500_000]);
            page
        })
        .collect();
    let staged = stage(&store, PartName(1), G1, &rows).expect("stage");
    let file = fs::File::open(store.part_path(staged.part())).expect("open");
    let metadata = ParquetRecordBatchReaderBuilder::try_new(file).expect("parquet");
    let groups = metadata.metadata().row_groups();
    assert!(groups.len() >= 3, "{} row groups for 30 MB", groups.len());
    assert!(groups.iter().all(|group| group.total_byte_size() < 10 * 1024 * 1024));
    let ordinals: Vec<u64> = store
        .read::<Page>(staged.part())
        .expect("open")
        .map(|row| row.map(|page| page.ordinal).expect("a row"))
        .collect();
    assert_eq!(ordinals, (0..60).collect::<Vec<u64>>());
}

#[test]
fn bytes_so_far_grow_with_what_is_appended() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    let mut writer = store.writer::<Page>(&run(), PartName(1), G1).expect("writer");
    let mut big = page(1);
    big.content_encoding = Some("gzip".into());
    big.body = Some(vec![1; 9 * 1024 * 1024]);
    for count in 1..=8u64 {
        assert!(!writer.is_full());
        writer.append(&big).expect("append");
        assert!(writer.bytes() >= count * 9 * 1024 * 1024);
        assert_eq!(writer.rows(), count);
    }
    assert!(writer.is_full(), "72 MiB are more than a part may hold");
}

#[test]
fn the_same_rows_make_the_same_bytes() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    let texts: Vec<String> =
        (0..3_000).map(|n: u64| format!("text {} ", n * n % 977).repeat(20)).collect();
    let documents: Vec<_> =
        texts.iter().zip(0..).map(|(text, ordinal)| document(ordinal, text)).collect();
    let one = stage(&store, PartName(1), G1, &documents).expect("stage");
    let two = stage(&store, PartName(2), G1, &documents).expect("stage");
    assert_eq!(one.part().hash, two.part().hash);
    let pages: Vec<_> = (0..500).map(full_page).collect();
    let one = stage(&store, PartName(1), G1, &pages).expect("stage");
    let two = stage(&store, PartName(2), G1, &pages).expect("stage");
    assert_eq!(one.part().hash, two.part().hash);
}

/// Scores as a query would hand them over: other integer and decimal types, nothing about
/// emptiness, a column that may be empty left out.
fn scores(rows: std::ops::Range<i64>) -> RecordBatch {
    let count = usize::try_from(rows.end - rows.start).expect("a count");
    let text = |value: &'static str| Arc::new(StringArray::from(vec![value; count]));
    let points = Decimal128Array::from_iter_values(rows.clone().map(|n| i128::from(n % 100) * 10));
    let points = Arc::new(points.with_precision_and_scale(20, 1).expect("decimal"));
    let urls: Vec<String> = rows.clone().map(|n| format!("https://a.example/{n}")).collect();
    RecordBatch::try_from_iter([
        ("signal_length", points.clone() as _),
        ("url", Arc::new(StringArray::from(urls)) as _),
        ("ordinal", Arc::new(Int64Array::from_iter_values(rows)) as _),
        ("score", points as _),
        ("action", text("BUY") as _),
        ("reason", text("long") as _),
        ("profile", text("default") as _),
        ("profile_hash", text("abc") as _),
    ])
    .expect("batch")
}

fn score_schema() -> jarvix_store::DatasetSchema {
    scores_schema(&[("length", "Points for the length of the text.")])
}

#[test]
fn batches_make_the_same_bytes_however_they_are_cut() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    let mut hashes = Vec::new();
    for (name, step) in [(1, 5_000), (2, 1), (3, 1_024), (4, 777)] {
        let mut writer =
            store.batch_writer(&run(), score_schema(), PartName(name), G1).expect("writer");
        for start in (0..5_000).step_by(step) {
            let end = (start + step).min(5_000);
            let batch = scores(i64::try_from(start).expect("n")..i64::try_from(end).expect("n"));
            writer.append(&batch).expect("append");
        }
        assert_eq!(writer.rows(), 5_000);
        hashes.push(writer.finish().expect("finish").part().hash.clone());
    }
    hashes.dedup();
    assert_eq!(hashes.len(), 1);
}

#[test]
fn batches_that_do_not_fit_are_refused_with_the_column() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    let without = |name: &str| {
        let batch = scores(0..2);
        let keep: Vec<usize> =
            (0..batch.num_columns()).filter(|i| batch.schema().field(*i).name() != name).collect();
        batch.project(&keep).expect("project")
    };
    let with = |name: &str, column: arrow::array::ArrayRef| {
        let batch = without(name);
        let mut fields = batch.schema().fields().to_vec();
        fields.push(Arc::new(Field::new(name, column.data_type().clone(), true)));
        let mut columns = batch.columns().to_vec();
        columns.push(column);
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).expect("batch")
    };
    let huge = Arc::new(Float64Array::from(vec![1e12, 0.0]));
    let empty = Arc::new(StringArray::from(vec![Some("BUY"), None]));
    for (what, batch) in [
        ("action", without("action")),
        ("surprise", with("surprise", Arc::new(Int64Array::from(vec![1, 2])))),
        ("score", with("score", huge)),
        ("action", with("action", empty)),
    ] {
        let mut writer =
            store.batch_writer(&run(), score_schema(), PartName(1), G1).expect("writer");
        let error = writer.append(&batch).expect_err(what).to_string();
        assert!(error.contains(what), "{what}: {error}");
    }
}

#[test]
fn files_carry_the_descriptions_and_standard_types() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    let staged = stage(&store, PartName(1), G1, &[full_page(1)]).expect("stage");
    let file = fs::File::open(store.part_path(staged.part())).expect("open");
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).expect("parquet");
    let found = builder.schema();
    assert_eq!(found, &schema(Dataset::Pages).schema, "descriptions and types come back");
    let about = found.field_with_name("outcome").expect("outcome").metadata();
    assert!(about[DESCRIPTION_KEY].contains(Outcome::HostSuspended.as_str()));
    let utc = DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, Some("UTC".into()));
    assert_eq!(found.field_with_name("fetched_at").expect("fetched_at").data_type(), &utc);
    let metadata = builder.metadata();
    let paths: Vec<String> =
        metadata.row_group(0).columns().iter().map(|c| c.column_path().string()).collect();
    assert!(paths.contains(&"redirects.list.element.headers.list.element.value".to_owned()));
    for column in metadata.row_group(0).columns() {
        let is_body = column.column_path().string() == "body";
        let plain = column.compression() == parquet::basic::Compression::UNCOMPRESSED;
        assert_eq!(is_body, plain, "{}", column.column_path());
        assert!(
            !is_body
                || (column.statistics().is_none() && column.dictionary_page_offset().is_none())
        );
    }
}

#[test]
fn every_dataset_is_described() {
    for dataset in Dataset::ALL {
        let columns = describe().into_iter().filter(|column| column.dataset == dataset).count();
        let contributions = usize::from(dataset == Dataset::Scores);
        assert_eq!(columns, schema(dataset).schema.fields().len() + contributions);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn any_pages_come_back(
        rows in proptest::collection::vec(
            (any::<u32>(), ".{0,40}", proptest::option::of(proptest::collection::vec(any::<u8>(), 0..400)),
             proptest::option::of(".{0,10}"), any::<bool>(), any::<u16>()),
            0..40,
        ),
    ) {
        let dir = tempfile::tempdir().expect("temporary folder");
        let store = with_run(dir.path());
        let pages: Vec<Page> = rows.into_iter().map(|(ordinal, text, body, meta, cut, status)| {
            let mut page = full_page(u64::from(ordinal));
            page.reason = Some(text);
            page.body = body;
            page.input_meta = meta;
            page.truncated = cut;
            page.status = Some(status);
            page
        }).collect();
        prop_assert_eq!(round_trip(&store, &pages), pages);
    }
}
