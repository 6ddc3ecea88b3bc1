//! How well a document matches a stated topic: BM25 (Robertson and Zaragoza 2009) over the words of the
//! topic, as a share of the most that a document could reach, 0 to 1.
//!
//! How rare a word is and how long documents are is counted over the whole run before any part is
//! scored, in whole numbers: so a match depends neither on the order of the parts nor on the machine.
//! What stands in which document is remembered from that look, and so is what signals that read texts
//! contribute, as far as memory is given to it: then no text is read a second time.
//! What it refuses to do: guess what was meant; the words of the topic count, and no others.

mod remembered;
mod terms;

use std::collections::BTreeSet;
use std::sync::Arc;

use jarvix_query::{QueryError, Session, TextMatch, Value};
use remembered::{COUNT_MAX, Remembered, pack, unpack};
use terms::Terms;

use crate::facts::define_facts;
use crate::profile::Profile;
use crate::sql::points_call;

/// The function that `facts` asks.
pub(crate) const TOPIC_FUNCTION: &str = "topic_match";

/// Longest topic, in bytes.
pub const TOPIC_BYTES_MAX: usize = 16 * 1024;
/// How often a word must come to count nearly in full; the usual value.
const K1: f64 = 1.2;
/// How much a document's length counts; the usual value.
const B: f64 = 0.75;
/// The columns that hold whole texts: to read them is most of the work.
const TEXT_COLUMNS: [&str; 1] = ["text"];

/// A topic with what the run says of its words.
#[derive(Debug)]
pub(crate) struct Topic {
    terms: Arc<Terms>,
    /// What stands in which document; none where that is too much to remember.
    remembered: Option<Remembered>,
    /// The places of the profile's signals whose contributions are remembered.
    ahead: Vec<usize>,
    /// How much each term says, by how few documents have it.
    weights: Vec<f64>,
    words_mean: f64,
}

/// What is counted over all documents.
#[derive(Default)]
struct Counted {
    documents: u64,
    words: u64,
    /// Documents that have each term.
    having: Vec<u64>,
}

