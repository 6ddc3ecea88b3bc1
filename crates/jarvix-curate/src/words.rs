//! The words of a text: runs of letters, digits and `_` (`\w+`), lower-cased once, in one string
//! that hashes and n-grams are taken from.

use std::cell::OnceCell;

use xxhash_rust::xxh3::xxh3_64;

/// Words in lower case, joined by single spaces.
#[derive(Debug, Default)]
pub(crate) struct Words {
    joined: String,
    /// Where each word ends in `joined`.
    ends: Vec<u32>,
    /// Characters of all words.
    pub(crate) chars: u64,
    /// Words that hold at least one letter.
    pub(crate) with_letter: u64,
    hashes: OnceCell<Vec<u64>>,
}

/// A character that belongs to a word. The virama and its kin join syllables in Indic scripts.
fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || matches!(c, '\u{94d}' | '\u{9cd}' | '\u{bcd}' | '\u{c4d}')
}

fn is_ascii_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

impl Words {
    /// The words of `text`; what lies beyond 4 GiB of words is left out.
    pub(crate) fn of(text: &str) -> Self {
        let mut words = Self::default();
        words.joined.reserve(text.len());
        let mut in_word = false;
        let mut letter = false;
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let run = rest.bytes().position(|b| !is_ascii_word(b)).unwrap_or(rest.len());
            if run > 0 {
                if !in_word && !words.ends.is_empty() {
                    words.joined.push(' ');
                }
                in_word = true;
                letter |= rest[..run].bytes().any(|b| b.is_ascii_alphabetic());
                words.chars += run as u64;
                let start = words.joined.len();
                words.joined.push_str(&rest[..run]);
                words.joined[start..].make_ascii_lowercase();
                rest = &rest[run..];
                continue;
            }
            rest = &rest[c.len_utf8()..];
            if is_word_char(c) {
                if !in_word && !words.ends.is_empty() {
                    words.joined.push(' ');
                }
                in_word = true;
                letter |= c.is_alphabetic();
                words.chars += 1;
                words.joined.extend(c.to_lowercase());
            } else if in_word {
                words.end_word(letter);
                (in_word, letter) = (false, false);
            }
        }
        if in_word {
            words.end_word(letter);
        }
        words
    }

    fn end_word(&mut self, letter: bool) {
        if let Ok(end) = u32::try_from(self.joined.len()) {
            self.ends.push(end);
            self.with_letter += u64::from(letter);
        }
    }

    /// How many words.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The words joined by spaces: the normalised text.
    pub(crate) fn joined(&self) -> &str {
        &self.joined
    }

    /// The words in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|at| self.get(at))
    }

    /// XXH3-64 of each word, taken once however often it is asked for.
    pub(crate) fn hashes(&self) -> &[u64] {
        self.hashes.get_or_init(|| self.iter().map(|word| xxh3_64(word.as_bytes())).collect())
    }

    /// The word at `at`; empty beyond the end.
    pub(crate) fn get(&self, at: usize) -> &str {
        let Some(end) = self.ends.get(at) else { return "" };
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize + 1 };
        &self.joined[start..*end as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_runs_of_word_characters() {
        let cases: &[(&str, &[&str])] = &[
            ("", &[]),
            ("One two-three, FOUR_4!", &["one", "two", "three", "four_4"]),
            ("Ärger naïve İ", &["ärger", "naïve", "i\u{307}"]),
            ("... 3.14", &["3", "14"]),
        ];
        for (text, expected) in cases {
            let words = Words::of(text);
            assert_eq!(words.iter().collect::<Vec<_>>(), *expected, "{text}");
            assert_eq!(words.joined(), expected.join(" "));
        }
    }
}
