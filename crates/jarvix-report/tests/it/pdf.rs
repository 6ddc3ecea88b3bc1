//! The PDF as readers see it that know nothing of its writer: whole, embedded, tagged, nothing on top
//! of anything.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use jarvix_report::{Brand, Fonts, Paper, Section, Summary, Typesetter, html, pdf};
use serde_json::Value;

use crate::fixtures;

const SCRIPT: &str = include_str!("check_pdf.py");

fn setter() -> Typesetter {
    Typesetter::new(Arc::new(Fonts::without_system().expect("fonts")))
}

pub(crate) fn drawn(summary: &Summary, paper: Paper, brand: &Brand) -> Vec<u8> {
    pdf(summary, paper, brand, &mut setter()).expect("a PDF")
}

/// What the script says of each file; nothing without the readers, which CI has.
pub(crate) fn checked(files: &[(String, Vec<u8>)]) -> Option<Value> {
    let Some(python) = std::env::var_os("JARVIX_TEST_PYTHON") else {
        assert!(std::env::var_os("CI").is_none(), "run cargo xtask test: it sets up the readers");
        return None;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let write = |(name, bytes): &(String, Vec<u8>)| {
        std::fs::write(folder.path().join(name), bytes).expect("written");
        name.clone()
    };
    let names: Vec<String> = files.iter().map(write).collect();
    Some(read(python.as_ref(), folder.path(), &names))
}

fn read(python: &Path, folder: &Path, names: &[String]) -> Value {
    std::fs::write(folder.join("check.py"), SCRIPT).expect("written");
    let output = Command::new(python).arg("check.py").args(names).current_dir(folder).output();
    let output = output.expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn readers_that_are_not_ours_find_nothing_wrong() {
    let mut files = Vec::new();
    for name in fixtures::NAMES {
        let summary = fixtures::named(name).expect("a fixture");
        files.push((format!("{name}.pdf"), drawn(&summary, Paper::A4, &Brand::default())));
    }
    let hostile = drawn(&fixtures::hostile(), Paper::Letter, &Brand::default());
    files.push(("letter.pdf".to_owned(), hostile));
    let Some(told) = checked(&files) else { return };
    for (name, _) in &files {
        let told = &told[name];
        assert_eq!(told["problems"], serde_json::json!([]), "{name}");
        assert!(told["pages"].as_u64() > Some(1) && told["words"].as_u64() > Some(100), "{name}");
    }
}

#[test]
fn a_defect_would_be_found() {
    let good = drawn(&fixtures::small(), Paper::A4, &Brand::default());
    let Some(told) = checked(&[("cut.pdf".to_owned(), {
        // One byte of the first packed stream.
        let mut bad = good.clone();
        let at = bad.windows(8).position(|w| w == b"\nstream\n").expect("a stream") + 40;
        bad[at] ^= 0xff;
        bad
    })]) else {
        return;
    };
    assert_ne!(told["cut.pdf"]["problems"], serde_json::json!([]));
}

#[test]
fn the_same_summary_gives_the_same_bytes() {
    let summary = fixtures::hostile();
    let first = drawn(&summary, Paper::A4, &Brand::default());
    let mut setter = setter();
    let _other =
        pdf(&fixtures::huge(), Paper::Letter, &Brand::default(), &mut setter).expect("a PDF");
    let again = pdf(&summary, Paper::A4, &Brand::default(), &mut setter).expect("a PDF");
    assert!(first == again);
}

#[test]
fn a_brand_changes_what_is_shown_and_nothing_that_is_counted() {
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 40 10'><path fill='#7a1fa2' d='M0 0h40v10H0z'/></svg>";
    let text = "title = 'Suppliers <b>'\nfooter = 'ACME, internal'\naccent = '#7a1fa2'\nlogo = 'a.svg'\nsections = ['ranking']";
    let brand = Brand::parse(text, |_| Ok(svg.to_vec())).expect("a brand");
    let summary = fixtures::small();
    let page = html(&summary, &brand).expect("HTML");
    for there in [
        "Suppliers &#60;b&#62;",
        "ACME, internal",
        "--accent:#7a1fa2",
        "data:image/svg+xml;base64,",
        "id=\"ranking\"",
    ] {
        assert!(page.contains(there), "{there}");
    }
    for gone in ["id=\"method\"", "id=\"scores\"", "href=\"#failures\"", "id=\"duplicates\""] {
        assert!(!page.contains(gone), "{gone}");
    }
    assert!(brand.shows(Section::Ranking) && !brand.shows(Section::Hosts));
    let files = [("brand.pdf".to_owned(), drawn(&summary, Paper::A4, &brand))];
    let Some(told) = checked(&files) else { return };
    let told = &told["brand.pdf"];
    assert_eq!(told["problems"], serde_json::json!([]));
    let text = told["text"].as_str().expect("text");
    assert!(text.contains("Suppliers <b>") && text.contains("ACME, internal"), "{text}");
    assert!(!text.contains("Method and how"), "{text}");
}
