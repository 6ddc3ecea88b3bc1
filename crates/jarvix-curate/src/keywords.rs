//! Words and phrases of intent (buying, comparing, looking for help, looking for work), counted in
//! the word sequence, so that punctuation and case do not matter. The lists are data: `keywords.txt`.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::words::Words;

const LISTS: &str = include_str!("keywords.txt");

/// Names of the intents in the lists, in the order of [`Hits`].
const INTENTS: [&str; 4] = ["buying", "comparison", "support", "career"];

/// Hits by intent: buying, comparison, support, career.
pub(crate) type Hits = [u64; INTENTS.len()];

/// A phrase of one intent.
#[derive(Debug)]
struct Phrase {
    words: Vec<&'static str>,
    intent: usize,
    /// A bit for each language that has it, in the order of [`Lists::languages`].
    languages: u32,
}

#[derive(Debug, Default)]
struct Lists {
    languages: Vec<&'static str>,
    /// Phrases by their first word, the longest first.
    by_first_word: HashMap<&'static str, Vec<Phrase>>,
}

static PARSED: LazyLock<Lists> = LazyLock::new(|| {
    let mut lists = Lists::default();
    for (intent, language, phrase) in phrases() {
        let Some(intent) = INTENTS.iter().position(|known| *known == intent) else { continue };
        let known = lists.languages.iter().position(|known| *known == language);
        let bit = 1 << known.unwrap_or(lists.languages.len());
        if known.is_none() {
            lists.languages.push(language);
        }
        let words: Vec<&str> = phrase.split(' ').collect();
        let alike = lists.by_first_word.entry(words[0]).or_default();
        match alike.iter_mut().find(|p| p.intent == intent && p.words == words) {
            Some(same) => same.languages |= bit,
            None => alike.push(Phrase { words, intent, languages: bit }),
        }
    }
    for alike in lists.by_first_word.values_mut() {
        alike.sort_by_key(|phrase| std::cmp::Reverse(phrase.words.len()));
    }
    lists
});

/// Intent, language and phrase of everything in the lists.
fn phrases() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let mut section = ("", "");
    let lines = LISTS.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(move |line| {
        let header = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if let Some((intent, language)) = header.and_then(|header| header.split_once(' ')) {
            section = (intent, language);
            return Vec::new();
        }
        let phrases = line.split(',').map(str::trim).filter(|phrase| !phrase.is_empty());
        phrases.map(|phrase| (section.0, section.1, phrase)).collect()
    })
}

/// Which lists count for a text: those of its language and the English ones, whose words are at
/// home on every market; all of them where the language is not known or has none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chosen(u32);

/// The lists for a text in `language`.
pub(crate) fn lists_for(language: Option<&str>) -> Chosen {
    let bit = |code: &str| PARSED.languages.iter().position(|known| *known == code);
    match language.and_then(bit) {
        Some(own) => Chosen(1 << own | bit("en").map_or(0, |english| 1 << english)),
        None => Chosen(u32::MAX),
    }
}

/// How many words and phrases of each intent stand in `words`; of overlapping ones of an intent the
/// longest counts.
pub(crate) fn hits(words: &Words, chosen: Chosen) -> Hits {
    let (mut hits, mut free_from) = (Hits::default(), [0; INTENTS.len()]);
    for (at, word) in words.iter().enumerate() {
        let Some(alike) = PARSED.by_first_word.get(word) else { continue };
        for phrase in alike {
            let counts = phrase.languages & chosen.0 != 0 && free_from[phrase.intent] <= at;
            let fits = || {
                phrase.words.iter().enumerate().skip(1).all(|(n, word)| words.get(at + n) == *word)
            };
            if counts && fits() {
                hits[phrase.intent] += 1;
                free_from[phrase.intent] = at + phrase.words.len();
            }
        }
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn phrases_count_once_and_whole() {
        let cases = [
            ("", None, [0, 0, 0, 0]),
            ("Buy it: best PRICE, free shipping!", Some("en"), [3, 0, 0, 0]),
            ("Request a quote", Some("en"), [1, 0, 0, 0]),
            ("add to", None, [0, 0, 0, 0]),
            ("Jetzt kaufen - in den Warenkorb", Some("de"), [2, 0, 0, 0]),
            ("Jetzt kaufen - in den Warenkorb", None, [2, 0, 0, 0]),
            ("Jetzt kaufen, add to cart", Some("fr"), [1, 0, 0, 0]),
            ("Ajouter au panier, prix en baisse", Some("fr"), [2, 0, 0, 0]),
            ("Añadir al carrito", Some("es"), [1, 0, 0, 0]),
            ("Añadir al carrito", Some("xx"), [1, 0, 0, 0]),
            ("priceless buyer", Some("en"), [0, 0, 0, 0]),
            ("A vs B", Some("en"), [1, 1, 0, 0]),
            ("Frequently asked questions: it is not working", Some("en"), [0, 0, 2, 0]),
            ("Wir suchen dich: jetzt bewerben!", Some("de"), [0, 0, 0, 2]),
            ("Centre d'aide", Some("fr"), [0, 0, 1, 0]),
        ];
        for (text, language, expected) in cases {
            assert_eq!(hits(&Words::of(text), lists_for(language)), expected, "{text}");
        }
    }

    #[test]
    fn the_lists_are_whole_and_in_word_form() {
        let mut languages: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for (intent, language, phrase) in phrases() {
            assert!(INTENTS.contains(&intent), "{intent}");
            assert_eq!(Words::of(phrase).joined(), phrase);
            assert!(seen.insert((intent, language, phrase)), "{phrase} stands twice");
            languages.entry(language).or_default().insert(intent);
        }
        let whole: Vec<&str> = languages.keys().copied().collect();
        assert_eq!(whole, ["de", "en", "es", "fr", "it", "nl", "pt"]);
        assert!(languages.values().all(|intents| intents.len() == INTENTS.len()));
    }
}
