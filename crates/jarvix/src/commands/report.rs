//! `jarvix report`: the report of runs that are there.

use std::path::PathBuf;

use clap::ArgMatches;
use jarvix_core::RunId;
use jarvix_pipeline::line::runtime;
use jarvix_pipeline::report::Written;
use jarvix_pipeline::{LineError, report};
use jarvix_report::Format;

use super::context::{Context, line_error};
use crate::error::{CliError, Exit};

/// Writes the files and prints where they are.
pub fn report(context: &Context, matches: &ArgMatches) -> Result<Exit, CliError> {
    let ids = matches.get_many::<String>("run").into_iter().flatten();
    let ids = ids
        .map(|text| RunId::new(text).map_err(|e| CliError::usage(e.to_string())))
        .collect::<Result<Vec<_>, _>>()?;
    let words = matches.get_one::<String>("format").map(String::as_str).unwrap_or_default();
    let formats = formats(words.split(','))?;
    let out = matches.get_one::<String>("out").map(PathBuf::from);
    let store = context.store()?;
    let query = context.query(&store)?;
    let runtime = runtime(context.settings.threads()).map_err(line_error)?;
    let mut files = Vec::new();
    for run in &ids {
        if store.catalogue().run(run)?.is_none() {
            return Err(line_error(LineError::UnknownRun { run: run.clone() }));
        }
        let folder = match &out {
            Some(out) => out.join(run.as_str()),
            None => store.run_dir(run).join("report"),
        };
        let written = runtime
            .block_on(report::write(&store, &query, run, &formats, &folder))
            .map_err(line_error)?;
        told_of(context, run, &written);
        files.extend(written.files);
    }
    let data = serde_json::json!({ "files": files });
    context.output.result(("report", Exit::Ok), &data, || {
        files.iter().map(|file| format!("{}\n", file.display())).collect()
    })?;
    Ok(Exit::Ok)
}

/// What whoever reads the report should know beforehand.
fn told_of(context: &Context, run: &RunId, written: &Written) {
    let (summary, data) = (&written.summary, context.data_flag());
    if written.scores_are_old {
        context.output.note(&format!(
            "the documents of {run} are newer than its scores; jarvix score --run {run}{data} makes them anew"
        ));
    }
    let unread = summary.giving().saturating_sub(summary.documents);
    if unread > 0 {
        context.output.note(&format!(
            "{unread} pages of {run} are fetched and not curated yet; jarvix curate --run {run}{data} goes on"
        ));
    }
    if summary.input.left > 0 {
        let left = summary.input.left;
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
                    .help("the formats are html, json and csv")
            })
        })
        .collect::<Result<_, _>>()?;
    if formats.is_empty() {
        return Err(CliError::usage("no report format was given")
            .help("the formats are html, json and csv"));
    }
    Ok(formats)
}
