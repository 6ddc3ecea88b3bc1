//! `jarvix report` beyond one run's page: PDFs, many runs, a report for each kind of page, and whose
//! report it is.

use std::collections::BTreeMap;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Ended, Place, allowed, site};

const KINDS: [&str; 3] = ["de", "en", "fr"];

/// A run of pages in three languages, and one page that is no content.
fn a_run(place: &Place, run: &str) {
    std::fs::create_dir_all(place.path().join("pages")).expect("a folder");
    let sentence = |kind: &str| match kind {
        "de" => "Das ist ein Satz über Häuser, den man in Ruhe lesen kann und der nicht endet. ",
        "fr" => "Voici une phrase de maison que l'on peut lire tranquillement chez soi le soir. ",
        _ => "This is a sentence about houses that one can read in peace and with pleasure. ",
    };
    for (at, kind) in KINDS.iter().cycle().take(7).enumerate() {
        let text = format!("{} {at}. ", sentence(kind)).repeat(30 + 5 * at);
        let html = format!(
            "<html lang={kind}><title>Page {at}</title><article><h1>Page {at}</h1><p>{text}</p>"
        );
        place.file(&format!("pages/{at}.html"), html);
    }
    place.run(&["run", "pages", "--run", run, "--quiet"]).expect(0);
}

fn report(place: &Place, args: &[&str]) -> Ended {
    place.run(&[&["report", "--json"], args].concat())
}

/// The files of a folder by name.
fn files(place: &Place, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(place.path().join(folder)).expect("the folder");
    let file = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.expect("an entry");
        let name = entry.file_name().to_string_lossy().into_owned();
        (name, std::fs::read(entry.path()).expect("a file"))
    };
    entries.map(file).filter(|(name, _)| !name.starts_with('.')).collect()
}

#[test]
fn a_report_for_each_language_adds_up_and_is_made_once() {
    let place = Place::new();
    a_run(&place, "a");
    let split = ["--run", "a", "--split", "language", "--format", "pdf,json,html", "--out", "out"];
    let told = report(&place, &split).expect(0).json();
    let names: Vec<&str> =
        told["data"]["files"].as_array().expect("files").iter().filter_map(Value::as_str).collect();
    assert_eq!((names.len(), &told["data"]["kept"]), (9, &Value::from(0)), "{told}");
    let first = files(&place, "out");
    let mut documents = 0;
    for kind in KINDS {
        let summary: Value = serde_json::from_slice(&first[&format!("{kind}.json")]).expect("JSON");
        documents += summary["documents"].as_u64().expect("a number");
        assert!(first[&format!("{kind}.pdf")].starts_with(b"%PDF-1.7"));
    }
    assert_eq!(documents, 7);
    // Nothing is left to do, and what went missing is made again, byte for byte.
    assert_eq!(report(&place, &split).expect(0).json()["data"]["kept"], 3);
    std::fs::remove_file(place.path().join("out/fr.pdf")).expect("removed");
    assert_eq!(report(&place, &split).expect(0).json()["data"]["kept"], 2);
    assert!(files(&place, "out") == first);
    // Reports of something else are not mixed in, and those of groups that are gone are taken away.
    let mixed = ["report", "--run", "a", "--split", "host", "--format", "pdf", "--out", "out"];
    let refused = place.run(&mixed).expect(2);
    assert!(refused.stderr().contains("run a by language"), "{}", refused.stderr());
    let list = place.path().join("out/.jarvix-reports");
    let text = std::fs::read_to_string(&list).expect("the list");
    let other = text.replacen(text.lines().next().expect("a key"), "another key", 1);
    std::fs::write(&list, other + "gone.pdf\n").expect("written");
    place.file("out/gone.pdf", "");
    place.file("out/mine.pdf", "");
    report(&place, &split).expect(0);
    let left: Vec<String> = files(&place, "out").into_keys().collect();
    assert!(left.contains(&"mine.pdf".to_owned()) && !left.contains(&"gone.pdf".to_owned()));
    std::fs::remove_file(place.path().join("out/mine.pdf")).expect("removed");
    let anew = [&split[..], &["--force", "--pool", "1", "--threads", "1"]].concat();
    assert_eq!(report(&place, &anew).expect(0).json()["data"]["kept"], 0);
    assert!(files(&place, "out") == first);
    // Another look is another report.
    let letter = [&split[..], &["--paper", "letter"]].concat();
    assert_eq!(report(&place, &letter).expect(0).json()["data"]["kept"], 0);
    assert!(files(&place, "out")["fr.pdf"] != first["fr.pdf"]);
    assert!(files(&place, "out")["fr.html"] == first["fr.html"]);
}

