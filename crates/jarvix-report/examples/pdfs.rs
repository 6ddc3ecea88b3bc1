//! Makes one report as PDF again and again, to measure it:
//! `cargo run --release -p jarvix-report --example pdfs -- summary.json OUT 1000 2` writes 1,000 files with
//! two threads. A fixture (`hundred`, `typical`, ...) may stand for the summary, or `one-page`.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jarvix_pdf::{Fonts, Paper, Typesetter};
use jarvix_report::{Brand, Summary};

#[path = "../tests/it/fixtures/mod.rs"]
mod fixtures;

/// As the programme itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [source, out, count, threads] = words.as_slice() else {
        return Err("give a summary, a folder, how many, and how many threads".into());
    };
    let (out, count, threads) =
        (PathBuf::from(out), count.parse::<u64>()?, threads.parse::<u64>()?);
    let mut brand = Brand::default();
    let summary: Summary = match source.as_str() {
        // The cover alone.
        "one-page" => {
            brand.sections.clear();
            fixtures::typical(1)
        }
        name if fixtures::NAMES.contains(&name) => fixtures::named(name).ok_or("no fixture")?,
        path => serde_json::from_str(&std::fs::read_to_string(path)?)?,
    };
    std::fs::create_dir_all(&out)?;
    let fonts = Arc::new(Fonts::new().ok_or("no fonts")?);
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut setter = Typesetter::new(Arc::clone(&fonts));
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= count {
                        break;
                    }
                    let pdf = jarvix_report::pdf(&summary, Paper::A4, &brand, &mut setter)
                        .expect("a PDF");
                    std::fs::write(out.join(format!("{at:04}.pdf")), pdf).expect("written");
                }
            });
        }
    });
    Ok(())
}
