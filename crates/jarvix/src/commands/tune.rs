//! `jarvix profile tune`: a profile fitted to labelled pages, and how good it is on others.

use std::path::PathBuf;

use clap::ArgMatches;
use jarvix_pipeline::export::OutFile;
use jarvix_pipeline::line::runtime;
use jarvix_score::{Fit, Label, Profile, Quality, ScoreError, Tuned, points_text, tune as fit};
use std::io::Write;

use super::context::{Context, known_run, line_error, required_run};
use crate::error::{CliError, Exit};
use crate::grid::Grid;
use crate::waiting::Waiting;

/// Largest file of labels, in bytes.
const LABELS_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Thresholds that are shown, one in so many.
const SHOWN_EVERY: usize = 2;

/// Fits a profile, says how good it is, and writes it if that is asked for.
pub fn tune(context: &Context, matches: &ArgMatches) -> Result<Exit, CliError> {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let run = required_run(matches)?;
    let store = context.store()?;
    known_run(&store, &run)?;
    let profile = Context::load_profile(text("profile").unwrap_or_default())?;
    let labels = labels(text("labels").unwrap_or_default(), &profile)?;
    let what = match text("fit") {
        Some("weights") => Fit::Weights,
        Some("threshold") => Fit::Threshold,
        _ => Fit::Both,
    };
    let query = context.query(&store)?;
    let waiting = Waiting::begin(context.output, "scoring and fitting");
    let work = fit(&query, &run, &profile, &labels, what, text("action"));
    let tuned = runtime(context.settings.threads()).map_err(line_error)?.block_on(work);
    drop(waiting);
    let tuned = tuned.map_err(|error| match error {
        ScoreError::Labels { .. } => CliError::usage(error.to_string()),
        error => CliError::from(error),
    })?;
    context.output.result(("profile.tune", Exit::Ok), &tuned, || told(context, &tuned))?;
    if tuned.few {
        context.output.note("warning: with fewer than 30 pages of each kind on both sides these figures mean little; label more");
    }
    if tuned.missing > 0 {
        context.output.note(&format!("{} labelled pages are not in run {run}", tuned.missing));
    }
    match text("out") {
        Some(out) => write(context, &store.env().disk, out, matches.get_flag("force"), &tuned)?,
        None => context.output.note("nothing was written; --out mine.toml writes the profile"),
    }
    Ok(Exit::Ok)
}

fn write(
    context: &Context,
    disk: &std::sync::Arc<dyn jarvix_core::Disk>,
    out: &str,
    force: bool,
    tuned: &Tuned,
) -> Result<(), CliError> {
    let path = PathBuf::from(out);
    let file = OutFile::create(disk, &path, force);
    let mut file = file.map_err(|e| {
        CliError::usage(e.to_string()).help("--force replaces a file that is there")
    })?;
    file.write_all(tuned.source.as_bytes())?;
    file.finish().map_err(|e| CliError::failed(e.to_string()))?;
    context.output.note(&format!("profile {out}"));
    Ok(())
}

/// The labels of a CSV file with the columns url and label.
fn labels(file: &str, profile: &Profile) -> Result<Vec<Label>, CliError> {
    let failed = || CliError::usage(format!("failed to read the labels {file}"));
    let disk = jarvix_store::system_env().disk;
    let bytes = disk.read(&PathBuf::from(file), LABELS_BYTES_MAX);
    let bytes = bytes.map_err(|e| failed().because(&e))?;
    let mut rows = csv::ReaderBuilder::new().flexible(true).from_reader(bytes.as_slice());
    let header = rows.headers().map_err(|e| failed().because(&e))?.clone();
    let column = |name: &str| {
        let at = header.iter().position(|known| known.trim().eq_ignore_ascii_case(name));
        at.ok_or_else(|| {
            failed().help(format!(
                "it has no column {name}; the first line names the columns url and label"
            ))
        })
    };
    let (url, label) = (column("url")?, column("label")?);
    let mut labels = Vec::new();
    for row in rows.records() {
        let row = row.map_err(|e| failed().because(&e))?;
        let line = row.position().map_or(0, csv::Position::line);
        let word = row.get(label).unwrap_or_default().trim();
        let good = is_good(word, profile).ok_or_else(|| {
            failed().help(format!(
                "line {line}: {word:?} is no label; write yes or no, 1 or 0, or an action of the profile"
            ))
        })?;
        let text = row.get(url).unwrap_or_default().trim();
        let canonical = jarvix_core::canonicalise(text).map(|c| c.url().to_string());
        labels.push(Label { url: canonical.unwrap_or_else(|_| text.to_owned()), good });
    }
    match labels.is_empty() {
        true => Err(failed().help("it has no rows")),
        false => Ok(labels),
    }
}

/// Whether a label is for the good pages: a word for yes, or the profile's highest action.
fn is_good(word: &str, profile: &Profile) -> Option<bool> {
    let at = profile.actions().iter().position(|action| action.name == word);
    match word.to_ascii_lowercase().as_str() {
        "1" | "yes" | "true" | "good" | "y" => Some(true),
        "0" | "no" | "false" | "bad" | "n" => Some(false),
        _ => at.map(|at| at == 0),
    }
}

fn told(context: &Context, tuned: &Tuned) -> String {
    let (width, color) = (context.output.width(), context.output.color);
    let mut weights = Grid::new(["signal", "weight", "fitted"]).numbers([1, 2]);
    for change in &tuned.weights {
        let (old, new) = (points_text(change.old), points_text(change.new));
        weights.push([change.signal.clone(), old, new]);
    }
    let mut curve = Grid::new([
        "from",
        "pages",
        "precision",
        "recall",
        "F1",
        "precision before",
        "recall before",
    ])
    .numbers(0..7);
    for (new, old) in tuned.new.curve.iter().zip(&tuned.old.curve).step_by(SHOWN_EVERY) {
        curve.push([
            points_text(new.threshold),
            new.reached.to_string(),
            share(new.precision),
            share(Some(new.recall)),
            share(Some(new.f1)),
            share(old.precision),
            share(Some(old.recall)),
        ]);
    }
    format!(
        "fitted to {} good and {} other pages, tested on {} and {} that were held out\n\n{}\n{}\n{}{}",
        tuned.fitted.good,
        tuned.fitted.other,
        tuned.held_out.good,
        tuned.held_out.other,
        weights.render(width, color),
        curve.render(width, color),
        summary("before", &tuned.action, &tuned.old),
        summary("fitted", &tuned.action, &tuned.new),
    )
}

fn summary(when: &str, action: &str, quality: &Quality) -> String {
    let at = &quality.at_threshold;
    format!(
        "{when}: {action} from {}, precision {}, recall {}, AUC {:.3}\n",
        points_text(at.threshold),
        share(at.precision),
        share(Some(at.recall)),
        quality.auc
    )
}

fn share(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |value| format!("{value:.2}"))
}
