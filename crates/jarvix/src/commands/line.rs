//! The wiring that `run`, `demo` and `collect` share: settings to the line, its ending to words
//! and an exit code.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::ArgMatches;
use jarvix_collect::admit::{AdmitSettings, fingerprint};
use jarvix_collect::input::{self, Input, PagesSpool};
use jarvix_collect::scope::{Filter, Pattern};
use jarvix_collect::{CollectSettings, SystemNet};
use jarvix_core::{Outcome, RunId};
use jarvix_curate::Policy;
use jarvix_pipeline::crawl::{Heed, Reach};
use jarvix_pipeline::identity::{self, Chosen};
use jarvix_pipeline::settings::Scope;
use jarvix_pipeline::{
    CrawlSettings, Ending, FromRun, Line, LineSettings, OpenRun, PolicyFacts, RunSettings, again,
    line,
};
use jarvix_query::Query;
use jarvix_store::Store;

use super::collect::collect_settings;
use super::context::{Context, line_error};
use super::{against, nothing, report, run};
use crate::error::{CliError, Exit};
use crate::interrupt;
use crate::settings::Settings;

/// What a command wants of the line.
pub struct Request {
    /// The inputs as given.
    pub inputs: Vec<String>,
    /// The earlier run whose pages are the input instead.
    pub from: Option<FromRun>,
    /// The run, if one was named.
    pub run: Option<RunId>,
    /// What an automatic run id begins with.
    pub stem: String,
    /// Whether to make a new run in any case.
    pub always_new: bool,
    /// How far to go.
    pub scope: Scope,
    /// How to fetch.
    pub collect: CollectSettings,
    /// What to follow; the sitemaps among the inputs stand in it.
    pub crawl: CrawlSettings,
    /// The name of the command, for `--json`.
    pub command: &'static str,
}

impl Request {
    /// The inputs.
    pub fn classify(&self) -> Result<Vec<Input>, CliError> {
        match &self.from {
            Some(FromRun { run, outcomes }) => {
                Ok(vec![Input::Run { run: run.clone(), outcomes: outcomes.clone(), spooled: None }])
            }
            None => {
                let mut inputs = classify(&self.inputs)?;
                let sitemaps = self.crawl.sitemap_inputs.iter().cloned();
                inputs.extend(sitemaps.map(Input::Sitemap));
                Ok(inputs)
            }
        }
    }

    /// The inputs as they were given.
    fn named(&self) -> String {
        match &self.from {
            Some(from) => format!("run {}: no page ended so", from.run),
            None => self
                .inputs
                .iter()
                .chain(&self.crawl.sitemap_inputs)
                .cloned()
                .collect::<Vec<_>>()
                .join(" "),
        }
    }

    /// The request of `run` and `collect`.
    pub fn from_flags(
        context: &Context,
        matches: &ArgMatches,
        scope: Scope,
        command: &'static str,
    ) -> Result<Self, CliError> {
        let inputs: Vec<String> =
            matches.get_many::<String>("input").into_iter().flatten().cloned().collect();
        let from = from_run(matches)?;
        let crawl = crawl_settings(&context.settings, matches);
        let first = inputs.first().or(crawl.sitemap_inputs.first());
        let stem = match &from {
            Some(from) => format!("{}-again", from.run),
            None => first.map(|input| stem(input)).unwrap_or_default(),
        };
        Ok(Self {
            run: super::context::run_id(matches, "run")?,
            from,
            stem,
            always_new: false,
            scope,
            collect: collect_settings(&context.settings)?,
            crawl,
            command,
            inputs,
        })
    }
}

/// What `--from` and `--outcome` say, where the command has them.
fn from_run(matches: &ArgMatches) -> Result<Option<FromRun>, CliError> {
    // Other commands do not have it.
    if matches.try_contains_id("from").is_err() {
        return Ok(None);
    }
    let Some(run) = super::context::run_id(matches, "from")? else {
        // An INPUT in its place is no mistake for the parser.
        return if matches.contains_id("outcome") {
            Err(CliError::usage("--outcome says which pages of --from RUN are meant"))
        } else {
            Ok(None)
        };
    };
    let all = || Outcome::ALL.iter().copied().filter(|outcome| outcome.is_failure()).collect();
    let Some(words) = matches.get_one::<String>("outcome") else {
        return Ok(Some(FromRun { run, outcomes: all() }));
    };
    let parse = |word: &str| {
        Outcome::parse(word).ok_or_else(|| {
            let known: Vec<&str> = Outcome::ALL.iter().map(|outcome| outcome.as_str()).collect();
            CliError::usage(format!("{word:?} is not an outcome"))
                .help(format!("outcomes are {}", known.join(", ")))
        })
    };
    let words = words.split(',').map(str::trim).filter(|word| !word.is_empty());
    let mut outcomes = words.map(parse).collect::<Result<Vec<_>, _>>()?;
    outcomes.sort_unstable();
    outcomes.dedup();
    if outcomes.is_empty() {
        return Err(CliError::usage("--outcome names no outcome"));
    }
    Ok(Some(FromRun { run, outcomes }))
}

