//! Scripts that the fonts inside the programme do not have: drawn with the machine's fonts where there
//! are any, from right to left where that is how they are read, and as boxes where there are none.

use std::path::PathBuf;
use std::sync::Arc;

use jarvix_report::{Brand, Fonts, Paper, Summary, Typesetter, pdf};
use serde_json::Value;

use crate::fixtures;
use crate::pdf::checked;

const JAPANESE: &str = "ヒートポンプ給湯機の選び方";
const HEBREW: &str = "שלום עולם גדול";
const ARABIC: &str = "دليل المضخات الحرارية";
const EMOJI: &str = "Rocket 🚀 science";

/// Fonts for Japanese, Hebrew and Arabic; nothing without them, which CI has.
fn folder() -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("JARVIX_TEST_FONTS") else {
        assert!(std::env::var_os("CI").is_none(), "run cargo xtask test: it fetches the fonts");
        return None;
    };
    Some(folder.into())
}

fn summary() -> Summary {
    let mut summary = fixtures::small();
    let titles = [JAPANESE, HEBREW, ARABIC, EMOJI];
    let page = summary.top.first().expect("a page").clone();
    summary.top = titles
        .iter()
        .zip(1..)
        .map(|(title, rank)| {
            let url = format!("https://example.org/{rank}");
            jarvix_report::TopPage { rank, url, title: Some((*title).to_owned()), ..page.clone() }
        })
        .collect();
    summary
}

fn told(fonts: Fonts) -> Option<Value> {
    let mut setter = Typesetter::new(Arc::new(fonts));
    let bytes = pdf(&summary(), Paper::A4, &Brand::default(), &mut setter).expect("a PDF");
    let mut told = checked(&[("scripts.pdf".to_owned(), bytes)])?;
    Some(told["scripts.pdf"].take())
}

/// A word as its letters stand on paper, from left to right.
fn visual(text: &str) -> String {
    text.chars().rev().collect()
}

#[test]
fn fonts_of_the_machine_are_embedded_and_read_from_the_right() {
    let Some(folder) = folder() else { return };
    let Some(told) = told(Fonts::with_folder(&folder).expect("fonts")) else { return };
    assert_eq!(told["problems"], serde_json::json!([]));
    let fonts: Vec<&str> =
        told["fonts"].as_array().expect("fonts").iter().filter_map(Value::as_str).collect();
    for family in ["SawarabiGothic", "NotoSansHebrew", "Tajawal", "+NotoSans"] {
        assert!(fonts.iter().any(|name| name.contains(family)), "{family} of {fonts:?}");
    }
    let text = told["text"].as_str().expect("text");
    assert!(text.contains(JAPANESE), "{text}");
    // A reader that sorts by place sees letters from left to right: the first word stands last.
    assert!(text.contains(&visual(HEBREW)), "{text}");
    // Letters are joined: what each glyph stands for is known, its form differs.
    let arabic = visual(ARABIC);
    let longest = arabic.split(' ').max_by_key(|word| word.len()).expect("a word");
    assert!(text.contains(longest), "{text}");
    // No font has a rocket: a box stands for it, and the words around it are there.
    assert!(text.contains("Rocket") && text.contains("science"), "{text}");
}

#[test]
fn without_fonts_there_are_boxes_and_no_fault() {
    let Some(told) = told(Fonts::without_system().expect("fonts")) else { return };
    assert_eq!(told["problems"], serde_json::json!([]));
    let fonts = told["fonts"].as_array().expect("fonts");
    let names: Vec<&str> = fonts.iter().filter_map(Value::as_str).collect();
    let own = |name: &&str| name.contains("NotoSans") && !name.contains("Hebrew");
    assert!(!names.is_empty() && names.iter().all(own), "{names:?}");
    assert!(told["text"].as_str().expect("text").contains("Rocket"));
}
