//! How entries lie in a segment.
//!
//! ```text
//! segment = "JFRSEG01" block* end
//! block   = header (48 bytes) and `stored` bytes of zstd
//! header  = magic u32, records u32, raw u32, stored u32, first u64, last u64, xxh3 of the stored
//!           bytes u64, xxh3 of the header before this field u64; little endian
//! end     = a header with no records, whose `first` is the number of records of the segment
//! record  = ordinal - first, line number (0: none), input, flags, url, [meta], [relative path];
//!           numbers as LEB128, texts with their length in front
//! ```

use xxhash_rust::xxh3::xxh3_64;

/// The first bytes of a segment.
pub(super) const SEGMENT_MAGIC: &[u8; 8] = b"JFRSEG01";
const BLOCK_MAGIC: u32 = 0x4b4c_424a;
/// Bytes of a block's header.
pub(super) const HEADER_BYTES: usize = 48;
/// Bytes of records after which a block is written.
pub(super) const BLOCK_BYTES: usize = 256 * 1024;
/// Most bytes of records in a block: the last record may go over [`BLOCK_BYTES`].
pub(super) const BLOCK_BYTES_MAX: usize = 1024 * 1024;

const HAS_META: u8 = 1;
const HAS_RELATIVE: u8 = 2;

/// An entry as it lies in a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) ordinal: u64,
    pub(crate) line_no: Option<u64>,
    /// The input it came from, by its place among the run's inputs.
    pub(crate) input: u32,
    pub(crate) url: String,
    pub(crate) meta: Option<String>,
    /// The path inside the input's folder.
    pub(crate) relative: Option<String>,
}

/// The header of a block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) records: u32,
    pub(super) raw: u32,
    pub(super) stored: u32,
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) check: u64,
}

impl Header {
    pub(super) fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        for number in [BLOCK_MAGIC, self.records, self.raw, self.stored] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        for number in [self.first, self.last, self.check] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
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
        let header = Self {
            records: take_u32(&mut input)?,
            raw: take_u32(&mut input)?,
            stored: take_u32(&mut input)?,
            first: take_u64(&mut input)?,
            last: take_u64(&mut input)?,
            check: take_u64(&mut input)?,
        };
        let whole = take_u64(&mut input)? == xxh3_64(&bytes[..HEADER_BYTES - 8]);
        let max = BLOCK_BYTES_MAX as u32;
        (whole && header.raw <= max && header.stored <= max + max / 8).then_some(header)
    }
}

impl Record {
    /// Appends the record to a block whose first ordinal is `first`.
    pub(super) fn write(&self, first: u64, out: &mut Vec<u8>) {
        put_number(out, self.ordinal - first);
        put_number(out, self.line_no.unwrap_or(0));
        put_number(out, u64::from(self.input));
        let meta = if self.meta.is_some() { HAS_META } else { 0 };
        let relative = if self.relative.is_some() { HAS_RELATIVE } else { 0 };
        out.push(meta | relative);
        put_text(out, &self.url);
        for text in [&self.meta, &self.relative].into_iter().flatten() {
            put_text(out, text);
        }
    }

    /// Takes a record off the front of a block; `None` if the bytes are damaged.
    pub(super) fn read(first: u64, input: &mut &[u8]) -> Option<Self> {
        let ordinal = first.checked_add(take_number(input)?)?;
        let line_no = Some(take_number(input)?).filter(|n| *n > 0);
        let from = u32::try_from(take_number(input)?).ok()?;
        let (flags, rest) = input.split_first()?;
        *input = rest;
        let url = take_text(input)?;
        let meta = if flags & HAS_META != 0 { Some(take_text(input)?) } else { None };
        let relative = if flags & HAS_RELATIVE != 0 { Some(take_text(input)?) } else { None };
        Some(Self { ordinal, line_no, input: from, url, meta, relative })
    }
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

fn put_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take_number(input: &mut &[u8]) -> Option<u64> {
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
            (first, more) in (0u64..1 << 40, 0u64..1 << 40),
            line_no in proptest::option::of(1u64..),
            input in any::<u32>(),
            url in ".{0,40}",
            meta in proptest::option::of(".{0,40}"),
            relative in proptest::option::of(".{0,40}"),
        ) {
            let record = Record { ordinal: first + more, line_no, input, url, meta, relative };
            let mut bytes = Vec::new();
            record.write(first, &mut bytes);
            let mut rest = &bytes[..];
            prop_assert_eq!(Record::read(first, &mut rest), Some(record));
            prop_assert!(rest.is_empty());
            for cut in 0..bytes.len() {
                prop_assert_eq!(Record::read(first, &mut &bytes[..cut]), None);
            }
        }

        #[test]
        fn a_damaged_header_is_noticed(at in 0..HEADER_BYTES, bit in 0u32..8) {
            let header = Header { records: 3, raw: 100, stored: 60, first: 5, last: 9, check: 77 };
            let mut bytes = header.to_bytes();
            prop_assert_eq!(Header::from_bytes(&bytes), Some(header));
            bytes[at] ^= 1 << bit;
            prop_assert_eq!(Header::from_bytes(&bytes), None);
        }
    }
}
