//! The language of each of many texts, and what that took: the side of Jarvix in
//! `cargo xtask bench language`. No page declares anything here; the text alone must speak.
//!
//! Usage: `cargo run --release -p jarvix-curate --example language -- TEXTS.jsonl OUT`
//!
//! TEXTS has `{"text": ...}` a line; OUT gets a code a line, or `-` where Jarvix would go by what the
//! page declares. What it refuses to do: judge what was found.

#[path = "shared/took.rs"]
mod took;

use std::error::Error;

use jarvix_core::Clock;
use jarvix_core::env::SystemClock;
use jarvix_curate::language;
use serde_json::Value;

// As the program does it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [texts, out] = &arguments[..] else { return Err("usage: language TEXTS.jsonl OUT".into()) };
    let mut rows = Vec::new();
    for line in std::fs::read_to_string(texts)?.lines() {
        let row: Value = serde_json::from_str(line)?;
        rows.push(row["text"].as_str().ok_or("a line has no text")?.to_owned());
    }
    let clock = SystemClock::default();
    let (wall, cpu) = (clock.monotonic(), took::cpu()?);
    let found: Vec<Option<String>> = rows.iter().map(|text| language(text, None)).collect();
    let (wall, cpu) = (clock.monotonic() - wall, took::cpu()?.saturating_sub(cpu));
    let lines: String =
        found.iter().map(|code| code.as_deref().unwrap_or("-").to_owned() + "\n").collect();
    std::fs::write(out, lines)?;
    Ok(took::say(rows.len(), cpu, wall)?)
}
