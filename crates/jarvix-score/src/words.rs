//! A row's reason: what counts most for the page, and what counts most against it, in one line; or why
//! a gate holds.
//!
//! For it speak the two largest contributions that reach at least half of their weight. Against it
//! speaks the largest single loss: a penalty, or the rest that a signal under half of its weight
//! leaves. Ties go to the signal that stands first in the profile.

use std::sync::Arc;

use jarvix_query::RowWords;

use crate::profile::Profile;

/// The name of the SQL function that this module is.
pub(crate) const REASON_FUNCTION: &str = "reason_words";

/// The words of one signal.
struct Phrase {
    weight: i64,
    reason: String,
    reason_low: String,
}

/// The words of a profile.
struct Reasons {
    phrases: Vec<Phrase>,
    gates: Vec<String>,
}

/// Which signals speak: their places in the profile.
#[derive(Debug, Default, PartialEq, Eq)]
struct Speakers {
    first: Option<usize>,
    second: Option<usize>,
    against: Option<usize>,
}

/// The function from the number of a gate and contributions, in the profile's order, to words.
pub(crate) fn reason_words(profile: &Profile) -> Arc<dyn RowWords> {
    let phrases = profile.rules().iter().map(|signal| Phrase {
        weight: signal.weight,
        reason: signal.reason.clone(),
        reason_low: signal.reason_low.clone(),
    });
    let gates = profile.gates().iter().map(|gate| gate.reason.clone());
    Arc::new(Reasons { phrases: phrases.collect(), gates: gates.collect() })
}

impl RowWords for Reasons {
    fn number(&self, gate: i64, contributions: &[i64]) -> u64 {
        let gate = u64::try_from(gate).unwrap_or(0);
        if gate > 0 {
            return gate;
        }
        let Speakers { first, second, against } = speakers(&self.phrases, contributions);
        let base = self.phrases.len() as u64 + 1;
        let digit = |speaker: Option<usize>| speaker.map_or(0, |at| at as u64 + 1);
        let number = (digit(first) * base + digit(second)) * base + digit(against);
        self.gates.len() as u64 + 1 + number
    }

    fn sentence(&self, number: u64) -> String {
        let Some(number) = number.checked_sub(self.gates.len() as u64 + 1) else {
            let gate = usize::try_from(number).ok().and_then(|gate| gate.checked_sub(1));
            return gate.and_then(|gate| self.gates.get(gate)).cloned().unwrap_or_default();
        };
        let base = self.phrases.len() as u64 + 1;
        let phrase = |digit: u64| {
            let at = usize::try_from(digit % base).ok().and_then(|digit| digit.checked_sub(1));
            at.and_then(|at| self.phrases.get(at))
        };
        let (first, second) = (phrase(number / base / base), phrase(number / base));
        sentence([first, second], phrase(number))
    }
}

fn speakers(phrases: &[Phrase], contributions: &[i64]) -> Speakers {
    let (mut first, mut second, mut against) = (None, None, None);
    for (at, (phrase, &points)) in phrases.iter().zip(contributions).enumerate() {
        if phrase.weight > 0 && points * 2 >= phrase.weight {
            if larger(points, first) {
                second = first;
                first = Some((points, at));
            } else if larger(points, second) {
                second = Some((points, at));
            }
            continue;
        }
        let loss = if phrase.weight > 0 { phrase.weight - points } else { -points };
        if loss > 0 && larger(loss, against) {
            against = Some((loss, at));
        }
    }
    let [first, second, against] = [first, second, against].map(|s| s.map(|(_, at)| at));
    Speakers { first, second, against }
}

fn sentence(parts: [Option<&Phrase>; 2], against: Option<&Phrase>) -> String {
    let parts = parts.map(|part| part.map(|phrase| phrase.reason.as_str()));
    let against = against.map(|phrase| match phrase.weight > 0 {
        true => phrase.reason_low.as_str(),
        false => phrase.reason.as_str(),
    });
    match (parts, against) {
        ([Some(a), Some(b)], Some(but)) => format!("{a}, {b}; but {but}"),
        ([Some(a), None], Some(but)) => format!("{a}; but {but}"),
        ([Some(a), Some(b)], None) => format!("{a}, {b}"),
        ([Some(a), None], None) => a.to_owned(),
        ([None, _], Some(but)) => but.to_owned(),
        ([None, _], None) => "nothing speaks for it or against it".to_owned(),
    }
}

fn larger(value: i64, known: Option<(i64, usize)>) -> bool {
    known.is_none_or(|(known, _)| value > known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(contributions: &[i64]) -> String {
        say_with(0, contributions)
    }

    fn say_with(gate: i64, contributions: &[i64]) -> String {
        let phrase = |weight, reason: &str, reason_low: &str| Phrase {
            weight,
            reason: reason.to_owned(),
            reason_low: reason_low.to_owned(),
        };
        let phrases = vec![
            phrase(50, "long", "short"),
            phrase(30, "recent", "old"),
            phrase(20, "dated", "undated"),
            phrase(-25, "many links", ""),
        ];
        let gates = vec!["no text".to_owned(), "a wall".to_owned()];
        let reasons = Reasons { phrases, gates };
        reasons.sentence(reasons.number(gate, contributions))
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

    #[test]
    fn a_gate_speaks_alone() {
        assert_eq!(say_with(1, &[50, 30, 20, 0]), "no text");
        assert_eq!(say_with(2, &[50, 30, 20, 0]), "a wall");
    }
}
