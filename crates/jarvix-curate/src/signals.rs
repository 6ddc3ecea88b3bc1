//! The quality signals of a document, measured in a few linear passes over its text.
//!
//! Rules and thresholds are those of Gopher (Rae et al. 2021) and FineWeb (Penedo et al. 2024) as
//! datatrove applies them; the thresholds themselves belong to profiles. Only sums, products and
//! quotients of whole numbers are used, and every value is rounded to six decimals, so that it is
//! the same on every machine.

use jarvix_core::{Document, Signal};
use xxhash_rust::xxh3::xxh3_64;

use crate::keywords;
use crate::language;
use crate::survey::Survey;
use crate::words::Words;

/// Lines of at most this many characters are short (FineWeb).
const SHORT_LINE_CHARS_MAX: u64 = 30;

/// Values of all signals, in the order of [`Signal::ALL`].
struct Values(Vec<Option<f64>>);

impl Values {
    fn set(&mut self, signal: Signal, value: f64) {
        if let Some(slot) = self.0.get_mut(signal as usize) {
            *slot = Some((value * 1e6).round() / 1e6);
        }
    }

    fn count(&mut self, signal: Signal, count: u64) {
        self.set(signal, count as f64);
    }

    /// Left unset where there is nothing to take a share of.
    fn share(&mut self, signal: Signal, part: u64, whole: u64) {
        if whole > 0 {
            self.set(signal, part as f64 / whole as f64);
        }
    }
}

/// What the page beside its text is measured by.
#[derive(Debug, Default)]
pub(crate) struct PageFacts<'a> {
    /// The survey of an HTML page.
    pub(crate) survey: Option<&'a Survey>,
    /// Links that can be followed.
    pub(crate) links: u64,
    /// Those that lead to another host.
    pub(crate) external_links: u64,
}

/// All signals of `document`, whose text has `words`.
pub(crate) fn measure(
    document: &Document,
    words: &Words,
    facts: &PageFacts<'_>,
) -> Vec<Option<f64>> {
    let mut values = Values(vec![None; Signal::ALL.len()]);
    let chars = document.text.chars().count() as u64;
    values.count(Signal::CharCount, chars);
    measure_lines(&mut values, &document.text, words.len() as u64);
    measure_words(&mut values, &document.text, words, document.language.as_deref());
    measure_ngrams(&mut values, words);
    measure_page(&mut values, document, facts);
    let mut hits = keywords::hits(words);
    for text in [&document.title, &document.description].into_iter().flatten() {
        hits += keywords::hits(&Words::of(text));
    }
    values.count(Signal::KeywordHits, hits);
    values.count(Signal::DefectCount, document.defects.len() as u64);
    values.0
}

fn measure_lines(values: &mut Values, text: &str, words: u64) {
    let (mut lines, mut bullets, mut ellipses, mut punctuated) = (0, 0, 0, 0);
    let (mut short, mut sentences, mut chars_all) = (0, 0, 0);
    let mut seen: Vec<(u64, u64)> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let chars = line.chars().count() as u64;
        lines += 1;
        chars_all += chars;
        bullets += u64::from(begins_with_bullet(line));
        ellipses += u64::from(line.ends_with("...") || line.ends_with('…'));
        punctuated += u64::from(line.trim_end_matches(is_closing).ends_with(is_terminal));
        short += u64::from(chars <= SHORT_LINE_CHARS_MAX);
        sentences += sentences_of(line);
        seen.push((xxh3_64(line.as_bytes()), chars));
    }
    let (repeated, repeated_chars) = repeats(seen);
    values.count(Signal::ParagraphCount, lines);
    values.count(Signal::SentenceCount, sentences);
    values.share(Signal::BulletLineRatio, bullets, lines);
    values.share(Signal::EllipsisLineRatio, ellipses, lines);
    values.share(Signal::PunctuatedLineRatio, punctuated, lines);
    values.share(Signal::ShortLineRatio, short, lines);
    values.share(Signal::DuplicateLineRatio, repeated, lines);
    values.share(Signal::DuplicateLineCharRatio, repeated_chars, chars_all);
    values.share(Signal::NewlineRatio, lines.saturating_sub(1), words);
}

/// How many lines repeat an earlier one, and their characters. Equal lines have equal lengths, so
/// the order among them does not matter.
fn repeats(mut seen: Vec<(u64, u64)>) -> (u64, u64) {
    seen.sort_unstable();
    let again = seen.windows(2).filter(|pair| pair[0].0 == pair[1].0);
    again.fold((0, 0), |(lines, chars), pair| (lines + 1, chars + pair[1].1))
}

fn begins_with_bullet(line: &str) -> bool {
    let mut chars = line.chars();
    match chars.next() {
        Some('•' | '‣' | '▪' | '▸' | '◦' | '●' | '○' | '■' | '□' | '·' | '⁃') => {
            true
        }
        Some('-' | '*' | '–' | '+') => chars.next().is_some_and(char::is_whitespace),
        _ => false,
    }
}

fn is_terminal(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…' | '。' | '！' | '？' | '।' | '؟' | ':' | ';')
}

fn is_closing(c: char) -> bool {
    matches!(c, '"' | '\'' | ')' | ']' | '”' | '’' | '»' | '“' | '」' | '』')
}

/// Runs of end marks that are followed by white space or the end of the line; at least one.
fn sentences_of(line: &str) -> u64 {
    let (mut sentences, mut open, mut at_end) = (0, false, false);
    for c in line.chars() {
        if matches!(c, '。' | '！' | '？' | '।') {
            sentences += 1;
            (open, at_end) = (false, false);
        } else if matches!(c, '.' | '!' | '?' | '…' | '؟') {
            at_end = open;
        } else if c.is_whitespace() && at_end {
            sentences += 1;
            (open, at_end) = (false, false);
        } else if c.is_alphanumeric() {
            (open, at_end) = (true, false);
        }
    }
    (sentences + u64::from(open)).max(1)
}

