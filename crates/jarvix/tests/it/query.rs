//! `jarvix query`: SQL over every run, its formats, its errors, and what it refuses.

use std::io::Write;
use std::process::Stdio;

use serde_json::json;

use crate::support::{Ended, Place};

/// Two finished runs of two and of three pages, with different profiles.
fn two_runs() -> Place {
    let place = Place::new();
    for (name, pages, profile) in [("a", 2, "default"), ("b", 3, "classic")] {
        let folder = format!("pages-{name}");
        std::fs::create_dir_all(place.path().join(&folder)).expect("a folder");
        for at in 0..pages {
            let title =
                if at == 0 { "=1+1 \u{1b}[31mred".to_owned() } else { format!("Page {at}") };
            let words = format!("This is sentence number {at} of a page of {name}. ").repeat(60);
            let html = format!("<title>{title}</title><article><h1>{title}</h1><p>{words}</p>");
            place.file(&format!("{folder}/{at}.html"), html);
        }
        place.run(&["run", &folder, "--run", name, "--profile", profile, "--quiet"]).expect(0);
    }
    place
}

fn ask(place: &Place, args: &[&str]) -> Ended {
    place.run(&[&["query"], args].concat())
}

/// The lines of stdout that the format csv gives.
fn csv(place: &Place, sql: &str) -> Vec<String> {
    let ended = ask(place, &["--format", "csv", sql]).expect(0);
    ended.stdout().lines().map(str::to_owned).collect()
}

#[test]
fn every_run_is_there_and_told_apart() {
    let place = two_runs();
    let count = "SELECT run, count(*) AS n FROM documents GROUP BY run ORDER BY run";
    assert_eq!(csv(&place, count), ["run,n", "a,2", "b,3"]);
    let one = ask(&place, &["--format", "csv", "--run", "b", count]).expect(0);
    assert_eq!(one.stdout(), "run,n\r\nb,3\r\n");
    let both = ask(&place, &["--format", "csv", "--run", "b", "--run", "a", count]).expect(0);
    assert_eq!(both.stdout(), "run,n\r\na,2\r\nb,3\r\n");
    // Signals of both profiles are columns, empty where a run has another.
    let both = "SELECT run, count(signal_substance) AS s, count(signal_keywords) AS k
                FROM scores GROUP BY run ORDER BY run";
    assert_eq!(csv(&place, both), ["run,s,k", "a,2,0", "b,0,3"]);
    let joined = "SELECT count(*) AS n FROM documents d JOIN scores s USING (run, ordinal)";
    assert_eq!(csv(&place, joined), ["n", "5"]);
}

#[test]
fn a_named_run_is_the_only_one_that_is_read() {
    let place = two_runs();
    let plan = |sql: &str| ask(&place, &[&format!("EXPLAIN {sql}")]).expect(0).stdout();
    let one = plan("SELECT title FROM documents WHERE run = 'a'");
    assert!(one.contains("a/documents/") && !one.contains("b/documents/"), "{one}");
    let other = plan("SELECT title FROM documents WHERE run IN ('b', 'c') AND word_count > 5");
    assert!(!other.contains("a/documents/") && other.contains("b/documents/"), "{other}");
    let sql = "SELECT count(*) AS n FROM documents WHERE run LIKE 'a%' AND word_count > 5";
    assert_eq!(csv(&place, sql), ["n", "2"]);
    assert_eq!(csv(&place, "SELECT title FROM documents WHERE run = 'none'"), ["title"]);
}

#[test]
fn every_format_has_the_same_rows() {
    let place = two_runs();
    let sql = "SELECT run, title, word_count, score FROM documents JOIN scores USING (run, ordinal)
               ORDER BY run, title";
    let rows = ask(&place, &["--format", "json", sql]).expect(0).json();
    assert_eq!(rows.as_array().map(Vec::len), Some(5));
    assert!(rows[0]["score"].is_number() && rows[0]["word_count"].is_number());
    let lines = ask(&place, &["--format", "jsonl", sql]).expect(0).stdout();
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(json!(lines), rows);
    let enveloped = ask(&place, &["--json", sql]).expect(0).json();
    assert_eq!(
        (&enveloped["schema"], &enveloped["data"]["rows"]),
        (&json!("jarvix.query/1"), &rows)
    );
    let cells = csv(&place, sql);
    assert_eq!(cells.len(), 6);
    assert!(cells.iter().any(|line| line.contains("'=1+1")), "no formula: {cells:?}");

    let out = place.path().join("rows.parquet");
    let out = out.to_str().expect("UTF-8");
    ask(&place, &["--out", out, sql]).expect(0);
    let bytes = std::fs::read(out).expect("a file");
    assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    let there = ask(&place, &["--out", out, sql]).expect(2);
    assert!(there.stderr().contains("--force"), "{}", there.stderr());
    ask(&place, &["--out", out, "--force", sql]).expect(0);
    // A query that fails leaves the file that was there.
    ask(&place, &["--out", out, "--force", "SELECT no FROM documents"]).expect(2);
    assert_eq!(std::fs::read(out).expect("still there"), bytes);
}

