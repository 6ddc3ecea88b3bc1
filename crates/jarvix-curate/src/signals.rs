//! The quality signals of a document, measured in a few linear passes over its text.
//!
//! Rules and thresholds are those of Gopher (Rae et al. 2021), C4 (Raffel et al. 2020) and FineWeb
//! (Penedo et al. 2024) as datatrove applies them; the thresholds themselves belong to profiles. Only
//! sums, products and quotients of whole numbers are used, and every value is rounded to six
//! decimals, so that it is the same on every machine.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use jarvix_core::{Document, Signal};
use xxhash_rust::xxh3::xxh3_64;

use crate::keywords;
use crate::language;
use crate::pii;
use crate::repetition;
use crate::survey::Survey;
use crate::words::Words;

/// Lines of at most this many characters are short (FineWeb).
const SHORT_LINE_CHARS_MAX: u64 = 30;
/// Lines of fewer words are dropped by C4.
const LINE_WORDS_MIN: usize = 3;
/// Words of more characters are long (LIX).
const LONG_WORD_CHARS: u64 = 6;

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
    let sentences = measure_lines(&mut values, &document.text, words.len() as u64);
    measure_paragraphs(&mut values, &document.markdown);
    measure_phrases(&mut values, &document.text);
    measure_words(&mut values, document, words, sentences);
    measure_repetition(&mut values, words);
    measure_page(&mut values, document, facts);
    measure_keywords(&mut values, document, words);
    let pii = pii::count(&document.text);
    values.count(Signal::EmailCount, pii.emails);
    values.count(Signal::PhoneCount, pii.phones);
    values.count(Signal::IbanCount, pii.ibans);
    values.count(Signal::CardNumberCount, pii.cards);
    values.count(Signal::DefectCount, document.defects.len() as u64);
    values.0
}

/// What lines are like; the sentences of all of them.
fn measure_lines(values: &mut Values, text: &str, words: u64) -> u64 {
    let (mut lines, mut bullets, mut ellipses, mut punctuated) = (0, 0, 0, 0);
    let (mut short, mut sentences, mut chars_all) = (0, 0, 0);
    let (mut terminal, mut few_words) = (0, 0);
    let mut seen: Vec<(u64, u64)> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let chars = line.chars().count() as u64;
        let ends_in_ellipsis = line.ends_with("...") || line.ends_with('…');
        lines += 1;
        chars_all += chars;
        bullets += u64::from(begins_with_bullet(line));
        ellipses += u64::from(ends_in_ellipsis);
        punctuated += u64::from(line.trim_end_matches(is_closing).ends_with(is_terminal));
        terminal += u64::from(!ends_in_ellipsis && line.ends_with(ends_a_line_of_c4));
        few_words += u64::from(line.split_whitespace().nth(LINE_WORDS_MIN - 1).is_none());
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
    values.share(Signal::TerminalLineRatio, terminal, lines);
    values.share(Signal::FewWordLineRatio, few_words, lines);
    values.share(Signal::ShortLineRatio, short, lines);
    values.share(Signal::DuplicateLineRatio, repeated, lines);
    values.share(Signal::DuplicateLineCharRatio, repeated_chars, chars_all);
    values.share(Signal::NewlineRatio, lines.saturating_sub(1), words);
    sentences
}

/// The main text has a line for every paragraph, list item and cell; in Markdown, as in what Gopher
/// was measured on, paragraphs are what stands between blank lines.
fn measure_paragraphs(values: &mut Values, markdown: &str) {
    let paragraphs = markdown.split("\n\n").map(str::trim).filter(|text| !text.is_empty());
    let seen: Vec<(u64, u64)> =
        paragraphs.map(|text| (xxh3_64(text.as_bytes()), text.chars().count() as u64)).collect();
    let (count, chars) = (seen.len() as u64, seen.iter().map(|(_, chars)| chars).sum());
    let (repeated, repeated_chars) = repeats(seen);
    values.share(Signal::DuplicateParagraphRatio, repeated, count);
    values.share(Signal::DuplicateParagraphCharRatio, repeated_chars, chars);
}

