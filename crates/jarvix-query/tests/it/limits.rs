//! Memory has a limit, and what dedupe asks for works within it.

use jarvix_core::PartName;
use jarvix_query::{OrderBy, QueryErrorKind, Selection, Value};

use crate::fixture::{Fixture, document};

const SMALL: usize = 32 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn windows_over_more_rows_than_fit_in_memory_spill_and_end() {
    let fixture = Fixture::with_documents(2, 100);
    let query = fixture.query(2, SMALL);
    let session = query.session_for_run(&fixture.run).expect("a session");
    // 200 documents, 2,000 times each with a text of their own: about 60 MB to sort.
    let sql = "
        WITH many AS (
            SELECT d.ordinal * 2000 + n.value AS ordinal, d.text_hash,
                   concat(d.text_hash, d.text_hash, d.text_hash, CAST(n.value AS VARCHAR)) AS text
            FROM documents d, generate_series(0, 1999) n),
        ranked AS (
            SELECT ordinal, text,
                   row_number() OVER (PARTITION BY text_hash ORDER BY ordinal) AS place,
                   first_value(ordinal) OVER (PARTITION BY text_hash ORDER BY ordinal) AS first
            FROM many)
        SELECT count(*) AS rows, sum(CASE WHEN place = 1 THEN 1 ELSE 0 END) AS clusters,
               sum(CASE WHEN ordinal = first THEN 1 ELSE 0 END) AS firsts, max(text) AS text
        FROM ranked";
    let table = session.rows(sql).await.expect("within the limit");
    let expected = [Value::Int(400_000), Value::Int(200), Value::Int(200)];
    assert_eq!(table.rows[0][..3], expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_spill_is_an_error_and_not_a_dead_process() {
    let fixture = Fixture::with_documents(1, 100);
    let query = fixture.query(2, SMALL);
    let session = query.session_for_run(&fixture.run).expect("a session");
    let sql = "
        WITH many AS (SELECT concat(d.text_hash, d.text_hash, CAST(n.value AS VARCHAR)) AS text
                      FROM documents d, generate_series(0, 9999) n)
        SELECT count(*) FROM many a JOIN many b ON a.text = b.text";
    let error = session.rows(sql).await.expect_err("a join of a million texts");
    assert_eq!(error.kind(), QueryErrorKind::Memory, "{error}");
}

#[tokio::test]
async fn a_result_of_any_length_can_be_streamed_but_not_collected() {
    let fixture = Fixture::with_documents(1, 10);
    let query = fixture.query(1, 2 * SMALL);
    let session = query.session_for_run(&fixture.run).expect("a session");
    let sql = "SELECT n.value FROM documents, generate_series(1, 20000) n";
    let error = session.rows(sql).await.expect_err("200,000 rows");
    assert_eq!(error.kind(), QueryErrorKind::Refused);
    let mut stream = session.stream(sql).await.expect("a stream");
    assert_eq!(stream.columns(), ["value"]);
    let mut count = 0;
    while let Some(rows) = stream.next_rows().await.expect("rows") {
        assert!(!rows.is_empty());
        count += rows.len();
    }
    assert_eq!(count, 200_000);
}

/// Too little for one side of the join, and enough for two sorts and the merge of what they spill,
/// whichever of them asks first.
const ROOM: usize = 48 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_join_of_a_whole_run_by_sorting_stays_within_the_limit() {
    let fixture = Fixture::with_documents(1, 100);
    let query = fixture.query(2, ROOM);
    // 200,000 rows with a text of 256 bytes: neither side fits.
    let sql = "
        WITH many AS (
            SELECT d.ordinal * 2000 + n.value AS at, repeat(d.text_hash, 8) AS text
            FROM documents d, generate_series(0, 1999) n)
        SELECT a.at AS ordinal, concat(a.text, b.text) AS both FROM many a JOIN many b ON a.at = b.at";
    let held = query.session_for_run(&fixture.run).expect("a session");
    let all = format!("SELECT max(both) FROM ({sql})");
    let error = held.rows(&all).await.expect_err("a join of long texts");
    assert_eq!(error.kind(), QueryErrorKind::Memory, "{error}");

    let sorted = query.session_by_sorting(&fixture.run).expect("a session");
    sorted.define_view("joined", sql).expect("a view");
    let columns = ["ordinal".to_owned(), "both".to_owned()];
    let order = &[OrderBy { column: "ordinal", descending: true }];
    let all = Selection { relation: "joined", columns: &columns, condition: None, order };
    let mut stream = sorted.select(&all).await.expect("a stream");
    let mut next = 200_000;
    while let Some(rows) = stream.next_rows().await.expect("within the limit") {
        for row in rows {
            next -= 1;
            assert_eq!(row[0], Value::Int(next));
        }
    }
    assert_eq!(next, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_texts_come_part_by_part_within_the_limit() {
    let fixture = Fixture::new();
    let text = |ordinal: u64| format!("{ordinal:08} ").repeat(10_000 + 200 * ordinal as usize);
    for part in 0..6 {
        let long = (part * 50..part * 50 + 50).rev().map(|ordinal| {
            let mut document = document(ordinal);
            document.text = text(ordinal);
            document
        });
        fixture.commit_documents(PartName(part as u32 + 1), long);
    }
    let query = fixture.query(5, SMALL);
    let session = query.session_by_sorting(&fixture.run).expect("a session");
    let columns = ["ordinal".to_owned(), "text".to_owned()];
    let order = &[OrderBy { column: "ordinal", descending: false }];
    let (relation, condition) = ("documents", Some("ordinal <> 7"));
    let all = Selection { relation, columns: &columns, condition, order };
    let mut stream = session.select(&all).await.expect("a stream");
    let mut expected =
        (0..6).flat_map(|part| (part * 50..part * 50 + 50).rev()).filter(|ordinal| *ordinal != 7);
    while let Some(rows) = stream.next_rows().await.expect("rows") {
        for row in rows {
            let ordinal = expected.next().expect("no further row");
            assert_eq!(row[0], Value::Int(ordinal as i64));
            assert_eq!(row[1].as_text(), Some(text(ordinal).as_str()));
        }
    }
    assert_eq!(expected.next(), None);
}
