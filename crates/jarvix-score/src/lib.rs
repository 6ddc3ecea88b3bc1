//! Scores: a profile says which signals count how much, and every document gets the sum, an action
//! and a reason in words.
//!
//! A score is the sum of its contributions, each held within its weight and rounded once to
//! thousandths of a point; gates stand apart and say what they took away in a column of their own.
//! The whole is one SQL query on the query floor.
//!
//! What it refuses to do: score with a profile that was not checked; look at a clock (ages count
//! from when a page was fetched); let a page's content make a run fail.

mod compare;
mod docs;
mod edit;
mod error;
mod explain;
mod facts;
mod parse;
mod profile;
mod sql;
mod stage;
mod topic;
mod trends;
mod tune;
mod words;

pub use compare::{Against, Change, Comparison, Mover, Transition, compare};
pub use docs::profiles_markdown;
pub use error::{Position, ProfileError, ProfileErrorKind, ScoreError};
pub use explain::{Contribution, PageExplained, explain_page};
pub use facts::{FACTS, facts_columns};
pub use profile::{
    CODE_VERSION, ENTRIES_MAX, EXPRESSION_BYTES_MAX, PROFILE_BYTES_MAX, Profile, ProfileAction,
    ProfileGate, ProfileSignal, SCORE_MAX, SignalDoc, points_text,
};
pub use sql::score_sql;
pub use stage::{PartScorer, Scorer, scores_columns};
pub use topic::TOPIC_BYTES_MAX;
pub use trends::{
    Forecast, NoForecast, PageTrend, RunScores, SectionChange, SectionFate, Standing, Standings,
    TrendScope, Trends, forecast, trends,
};
pub use tune::{Counts, Fit, Label, Quality, ThresholdPoint, Tuned, WeightChange, tune};
