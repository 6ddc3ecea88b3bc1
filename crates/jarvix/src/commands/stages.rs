//! `jarvix curate` and `jarvix score`: one stage of a run that is there, without the network.

use std::sync::Arc;

use clap::ArgMatches;
use jarvix_collect::{CollectSettings, SystemNet};
use jarvix_core::{RunId, Stage};
use jarvix_curate::Policy;
use jarvix_pipeline::report::{ReportSettings, Written};
use jarvix_pipeline::settings::Scope;
use jarvix_pipeline::{CrawlSettings, Line, LineError, LineSettings, identity, line};
use jarvix_report::text;
use jarvix_store::Store;
use serde_json::json;

use super::context::{Context, line_error, required_run};
use super::{against, compare};
use crate::error::{CliError, Exit};
use crate::interrupt;

/// Takes documents from stored pages.
pub fn curate(context: &Context, matches: &ArgMatches) -> Result<Exit, CliError> {
    on_run(context, &required_run(matches)?, Stage::Curate, |line| {
        Ok(line::curate_stored(line)?.then_some(Done::Curated))
    })
}

/// Finds duplicates, scores documents by the profile of the settings, and renews the report.
pub fn score(context: &Context, matches: &ArgMatches) -> Result<Exit, CliError> {
    if let Some(other) = matches.get_one::<String>("compare") {
        return compare::compare(context, matches, other);
    }
    on_run(context, &required_run(matches)?, Stage::Score, |line| {
        if line::score(line)? {
            return Ok(None);
        }
        identity::write_profile(line.store, line.run, &line.settings.profile)?;
        let written = line::report(line)?;
        Ok(Some(Done::Reported(Box::new(written))))
    })
}

/// What a stage has done.
enum Done {
    Curated,
    /// Scored, with a new report.
    Reported(Box<Written>),
}

/// Holds the run, does `work`, and says what is there now. `work` gives none when it was stopped.
fn on_run(
    context: &Context,
    run: &RunId,
    stage: Stage,
    work: impl FnOnce(&Line<'_>) -> Result<Option<Done>, LineError>,
) -> Result<Exit, CliError> {
    let store = context.store()?;
    let given = against::given(context, &store)?;
    let open = identity::open_existing(&store, run).map_err(line_error)?;
    let dedupe_against = match stage {
        Stage::Score => against::settle(context, &store, &open.id, given)?,
        _ => Vec::new(),
    };
    let collect = CollectSettings::default();
    let net = SystemNet::new(&collect);
    let policy = match stage {
        Stage::Curate => policy_of(context, &store, run)?,
        // Nothing else looks at it.
        _ => Policy::default(),
    };
    let settings = LineSettings {
        collect,
        policy,
        dedupe_against,
        profile: context.profile()?,
        report: ReportSettings {
            formats: jarvix_report::Format::USUAL.to_vec(),
            ..ReportSettings::default()
        },
        threads: context.settings.threads(),
        crawl: CrawlSettings::default(),
        scope: Scope::Report,
    };
    let query = context.query(&store)?;
    let stop = interrupt::listen()?;
    let telling = context.start_bus()?;
    let line = Line {
        store: &store,
        run: &open.id,
        continued: true,
        settings: &settings,
        net: Arc::new(net),
        query: &query,
        publish: telling.sink(),
        stop: &stop,
    };
    let done = work(&line);
    telling.finish();
    let Some(done) = done.map_err(line_error)? else {
        context.output.note(&format!("stopped; to go on: jarvix {stage} --run {run}"));
        return Ok(Exit::Interrupted);
    };
    show(context, &store, run, stage, &done)
}

/// The policy of the settings or of the session before, written down in `run.toml`.
fn policy_of(context: &Context, store: &Store, run: &RunId) -> Result<Policy, CliError> {
    Context::policy(&context.settings)?;
    let settings = context.inherited(store, run, "curate.")?;
    let (policy, facts) = Context::policy(&settings)?;
    identity::write_policy(store, run, &facts).map_err(line_error)?;
    Ok(policy)
}

fn show(
    context: &Context,
    store: &Store,
    run: &RunId,
    stage: Stage,
    done: &Done,
) -> Result<Exit, CliError> {
    let generation = store.catalogue().generation(run, stage)?.map_or(0, |g| g.generation.0);
    let mut rows = Vec::new();
    for dataset in stage.outputs() {
        let parts = store.catalogue().parts(run, *dataset)?;
        rows.push((*dataset, parts.iter().map(|p| p.rows).sum::<u64>()));
    }
    let counts: serde_json::Map<String, serde_json::Value> =
        rows.iter().map(|(d, n)| (d.as_str().to_owned(), json!(n))).collect();
    let data = json!({ "run": run, "generation": generation, "rows": counts });
    context.output.result((stage.as_str(), Exit::Ok), &data, || {
        let words: Vec<String> = rows.iter().map(|(d, n)| format!("{n} {d}")).collect();
        let counts = format!("{run}: {} (generation {generation})\n", words.join(", "));
        match done {
            Done::Curated => counts,
            Done::Reported(written) => {
                format!("{}\n{counts}", text::ranking(&written.summary, context.ranking_style()))
            }
        }
    })?;
    match done {
        Done::Curated => {
            context
                .output
                .note(&format!("next    jarvix score --run {run}{}", context.data_flag()));
        }
        Done::Reported(written) => {
            for file in &written.files {
                context.output.note(&format!("report  {}", file.display()));
            }
            if written.summary.documents == 0 {
                let data = context.data_flag();
                context.output.note(&format!("next    jarvix curate --run {run}{data}"));
            }
        }
    }
    Ok(Exit::Ok)
}
