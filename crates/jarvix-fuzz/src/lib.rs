//! What reads strangers' bytes, each as one function of bytes that states what must hold whatever
//! they are. `cargo xtask fuzz` lets a fuzzer look for bytes that break it (the programs are in
//! `fuzz/`, a workspace of its own); the tests of this crate replay `fuzz/corpus/` and many small
//! changes of it on any toolchain.
//!
//! What it refuses to do: be part of a release, or touch network and disk.

pub mod answer;
pub mod dates;
mod document;
pub mod html;
pub mod json_ld;
pub mod list;
mod memory_disk;
pub mod page;
pub mod robots;
pub mod sitemap;
pub mod url;
pub mod warc;

/// Something that reads bytes.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The name of its program and of its corpus.
    pub name: &'static str,
    /// Panics when something does not hold.
    pub run: fn(&[u8]),
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "url", run: url::target },
    Target { name: "robots", run: robots::target },
    Target { name: "sitemap", run: sitemap::target },
    Target { name: "list", run: list::target },
    Target { name: "answer", run: answer::target },
    Target { name: "html", run: html::target },
    Target { name: "warc", run: warc::target },
    Target { name: "page", run: page::target },
    Target { name: "json_ld", run: json_ld::target },
    Target { name: "dates", run: dates::target },
];

/// The first line of `data` and what follows it; the targets take their settings from the first.
fn first_line(data: &[u8]) -> (&[u8], &[u8]) {
    match data.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &[]),
    }
}

/// A header's value as it would come out of an answer, or none.
fn header(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| !text.is_empty())
}
