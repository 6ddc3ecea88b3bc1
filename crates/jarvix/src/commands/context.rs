//! What every command needs: settings, the data folder, the query engine, the bus with whoever
//! listens to it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::ArgMatches;
use jarvix_bus::{Bus, BusSettings, Listener, Priority, Route, Topics};
use jarvix_collect::EventSink;
use jarvix_collect::admit::AdmitError;
use jarvix_core::{Event, RunId, Topic};
use jarvix_curate::{POLICY_BYTES_MAX, Policy, PolicyFile};
use jarvix_pipeline::{DedupeError, LineError, PolicyFacts};
use jarvix_query::{Query, QuerySettings};
use jarvix_report::text::Style;
use jarvix_score::{Profile, TOPIC_BYTES_MAX};
use jarvix_store::{Store, StoreError};

use crate::error::CliError;
use crate::output::Output;
use crate::progress::Progress;
use crate::settings::Settings;

/// The note of the settings that the sessions of a run were told.
const GIVEN_NOTE: &str = "given";

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
        let (name, topic) =
            (self.settings.text("score.profile"), self.settings.text("score.topic"));
        if topic.is_empty() {
            let profile = Self::load_profile(name)?;
            if profile.asks_for_a_topic() && profile.topic().is_none() {
                return Err(CliError::usage(format!(
                    "the profile {} asks for a topic",
                    profile.name()
                ))
                .help("name one: --topic \"solar panels for balconies\", or --topic brief.txt"));
            }
            return Ok(profile);
        }
        let name = if self.settings.is_given("score.profile") { name } else { TOPIC_PROFILE };
        let profile = Self::load_profile(name)?;
        if !profile.asks_for_a_topic() {
            return Err(CliError::usage(format!(
                "the profile {} does not ask for a topic",
                profile.name()
            ))
            .help("use --profile topic, or give the profile a signal over topic_match"));
        }
        let topic = topic_text(topic)?;
        profile.with_topic(&topic).map_err(|e| CliError::usage("this is no topic").because(&e))
    }

    /// The profile of that name, built in or a file.
    pub fn load_profile(name: &str) -> Result<Profile, CliError> {
        Profile::load(name, &*jarvix_store::system_env().disk).map_err(|e| {
            CliError::usage(format!("failed to load the profile {name:?}"))
                .because(&e)
                .help("jarvix profile list shows those that are built in; docs/PROFILES.md describes the file")
        })
    }

    /// The settings with what the sessions of `run` before were told, of keys that begin with
    /// `section`, where nothing is set now; noted for the next one.
    pub fn inherited(
        &self,
        store: &Store,
        run: &RunId,
        section: &str,
    ) -> Result<Settings, CliError> {
        let note = store.catalogue().note(run, GIVEN_NOTE)?.unwrap_or_default();
        // What cannot be read is as good as nothing: then the session is told everything anew.
        let mut before: BTreeMap<String, String> = serde_json::from_str(&note).unwrap_or_default();
        let mut settings = self.settings.clone();
        let of_section: BTreeMap<String, String> =
            before.clone().into_iter().filter(|(name, _)| name.starts_with(section)).collect();
        let kept = settings.inherit(run.as_str(), &of_section);
        if !kept.is_empty() {
            self.output.note(&format!("as in the session before: {}", kept.join(" ")));
        }
        before.retain(|name, _| !name.starts_with(section));
        before.extend(settings.given().into_iter().filter(|(name, _)| name.starts_with(section)));
        let given = serde_json::to_string(&before)?;
        store.catalogue().record_note(run, GIVEN_NOTE, &given)?;
        Ok(settings)
    }

    /// The policy that `settings` name, and what `run.toml` says of it.
    pub fn policy(settings: &Settings) -> Result<(Policy, PolicyFacts), CliError> {
        let [deny, allow] = ["curate.deny", "curate.allow"].map(|name| settings.list(name));
        let (denied, allowed) = (policy_files(&deny)?, policy_files(&allow)?);
        let languages = settings.list("curate.languages");
        let tags: Vec<&str> = languages.iter().map(String::as_str).collect();
        let policy = Policy::parse(&tags, &named(&denied), &named(&allowed)).map_err(|e| {
            CliError::usage(format!("failed to read the policy: {e}")).help(
                "a line is `domain example.org`, `path /tag/` or `keyword some phrase`; # begins a comment, [adult] names a category",
            )
        })?;
        let facts = PolicyFacts {
            languages: policy.languages().to_vec(),
            deny: full_paths(&deny),
            allow: full_paths(&allow),
            hash: policy.hash().map(str::to_owned),
        };
        Ok((policy, facts))
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

/// The profile for whoever names a topic and no profile.
const TOPIC_PROFILE: &str = "topic";

/// A topic as it is given: the words themselves, or the name of a file that holds them.
fn topic_text(given: &str) -> Result<String, CliError> {
    let disk = jarvix_store::system_env().disk;
    let path = PathBuf::from(given);
    if given.contains('\n') || !disk.exists(&path) {
        return Ok(given.to_owned());
    }
    let failed = || CliError::usage(format!("failed to read the topic {given:?}"));
    let bytes = disk.read(&path, TOPIC_BYTES_MAX as u64).map_err(|e| failed().because(&e))?;
    String::from_utf8(bytes).map_err(|_| failed().help("it is not UTF-8 text: save it as UTF-8"))
}

/// Names and texts of policy files.
fn policy_files(names: &[String]) -> Result<Vec<(String, String)>, CliError> {
    let disk = jarvix_store::system_env().disk;
    let read = |name: &String| {
        let failed = || CliError::usage(format!("failed to read the policy file {name:?}"));
        let bytes = disk.read(&PathBuf::from(name), POLICY_BYTES_MAX);
        let bytes = bytes.map_err(|e| failed().because(&e))?;
        let text = String::from_utf8(bytes);
        let text = text.map_err(|_| failed().help("it is not UTF-8 text: save it as UTF-8"))?;
        Ok((name.clone(), text))
    };
    names.iter().map(read).collect()
}

fn named(files: &[(String, String)]) -> Vec<PolicyFile<'_>> {
    files.iter().map(|(name, text)| PolicyFile { name, text }).collect()
}

