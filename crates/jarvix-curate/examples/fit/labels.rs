//! Labels for the units of a page from the text that people marked as its content: the share of a
//! unit's words that the label text accounts for.

use std::collections::{HashMap, HashSet};

/// The words of a text in lower case.
pub fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// A label for each unit, 0 to 1.
pub fn label(units: &[Vec<String>], added: &[bool], truth: &str) -> Vec<f32> {
    let content = words(truth);
    let triples: HashSet<&[String]> = content.windows(3).collect();
    let mut lines: HashMap<Vec<String>, f32> = HashMap::new();
    for line in truth.lines() {
        *lines.entry(words(line)).or_default() += 1.0;
    }
    let mut copies: HashMap<&[String], f32> = HashMap::new();
    let shown: Vec<&Vec<String>> =
        units.iter().zip(added).filter(|(_, added)| !**added).map(|(unit, _)| unit).collect();
    let stated: HashSet<&[String]> = shown.iter().flat_map(|unit| unit.windows(3)).collect();
    for unit in shown {
        *copies.entry(unit).or_default() += 1.0;
    }
    let flat: Vec<String> = units.iter().flatten().cloned().collect();
    let mut start = 0;
    let mut counted: HashMap<&[String], f32> = HashMap::new();
    let mut labels = Vec::new();
    for (unit, added) in units.iter().zip(added) {
        let end = start + unit.len();
        if *added {
            // What the page shows as well is no content a second time.
            let new = if unit.len() < 3 { 0.0 } else { 1.0 - covered(unit, &stated) };
            labels.push(if unit.len() < 3 { 0.0 } else { covered(unit, &triples) * new });
            start = end;
            continue;
        }
        let found = match unit.len() {
            0 => 0.0,
            1 | 2 => {
                let from = start.saturating_sub(3 - unit.len());
                let to = (end + 3 - unit.len()).min(flat.len());
                let in_context = flat[from..to].windows(3).any(|w| triples.contains(w));
                let alone = lines.get(unit).copied().unwrap_or(0.0) / copies[unit.as_slice()];
                if in_context { 1.0 } else { alone.min(1.0) }
            }
            _ => covered(unit, &triples),
        };
        let many = copies[unit.as_slice()];
        let cap = if many > 1.0 && !unit.is_empty() && unit.len() <= 30 {
            let seen = counted.entry(unit).or_insert_with(|| {
                content.windows(unit.len()).filter(|w| *w == unit.as_slice()).count() as f32
            });
            (*seen / many).min(1.0)
        } else {
            1.0
        };
        labels.push(found.min(cap.max(if many > 1.0 { 0.0 } else { 1.0 })));
        start = end;
    }
    labels
}

/// The share of a unit's words that stand in a triple of the label text.
fn covered(unit: &[String], triples: &HashSet<&[String]>) -> f32 {
    let mut hit = vec![false; unit.len()];
    for (at, window) in unit.windows(3).enumerate() {
        if triples.contains(window) {
            hit[at..at + 3].fill(true);
        }
    }
    hit.iter().filter(|hit| **hit).count() as f32 / unit.len() as f32
}

/// F1 of two bags of words.
pub fn f1<'a>(found: impl Iterator<Item = &'a String>, truth: &[String]) -> f64 {
    let mut bag: HashMap<&str, i64> = HashMap::new();
    for word in truth {
        *bag.entry(word).or_default() += 1;
    }
    let (mut hit, mut size) = (0.0, 0.0);
    for word in found {
        size += 1.0;
        if let Some(left) = bag.get_mut(word.as_str())
            && *left > 0
        {
            *left -= 1;
            hit += 1.0;
        }
    }
    if hit == 0.0 {
        return if size == truth.len() as f64 { 1.0 } else { 0.0 };
    }
    2.0 * hit / (size + truth.len() as f64)
}
