//! What a session sees, and what it refuses.

use std::sync::Arc;

use datafusion::arrow::array::{Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use jarvix_core::{Dataset, Generation, Ordinals, PartName, Stage};
use jarvix_query::{QueryErrorKind, Session, Value};
use jarvix_store::DatasetSchema;

use crate::fixture::Fixture;

const MEMORY: usize = 64 * 1024 * 1024;

#[tokio::test]
async fn only_what_the_catalogue_lists_is_there() {
    let fixture = Fixture::with_documents(3, 10);
    let stray = fixture.folder_of(Dataset::Documents).join("part-00000099.parquet");
    let part = fixture.folder_of(Dataset::Documents).join("part-00000001.parquet");
    std::fs::copy(part, stray).expect("a copy");

    let query = fixture.query(2, MEMORY);
    let count = "SELECT count(*) FROM documents";
    let all = query.session_for_run(&fixture.run).expect("a session");
    assert_eq!(all.rows(count).await.expect("rows").single(), Some(&Value::Int(30)));
}

#[tokio::test]
async fn datasets_without_parts_are_empty_tables() {
    let fixture = Fixture::new();
    let query = fixture.query(1, MEMORY);
    let session = query.session_for_run(&fixture.run).expect("a session");
    for dataset in Dataset::ALL {
        let table = session.rows(&format!("SELECT * FROM {dataset}")).await.expect("rows");
        assert!(table.rows.is_empty() && !table.columns.is_empty(), "{dataset}");
    }
}

#[tokio::test]
async fn values_come_as_they_are() {
    let fixture = Fixture::with_documents(1, 3);
    let query = fixture.query(1, MEMORY);
    let session = query.session_for_run(&fixture.run).expect("a session");
    let sql = "SELECT d.ordinal, d.title, p.fetched_at, p.truncated, p.body, d.defects, p.headers,
               d.link_density, CAST(0.5 AS DOUBLE) AS half, CAST('1.250' AS DECIMAL(9,3)) AS price,
               host(d.url) AS host, registrable_domain(d.url) AS domain
               FROM documents d JOIN pages p ON p.ordinal = d.ordinal
               WHERE d.ordinal = 2";
    let table = session.rows(sql).await.expect("rows");
    let row: Vec<String> = table.rows[0].iter().map(ToString::to_string).collect();
    let expected = [
        "2",
        "Title 2",
        "2023-11-14T22:13:20.000002Z",
        "false",
        "3c703e626f647920323c2f703e",
        "[]",
        "[]",
        "",
        "0.5",
        "1.250",
        "h2.example.org",
        "example.org",
    ];
    assert_eq!(row, expected);
    assert_eq!(table.value(0, "price").and_then(Value::as_thousandths), Some(1250));
}

#[tokio::test]
async fn columns_that_nobody_asks_for_are_not_read() {
    let fixture = Fixture::with_documents(1, 3);
    let query = fixture.query(1, MEMORY);
    let session = query.session_for_run(&fixture.run).expect("a session");
    let plan = session.explain("SELECT url FROM pages WHERE status = 200 ORDER BY url").await;
    let plan = plan.expect("a plan");
    assert!(
        plan.contains("projection=[url]") || plan.contains("projection=[url, status]"),
        "{plan}"
    );
    assert!(!plan.contains("body"), "{plan}");
}

#[tokio::test]
async fn columns_that_an_older_part_lacks_are_null() {
    let fixture = Fixture::with_documents(1, 2);
    let name = PartName(2);
    let columns = Arc::new(Schema::new(vec![
        Field::new("url", DataType::Utf8, false),
        Field::new("ordinal", DataType::Int64, false),
    ]));
    let schema = DatasetSchema { dataset: Dataset::Duplicates, schema: Arc::clone(&columns) };
    let mut writer = fixture
        .store
        .batch_writer(&fixture.run, schema, name, Generation::FIRST)
        .expect("a writer");
    let urls = StringArray::from(vec!["https://old.example/"]);
    let ordinals = Int64Array::from(vec![7]);
    let batch = RecordBatch::try_new(columns, vec![Arc::new(urls), Arc::new(ordinals)]);
    writer.append(&batch.expect("a batch")).expect("rows");
    let staged = writer.finish().expect("a part");
    fixture.commit(Stage::Dedupe, None, vec![staged], Ordinals::new());

    let query = fixture.query(2, MEMORY);
    let session = query.session_for_run(&fixture.run).expect("a session");
    let table = session.rows("SELECT url, kind, similarity FROM duplicates").await.expect("rows");
    let expected = vec![Value::Text("https://old.example/".to_owned()), Value::Null, Value::Null];
    assert_eq!(table.rows, [expected]);
}

#[tokio::test]
async fn a_session_reads_and_changes_nothing() {
    let fixture = Fixture::with_documents(1, 2);
    let outside = fixture.folder_of(Dataset::Pages).join("stolen.csv");
    let outside = outside.display();
    let query = fixture.query(1, MEMORY);
    let session = query.session_for_run(&fixture.run).expect("a session");
    let refused = [
        "DROP TABLE pages".to_owned(),
        "CREATE TABLE x AS SELECT 1".to_owned(),
        "CREATE EXTERNAL TABLE x STORED AS PARQUET LOCATION '/etc'".to_owned(),
        format!("COPY pages TO '{outside}'"),
        "INSERT INTO rejects VALUES ('a', 1, 'b', 'c')".to_owned(),
        "SET datafusion.execution.target_partitions = 64".to_owned(),
        "EXPLAIN ANALYZE DROP TABLE pages".to_owned(),
    ];
    for sql in refused {
        let error = session.rows(&sql).await.expect_err("refused");
        assert_eq!(error.kind(), QueryErrorKind::Refused, "{sql}: {error}");
    }
    for sql in ["SELECT * FROM '/etc/passwd'", "SELECT 1; SELECT 2"] {
        assert!(session.rows(sql).await.is_err(), "{sql}");
    }
    assert!(session.rows("SELECT count(*) FROM pages").await.is_ok());
}

#[tokio::test]
async fn errors_say_what_was_probably_meant() {
    let session = Session::blank().expect("a session");
    let cases = [
        ("SELEC 1", "run a query: Expected: an SQL statement, found: SELEC (line 1, column 1)"),
        (
            "SELECT titel FROM documents",
            "run a query: there is no column `titel` (line 1, column 8); did you mean `title`?",
        ),
        (
            "SELECT * FROM document",
            "run a query: there is no table `document` (line 1, column 15); did you mean `documents`?",
        ),
        (
            "SELECT * FROM customers",
            "run a query: there is no table `customers` (line 1, column 15); the tables are: documents, duplicates, hosts, \
             links, pages, rejects, scores",
        ),
        (
            "SELECT hots(url) FROM pages",
            "run a query: there is no function `hots` (line 1, column 8); did you mean `host`?",
        ),
    ];
    for (sql, expected) in cases {
        let error = session.rows(sql).await.expect_err("wrong");
        assert_eq!(error.to_string(), expected);
    }
}

#[tokio::test]
async fn a_part_that_changed_behind_the_catalogue_is_an_error() {
    let fixture = Fixture::with_documents(1, 3);
    let path = fixture.folder_of(Dataset::Documents).join("part-00000001.parquet");
    let query = fixture.query(1, MEMORY);
    let session = query.session_for_run(&fixture.run).expect("a session");
    std::fs::write(&path, b"short").expect("written");
    let error = session.rows("SELECT url FROM documents").await.expect_err("damaged");
    assert!(error.to_string().contains("was committed with"), "{error}");
    std::fs::remove_file(&path).expect("removed");
    let error = session.rows("SELECT url FROM documents").await.expect_err("gone");
    assert!(error.to_string().contains("ask again"), "{error}");
}
