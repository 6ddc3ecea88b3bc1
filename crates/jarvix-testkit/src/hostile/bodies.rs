//! Bodies that are not what they seem: bombs, wrong charsets, pictures in disguise.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::hostile::behaviour::{ROBOTS_EARLY, ROBOTS_LATE};

const START: &[u8] = b"<!doctype html><html><head><title>Boom</title></head><body><p>";
const CHUNK: usize = 64 * 1024;

/// 96 MiB of blanks behind the start of a page, made with brotli 11.
pub(super) const BR_BOMB: &[u8] = include_bytes!("../../data/bomb.br");

/// The smallest picture there is, with enough behind it to look like a body.
pub(super) fn picture() -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0".to_vec();
    bytes.extend((0..4_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8));
    bytes
}

/// A page in windows-1252 that says UTF-8.
pub(super) fn windows_1252() -> Vec<u8> {
    let mut page = b"<!doctype html><html><head><meta charset=utf-8><title>".to_vec();
    page.extend(b"Caf\xe9 \x96 na\xefve</title></head><body>");
    for _ in 0..20 {
        page.extend(b"<p>D\xe9j\xe0 vu \x97 le gar\xe7on \xe0 c\xf4t\xe9 a d\xe9\xe7u.</p>\n");
    }
    page.extend(b"</body></html>");
    page
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("packing in memory");
    encoder.finish().expect("packing in memory")
}

pub(super) fn gzip_bomb(decoded_bytes: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    fill(&mut encoder, decoded_bytes);
    encoder.finish().expect("packing in memory")
}

pub(super) fn zstd_bomb(decoded_bytes: usize) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).expect("a zstd encoder");
    fill(&mut encoder, decoded_bytes);
    encoder.finish().expect("packing in memory")
}

fn fill(encoder: &mut impl Write, decoded_bytes: usize) {
    encoder.write_all(START).expect("packing in memory");
    let mut left = decoded_bytes.saturating_sub(START.len());
    while left > 0 {
        let n = left.min(CHUNK);
        encoder.write_all(&[b' '; CHUNK][..n]).expect("packing in memory");
        left -= n;
    }
}

/// Lines of a robots.txt of about `bytes` bytes, in pieces.
pub(super) fn robots(bytes: usize) -> impl Iterator<Item = String> {
    let start = format!("User-agent: *\nDisallow: {ROBOTS_EARLY}\n");
    let end = format!("Disallow: {ROBOTS_LATE}\n");
    let filler = "# nothing to see here, and a great deal of it\n".repeat(1_000);
    let fillers = bytes.saturating_sub(start.len() + end.len()).div_ceil(filler.len());
    std::iter::once(start).chain(std::iter::repeat_n(filler, fillers)).chain(std::iter::once(end))
}

/// A day of a calendar, with links to the days after it.
pub(super) fn calendar(target: &str, links: u32) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let day: u64 = query.strip_prefix("day=").and_then(|day| day.parse().ok()).unwrap_or(0);
    let days = (1..=u64::from(links)).map(|n| {
        let next = day + n;
        format!("<li><a href=\"{path}?day={next}\">Day {next}</a></li>")
    });
    format!(
        "<!doctype html><html lang=\"en\"><title>Day {day}</title><h1>Day {day}</h1>\
         <p>Nothing is planned for this day, and nothing was ever planned for it.</p>\
         <ul>{}</ul></html>",
        days.collect::<String>()
    )
}
