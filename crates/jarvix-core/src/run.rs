//! A run: one named job. Its id becomes a folder name, so the id is checked here, once, and no
//! other spelling of a run can be made (HOSTILE 45).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest run id, in bytes.
pub const RUN_ID_BYTES_MAX: usize = 64;

/// The name of a run: 1 to 64 of `a-z A-Z 0-9 . _ -`, beginning with a letter or a digit.
///
/// It can therefore never name a path outside the data folder, a hidden file or a flag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

/// Why a text is not a run id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a run id: use 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or a digit"
)]
pub struct RunIdError {
    text: String,
}

impl RunId {
    /// Checks `text` and makes it a run id.
    pub fn new(text: &str) -> Result<Self, RunIdError> {
        let first_fits = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        let rest_fits =
            text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        if first_fits && rest_fits && text.len() <= RUN_ID_BYTES_MAX && !text.ends_with('.') {
            Ok(Self(text.to_owned()))
        } else {
            Err(RunIdError { text: text.chars().take(RUN_ID_BYTES_MAX + 1).collect() })
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A stem for automatic run ids (`<stem>-<n>`) from any file name or URL: what does not fit
    /// becomes `-`. Never empty.
    pub fn stem_of(text: &str) -> String {
        let mut stem = String::new();
        for c in text.chars() {
            let fits = c.is_ascii_alphanumeric();
            if fits {
                stem.push(c.to_ascii_lowercase());
            } else if !stem.is_empty() && !stem.ends_with('-') {
                stem.push('-');
            }
            if stem.len() >= 40 {
                break;
            }
        }
        let stem = stem.trim_end_matches('-');
        if stem.is_empty() { "run".to_owned() } else { stem.to_owned() }
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RunId {
    type Err = RunIdError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

impl TryFrom<String> for RunId {
    type Error = RunIdError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(&text)
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> Self {
        id.0
    }
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Made, and not finished: continuing it is the way on.
    Unfinished,
    /// Every stage that was asked for is done; repeating it does nothing.
    Finished,
}

impl RunState {
    /// The word that stands in the catalogue and in `--json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unfinished => "unfinished",
            Self::Finished => "finished",
        }
    }

    /// Reads what [`as_str`](Self::as_str) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Unfinished, Self::Finished].into_iter().find(|s| s.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_could_leave_the_data_folder_are_refused() {
        for bad in ["", ".", "..", "../x", "a/b", "a\\b", "-x", ".x", "a\0b", "a b", "ü", "a."] {
            assert!(RunId::new(bad).is_err(), "{bad:?} was accepted");
        }
        assert!(RunId::new(&"a".repeat(RUN_ID_BYTES_MAX + 1)).is_err());
        for good in ["a", "urls-1", "2026.07_x", &"a".repeat(RUN_ID_BYTES_MAX)] {
            assert!(RunId::new(good).is_ok(), "{good:?} was refused");
        }
    }

    #[test]
    fn every_stem_makes_a_run_id() {
        for text in ["urls.txt", "", "-", "https://x.org/a?b", "日本語", &"z".repeat(500)] {
            let stem = RunId::stem_of(text);
            assert!(RunId::new(&format!("{stem}-1")).is_ok(), "{text:?} gave {stem:?}");
        }
    }
}