/// A run of a made-up site with four hosts, whose list has a column of its own.
fn a_site(place: &Place) {
    let (origin, list) = site(place, 24);
    let list = std::fs::read_to_string(place.path().join(list)).expect("the list");
    let team = |at: usize| ["\"sales, north\"", "../ops", ""][at % 3];
    let lines = list.lines().enumerate().map(|(at, url)| format!("{url},{}\n", team(at)));
    place.file("list.csv", format!("url,team\n{}", lines.collect::<String>()));
    let allow = allowed(&origin);
    let run = ["run", "list.csv", "--run", "a", "--allow-net", &allow, "--max-failed", "1", "-q"];
    place.run(&run).expect(0);
}

/// The summaries in a folder by the part that they are about.
fn parts(place: &Place, folder: &str) -> BTreeMap<String, Value> {
    let made = files(place, folder);
    let json = made.iter().filter(|(name, _)| name.ends_with(".json"));
    let part = |(_, content): (&String, &Vec<u8>)| {
        let summary: Value = serde_json::from_slice(content).expect("JSON");
        (summary["part"]["value"].as_str().expect("a part").to_owned(), summary)
    };
    json.map(part).collect()
}

/// The sum of a number over summaries.
fn sum(parts: &BTreeMap<String, Value>, path: &str) -> u64 {
    parts.values().filter_map(|summary| summary.pointer(path)?.as_u64()).sum()
}

#[test]
fn the_reports_of_all_hosts_add_up_to_that_of_the_run() {
    let place = Place::new();
    a_site(&place);
    report(&place, &["--run", "a", "--format", "json", "--out", "whole"]).expect(0);
    report(&place, &["--run", "a", "--format", "json", "--split", "host", "--out", "out"])
        .expect(0);
    let whole: Value =
        serde_json::from_slice(&files(&place, "whole/a")["summary.json"]).expect("JSON");
    let parts = parts(&place, "out");
    assert_eq!(parts.len(), 4);
    for path in [
        "/documents",
        "/scores/count",
        "/politeness/hosts",
        "/politeness/requests",
        "/politeness/pauses",
        "/sizes/bytes_wire",
        "/duplicates/repeated",
    ] {
        let all = whole.pointer(path).and_then(Value::as_u64).expect("a number");
        assert_eq!(sum(&parts, path), all, "{path}");
    }
    assert!(whole["politeness"]["requests"].as_u64() >= Some(24));
    // What the run's own report asks the engine for, the parts count row by row.
    for (name, list) in [("hosts", "host"), ("failing_hosts", "host")] {
        for row in whole[name].as_array().expect("rows") {
            let part = &parts[row[list].as_str().expect("a host")];
            assert_eq!(&part[name][0], row, "{name}");
        }
    }
    for row in whole["politeness"]["worst"].as_array().expect("rows") {
        let part = &parts[row["host"].as_str().expect("a host")];
        assert_eq!(&part["politeness"]["worst"][0], row);
    }
    let mut tops: Vec<&Value> =
        parts.values().flat_map(|part| part["top"].as_array().expect("rows")).collect();
    let place_of = |row: &Value| {
        let score: f64 = row["score"].to_string().trim_matches('"').parse().expect("a number");
        ((score * -1000.0).round() as i64, row["url"].as_str().unwrap_or_default().to_owned())
    };
    tops.sort_by_key(|row| place_of(row));
    let whole_tops = whole["top"].as_array().expect("rows");
    assert_eq!(tops.len(), whole_tops.len());
    for (mine, own) in tops.iter().zip(whole_tops) {
        for name in ["url", "score", "action", "reason", "contributions", "title", "word_count"] {
            assert_eq!(mine[name], own[name], "{name}");
        }
    }
}

