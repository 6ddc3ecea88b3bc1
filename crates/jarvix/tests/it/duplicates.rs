//! Near duplicates from pages to report, and against earlier runs.

use jarvix_core::Duplicate;

use crate::support::{Ended, Place, rows};

/// A page of 400 words, the last `own` of which are its own.
fn page(words: &str, own: usize, name: &str) -> String {
    let paragraphs: Vec<String> = (0..400)
        .map(|at| if at < 400 - own { format!("{words}{at}") } else { format!("{name}{at}") })
        .collect::<Vec<_>>()
        .chunks(40)
        .map(|words| format!("<p>{}.</p>", words.join(" ")))
        .collect();
    format!(
        "<html><head><title>{name}</title></head><body><article><h1>{name}</h1>{}</article></body></html>",
        paragraphs.concat()
    )
}

fn folder(place: &Place, name: &str, pages: &[(&str, String)]) {
    std::fs::create_dir_all(place.path().join(name)).expect("a folder");
    for (file, page) in pages {
        place.file(&format!("{name}/{file}.html"), page);
    }
}

/// URL, representative, its run, and kind, by URL.
fn found(place: &Place, run: &str) -> Vec<(String, String, String, String)> {
    let last = |url: String| url.rsplit('/').next().unwrap_or_default().to_owned();
    let row = |row: Duplicate| {
        let run = row.duplicate_run.unwrap_or_default();
        (last(row.url), last(row.duplicate_of), run, row.kind)
    };
    rows::<Duplicate>(&place.store(), run).into_iter().map(row).collect()
}

fn row(url: &str, of: &str, run: &str, kind: &str) -> (String, String, String, String) {
    (url.to_owned(), of.to_owned(), run.to_owned(), kind.to_owned())
}

fn run_toml(place: &Place, run: &str) -> String {
    std::fs::read_to_string(place.data().join("runs").join(run).join("run.toml")).expect("a file")
}

fn told(ended: Ended) -> (Option<i32>, String) {
    (ended.code(), ended.stderr())
}

#[test]
fn earlier_runs_come_first_and_are_remembered() {
    let place = Place::new();
    folder(&place, "old", &[("a", page("alpha", 0, "one")), ("b", page("beta", 0, "two"))]);
    let new = [
        ("a", page("alpha", 0, "one")),
        ("c", page("alpha", 20, "three")),
        ("d", page("gamma", 0, "four")),
        ("e", page("gamma", 20, "five")),
    ];
    folder(&place, "new", &new);
    place.run(&["run", "old", "--run", "first"]).expect(0);
    assert_eq!(found(&place, "first"), []);
    place.run(&["run", "new", "--run", "second"]).expect(0);
    let alone = [row("c.html", "a.html", "", "near"), row("e.html", "d.html", "", "near")];
    assert_eq!(found(&place, "second"), alone);

    let args = ["score", "--run", "second", "--dedupe-against", "first"];
    place.run(&args).expect(0);
    let against = [
        row("a.html", "a.html", "first", "exact"),
        row("c.html", "a.html", "first", "near"),
        row("e.html", "d.html", "", "near"),
    ];
    assert_eq!(found(&place, "second"), against);
    assert!(run_toml(&place, "second").contains(r#"dedupe_against = ["first"]"#));
    let summary = std::fs::read_to_string(place.data().join("runs/second/report/summary.json"));
    let summary: serde_json::Value =
        serde_json::from_str(&summary.expect("the report")).expect("JSON");
    assert_eq!(
        (&summary["duplicates"]["clusters"], &summary["duplicates"]["repeated"]),
        (&2.into(), &3.into())
    );

    // Not told, it stays as it was, and says so; told of none, it is as in the beginning.
    let again = place.run(&["score", "--run", "second", "--profile", "classic"]).expect(0);
    assert!(again.stderr().contains("--dedupe-against first"), "{}", again.stderr());
    assert_eq!(found(&place, "second"), against);
    place.run(&["score", "--run", "second", "--dedupe-against", ""]).expect(0);
    assert_eq!(found(&place, "second"), alone);
    assert!(run_toml(&place, "second").contains("dedupe_against = []"));
    place.run(&["verify", "--run", "second"]).expect(0);

    // In one go.
    place.run(&["run", "new", "--run", "third", "--dedupe-against", "first"]).expect(0);
    assert_eq!(found(&place, "third"), against);
    assert!(run_toml(&place, "third").contains(r#"dedupe_against = ["first"]"#));
}

#[test]
fn a_run_that_is_not_there_is_a_mistake() {
    let place = Place::new();
    folder(&place, "old", &[("a", page("alpha", 0, "one"))]);
    let (code, text) = told(place.run(&["run", "old", "--run", "r", "--dedupe-against", "gone"]));
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("there is no run gone to compare with"), "{text}");
    assert!(!place.data().join("runs/r").exists(), "a run was begun");
    place.run(&["run", "old", "--run", "r"]).expect(0);
    let (code, text) = told(place.run(&["score", "--run", "r", "--dedupe-against", "r"]));
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("cannot be compared with itself"), "{text}");
}
