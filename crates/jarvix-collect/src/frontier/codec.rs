//! How entries lie in a segment.
//!
//! ```text
//! segment = "JFRSEG02" block* end
//! block   = header (88 bytes) and `stored` bytes of zstd
//! header  = magic u32, records u32, raw u32, stored u32, partition u32, 0 u32, low u64, high u64,
//!           first u128, last u128, xxh3 of the stored bytes u64, xxh3 of the header before this
//!           field u64; little endian
//! end     = a header with no records, whose `low` is the number of records of the segment
//! record  = ordinal, rank * 2 + 1 if it is the first of its host, body; numbers as LEB128
//! body    = line number (0: none), input, flags, url, [meta], [relative path], [found: role, level,
//!           flags, [page], [seed]]; texts with their length in front
//! ```
//!
//! `low` and `high` are the least and the greatest ordinal of a block, `first` and `last` the places
//! of the hosts of its first and last record. All records of a host lie one after the other, by
//! ordinal; all hosts of a registrable domain lie in one partition.

use jarvix_core::{Found, Role};
use xxhash_rust::xxh3::xxh3_64;

use super::place::Place;

/// The first bytes of a segment.
pub(super) const SEGMENT_MAGIC: &[u8; 8] = b"JFRSEG02";
const BLOCK_MAGIC: u32 = 0x4b4c_424a;
/// Bytes of a block's header.
pub(super) const HEADER_BYTES: usize = 88;
/// Bytes of records after which a block is written. Small, because hosts that take turns are read
/// from many blocks at a time.
pub(super) const BLOCK_BYTES: usize = 16 * 1024;
/// Most bytes of records in a block: the last record may go over [`BLOCK_BYTES`].
pub(super) const BLOCK_BYTES_MAX: usize = 256 * 1024;

const HAS_META: u8 = 1;
const HAS_RELATIVE: u8 = 2;
/// It is no input that is read as a page.
const IS_FOUND: u8 = 4;
const HAS_PAGE: u8 = 1;
const HAS_SEED: u8 = 2;

/// An entry as it lies in a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) ordinal: u64,
    /// How many URLs of its host were admitted before it, in this and in earlier sessions.
    pub(crate) rank: u64,
    /// Whether it is the first of its host in the segment.
    pub(crate) begins: bool,
    pub(crate) body: Body,
}

/// What a line said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Body {
    pub(crate) line_no: Option<u64>,
    /// The input it came from, by its place among the run's inputs.
    pub(crate) input: u32,
    pub(crate) url: String,
    pub(crate) meta: Option<String>,
    /// Where inside the input the page lies: the path in its folder, or the place in its archive.
    pub(crate) relative: Option<String>,
    /// How it came into the run.
    pub(crate) found: Found,
}

/// The header of a block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) records: u32,
    pub(super) raw: u32,
    pub(super) stored: u32,
    pub(super) partition: u32,
    pub(super) low: u64,
    pub(super) high: u64,
    pub(super) first: Place,
    pub(super) last: Place,
    pub(super) check: u64,
}

impl Header {
    pub(super) fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        let Self { records, raw, stored, partition, .. } = self;
        for number in [BLOCK_MAGIC, records, raw, stored, partition, 0] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        for number in [self.low, self.high] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        for place in [self.first, self.last] {
            bytes.extend_from_slice(&place.0.to_le_bytes());
        }
        bytes.extend_from_slice(&self.check.to_le_bytes());
        bytes.extend_from_slice(&xxh3_64(&bytes).to_le_bytes());
        let mut header = [0; HEADER_BYTES];
        header.copy_from_slice(&bytes);
        header
    }

    pub(super) fn from_bytes(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let mut input = &bytes[..];
        if take_u32(&mut input)? != BLOCK_MAGIC {
            return None;
        }
        let (records, raw) = (take_u32(&mut input)?, take_u32(&mut input)?);
        let (stored, partition) = (take_u32(&mut input)?, take_u32(&mut input)?);
        take_u32(&mut input)?;
        let header = Self {
            records,
            raw,
            stored,
            partition,
            low: take_u64(&mut input)?,
            high: take_u64(&mut input)?,
            first: take_place(&mut input)?,
            last: take_place(&mut input)?,
            check: take_u64(&mut input)?,
        };
        let whole = take_u64(&mut input)? == xxh3_64(&bytes[..HEADER_BYTES - 8]);
        let max = BLOCK_BYTES_MAX as u32;
        (whole && raw <= max && stored <= max + max / 8).then_some(header)
    }

    /// Whether every record is of the host at `place`.
    pub(super) fn is_all_of(&self, place: Place) -> bool {
        self.first == place && self.last == place
    }
}

