//! Making archives and reading them whole.

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use jarvix_warc::{Archive, Item, Limits, RecordHead, Response, take_response};

/// A record as text: `fields` are further header lines.
pub fn record(kind: &str, uri: &str, fields: &str, block: &str) -> String {
    format!(
        "WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {uri}\r\n{fields}Content-Length: {}\r\n\r\n{block}\r\n\r\n",
        block.len()
    )
}

/// A record that answers `body`.
pub fn response(uri: &str, body: &str) -> String {
    let block = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{body}");
    record("response", uri, "Content-Type: application/http; msgtype=response\r\n", &block)
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut member = GzEncoder::new(Vec::new(), Compression::default());
    member.write_all(bytes).expect("memory takes it");
    member.finish().expect("memory takes it")
}

/// The archive packed in each way that is found: plain, a member a record, one for all, cut
/// anywhere, and the same with zstd frames.
pub fn packings(records: &[String]) -> Vec<(&'static str, Vec<u8>)> {
    let plain = records.concat().into_bytes();
    let zstd = |bytes: &[u8]| zstd::bulk::compress(bytes, 3).expect("memory takes it");
    vec![
        ("members", records.iter().flat_map(|r| gzip(r.as_bytes())).collect()),
        ("one member", gzip(&plain)),
        ("members cut anywhere", plain.chunks(37).flat_map(gzip).collect()),
        ("frames", records.iter().flat_map(|r| zstd(r.as_bytes())).collect()),
        ("one frame", zstd(&plain)),
        ("plain", plain),
    ]
}

/// Everything in an archive.
#[derive(Debug, Default)]
pub struct Read {
    pub records: Vec<(RecordHead, Option<Response>)>,
    pub defects: Vec<(u64, String)>,
}

impl Read {
    pub fn uris(&self) -> Vec<&str> {
        self.records.iter().filter_map(|(head, _)| head.target_uri()).collect()
    }

    pub fn bodies(&self) -> Vec<String> {
        let payload = |r: &Response| String::from_utf8_lossy(&r.payload).into_owned();
        self.records.iter().filter_map(|(_, r)| r.as_ref().map(payload)).collect()
    }
}

pub fn read(bytes: &[u8]) -> Read {
    read_with(bytes, Limits::default())
}

pub fn read_with(bytes: &[u8], limits: Limits) -> Read {
    let mut archive = Archive::new(Cursor::new(bytes), limits);
    let mut read = Read::default();
    while let Some(item) = archive.next_item().expect("memory can be read") {
        match item {
            Item::Record(head) => {
                let taken = take_response(&mut archive, &head).expect("memory can be read");
                read.records.push((head, taken.ok()));
            }
            Item::Defect { number, defect, .. } => read.defects.push((number, defect.to_string())),
        }
    }
    read
}
