//! The first bytes of a gzip body, for a look at what it is. A whole inflater makes tables for
//! thousands of symbols before it gives the first one, which took a tenth of what collecting a
//! page costs; a look needs some dozens of symbols, and those are found by counting along the
//! canonical code (RFC 1951, 3.2.2), one bit at a time.
//!
//! It refuses nothing: it gives what stands before the first fault. Checksums stand at an end that
//! it does not read, and whole bodies go through the one decoder.

/// Bits of the gzip header's flags (RFC 1952, 2.3.1).
const HEADER_CRC: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;

/// The longest code, in bits.
const CODE_BITS_MAX: usize = 15;
/// Symbols of the literal and length code; the last two do not occur.
const LITERALS: usize = 288;
/// Symbols of the distance code; the last two do not occur.
const DISTANCES: usize = 32;
/// The symbol that ends a block.
const END_OF_BLOCK: usize = 256;
/// The order in which the lengths of the code for code lengths stand (RFC 1951, 3.2.7).
const LENGTH_ORDER: [usize; 19] =
    [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/// The shortest copy of each length symbol, and how many bits are added to it.
const LENGTH_BASE: [u16; 29] = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
    163, 195, 227, 258,
];
const LENGTH_BITS: [u8; 29] =
    [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
/// The same of distances.
const DISTANCE_BASE: [u16; 30] = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537,
    2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
];
const DISTANCE_BITS: [u8; 30] = [
    0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13,
    13,
];

/// At most `bytes_max` decoded bytes of the first member of a gzip body; nothing if it is none.
pub(crate) fn gzip(body: &[u8], bytes_max: usize) -> Vec<u8> {
    after_gzip_header(body).map_or_else(Vec::new, |deflated| inflate(deflated, bytes_max))
}

fn after_gzip_header(body: &[u8]) -> Option<&[u8]> {
    let (&[0x1f, 0x8b, 8, flags, ..], mut rest) = body.split_at_checked(10)? else { return None };
    if flags & EXTRA != 0 {
        let (length, behind) = rest.split_at_checked(2)?;
        rest = behind.get(usize::from(u16::from_le_bytes([length[0], length[1]]))..)?;
    }
    for flag in [NAME, COMMENT] {
        if flags & flag != 0 {
            rest = rest.get(memchr::memchr(0, rest)? + 1..)?;
        }
    }
    if flags & HEADER_CRC != 0 { rest.get(2..) } else { Some(rest) }
}

/// At most the first `bytes_max` bytes of a DEFLATE stream, as far as it can be followed.
fn inflate(deflated: &[u8], bytes_max: usize) -> Vec<u8> {
    let mut peek = Peek { bits: Bits::new(deflated), out: Vec::with_capacity(bytes_max.min(4096)) };
    while peek.out.len() < bytes_max {
        match peek.block(bytes_max) {
            Some(Last(false)) => {}
            Some(Last(true)) | None => break,
        }
    }
    peek.out.truncate(bytes_max);
    peek.out
}

/// Whether a block said that it was the last one.
struct Last(bool);

struct Peek<'a> {
    bits: Bits<'a>,
    out: Vec<u8>,
}

impl Peek<'_> {
    /// Decodes a block, or its beginning up to `bytes_max`; `None` at the end of the input and at
    /// a fault.
    fn block(&mut self, bytes_max: usize) -> Option<Last> {
        let last = Last(self.bits.take(1)? == 1);
        match self.bits.take(2)? {
            0 => self.stored(bytes_max)?,
            1 => {
                let (literals, distances) = fixed_codes();
                self.coded(&literals, &distances, bytes_max)?;
            }
            2 => {
                let (literals, distances) = self.codes()?;
                self.coded(&literals, &distances, bytes_max)?;
            }
            _ => return None,
        }
        Some(last)
    }

    fn stored(&mut self, bytes_max: usize) -> Option<()> {
        self.bits.align();
        let (length, complement) = (self.bits.take(16)?, self.bits.take(16)?);
        if length != !complement & 0xffff {
            return None;
        }
        for _ in 0..length {
            if self.out.len() >= bytes_max {
                break;
            }
            self.out.push(u8::try_from(self.bits.take(8)?).ok()?);
        }
        Some(())
    }

    /// The codes that a block brings along (RFC 1951, 3.2.7).
    fn codes(&mut self) -> Option<(Code<LITERALS>, Code<DISTANCES>)> {
        let literals = self.bits.take(5)? as usize + 257;
        let distances = self.bits.take(5)? as usize + 1;
        let named = self.bits.take(4)? as usize + 4;
        if literals > 286 || distances > 30 {
            return None;
        }
        let mut lengths = [0_u8; LENGTH_ORDER.len()];
        for at in &LENGTH_ORDER[..named] {
            lengths[*at] = u8::try_from(self.bits.take(3)?).ok()?;
        }
        let code = ShortCode::new(&lengths)?;
        let mut lengths = [0_u8; LITERALS + DISTANCES];
        let mut at = 0;
        while at < literals + distances {
            let (value, times) = match code.next(&mut self.bits)? {
                16 => (*lengths.get(at.checked_sub(1)?)?, 3 + self.bits.take(2)?),
                17 => (0, 3 + self.bits.take(3)?),
                18 => (0, 11 + self.bits.take(7)?),
                length => (u8::try_from(length).ok()?, 1),
            };
            let end = at + times as usize;
            if end > literals + distances {
                return None;
            }
            lengths[at..end].fill(value);
            at = end;
        }
        if lengths[END_OF_BLOCK] == 0 {
            return None;
        }
        let distances = Code::new(&lengths[literals..literals + distances])?;
        Some((Code::new(&lengths[..literals])?, distances))
    }

    fn coded(
        &mut self,
        literals: &Code<LITERALS>,
        distances: &Code<DISTANCES>,
        bytes_max: usize,
    ) -> Option<()> {
        while self.out.len() < bytes_max {
            let symbol = literals.next(&mut self.bits)?;
            match symbol.checked_sub(END_OF_BLOCK) {
                None => self.out.push(u8::try_from(symbol).ok()?),
                Some(0) => return Some(()),
                Some(length) => self.copy(length - 1, distances, bytes_max)?,
            }
        }
        Some(())
    }

    /// Repeats what stands a distance before.
    fn copy(&mut self, length: usize, distances: &Code<DISTANCES>, bytes_max: usize) -> Option<()> {
        let bits = *LENGTH_BITS.get(length)?;
        let length = usize::from(LENGTH_BASE[length]) + self.bits.take(u32::from(bits))? as usize;
        let distance = distances.next(&mut self.bits)?;
        let bits = *DISTANCE_BITS.get(distance)?;
        let base = usize::from(DISTANCE_BASE[distance]);
        let distance = base + self.bits.take(u32::from(bits))? as usize;
        let from = self.out.len().checked_sub(distance)?;
        for at in from..from + length.min(bytes_max - self.out.len()) {
            self.out.push(self.out[at]);
        }
        Some(())
    }
}

