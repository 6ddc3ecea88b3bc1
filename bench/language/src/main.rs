//! What detectors of language make of the texts of a file, one a line: one thread, and nothing timed
//! but detection.
//!
//! Usage: language-candidates NAME TEXTS.jsonl OUT. TEXTS has `{"text": ...}` a line; OUT gets the
//! two-letter code a line, or `-`.

#[path = "../../took.rs"]
mod took;

use std::time::Instant;

use lingua::{LanguageDetector, LanguageDetectorBuilder};
use serde_json::Value;

type Detect = Box<dyn Fn(&str) -> Option<String>>;

fn lingua() -> Detect {
    let detector: LanguageDetector =
        LanguageDetectorBuilder::from_all_languages().with_preloaded_language_models().build();
    Box::new(move |text| {
        let found = detector.detect_language_of(text)?;
        Some(found.iso_code_639_1().to_string())
    })
}

/// Codes of three letters as the two-letter ones.
fn short(code: &str) -> Option<String> {
    const CODES: &[(&str, &str)] = &[
        ("ces", "cs"),
        ("dan", "da"),
        ("deu", "de"),
        ("ell", "el"),
        ("eng", "en"),
        ("spa", "es"),
        ("fin", "fi"),
        ("fra", "fr"),
        ("hun", "hu"),
        ("ind", "id"),
        ("ita", "it"),
        ("jpn", "ja"),
        ("kor", "ko"),
        ("mkd", "mk"),
        ("nob", "nb"),
        ("nld", "nl"),
        ("pol", "pl"),
        ("por", "pt"),
        ("ron", "ro"),
        ("rus", "ru"),
        ("srp", "sr"),
        ("swe", "sv"),
        ("tur", "tr"),
        ("ukr", "uk"),
        ("vie", "vi"),
        ("cmn", "zh"),
    ];
    let known = CODES.iter().find(|(long, _)| *long == code);
    Some(known.map_or(code, |(_, short)| short).to_owned())
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, texts, out] = &arguments[..] else { panic!("usage: NAME TEXTS OUT") };
    let detect: Detect = match name.as_str() {
        "whatlang" => Box::new(|text| short(whatlang::detect(text)?.lang().code())),
        "whichlang" => Box::new(|text| short(whichlang::detect_language(text).three_letter_code())),
        "lingua" => lingua(),
        _ => panic!("no detector {name}"),
    };
    let texts: Vec<String> = std::fs::read_to_string(texts)
        .expect("texts")
        .lines()
        .map(|line| {
            let row: Value = serde_json::from_str(line).expect("JSON");
            row["text"].as_str().expect("a text").to_owned()
        })
        .collect();
    let (wall, cpu) = (Instant::now(), took::cpu());
    let found: Vec<Option<String>> = texts.iter().map(|text| detect(text)).collect();
    let (wall, cpu) = (wall.elapsed().as_secs_f64(), (took::cpu() - cpu).as_secs_f64());
    let lines: String =
        found.iter().map(|code| code.as_deref().unwrap_or("-").to_owned() + "\n").collect();
    std::fs::write(out, lines).expect("a file");
    println!("bench pages={} failed=0 cpu_s={cpu:.3} wall_s={wall:.3}", texts.len());
}