impl Record {
    /// Takes a record off the front of a block; `None` if the bytes are damaged.
    pub(super) fn read(input: &mut &[u8]) -> Option<Self> {
        let ordinal = take_number(input)?;
        let rank = take_number(input)?;
        let body = Body::read(input)?;
        Some(Self { ordinal, rank: rank >> 1, begins: rank & 1 == 1, body })
    }

    /// Whether the record at the front of a block is the first of its host.
    pub(super) fn peek_begins(mut input: &[u8]) -> Option<bool> {
        take_number(&mut input)?;
        Some(take_number(&mut input)? & 1 == 1)
    }

    /// Passes over the record at the front of a block.
    pub(super) fn skip(input: &mut &[u8]) -> Option<()> {
        for _ in 0..4 {
            take_number(input)?;
        }
        let (flags, rest) = input.split_first()?;
        *input = rest;
        let optional = [HAS_META, HAS_RELATIVE].iter().filter(|flag| flags & **flag != 0).count();
        skip_texts(input, 1 + optional)?;
        if flags & IS_FOUND != 0 {
            take(input, 1)?;
            take_number(input)?;
            let flags = *take(input, 1)?.first()?;
            let texts = [HAS_PAGE, HAS_SEED].iter().filter(|flag| flags & **flag != 0).count();
            skip_texts(input, texts)?;
        }
        Some(())
    }
}

/// Appends a record whose body was written before.
pub(super) fn put_record(out: &mut Vec<u8>, ordinal: u64, rank: u64, begins: bool, body: &[u8]) {
    put_number(out, ordinal);
    put_number(out, rank << 1 | u64::from(begins));
    out.extend_from_slice(body);
}

impl Body {
    /// Appends the body.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put_number(out, self.line_no.unwrap_or(0));
        put_number(out, u64::from(self.input));
        let meta = if self.meta.is_some() { HAS_META } else { 0 };
        let relative = if self.relative.is_some() { HAS_RELATIVE } else { 0 };
        let found = if self.found == Found::default() { 0 } else { IS_FOUND };
        out.push(meta | relative | found);
        put_text(out, &self.url);
        for text in [&self.meta, &self.relative].into_iter().flatten() {
            put_text(out, text);
        }
        if found != 0 {
            put_found(out, &self.found);
        }
    }

    /// Takes a body off the front of `input`; `None` if the bytes are damaged.
    pub(crate) fn read(input: &mut &[u8]) -> Option<Self> {
        let line_no = Some(take_number(input)?).filter(|n| *n > 0);
        let from = u32::try_from(take_number(input)?).ok()?;
        let (flags, rest) = input.split_first()?;
        *input = rest;
        let url = take_text(input)?;
        let meta = if flags & HAS_META != 0 { Some(take_text(input)?) } else { None };
        let relative = if flags & HAS_RELATIVE != 0 { Some(take_text(input)?) } else { None };
        let found = if flags & IS_FOUND != 0 { take_found(input)? } else { Found::default() };
        Some(Self { line_no, input: from, url, meta, relative, found })
    }
}

fn skip_texts(input: &mut &[u8], count: usize) -> Option<()> {
    for _ in 0..count {
        let length = usize::try_from(take_number(input)?).ok()?;
        take(input, length)?;
    }
    Some(())
}