/// A run's name from its first input: the file's stem, the URL's host, or `stdin`.
fn stem(input: &str) -> String {
    if input == "-" {
        return "stdin".to_owned();
    }
    if input.contains("://") {
        // Nothing but the host: what stands before it may be a password.
        let host = jarvix_core::canonicalise(input).map(|url| url.host().to_owned());
        return host.unwrap_or_default();
    }
    let name = Path::new(input).file_name().unwrap_or_default().to_string_lossy().into_owned();
    name.split('.').next().unwrap_or(&name).to_owned()
}

/// Makes or takes up the run and sends it down the line.
pub fn run_line(context: &Context, request: &Request) -> Result<Exit, CliError> {
    let admit = admit_settings(context)?;
    let mut inputs = request.classify()?;
    let profile = context.profile()?;
    // What is wrong with it is said before a run is made.
    Context::policy(&context.settings)?;
    let report = report::of_settings(context)?;
    let base = context.settings.optional("collect.base");
    let store = context.store()?;
    let query = context.query(&store)?;
    if let Some(from) = &request.from {
        check_from(context, &store, &query, from, request.run.as_ref())?;
    }
    let against = against::given(context, &store)?;
    let crawl = CrawlSettings {
        listings: request.crawl.sitemaps || inputs.iter().any(Input::is_sitemap),
        ..request.crawl.clone()
    };
    let run_settings = run_settings(context, request, &inputs, &admit, &crawl);
    let wanted = request.run.as_ref();
    if let Some(base) = base.as_deref().filter(|base| *base != LATEST) {
        check_base(&store, base, wanted)?;
    }
    // Two streams have nothing in common but the pipe they came through.
    let always_new = request.always_new || inputs.iter().any(Input::is_stdin);
    let open = identity::open(&store, &run_settings, wanted, &request.stem, always_new)
        .map_err(line_error)?;
    announce(context, &open);
    let dedupe_against = against::settle(context, &store, &open.id, against)?;
    let Session { mut collect, base, policy, policy_facts } =
        session_of(context, &store, request, &open)?;
    let net = Arc::new(SystemNet::new(&collect));
    spool(&store, &query, &open.id, &mut inputs)?;
    if let Some(base) = base {
        collect.base = base_run(context, &store, &base, &run_settings, &open.id)?;
    }
    let changes =
        identity::write_run_file(&store, &open.id, &run_settings, policy_facts, &profile, &collect)
            .map_err(line_error)?;
    note_changes(context, &changes);
    let settings = LineSettings {
        collect,
        policy,
        dedupe_against,
        profile,
        report,
        threads: context.settings.threads(),
        crawl: CrawlSettings { filter: admit.filter.clone(), ..crawl },
        scope: request.scope,
    };
    let (stop, telling) = (interrupt::listen()?, context.start_bus()?);
    let line = Line {
        store: &store,
        run: &open.id,
        continued: open.chosen != Chosen::New,
        settings: &settings,
        net,
        query: &query,
        publish: telling.sink(),
        stop: &stop,
    };
    let ended = line::run(&line, &inputs, &admit);
    telling.finish();
    if open.chosen == Chosen::New && nothing::came_of(&ended) {
        return Err(nothing::take_back(&store, open, ended, &request.named()));
    }
    let ending = ended.map_err(line_error)?;
    finish(context, request, &store, &open.id, &ending, &stop)
}

