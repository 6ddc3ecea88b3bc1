//! `jarvix run`: the whole line; and how a run's end is told.

use clap::ArgMatches;
use jarvix_collect::CollectSummary;
use jarvix_core::{Dataset, Outcome, RunId};
use jarvix_pipeline::settings::Scope;
use jarvix_pipeline::{Ending, line::runtime};
use jarvix_query::Value;
use jarvix_report::{Summary, text};
use jarvix_store::Store;
use serde_json::json;

use super::collect;
use super::context::{Context, line_error};
use super::line::{Request, run_line};
use crate::error::{CliError, Exit};

/// Collect, curate, dedupe, score, report.
pub fn run(context: &Context, matches: &ArgMatches) -> Result<Exit, CliError> {
    let request = Request::from_flags(context, matches, Scope::Report, "run")?;
    if matches.get_flag("dry-run") {
        return collect::dry_run(context, &request);
    }
    run_line(context, &request)
}

/// Says what happened, how long it took, where the report is and what to try next; with `--json`
/// the same as data on stdout.
pub fn show_ending(
    context: &Context,
    request: &Request,
    store: &Store,
    run: &RunId,
    ending: &Ending,
    exit: Exit,
) -> Result<(), CliError> {
    let output = context.output;
    let data = json!({
        "run": run,
        "interrupted": ending.interrupted,
        "elapsed_ms": u64::try_from(ending.elapsed.as_millis()).unwrap_or(u64::MAX),
        "input": ending.admission.map(|a| json!({
            "lines": a.lines,
            "admitted": a.admitted,
            "rejects": a.rejects,
            "duplicates": a.duplicates,
            "admitted_now": a.admitted_now,
        })),
        "found": found(ending),
        "collected": ending.collected,
        "report": ending.report.as_ref().map(|r| &r.files),
        "summary": ending.report.as_ref().map(|r| &r.summary),
    });
    output.result((request.command, exit), &data, || {
        let Some(written) = &ending.report else { return String::new() };
        format!(
            "{}\n{}\n",
            text::ranking(&written.summary, context.ranking_style()),
            text::outcome_line(&written.summary)
        )
    })?;
    let seconds = ending.elapsed.as_secs_f64();
    if let Some(collected) = &ending.collected {
        output.note(&fetched(collected, seconds));
    }
    let left = ending.collected.as_ref().map_or(0, |collected| collected.left);
    if ending.interrupted || left > 0 {
        output.note(&left_over(request, run, ending.interrupted, left));
    }
    if ending.interrupted {
        return Ok(());
    }
    if let Some(written) = &ending.report {
        for file in &written.files {
            output.note(&format!("report  {}", file.display()));
        }
        if most_are_denied(&written.summary) {
            let data = context.data_flag();
            output.note(&format!(
                "note    private addresses are refused; to open a range: jarvix run --from {run}{data} --allow-net 127.0.0.0/8"
            ));
        }
        output.note(&next_step(context, run, &written.summary));
    } else {
        let folder = store.run_dir(run);
        output.note(&format!("pages   {}", folder.join(Dataset::Pages.as_str()).display()));
        output.note(&format!("next    jarvix curate --run {run}{}", context.data_flag()));
    }
    Ok(())
}

/// What to do after a run with this summary.
fn next_step(context: &Context, run: &RunId, summary: &Summary) -> String {
    let data = context.data_flag();
    match (summary.pages(), summary.input.rejects) {
        (0, rejects) if rejects > 0 => format!(
            "note    no line of the input is a usable address; jarvix query --run {run}{data} \"SELECT line_no, reason FROM rejects\" says why"
        ),
        _ => {
            format!("next    open the report, or: jarvix score --run {run}{data} --profile classic")
        }
    }
}

/// What is left of a run that was stopped, or whose time was over.
fn left_over(request: &Request, run: &RunId, stopped: bool, left: u64) -> String {
    let why = if stopped { "stopped" } else { "its time was over" };
    // The demo's pages are gone with it.
    let next = match request.command {
        "demo" => "jarvix demo begins anew".to_owned(),
        _ => format!("the same command with --run {run} goes on"),
    };
    format!("{why}, {left} pages are left; {next}")
}

/// What was found on the way; null where nothing is followed.
fn found(ending: &Ending) -> serde_json::Value {
    ending.crawled.as_ref().map_or(serde_json::Value::Null, |crawled| {
        json!({
            "admitted": crawled.found,
            "repeats": crawled.repeats,
            "left_out": crawled.left_out,
        })
    })
}

/// Whether the guard refused so many pages that somebody may have meant to open a range.
fn most_are_denied(summary: &Summary) -> bool {
    let denied = summary.outcomes.iter().filter(|o| o.outcome == Outcome::AddressDenied);
    2 * denied.map(|o| o.count).sum::<u64>() > summary.pages()
}

/// What collect did, and what held it up.
fn fetched(collected: &CollectSummary, seconds: f64) -> String {
    match collected.pages {
        0 if collected.left > 0 => format!("nothing was fetched in {seconds:.1} s"),
        0 => format!("nothing to fetch ({seconds:.1} s): no line of the input is new and usable"),
        1 => format!("1 page in {seconds:.1} s"),
        pages => format!("{pages} pages in {seconds:.1} s; {}", collected.limited_by),
    }
}

/// Exit code 3 when the share of failed pages is above `--max-failed`, and a sentence about it.
pub fn exit_of(
    context: &Context,
    store: &Store,
    run: &RunId,
) -> Result<(Exit, Option<String>), CliError> {
    let query = context.query(store)?;
    let runtime = runtime(context.settings.threads()).map_err(line_error)?;
    let failures: Vec<String> =
        Outcome::ALL.iter().filter(|o| o.is_failure()).map(|o| format!("'{o}'")).collect();
    let sql = format!(
        "SELECT count(*), count(CASE WHEN outcome IN ({}) THEN 1 END), \
                count(CASE WHEN outcome = 'robots_denied' THEN 1 END) FROM pages",
        failures.join(", ")
    );
    let table = runtime.block_on(async { query.session_for_run(run)?.rows(&sql).await })?;
    let cell = |at: usize| {
        table.rows.first().and_then(|row| row.get(at)).and_then(Value::as_u64).unwrap_or(0)
    };
    // Robots and rejects are nobody's failure and do not count, neither above nor below the line.
    let (counted, failed) = (cell(0).saturating_sub(cell(2)), cell(1));
    let share = if counted == 0 { 0.0 } else { failed as f64 / counted as f64 };
    let allowed = context.settings.number("run.max_failed");
    if share > allowed {
        let data = context.data_flag();
        let note = format!(
            "{failed} of {counted} pages failed, more than --max-failed {allowed} allows; jarvix run --from {run}{data} tries them again"
        );
        return Ok((Exit::TooManyFailed, Some(note)));
    }
    Ok((Exit::Ok, None))
}
