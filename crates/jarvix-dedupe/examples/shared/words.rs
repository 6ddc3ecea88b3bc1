//! Made-up words that look random and are the same each time, for documents to measure with. No
//! example by itself.

/// A word that can be spoken, so that texts pack about as well as others do.
pub fn push_word(text: &mut String, mut number: u64) {
    const HEADS: &[u8] = b"bdfgklmnprstvz";
    const VOWELS: &[u8] = b"aeiou";
    if !text.is_empty() {
        text.push(' ');
    }
    while number > 0 {
        text.push(char::from(HEADS[(number % HEADS.len() as u64) as usize]));
        number /= HEADS.len() as u64;
        text.push(char::from(VOWELS[(number % VOWELS.len() as u64) as usize]));
        number /= VOWELS.len() as u64;
    }
    text.push('n');
}

/// SplitMix64 (Steele, Lea, Flood 2014).
pub fn mixed(n: u64) -> u64 {
    let n = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    n ^ (n >> 31)
}