/// Bits, the lowest of a byte first.
struct Bits<'a> {
    rest: &'a [u8],
    held: u64,
    count: u32,
}

impl<'a> Bits<'a> {
    fn new(rest: &'a [u8]) -> Self {
        Self { rest, held: 0, count: 0 }
    }

    fn fill(&mut self) {
        if let Some(next) = self.rest.first_chunk() {
            // What does not fit now stands there again the next time, and is the same.
            self.held |= u64::from_le_bytes(*next) << self.count;
            let bytes = (63 - self.count) / 8;
            self.rest = &self.rest[bytes as usize..];
            self.count += bytes * 8;
            return;
        }
        while self.count <= 56
            && let Some((first, rest)) = self.rest.split_first()
        {
            self.held |= u64::from(*first) << self.count;
            self.count += 8;
            self.rest = rest;
        }
    }

    /// The next `count` bits, at most 16; `None` if there are fewer.
    fn take(&mut self, count: u32) -> Option<u32> {
        if self.count < count {
            self.fill();
        }
        self.count = self.count.checked_sub(count)?;
        let taken = (self.held & ((1 << count) - 1)) as u32;
        self.held >>= count;
        Some(taken)
    }

    /// Goes on to the next whole byte.
    fn align(&mut self) {
        let odd = self.count % 8;
        self.held >>= odd;
        self.count -= odd;
    }
}

/// A canonical code: how many codes there are of each length, and their symbols in order.
struct Code<const N: usize> {
    counts: [u16; CODE_BITS_MAX + 1],
    symbols: [u16; N],
}

impl<const N: usize> Code<N> {
    /// The code in which symbol `i` has a code of `lengths[i]` bits, 0 for none; `None` if there
    /// are more codes than bits can tell apart, or fewer, but for a single code.
    fn new(lengths: &[u8]) -> Option<Self> {
        let mut counts = [0_u16; CODE_BITS_MAX + 1];
        for length in lengths {
            counts[usize::from(*length)] += 1;
        }
        let used = lengths.len() - usize::from(counts[0]);
        counts[0] = 0;
        let mut starts = [0_u16; CODE_BITS_MAX + 2];
        let mut free = 1_i32;
        for (length, count) in counts.iter().enumerate().skip(1) {
            free = free * 2 - i32::from(*count);
            starts[length + 1] = starts[length] + count;
            if free < 0 {
                return None;
            }
        }
        if free > 0 && used > 1 {
            return None;
        }
        let mut symbols = [0_u16; N];
        for (symbol, length) in (0_u16..).zip(lengths) {
            if *length > 0 {
                let start = &mut starts[usize::from(*length)];
                symbols[usize::from(*start)] = symbol;
                *start += 1;
            }
        }
        Some(Self { counts, symbols })
    }