fn put_found(out: &mut Vec<u8>, found: &Found) {
    out.push(Role::ALL.iter().position(|role| *role == found.role).unwrap_or(0) as u8);
    put_number(out, u64::from(found.level));
    let page = if found.on.is_some() { HAS_PAGE } else { 0 };
    let seed = if found.seed.is_some() { HAS_SEED } else { 0 };
    out.push(page | seed);
    for text in [&found.on, &found.seed].into_iter().flatten() {
        put_text(out, text);
    }
}

fn take_found(input: &mut &[u8]) -> Option<Found> {
    let role = *Role::ALL.get(usize::from(*take(input, 1)?.first()?))?;
    let level = u32::try_from(take_number(input)?).ok()?;
    let flags = *take(input, 1)?.first()?;
    let on = if flags & HAS_PAGE != 0 { Some(take_text(input)?) } else { None };
    let seed = if flags & HAS_SEED != 0 { Some(take_text(input)?) } else { None };
    Some(Found { role, level, on, seed })
}

fn take<'a>(input: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = input.split_at_checked(count)?;
    *input = rest;
    Some(taken)
}

fn take_u32(input: &mut &[u8]) -> Option<u32> {
    take(input, 4)?.try_into().ok().map(u32::from_le_bytes)
}

fn take_u64(input: &mut &[u8]) -> Option<u64> {
    take(input, 8)?.try_into().ok().map(u64::from_le_bytes)
}

fn take_place(input: &mut &[u8]) -> Option<Place> {
    take(input, 16)?.try_into().ok().map(|bytes| Place(u128::from_le_bytes(bytes)))
}

pub(crate) fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

pub(crate) fn take_number(input: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = input.split_first()?;
        *input = rest;
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn take_text(input: &mut &[u8]) -> Option<String> {
    let length = usize::try_from(take_number(input)?).ok()?;
    String::from_utf8(take(input, length)?.to_vec()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn records_come_back(
            (ordinal, rank, begins) in (any::<u64>(), 0u64..1 << 60, any::<bool>()),
            line_no in proptest::option::of(1u64..),
            input in any::<u32>(),
            url in ".{0,40}",
            meta in proptest::option::of(".{0,40}"),
            relative in proptest::option::of(".{0,40}"),
            (role, level) in (prop::sample::select(Role::ALL), any::<u32>()),
            on in proptest::option::of(".{0,40}"),
            seed in proptest::option::of(".{0,40}"),
        ) {
            let found = Found { role, level, on, seed };
            let body = Body { line_no, input, url, meta, relative, found };
            let record = Record { ordinal, rank, begins, body };
            let (mut body, mut bytes) = (Vec::new(), Vec::new());
            record.body.write(&mut body);
            put_record(&mut bytes, ordinal, rank, begins, &body);
            prop_assert_eq!(Record::peek_begins(&bytes), Some(begins));
            let (mut rest, mut skipped) = (&bytes[..], &bytes[..]);
            prop_assert_eq!(Record::read(&mut rest), Some(record));
            prop_assert_eq!(Record::skip(&mut skipped), Some(()));
            prop_assert!(rest.is_empty() && skipped.is_empty());
            for cut in 0..bytes.len() {
                prop_assert_eq!(Record::read(&mut &bytes[..cut]), None);
                prop_assert_eq!(Record::skip(&mut &bytes[..cut]), None);
            }
        }

        #[test]
        fn a_damaged_header_is_noticed(at in 0..HEADER_BYTES, bit in 0u32..8) {
            let places = (Place(7 << 70), Place(9));
            let header = Header {
                records: 3,
                raw: 100,
                stored: 60,
                partition: 4,
                low: 5,
                high: 9,
                first: places.0,
                last: places.1,
                check: 77,
            };
            let mut bytes = header.to_bytes();
            prop_assert_eq!(Header::from_bytes(&bytes), Some(header));
            bytes[at] ^= 1 << bit;
            prop_assert_eq!(Header::from_bytes(&bytes), None);
        }
    }
}
