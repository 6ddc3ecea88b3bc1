//! What a run is asked to do, in the three kinds that decide what a change means: identity (a
//! change is another run), stage (a change is a new generation), operational (a change is allowed
//! and noted).

use serde::{Deserialize, Serialize};

use crate::crawl::CrawlSettings;
use jarvix_collect::CollectSettings;
use jarvix_collect::scope::Filter;
use jarvix_collect::settings::RenderMode;
use jarvix_core::{Outcome, RunId};
use jarvix_curate::Policy;
use jarvix_score::Profile;

use crate::report::ReportSettings;

/// The settings that say what a run is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSettings {
    /// The inputs as they were given.
    pub inputs: Vec<String>,
    /// Fingerprint of the inputs: which files, folders and URLs, not what stands in them.
    pub fingerprint: String,
    /// The column of a list that holds the URLs, if one was named.
    pub url_column: Option<String>,
    /// Which pages a browser renders: it decides what stands in the rows.
    #[serde(default)]
    pub render: RenderMode,
    /// The command that made the run, without its arguments.
    #[serde(default = "run_command")]
    pub command: String,
    /// Most pages of one host; 0 is no limit.
    #[serde(default)]
    pub pages_per_host: u64,
    /// The earlier run that it takes its pages from, if that is its input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<FromRun>,
    /// Which URLs of the inputs belong to it.
    #[serde(default, skip_serializing_if = "Filter::is_empty")]
    pub filter: Filter,
    /// What of the pages leads to further ones.
    #[serde(default)]
    pub crawl: CrawlSettings,
}

/// What made the runs that do not say it.
fn run_command() -> String {
    "run".to_owned()
}

/// The policy as `run.toml` has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyFacts {
    /// The languages that are wanted; all if there is none.
    pub languages: Vec<String>,
    /// The files of what is denied.
    pub deny: Vec<String>,
    /// The files of what is allowed in spite of that.
    pub allow: Vec<String>,
    /// Names all that counts of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

/// Pages of an earlier run that are the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FromRun {
    /// The earlier run.
    pub run: RunId,
    /// How its pages had ended that are fetched again.
    pub outcomes: Vec<Outcome>,
}

/// The settings of the line that may differ from one session of a run to the next.
#[derive(Debug, Clone)]
pub struct LineSettings {
    /// How to fetch.
    pub collect: CollectSettings,
    /// What documents are wanted.
    pub policy: Policy,
    /// Earlier runs whose documents come before this run's when duplicates are looked for.
    pub dedupe_against: Vec<RunId>,
    /// How to score.
    pub profile: Profile,
    /// Which report files to write, and how they look.
    pub report: ReportSettings,
    /// Threads for CPU work.
    pub threads: usize,
    /// What is followed. It belongs to the run's identity; here for whoever does the work.
    pub crawl: CrawlSettings,
    /// Whether to go on after collect.
    pub scope: Scope,
}

/// How far the line is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Pages only.
    Collect,
    /// To the report.
    Report,
}
