//! `jarvix export`: what a run has, in the forms of others.

use std::cell::RefCell;
use std::path::PathBuf;

use clap::ArgMatches;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use jarvix_core::Dataset;
use jarvix_pipeline::LineError;
use jarvix_pipeline::export::{self, Export, ExportFormat, Exported};
use serde_json::json;

use super::context::{Context, line_error, required_run};
use crate::error::{CliError, Exit};
use crate::interrupt;
use crate::output::Output;

/// Writes the files and prints where they are.
pub fn export(context: &Context, matches: &ArgMatches) -> Result<Exit, CliError> {
    let run = required_run(matches)?;
    let format = format(matches)?;
    let datasets = datasets(matches, format)?;
    let store = context.store()?;
    let out = match matches.get_one::<String>("out") {
        Some(out) => PathBuf::from(out),
        None => store.run_dir(&run).join("export"),
    };
    let stop = interrupt::listen()?;
    let bar = RefCell::new(None);
    let export = Export {
        store: &store,
        run: &run,
        format,
        datasets: &datasets,
        out: &out,
        gzip: matches.get_flag("gzip"),
        force: matches.get_flag("force"),
        on_progress: &|done, total| show(context.output, &mut bar.borrow_mut(), done, total),
        stop: &stop,
    };
    let exported = export::run(&export);
    if let Some(bar) = bar.take() {
        bar.finish_and_clear();
    }
    tell(context, exported.map_err(export_error)?, format)
}

fn tell(context: &Context, exported: Exported, format: ExportFormat) -> Result<Exit, CliError> {
    let exit = if exported.interrupted { Exit::Interrupted } else { Exit::Ok };
    let data = json!({
        "format": format.as_str(),
        "files": exported.files,
        "rows": exported.rows,
        "bytes": exported.bytes,
    });
    context.output.result(("export", exit), &data, || {
        exported.files.iter().map(|file| format!("{}\n", file.display())).collect()
    })?;
    if exported.interrupted {
        context.output.note("stopped; the file under way was not written");
    } else {
        let (rows, size) = (exported.rows, HumanBytes(exported.bytes));
        context.output.note(&format!("{rows} rows, {size}"));
    }
    Ok(exit)
}

fn export_error(error: LineError) -> CliError {
    match &error {
        LineError::Exists { .. } => CliError::usage(error.to_string())
            .help("--force replaces it; --out names another folder or file"),
        _ => line_error(error),
    }
}

fn format(matches: &ArgMatches) -> Result<ExportFormat, CliError> {
    let word = matches.get_one::<String>("format").map(String::as_str).unwrap_or_default();
    ExportFormat::parse(word).ok_or_else(|| {
        CliError::usage(format!("{word:?} is not an export format"))
            .help("the formats are warc, parquet and jsonl")
    })
}

fn datasets(matches: &ArgMatches, format: ExportFormat) -> Result<Vec<Dataset>, CliError> {
    let words: Vec<&str> = matches
        .get_many::<String>("dataset")
        .into_iter()
        .flatten()
        .flat_map(|text| text.split(','))
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .collect();
    if words.is_empty() {
        return Ok(format.datasets().to_vec());
    }
    let mut datasets = Vec::new();
    for word in words {
        let dataset = Dataset::parse(word).ok_or_else(|| {
            let all = Dataset::ALL.map(Dataset::as_str).join(", ");
            CliError::usage(format!("{word:?} is not a dataset"))
                .help(format!("the datasets are {all}"))
        })?;
        if format == ExportFormat::Warc && dataset != Dataset::Pages {
            return Err(CliError::usage(format!("a web archive cannot hold {dataset}"))
                .help("WARC is for pages; parquet and jsonl take every dataset"));
        }
        if !datasets.contains(&dataset) {
            datasets.push(dataset);
        }
    }
    Ok(datasets)
}

/// A bar on stderr, where somebody sees it.
fn show(output: Output, bar: &mut Option<ProgressBar>, done: u64, total: u64) {
    if !output.shows_progress() {
        return;
    }
    let bar = bar.get_or_insert_with(|| {
        let style = ProgressStyle::with_template("export {bar:10} {human_pos}/{human_len} rows");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::new(total).with_style(style)
    });
    bar.set_position(done);
}
