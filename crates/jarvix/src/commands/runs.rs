//! `jarvix runs`: what there is.

use clap::ArgMatches;
use jarvix_core::{Dataset, RunId};
use jarvix_pipeline::identity;
use jarvix_pipeline::line::runtime;
use jarvix_query::Value;
use jarvix_report::{CrawlFacts, FailingHost, FailureCause, PolitenessFacts};
use jarvix_store::{RunRecord, Store};
use serde::Serialize;

use super::context::{Context, line_error, required_run, store_error};
use crate::error::{CliError, Exit};
use crate::output::plain;

#[derive(Serialize)]
struct RunRow {
    run: RunId,
    state: &'static str,
    created_at: String,
    inputs: Vec<String>,
    pages: u64,
    documents: u64,
    bytes: u64,
}

#[derive(Serialize)]
struct RunShown {
    #[serde(flatten)]
    row: RunRow,
    folder: String,
    datasets: Vec<DatasetRow>,
    generations: Vec<GenerationRow>,
    outcomes: std::collections::BTreeMap<String, u64>,
    failures: Vec<FailureCause>,
    failing_hosts: Vec<FailingHost>,
    politeness: PolitenessFacts,
    found: CrawlFacts,
    settings: serde_json::Value,
    changes: Vec<identity::Change>,
}

#[derive(Serialize)]
struct DatasetRow {
    dataset: Dataset,
    parts: u64,
    rows: u64,
    bytes: u64,
}

#[derive(Serialize)]
struct GenerationRow {
    stage: &'static str,
    generation: u32,
    key: String,
}

/// `runs`, `runs list`, `runs show ID`, `runs rm ID`.
pub fn runs(context: &Context, matches: &ArgMatches) -> Result<Exit, CliError> {
    let store = context.store()?;
    match matches.subcommand() {
        Some(("show", own)) => show(context, &store, &required_run(own)?),
        Some(("rm", own)) => remove(context, &store, &required_run(own)?),
        _ => list(context, &store),
    }
}

fn list(context: &Context, store: &Store) -> Result<Exit, CliError> {
    let mut records = store.catalogue().runs()?;
    records.sort_by_key(|record| std::cmp::Reverse(record.created_at_us));
    let rows = records.iter().map(|r| row(store, r)).collect::<Result<Vec<_>, _>>()?;
    context.output.result(("runs.list", Exit::Ok), &rows, || table(&rows))?;
    Ok(Exit::Ok)
}

fn table(rows: &[RunRow]) -> String {
    if rows.is_empty() {
        return "no runs yet; jarvix demo makes one\n".to_owned();
    }
    let width = rows.iter().map(|r| r.run.as_str().len()).max().unwrap_or(3).max(3);
    let mut text = format!(
        "{:width$}  {:10}  {:20}  {:>10}  {:>10}  {:>10}  input\n",
        "run", "state", "created", "pages", "documents", "size"
    );
    for row in rows {
        text.push_str(&format!(
            "{:width$}  {:10}  {:20}  {:>10}  {:>10}  {:>10}  {}\n",
            row.run.as_str(),
            row.state,
            row.created_at,
            row.pages,
            row.documents,
            indicatif::HumanBytes(row.bytes).to_string(),
            plain(&row.inputs.join(" ")),
        ));
    }
    text
}

fn row(store: &Store, record: &RunRecord) -> Result<RunRow, CliError> {
    let datasets = datasets(store, &record.id)?;
    let rows_of = |wanted| datasets.iter().find(|d| d.dataset == wanted).map_or(0, |d| d.rows);
    let inputs = identity::settings_of(store, &record.id).map(|s| s.inputs).unwrap_or_default();
    let created = jiff::Timestamp::from_microsecond(record.created_at_us).unwrap_or_default();
    Ok(RunRow {
        run: record.id.clone(),
        state: record.state.as_str(),
        created_at: created.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
        inputs,
        pages: rows_of(Dataset::Pages),
        documents: rows_of(Dataset::Documents),
        bytes: datasets.iter().map(|d| d.bytes).sum(),
    })
}

