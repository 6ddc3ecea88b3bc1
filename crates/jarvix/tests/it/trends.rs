//! `jarvix trends`: pages over runs, from real runs to table, CSV and JSON.

use serde_json::{Value, json};

use crate::support::Place;

/// A run of a folder in which each page has so many words, and a section of its own words.
fn run(place: &Place, name: &str, pages: &[(&str, usize, &str)]) {
    std::fs::remove_dir_all(place.path().join("site")).ok();
    std::fs::create_dir_all(place.path().join("site")).expect("a folder");
    for (page, words, own) in pages {
        let text: String = (0..*words / 10)
            .map(|at| format!("<p>Sentence {at} of the page {page} goes on for ten words.</p>"))
            .collect();
        let html = format!(
            "<title>{page}</title><article><h1>{page}</h1>{text}<h2>How it is made</h2><p>{own}</p></article>"
        );
        place.file(&format!("site/{page}.html"), html);
    }
    place.run(&["run", "site", "--run", name, "--quiet"]).expect(0);
}

const OLD: &str =
    "These are the old words of a section that is long enough to be read as part of the text.";
const NEW: &str = "Quite other words stand here now, and they too are many enough to be read as part of the text.";

fn two_runs() -> Place {
    let place = Place::new();
    let before =
        [("better", 100, OLD), ("worse", 1500, OLD), ("same", 500, OLD), ("gone", 500, OLD)];
    run(&place, "a", &before);
    let now = [("better", 1500, NEW), ("worse", 100, OLD), ("same", 500, OLD), ("new", 500, OLD)];
    run(&place, "b", &now);
    place
}

fn movers(found: &Value) -> Vec<(String, String)> {
    let pages = found["movers"].as_array().expect("a list");
    let text = |page: &Value, name: &str| page[name].as_str().unwrap_or_default().to_owned();
    let name = |url: String| url.rsplit('/').next().unwrap_or_default().to_owned();
    pages.iter().map(|page| (name(text(page, "url")), text(page, "standing"))).collect()
}

#[test]
fn every_page_has_its_standing_in_every_format() {
    let place = two_runs();
    let found = place.run(&["trends", "--run", "a", "b", "--json"]).expect(0).json();
    let found = &found["data"];
    assert_eq!(
        found["standings"],
        json!({ "new": 1, "improved": 1, "declined": 1, "stable": 1, "gone": 1 })
    );
    let mut movers = movers(found);
    movers.sort();
    let expected = [
        ("better.html", "improved"),
        ("gone.html", "gone"),
        ("new.html", "new"),
        ("same.html", "stable"),
        ("worse.html", "declined"),
    ];
    assert_eq!(movers, expected.map(|(page, standing)| (page.to_owned(), standing.to_owned())));
    assert_eq!(found["no_forecast"], json!("not_enough_data"));

    let csv = place.run(&["trends", "--run", "a", "b", "--format", "csv"]).expect(0).stdout();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 6, "{csv}");
    assert_eq!(lines[0], "url,standing,change,text_changed,score_a,score_b,action_a,action_b");
    assert!(lines[1].starts_with("file:///site/better.html,IMPROVED,"), "{csv}");
    let told = place.run(&["trends", "--run", "a", "b"]).expect(0);
    assert!(!told.stderr().contains("different profiles"), "{}", told.stderr());
    let table = told.stdout();
    assert!(table.starts_with("1 new, 1 improved, 1 declined, 1 stable, 1 gone\n"), "{table}");
    assert!(table.contains("not enough data for a forecast"), "{table}");
    let turned = place.run(&["trends", "--run", "b", "a", "--json"]).expect(0).json();
    let turned = &turned["data"]["standings"];
    assert_eq!((&turned["new"], &turned["improved"]), (&json!(1), &json!(1)));
}

#[test]
fn one_page_says_which_sections_changed() {
    let place = two_runs();
    let url = "file:///site/better.html";
    let found = place.run(&["trends", "--run", "a", "b", "--url", url, "--json"]).expect(0).json();
    let sections = found["data"]["movers"][0]["sections"].as_array().expect("a list").clone();
    let news =
        sections.iter().find(|s| s["heading"] == json!("How it is made")).expect("it changed");
    assert_eq!(news["fate"], json!("changed"), "{news}");
    let table = place.run(&["trends", "--run", "a", "b", "--url", url]).expect(0).stdout();
    assert!(table.contains("How it is made") && table.contains("changed"), "{table}");
    let host = place.run(&["trends", "--run", "a", "b", "--host", "none"]).expect(0);
    assert!(host.stderr().contains("none of these runs"), "{}", host.stderr());
}

#[test]
fn mistakes_are_told() {
    let place = two_runs();
    for (args, word) in [
        (&["trends", "--run", "a"][..], "at least two"),
        (&["trends", "--run", "a", "nobody"], "nobody"),
        (&["trends", "--run", "a", "a"], "twice"),
    ] {
        let told = place.run(args).expect(2).stderr();
        assert!(told.contains(word), "{told}");
    }
}

#[test]
fn the_report_shows_what_became_of_the_pages_of_earlier_runs() {
    let place = Place::new();
    run(&place, "a", &[("better", 100, OLD), ("same", 500, OLD)]);
    run(&place, "b", &[("better", 1500, NEW), ("same", 500, OLD)]);
    // Made again it is about the runs before it, not about those after.
    place.run(&["report", "--run", "a", "--quiet"]).expect(0);
    let report = |run: &str, file: &str| {
        let path = place.path().join(format!("data/runs/{run}/report/{file}"));
        std::fs::read_to_string(path).expect("a report")
    };
    let summary: Value = serde_json::from_str(&report("b", "summary.json")).expect("JSON");
    let trends = &summary["trends"];
    assert_eq!((&trends["improved"], &trends["stable"]), (&json!(1), &json!(1)), "{trends}");
    let runs = trends["runs"].as_array().expect("runs");
    assert_eq!(runs.iter().map(|run| &run["run"]).collect::<Vec<_>>(), [&json!("a"), &json!("b")]);
    let mover = &trends["movers"][0];
    assert_eq!(mover["url"], json!("file:///site/better.html"), "{mover}");
    assert_eq!(mover["standing"], json!("IMPROVED"), "{mover}");
    assert!(mover["sections"].as_array().is_some_and(|all| !all.is_empty()), "{mover}");
    assert!(report("b", "index.html").contains("Since earlier runs"));
    assert!(!report("a", "index.html").contains("Since earlier runs"));

    // What another profile scored cannot be compared: every page would seem to have moved.
    place.run(&["score", "--run", "b", "--profile", "classic", "--quiet"]).expect(0);
    let summary: Value = serde_json::from_str(&report("b", "summary.json")).expect("JSON");
    assert_eq!(summary["trends"]["runs"], json!([]), "{}", summary["trends"]);
    assert_eq!(summary["trends"]["other_profile"], json!(1), "{}", summary["trends"]);
    let warned = place.run(&["trends", "--run", "a", "b"]).expect(0).stderr();
    assert!(warned.contains("different profiles"), "{warned}");
}
