//! The words of a topic, and how often they stand in a text.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, Match, MatchKind};

/// Most words of a topic that are looked for, the first ones.
const TERMS_MAX: usize = 256;
/// A word of the title counts as often as this many in the text.
const TITLE_COUNTS: u32 = 3;

/// The words of a topic, ready to be found.
#[derive(Debug)]
pub(super) struct Terms {
    matcher: AhoCorasick,
    /// The term of each pattern, and whether it must stand alone.
    patterns: Vec<(usize, bool)>,
    pub(super) count: usize,
    /// Whether every term is a word that stands alone.
    are_words: bool,
}

impl Terms {
    /// `None` for a topic without words.
    pub(super) fn of(topic: &str) -> Option<Self> {
        let mut terms: Vec<(String, bool)> = Vec::new();
        for word in topic.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
            let word = word.to_lowercase();
            let chars: Vec<char> = word.chars().collect();
            if chars.iter().any(|c| stands_in_rows(*c)) {
                // Scripts without spaces: each pair of characters is a word of its own.
                let pairs = chars.windows(2).map(|pair| (pair.iter().collect(), false));
                terms.extend(pairs.chain((chars.len() == 1).then(|| (word.clone(), false))));
            } else if chars.len() > 1 {
                terms.push((word, true));
            }
        }
        let mut seen = HashMap::new();
        terms.retain(|(term, _)| seen.insert(term.clone(), ()).is_none());
        terms.truncate(TERMS_MAX);
        if terms.is_empty() {
            return None;
        }
        let (mut texts, mut patterns) = (Vec::new(), Vec::new());
        for (at, (term, alone)) in terms.iter().enumerate() {
            for spelling in spellings(term) {
                texts.push(spelling);
                patterns.push((at, *alone));
            }
        }
        let are_words = terms.iter().all(|(term, alone)| *alone && is_word(term));
        let mut builder = AhoCorasickBuilder::new();
        if are_words {
            builder.match_kind(MatchKind::LeftmostLongest);
        }
        // Topics are short and texts many: the largest and fastest of its tables.
        let matcher = builder.kind(Some(AhoCorasickKind::DFA)).build(&texts).ok()?;
        Some(Self { matcher, patterns, count: terms.len(), are_words })
    }

    /// How often each term stands in title and text.
    pub(super) fn count(&self, title: Option<&str>, text: Option<&str>, counts: &mut [u32]) {
        counts.fill(0);
        for (text, times) in [(title, TITLE_COUNTS), (text, 1)] {
            let text = text.unwrap_or_default().to_ascii_lowercase();
            if self.are_words {
                let all = self.matcher.find_iter(&text);
                self.add(&text, all, times, counts);
            } else {
                let all = self.matcher.find_overlapping_iter(&text);
                self.add(&text, all, times, counts);
            }
        }
    }

    fn add(&self, text: &str, all: impl Iterator<Item = Match>, times: u32, counts: &mut [u32]) {
        for found in all {
            let (term, alone) = self.patterns[found.pattern().as_usize()];
            if !alone || stands_alone(text, found.start(), found.end()) {
                counts[term] = counts[term].saturating_add(times);
            }
        }
    }
}

/// A term as it may be written in a text whose ASCII letters were made small.
fn spellings(term: &str) -> Vec<String> {
    if term.is_ascii() {
        return vec![term.to_owned()];
    }
    let mut chars = term.chars();
    let first: String = chars.next().map(char::to_uppercase).into_iter().flatten().collect();
    let mut all = vec![term.to_owned(), first + chars.as_str(), term.to_uppercase()];
    all.iter_mut().for_each(|spelling| spelling.make_ascii_lowercase());
    all.sort();
    all.dedup();
    all
}

/// Whether nothing that stands alone in a text can overlap with it: then a search may go on behind
/// each find, and skip what cannot begin one.
fn is_word(term: &str) -> bool {
    spellings(term).iter().all(|spelling| spelling.chars().all(char::is_alphanumeric))
}

/// Whether words of this script stand next to each other without spaces.
fn stands_in_rows(c: char) -> bool {
    matches!(c, '\u{0E00}'..='\u{0EFF}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}')
}

fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let goes_on = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    !goes_on(text[..start].chars().next_back()) && !goes_on(text[end..].chars().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(topic: &str, title: &str, text: &str) -> Vec<u32> {
        let terms = Terms::of(topic).expect("words");
        let mut counts = vec![0; terms.count];
        terms.count(Some(title), Some(text), &mut counts);
        counts
    }

    #[test]
    fn whole_words_count_in_any_case_and_the_title_more() {
        assert_eq!(counts("solar power", "Solar", "SOLAR and power; powerful solar-power"), [5, 2]);
        assert_eq!(counts("Über Öl", "", "ÜBER öl, Öl und überall"), [1, 2]);
        assert_eq!(counts("solar solar, SOLAR", "", "solar"), [1]);
        assert_eq!(counts("太阳能", "", "太阳能发电和太阳"), [2, 1]);
        assert_eq!(counts("太阳能 solar", "SOLAR", "solar太阳能, Solar"), [1, 1, 4]);
        assert_eq!(counts("sun sunny un", "", "Sunny sun unsunny SUN un sunnysun"), [2, 1, 1]);
        for none in ["", " ,. ", "a"] {
            assert!(Terms::of(none).is_none(), "{none:?}");
        }
    }
}
