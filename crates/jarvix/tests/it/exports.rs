//! `jarvix export` for spreadsheets and programmes: independent readers find the rows, and mistakes
//! are told. Web archives have their tests in `archives`.

use serde_json::Value;

use crate::support::{Ended, Place, python};

/// Titles that would act somewhere.
const TITLES: &[&str] = &[
    "=cmd|' /C calc'!A0",
    "+1 and &lt;script&gt;alert(1)&lt;/script&gt;",
    "-2 \u{202e}gnp.exe",
    "@SUM(A1) | \"quoted\"",
    "A page like any other",
];

/// A finished run of a page for each title.
fn a_run() -> Place {
    let place = Place::new();
    std::fs::create_dir_all(place.path().join("pages")).expect("a folder");
    for (at, title) in TITLES.iter().enumerate() {
        let words = format!("This is sentence number {at} of a page. ").repeat(40 + 10 * at);
        let html = format!("<title>{title}</title><article><h1>{title}</h1><p>{words}</p>");
        place.file(&format!("pages/{at}.html"), html);
    }
    place.run(&["run", "pages", "--run", "a", "--quiet"]).expect(0);
    place
}

fn export(place: &Place, args: &[&str]) -> Ended {
    place.run(&[&["export", "--run", "a"], args].concat())
}

fn read(place: &Place, name: &str) -> String {
    std::fs::read_to_string(place.path().join(name)).expect("the file")
}

const READ: &str = r#"
import json, sys
import duckdb, openpyxl
place = sys.argv[1].rsplit("/data/", 1)[0]
book = openpyxl.load_workbook(f"{place}/out/a-ranking.xlsx")
sheet = book["ranking"]
rows = list(sheet.iter_rows())
told = {
    "sheets": book.sheetnames,
    "created": str(book.properties.created),
    "frozen": sheet.freeze_panes,
    "filter": sheet.auto_filter.ref,
    "bold": all(cell.font.b for cell in rows[0]),
    "widths": sheet.column_dimensions["B"].width,
    "links": sum(cell.hyperlink is not None for row in rows for cell in row),
    "types": sorted({cell.data_type for row in rows for cell in row}),
    "names": [cell.value for cell in rows[0]],
    "rows": [[cell.value for cell in row] for row in rows[1:]],
}
for name in ["csv", "json", "parquet"]:
    path = f"{place}/out/a-ranking.{name}"
    read = {"csv": f"read_csv('{path}', header=true, strict_mode=true)", "json": f"read_json('{path}')"}.get(name, f"'{path}'")
    told[name] = duckdb.sql(f"select rank, url, title, cast(score as double) from {read} order by rank").fetchall()
    told[name + "_columns"] = duckdb.sql(f"select * from {read}").columns
print(json.dumps(told, default=str))
"#;

