//! `jarvix report`: the report of runs that are there, or one for each host of a run.

use std::cell::RefCell;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use clap::ArgMatches;
use clap::parser::ValueSource;
use indicatif::{ProgressBar, ProgressStyle};
use jarvix_core::RunId;
use jarvix_pipeline::LineError;
use jarvix_pipeline::line::runtime;
use jarvix_pipeline::report::{Batch, BatchResult, Caveats, ReportSettings, Split};
use jarvix_report::{Brand, Format, LOGO_BYTES_MAX, Paper};
use jarvix_store::Store;

use super::context::{Context, line_error};
use crate::error::{CliError, Exit};
use crate::interrupt;
use crate::waiting::Waiting;

/// Longest brand file.
const BRAND_BYTES_MAX: usize = 64 * 1024;

/// Writes the files and prints where they are.
pub fn report(context: &Context, matches: &ArgMatches) -> Result<Exit, CliError> {
    let ids = matches.get_many::<String>("run").into_iter().flatten();
    let ids = ids
        .map(|text| RunId::new(text).map_err(|e| CliError::usage(e.to_string())))
        .collect::<Result<Vec<_>, _>>()?;
    let ids = distinct(ids);
    let split = matches.get_one::<Split>("split");
    let given = matches.value_source("format") == Some(ValueSource::CommandLine);
    let words = match matches.get_one::<String>("format") {
        Some(words) if given || split.is_none() => words.as_str(),
        // A page to read for each.
        _ => "html",
    };
    let settings = report_settings(context, formats(words.split(','))?)?;
    let out = matches.get_one::<String>("out").map(PathBuf::from);
    check(split, &ids, &settings)?;
    check_out(out.as_deref())?;
    let store = context.store()?;
    known(&store, &ids)?;
    let query = context.query(&store)?;
    let threads = context.settings.threads();
    let runtime = runtime(threads).map_err(line_error)?;
    let stop = interrupt::listen()?;
    let bar = Mutex::new(RefCell::new(None));
    // Until the first of several is counted, and for a single one to its end.
    let what = if split.is_some() { "reading the run" } else { "writing the report" };
    let waiting = Mutex::new(Waiting::begin(context.output, what));
    let batch = Batch {
        store: &store,
        query: &query,
        settings: &settings,
        out: out.as_deref(),
        pool: matches.get_one::<u16>("pool").map_or(threads, |pool| usize::from(*pool)),
        force: matches.get_flag("force"),
        on_progress: &|done, total| {
            if let Ok(mut waiting) = waiting.lock() {
                drop(waiting.take());
            }
            show(context, &bar, done, total);
        },
        stop: &stop,
        runtime: runtime.handle().clone(),
    };
    let made = match (split, ids.as_slice()) {
        (Some(by), [run]) => batch.split(run, by),
        _ => batch.runs(&ids),
    };
    drop(waiting);
    if let Ok(bar) = bar.into_inner()
        && let Some(bar) = bar.take()
    {
        bar.finish_and_clear();
    }
    tell(context, &made.map_err(line_error)?)
}

/// Each run once, in the order in which they were named.
fn distinct(ids: Vec<RunId>) -> Vec<RunId> {
    let mut seen = HashSet::new();
    ids.into_iter().filter(|id| seen.insert(id.clone())).collect()
}

/// Whether what was asked for goes together.
fn check(split: Option<&Split>, ids: &[RunId], settings: &ReportSettings) -> Result<(), CliError> {
    if split.is_none() {
        return Ok(());
    }
    if ids.len() > 1 {
        return Err(CliError::usage("--split takes one run")
            .help("call it once for each run, each with an --out of its own"));
    }
    if settings.formats.contains(&Format::Csv) {
        return Err(CliError::usage("a ranking as CSV cannot be split")
            .help("--format html, pdf or json; jarvix export --where gives the rows of one host"));
    }
    Ok(())
}

/// Whether the folder can be one.
fn check_out(out: Option<&Path>) -> Result<(), CliError> {
    match out.filter(|out| out.is_file()) {
        Some(file) => Err(CliError::usage(format!("{} is a file", file.display()))
            .help("--out names a folder for the reports; it is made where it is missing")),
        None => Ok(()),
    }
}

fn known(store: &Store, ids: &[RunId]) -> Result<(), CliError> {
    for run in ids {
        if store.catalogue().run(run)?.is_none() {
            return Err(line_error(LineError::UnknownRun { run: run.clone() }));
        }
    }
    Ok(())
}

