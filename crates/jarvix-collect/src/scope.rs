//! Which addresses belong to a run: patterns that a canonical URL must or must not match.
//!
//! A pattern is a regular expression that is looked for anywhere in the canonical URL; `^` and `$`
//! tie it to the URL's ends. Regular expressions and not globs, because URLs are full of `?` and
//! `*` has two meanings in them. The engine works in linear time, so no pattern and no URL can hold
//! up a run, and a pattern that would need much memory is refused when it is read.
//!
//! What this module refuses to do: look at anything but the URL.

use std::fmt;
use std::str::FromStr;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

/// Most memory that one compiled pattern may take, in bytes.
const PATTERN_BYTES_MAX: usize = 1024 * 1024;

/// A pattern over canonical URLs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern(Regex);

/// The text is not a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a regular expression: {reason}")]
pub struct PatternError {
    text: String,
    reason: String,
}

impl Pattern {
    /// Whether the pattern is found in `url`, which is canonical.
    pub fn matches(&self, url: &str) -> bool {
        self.0.is_match(url)
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for Pattern {
    type Err = PatternError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let built = RegexBuilder::new(text).size_limit(PATTERN_BYTES_MAX).build();
        built.map(Self).map_err(|error| {
            // The engine draws the place of the fault over several lines; the last says what it is.
            let told = error.to_string();
            let reason = told.lines().last().unwrap_or_default().trim();
            let reason = reason.strip_prefix("error: ").unwrap_or(reason).to_owned();
            PatternError { text: text.to_owned(), reason }
        })
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for Pattern {
    type Error = PatternError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.as_str().to_owned()
    }
}

/// Which URLs are let through: those that match one of `include`, if there is any, and none of
/// `exclude`. Empty lets everything through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// One of these must match (`--include`).
    pub include: Vec<Pattern>,
    /// None of these may match (`--exclude`).
    pub exclude: Vec<Pattern>,
}

impl Filter {
    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    /// Why the canonical `url` is left out; `None` if it is let through.
    pub fn refusal(&self, url: &str) -> Option<String> {
        if let Some(pattern) = self.exclude.iter().find(|pattern| pattern.matches(url)) {
            return Some(format!("left out by --exclude {:?}", pattern.as_str()));
        }
        let wanted = self.include.is_empty() || self.include.iter().any(|p| p.matches(url));
        (!wanted).then(|| "left out: it matches no --include".to_owned())
    }
}

impl fmt::Display for Filter {
    /// As one would write it on the command line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = [("--include", &self.include), ("--exclude", &self.exclude)];
        let mut space = "";
        for (flag, pattern) in flags.iter().flat_map(|(flag, all)| all.iter().map(|p| (*flag, p))) {
            write!(f, "{space}{flag} {pattern}")?;
            space = " ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(include: &[&str], exclude: &[&str]) -> Filter {
        let all = |texts: &[&str]| texts.iter().map(|t| t.parse().expect("a pattern")).collect();
        Filter { include: all(include), exclude: all(exclude) }
    }

    #[test]
    fn what_is_excluded_stays_out_whatever_includes_it() {
        type Case<'a> = (&'a [&'a str], &'a [&'a str], &'a str, Option<&'a str>);
        let cases: &[Case<'_>] = &[
            (&[], &[], "https://a.org/x", None),
            (&["^https://a\\.org/"], &[], "https://a.org/x", None),
            (&["^https://a\\.org/"], &[], "https://b.org/", Some("matches no --include")),
            (&["b", "a"], &[], "https://a.org/", None),
            (&[], &["\\.pdf$"], "https://a.org/x.pdf", Some("--exclude \"\\\\.pdf$\"")),
            (&["a"], &["a"], "https://a.org/", Some("--exclude \"a\"")),
            (&[], &["[?&]page=\\d{3,}"], "https://a.org/?page=12", None),
            (&[], &["[?&]page=\\d{3,}"], "https://a.org/?page=123", Some("--exclude")),
        ];
        for (include, exclude, url, expected) in cases {
            let refusal = filter(include, exclude).refusal(url);
            let fits = match (&refusal, expected) {
                (Some(reason), Some(part)) => reason.contains(part),
                (None, None) => true,
                _ => false,
            };
            assert!(fits, "{include:?} {exclude:?} {url}: {refusal:?}");
        }
    }

    #[test]
    fn a_bad_or_huge_pattern_is_refused_with_its_text() {
        for bad in ["(", "a{2", "[z-a]", "(?:\\w{1000}){1000}"] {
            let error = bad.parse::<Pattern>().expect_err(bad).to_string();
            assert!(error.contains("is not a regular expression"), "{error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }

    #[test]
    fn a_filter_is_written_down_as_texts() {
        let filter = filter(&["a,b{1,2}"], &["\"\n"]);
        let json = serde_json::to_string(&filter).expect("plain values");
        assert_eq!(serde_json::from_str::<Filter>(&json).expect("what was written"), filter);
        assert!(serde_json::from_str::<Filter>(r#"{"include":["("]}"#).is_err());
    }
}