/// What C4 drops lines and pages for, and the signal that counts it; whether by lines.
const PHRASES: &[(&str, Signal, bool)] = &[
    ("javascript", Signal::JavascriptLineCount, true),
    ("terms of use", Signal::PolicyLineCount, true),
    ("privacy policy", Signal::PolicyLineCount, true),
    ("cookie policy", Signal::PolicyLineCount, true),
    ("uses cookies", Signal::PolicyLineCount, true),
    ("use of cookies", Signal::PolicyLineCount, true),
    ("use cookies", Signal::PolicyLineCount, true),
    ("lorem ipsum", Signal::LoremIpsumCount, false),
    ("{", Signal::CurlyBracketCount, false),
];

static PHRASE_FINDER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let phrases = PHRASES.iter().map(|(phrase, _, _)| phrase);
    AhoCorasick::builder().ascii_case_insensitive(true).build(phrases).ok()
});

fn measure_phrases(values: &mut Values, text: &str) {
    let Some(finder) = &*PHRASE_FINDER else { return };
    let mut counts = [0; Signal::ALL.len()];
    let mut line_of_last = [None; Signal::ALL.len()];
    let (mut line, mut looked_at) = (0, 0);
    for found in finder.find_iter(text) {
        let (_, signal, by_lines) = PHRASES[found.pattern().as_usize()];
        let between = &text.as_bytes()[looked_at..found.start()];
        line += memchr::memchr_iter(b'\n', between).count();
        looked_at = found.start();
        let last = line_of_last[signal as usize].replace(line);
        counts[signal as usize] += u64::from(!by_lines || last != Some(line));
    }
    for (_, signal, _) in PHRASES {
        values.count(*signal, counts[*signal as usize]);
    }
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

/// What C4 lets a line end with, and what other scripts have in its place.
fn ends_a_line_of_c4(c: char) -> bool {
    matches!(
        c,
        '.' | '!' | '?' | '"' | '\'' | '”' | '’' | '»' | '。' | '！' | '？' | '」' | '।' | '؟'
    )
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

fn measure_words(values: &mut Values, document: &Document, words: &Words, sentences: u64) {
    let (text, language) = (&document.text, document.language.as_deref());
    let count = words.len() as u64;
    let hashes = text.matches('#').count();
    let ellipses = text.matches("...").count() + text.matches('…').count();
    values.share(Signal::MeanWordLength, words.chars, count);
    values.share(Signal::SymbolWordRatio, (hashes + ellipses) as u64, count);
    values.share(Signal::AlphaWordRatio, words.with_letter, count);
    if let Some(found) = language.and_then(|language| language::stop_words(words, language)) {
        values.count(Signal::StopWordCount, found);
    }
    let (mut longest, mut long) = (0, 0);
    for word in words.iter() {
        let chars = word.chars().count() as u64;
        longest = longest.max(chars);
        long += u64::from(chars > LONG_WORD_CHARS);
    }
    values.count(Signal::LongestWordLength, longest);
    let is_spaced = language.is_none_or(|language| !UNSPACED.contains(&language));
    if count > 0 && sentences > 0 && is_spaced {
        let (words, sentences, long) = (count as f64, sentences as f64, long as f64);
        values.set(Signal::Lix, words / sentences + 100.0 * long / words);
    }
}

/// Languages that are written without spaces between words.
const UNSPACED: &[&str] = &["ja", "km", "lo", "my", "th", "zh"];

fn measure_repetition(values: &mut Values, words: &Words) {
    let found = repetition::of(words);
    let top = [Signal::Top2gramRatio, Signal::Top3gramRatio, Signal::Top4gramRatio];
    let duplicate = [
        Signal::Duplicate5gramRatio,
        Signal::Duplicate6gramRatio,
        Signal::Duplicate7gramRatio,
        Signal::Duplicate8gramRatio,
        Signal::Duplicate9gramRatio,
        Signal::Duplicate10gramRatio,
    ];
    let signals = top.into_iter().chain(duplicate);
    for (signal, chars) in signals.zip(found.top.into_iter().chain(found.duplicate)) {
        // Occurrences of a run may overlap.
        values.share(signal, chars.min(words.chars), words.chars);
    }
}

fn measure_keywords(values: &mut Values, document: &Document, words: &Words) {
    let lists = keywords::lists_for(document.language.as_deref());
    let mut sums = keywords::hits(words, lists);
    for text in [&document.title, &document.description].into_iter().flatten() {
        let hits = keywords::hits(&Words::of(text), lists);
        sums.iter_mut().zip(hits).for_each(|(sum, hits)| *sum += hits);
    }
    let [buying, comparison, support, career] = sums;
    values.count(Signal::KeywordHits, buying);
    values.count(Signal::ComparisonHits, comparison);
    values.count(Signal::SupportHits, support);
    values.count(Signal::CareerHits, career);
}

fn measure_page(values: &mut Values, document: &Document, facts: &PageFacts<'_>) {
    let Some(survey) = facts.survey else { return };
    let text_chars = document.text.chars().filter(|c| !c.is_whitespace()).count() as u64;
    values.share(Signal::LinkDensity, survey.link_chars, survey.visible_chars);
    // Text from structured data does not stand in the visible page.
    values.share(Signal::TextShare, text_chars.min(survey.visible_chars), survey.visible_chars);
    let beside = survey.visible_chars.saturating_sub(text_chars);
    values.share(Signal::BoilerplateRatio, beside, survey.visible_chars);
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
            (Signal::LongestWordLength, 5.0),
            // 13 words in 4 sentences, none of them long.
            (Signal::Lix, 3.25),
            (Signal::TerminalLineRatio, 0.333333),
            (Signal::FewWordLineRatio, 0.333333),
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
    fn what_comes_again_is_counted_from_its_second_time() {
        let once = "one two three four five six";
        let document = signals(&format!("{once} {once}"));
        // Of twice 22 letters: six words once again, five of them in runs of five.
        assert_eq!(document.signal(Signal::Duplicate6gramRatio), Some(0.5));
        assert_eq!(document.signal(Signal::Duplicate5gramRatio), Some(0.431818));
        assert_eq!(document.signal(Signal::Duplicate7gramRatio), Some(0.0));
        let mut document = Document { markdown: "a b\n\nc d\n\na b".into(), ..Document::default() };
        document.signals = measure(&document, &Words::default(), &PageFacts::default());
        assert_eq!(document.signal(Signal::DuplicateParagraphRatio), Some(0.333333));
        assert_eq!(document.signal(Signal::DuplicateParagraphCharRatio), Some(0.333333));
    }

    #[test]
    fn what_c4_looks_for_is_counted() {
        let document = signals(
            "Enable JavaScript: javascript is needed.\nOur Privacy Policy and terms of use.\n\
             We use cookies\nLorem ipsum { lorem ipsum {}}\nmain() {",
        );
        let expected = [
            (Signal::JavascriptLineCount, 1.0),
            (Signal::PolicyLineCount, 2.0),
            (Signal::LoremIpsumCount, 2.0),
            (Signal::CurlyBracketCount, 3.0),
            (Signal::TerminalLineRatio, 0.4),
            (Signal::FewWordLineRatio, 0.2),
        ];
        for (signal, value) in expected {
            assert_eq!(document.signal(signal), Some(value), "{signal}");
        }
    }

    #[test]
    fn readability_counts_words_and_sentences() {
        let lix = |text, language: &str| {
            let language = Some(language.to_owned());
            let mut document = Document { text, language, ..Document::default() };
            document.signals =
                measure(&document, &Words::of(&document.text), &PageFacts::default());
            document.signal(Signal::Lix)
        };
        let text = "Bureaucratic sentences accumulate. They are long.".to_owned();
        // Six words in two sentences, three of them long.
        assert_eq!(lix(text.clone(), "en"), Some(53.0));
        assert_eq!(lix(text, "zh"), None);
        assert_eq!(lix(String::new(), "en"), None);
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
