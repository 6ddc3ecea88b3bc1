//! A row's reason: what counts most for the page, and what counts most against it, in one line.
//!
//! For it speak the two largest contributions that reach at least half of their weight. Against it
//! speaks the largest single loss: a penalty, or the rest that a signal under half of its weight
//! leaves. Ties go to the signal that stands first in the profile.

use std::sync::Arc;

use jarvix_query::RowText;

use crate::profile::Profile;

/// The name of the SQL function that this module is.
pub(crate) const REASON_FUNCTION: &str = "reason_words";

/// The words of one signal.
struct Phrase {
    weight: i64,
    reason: String,
    reason_low: String,
}

/// The function from contributions, in the profile's order, to words.
pub(crate) fn reason_words(profile: &Profile) -> RowText {
    let phrases: Vec<Phrase> = profile
        .rules()
        .iter()
        .map(|signal| Phrase {
            weight: signal.weight,
            reason: signal.reason.clone(),
            reason_low: signal.reason_low.clone(),
        })
        .collect();
    Arc::new(move |contributions, text| write_reason(&phrases, contributions, text))
}

fn write_reason(phrases: &[Phrase], contributions: &[i64], text: &mut String) {
    let mut first: Option<(i64, &str)> = None;
    let mut second: Option<(i64, &str)> = None;
    let mut against: Option<(i64, &str)> = None;
    for (phrase, &points) in phrases.iter().zip(contributions) {
        if phrase.weight > 0 && points * 2 >= phrase.weight {
            if larger(points, first) {
                second = first;
                first = Some((points, &phrase.reason));
            } else if larger(points, second) {
                second = Some((points, &phrase.reason));
            }
            continue;
        }
        let (loss, words) = match phrase.weight > 0 {
            true => (phrase.weight - points, &phrase.reason_low),
            false => (-points, &phrase.reason),
        };
        if loss > 0 && larger(loss, against) {
            against = Some((loss, words));
        }
    }
    let parts = [first, second].map(|part| part.map(|(_, words)| words));
    match (parts, against) {
        ([Some(a), Some(b)], Some((_, but))) => join(text, &[a, ", ", b, "; but ", but]),
        ([Some(a), None], Some((_, but))) => join(text, &[a, "; but ", but]),
        ([Some(a), Some(b)], None) => join(text, &[a, ", ", b]),
        ([Some(a), None], None) => join(text, &[a]),
        ([None, _], Some((_, but))) => join(text, &[but]),
        ([None, _], None) => join(text, &["nothing speaks for it or against it"]),
    }
}

fn larger(value: i64, known: Option<(i64, &str)>) -> bool {
    known.is_none_or(|(known, _)| value > known)
}

fn join(text: &mut String, parts: &[&str]) {
    for part in parts {
        text.push_str(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(contributions: &[i64]) -> String {
        let phrase = |weight, reason: &str, reason_low: &str| Phrase {
            weight,
            reason: reason.to_owned(),
            reason_low: reason_low.to_owned(),
        };
        let phrases = [
            phrase(50, "long", "short"),
            phrase(30, "recent", "old"),
            phrase(20, "dated", "undated"),
            phrase(-25, "many links", ""),
        ];
        let mut text = String::new();
        write_reason(&phrases, contributions, &mut text);
        text
    }

    #[test]
    fn the_largest_speak_first_and_the_largest_loss_last() {
        assert_eq!(say(&[50, 30, 20, 0]), "long, recent");
        assert_eq!(say(&[50, 0, 20, 0]), "long, dated; but old");
        assert_eq!(say(&[0, 0, 20, -25]), "dated; but short");
        assert_eq!(say(&[50, 30, 0, -25]), "long, recent; but many links");
        assert_eq!(say(&[0, 0, 0, 0]), "short");
        assert_eq!(say(&[25, 15, 10, 0]), "long, recent");
    }
}
