//! `jarvix export`: what a run has, in the forms of others.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use jarvix_core::Dataset;
use jarvix_pipeline::LineError;
use jarvix_pipeline::export::{self, Export, ExportFormat, Exported, Source};
use jarvix_query::QueryErrorKind;
use serde_json::json;

use super::context::{Context, line_error, required_run};
use super::query::query_error;
use crate::error::{CliError, Exit};
use crate::interrupt;
use crate::output::Output;

/// Writes the files and prints where they are.
pub fn export(context: &Context, matches: &ArgMatches) -> Result<Exit, CliError> {
    let run = required_run(matches)?;
    let format = format(matches)?;
    let sources = sources(matches, format)?;
    let columns = columns(matches, format)?;
    let condition = matches.get_one::<String>("where").map(String::as_str);
    if matches.get_flag("gzip") && format == ExportFormat::Xlsx {
        return Err(CliError::usage("a workbook is packed already").help("leave out --gzip"));
    }
    if let Some(out) = matches.get_one::<String>("out").filter(|_| matches.get_flag("gzip")) {
        let path = Path::new(out);
        if path.extension().is_some_and(|ending| ending != "gz") && !path.is_dir() {
            return Err(CliError::usage(format!("{out} is no name for a packed file"))
                .help(format!("--out {out}.gz")));
        }
    }
    let store = context.store()?;
    let engine = context.query(&store)?;
    let out = match matches.get_one::<String>("out") {
        Some(out) => PathBuf::from(out),
        None => store.run_dir(&run).join("export"),
    };
    if out.is_file() && !format.names(&out) {
        let (file, ending) = (out.display(), format.ending());
        return Err(CliError::usage(format!(
            "{file} is a file, and no name for {}",
            format.as_str()
        ))
        .help(format!("--out names a folder, or a file that ends with {ending}")));
    }
    let stop = interrupt::listen()?;
    let bar = RefCell::new(None);
    let export = Export {
        store: &store,
        engine: &engine,
        run: &run,
        format,
        sources: &sources,
        columns: columns.as_deref(),
        condition,
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
    let exported = exported.map_err(|error| export_error(error, condition.unwrap_or_default()))?;
    if exported.rows == 0 && sources.contains(&Source::Ranking) && condition.is_none() {
        context.output.note(&format!(
            "no document is scored; jarvix score --run {run}{} does it",
            context.data_flag()
        ));
    }
    tell(context, exported, format)
}

fn tell(context: &Context, exported: Exported, format: ExportFormat) -> Result<Exit, CliError> {
    let exit = if exported.interrupted { Exit::Interrupted } else { Exit::Ok };
    let data = json!({
        "format": format.as_str(),
        "files": exported.files,
        "rows": exported.rows,
        "bytes": exported.bytes,
        "cut_cells": exported.cut_cells,
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
    if exported.cut_cells > 0 {
        let (cells, format) = (exported.cut_cells, format.as_str());
        let (cells, were) = if cells == 1 {
            ("1 cell".to_owned(), "was")
        } else {
            (format!("{cells} cells"), "were")
        };
        context
            .output
            .note(&format!("{cells} {were} longer than {format} has room for and {were} cut"));
    }
    Ok(exit)
}

fn export_error(error: LineError, condition: &str) -> CliError {
    match &error {
        LineError::Exists { .. } => CliError::usage(error.to_string())
            .help("--force replaces it; --out names another folder or file"),
        LineError::Misfit { help, .. } => CliError::usage(error.to_string()).help(help.clone()),
        LineError::Query(query)
            if !matches!(
                query.kind(),
                QueryErrorKind::Execution | QueryErrorKind::Store | QueryErrorKind::Memory
            ) =>
        {
            query_error(query, condition)
        }
        _ => line_error(error),
    }
}

fn format(matches: &ArgMatches) -> Result<ExportFormat, CliError> {
    let word = matches.get_one::<String>("format").map(String::as_str).unwrap_or_default();
    ExportFormat::parse(word).ok_or_else(|| {
        CliError::usage(format!("{word:?} is not an export format")).help(format!(
            "the formats are {}",
            ExportFormat::ALL.map(ExportFormat::as_str).join(", ")
        ))
    })
}

/// The words of a flag that takes a list.
fn words<'a>(matches: &'a ArgMatches, flag: &str) -> Vec<&'a str> {
    let texts = matches.get_many::<String>(flag).into_iter().flatten();
    let words = texts.flat_map(|text| text.split(',')).map(str::trim);
    words.filter(|word| !word.is_empty()).collect()
}

fn sources(matches: &ArgMatches, format: ExportFormat) -> Result<Vec<Source>, CliError> {
    let words = words(matches, "dataset");
    if words.is_empty() {
        return Ok(format.sources().to_vec());
    }
    let mut sources = Vec::new();
    for word in words {
        let source = Source::parse(word).ok_or_else(|| {
            let all: Vec<&str> = Source::all().map(Source::as_str).collect();
            CliError::usage(format!("{word:?} is not a dataset"))
                .help(format!("the datasets are {}", all.join(", ")))
        })?;
        if format == ExportFormat::Warc && source != Source::Dataset(Dataset::Pages) {
            return Err(CliError::usage(format!("a web archive cannot hold {source}"))
                .help("WARC is for pages; the other formats take every dataset"));
        }
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    Ok(sources)
}

/// The columns that are named, if any.
fn columns(matches: &ArgMatches, format: ExportFormat) -> Result<Option<Vec<String>>, CliError> {
    for flag in ["columns", "where"] {
        if format == ExportFormat::Warc && matches.contains_id(flag) {
            return Err(CliError::usage(format!("--{flag} is not for web archives")).help(
                "a record holds a page as it was; the other formats take columns and conditions",
            ));
        }
    }
    if !matches.contains_id("columns") {
        return Ok(None);
    }
    let columns: Vec<String> = words(matches, "columns").into_iter().map(str::to_owned).collect();
    match columns.is_empty() {
        true => {
            Err(CliError::usage("--columns names none").help("as in --columns url,title,score"))
        }
        false => Ok(Some(columns)),
    }
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