#[test]
fn independent_readers_find_the_rows_of_the_ranking() {
    let place = a_run();
    for format in ["xlsx", "csv", "json", "parquet", "jsonl", "markdown"] {
        let args = ["--format", format, "--dataset", "ranking", "--out", "out", "--json"];
        let told = export(&place, &args).expect(0).json();
        assert_eq!((&told["data"]["rows"], &told["data"]["cut_cells"]), (&5.into(), &0.into()));
    }
    let lines = read(&place, "out/a-ranking.jsonl");
    let rows: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(rows.windows(2).all(|pair| pair[0]["score"].as_f64() >= pair[1]["score"].as_f64()));
    let markdown = read(&place, "out/a-ranking.md");
    assert_eq!(markdown.lines().count(), 7);
    assert!(markdown.contains("&lt;script&gt;") && !markdown.contains("<script"), "{markdown}");

    let Some(told) = python(&place, READ, "a") else { return };
    assert_eq!(told["sheets"], serde_json::json!(["ranking"]));
    assert_eq!(told["created"], "2000-01-01 00:00:00");
    assert_eq!((&told["frozen"], &told["bold"]), (&"A2".into(), &true.into()));
    assert!(told["filter"].as_str().is_some_and(|range| range.starts_with("A1:")), "{told}");
    assert_eq!(told["links"], 0);
    assert_eq!(told["types"], serde_json::json!(["n", "s"]), "no formulas");
    assert_eq!(told["widths"].as_f64().map(f64::round), Some(61.0), "{told}");
    let names: Vec<&str> =
        told["names"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let at = |name: &str| names.iter().position(|known| *known == name).expect(name);
    for (number, row) in rows.iter().enumerate() {
        let cells = &told["rows"][number];
        assert_eq!(cells[at("rank")], row["rank"]);
        assert_eq!(cells[at("url")], row["url"]);
        assert_eq!(cells[at("score")].as_f64(), row["score"].as_f64());
        let title = row["title"].as_str().expect("a title");
        assert_eq!(cells[at("title")], title.replace('\u{202e}', ""));
        let acts = title.starts_with(['=', '+', '-', '@']);
        for form in ["csv", "json", "parquet"] {
            let read = &told[form][number];
            assert_eq!((&read[0], &read[1]), (&row["rank"], &row["url"]), "{form}");
            assert_eq!(read[3].as_f64(), row["score"].as_f64(), "{form}");
            let mark = if form == "csv" && acts { "'" } else { "" };
            let title =
                if form == "csv" { title.replace('\u{202e}', "") } else { title.to_owned() };
            assert_eq!(read[2], format!("{mark}{title}"), "{form}");
            assert_eq!(told[format!("{form}_columns")], told["names"], "{form}");
        }
    }
}

#[test]
fn columns_and_a_condition_choose_what_is_written() {
    let place = a_run();
    let some = ["--columns", "title,rank", "--columns", "word_count"];
    let condition = ["--where", "rank <= 2 AND word_count > 100.5"];
    let to = ["--format", "csv", "--out", "best.csv"];
    export(&place, &[&some[..], &condition, &to].concat()).expect(0);
    let csv = read(&place, "best.csv");
    assert_eq!(csv.lines().next(), Some("title,rank,word_count"));
    assert_eq!(csv.lines().count(), 3);
    let there = export(&place, &[&some[..], &to].concat()).expect(2);
    assert!(there.stderr().contains("--force"), "{}", there.stderr());
    export(&place, &[&to[..], &["--force", "--where", "false"]].concat()).expect(0);
    assert_eq!(read(&place, "best.csv").lines().count(), 1);
    // Long cells of a table are cut, and it is said.
    let markdown = ["--format", "markdown", "--dataset", "documents", "--columns", "ordinal,text"];
    let told = export(&place, &[&markdown[..], &["--out", "texts.md"]].concat()).expect(0);
    assert!(told.stderr().contains("5 cells were longer"), "{}", told.stderr());
}

#[test]
fn mistakes_name_what_was_meant() {
    let place = a_run();
    place.file("there.txt", "mine");
    let cases: &[(&str, &[&str])] = &[
        ("column", &["--format", "csv", "--columns", "url,scores"]),
        ("column_of_another", &["--format", "xlsx", "--columns", "text"]),
        ("column_twice", &["--format", "json", "--columns", "url,url"]),
        ("no_columns", &["--format", "json", "--columns", ","]),
        ("bytes", &["--format", "jsonl", "--dataset", "pages", "--columns", "body"]),
        ("archive_columns", &["--format", "warc", "--columns", "url"]),
        ("archive_where", &["--format", "warc", "--where", "true"]),
        ("archive_of_ranking", &["--format", "warc", "--dataset", "ranking"]),
        ("packed", &["--format", "xlsx", "--gzip"]),
        ("packed_name", &["--format", "csv", "--gzip", "--out", "g.csv"]),
        ("other_file", &["--format", "xlsx", "--out", "there.txt"]),
        ("dataset", &["--format", "csv", "--dataset", "rankings"]),
        ("where_column", &["--format", "csv", "--where", "score > 50 AND titel <> ''"]),
        ("where_syntax", &["--format", "csv", "--where", "score >"]),
        ("where_more", &["--format", "csv", "--where", "1=1; DROP TABLE scores"]),
        ("where_union", &["--format", "csv", "--where", "1=1) UNION SELECT body FROM pages --"]),
        ("where_subquery", &["--format", "csv", "--where", "url IN (SELECT url FROM pages)"]),
        ("where_number", &["--format", "csv", "--where", "score"]),
    ];
    let mut told = String::new();
    for (name, args) in cases {
        let ended = export(&place, args).expect(2);
        assert_eq!(ended.stdout(), "", "{name}");
        told.push_str(&format!("# {name}: {}\n{}\n", args.join(" "), ended.stderr()));
    }
    insta::assert_snapshot!("export_mistakes", told);
    assert!(!place.data().join("runs/a/export").exists());
}

#[test]
fn an_export_of_lines_is_a_list_again() {
    let place = a_run();
    let to = ["--format", "jsonl", "--dataset", "ranking", "--columns", "url,title,score"];
    export(&place, &[&to[..], &["--out", "again.jsonl"]].concat()).expect(0);
    let told = place.run(&["run", "again.jsonl", "--dry-run", "--json"]).expect(0).json();
    assert_eq!(
        (&told["data"]["admitted"], &told["data"]["rejects"]),
        (&5.into(), &0.into()),
        "{told}"
    );
}
