//! The HTML report in a real browser: no serious fault in either theme on any screen, nothing that
//! leaves the page, everything within reach of a keyboard, nothing that needs a script to be read.

mod axe;
#[path = "../../../../jarvix-report/tests/it/fixtures/mod.rs"]
mod fixtures;
mod keyboard;
mod opening;
mod pictures;
mod policy;
mod reading;
mod tab;

use std::path::PathBuf;

use serde_json::Value;

use crate::support::Place;
use tab::{Look, PHONE, Tab, WIDE};

/// Reports that differ in what can go wrong: what a first user sees, one with nothing in it, one
/// with trends, one whose texts mean harm, and one with every list at its limit.
const REPORTS: [&str; 5] = ["demo", "empty", "typical", "hostile", "million"];

/// Screens that differ in what can go wrong.
const LOOKS: [Look; 4] = [WIDE, Look { dark: true, ..WIDE }, PHONE, Look { dark: true, ..PHONE }];

/// The report of that name as a file.
fn report(place: &Place, name: &str) -> PathBuf {
    if name == "demo" {
        place.run(&["demo", "-q"]).expect(0);
        return place.data().join("runs/demo-1/report/index.html");
    }
    assert!(fixtures::NAMES.contains(&name), "no fixture {name}");
    let summary = fixtures::named(name).expect("a fixture");
    let html = jarvix_report::html(&summary, &jarvix_report::Brand::default()).expect("renders");
    place.path().join(place.file(&format!("{name}.html"), html))
}

/// The numbers in a list of JSON.
fn strings(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect()
}

/// For whoever reads the test's output; nothing fails by it.
fn say(text: &str) {
    use std::io::Write as _;
    drop(writeln!(std::io::stderr(), "{text}"));
}
