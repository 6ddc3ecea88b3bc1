//! What happened, in the past tense: the closed list of events that the bus carries sideways.
//! Progress bars, logs and metrics listen; nothing read here decides work or stands in a report
//! (invariant I6). Events about parts are published after their commit, facts about URLs in
//! batches.

use serde::{Deserialize, Serialize};

use crate::{Generation, Outcome, PartRef, RunId, Stage};

/// A fact about a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A run began or was taken up again.
    RunStarted {
        /// The run.
        run: RunId,
        /// Whether earlier work of it was found.
        continued: bool,
    },
    /// Input was read and put on the frontier (sums since the run's first line).
    InputAdmitted {
        /// The run.
        run: RunId,
        /// Lines that were neither blank nor comments.
        lines: u64,
        /// Distinct URLs.
        admitted: u64,
        /// Lines that are not usable URLs.
        rejects: u64,
        /// Lines that repeat an earlier URL.
        duplicates: u64,
        /// Whether all input has been read.
        complete: bool,
    },
    /// What the pages so far lead to was put on the frontier.
    LevelAdmitted {
        /// The run.
        run: RunId,
        /// The level that is fetched next.
        level: u32,
        /// The last level that the run goes to.
        depth: u32,
        /// Addresses that are new.
        admitted: u64,
        /// Addresses that were found and are left out.
        left_out: u64,
    },
    /// URLs were dealt with since the last such event.
    PagesFetched {
        /// The run.
        run: RunId,
        /// How many ended in which way.
        outcomes: Vec<(Outcome, u64)>,
        /// Bytes received from the network.
        bytes_wire: u64,
        /// Fetches under way when this was published.
        in_flight: u32,
    },
    /// A part became visible.
    PartCommitted {
        /// The part.
        part: PartRef,
        /// The stage that wrote it.
        stage: Stage,
    },
    /// A stage began.
    StageStarted {
        /// The run.
        run: RunId,
        /// The stage.
        stage: Stage,
        /// Units of work ahead, where they are known: URLs for collect, parts or rows else.
        total: Option<u64>,
    },
    /// A stage came further (rows since the stage began).
    StageAdvanced {
        /// The run.
        run: RunId,
        /// The stage.
        stage: Stage,
        /// Rows done.
        rows: u64,
        /// Rows in all, as far as it is known.
        total: Option<u64>,
    },
    /// A stage has no work left.
    StageFinished {
        /// The run.
        run: RunId,
        /// The stage.
        stage: Stage,
        /// Rows it wrote in this process.
        rows: u64,
        /// How long it took, in milliseconds.
        elapsed_ms: u64,
    },
    /// Readers see a new generation of a stage's output.
    GenerationSwitched {
        /// The run.
        run: RunId,
        /// The stage.
        stage: Stage,
        /// The generation that readers see now.
        generation: Generation,
    },
    /// Work had to wait or was given up; the reason is for people.
    TroubleMet {
        /// The run.
        run: RunId,
        /// The stage.
        stage: Stage,
        /// What happened and what was done about it.
        reason: String,
    },
    /// A file of the report was written.
    ReportWritten {
        /// The run.
        run: RunId,
        /// Where it is.
        path: String,
    },
    /// The run ended in this process.
    RunEnded {
        /// The run.
        run: RunId,
        /// Whether everything that was asked for is done.
        finished: bool,
        /// How long it took, in milliseconds.
        elapsed_ms: u64,
    },
}

/// What an event is about: subscribers choose by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Topic {
    /// The run as a whole.
    Run = 0,
    /// Reading input.
    Input = 1,
    /// Fetching.
    Fetch = 2,
    /// Parts and generations.
    Part = 3,
    /// Stages.
    Stage = 4,
    /// Things that went wrong.
    Trouble = 5,
    /// The report.
    Report = 6,
}

impl Event {
    /// What the event is about.
    pub const fn topic(&self) -> Topic {
        match self {
            Self::RunStarted { .. } | Self::RunEnded { .. } => Topic::Run,
            Self::InputAdmitted { .. } | Self::LevelAdmitted { .. } => Topic::Input,
            Self::PagesFetched { .. } => Topic::Fetch,
            Self::PartCommitted { .. } | Self::GenerationSwitched { .. } => Topic::Part,
            Self::StageStarted { .. } | Self::StageAdvanced { .. } | Self::StageFinished { .. } => {
                Topic::Stage
            }
            Self::TroubleMet { .. } => Topic::Trouble,
            Self::ReportWritten { .. } => Topic::Report,
        }
    }
}
