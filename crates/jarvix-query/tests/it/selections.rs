//! Selections: the rows that were asked for, in their order, and nothing that a condition brings in.

use std::sync::atomic::{AtomicU64, Ordering};

use jarvix_query::{ColumnKind, OrderBy, QueryErrorKind, Selection, Session, Value};

use crate::fixture::Fixture;

const MEMORY: usize = 64 * 1024 * 1024;
const BY_ORDINAL: &[OrderBy] = &[OrderBy { column: "ordinal", descending: false }];

fn selection<'a>(columns: &'a [String], condition: Option<&'a str>) -> Selection<'a> {
    Selection { relation: "documents", columns, condition, order: BY_ORDINAL }
}

fn names(columns: &[&str]) -> Vec<String> {
    columns.iter().map(|name| (*name).to_owned()).collect()
}

async fn rows(session: &Session, selection: &Selection<'_>) -> Vec<Vec<String>> {
    let mut stream = session.select(selection).await.expect("a stream");
    assert_eq!(stream.columns(), selection.columns);
    let mut all = Vec::new();
    while let Some(rows) = stream.next_rows().await.expect("rows") {
        all.extend(rows.iter().map(|row| row.iter().map(Value::to_string).collect()));
    }
    all
}

#[tokio::test]
async fn columns_condition_and_order_are_what_was_asked_for() {
    let fixture = Fixture::with_documents(2, 10);
    let session = fixture.query(2, MEMORY).session_by_sorting(&fixture.run).expect("a session");
    let columns = names(&["title", "word_count"]);
    let some = selection(&columns, Some("word_count BETWEEN 8 AND 11 AND url LIKE 'https:%'"));
    assert_eq!(
        rows(&session, &some).await,
        [["Title 8", "8"], ["", "9"], ["Title 10", "10"], ["", "11"]]
    );
    // The order may go by a column that is not selected; a comment ends nothing.
    let columns = names(&["ordinal"]);
    let falling = [OrderBy { column: "word_count", descending: true }];
    let some = Selection { order: &falling, ..selection(&columns, Some("ordinal < 3 -- all")) };
    assert_eq!(rows(&session, &some).await, [["2"], ["1"], ["0"]]);
    assert!(rows(&session, &selection(&columns, Some("false"))).await.is_empty());
}

#[tokio::test]
async fn a_condition_is_one_expression_and_brings_nothing_else_in() {
    let fixture = Fixture::with_documents(1, 3);
    let session = fixture.query(2, MEMORY).session_by_sorting(&fixture.run).expect("a session");
    use QueryErrorKind::{Plan, Refused, Syntax, UnknownColumn};
    let cases = [
        ("1=1; DROP TABLE documents", Syntax),
        ("1=1;", Syntax),
        ("1=1) UNION SELECT url FROM pages --", Syntax),
        ("1=1 UNION SELECT url FROM pages", Syntax),
        ("1=1) OR (1=1", Syntax),
        ("1=1 ORDER BY url", Syntax),
        ("1=1, 2=2", Syntax),
        ("/* never closed", Syntax),
        ("'never closed", Syntax),
        ("", Syntax),
        ("-- nothing", Syntax),
        ("word_count >", Syntax),
        ("EXISTS (SELECT 1 FROM pages)", Refused),
        ("ordinal IN (SELECT ordinal FROM pages)", Refused),
        ("(SELECT true)", Refused),
        ("count(*) > 1", Refused),
        ("row_number() OVER () = 1", Refused),
        ("random() < 0.5", Refused),
        ("url = $1", Refused),
        ("CAST(title AS INT) > 1", Refused),
        ("word_cuont > 1", UnknownColumn),
        ("pages.url = url", UnknownColumn),
        ("word_count + 1", Plan),
        ("title", Plan),
        ("NULL", Plan),
    ];
    for (condition, kind) in cases {
        let error = session.check_condition("documents", condition).expect_err(condition);
        assert_eq!(error.kind(), kind, "{condition}: {error}");
        let columns = names(&["url"]);
        let refused = session.select(&selection(&columns, Some(condition))).await;
        assert!(refused.is_err(), "{condition}");
    }
    let error = session.check_condition("documents", "true AND\n  word_cuont > 1");
    let error = error.expect_err("a slip");
    assert_eq!(error.place().map(|place| (place.line, place.column)), Some((2, 3)));
    assert_eq!(error.help(), Some("did you mean `word_count`?"));
}

#[tokio::test]
async fn columns_say_what_they_hold() {
    let fixture = Fixture::new();
    let session = fixture.query(1, MEMORY).session_by_sorting(&fixture.run).expect("a session");
    let columns = session.columns_of("pages").expect("the columns");
    let kind = |name: &str| columns.iter().find(|c| c.name == name).map(|c| c.kind);
    assert_eq!(kind("url"), Some(ColumnKind::Text));
    assert_eq!(kind("ordinal"), Some(ColumnKind::Number));
    assert_eq!(kind("truncated"), Some(ColumnKind::Bool));
    assert_eq!(kind("fetched_at"), Some(ColumnKind::Time));
    assert_eq!(kind("body"), Some(ColumnKind::Bytes));
    assert_eq!(kind("headers"), Some(ColumnKind::Nested));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bytes_of_a_file_do_not_depend_on_threads() {
    let fixture = Fixture::with_documents(7, 997);
    let (short, long) = (names(&["ordinal", "url", "title"]), names(&["ordinal", "url", "text"]));
    for columns in [&short, &long] {
        let some = selection(columns, Some("word_count % 3.0 <> 1.0"));
        let mut files = Vec::new();
        for threads in [1, 2, 5] {
            let query = fixture.query(threads, MEMORY);
            let session = query.session_by_sorting(&fixture.run).expect("a session");
            let (mut out, written) = (Vec::new(), AtomicU64::new(0));
            let count = session.select_parquet(&some, &mut out, &written).await.expect("a file");
            assert_eq!(count, 4_653);
            assert!((1..=count).contains(&written.load(Ordering::Relaxed)));
            files.push(out);
        }
        assert!(files.windows(2).all(|pair| pair[0] == pair[1]));
    }
}