fn datasets(store: &Store, run: &RunId) -> Result<Vec<DatasetRow>, CliError> {
    let mut datasets = Vec::new();
    for dataset in Dataset::ALL {
        let parts = store.catalogue().parts(run, dataset)?;
        datasets.push(DatasetRow {
            dataset,
            parts: parts.len() as u64,
            rows: parts.iter().map(|p| p.rows).sum(),
            bytes: parts.iter().map(|p| p.bytes).sum(),
        });
    }
    Ok(datasets)
}

fn record(store: &Store, run: &RunId) -> Result<RunRecord, CliError> {
    let unknown = || line_error(jarvix_pipeline::LineError::UnknownRun { run: run.clone() });
    store.catalogue().run(run)?.ok_or_else(unknown)
}

fn show(context: &Context, store: &Store, run: &RunId) -> Result<Exit, CliError> {
    let record = record(store, run)?;
    let mut generations = Vec::new();
    for stage in jarvix_core::Stage::ALL {
        if let Some(g) = store.catalogue().generation(run, stage)? {
            generations.push(GenerationRow {
                stage: stage.as_str(),
                generation: g.generation.0,
                key: g.key,
            });
        }
    }
    let (failures, failing_hosts, politeness) = told(context, store, run)?;
    let shown = RunShown {
        row: row(store, &record)?,
        folder: store.run_dir(run).display().to_string(),
        datasets: datasets(store, run)?,
        generations,
        outcomes: outcomes(context, store, run)?,
        failures,
        failing_hosts,
        politeness,
        found: found(context, store, run)?,
        settings: settings(store, run)?,
        changes: identity::changes_of(store, run).map_err(line_error)?,
    };
    context.output.result(("runs.show", Exit::Ok), &shown, || shown_text(&shown))?;
    Ok(Exit::Ok)
}

/// How many pages ended in which way.
fn outcomes(
    context: &Context,
    store: &Store,
    run: &RunId,
) -> Result<std::collections::BTreeMap<String, u64>, CliError> {
    let query = context.query(store)?;
    let runtime = runtime(context.settings.threads()).map_err(line_error)?;
    let sql = "SELECT outcome, count(*) FROM pages GROUP BY outcome ORDER BY outcome";
    let table = runtime.block_on(async { query.session_for_run(run)?.rows(sql).await })?;
    let pair = |row: &Vec<Value>| {
        Some((row.first()?.as_text()?.to_owned(), row.get(1).and_then(Value::as_u64)?))
    };
    Ok(table.rows.iter().filter_map(pair).collect())
}

/// What the summary says of failures, by cause and by host, and of how the hosts were asked.
fn told(
    context: &Context,
    store: &Store,
    run: &RunId,
) -> Result<(Vec<FailureCause>, Vec<FailingHost>, PolitenessFacts), CliError> {
    let query = context.query(store)?;
    let runtime = runtime(context.settings.threads()).map_err(line_error)?;
    let session = query.session_for_run(run)?;
    let told = async {
        let failures = jarvix_pipeline::failures(&session).await?;
        let hosts = jarvix_pipeline::failing_hosts(&session).await?;
        Ok((failures, hosts, jarvix_pipeline::politeness(&session).await?))
    };
    runtime.block_on(told).map_err(line_error)
}

