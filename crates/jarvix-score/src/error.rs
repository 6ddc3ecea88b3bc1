//! What can go wrong with a profile, and with scoring. A profile is written by a person, so its
//! errors name the file, the line and the column, and what was probably meant.

use std::fmt;

use jarvix_query::QueryError;
use jarvix_store::StoreError;

/// What kind of mistake a profile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfileErrorKind {
    /// Neither a built-in profile nor a file.
    NotFound,
    /// The file cannot be read.
    Unreadable,
    /// It is not TOML, or not of the right shape.
    Syntax,
    /// A value that makes no sense.
    Value,
    /// An expression that the query engine does not accept.
    Expression,
}

/// A line and a column of a file, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl Position {
    /// The position of byte `offset` of `text`.
    pub(crate) fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

/// A profile that cannot be used: which, where, why, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileError {
    /// The kind of mistake.
    pub kind: ProfileErrorKind,
    /// The file or the name of the profile.
    pub file: String,
    /// Where in the file.
    pub position: Option<Position>,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "load profile {}", self.file)?;
        if let Some(Position { line, column }) = self.position {
            write!(f, ", line {line}, column {column}")?;
        }
        write!(f, ": {}", self.problem)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ProfileError {}

/// Scoring failed; never because of what stands on a page.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScoreError {
    /// The engine could not compute the scores.
    #[error("score {part}")]
    Query {
        /// The part.
        part: jarvix_core::PartName,
        /// What the engine said.
        source: QueryError,
    },
    /// There is no such documents part.
    #[error("score {part}: run {run} has no documents part of that name; curate it first")]
    NoDocuments {
        /// The run.
        run: jarvix_core::RunId,
        /// The part.
        part: jarvix_core::PartName,
    },
    /// Not every document got exactly one score.
    #[error(
        "score {part}: {documents} documents gave {scores} scores; `jarvix verify` says whether the run's parts are whole"
    )]
    Rows {
        /// The part.
        part: jarvix_core::PartName,
        /// Rows of the documents part.
        documents: u64,
        /// Rows that came out.
        scores: u64,
    },
    /// What a profile would give could not be computed.
    #[error("score run {run} by {profile}")]
    WhatIf {
        /// The run.
        run: jarvix_core::RunId,
        /// The name of the profile.
        profile: String,
        /// What the engine said.
        source: QueryError,
    },
    /// Runs could not be compared.
    #[error("follow pages over runs")]
    Trends {
        /// What the engine said.
        source: QueryError,
    },
    /// Labels that nothing can be learned from.
    #[error("fit a profile: {problem}")]
    Labels {
        /// What is wrong with them.
        problem: String,
    },
    /// What was found could not be handed on.
    #[error("write what was found")]
    Output {
        /// Why.
        source: std::io::Error,
    },
    /// There is nothing to compare with.
    #[error("compare scores: run {run} has none yet")]
    NoScores {
        /// The run.
        run: jarvix_core::RunId,
    },
    /// The profile cannot be used.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}
