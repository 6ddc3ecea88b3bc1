//! How well a document matches a stated topic: BM25 (Robertson and Zaragoza 2009) over the words of the
//! topic, as a share of the most that a document could reach, 0 to 1.
//!
//! How rare a word is and how long documents are is counted over the whole run before any part is
//! scored, in whole numbers: so a match depends neither on the order of the parts nor on the machine.
//! What stands in which document is remembered from that count, as far as memory is given to it: then
//! no text is read a second time.
//! What it refuses to do: guess what was meant; the words of the topic count, and no others.

use std::collections::HashMap;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind};
use jarvix_query::{QueryError, Session, TextMatch, Value};

/// The function that `facts` asks.
pub(crate) const TOPIC_FUNCTION: &str = "topic_match";

/// Longest topic, in bytes.
pub const TOPIC_BYTES_MAX: usize = 16 * 1024;
/// Most words of a topic that are looked for, the first ones.
const TERMS_MAX: usize = 256;
/// How often a word must come to count nearly in full; the usual value.
const K1: f64 = 1.2;
/// How much a document's length counts; the usual value.
const B: f64 = 0.75;
/// A word that stands in a text more often counts no more.
const COUNT_MAX: u32 = 65_535;
/// A word of the title counts as often as this many in the text.
const TITLE_COUNTS: u32 = 3;

/// The words of a topic, ready to be found.
#[derive(Debug)]
struct Terms {
    matcher: AhoCorasick,
    /// The term of each pattern, and whether it must stand alone.
    patterns: Vec<(usize, bool)>,
    count: usize,
}

/// Bytes that may remember what stands in which document: some three million documents. A run of more
/// has its texts read twice.
const REMEMBERED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// How often terms stand in documents. One without any is not in it.
#[derive(Debug, Default)]
struct Remembered {
    /// Ordinals with the place of their first entry, sorted once all are there.
    documents: Vec<(u64, u32)>,
    /// The term, how often it stands there, and whether it is the document's last.
    entries: Vec<(u8, u16, bool)>,
}

impl Remembered {
    /// Takes in a document; false when there is no room for more.
    fn push(&mut self, ordinal: u64, counts: &[u32]) -> bool {
        let first = self.entries.len();
        let there = counts.iter().enumerate().filter(|(_, count)| **count > 0);
        for (term, count) in there {
            // At most 256 terms; a count beyond is the same to the formula as 65,535.
            let term = u8::try_from(term).unwrap_or(u8::MAX);
            self.entries.push((term, u16::try_from(*count).unwrap_or(u16::MAX), false));
        }
        if let (Some(last), Ok(at)) = (self.entries[first..].last_mut(), u32::try_from(first)) {
            last.2 = true;
            self.documents.push((ordinal, at));
        }
        let bytes = size_of_val(self.documents.as_slice()) + size_of_val(self.entries.as_slice());
        bytes <= REMEMBERED_BYTES_MAX
    }

    /// How often each term stands in the document of that ordinal.
    fn counts(&self, ordinal: u64, counts: &mut [u32]) {
        counts.fill(0);
        let Ok(at) = self.documents.binary_search_by_key(&ordinal, |(ordinal, _)| *ordinal) else {
            return;
        };
        for (term, count, is_last) in self.entries.iter().skip(self.documents[at].1 as usize) {
            counts[usize::from(*term)] = u32::from(*count);
            if *is_last {
                break;
            }
        }
    }
}

/// A topic with what the run says of its words.
#[derive(Debug)]
pub(crate) struct Topic {
    terms: Terms,
    /// What stands in which document; none where that is too much to remember.
    remembered: Option<Remembered>,
    /// How much each term says, by how few documents have it.
    weights: Vec<f64>,
    words_mean: f64,
}

impl Topic {
    /// Counts the words of `topic` over all documents of `session`; `None` if it has no words.
    pub(crate) async fn count(session: &Session, topic: &str) -> Result<Option<Self>, QueryError> {
        let Some(terms) = Terms::of(topic) else { return Ok(None) };
        let (mut documents, mut words) = (0_u64, 0_u64);
        let mut having = vec![0_u64; terms.count];
        let mut counts = vec![0_u32; terms.count];
        let mut remembered = Some(Remembered::default());
        let sql = "SELECT title, text, word_count, ordinal FROM documents";
        let mut rows = session.stream(sql).await?;
        while let Some(batch) = rows.next_rows().await? {
            for row in &batch {
                let [title, text, count, ordinal] = row.as_slice() else { continue };
                documents += 1;
                words += count.as_u64().unwrap_or(0);
                terms.count(text_of(title), text_of(text), &mut counts);
                having.iter_mut().zip(&counts).for_each(|(n, count)| *n += u64::from(*count > 0));
                let ordinal = ordinal.as_u64().unwrap_or(u64::MAX);
                remembered = remembered.take_if(|all| all.push(ordinal, &counts));
            }
        }
        let weight = |having: &u64| {
            let (n, df) = (documents as f64, *having as f64);
            libm::log(1.0 + (n - df + 0.5) / (df + 0.5))
        };
        let weights = having.iter().map(weight).collect();
        let words_mean = words as f64 / documents.max(1) as f64;
        if let Some(all) = &mut remembered {
            all.documents.sort_unstable();
        }
        Ok(Some(Self { terms, remembered, weights, words_mean }))
    }

    /// The share of the most that a document could reach.
    fn match_of(&self, title: Option<&str>, text: Option<&str>, words: Option<f64>) -> f64 {
        let mut counts = vec![0; self.terms.count];
        self.terms.count(title, text, &mut counts);
        self.share(&counts, words)
    }