fn tell(context: &Context, made: &BatchResult) -> Result<Exit, CliError> {
    let exit = if made.interrupted { Exit::Interrupted } else { Exit::Ok };
    for job in &made.jobs {
        if let Some(caveats) = job.written {
            told_of(context, &job.run, caveats);
        }
    }
    let data = serde_json::json!({ "files": made.files, "kept": made.kept });
    context.output.result(("report", exit), &data, || {
        made.files.iter().map(|file| format!("{}\n", file.display())).collect()
    })?;
    if made.kept > 0 {
        let kept = made.kept;
        let reports = if kept == 1 { "report was" } else { "reports were" };
        context
            .output
            .note(&format!("{kept} {reports} there and up to date; --force makes them anew"));
    }
    if made.interrupted {
        context.output.note("stopped; the same command goes on with the reports that are left");
    }
    Ok(exit)
}

/// A bar on stderr, where somebody sees it and there are several.
fn show(
    context: &Context,
    bar: &Mutex<RefCell<Option<ProgressBar>>>,
    done: u64,
    total: Option<u64>,
) {
    if !context.output.shows_progress() || total == Some(1) {
        return;
    }
    let Ok(bar) = bar.lock() else { return };
    let mut bar = bar.borrow_mut();
    let bar = bar.get_or_insert_with(|| match total {
        Some(total) => {
            let style = ProgressStyle::with_template("report {bar:10} {human_pos}/{human_len}");
            ProgressBar::new(total)
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        }
        None => {
            let style = ProgressStyle::with_template("{spinner} report {human_pos}, {per_sec}");
            ProgressBar::new_spinner()
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
        }
    });
    bar.set_position(done);
}

/// Which reports a run gets and how they are to look, as the settings say.
pub fn of_settings(context: &Context) -> Result<ReportSettings, CliError> {
    let words = context.settings.list("report.formats");
    report_settings(context, formats(words.iter().map(String::as_str))?)
}

/// How reports are to look, as the settings say.
fn report_settings(context: &Context, formats: Vec<Format>) -> Result<ReportSettings, CliError> {
    let paper = match context.settings.text("report.paper") {
        "letter" => Paper::Letter,
        _ => Paper::A4,
    };
    Ok(ReportSettings { formats, paper, brand: brand(context)? })
}

/// Whose reports they are, as the file says that the settings name.
fn brand(context: &Context) -> Result<Brand, CliError> {
    let path = context.settings.text("report.brand");
    if path.is_empty() {
        return Ok(Brand::default());
    }
    let path = Path::new(path);
    let env = jarvix_store::system_env();
    let read = |path: &Path, bytes_max: usize| env.disk.read(path, bytes_max as u64);
    let text = read(path, BRAND_BYTES_MAX).map_err(|error| {
        CliError::usage(format!("failed to read {}: {error}", path.display()))
            .help("--brand names a TOML file; jarvix report --help has an example")
    })?;
    let text = String::from_utf8_lossy(&text);
    let folder = path.parent().unwrap_or(Path::new(""));
    let logo = |name: &str| {
        read(&folder.join(name), LOGO_BYTES_MAX + 1).map_err(|error| error.to_string())
    };
    Brand::parse(&text, logo).map_err(|error| {
        let told = CliError::usage(format!("{}: {error}", path.display()));
        match error.help {
            Some(help) => told.help(help),
            None => told,
        }
    })
}

/// What whoever reads the report should know beforehand.
fn told_of(context: &Context, run: &RunId, caveats: Caveats) {
    let data = context.data_flag();
    if caveats.scores_are_old {
        context.output.note(&format!(
            "the documents of {run} are newer than its scores; jarvix score --run {run}{data} makes them anew"
        ));
    }
    if caveats.unread > 0 {
        let unread = caveats.unread;
        context.output.note(&format!(
            "{unread} pages of {run} are fetched and not curated yet; jarvix curate --run {run}{data} goes on"
        ));
    }
    if caveats.left > 0 {
        let left = caveats.left;
        context.output.note(&format!("{run} is not finished: {left} pages are not fetched yet"));
    }
}

/// The formats that `words` name.
pub fn formats<'a>(words: impl Iterator<Item = &'a str>) -> Result<Vec<Format>, CliError> {
    let words = words.map(str::trim).filter(|word| !word.is_empty());
    let formats: Vec<Format> = words
        .map(|word| {
            Format::parse(word).ok_or_else(|| {
                CliError::usage(format!("{word:?} is not a report format"))
                    .help("the formats are html, pdf, json and csv")
            })
        })
        .collect::<Result<_, _>>()?;
    if formats.is_empty() {
        return Err(CliError::usage("no report format was given")
            .help("the formats are html, pdf, json and csv"));
    }
    Ok(formats)
}
