//! Writing records: WARC/1.1, each a gzip member of its own, the same bytes for the same records.

use std::io::{self, Write};

use data_encoding::HEXLOWER;
use flate2::{Compression, GzBuilder};
use sha1::{Digest as _, Sha1};

use crate::digest::Digest;
use crate::record::Kind;

/// The namespace for URLs (RFC 9562, 6.6).
const NAMESPACE_URL: [u8; 16] = [
    0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8,
];

/// A record id that follows from what the record is: the name-based UUID (RFC 9562, version 5) of
/// `parts`. The same record written twice has the same id.
pub fn record_id(parts: &[&str]) -> String {
    let mut hasher = Sha1::new();
    hasher.update(NAMESPACE_URL);
    for part in parts {
        hasher.update(part.as_bytes());
        hasher.update([0]);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = HEXLOWER.encode(&bytes);
    let groups = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    format!("<urn:uuid:{}>", groups.join("-"))
}

/// A record to be written.
#[derive(Debug, Clone)]
pub struct Outgoing<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its id, in angle brackets.
    pub id: &'a str,
    /// Its `WARC-Date`.
    pub date: &'a str,
    /// Further header lines; the type, the block's digest and the length are added. Control
    /// characters become spaces.
    pub fields: Vec<(&'a str, String)>,
    /// The block, in pieces.
    pub block: &'a [&'a [u8]],
}

/// Writes an archive.
pub struct ArchiveWriter<W: Write> {
    out: Counted<W>,
    packed: bool,
}

impl<W: Write> ArchiveWriter<W> {
    /// Writes to `out`, packed as gzip or plain.
    pub fn new(out: W, packed: bool) -> Self {
        Self { out: Counted { out, bytes: 0 }, packed }
    }

    /// Bytes written so far.
    pub fn bytes(&self) -> u64 {
        self.out.bytes
    }

    /// What it writes to.
    pub fn into_inner(self) -> W {
        self.out.out
    }

    /// Writes a record.
    pub fn write(&mut self, record: &Outgoing<'_>) -> io::Result<()> {
        let length: usize = record.block.iter().map(|piece| piece.len()).sum();
        let mut head = format!(
            "WARC/1.1\r\nWARC-Type: {}\r\nWARC-Record-ID: {}\r\nWARC-Date: {}\r\n",
            record.kind, record.id, record.date
        );
        for (name, value) in &record.fields {
            push_line(&mut head, name, value);
        }
        push_line(&mut head, "WARC-Block-Digest", &Digest::sha1(record.block).to_string());
        push_line(&mut head, "Content-Length", &length.to_string());
        head.push_str("\r\n");
        let mut pieces = std::iter::once(head.as_bytes())
            .chain(record.block.iter().copied())
            .chain([&b"\r\n\r\n"[..]]);
        if !self.packed {
            return pieces.try_for_each(|piece| self.out.write_all(piece));
        }
        // No time and no system stands in the member's head: the same record gives the same bytes.
        let mut member = GzBuilder::new().write(&mut self.out, Compression::default());
        for piece in pieces {
            member.write_all(piece)?;
        }
        member.finish()?;
        Ok(())
    }
}

fn push_line(head: &mut String, name: &str, value: &str) {
    head.push_str(name);
    head.push_str(": ");
    head.extend(value.chars().map(|c| if c.is_control() { ' ' } else { c }));
    head.push_str("\r\n");
}

struct Counted<W> {
    out: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let count = self.out.write(buf)?;
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
