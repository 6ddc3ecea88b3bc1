//! The bytes of a file as they lie there, with their position: what the unpackers read from. Unlike
//! the standard library's buffer it can look at several bytes at once, wherever they stand.

use std::io::{self, BufRead, Read};

use crate::limits::RAW_BYTES;

/// A buffer in front of a file.
pub(crate) struct Raw<R> {
    file: R,
    buffer: Vec<u8>,
    start: usize,
    /// Position in the file of the next byte.
    offset: u64,
    /// Whether the file itself failed: what an unpacker then says is not the archive's fault.
    failed: bool,
}

impl<R: Read> Raw<R> {
    /// Begins at `offset`, where `file` already stands.
    pub(crate) fn new(file: R, offset: u64) -> Self {
        Self { file, buffer: Vec::new(), start: 0, offset, failed: false }
    }

    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.failed
    }

    pub(crate) fn into_file(self) -> R {
        self.file
    }

    /// At least `count` bytes without taking them, fewer only at the end of the file.
    pub(crate) fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        while self.buffer.len() - self.start < count && self.fill()? {}
        Ok(&self.buffer[self.start..])
    }

    /// Reads more behind what is there; false at the end of the file.
    fn fill(&mut self) -> io::Result<bool> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let kept = self.buffer.len();
        self.buffer.resize(kept + RAW_BYTES, 0);
        let read = loop {
            match self.file.read(&mut self.buffer[kept..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.failed |= read.is_err();
        self.buffer.truncate(kept + *read.as_ref().unwrap_or(&0));
        Ok(read? > 0)
    }
}

impl<R: Read> Read for Raw<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buf)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Raw<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.peek(1)
    }

    fn consume(&mut self, amount: usize) {
        self.start += amount;
        self.offset += amount as u64;
    }
}