/// What the run is, for its record.
fn run_settings(
    context: &Context,
    request: &Request,
    inputs: &[Input],
    admit: &AdmitSettings,
    crawl: &CrawlSettings,
) -> RunSettings {
    RunSettings {
        inputs: match &request.from {
            Some(_) => inputs.iter().map(Input::name).collect(),
            None => shown_inputs(&request.inputs, inputs),
        },
        from: request.from.clone(),
        fingerprint: fingerprint(inputs, admit),
        url_column: context.settings.optional("collect.url_column"),
        render: request.collect.rendering.mode,
        command: request.command.to_owned(),
        pages_per_host: request.collect.pages_per_host,
        filter: admit.filter.clone(),
        crawl: crawl.clone(),
    }
}

fn note_changes(context: &Context, changes: &[String]) {
    if !changes.is_empty() {
        let changes = changes.join("; ");
        context.output.note(&format!("settings changed since the last session: {changes}"));
    }
}

/// `--base latest`.
const LATEST: &str = "latest";

/// Whether `base` can be compared with: asked before a run is made.
fn check_base(store: &Store, base: &str, run: Option<&RunId>) -> Result<RunId, CliError> {
    let id = RunId::new(base).map_err(|e| CliError::usage(e.to_string()))?;
    if store.catalogue().run(&id).map_err(|e| super::context::store_error(&e))?.is_none() {
        return Err(CliError::usage(format!("there is no run {id} to compare with"))
            .help("jarvix runs list shows what there is; --base latest takes the newest finished run of the same input"));
    }
    if run == Some(&id) {
        return Err(CliError::usage(format!("run {id} cannot be compared with itself"))
            .help("leave out --run for a new run beside it, or name another --base"));
    }
    Ok(id)
}

/// The run that `base` means for `run`, if there is one.
fn base_run(
    context: &Context,
    store: &Store,
    base: &str,
    settings: &RunSettings,
    run: &RunId,
) -> Result<Option<RunId>, CliError> {
    if base != LATEST {
        return check_base(store, base, Some(run)).map(Some);
    }
    let found = identity::newest_finished(store, settings, run).map_err(line_error)?;
    context.output.note(&match &found {
        Some(found) => format!("unchanged pages are taken from run {found}"),
        None => "there is no finished run of this input yet; all pages are fetched".to_owned(),
    });
    Ok(found)
}

fn finish(
    context: &Context,
    request: &Request,
    store: &Store,
    run: &RunId,
    ending: &Ending,
    stop: &AtomicBool,
) -> Result<Exit, CliError> {
    let (exit, note) = if ending.interrupted || stop.load(Ordering::SeqCst) {
        (Exit::Interrupted, None)
    } else {
        run::exit_of(context, store, run)?
    };
    run::show_ending(context, request, store, run, ending, exit)?;
    if let Some(note) = note {
        context.output.note(&note);
    }
    Ok(exit)
}

/// The settings of admission.
pub fn admit_settings(context: &Context) -> Result<AdmitSettings, CliError> {
    let patterns = |flag: &str| -> Result<Vec<Pattern>, CliError> {
        let texts = context.settings.texts(&format!("collect.{flag}"));
        let parsed = texts.iter().map(|text| text.parse());
        parsed.collect::<Result<_, _>>().map_err(|e| {
            CliError::usage(format!("--{flag} cannot be used: {e}"))
                .help("write . for any character, \\. for a dot and .* for anything")
        })
    };
    Ok(AdmitSettings {
        url_column: context.settings.optional("collect.url_column"),
        filter: Filter { include: patterns("include")?, exclude: patterns("exclude")? },
        ..AdmitSettings::default()
    })
}

/// The inputs that the command line names.
fn classify(inputs: &[String]) -> Result<Vec<Input>, CliError> {
    let classified = inputs.iter().map(|text| {
        input::classify(text).map_err(|e| {
            CliError::usage(format!("failed to {e}"))
                .help("an input is a list file, a URL, an .html file, a folder, a .warc archive, or - for stdin")
        })
    });
    classified.collect()
}

/// What is followed, from the table and from `--sitemap`.
fn crawl_settings(settings: &Settings, matches: &ArgMatches) -> CrawlSettings {
    let heed = |name: &str| match settings.text(name) {
        "obey" => Heed::Obey,
        _ => Heed::Ignore,
    };
    CrawlSettings {
        depth: u32::try_from(settings.count("collect.depth")).unwrap_or(u32::MAX),
        reach: match settings.text("collect.scope") {
            "domain" => Reach::Domain,
            "prefix" => Reach::Prefix,
            "any" => Reach::Any,
            _ => Reach::Host,
        },
        nofollow: heed("collect.nofollow"),
        canonical: heed("collect.canonical"),
        sitemaps: settings.is_on("collect.sitemaps"),
        sitemap_inputs: matches
            .get_many::<String>("sitemap")
            .into_iter()
            .flatten()
            .cloned()
            .collect(),
        ..CrawlSettings::default()
    }
}

