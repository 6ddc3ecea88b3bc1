//! Fingerprints of a text: an exact hash of its words, a MinHash for near duplicates, and the
//! shingles that the MinHash stands for. This is the one place that says what a shingle is.
//!
//! MinHash as in Broder (On the resemblance and containment of documents, 1997) with the settings
//! of datatrove: word 5-grams, 112 hashes (14 bands of 8). The permutations are multiply-shift
//! functions (Dietzfelbinger et al. 1997) of one 64-bit hash per 5-gram, cut to 32 bits. The
//! numbers are part of the file format: a change here is a change of `CODE_VERSION`.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed, xxh3_128};

use crate::words::Words;

/// Words of one shingle.
pub const SHINGLE_WORDS: usize = 5;
/// Hashes of one MinHash.
pub const MINHASH_HASHES: usize = 112;
/// Shingles that each function looks at in one go, so that its factors stay in registers.
const BLOCK: usize = 256;
/// Bands of one MinHash: two texts that are alike are looked for where one of them is equal.
pub const MINHASH_BANDS: usize = 14;
/// Bytes of one band: 8 hashes.
const BAND_BYTES: usize = MINHASH_HASHES / MINHASH_BANDS * 4;

/// The exact hash and the MinHash of `text`, as they stand in `documents`.
pub fn fingerprints(text: &str) -> (Option<String>, Option<Vec<u8>>) {
    let words = Words::of(text);
    (text_hash(&words), minhash(&words))
}

/// The hashes of the distinct word 5-grams of `text`, ascending; none under 5 words.
pub fn shingles(text: &str) -> Vec<u64> {
    let words = Words::of(text);
    let windows = words.hashes().windows(SHINGLE_WORDS);
    let mut shingles: Vec<u64> = windows.map(shingle_hash).collect();
    shingles.sort_unstable();
    shingles.dedup();
    shingles
}

/// How many values two ascending lists have in common.
pub fn shared(a: &[u64], b: &[u64]) -> usize {
    let (mut at, mut count) = (0, 0);
    for value in a {
        while b.get(at).is_some_and(|other| other < value) {
            at += 1;
        }
        count += usize::from(b.get(at) == Some(value));
    }
    count
}

/// A MinHash as it stands in `documents`, to be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature<'a>(&'a [u8]);

impl<'a> Signature<'a> {
    /// The MinHash in `bytes`; `None` if that is none.
    pub fn of(bytes: &'a [u8]) -> Option<Self> {
        (bytes.len() == MINHASH_HASHES * 4).then_some(Self(bytes))
    }

    /// A hash of each band; equal hashes of different bands differ.
    pub fn bands(self) -> impl Iterator<Item = u64> + 'a {
        let bands = (0..).zip(self.0.chunks_exact(BAND_BYTES));
        bands.map(|(number, band)| xxh3_64_with_seed(band, number))
    }

    /// The lowest bit of each hash (Li and Koenig, b-Bit Minwise Hashing, 2010). Of two sketches
    /// of texts with the similarity s, the share (1 + s) / 2 of the bits is expected to be equal.
    pub fn sketch(self) -> u128 {
        let lowest = self.0.chunks_exact(4).map(|value| u128::from(value[0] & 1));
        lowest.enumerate().fold(0, |sketch, (at, bit)| sketch | bit << at)
    }
}

/// XXH3-128 of the words, 32 hex digits; `None` without words.
pub(crate) fn text_hash(words: &Words) -> Option<String> {
    (words.len() > 0).then(|| format!("{:032x}", xxh3_128(words.joined().as_bytes())))
}

/// The MinHash of the word 5-grams, 32-bit values in little endian; `None` under 5 words.
pub(crate) fn minhash(words: &Words) -> Option<Vec<u8>> {
    let hashes = words.hashes();
    if hashes.len() < SHINGLE_WORDS {
        return None;
    }
    let functions = functions();
    let mut minima = [u64::MAX; MINHASH_HASHES];
    let mut shingles = [0; BLOCK];
    let mut windows = hashes.windows(SHINGLE_WORDS);
    loop {
        let mut filled = 0;
        for (slot, window) in shingles.iter_mut().zip(&mut windows) {
            *slot = shingle_hash(window);
            filled += 1;
        }
        if filled == 0 {
            break;
        }
        for (minimum, function) in minima.iter_mut().zip(&functions) {
            *minimum = least(&shingles[..filled], *function).min(*minimum);
        }
    }
    // The upper halves of the least values are the least upper halves.
    Some(minima.iter().flat_map(|value| ((value >> 32) as u32).to_le_bytes()).collect())
}