/// Files by their full path, so that a run can be repeated from any folder.
fn full_paths(names: &[String]) -> Vec<String> {
    let full = |name: &String| {
        PathBuf::from(name)
            .canonicalize()
            .map_or_else(|_| name.clone(), |p| p.display().to_string())
    };
    names.iter().map(full).collect()
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

/// Nothing, if there is such a run.
pub fn known_run(store: &Store, run: &RunId) -> Result<(), CliError> {
    match store.catalogue().run(run)? {
        Some(_) => Ok(()),
        None => Err(line_error(LineError::UnknownRun { run: run.clone() })),
    }
}

/// Failures of the line that are the user's to put right get exit code 2 and a way out.
pub fn line_error(error: LineError) -> CliError {
    match &error {
        LineError::UnknownRun { .. } => {
            CliError::usage(error.to_string()).help("jarvix runs list shows what there is")
        }
        LineError::OtherReports { .. } => CliError::usage(error.to_string())
            .help("give --out another folder: reports of both would be mixed there"),
        LineError::NoColumn { columns, .. } => {
            let help = match columns.as_slice() {
                [] => "its list had no columns but that of the addresses".to_owned(),
                some => format!("the columns of its list are: {}", some.join(", ")),
            };
            CliError::usage(error.to_string()).help(help)
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
        LineError::AgainstItself { .. } => CliError::usage(error.to_string())
            .help("repeats within a run are found without --dedupe-against"),
        LineError::Store(store) | LineError::Dedupe(DedupeError::Store(store)) => {
            store_error(store)
        }
        LineError::Admit(_)
        | LineError::Frontier(_)
        | LineError::Collect(_)
        | LineError::Dedupe(_)
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