#[test]
fn a_report_for_each_value_of_a_column() {
    let place = Place::new();
    a_site(&place);
    let split = ["--run", "a", "--split", "column:team", "--format", "json,html", "--out", "out"];
    report(&place, &split).expect(0);
    let parts = parts(&place, "out");
    let names: Vec<&str> = parts.keys().map(String::as_str).collect();
    assert_eq!(names, ["../ops", "no value", "sales, north"]);
    for summary in parts.values() {
        assert_eq!(
            (&summary["part"]["what"], &summary["input"]["pages"]),
            (&"team".into(), &8.into())
        );
    }
    let made = files(&place, "out");
    let page = String::from_utf8_lossy(&made["_no-value.html"]);
    assert!(
        page.contains("is of no part") && !page.contains("Every line of the input is a usable")
    );
    assert!(page.contains("known of whole hosts") && !page.contains("No server was asked"));
    let wrong = place.run(&["report", "--run", "a", "--split", "column:teams"]).expect(2);
    assert!(wrong.stderr().contains("the columns of its list are: team"), "{}", wrong.stderr());
    assert!(!place.data().join("runs/a/report/by-column-teams").exists(), "a folder for nothing");
}

/// A run of forty pages, each with a group of its own.
fn many_groups(place: &Place) {
    let (origin, list) = site(place, 40);
    let list = std::fs::read_to_string(place.path().join(list)).expect("the list");
    let lines = list.lines().enumerate().map(|(at, url)| format!("{url},g{at:02}\n"));
    place.file("list.csv", format!("url,group\n{}", lines.collect::<String>()));
    let allow = allowed(&origin);
    let run = ["run", "list.csv", "--run", "a", "--allow-net", &allow, "--max-failed", "1", "-q"];
    place.run(&run).expect(0);
}

#[test]
fn a_batch_that_is_killed_goes_on_and_leaves_no_half_of_a_file() {
    let place = Place::new();
    many_groups(&place);
    // Two draw at a time, however many the machine could: what is made is taken down soon.
    let split = |out| {
        let by = ["report", "--run", "a", "--split", "column:group", "--format", "pdf"];
        [&by[..], &["--pool", "2", "--out", out]].concat()
    };
    place.run(&split("whole")).expect(0);
    let mut child = place.command(&split("killed"));
    let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
    // The list of what is made is saved when 17 are new.
    let made = || files_if_any(&place, "killed").iter().filter(|n| n.ends_with(".pdf")).count();
    while made() < 24 && child.try_wait().expect("a state").is_none() {
        std::thread::yield_now();
    }
    child.kill().expect("killed");
    child.wait().expect("gone");
    for (name, content) in files(&place, "killed").iter().filter(|(name, _)| name.ends_with(".pdf"))
    {
        assert!(content.ends_with(b"%%EOF"), "{name} is half a file");
    }
    let told = place.run(&[&split("killed")[..], &["--json"]].concat()).expect(0).json();
    assert!(told["data"]["kept"].as_u64() >= Some(17), "{told}");
    assert!(files(&place, "killed") == files(&place, "whole"));
    assert_eq!(files(&place, "whole").len(), 40);
}