/// Inputs as they stand in run.toml: files by their full path, so that the run can be repeated
/// from any folder, and URLs without user names and passwords, which are sent nowhere.
fn shown_inputs(inputs: &[String], classified: &[Input]) -> Vec<String> {
    let full = |(text, input): (&String, &Input)| {
        if let Input::Url(_) | Input::Sitemap(_) = input {
            return input.name();
        }
        let path = PathBuf::from(text);
        if text == "-" || !path.exists() {
            return text.clone();
        }
        path.canonicalize().map_or_else(|_| text.clone(), |p| p.display().to_string())
    };
    inputs.iter().zip(classified).map(full).collect()
}

/// What a session goes by that may differ from one to the next.
struct Session {
    collect: CollectSettings,
    base: Option<String>,
    policy: Policy,
    policy_facts: PolicyFacts,
}

impl Session {
    fn of(settings: &Settings, collect: CollectSettings) -> Result<Self, CliError> {
        let (policy, policy_facts) = Context::policy(settings)?;
        Ok(Self { collect, base: settings.optional("collect.base"), policy, policy_facts })
    }
}

/// How to fetch, what to compare with and what is wanted: as is set now, and where nothing is, as the
/// session before was told. Secrets are written down nowhere, so they have to be given each time.
fn session_of(
    context: &Context,
    store: &Store,
    request: &Request,
    open: &OpenRun,
) -> Result<Session, CliError> {
    if request.always_new {
        return Session::of(&context.settings, request.collect.clone());
    }
    let settings = context.inherited(store, &open.id, "")?;
    Session::of(&settings, collect_settings(&settings)?)
}

/// Refuses what cannot be an earlier run with something to take from it.
fn check_from(
    context: &Context,
    store: &Store,
    query: &Query,
    from: &FromRun,
    wanted: Option<&RunId>,
) -> Result<(), CliError> {
    if wanted == Some(&from.run) {
        return Err(CliError::usage(format!("run {} cannot be taken from itself", from.run))
            .help("leave out --run: the pages are fetched by a new run"));
    }
    // A run that was begun has its copy, and goes on even when the earlier one is gone.
    let begun =
        wanted.is_some_and(|run| PagesSpool::made(store.env(), &store.run_dir(run)).is_some());
    let found = if begun {
        1
    } else {
        again::count(store, query, &from.run, &from.outcomes).map_err(line_error)?
    };
    if found == 0 {
        let (run, outcomes) = (from.run.clone(), from.outcomes.clone());
        let name = Input::Run { run, outcomes, spooled: None }.name();
        return Err(CliError::usage(format!("there are no {name}")).help(format!(
            "jarvix runs show {}{} says how its pages ended",
            from.run,
            context.data_flag()
        )));
    }
    Ok(())
}

/// What comes on stdin goes into the run first, so that a continued run finds it again.
fn spool(store: &Store, query: &Query, run: &RunId, inputs: &mut [Input]) -> Result<(), CliError> {
    for input in inputs.iter_mut() {
        if let Input::Run { run: from, outcomes, spooled } = input {
            let folder = store.run_dir(run);
            let copy = again::spool(store, query, from, outcomes, &folder).map_err(line_error)?;
            *spooled = Some(copy);
        }
        if let Input::Stdin { spooled } = input {
            let copy =
                input::spool_stdin(store.env(), &mut std::io::stdin().lock(), &store.run_dir(run))
                    .map_err(|e| {
                        CliError::usage("failed to take in what came on stdin").because(&e)
                    })?;
            *spooled = Some(copy);
        }
    }
    Ok(())
}

fn announce(context: &Context, open: &OpenRun) {
    let run = &open.id;
    match open.chosen {
        Chosen::New => context.output.note(&format!("run {run}")),
        Chosen::Continued => context.output.note(&format!("run {run} goes on where it was")),
        Chosen::Finished => {
            context.output.note(&format!("run {run} is finished; looking for new work"));
        }
    }
    if let Some(finished) = &open.finished_before {
        context.output.note(&format!(
            "run {finished} of the same input is finished; --run {finished} adds what is new in it"
        ));
    }
}
