//! Made-up pages for whoever has no corpus at hand: gzipped, 10 to 70 KB of HTML each, the same
//! bytes every time.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

const PAGES: u64 = 2_000;

/// The folder of made-up pages below `scratch`; written on the first call.
pub fn folder(scratch: &Path) -> Result<PathBuf> {
    let folder = scratch.join("pages");
    let complete = folder.join("complete");
    if complete.exists() {
        return Ok(folder);
    }
    fs::create_dir_all(&folder)?;
    for number in 0..PAGES {
        let path = folder.join(format!("{number:05}.html.gz"));
        write_gzipped(&path, &page(number))
            .with_context(|| format!("failed to write {}", path.display()))?;
    }
    fs::write(complete, "")?;
    Ok(folder)
}

fn write_gzipped(path: &Path, text: &str) -> Result<()> {
    let mut gzip = GzEncoder::new(fs::File::create(path)?, Compression::default());
    gzip.write_all(text.as_bytes())?;
    gzip.finish()?;
    Ok(())
}

/// A die that falls the same way for the same number each time: xorshift64 (Marsaglia 2003), enough for
/// words.
pub fn dice(number: u64) -> impl FnMut(u64) -> u64 {
    let mut state = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move |sides| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % sides
    }
}

/// Paragraphs of words that do not repeat too well, so that it compresses about as pages do.
fn page(number: u64) -> String {
    const SYLLABLES: &[&str] = &[
        "ka", "lo", "min", "ter", "ra", "ven", "dis", "po", "sel", "um", "qui", "bar", "net", "os",
    ];
    let mut roll = dice(number);
    let mut html = format!("<!doctype html><html lang=en><title>Page {number}</title><main>");
    for paragraph in 0..20 + roll(120) {
        let class = roll(40);
        html.push_str(&format!("\n<section class=\"block c{class}\" id=\"s{paragraph}\"><p>"));
        for _ in 0..30 + roll(60) {
            for _ in 0..1 + roll(3) {
                html.push_str(SYLLABLES[roll(SYLLABLES.len() as u64) as usize]);
            }
            html.push(' ');
        }
        html.push_str("</p></section>");
    }
    html.push_str("\n</main></html>\n");
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_the_same_every_time_and_unlike_the_others() {
        assert_eq!(page(7), page(7));
        assert_ne!(page(7), page(8));
        let sizes: Vec<usize> = (0..50).map(|number| page(number).len()).collect();
        assert!(sizes.iter().all(|size| (5_000..100_000).contains(size)), "{sizes:?}");
    }
}
