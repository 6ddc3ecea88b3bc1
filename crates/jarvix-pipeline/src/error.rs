//! What can keep the line from going on. A bad page is never among it.

use jarvix_core::RunId;

/// A failure of the line: what failed and where; the binary adds what to do.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The store: catalogue, parts, lock, disk.
    #[error(transparent)]
    Store(#[from] jarvix_store::StoreError),
    /// Reading the input.
    #[error(transparent)]
    Admit(#[from] jarvix_collect::admit::AdmitError),
    /// The frontier of the run.
    #[error(transparent)]
    Frontier(#[from] jarvix_collect::frontier::FrontierError),
    /// Fetching.
    #[error(transparent)]
    Collect(#[from] jarvix_collect::CollectError),
    /// The query engine.
    #[error(transparent)]
    Query(#[from] jarvix_query::QueryError),
    /// Finding duplicates.
    #[error(transparent)]
    Dedupe(#[from] jarvix_dedupe::DedupeError),
    /// Scoring.
    #[error(transparent)]
    Score(#[from] jarvix_score::ScoreError),
    /// Drawing the report.
    #[error(transparent)]
    Report(#[from] jarvix_report::ReportError),
    /// The folder holds a batch of something else.
    #[error("{folder} holds reports of something else: {other}")]
    OtherReports {
        /// The folder.
        folder: String,
        /// What they are of.
        other: String,
    },
    /// No page of the run has a value there.
    #[error("no page of run {run} has a value in the column {column:?}")]
    NoColumn {
        /// The run.
        run: RunId,
        /// The column of its list.
        column: String,
        /// The columns that the first page with any has.
        columns: Vec<String>,
    },
    /// The run exists and was made for something else.
    #[error("run {run} was made with {what} {was:?}, not {now:?}")]
    IdentityChanged {
        /// The run.
        run: RunId,
        /// Which setting.
        what: &'static str,
        /// Its value in the run.
        was: String,
        /// Its value now.
        now: String,
    },
    /// There is no such run.
    #[error("there is no run {run}")]
    UnknownRun {
        /// What was asked for.
        run: RunId,
    },
    /// A run is to be compared with itself.
    #[error("run {run} cannot be compared with itself")]
    AgainstItself {
        /// The run.
        run: RunId,
    },
    /// A file of the run cannot be written or read.
    #[error("failed to {action} {path}")]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: String,
        /// The system's answer.
        #[source]
        source: std::io::Error,
    },
    /// A file is there already, and nobody said that it may go.
    #[error("{path} is there already")]
    Exists {
        /// The file.
        path: String,
    },
    /// An export was asked for what its rows do not have.
    #[error("{problem}")]
    Misfit {
        /// What is wrong.
        problem: String,
        /// What to do about it.
        help: String,
    },
    /// A record of the run cannot be understood.
    #[error("the record {what} of run {run} is damaged: {reason}")]
    Record {
        /// The run.
        run: RunId,
        /// Which record.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// Threads or a runtime could not be started.
    #[error("failed to start threads: {reason}")]
    Threads {
        /// The system's answer.
        reason: String,
    },
}