/// The names in a folder that may not be there yet.
fn files_if_any(place: &Place, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(place.path().join(folder)).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn a_folder_that_cannot_be_written_to_ends_the_batch() {
    let place = Place::new();
    many_groups(&place);
    // The second report's name is taken by a folder: whoever draws fails, and nobody takes the others.
    std::fs::create_dir_all(place.path().join("out/g01.html")).expect("a folder");
    let split = ["report", "--run", "a", "--split", "column:group", "--format", "html"];
    let ended = place.run(&[&split[..], &["--out", "out", "--pool", "1"]].concat()).expect(1);
    assert!(ended.stderr().contains("failed to write"), "{}", ended.stderr());
    std::fs::remove_dir(place.path().join("out/g01.html")).expect("removed");
    let told = report(&place, &[&split[1..], &["--out", "out"]].concat()).expect(0).json();
    assert_eq!(told["data"]["kept"], 1, "the first one was made: {told}");
}

#[test]
fn the_ranking_is_the_same_in_all_files_of_a_run() {
    let place = Place::new();
    a_site(&place);
    report(&place, &["--run", "a", "--run", "a", "--format", "json,csv", "--out", "out"]).expect(0);
    let made = files(&place, "out/a");
    let summary: Value = serde_json::from_slice(&made["summary.json"]).expect("JSON");
    let text = String::from_utf8(made["top.csv"].clone()).expect("UTF-8");
    let rows: Vec<&str> = text.lines().skip(1).collect();
    let top = summary["top"].as_array().expect("rows");
    assert_eq!(rows.len(), top.len());
    for (row, page) in rows.iter().zip(top) {
        let score = page["score"].to_string();
        for value in [&page["url"].to_string(), &score, &page["action"].to_string()] {
            assert!(row.contains(value.trim_matches('"')), "{row} lacks {value}");
        }
        assert!(row.starts_with(&format!("{},", page["rank"])), "{row}");
    }
}

#[test]
fn many_runs_are_reported_in_folders_of_their_own() {
    let place = Place::new();
    a_run(&place, "a");
    a_run(&place, "b");
    let both = ["--run", "a", "b", "--format", "pdf,csv", "--out", "out"];
    let told = report(&place, &both).expect(0).json();
    assert_eq!(told["data"]["files"].as_array().map(Vec::len), Some(4), "{told}");
    assert!(files(&place, "out/b")["report.pdf"].starts_with(b"%PDF"));
    assert_eq!(report(&place, &both).expect(0).json()["data"]["kept"], 2);
    // A single report is always made: somebody asked for it.
    assert_eq!(
        report(&place, &["--run", "a", "--format", "pdf"]).expect(0).json()["data"]["kept"],
        0
    );
}

#[test]
fn mistakes_are_told_with_what_to_do() {
    let place = Place::new();
    a_run(&place, "a");
    place.file("brand.toml", "title = 'ACME'\naccent = '#ffee00'\n");
    place.file("good.toml", "title = 'ACME weekly'\naccent = '#7a1fa2'\n");
    place.file("there.txt", "");
    let cases: [(&[&str], &str); 7] = [
        (&["--run", "a", "--split", "team"], "pages are split by host, domain, action"),
        (&["--run", "a", "--out", "there.txt"], "there.txt is a file"),
        (&["--run", "a", "b", "--split", "host"], "--split takes one run"),
        (&["--run", "a", "--split", "host", "--format", "csv"], "a ranking as CSV cannot be split"),
        (
            &["--run", "a", "--brand", "brand.toml"],
            "brand.toml: line 2, column 10: \"#ffee00\" cannot be read on the light ground",
        ),
        (&["--run", "a", "--brand", "none.toml"], "failed to read none.toml"),
        (&["--run", "a", "--format", "docx"], "\"docx\" is not a report format"),
    ];
    for (args, expected) in cases {
        let ended = place.run(&[&["report"], args].concat()).expect(2);
        assert!(ended.stderr().contains(expected), "{args:?}: {}", ended.stderr());
    }
    report(&place, &["--run", "a", "--brand", "good.toml", "--format", "html"]).expect(0);
    let page =
        std::fs::read_to_string(place.data().join("runs/a/report/index.html")).expect("HTML");
    assert!(page.contains("ACME weekly") && page.contains("--accent:#7a1fa2"));
}
