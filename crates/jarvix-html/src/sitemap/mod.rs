//! Sitemaps: the addresses that a site lists of itself (sitemaps.org, protocol 0.9).
//!
//! Read as a stream in bounded memory, whatever the file holds: one pass over the bytes, no
//! document type, no entity but the five of XML and numbers, and the protocol's limits on addresses
//! and bytes. What is wrong with a file is said, and what stands before it is kept. What this
//! module refuses to do: fetch, follow, or decide which addresses belong to the site.

mod parser;

use std::io::Read;

use jarvix_core::limits;

use crate::decode;
pub use parser::{Flaw, SitemapEntry, SitemapKind, SitemapParser};

/// Bytes that are handed to the parser at once.
const STEP_BYTES: usize = 32 * 1024;

/// What a sitemap was, once it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SitemapFacts {
    /// What it is; `None` if it is no sitemap.
    pub kind: Option<SitemapKind>,
    /// How many addresses were given.
    pub entries: usize,
    /// The first thing that is wrong with it.
    pub flaw: Option<Flaw>,
    /// Bytes after decoding, as far as it was read.
    pub bytes: u64,
}

/// Reads the sitemap in `body`, which may be packed as `content_encoding` says and, once more, as a
/// gzip file, and hands its addresses to `each`, in order. Any bytes may be given; memory is
/// bounded by a few hundred KiB and time is linear in the decoded size, of which at most
/// [`limits::SITEMAP_BYTES_MAX`] are read.
pub fn read_sitemap(
    body: &[u8],
    content_encoding: Option<&str>,
    each: &mut dyn FnMut(SitemapEntry),
) -> SitemapFacts {
    let mut parser = SitemapParser::new();
    let mut bytes = 0u64;
    let mut flaw = None;
    match decode::file_reader(body, content_encoding) {
        Err(_) => flaw = Some(Flaw::Packing),
        Ok(reader) => {
            // One byte more than is read tells a file of the largest size from a larger one.
            let mut reader = reader.take(limits::SITEMAP_BYTES_MAX + 1);
            let mut buffer = vec![0; STEP_BYTES];
            loop {
                let n = match reader.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(n) => n,
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                    Err(_) => {
                        flaw = Some(Flaw::Packing);
                        break;
                    }
                };
                bytes += n as u64;
                if bytes > limits::SITEMAP_BYTES_MAX {
                    flaw = Some(Flaw::TooLarge);
                    break;
                }
                if !parser.feed(&buffer[..n], each) {
                    break;
                }
            }
        }
    }
    let (kind, entries, own) = parser.finish(each);
    SitemapFacts { kind, entries, flaw: flaw.or(own), bytes }
}

/// The addresses that the `Sitemap` lines of a robots.txt name, in order, at most
/// [`limits::ROBOTS_SITEMAPS_MAX`]. They stand outside the groups of rules (RFC 9309, 2.2.4), so
/// every one counts for everyone.
pub fn robots_sitemaps(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.trim_start_matches('\u{feff}').split(['\n', '\r']) {
        let Some((name, value)) = line.split_once(':') else { continue };
        if !name.trim().eq_ignore_ascii_case("sitemap") {
            continue;
        }
        // A comment begins after white space: `#` may stand in an address.
        let value = value.split_whitespace().next().unwrap_or_default();
        if value.is_empty() || value.starts_with('#') || value.len() > limits::URL_BYTES_MAX {
            continue;
        }
        found.push(value.to_owned());
        if found.len() == limits::ROBOTS_SITEMAPS_MAX {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests;