    /// The symbol whose code stands next.
    fn next(&self, bits: &mut Bits<'_>) -> Option<usize> {
        if bits.count < CODE_BITS_MAX as u32 {
            bits.fill();
        }
        let (mut held, mut code, mut first, mut before) = (bits.held, 0_u32, 0_u32, 0_u32);
        for length in 1..=(CODE_BITS_MAX as u32).min(bits.count) {
            code |= (held & 1) as u32;
            held >>= 1;
            let count = u32::from(self.counts[length as usize]);
            // Codes of one length follow each other, so the difference is the place among them.
            if code < first + count {
                bits.held = held;
                bits.count -= length;
                return Some(usize::from(self.symbols[(before + code - first) as usize]));
            }
            before += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        None
    }
}

/// A code of at most seven bits by table: a hundred lengths are read with it before the first
/// byte of a page comes.
struct ShortCode {
    /// By the next seven bits: the symbol, and in the upper three bits its length; 0 is no code.
    table: [u8; 128],
}

impl ShortCode {
    const BITS: u32 = 7;

    /// The code in which symbol `i`, of 19, has a code of `lengths[i]` bits, at most seven.
    fn new(lengths: &[u8; LENGTH_ORDER.len()]) -> Option<Self> {
        let code: Code<19> = Code::new(lengths)?;
        let mut table = [0; 128];
        let (mut value, mut symbols) = (0_u32, code.symbols.iter());
        for length in 1..=Self::BITS {
            for symbol in symbols.by_ref().take(usize::from(code.counts[length as usize])) {
                // The first bit of a code is the lowest that is read.
                let first = value.reverse_bits() >> (u32::BITS - length);
                for at in (first as usize..table.len()).step_by(1 << length) {
                    table[at] = (length << 5) as u8 | *symbol as u8;
                }
                value += 1;
            }
            value <<= 1;
        }
        Some(Self { table })
    }

    fn next(&self, bits: &mut Bits<'_>) -> Option<u32> {
        if bits.count < Self::BITS {
            bits.fill();
        }
        let entry = self.table[(bits.held & 0x7f) as usize];
        let length = u32::from(entry >> 5);
        if length == 0 {
            return None;
        }
        bits.count = bits.count.checked_sub(length)?;
        bits.held >>= length;
        Some(u32::from(entry & 0x1f))
    }
}

/// The codes of blocks that bring none along (RFC 1951, 3.2.6).
fn fixed_codes() -> (Code<LITERALS>, Code<DISTANCES>) {
    let mut lengths = [8_u8; LITERALS];
    lengths[144..256].fill(9);
    lengths[256..280].fill(7);
    let fixed = (Code::new(&lengths), Code::new(&[5; DISTANCES]));
    let (Some(literals), Some(distances)) = fixed else {
        unreachable!("the fixed codes are whole")
    };
    (literals, distances)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, GzBuilder};
    use proptest::prelude::*;
    use std::io::Write;

    fn with_header(build: GzBuilder, text: &[u8]) -> Vec<u8> {
        let mut writer = build.write(Vec::new(), Compression::default());
        writer.write_all(text).expect("write");
        writer.finish().expect("finish")
    }

    fn deflate(text: &[u8], level: u32) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len() * 2 + 1024);
        let mut deflater = Compress::new(Compression::new(level), false);
        deflater.compress_vec(text, &mut out, FlushCompress::Finish).expect("deflate");
        out
    }

    /// What the library makes of it.
    fn by_library(deflated: &[u8], bytes_max: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes_max);
        let mut inflater = Decompress::new(false);
        inflater.decompress_vec(deflated, &mut out, FlushDecompress::None).ok();
        out
    }

    #[test]
    fn every_header_is_skipped_and_a_cut_gives_a_beginning() {
        let text = b"the first bytes of a page".repeat(50);
        let plain = with_header(GzBuilder::new(), &text);
        let full = with_header(
            GzBuilder::new().filename("name").comment("words").extra(vec![1, 2, 3]),
            &text,
        );
        for body in [&plain, &full] {
            assert_eq!(gzip(body, 100), &text[..100]);
            assert_eq!(gzip(body, 10_000), text);
            for cut in 0..body.len() {
                assert!(text.starts_with(&gzip(&body[..cut], 10_000)), "cut at {cut}");
            }
        }
        assert!(gzip(b"not gzip at all", 100).is_empty());
    }

    /// Words, so that there is something to repeat, and noise, so that there are long codes.
    fn texts() -> impl Strategy<Value = Vec<u8>> {
        let words = proptest::collection::vec("[a-z<>/ =\"]{1,12}", 0..400);
        let noise = proptest::collection::vec(any::<u8>(), 0..3000);
        (words, noise).prop_map(|(words, noise)| [words.concat().into_bytes(), noise].concat())
    }

    proptest! {
        #[test]
        fn gives_what_was_deflated(text in texts(), level in 0_u32..=9, most in 0_usize..6000) {
            let deflated = deflate(&text, level);
            prop_assert_eq!(inflate(&deflated, most), &text[..text.len().min(most)]);
        }

        #[test]
        fn agrees_with_the_library_on_damage(
            text in texts(),
            level in 0_u32..=9,
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            let mut deflated = deflate(&text, level);
            let at = at.index(deflated.len());
            deflated[at] = byte;
            // Whose bytes beyond the fault are given does not matter, and both may stop early.
            let (ours, theirs) = (inflate(&deflated, 4096), by_library(&deflated, 4096));
            let both = ours.len().min(theirs.len());
            prop_assert_eq!(&ours[..both], &theirs[..both]);
        }
    }
}
