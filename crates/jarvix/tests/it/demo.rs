//! The main job on the bundled pages: every way a page can end is there, and everything adds up.

use std::collections::BTreeMap;

use jarvix_core::{Document, Page};
use jarvix_origin::demo;

use crate::support::{Place, rows};

#[test]
fn the_demo_ends_as_its_table_says() {
    let place = Place::new();
    let ended = place.run(&["demo", "--json"]).expect(0);
    let told = ended.json();
    assert_eq!(told["schema"], "jarvix.demo/1");
    let store = place.store();
    let pages = rows::<Page>(&store, "demo-1");
    let port = pages
        .iter()
        .find_map(|page| {
            page.url.split("localhost:").nth(1)?.split('/').next()?.parse::<u16>().ok()
        })
        .expect("a page of the demo's own origin");
    let expected = demo::expected(([127, 0, 0, 1], port).into());

    let outcomes: BTreeMap<&str, String> = pages
        .iter()
        .map(|p| (p.url.as_str(), format!("{}: {}", p.outcome, p.reason.as_deref().unwrap_or(""))))
        .collect();
    let documents = rows::<Document>(&store, "demo-1");
    let gates: BTreeMap<&str, _> = documents.iter().map(|d| (d.url.as_str(), d.gate)).collect();
    let mut wrong = Vec::new();
    for e in &expected {
        let outcome = outcomes.get(e.url.as_str()).map_or("nothing", String::as_str);
        if !outcome.starts_with(&format!("{}:", e.outcome)) {
            wrong.push(format!("{} ({}) ended as {outcome}, not {}", e.url, e.about, e.outcome));
        }
        if gates.get(e.url.as_str()).copied().flatten() != e.gate {
            wrong.push(format!(
                "{} ({}) has gate {:?}, not {:?}",
                e.url,
                e.about,
                gates.get(e.url.as_str()),
                e.gate
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(pages.len(), expected.len());

    let input = &told["data"]["input"];
    assert_eq!(input["duplicates"], demo::DUPLICATE_LINES);
    assert_eq!(input["rejects"], demo::REJECT_LINES);
    let sum = demo::DUPLICATE_LINES + demo::REJECT_LINES + expected.len() as u64;
    assert_eq!(input["lines"], sum, "lines = pages + rejects + repeats");
}

#[test]
fn the_demo_is_always_a_new_run_and_leaves_a_report() {
    let place = Place::new();
    place.run(&["demo", "-q"]).expect(0);
    let second = place.run(&["demo"]).expect(0);
    assert!(second.stdout().contains("BUY"), "no ranking on stdout:\n{}", second.stdout());
    assert!(second.stderr().contains("report"), "no report named:\n{}", second.stderr());
    for run in ["demo-1", "demo-2"] {
        for file in ["index.html", "summary.json", "top.csv"] {
            let path = place.data().join("runs").join(run).join("report").join(file);
            assert!(
                path.metadata().is_ok_and(|m| m.len() > 100),
                "{} is not there",
                path.display()
            );
        }
        place.run(&["verify", "--run", run]).expect(0);
    }
    let html = std::fs::read_to_string(place.data().join("runs/demo-2/report/index.html"))
        .expect("the report is there");
    assert!(!html.contains("<script>alert"), "a page's script stands unescaped in the report");
}
