//! Reading an archive record by record.
//!
//! ```text
//! record = "WARC/1.x" line end, header lines, empty line, block of Content-Length bytes, two line ends
//! ```
//!
//! Where that does not hold, the reader says what is wrong and goes on at the next place where a
//! record begins: a line that starts with `WARC/`, or a packed piece that does.

use std::fmt;
use std::io::{self, Read};

use memchr::{memchr, memmem};

use crate::block::Block;
use crate::fields::{Fields, without_end};
use crate::limits::Limits;
use crate::record::RecordHead;
use crate::unpack::{Place, Trouble, Unpacked};

/// What every record begins with.
pub(crate) const RECORD_MAGIC: &[u8] = b"WARC/";

/// What is wrong at some place of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Defect {
    /// Bytes that belong to no record.
    Junk {
        /// How many were passed over.
        bytes: u64,
    },
    /// The head of a record is longer or has more lines than is allowed.
    HeadTooLarge,
    /// The archive ends, or breaks, inside the head of a record.
    HeadCut,
    /// `Content-Length` is missing or no number.
    BadLength {
        /// What stands there, cut.
        text: String,
    },
    /// The block of the last record is shorter than its head says.
    BlockCut {
        /// Bytes that are missing.
        missing: u64,
    },
    /// The packing is damaged.
    Damaged {
        /// The unpacker's words.
        reason: String,
    },
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Junk { bytes } => write!(f, "{bytes} bytes that belong to no record"),
            Self::HeadTooLarge => f.write_str("the head of the record is too large"),
            Self::HeadCut => f.write_str("the archive breaks off in the head of the record"),
            Self::BadLength { text } if text.is_empty() => {
                f.write_str("the record does not say how long it is")
            }
            Self::BadLength { text } => write!(f, "the record's length {text:?} is no number"),
            Self::BlockCut { missing } => write!(f, "the record is {missing} bytes too short"),
            Self::Damaged { reason } => write!(f, "the archive is damaged here: {reason}"),
        }
    }
}

/// What comes next in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A record. Its block can be read until the next item is asked for.
    Record(RecordHead),
    /// Something is wrong.
    Defect {
        /// The number of the record that it concerns, or of the last one before it.
        number: u64,
        /// Where it begins.
        place: Place,
        /// What it is.
        defect: Defect,
    },
}

/// The rest of the block of the record that was given last.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    /// Bytes that should still come.
    pub(crate) left: u64,
    /// Whether no more will, although they should.
    pub(crate) cut: bool,
    /// Damage that was met on the way.
    pub(crate) damage: Option<String>,
}

/// The records of an archive.
pub struct Archive<R: Read> {
    pub(crate) source: Unpacked<R>,
    pub(crate) rest: Rest,
    limits: Limits,
    number: u64,
    /// A defect that is told before anything else.
    waiting: Option<(Place, Defect)>,
    /// Whether the next record has to be looked for.
    lost: bool,
}

impl<R: Read> Archive<R> {
    /// Reads `file` from its beginning.
    pub fn new(file: R, limits: Limits) -> Self {
        Self::at(file, 0, limits)
    }

    /// Reads `file`, which stands at `offset`: the beginning of a record or a packed piece.
    pub fn at(file: R, offset: u64, limits: Limits) -> Self {
        Self {
            source: Unpacked::new(file, offset),
            rest: Rest::default(),
            limits,
            number: 0,
            waiting: None,
            lost: false,
        }
    }

    /// Passes over unpacked bytes before the next record; false if there are not that many.
    pub fn skip_inside(&mut self, mut bytes: u64) -> io::Result<bool> {
        while bytes > 0 {
            let here = match self.source.peek(1) {
                Ok(here) => here.len(),
                Err(Trouble::Io(error)) => return Err(error),
                Err(Trouble::Damaged(_)) => return Ok(false),
            };
            if here == 0 {
                return Ok(false);
            }
            let taken = usize::try_from(bytes).unwrap_or(usize::MAX).min(here);
            self.source.consume(taken);
            bytes -= taken as u64;
        }
        Ok(true)
    }

    /// Whether what comes next begins like a record, line ends before it aside.
    pub fn begins_like_one(&mut self) -> io::Result<bool> {
        match self.pass_line_ends() {
            Ok(bytes) => Ok(bytes.starts_with(RECORD_MAGIC)),
            Err(Trouble::Io(error)) => Err(error),
            Err(Trouble::Damaged(_)) => Ok(false),
        }
    }

    /// Whether the archive is packed; known once something was read.
    pub fn is_packed(&self) -> bool {
        self.source.is_packed()
    }

    /// After a block: what is wrong with the packing up to the end of the record, if anything. Its
    /// checksum stands behind the last byte.
    pub fn check_end(&mut self) -> io::Result<Option<String>> {
        match self.source.end_piece() {
            Ok(()) => Ok(None),
            Err(Trouble::Damaged(reason)) => Ok(Some(reason)),
            Err(Trouble::Io(error)) => Err(error),
        }
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The file, unless it failed.
    pub fn into_file(self) -> Option<R> {
        self.source.into_file()
    }

    /// What is left of the block of the record that was given last.
    pub fn block(&mut self) -> Block<'_, R> {
        Block::new(self)
    }

    /// The next record or defect; `None` at the end. Errors are those of the file itself.
    pub fn next_item(&mut self) -> io::Result<Option<Item>> {
        self.end_block()?;
        if let Some((place, defect)) = self.waiting.take() {
            return Ok(Some(Item::Defect { number: self.number, place, defect }));
        }
        match self.next_record() {
            Ok(item) => Ok(item),
            Err(Trouble::Io(error)) => Err(error),
            Err(Trouble::Damaged(reason)) => {
                let place = self.source.place();
                self.recover()?;
                Ok(Some(self.defect(place, Defect::Damaged { reason })))
            }
        }
    }

