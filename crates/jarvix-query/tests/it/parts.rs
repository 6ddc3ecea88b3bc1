//! Parts as the output of a query: the same bytes on every machine.

use jarvix_core::{Dataset, Duplicate, Generation, PartName};
use jarvix_query::QueryErrorKind;
use jarvix_store::schema;

use crate::fixture::Fixture;

const MEMORY: usize = 64 * 1024 * 1024;

const DUPLICATES: &str = "
    SELECT d.url, d.ordinal, r.ordinal AS cluster, r.url AS duplicate_of, 'exact' AS kind,
           r.url AS similar_to, 1.0 AS similarity, 1.0 AS shared_share
    FROM (SELECT url, ordinal, first_value(ordinal) OVER (PARTITION BY text_hash ORDER BY ordinal)
            AS first FROM documents WHERE text_hash IS NOT NULL) d
    JOIN documents r ON r.ordinal = d.first
    WHERE d.ordinal <> d.first
    ORDER BY d.ordinal";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_thread_and_two_write_the_same_bytes() {
    let fixture = Fixture::with_documents(7, 700);
    let mut hashes = Vec::new();
    for threads in [1, 2, 3] {
        let query = fixture.query(threads, MEMORY);
        let session = query.session_for_run(&fixture.run).expect("a session");
        let staged = session
            .write_parts(
                DUPLICATES,
                schema(Dataset::Duplicates),
                &fixture.store,
                &fixture.run,
                PartName(1),
                Generation(threads as u32),
                u64::MAX,
            )
            .await
            .expect("a part");
        let [staged] = staged.as_slice() else { panic!("{} parts", staged.len()) };
        assert_eq!(staged.part().rows, 4_900 - 300);
        hashes.push(staged.part().hash.clone());
    }
    assert!(hashes.iter().all(|hash| *hash == hashes[0]), "{hashes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_result_is_cut_into_parts_of_equal_length() {
    let fixture = Fixture::with_documents(3, 900);
    let query = fixture.query(2, MEMORY);
    let session = query.session_for_run(&fixture.run).expect("a session");
    let cut = async |sql: &str, first: u32, rows_max: u64| {
        let schema = schema(Dataset::Duplicates);
        let first = PartName(first);
        let generation = Generation::FIRST;
        let staged = session
            .write_parts(sql, schema, &fixture.store, &fixture.run, first, generation, rows_max)
            .await
            .expect("parts");
        staged.iter().map(|part| (part.part().name.0, part.part().rows)).collect::<Vec<_>>()
    };
    let parts = cut(DUPLICATES, 1, 1_000).await;
    assert_eq!(parts, [(1, 1_000), (2, 1_000), (3, 400)]);
    assert_eq!(cut(DUPLICATES, 11, 1_200).await, [(11, 1_200), (12, 1_200)]);
    let none = DUPLICATES.replace("WHERE d.ordinal", "WHERE false AND d.ordinal");
    assert_eq!(cut(&none, 21, 1_000).await, [(21, 0)]);
}

#[tokio::test]
async fn a_part_without_a_stated_order_is_refused() {
    let fixture = Fixture::with_documents(1, 3);
    let query = fixture.query(1, MEMORY);
    let session = query.session_for_run(&fixture.run).expect("a session");
    let write = async |sql: &str| {
        let schema = schema(Dataset::Rejects);
        let (name, first) = (PartName(1), Generation::FIRST);
        session.write_parts(sql, schema, &fixture.store, &fixture.run, name, first, 1_000).await
    };
    let error = write("SELECT * FROM rejects").await.expect_err("no order");
    assert_eq!(error.kind(), QueryErrorKind::Refused);
    let error = write("SELECT source FROM rejects ORDER BY line_no").await.expect_err("columns");
    assert_eq!(error.kind(), QueryErrorKind::UnknownColumn, "{error}");
    let error = write("SELECT *, 1 AS x FROM rejects ORDER BY line_no").await.expect_err("columns");
    assert_eq!(error.message(), "`rejects` has no column `x`");
    assert!(write("SELECT * FROM rejects ORDER BY source, line_no").await.is_ok());
}

#[tokio::test]
async fn a_query_by_part_sees_one_part_at_a_time_and_all_duplicates() {
    let fixture = Fixture::with_documents(3, 10);
    let query = fixture.query(2, MEMORY);
    let session = query.session_by_part(&fixture.run).expect("a session");
    let by_part = session.by_part(&numbered("d.ordinal"), schema(Dataset::Duplicates), "ordinal");
    let by_part = by_part.expect("a plan");
    for (name, generation) in [(2, 1), (1, 2), (3, 3), (2, 4)] {
        let (name, generation) = (PartName(name), Generation(generation));
        let part = by_part.write(&fixture.store, &fixture.run, name, generation).await;
        let part = part.expect("a part");
        assert_eq!((part.part().name, part.part().rows), (name, 10));
    }
    // A part that is not there has no rows.
    let none = by_part.write(&fixture.store, &fixture.run, PartName(9), Generation(9)).await;
    assert_eq!(none.expect("a part").part().rows, 0);
}

/// Rows of `duplicates` numbered by `number`, an expression over `documents d`.
fn numbered(number: &str) -> String {
    format!(
        "SELECT d.url, {number} AS ordinal, 1 AS cluster, d.url AS duplicate_of, 'exact' AS kind,
                d.url AS similar_to, 1.0 AS similarity, 1.0 AS shared_share FROM documents d"
    )
}

#[tokio::test]
async fn rows_are_put_in_order_whether_they_are_few_or_many() {
    let fixture = Fixture::with_documents(1, 700);
    let query = fixture.query(1, MEMORY);
    let mut generation = 0;
    let mut write = async |number: &str, many: &str| {
        generation += 1;
        let session = query.session_by_part(&fixture.run).expect("a session");
        let sql = format!("{} {many}", numbered(number));
        let by_part = session.by_part(&sql, schema(Dataset::Duplicates), "ordinal");
        let by_part = by_part.expect("a plan");
        let (name, generation) = (PartName(1), Generation(generation));
        let part = by_part.write(&fixture.store, &fixture.run, name, generation).await;
        let part = part.expect("a part").part().clone();
        let rows = fixture.store.read::<Duplicate>(&part).expect("rows");
        let ordinals: Vec<u64> = rows.map(|row| row.expect("a row").ordinal).collect();
        assert!(ordinals.is_sorted() && ordinals.len() as u64 == part.rows, "{number}");
        part.rows
    };
    let many = "CROSS JOIN generate_series(0, 99) AS g(n)";
    assert_eq!(write("d.ordinal", "").await, 700);
    assert_eq!(write("(d.ordinal * 13) % 701", "").await, 700);
    assert_eq!(write("d.ordinal * 100 + g.n", many).await, 70_000);
    assert_eq!(write("((d.ordinal * 100 + g.n) * 7919) % 70001", many).await, 70_000);
    // In order for longer than is held, and then not.
    let late = "CASE WHEN d.ordinal = 699 THEN g.n ELSE d.ordinal * 100 + g.n + 1000 END";
    assert_eq!(write(late, many).await, 70_000);
}
