//! Undoing chunked transfer coding (RFC 9112, 7.1).
//!
//! Many writers keep the header and store the body without its chunks; so a body whose first line is
//! no chunk size is taken as it stands. Where chunks break later, what came before them is kept.

use std::io::{self, BufRead, Read};

use crate::fields::without_end;
use crate::limits::{CHUNK_LINE_BYTES_MAX, TRAILER_BYTES_MAX};

/// What became of the chunks that the header promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chunks {
    /// They were undone up to the last one.
    Whole,
    /// There were none; the body stands in the record as it is.
    Absent,
    /// They end or break before the last one.
    Broken,
}

enum State {
    First,
    Size,
    Data(u64),
    DataEnd,
    AsItIs,
    Done,
}

/// Reads a body without its chunks.
pub struct Chunked<R> {
    from: R,
    state: State,
    chunks: Chunks,
    /// Bytes of a body without chunks that were read to see that.
    lead: Vec<u8>,
    lead_at: usize,
}

impl<R: BufRead> Chunked<R> {
    /// Nothing read yet.
    pub fn new(from: R) -> Self {
        Self { from, state: State::First, chunks: Chunks::Broken, lead: Vec::new(), lead_at: 0 }
    }

    /// What became of the chunks; meaningful at the end.
    pub fn chunks(&self) -> Chunks {
        self.chunks
    }

    fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        (&mut self.from).take(CHUNK_LINE_BYTES_MAX as u64).read_until(b'\n', &mut line)?;
        Ok(line)
    }

    /// Goes to where data can be read, or to the end.
    fn advance(&mut self) -> io::Result<()> {
        match self.state {
            State::First | State::Size => {
                let is_first = matches!(self.state, State::First);
                let line = self.line()?;
                self.state = match size_of_chunk(&line) {
                    Some(0) => {
                        self.chunks = Chunks::Whole;
                        self.pass_trailers()?;
                        State::Done
                    }
                    Some(size) => State::Data(size),
                    None if is_first => {
                        self.chunks = Chunks::Absent;
                        self.lead = line;
                        State::AsItIs
                    }
                    None => State::Done,
                };
            }
            State::DataEnd => {
                let line = self.line()?;
                self.state = if without_end(&line).is_empty() && !line.is_empty() {
                    State::Size
                } else {
                    State::Done
                };
            }
            State::Data(_) | State::AsItIs | State::Done => {}
        }
        Ok(())
    }

    fn pass_trailers(&mut self) -> io::Result<()> {
        let mut left = TRAILER_BYTES_MAX;
        loop {
            let line = self.line()?;
            left = left.saturating_sub(line.len() as u64);
            if without_end(&line).is_empty() || left == 0 {
                return Ok(());
            }
        }
    }
}

/// The size that a chunk's first line tells; `None` if it is no such line.
fn size_of_chunk(line: &[u8]) -> Option<u64> {
    let line = line.strip_suffix(b"\n")?;
    let digits = line.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    let (size, rest) = line.split_at(digits);
    let rest = rest.trim_ascii();
    let is_size = (1..=16).contains(&digits) && (rest.is_empty() || rest.starts_with(b";"));
    let text = std::str::from_utf8(size).ok().filter(|_| is_size)?;
    u64::from_str_radix(text, 16).ok()
}

impl<R: BufRead> Read for Chunked<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        loop {
            match &mut self.state {
                State::Done => return Ok(0),
                State::AsItIs if self.lead_at < self.lead.len() => {
                    let count = (&self.lead[self.lead_at..]).read(buf)?;
                    self.lead_at += count;
                    return Ok(count);
                }
                State::AsItIs => return self.from.read(buf),
                State::Data(left) => {
                    let most = usize::try_from(*left).unwrap_or(usize::MAX).min(buf.len());
                    let count = self.from.read(&mut buf[..most])?;
                    *left -= count as u64;
                    if count == 0 {
                        self.state = State::Done;
                    } else if *left == 0 {
                        self.state = State::DataEnd;
                    }
                    return Ok(count);
                }
                State::First | State::Size | State::DataEnd => self.advance()?,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(body: &[u8]) -> (Vec<u8>, Chunks) {
        let mut chunked = Chunked::new(body);
        let mut out = Vec::new();
        chunked.read_to_end(&mut out).expect("memory can be read");
        (out, chunked.chunks())
    }

    #[test]
    fn chunks_are_undone_claimed_ones_passed_through_and_broken_ones_cut() {
        for (body, out, chunks) in [
            ("3\r\nabc\r\n0\r\n\r\n", "abc", Chunks::Whole),
            ("3;x=y\nabc\n2\nde\n0\n", "abcde", Chunks::Whole),
            ("0\r\nTrailer: x\r\n\r\n", "", Chunks::Whole),
            ("<html>\r\n", "<html>\r\n", Chunks::Absent),
            ("", "", Chunks::Absent),
            ("no line end", "no line end", Chunks::Absent),
            ("3\r\nabc\r\nzz\r\nabc", "abc", Chunks::Broken),
            ("3\r\nabc", "abc", Chunks::Broken),
            ("9\r\nabc", "abc", Chunks::Broken),
            ("3\r\nabcd\r\n0\r\n\r\n", "abc", Chunks::Broken),
            ("ffffffffffffffff\r\nabc", "abc", Chunks::Broken),
            ("10000000000000000\r\nabc", "10000000000000000\r\nabc", Chunks::Absent),
        ] {
            let expected = (out.as_bytes().to_vec(), chunks);
            assert_eq!(read(body.as_bytes()), expected, "{body:?}");
        }
    }

    proptest! {
        #[test]
        fn chunked_bodies_come_back(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..40), 0..8),
        ) {
            let mut coded = Vec::new();
            for chunk in &chunks {
                coded.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                coded.extend_from_slice(chunk);
                coded.extend_from_slice(b"\r\n");
            }
            coded.extend_from_slice(b"0\r\n\r\n");
            prop_assert_eq!(read(&coded), (chunks.concat(), Chunks::Whole));
        }

        #[test]
        fn no_body_makes_it_fail(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(read(&body).0.len() <= body.len());
        }
    }
}