    fn share(&self, counts: &[u32], words: Option<f64>) -> f64 {
        let length = words.unwrap_or(0.0) / self.words_mean.max(1.0);
        let slow = K1 * (1.0 - B + B * length);
        let (mut reached, mut most) = (0.0, 0.0);
        for (count, weight) in counts.iter().zip(&self.weights) {
            let count = f64::from((*count).min(COUNT_MAX));
            reached += weight * count * (K1 + 1.0) / (count + slow);
            most += weight * (K1 + 1.0);
        }
        if most > 0.0 { reached / most } else { 0.0 }
    }

    /// Gives `session` a function `name`, and gives the SQL that asks it of a document `d`; without a
    /// topic nothing is known.
    pub(crate) fn define(topic: Option<&Arc<Self>>, session: &Session, name: &str) -> String {
        let words = "CAST(d.word_count AS DOUBLE)";
        if let Some(topic) = topic.filter(|topic| topic.remembered.is_some()).map(Arc::clone) {
            let matched = move |ordinal: Option<f64>, words: Option<f64>| {
                let mut counts = vec![0; topic.terms.count];
                topic.remembered.as_ref()?.counts(ordinal? as u64, &mut counts);
                Some(topic.share(&counts, words))
            };
            session.define_number_match(name, Arc::new(matched));
            return format!("{name}(CAST(d.ordinal AS DOUBLE), {words})");
        }
        let matched: TextMatch = match topic.map(Arc::clone) {
            Some(topic) => {
                Arc::new(move |title, text, words| Some(topic.match_of(title, text, words)))
            }
            None => Arc::new(|_, _, _| None),
        };
        session.define_text_match(name, matched);
        format!("{name}(d.title, d.text, {words})")
    }
}

fn text_of(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

impl Terms {
    fn of(topic: &str) -> Option<Self> {
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
        let (mut texts, mut patterns) = (Vec::new(), Vec::new());
        for (at, (term, alone)) in terms.iter().enumerate() {
            for spelling in spellings(term) {
                texts.push(spelling);
                patterns.push((at, *alone));
            }
        }
        let mut builder = AhoCorasickBuilder::new();
        // Topics are short and texts many: the largest and fastest of its tables.
        builder.ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA));
        let matcher = builder.build(&texts).ok().filter(|_| !terms.is_empty())?;
        Some(Self { matcher, patterns, count: terms.len() })
    }

    /// How often each term stands in title and text.
    fn count(&self, title: Option<&str>, text: Option<&str>, counts: &mut [u32]) {
        counts.fill(0);
        for (text, times) in [(title, TITLE_COUNTS), (text, 1)] {
            let text = text.unwrap_or_default();
            // Two spellings of a term that differ in ASCII letters only end at the same place.
            let mut last = (usize::MAX, 0);
            for found in self.matcher.find_overlapping_iter(text) {
                let (term, alone) = self.patterns[found.pattern().as_usize()];
                let is_new = last != (term, found.end());
                if is_new && (!alone || stands_alone(text, found.start(), found.end())) {
                    counts[term] = counts[term].saturating_add(times);
                    last = (term, found.end());
                }
            }
        }
    }
}

/// A term as it may be written: the matcher knows the case of ASCII letters only.
fn spellings(term: &str) -> Vec<String> {
    if term.is_ascii() {
        return vec![term.to_owned()];
    }
    let mut chars = term.chars();
    let first: String = chars.next().map(char::to_uppercase).into_iter().flatten().collect();
    let mut all = vec![term.to_owned(), first + chars.as_str(), term.to_uppercase()];
    all.sort();
    all.dedup();
    all
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
        for none in ["", " ,. ", "a"] {
            assert!(Terms::of(none).is_none(), "{none:?}");
        }
    }

    #[test]
    fn rare_words_say_more_and_long_texts_less() {
        let terms = Terms::of("rare common").expect("words");
        let topic = Topic { terms, remembered: None, weights: vec![3.0, 0.2], words_mean: 100.0 };
        let of = |text: &str, words| topic.match_of(None, Some(text), Some(words));
        assert!(of("rare", 100.0) > of("common common common", 100.0));
        assert!(of("rare", 100.0) > of("rare", 1000.0));
        assert!(of("rare rare", 100.0) > of("rare", 100.0));
        assert!(of(&"rare common ".repeat(1000), 100.0) < 1.0);
        assert_eq!(of("neither", 100.0), 0.0);
    }

    #[test]
    fn what_is_remembered_is_what_was_counted() {
        let mut remembered = Remembered::default();
        let rows =
            [(7, vec![0, 3, 0]), (2, vec![1, 0, 70_000]), (5, vec![0, 0, 0]), (1, vec![9, 9, 9])];
        for (ordinal, counts) in &rows {
            assert!(remembered.push(*ordinal, counts));
        }
        remembered.documents.sort_unstable();
        for (ordinal, expected) in rows {
            let mut counts = vec![4; 3];
            remembered.counts(ordinal, &mut counts);
            let held: Vec<u32> = expected.iter().map(|count| *count.min(&COUNT_MAX)).collect();
            assert_eq!(counts, held, "{ordinal}");
        }
        // Five gigabytes are not remembered: a push says when it is enough.
        let counts = vec![1; 200];
        let many = (0..).take_while(|ordinal| remembered.push(*ordinal, &counts)).count();
        assert!(many * 200 * size_of::<(u8, u16, bool)>() <= REMEMBERED_BYTES_MAX, "{many}");
    }
}
