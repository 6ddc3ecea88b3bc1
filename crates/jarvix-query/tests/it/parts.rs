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
    WHERE d.ordinal <> d.first";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_thread_and_two_write_the_same_bytes() {
    let fixture = Fixture::with_documents(7, 700);
    let mut hashes = Vec::new();
    for threads in [1, 2, 3] {
        let query = fixture.query(threads, MEMORY);
        let session = query.session_by_part(&fixture.run).expect("a session");
        let by_part = session.by_part(DUPLICATES, schema(Dataset::Duplicates), "ordinal");
        let (name, generation) = (PartName(1), Generation(threads as u32));
        let by_part = by_part.expect("a plan");
        let staged = by_part.write(&fixture.store, &fixture.run, name, generation).await;
        let staged = staged.expect("a part");
        assert_eq!(staged.part().rows, 700 - 300);
        hashes.push(staged.part().hash.clone());
    }
    assert!(hashes.iter().all(|hash| *hash == hashes[0]), "{hashes:?}");
}

#[tokio::test]
async fn a_part_of_other_columns_or_without_an_order_is_refused() {
    let fixture = Fixture::with_documents(1, 3);
    let query = fixture.query(1, MEMORY);
    let plan = |sql: &str| {
        let session = query.session_by_part(&fixture.run).expect("a session");
        session.by_part(sql, schema(Dataset::Documents), "ordinal")
    };
    let refused = |sql: &str| plan(sql).err().expect("columns");
    let error = refused("SELECT url FROM documents");
    assert_eq!(error.kind(), QueryErrorKind::UnknownColumn, "{error}");
    let error = refused("SELECT *, 1 AS x FROM documents");
    assert_eq!(error.message(), "`documents` has no column `x`");
    // What is no whole number puts nothing in order.
    let session = query.session_by_part(&fixture.run).expect("a session");
    let sql = "SELECT * FROM documents";
    let by_title = session.by_part(sql, schema(Dataset::Documents), "title").expect("a plan");
    let (name, generation) = (PartName(1), Generation(2));
    let error = by_title.write(&fixture.store, &fixture.run, name, generation).await.err();
    assert_eq!(error.expect("an error").kind(), QueryErrorKind::Plan);
    let by_ordinal = plan(sql).expect("a plan");
    assert!(by_ordinal.write(&fixture.store, &fixture.run, name, generation).await.is_ok());
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
