//! The block of a record: as many bytes as its head says, or fewer if the archive has no more.

use std::io::{self, BufRead, Read};

use crate::archive::Archive;
use crate::unpack::Trouble;

/// Reads the block of an archive's current record.
pub struct Block<'a, R: Read> {
    archive: &'a mut Archive<R>,
}

impl<'a, R: Read> Block<'a, R> {
    pub(crate) fn new(archive: &'a mut Archive<R>) -> Self {
        Self { archive }
    }

    /// Whether it ended before its time.
    pub fn is_cut(&self) -> bool {
        self.archive.rest.cut
    }

    /// Bytes that should still come.
    pub fn missing(&self) -> u64 {
        self.archive.rest.left
    }

    /// What is wrong with the packing, if that is why it ended.
    pub fn damage(&self) -> Option<&str> {
        self.archive.rest.damage.as_deref()
    }
}

impl<R: Read> BufRead for Block<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let archive = &mut *self.archive;
        if archive.rest.left == 0 || archive.rest.cut {
            return Ok(&[]);
        }
        // A file may be cut into pieces anywhere; but where a piece begins with a record, the
        // block's length was wrong.
        let ended = match archive.source.peek(1) {
            Ok([]) => true,
            Ok(_) => match archive.another_record_begins() {
                Ok(begins) => begins,
                Err(trouble) => return archive.rest.take(trouble),
            },
            Err(trouble) => return archive.rest.take(trouble),
        };
        if ended {
            archive.rest.cut = true;
            return Ok(&[]);
        }
        match archive.source.peek(1) {
            Ok(bytes) => {
                let most = usize::try_from(archive.rest.left).unwrap_or(usize::MAX);
                Ok(&bytes[..bytes.len().min(most)])
            }
            Err(trouble) => archive.rest.take(trouble),
        }
    }

    fn consume(&mut self, amount: usize) {
        self.archive.source.consume(amount);
        self.archive.rest.left -= amount as u64;
    }
}

impl<R: Read> Read for Block<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buf)?;
        self.consume(count);
        Ok(count)
    }
}

impl crate::archive::Rest {
    /// Damage ends the block; an error of the file is one.
    fn take(&mut self, trouble: Trouble) -> io::Result<&'static [u8]> {
        match trouble {
            Trouble::Io(error) => Err(error),
            Trouble::Damaged(reason) => {
                self.cut = true;
                self.damage = Some(reason);
                Ok(&[])
            }
        }
    }
}