#[test]
fn a_table_is_aligned_and_nothing_in_it_acts() {
    let place = two_runs();
    let sql = "SELECT title, word_count FROM documents WHERE run = 'a' ORDER BY word_count, title";
    let table = ask(&place, &[sql]).expect(0);
    insta::assert_snapshot!("query_table", table.stdout());
    assert!(table.stderr().contains("2 rows"), "{}", table.stderr());
}

#[test]
fn mistakes_name_their_place_and_what_was_meant() {
    let place = two_runs();
    let cases = [
        ("no_column", "SELECT url,\n  tilte FROM documents"),
        ("no_table", "SELECT * FROM documentz"),
        ("no_function", "SELECT registrable_domian(url) FROM pages"),
        ("no_part", "SELECT url_part(url, 'hostname') FROM pages"),
        ("no_sql", "SELECT url FORM pages WHERE"),
        ("changes", "DELETE FROM documents"),
        ("makes", "CREATE TABLE x AS SELECT 1"),
        ("copies", "COPY documents TO 'x.parquet'"),
        ("sets", "SET datafusion.execution.batch_size = 1"),
        ("reads_a_file", "SELECT * FROM 'jarvix.toml'"),
        ("nothing", " ; -- nothing"),
    ];
    let mut told = String::new();
    for (name, sql) in cases {
        let ended = ask(&place, &[sql]).expect(2);
        assert_eq!(ended.stdout(), "", "{name}");
        told.push_str(&format!("# {name}: {sql}\n{}\n", ended.stderr()));
    }
    insta::assert_snapshot!("query_mistakes", told);
    let json = ask(&place, &["--json", "SELECT tilte FROM documents"]).expect(2).json();
    assert!(json["error"]["help"].as_str().is_some_and(|help| help.contains("title")), "{json}");
}

#[test]
fn statements_come_from_files_and_from_stdin() {
    let place = two_runs();
    let text = "SELECT 1 AS one;\n-- then\nSELECT ';' AS two;";
    let file = place.file("two.sql", text);
    let from_file = ask(&place, &["--format", "csv", "--file", &file]).expect(0).stdout();
    assert_eq!(from_file, "one\r\n1\r\ntwo\r\n;\r\n");
    let mut command = place.command(&["query", "--format", "csv"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the binary starts");
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stdout), from_file);
    let two = ask(&place, &["--json", "--file", &file]).expect(2).json();
    assert!(two["error"]["message"].as_str().is_some_and(|m| m.contains("more than one")), "{two}");
}

#[test]
fn a_folder_without_runs_has_empty_tables() {
    let place = Place::new();
    let none = csv(&place, "SELECT count(*) AS n FROM documents");
    assert_eq!(none, ["n", "0"]);
    let unknown = ask(&place, &["--run", "nobody", "SELECT 1"]).expect(2);
    assert!(unknown.stderr().contains("jarvix runs list"), "{}", unknown.stderr());
}

#[test]
fn functions_for_the_web_are_there() {
    let place = Place::new();
    let sql = "SELECT registrable_domain('https://a.b.co.uk/x') AS d,
        url_part('https://x.org/de/shoes?q=red', 'segment:2') AS s,
        url_part('https://x.org/de/shoes?q=red', 'param:q') AS q,
        similarity('a b c d e f', 'a b c d e g') AS same,
        similarity(NULL, 'a') AS none";
    assert_eq!(csv(&place, sql), ["d,s,q,same,none", "b.co.uk,shoes,red,0.3333333333333333,"]);
}