impl Topic {
    /// Counts the words of the topic of `profile` over all documents of `session`; `None` if it has
    /// none.
    pub(crate) async fn count(
        session: &Session,
        profile: &Profile,
    ) -> Result<Option<Self>, QueryError> {
        let Some(terms) = profile.topic().and_then(Terms::of).map(Arc::new) else {
            return Ok(None);
        };
        let ahead = ahead_of(profile);
        let mut counted = Counted { having: vec![0; terms.count], ..Counted::default() };
        let mut remembered = Some(Remembered::new(terms.count, ahead.len()));
        let sql = counting(session, profile, &ahead, &terms)?;
        let mut rows = session.stream(&sql).await?;
        while let Some(batch) = rows.next_rows().await? {
            for row in &batch {
                let [ordinal, words, Value::Bytes(packed), points @ ..] = row.as_slice() else {
                    continue;
                };
                counted.documents += 1;
                counted.words += words.as_f64().unwrap_or(0.0) as u64;
                unpack(packed).for_each(|entry| counted.having[entry.term()] += 1);
                let ordinal = ordinal.as_u64().unwrap_or(u64::MAX);
                let points = || points.iter().map(Value::as_thousandths);
                remembered = remembered.take_if(|all| all.push(ordinal, unpack(packed), points()));
            }
        }
        if let Some(all) = &mut remembered {
            all.finish();
        }
        let ahead = if remembered.is_some() { ahead } else { Vec::new() };
        let (weights, words_mean) = counted.weights();
        Ok(Some(Self { terms, remembered, ahead, weights, words_mean }))
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
                let counts = topic.remembered.as_ref()?.counts(ordinal? as u64)?;
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

    /// The columns of `facts` that are still to be read for `profile`.
    pub(crate) fn still_read(topic: Option<&Arc<Self>>, profile: &Profile) -> BTreeSet<String> {
        let ahead = topic.map(|topic| topic.ahead.as_slice()).unwrap_or_default();
        let signals = profile.rules().iter().enumerate();
        let signals =
            signals.filter(|(at, _)| !ahead.contains(at)).map(|(_, signal)| &signal.reads);
        let gates = profile.gates().iter().map(|gate| &gate.reads);
        signals.chain(gates).flatten().cloned().collect()
    }

    /// Gives `session` a function `name` that knows what was computed ahead, and gives the expression
    /// of the signal at a place of the profile that asks it, where it was.
    pub(crate) fn define_ahead(
        topic: Option<&Arc<Self>>,
        session: &Session,
        profile: &Profile,
        name: &str,
    ) -> Vec<(usize, String)> {
        let Some(topic) = topic.filter(|topic| !topic.ahead.is_empty()) else { return Vec::new() };
        let weights: Vec<i64> = topic.ahead.iter().map(|at| profile.rules()[*at].weight).collect();
        let asked = Arc::clone(topic);
        let share = move |ordinal: Option<f64>, column: Option<f64>| {
            let (ordinal, column) = (ordinal? as u64, column? as usize);
            let points = asked.remembered.as_ref()?.points(ordinal, column)?;
            Some(f64::from(points) / *weights.get(column)? as f64)
        };
        session.define_number_match(name, Arc::new(share));
        let call = |column| format!("{name}(CAST(ordinal AS DOUBLE), CAST({column} AS DOUBLE))");
        topic.ahead.iter().enumerate().map(|(column, at)| (*at, call(column))).collect()
    }
}

impl Counted {
    /// How much each term says, and how many words a document has.
    fn weights(&self) -> (Vec<f64>, f64) {
        let weight = |having: &u64| {
            let (n, df) = (self.documents as f64, *having as f64);
            libm::log(1.0 + (n - df + 0.5) / (df + 0.5))
        };
        let words_mean = self.words as f64 / self.documents.max(1) as f64;
        (self.having.iter().map(weight).collect(), words_mean)
    }
}

/// The places of the signals that read texts and can be computed before a topic is known. Rounded
/// contributions are kept: a share of the weight that gives the same points again. Without a weight
/// there is none.
fn ahead_of(profile: &Profile) -> Vec<usize> {
    let reads = |reads: &[String], columns: &[&str]| {
        reads.iter().any(|read| columns.contains(&read.as_str()))
    };
    let signals = profile.rules().iter().enumerate();
    let ahead = signals.filter(|(_, signal)| {
        let asks_topic = reads(&signal.reads, &[TOPIC_FUNCTION]);
        signal.weight != 0 && reads(&signal.reads, &TEXT_COLUMNS) && !asks_topic
    });
    ahead.map(|(at, _)| at).collect()
}

/// The query that looks once at each document: its ordinal, its words, the terms in it, packed, and
/// the contributions of the signals at the places `ahead`.
fn counting(
    session: &Session,
    profile: &Profile,
    ahead: &[usize],
    terms: &Arc<Terms>,
) -> Result<String, QueryError> {
    let signals: Vec<_> = ahead.iter().map(|at| &profile.rules()[*at]).collect();
    let mut reads: BTreeSet<String> = signals.iter().flat_map(|s| &s.reads).cloned().collect();
    reads.extend(["ordinal", "word_count", "title", "text"].map(str::to_owned));
    let (facts, function) = (format!("{}_counted", crate::facts::FACTS), "topic_terms");
    define_facts(session, &facts, None, &reads)?;
    let terms = Arc::clone(terms);
    let packed = move |title: Option<&str>, text: Option<&str>| {
        let mut counts = vec![0; terms.count];
        terms.count(title, text, &mut counts);
        pack(&counts)
    };
    session.define_text_bytes(function, Arc::new(packed));
    let points: String = signals
        .iter()
        .map(|signal| format!(",\n  {}", points_call(signal, &signal.expr)))
        .collect();
    Ok(format!("SELECT ordinal, word_count, {function}(title, text){points}\nFROM {facts}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_words_say_more_and_long_texts_less() {
        let terms = Arc::new(Terms::of("rare common").expect("words"));
        let topic = Topic {
            terms,
            remembered: None,
            ahead: Vec::new(),
            weights: vec![3.0, 0.2],
            words_mean: 100.0,
        };
        let of = |text: &str, words| topic.match_of(None, Some(text), Some(words));
        assert!(of("rare", 100.0) > of("common common common", 100.0));
        assert!(of("rare", 100.0) > of("rare", 1000.0));
        assert!(of("rare rare", 100.0) > of("rare", 100.0));
        assert!(of(&"rare common ".repeat(1000), 100.0) < 1.0);
        assert_eq!(of("neither", 100.0), 0.0);
    }
}