/// The least value of a hash function. Two sums run side by side: a core has to wait for each of
/// them, but not for both.
fn least(shingles: &[u64], (factor, term): (u64, u64)) -> u64 {
    let value = |shingle: &u64| shingle.wrapping_mul(factor).wrapping_add(term);
    let (mut even, mut odd) = (u64::MAX, u64::MAX);
    let pairs = shingles.chunks_exact(2);
    let rest = pairs.remainder().iter().map(value).min().unwrap_or(u64::MAX);
    for pair in pairs {
        even = value(&pair[0]).min(even);
        odd = value(&pair[1]).min(odd);
    }
    even.min(odd).min(rest)
}

fn shingle_hash(window: &[u64]) -> u64 {
    let mut bytes = [0; SHINGLE_WORDS * 8];
    for (to, hash) in bytes.chunks_exact_mut(8).zip(window) {
        to.copy_from_slice(&hash.to_le_bytes());
    }
    xxh3_64(&bytes)
}

/// The factors (odd) and terms of the hash functions: SplitMix64 from a fixed seed.
fn functions() -> [(u64, u64); MINHASH_HASHES] {
    let mut state = 0x6a61_7276_6978_0001_u64;
    let mut next = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    };
    std::array::from_fn(|_| (next() | 1, next()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(a: &str, b: &str) -> f64 {
        let (a, b) = (minhash(&Words::of(a)), minhash(&Words::of(b)));
        let (a, b) = (a.expect("long enough"), b.expect("long enough"));
        let equal = a.chunks_exact(4).zip(b.chunks_exact(4)).filter(|(a, b)| a == b).count();
        equal as f64 / MINHASH_HASHES as f64
    }

    #[test]
    fn the_exact_hash_sees_words_only() {
        let hash = |text| text_hash(&Words::of(text));
        assert_eq!(hash("One, two!"), hash("one\nTWO"));
        assert_ne!(hash("one two"), hash("onetwo"));
        assert_eq!(hash(" ... "), None);
        assert_eq!(hash("one").map(|h| h.len()), Some(32));
    }

    #[test]
    fn the_estimate_is_near_the_true_similarity() {
        let text = |from: usize, to: usize| {
            (from..to).map(|n| format!("word{n}")).collect::<Vec<_>>().join(" ")
        };
        assert!(minhash(&Words::of("one two three four")).is_none());
        assert_eq!(estimate(&text(0, 500), &text(0, 500)), 1.0);
        assert!(estimate(&text(0, 500), &text(1000, 1500)) < 0.05);
        // 396 of 596 distinct shingles are shared: 0.66.
        let shared = estimate(&text(0, 500), &text(100, 600));
        assert!((0.5..0.8).contains(&shared), "{shared}");
    }

    #[test]
    fn shingles_are_what_the_minhash_stands_for() {
        assert!(shingles("one two three four").is_empty());
        assert_eq!(shingles("a b c d e a b c d e").len(), 5, "one of six stands there twice");
        let (a, b) = (shingles("a b c d e f g"), shingles("x b c d e f g"));
        assert!(a.is_sorted());
        assert_eq!((shared(&a, &b), shared(&b, &a), shared(&a, &a), shared(&a, &[])), (2, 2, 3, 0));
        // One shingle only: its hashes are the minima.
        let one = minhash(&Words::of("a b c d e")).expect("long enough");
        let shingle = shingles("a b c d e")[0];
        let expected = functions().map(|(factor, term)| {
            ((shingle.wrapping_mul(factor).wrapping_add(term) >> 32) as u32).to_le_bytes()
        });
        assert_eq!(one, expected.concat());
    }

    #[test]
    fn bands_and_sketches_agree_where_the_hashes_do() {
        let (_, a) = fingerprints("the quick brown fox jumps over the lazy dog again");
        let a = a.expect("long enough");
        let mut b = a.clone();
        b[BAND_BYTES] ^= 1;
        let (a, b) = (Signature::of(&a).expect("one"), Signature::of(&b).expect("one"));
        let equal: Vec<bool> = a.bands().zip(b.bands()).map(|(a, b)| a == b).collect();
        assert_eq!(equal.len(), MINHASH_BANDS);
        assert_eq!(equal.iter().position(|equal| !equal), Some(1));
        assert_eq!(equal.iter().filter(|equal| !**equal).count(), 1);
        assert_eq!((a.sketch() ^ b.sketch()), 1 << (BAND_BYTES / 4));
        let zeros = [0; MINHASH_HASHES * 4];
        let mut bands: Vec<u64> = Signature::of(&zeros).expect("one").bands().collect();
        bands.dedup();
        assert_eq!(bands.len(), MINHASH_BANDS, "equal hashes of two bands are the same");
        assert!(Signature::of(&zeros[1..]).is_none());
    }

    #[test]
    fn the_functions_never_change() {
        let functions = functions();
        assert!(functions.iter().all(|(factor, _)| factor % 2 == 1));
        let hash = minhash(&Words::of("the quick brown fox jumps over")).expect("long enough");
        insta::assert_snapshot!(format!("{:016x}", xxh3_64(&hash)), @"ccd69fd6de118af0");
    }
}
