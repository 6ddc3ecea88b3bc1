//! How much a text repeats runs of its own words, by the measures of Gopher (Rae et al. 2021) as
//! datatrove takes them.
//!
//! A run of n words can only come twice where both runs of n - 1 words in it do. So each length
//! looks at nothing but what repeated at the one before, and on prose little is left after three.
//! Runs are found by sorting: what it refuses to do is to put a page's words into a hash table, where
//! words can be chosen that make every step slow.

use crate::words::Words;

/// Characters in repeated runs of words.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Repetition {
    /// In all occurrences of the most frequent 2, 3 and 4 words.
    pub(crate) top: [u64; 3],
    /// In 5 to 10 words that came before; a word counts once.
    pub(crate) duplicate: [u64; 6],
}

const WORDS_MAX: usize = 10;

/// The repetition in `words`.
pub(crate) fn of(words: &Words) -> Repetition {
    let mut runs = Runs::of(words);
    let mut found = Repetition::default();
    for n in 1..=WORDS_MAX {
        let (count, chars) = runs.repeat(n);
        match n {
            2..=4 => found.top[n - 2] = count * chars,
            5.. => found.duplicate[n - 5] = runs.chars_that_came_before(n),
            _ => {}
        }
        if runs.open.is_empty() {
            break;
        }
    }
    found
}

/// The hash of a run that goes on with `word`. Order matters in a phrase, so each step mixes before
/// the next word is added.
fn mixed(run: u64, word: u64) -> u64 {
    (run ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29)
}

/// The runs of one length.
struct Runs {
    words: Vec<u64>,
    /// Characters before each word, and of all.
    chars_before: Vec<u64>,
    /// Hash of the run that begins at a word; of the current length where that word is open.
    hashes: Vec<u64>,
    /// Where runs begin that come twice, in order.
    open: Vec<u32>,
    /// The same runs by number, at the words where they begin.
    numbers: Vec<u32>,
}

impl Runs {
    fn of(words: &Words) -> Self {
        let (mut chars_before, mut chars) = (vec![0], 0);
        for word in words.iter() {
            chars += word.chars().count() as u64;
            chars_before.push(chars);
        }
        let words = words.hashes().to_vec();
        let hashes: Vec<u64> = words.iter().map(|word| mixed(0, *word)).collect();
        let open = (0..u32::try_from(hashes.len()).unwrap_or(u32::MAX)).collect();
        let numbers = vec![0; hashes.len()];
        Self { words, chars_before, hashes, open, numbers }
    }

    fn chars(&self, at: u32, n: usize) -> u64 {
        self.chars_before[at as usize + n] - self.chars_before[at as usize]
    }

    /// Goes on to runs of `n` words; the count and the characters of the most frequent one, of
    /// equally frequent ones the longest; zero if none comes twice.
    fn repeat(&mut self, n: usize) -> (u64, u64) {
        if n > 1 {
            let both = self.open.windows(2).filter(|pair| pair[0] + 1 == pair[1]);
            self.open = both.map(|pair| pair[0]).collect();
            for &at in &self.open {
                let word = self.words[at as usize + n - 1];
                self.hashes[at as usize] = mixed(self.hashes[at as usize], word);
            }
        }
        let mut sorted: Vec<(u64, u32)> =
            self.open.iter().map(|&at| (self.hashes[at as usize], at)).collect();
        sorted.sort_unstable();
        self.open.clear();
        let mut top = (0, 0);
        let twice = sorted.chunk_by(|a, b| a.0 == b.0).filter(|run| run.len() > 1);
        for (number, run) in twice.enumerate() {
            top = top.max((run.len() as u64, self.chars(run[0].1, n)));
            for &(_, at) in run {
                self.numbers[at as usize] = number as u32;
                self.open.push(at);
            }
        }
        self.open.sort_unstable();
        top
    }

    /// Characters in runs of `n` words that came before, from left to right, without overlap.
    fn chars_that_came_before(&self, n: usize) -> u64 {
        let mut seen = vec![false; self.open.len()];
        let (mut chars, mut next) = (0, 0);
        for &at in self.open.iter() {
            if (at as usize) < next {
                continue;
            }
            let number = self.numbers[at as usize] as usize;
            if seen[number] {
                chars += self.chars(at, n);
                next = at as usize + n;
            } else {
                seen[number] = true;
            }
        }
        chars
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{HashMap, HashSet};

    fn plainly(words: &[&str]) -> Repetition {
        let chars = |run: &[&str]| run.iter().map(|w| w.chars().count() as u64).sum::<u64>();
        let mut found = Repetition::default();
        for n in 2..=4 {
            let mut counts: HashMap<&[&str], u64> = HashMap::new();
            words.windows(n).for_each(|run| *counts.entry(run).or_default() += 1);
            let top = counts.iter().map(|(run, count)| (*count, chars(run))).max();
            let (count, chars) = top.filter(|top| top.0 > 1).unwrap_or_default();
            found.top[n - 2] = count * chars;
        }
        for n in 5..=10 {
            let (mut seen, mut at) = (HashSet::new(), 0);
            while at + n <= words.len() {
                if seen.insert(&words[at..at + n]) {
                    at += 1;
                } else {
                    found.duplicate[n - 5] += chars(&words[at..at + n]);
                    at += n;
                }
            }
        }
        found
    }

    #[test]
    fn it_counts_what_the_plain_way_counts() {
        let texts = [
            String::new(),
            "one".to_owned(),
            "buy now ".repeat(7),
            "a ".repeat(1_000),
            format!("{0} and then {0} but {0}", "the quick brown fox jumps over the lazy dog"),
            "a b c d e f a b c d e g a b c d e f a b c d e f g h i j k l a b c d e f g h i j k l"
                .to_owned(),
            // A de Bruijn-like walk: many short runs repeat, few long ones.
            (0..600u64).map(|n| format!("{} ", n * n % 7)).collect(),
            (0..600u64).map(|n| format!("w{} ", n * n * n % 13)).collect(),
        ];
        for text in texts {
            let words = Words::of(&text);
            let list: Vec<&str> = words.iter().collect();
            assert_eq!(of(&words), plainly(&list), "{text}");
        }
    }
}