    /// Reads what is left of a block, and says if it was too short.
    fn end_block(&mut self) -> io::Result<()> {
        io::copy(&mut self.block(), &mut io::sink())?;
        let rest = std::mem::take(&mut self.rest);
        if rest.cut {
            let defect = Defect::BlockCut { missing: rest.left };
            self.waiting = Some((self.source.place(), defect));
        }
        if rest.damage.is_some() {
            self.recover()?;
        }
        Ok(())
    }

    fn recover(&mut self) -> io::Result<()> {
        self.lost = self.source.recover()?;
        Ok(())
    }

    fn defect(&self, place: Place, defect: Defect) -> Item {
        Item::Defect { number: self.number, place, defect }
    }

    fn next_record(&mut self) -> Result<Option<Item>, Trouble> {
        let bytes = self.pass_line_ends()?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let begins = bytes.starts_with(RECORD_MAGIC);
        let place = self.source.place();
        let is_lost = std::mem::take(&mut self.lost);
        if is_lost || !begins {
            let bytes = self.find_record()?;
            // Where the reader was lost, it has said so already.
            if bytes > 0 && !is_lost {
                return Ok(Some(self.defect(place, Defect::Junk { bytes })));
            }
        }
        if self.source.peek(1)?.is_empty() {
            return Ok(None);
        }
        let place = self.source.place();
        self.number += 1;
        let head = self.read_head()?;
        Ok(Some(match head.and_then(|fields| self.begin_block(place, fields)) {
            Ok(head) => Item::Record(head),
            Err(defect) => {
                self.lost = true;
                self.defect(place, defect)
            }
        }))
    }

    fn begin_block(&mut self, place: Place, fields: Fields) -> Result<RecordHead, Defect> {
        let text = fields.get("Content-Length").unwrap_or_default();
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let length = text.parse::<u64>().ok().filter(|_| digits);
        let Some(length) = length else {
            return Err(Defect::BadLength { text: text.chars().take(40).collect() });
        };
        self.rest = Rest { left: length, ..Rest::default() };
        Ok(RecordHead::new(self.number, place, fields, length))
    }

    /// What comes after line ends: a few bytes, none at the end of the archive.
    fn pass_line_ends(&mut self) -> Result<&[u8], Trouble> {
        loop {
            let bytes = self.source.peek(RECORD_MAGIC.len())?;
            let blank = bytes.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
            if blank == 0 {
                break;
            }
            self.source.consume(blank);
        }
        self.source.peek(RECORD_MAGIC.len())
    }

    /// The header lines of a record, version line and empty line taken.
    fn read_head(&mut self) -> Result<Result<Fields, Defect>, Trouble> {
        let mut fields = Fields::default();
        let mut left = self.limits.head_bytes_max;
        let mut is_first = true;
        loop {
            let line = match self.read_line(left, is_first)? {
                Ok(line) => line,
                Err(defect) => return Ok(Err(defect)),
            };
            left -= line.len();
            let text = without_end(&line);
            if std::mem::take(&mut is_first) {
                continue;
            }
            if text.is_empty() {
                return Ok(Ok(fields));
            }
            if fields.add_line(text, self.limits.fields_max).is_err() {
                return Ok(Err(Defect::HeadTooLarge));
            }
        }
    }

    /// A line with its end, at most `bytes_max` long.
    fn read_line(
        &mut self,
        bytes_max: usize,
        is_first: bool,
    ) -> Result<Result<Vec<u8>, Defect>, Trouble> {
        let mut line = Vec::new();
        loop {
            self.source.peek(1)?;
            if !is_first && self.another_record_begins()? {
                return Ok(Err(Defect::HeadCut));
            }
            let bytes = self.source.peek(1)?;
            if bytes.is_empty() {
                return Ok(Err(Defect::HeadCut));
            }
            let end = memchr(b'\n', bytes).map(|at| at + 1);
            let taken = end.unwrap_or(bytes.len());
            if line.len() + taken > bytes_max {
                return Ok(Err(Defect::HeadTooLarge));
            }
            line.extend_from_slice(&bytes[..taken]);
            self.source.consume(taken);
            if end.is_some() {
                return Ok(Ok(line));
            }
        }
    }

    /// Whether a packed piece begins here that begins like a record: whatever was expected, this is
    /// the next one.
    pub(crate) fn another_record_begins(&mut self) -> Result<bool, Trouble> {
        if !self.source.at_piece_start() {
            return Ok(false);
        }
        Ok(self.source.peek(RECORD_MAGIC.len())?.starts_with(RECORD_MAGIC))
    }

    /// Goes to the next beginning of a record, or to the end; how many bytes were passed over.
    fn find_record(&mut self) -> Result<u64, Trouble> {
        const AT_LINE_START: &[u8] = b"\nWARC/";
        let mut passed = 0;
        let mut line_begins = false;
        loop {
            self.source.peek(1)?;
            let piece_begins = self.source.at_piece_start();
            let bytes = self.source.peek(AT_LINE_START.len())?;
            if bytes.is_empty()
                || ((line_begins || piece_begins) && bytes.starts_with(RECORD_MAGIC))
            {
                return Ok(passed);
            }
            let found = memmem::find(bytes, AT_LINE_START);
            let taken = match found {
                Some(at) => at + 1,
                None if bytes.len() < AT_LINE_START.len() => bytes.len(),
                None => bytes.len() - (AT_LINE_START.len() - 1),
            };
            line_begins = found.is_some();
            self.source.consume(taken);
            passed += taken as u64;
        }
    }
}
