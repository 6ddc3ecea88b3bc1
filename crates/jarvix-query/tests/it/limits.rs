//! Memory has a limit, and what dedupe asks for works within it.

use jarvix_query::{QueryErrorKind, Value};

use crate::fixture::Fixture;

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
