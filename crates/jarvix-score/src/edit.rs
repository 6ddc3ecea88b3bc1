//! Changes to a profile's file that leave everything else in it as it is, comments too: numbers, and the
//! topic. What comes out is checked like any other profile by whoever asked for it.

use std::ops::Range;

use crate::error::ProfileError;
use crate::parse::raw;
use crate::profile::{Profile, points_text};

/// The source of `profile` with another topic.
pub(crate) fn with_topic(profile: &Profile, topic: &str) -> Result<String, ProfileError> {
    let raw = raw(profile)?;
    let value = toml::Value::String(topic.to_owned()).to_string();
    let mut text = profile.source.clone();
    match raw.topic {
        Some(old) => text.replace_range(old.span(), &value),
        // Before the first line that is no comment: keys of the whole file stand above its tables.
        None => text.insert_str(first_key(&text), &format!("topic = {value}\n")),
    }
    Ok(text)
}

/// Where the first line stands that is neither empty nor a comment.
fn first_key(text: &str) -> usize {
    let is_key = |line: &str| !line.trim().is_empty() && !line.starts_with('#');
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if is_key(line) {
            return at;
        }
        at += line.len();
    }
    at
}

/// The source of `profile` with the weights of `numbers` and, if it is given, another threshold of one
/// action; everything else, comments too, stays as it is.
pub(crate) fn with_numbers(
    profile: &Profile,
    numbers: &Profile,
    threshold: Option<(&str, i64)>,
) -> Result<String, ProfileError> {
    let raw = raw(profile)?;
    let mut changes: Vec<(Range<usize>, i64)> = Vec::new();
    for (signal, new) in raw.signal.iter().zip(&numbers.signals) {
        changes.push((signal.get_ref().weight.span(), new.weight));
    }
    for action in &raw.action {
        if let Some((_, at_least)) =
            threshold.filter(|(name, _)| action.get_ref().name.get_ref() == name)
        {
            changes.push((action.get_ref().at_least.span(), at_least));
        }
    }
    changes.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut text = profile.source.clone();
    for (span, thousandths) in changes {
        text.replace_range(span, &points_text(thousandths));
    }
    Ok(text)
}