/// Failures by cause, each with an example, and by host.
fn failures_text(causes: &[FailureCause], hosts: &[FailingHost]) -> String {
    let mut text = String::new();
    for cause in causes {
        let name = format!("{} {}", cause.outcome, cause.reason);
        let example = cause.examples.first().map_or("", String::as_str);
        text.push_str(&format!("{:>10}  {}  {}\n", cause.count, plain(&name), plain(example)));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    for host in hosts {
        let (name, outcome) = (plain(&host.host), host.outcome);
        text.push_str(&format!(
            "{name:30} {:>10} of {} pages failed, mostly {outcome}\n",
            host.failed, host.pages
        ));
    }
    if !hosts.is_empty() {
        text.push('\n');
    }
    text
}

/// The hosts that were asked most at a time, with the sums over all.
fn politeness_text(facts: &PolitenessFacts) -> String {
    if facts.hosts == 0 {
        return String::new();
    }
    let ms = |us: Option<u64>| us.map_or("-".to_owned(), |us| format!("{}", us / 1_000));
    let mut text = format!(
        "{:30} {:>10} {:>8} {:>10} {:>8} {:>8}\n",
        "asked", "requests", "at once", "gap (ms)", "waits", "aside"
    );
    let row = |name: &str, [requests, most, waits, aside]: [u64; 4], gap: Option<u64>| {
        format!("{name:30} {requests:>10} {most:>8} {:>10} {waits:>8} {aside:>8}\n", ms(gap))
    };
    let sums = [facts.requests, facts.concurrency_max, facts.pauses, facts.put_aside];
    text.push_str(&row(&format!("{} hosts", facts.hosts), sums, facts.gap_min_us));
    for host in &facts.worst {
        let counts = [host.requests, host.concurrency_max, host.pauses, host.put_aside];
        let name =
            if host.suspended { format!("{} (given up)", host.host) } else { host.host.clone() };
        text.push_str(&row(&plain(&name), counts, host.gap_min_us));
    }
    text.push('\n');
    text
}

/// How pages came into the run, and what was left out.
fn found(context: &Context, store: &Store, run: &RunId) -> Result<CrawlFacts, CliError> {
    let query = context.query(store)?;
    let runtime = runtime(context.settings.threads()).map_err(line_error)?;
    runtime.block_on(jarvix_pipeline::crawl::facts(store, &query, run)).map_err(line_error)
}

/// What run.toml says of how it was fetched.
fn settings(store: &Store, run: &RunId) -> Result<serde_json::Value, CliError> {
    let text = store.catalogue().note(run, "operational")?.unwrap_or_default();
    let table: toml::Table = toml::from_str(&text).unwrap_or_default();
    Ok(serde_json::to_value(table)?)
}

/// Where pages were found and what was left out; nothing for a run without a crawl.
fn found_text(found: &CrawlFacts) -> String {
    if found.pages.is_empty() {
        return String::new();
    }
    let mut text = "\n".to_owned();
    for way in &found.pages {
        text.push_str(&format!("found {:24} {:>7}\n", way.name, way.count));
    }
    for row in &found.left_out {
        let (cause, count) = (row.cause.as_str(), row.count);
        text.push_str(&format!("left out {cause:21} {count:>7}  {}\n", row.about));
    }
    text
}

fn shown_text(shown: &RunShown) -> String {
    let row = &shown.row;
    let mut text = format!(
        "run      {}\nstate    {}\ncreated  {}\ninput    {}\nfolder   {}\n\n{:12} {:>6} {:>12} {:>12}\n",
        row.run,
        row.state,
        row.created_at,
        plain(&row.inputs.join(" ")),
        shown.folder,
        "dataset",
        "parts",
        "rows",
        "size"
    );
    for d in &shown.datasets {
        let size = indicatif::HumanBytes(d.bytes).to_string();
        text.push_str(&format!(
            "{:12} {:>6} {:>12} {size:>12}\n",
            d.dataset.as_str(),
            d.parts,
            d.rows
        ));
    }
    text.push('\n');
    for (outcome, count) in &shown.outcomes {
        text.push_str(&format!("{outcome:19} {count:>12}\n"));
    }
    text.push_str(&found_text(&shown.found));
    text.push('\n');
    text.push_str(&failures_text(&shown.failures, &shown.failing_hosts));
    text.push_str(&politeness_text(&shown.politeness));
    for g in shown.generations.iter().filter(|g| !g.key.is_empty()) {
        let key: String = g.key.chars().take(12).collect();
        text.push_str(&format!("{:12} generation {}, key {key}\n", g.stage, g.generation));
    }
    text.push('\n');
    for (name, value) in shown.settings.as_object().into_iter().flatten() {
        if !value.is_object() {
            text.push_str(&format!(
                "{:16} {}\n",
                name.replace('_', "-"),
                plain(&value.to_string())
            ));
        }
    }
    for change in &shown.changes {
        text.push_str(&format!("changed {}  {}\n", change.at, plain(&change.what)));
    }
    text
}

fn remove(context: &Context, store: &Store, run: &RunId) -> Result<Exit, CliError> {
    record(store, run)?;
    store.remove_run(run).map_err(|e| store_error(&e))?;
    let removed = serde_json::json!({ "removed": run });
    context.output.result(("runs.rm", Exit::Ok), &removed, || format!("removed {run}\n"))?;
    Ok(Exit::Ok)
}
