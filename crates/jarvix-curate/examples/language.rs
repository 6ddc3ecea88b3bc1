//! The language of each of many texts, and what that took: the side of Jarvix in
//! `cargo xtask bench language`. No page declares anything here; the text alone must speak.
//!
//! Usage: `cargo run --release -p jarvix-curate --example language -- TEXTS.jsonl OUT`
//!
//! TEXTS has `{"text": ...}` a line; OUT gets a code a line, or `-` where Jarvix would go by what the
//! page declares. What it refuses to do: judge what was found.

use std::error::Error;
use std::io::{self, Write};
use std::time::Duration;

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
    let (wall, cpu) = (clock.monotonic(), cpu()?);
    let found: Vec<Option<String>> = rows.iter().map(|text| language(text, None)).collect();
    let (wall, cpu) = (clock.monotonic() - wall, self::cpu()?.saturating_sub(cpu));
    let lines: String =
        found.iter().map(|code| code.as_deref().unwrap_or("-").to_owned() + "\n").collect();
    std::fs::write(out, lines)?;
    let (cpu, wall) = (cpu.as_secs_f64(), wall.as_secs_f64());
    writeln!(io::stdout(), "bench pages={} failed=0 cpu_s={cpu:.3} wall_s={wall:.3}", rows.len())?;
    Ok(())
}

/// User and system time of this process so far; Linux counts it in hundredths of a second.
fn cpu() -> Result<Duration, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    // The second field is the program's name in brackets and may have spaces in it.
    let (_, fields) = text.rsplit_once(')').ok_or("/proc/self/stat is not what it was")?;
    let ticks: Result<Vec<u64>, _> =
        fields.split_whitespace().skip(11).take(2).map(str::parse).collect();
    Ok(Duration::from_millis(10 * ticks?.iter().sum::<u64>()))
}