fn measure_words(values: &mut Values, text: &str, words: &Words, language: Option<&str>) {
    let count = words.len() as u64;
    let hashes = text.matches('#').count();
    let ellipses = text.matches("...").count() + text.matches('…').count();
    values.share(Signal::MeanWordLength, words.chars, count);
    values.share(Signal::SymbolWordRatio, (hashes + ellipses) as u64, count);
    values.share(Signal::AlphaWordRatio, words.with_letter, count);
    if let Some(found) = language.and_then(|language| language::stop_words(words, language)) {
        values.count(Signal::StopWordCount, found);
    }
}

fn measure_ngrams(values: &mut Values, words: &Words) {
    if words.len() == 0 {
        return;
    }
    let hashes: Vec<(u64, u64)> =
        words.iter().map(|word| (xxh3_64(word.as_bytes()), word.chars().count() as u64)).collect();
    for (n, signal) in
        [(2, Signal::Top2gramRatio), (3, Signal::Top3gramRatio), (4, Signal::Top4gramRatio)]
    {
        values.share(signal, top_ngram_chars(&hashes, n).min(words.chars), words.chars);
    }
}

/// Characters in all occurrences of the most frequent `n` words (the longest of those that are
/// equally frequent); 0 if none comes twice.
fn top_ngram_chars(words: &[(u64, u64)], n: usize) -> u64 {
    let mut grams: Vec<(u64, u64)> = words
        .windows(n)
        .map(|window| {
            // Order matters in a phrase, so each step mixes before the next word is added.
            window.iter().fold((0, 0), |(hash, chars), (word, length)| {
                let mixed = (hash ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
                (mixed, chars + length)
            })
        })
        .collect();
    grams.sort_unstable();
    let runs = grams.chunk_by(|a, b| a.0 == b.0);
    let top = runs.map(|run| (run.len() as u64, run[0].1)).max().unwrap_or_default();
    if top.0 > 1 { top.0 * top.1 } else { 0 }
}

fn measure_page(values: &mut Values, document: &Document, facts: &PageFacts<'_>) {
    let Some(survey) = facts.survey else { return };
    let text_chars = document.text.chars().filter(|c| !c.is_whitespace()).count() as u64;
    values.share(Signal::LinkDensity, survey.link_chars, survey.visible_chars);
    // Text from structured data does not stand in the visible page.
    values.share(Signal::TextShare, text_chars.min(survey.visible_chars), survey.visible_chars);
    values.count(Signal::HeadingCount, survey.headings);
    values.count(Signal::ListItemCount, survey.list_items);
    values.count(Signal::TableCount, survey.tables);
    values.count(Signal::ImageCount, survey.images);
    values.count(Signal::LinkCount, facts.links);
    values.count(Signal::ExternalLinkCount, facts.external_links);
    let stated = [
        document.title.is_some(),
        document.author.is_some(),
        document.published.is_some(),
        document.description.is_some(),
        survey.declared_language().is_some(),
        document.site_name.is_some(),
        document.canonical_url.is_some(),
    ];
    values.count(Signal::MetadataCount, stated.into_iter().filter(|is| *is).count() as u64);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signals(text: &str) -> Document {
        let mut document = Document {
            text: text.to_owned(),
            language: Some("en".to_owned()),
            ..Document::default()
        };
        document.signals = measure(&document, &Words::of(text), &PageFacts::default());
        document
    }

    #[test]
    fn prose_measures_as_prose() {
        let document = signals("The cat sat on the mat. It was happy!\nShort line…\n- point #1");
        let expected = [
            (Signal::CharCount, 60.0),
            (Signal::SentenceCount, 4.0),
            (Signal::ParagraphCount, 3.0),
            (Signal::MeanWordLength, 3.230769),
            (Signal::SymbolWordRatio, 0.153846),
            (Signal::BulletLineRatio, 0.333333),
            (Signal::EllipsisLineRatio, 0.333333),
            (Signal::AlphaWordRatio, 0.923077),
            (Signal::StopWordCount, 1.0),
            (Signal::DuplicateLineRatio, 0.0),
            (Signal::PunctuatedLineRatio, 0.666667),
            (Signal::ShortLineRatio, 0.666667),
            (Signal::NewlineRatio, 0.153846),
            (Signal::Top2gramRatio, 0.0),
        ];
        for (signal, value) in expected {
            assert_eq!(document.signal(signal), Some(value), "{signal}");
        }
        assert_eq!(document.signal(Signal::LinkDensity), None);
    }

    #[test]
    fn repetition_is_seen() {
        let document = signals("buy now\nbuy now\nbuy now\nother words here");
        assert_eq!(document.signal(Signal::DuplicateLineRatio), Some(0.5));
        // Three times the six letters of "buy now" among 32.
        assert_eq!(document.signal(Signal::Top2gramRatio), Some(0.5625));
        assert_eq!(signals(&"a ".repeat(1000)).signal(Signal::Top2gramRatio), Some(1.0));
    }

    #[test]
    fn without_text_there_are_counts_and_no_shares() {
        let document = signals("");
        assert_eq!(document.signal(Signal::CharCount), Some(0.0));
        assert_eq!(document.signal(Signal::ParagraphCount), Some(0.0));
        assert_eq!(document.signal(Signal::MeanWordLength), None);
        assert_eq!(document.signal(Signal::Top2gramRatio), None);
        assert_eq!(document.signals.len(), Signal::ALL.len());
    }
}
