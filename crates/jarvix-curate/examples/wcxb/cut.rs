//! Every page of the set, cut where its name says: half a tag, half a character, half a script.

use std::error::Error;
use std::io::{self, Read, Write};
use std::path::Path;

use jarvix_core::env::SystemClock;
use jarvix_core::{Clock, Defect};
use jarvix_curate::{Policy, curate};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Places at which each page is cut, one by one.
const CUTS: u64 = 3;

pub fn run(folder: &Path) -> Result<(), Box<dyn Error>> {
    let (clock, policy) = (SystemClock::default(), Policy::default());
    let (mut pages, mut broken, mut longest) = (0, Vec::new(), (0.0, String::new()));
    for labelled in super::labelled(folder)? {
        let mut html = Vec::new();
        let packed = labelled.page.body.as_deref().unwrap_or_default();
        flate2::read::GzDecoder::new(packed).read_to_end(&mut html)?;
        for seed in 0..CUTS {
            let at = xxh3_64_with_seed(labelled.id.as_bytes(), seed) as usize % (html.len() + 1);
            let mut page = labelled.page.clone();
            (page.content_encoding, page.body) = (None, Some(html[..at].to_vec()));
            let start = clock.monotonic();
            let document = curate(&page, &policy).document;
            let millis = (clock.monotonic() - start).as_secs_f64() * 1e3;
            pages += 1;
            if millis > longest.0 {
                longest = (millis, format!("{} cut at {at}", labelled.id));
            }
            if document.defects.contains(&Defect::ExtractorFailed) {
                broken.push(format!("{} cut at {at}", labelled.id));
            }
        }
    }
    let mut out = io::stdout().lock();
    writeln!(out, "{pages} cut pages, {} broke the reader", broken.len())?;
    writeln!(out, "longest: {:.1} ms, {}", longest.0, longest.1)?;
    if broken.is_empty() { Ok(()) } else { Err(broken.join(", ").into()) }
}
