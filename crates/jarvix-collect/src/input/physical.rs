//! Lines as they lie in a file: ended by LF, CRLF or CR, numbered from 1, bounded in memory.

use std::io::{self, BufRead};

use jarvix_core::limits;

use super::bytes::{Consumed, Unpacked};
use super::escape::escaped;

/// Bytes of an overlong line that are kept to show it.
const HEAD_BYTES: usize = 4 * 1024;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// One line, without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Physical {
    /// Its number, from 1.
    pub(super) line_no: u64,
    /// Its bytes; of an overlong line only the beginning.
    pub(super) bytes: Vec<u8>,
    /// Its length if that is above the limit.
    pub(super) overlong: Option<u64>,
}

impl Physical {
    /// Whether it is blank or a comment.
    pub(super) fn is_skipped(&self) -> bool {
        let text = self.bytes.trim_ascii();
        self.overlong.is_none() && (text.is_empty() || text.starts_with(b"#"))
    }

    /// Its text, or why it has none.
    pub(super) fn text(&self) -> Result<&str, String> {
        if let Some(bytes) = self.overlong {
            let max = limits::LINE_BYTES_MAX;
            return Err(format!("the line is {bytes} bytes long; the limit is {max}"));
        }
        std::str::from_utf8(&self.bytes).map_err(|_| "the line is not UTF-8 text".to_owned())
    }

    /// Its text, safe to show.
    pub(super) fn shown(&self) -> String {
        escaped(&self.bytes)
    }
}

/// The lines of a list, one at a time.
pub(super) struct PhysicalLines {
    reader: Unpacked,
    line_no: u64,
    after_cr: bool,
}

impl PhysicalLines {
    pub(super) fn new(reader: Unpacked) -> Self {
        Self { reader, line_no: 0, after_cr: false }
    }

    pub(super) fn consumed(&self) -> Consumed {
        self.reader.consumed(self.line_no)
    }

    /// The first bytes, at least 4 KiB where there are so many, without reading past them.
    pub(super) fn peek(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    /// The next line that is neither blank nor a comment.
    pub(super) fn next_used(&mut self) -> io::Result<Option<Physical>> {
        while let Some(line) = self.next()? {
            if !line.is_skipped() {
                return Ok(Some(line));
            }
        }
        Ok(None)
    }

    /// The next line.
    pub(super) fn next(&mut self) -> io::Result<Option<Physical>> {
        let mut bytes = Vec::new();
        let mut length = 0u64;
        loop {
            let chunk = self.reader.fill_buf()?;
            if chunk.is_empty() {
                break;
            }
            if std::mem::take(&mut self.after_cr) && chunk[0] == b'\n' {
                self.reader.consume(1);
                continue;
            }
            let end = memchr::memchr2(b'\n', b'\r', chunk);
            let text = &chunk[..end.unwrap_or(chunk.len())];
            length += text.len() as u64;
            let room = limits::LINE_BYTES_MAX.saturating_sub(bytes.len());
            bytes.extend_from_slice(&text[..text.len().min(room)]);
            let used = text.len() + usize::from(end.is_some());
            self.after_cr = end.is_some_and(|end| chunk[end] == b'\r');
            self.reader.consume(used);
            if end.is_some() {
                return Ok(Some(self.line(bytes, length)));
            }
        }
        if length == 0 { Ok(None) } else { Ok(Some(self.line(bytes, length))) }
    }

    fn line(&mut self, mut bytes: Vec<u8>, length: u64) -> Physical {
        self.line_no += 1;
        if self.line_no == 1 && bytes.starts_with(BOM) {
            bytes.drain(..BOM.len());
        }
        let overlong = (length > limits::LINE_BYTES_MAX as u64).then_some(length);
        if overlong.is_some() {
            bytes.truncate(HEAD_BYTES);
            bytes.shrink_to_fit();
        }
        Physical { line_no: self.line_no, bytes, overlong }
    }
}
