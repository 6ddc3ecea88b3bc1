//! What changed in a text: its sections of two runs beside each other, by their headings.

use std::collections::HashMap;

use jarvix_core::RunId;
use jarvix_query::{QueryError, Session, Value};

use super::PageTrend;
use crate::sql::quoted;

/// What became of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SectionFate {
    /// It was not there before.
    Added,
    /// It is not there any more.
    Removed,
    /// Its words differ.
    Changed,
}

/// A section that differs between two runs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SectionChange {
    /// Its heading; empty for what stands before the first.
    pub heading: String,
    /// What became of it.
    pub fate: SectionFate,
    /// Words before.
    pub words_before: u64,
    /// Words now.
    pub words_now: u64,
}

/// Fills in the sections that differ between the last two runs that have the page.
pub(super) async fn compare(
    session: &Session,
    runs: &[RunId],
    page: &mut PageTrend,
) -> Result<(), QueryError> {
    let Some((before, now)) = page.last_two().filter(|_| page.text_changed) else { return Ok(()) };
    let before = read(session, &runs[before], &page.url).await?;
    let now = read(session, &runs[now], &page.url).await?;
    page.sections = differences(&before, &now);
    Ok(())
}

/// Headings and texts of the page in `run`, in order.
async fn read(
    session: &Session,
    run: &RunId,
    url: &str,
) -> Result<Vec<(String, String)>, QueryError> {
    let sql = format!(
        "SELECT text, sections FROM documents WHERE run = {} AND url = {}",
        quoted(run.as_str()),
        quoted(url)
    );
    let table = session.rows(&sql).await?;
    let text = table.value(0, "text").map(Value::to_string).unwrap_or_default();
    let Some(Value::List(sections)) = table.value(0, "sections") else {
        return Ok(vec![(String::new(), text)]);
    };
    Ok(cut(&text, sections))
}

/// The parts of `text` that `sections` name; without any it is one.
fn cut(text: &str, sections: &[Value]) -> Vec<(String, String)> {
    let chars: Vec<char> = text.chars().collect();
    let part = |section: &Value| {
        let Value::Record(fields) = section else { return None };
        let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, v)| v);
        let place =
            |name| field(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        let (start, end) = (place("start")?, place("end")?);
        let words: String = chars.get(start..end)?.iter().collect();
        Some((field("heading")?.to_string(), words))
    };
    let parts: Vec<_> = sections.iter().filter_map(part).collect();
    if parts.is_empty() { vec![(String::new(), text.to_owned())] } else { parts }
}

/// Sections are the same by heading, the n-th of a heading by its number.
fn differences(before: &[(String, String)], now: &[(String, String)]) -> Vec<SectionChange> {
    let (old, new) = (numbered(before), numbered(now));
    let known: HashMap<(&str, usize), &str> = old.iter().map(|(key, text)| (*key, *text)).collect();
    let still: HashMap<(&str, usize), &str> = new.iter().map(|(key, text)| (*key, *text)).collect();
    let change = |heading: &str, fate, before: &str, now: &str| SectionChange {
        heading: heading.to_owned(),
        fate,
        words_before: words(before),
        words_now: words(now),
    };
    let mut changes = Vec::new();
    for (key, text) in &new {
        match known.get(key) {
            None => changes.push(change(key.0, SectionFate::Added, "", text)),
            Some(before) if before != text => {
                changes.push(change(key.0, SectionFate::Changed, before, text));
            }
            Some(_) => {}
        }
    }
    let removed = old.iter().filter(|(key, _)| !still.contains_key(key));
    changes.extend(removed.map(|(key, text)| change(key.0, SectionFate::Removed, text, "")));
    changes
}

fn numbered<'a>(sections: &'a [(String, String)]) -> Vec<((&'a str, usize), &'a str)> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut number = |heading: &'a str| {
        let count = seen.entry(heading).or_default();
        *count += 1;
        *count
    };
    let key = |(heading, text): &'a (String, String)| {
        ((heading.as_str(), number(heading.as_str())), text.as_str())
    };
    sections.iter().map(key).collect()
}

fn words(text: &str) -> u64 {
    text.split_whitespace().count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_told_apart_by_heading_and_number() {
        let section = |heading: &str, text: &str| (heading.to_owned(), text.to_owned());
        let before = [
            section("", "a b"),
            section("Price", "ten"),
            section("More", "x"),
            section("More", "y"),
        ];
        let now = [
            section("", "a b"),
            section("Price", "twelve euros"),
            section("More", "x"),
            section("New", "z"),
        ];
        let found = differences(&before, &now);
        let told: Vec<_> = found
            .iter()
            .map(|c| (c.heading.as_str(), c.fate, c.words_before, c.words_now))
            .collect();
        let expected = [
            ("Price", SectionFate::Changed, 1, 2),
            ("New", SectionFate::Added, 0, 1),
            ("More", SectionFate::Removed, 1, 0),
        ];
        assert_eq!(told, expected);
        assert!(differences(&now, &now).is_empty());
    }
}
