//! What every command needs: settings, the data folder, the query engine, the bus with whoever
//! listens to it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::ArgMatches;
use jarvix_bus::{Bus, BusSettings, Listener, Priority, Route, Topics};
use jarvix_collect::EventSink;
use jarvix_collect::admit::AdmitError;
use jarvix_core::{Event, RunId, Topic};
use jarvix_pipeline::LineError;
use jarvix_query::{Query, QuerySettings};
use jarvix_report::text::Style;
use jarvix_score::Profile;
use jarvix_store::{Store, StoreError};

use crate::error::CliError;
use crate::output::Output;
use crate::progress::Progress;
use crate::settings::Settings;

/// How long the last events may take to reach the terminal.
const LISTENERS_WAIT: Duration = Duration::from_secs(2);

/// Memory of the query engine before it spills, in bytes.
const QUERY_MEMORY_BYTES: usize = 128 * 1024 * 1024;

/// Settings and output of this process.
pub struct Context {
    /// The settings.
    pub settings: Settings,
    /// How results are shown.
    pub output: Output,
}

impl Context {
    /// The data folder, made if it is not there.
    pub fn store(&self) -> Result<Store, CliError> {
        let root = PathBuf::from(self.settings.text("data"));
        Store::open(&root, jarvix_store::system_env()).map_err(|e| {
            CliError::failed(format!("failed to open the data folder {}", root.display()))
                .because(&e)
                .help("choose a folder that you may write to with --data DIR")
        })
    }

    /// ` --data DIR` for commands that are suggested, where the folder is not the default one.
    pub fn data_flag(&self) -> String {
        match self.settings.text("data") {
            "data" => String::new(),
            folder => format!(" --data {folder}"),
        }
    }

    /// How the ranking is shown in the terminal.
    pub fn ranking_style(&self) -> Style {
        let rows = usize::try_from(self.settings.count("report.top")).unwrap_or(10);
        Style { columns: self.output.columns(), rows, color: self.output.color }
    }

    /// The query engine over `store`.
    pub fn query(&self, store: &Store) -> Result<Query, CliError> {
        let below = QuerySettings::below(store.root(), self.settings.threads());
        let settings = QuerySettings { memory_bytes: QUERY_MEMORY_BYTES, ..below };
        Ok(Query::open(store, settings)?)
    }

    /// The scoring profile that the settings name.
    pub fn profile(&self) -> Result<Profile, CliError> {
        let name = self.settings.text("score.profile");
        Profile::load(name, &*jarvix_store::system_env().disk).map_err(|e| {
            CliError::usage(format!("failed to load the profile {name:?}")).because(&e).help(
                "built-in profiles are default and classic; docs/PROFILES.md describes the file",
            )
        })
    }

    /// A bus with the progress bars listening, if somebody sees them.
    pub fn start_bus(&self) -> Result<Telling, CliError> {
        let bus = Bus::new(route, BusSettings::default());
        let progress = match Progress::new(self.output) {
            Some(mut progress) => {
                Some(bus.listen("progress", Topics::ALL, move |event| progress.on_event(event))?)
            }
            None => None,
        };
        let log = bus.listen("log", Topics::ALL, log)?;
        Ok(Telling { bus, listeners: progress.into_iter().chain([log]).collect() })
    }
}

/// The bus and its listeners, for the time of one command.
pub struct Telling {
    bus: Bus<Event>,
    listeners: Vec<Listener<Event>>,
}

impl Telling {
    /// Where the line tells what happened; never blocks.
    pub fn sink(&self) -> EventSink {
        let bus = self.bus.clone();
        Arc::new(move |event| bus.publish(event))
    }

    /// Closes the bus and waits a little until everybody has heard the last event.
    pub fn finish(self) {
        self.bus.close();
        for listener in &self.listeners {
            listener.wait(LISTENERS_WAIT);
        }
    }
}

/// Which events matter most when a listener cannot keep up.
fn route(event: &Event) -> Route {
    let priority = match event.topic() {
        Topic::Run | Topic::Trouble => Priority::Critical,
        Topic::Part | Topic::Report => Priority::High,
        Topic::Stage | Topic::Input => Priority::Normal,
        Topic::Fetch => Priority::Low,
    };
    Route { topic: event.topic() as u8, priority }
}

/// Facts as log lines, seen with `-v`.
fn log(event: &Event) {
    match event {
        Event::PagesFetched { .. } | Event::StageAdvanced { .. } => {
            tracing::debug!(event = %described(event), "event");
        }
        Event::TroubleMet { .. } => tracing::warn!(event = %described(event), "trouble"),
        _ => tracing::info!(event = %described(event), "event"),
    }
}

fn described(event: &Event) -> String {
    serde_json::to_string(event).unwrap_or_default()
}

/// The run id that `name` holds on the command line, if any.
pub fn run_id(matches: &ArgMatches, name: &str) -> Result<Option<RunId>, CliError> {
    match matches.get_one::<String>(name) {
        None => Ok(None),
        Some(text) => RunId::new(text).map(Some).map_err(|e| CliError::usage(e.to_string())),
    }
}

/// The run id that a command cannot do without.
pub fn required_run(matches: &ArgMatches) -> Result<RunId, CliError> {
    run_id(matches, "run")?.ok_or_else(|| CliError::usage("no run was given"))
}

/// Failures of the line that are the user's to put right get exit code 2 and a way out.
pub fn line_error(error: LineError) -> CliError {
    match &error {
        LineError::UnknownRun { .. } => {
            CliError::usage(error.to_string()).help("jarvix runs list shows what there is")
        }
        LineError::IdentityChanged { .. } => CliError::usage(error.to_string()).help(
            "leave out --run for a new run, or give the same input and the same flags as before",
        ),
        LineError::Admit(admit @ (AdmitError::Input(_) | AdmitError::InputChanged { .. })) => {
            let usage = CliError::usage(format!("failed to {admit}"));
            match std::error::Error::source(admit) {
                Some(source) => usage.because(source),
                None => usage,
            }
        }
        LineError::Store(store) => store_error(store),
        LineError::Admit(_)
        | LineError::Frontier(_)
        | LineError::Collect(_)
        | LineError::Query(_) => {
            // Fragments of crates below, as the house has them.
            let cli = CliError::failed(format!("failed to {error}"));
            match std::error::Error::source(&error) {
                Some(source) => cli.because(source),
                None => cli,
            }
        }
        _ => CliError::from(error),
    }
}

/// Failures of the store, with what to do about them.
pub fn store_error(error: &StoreError) -> CliError {
    let cli = CliError::failed(format!("failed to {error}"));
    let cli = match std::error::Error::source(error) {
        Some(source) => cli.because(source),
        None => cli,
    };
    if error.is_disk_full() {
        cli.help(
            "make room on the disk and give the same command again: the run goes on where it was",
        )
    } else if error.is_locked() {
        cli.help("wait until the other process is done, or stop it; the run can then go on")
    } else {
        cli
    }
}
