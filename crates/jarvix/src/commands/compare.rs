//! `jarvix score --compare`: what another profile would move, before anything is written.

use clap::ArgMatches;
use jarvix_pipeline::line::runtime;
use jarvix_score::{Against, Change, Comparison, Mover, Profile, ScoreError, points_text};
use serde_json::json;

use super::context::{Context, known_run, line_error, required_run};
use crate::cli::COMPARE_STORED;
use crate::error::{CliError, Exit};
use crate::grid::Grid;
use crate::waiting::Waiting;

/// Contributions that are named for a page; the rest are summed up.
const CHANGES_TOLD: usize = 3;

/// Compares the profile of the settings with `other`: a profile, or the stored scores.
pub fn compare(context: &Context, matches: &ArgMatches, other: &str) -> Result<Exit, CliError> {
    let run = required_run(matches)?;
    let store = context.store()?;
    known_run(&store, &run)?;
    let profile = context.profile()?;
    let against = match other {
        COMPARE_STORED => Against::Stored,
        name => Against::Profile(Box::new(Context::load_profile(name)?)),
    };
    let query = context.query(&store)?;
    let movers = matches.get_one::<usize>("movers").copied().unwrap_or_default();
    let waiting = Waiting::begin(context.output, "scoring twice and comparing");
    let work = jarvix_score::compare(&query, &run, &profile, &against, movers);
    let found = runtime(context.settings.threads()).map_err(line_error)?.block_on(work);
    drop(waiting);
    let found = found.map_err(|error| match error {
        ScoreError::NoScores { .. } => CliError::usage(error.to_string()).help(format!(
            "jarvix score --run {run} gives it some; --compare default compares two profiles without any"
        )),
        error => CliError::from(error),
    })?;
    let data = json!({ "run": run, "profile": profile.name(), "with": other, "comparison": found });
    context
        .output
        .result(("score.compare", Exit::Ok), &data, || told(context, (&profile, other), &found))?;
    context.output.note("nothing was written");
    Ok(Exit::Ok)
}

fn told(context: &Context, (profile, other): (&Profile, &str), found: &Comparison) -> String {
    let old = if other == COMPARE_STORED { "the scores that there are" } else { other };
    let mut text = format!(
        "{} against {old}, {} documents: {} up, {} down, {} the same; {} points on average\n",
        profile.name(),
        found.documents,
        found.up,
        found.down,
        found.same,
        signed(found.mean_change),
    );
    if found.unscored > 0 {
        text.push_str(&format!("{} documents have no score to compare with\n", found.unscored));
    }
    let (width, color) = (context.output.width(), context.output.color);
    let mut actions = Grid::new(["from", "to", "pages"]).numbers([2]);
    for moved in &found.transitions {
        actions.push([moved.from.clone(), moved.to.clone(), moved.pages.to_string()]);
    }
    text.push_str(&format!("\n{}", actions.render(width, color)));
    if found.movers.is_empty() {
        return text;
    }
    let mut pages = Grid::new(["old", "new", "action", "why", "page"]).numbers([0, 1]);
    for page in &found.movers {
        pages.push([
            points_text(page.old_score),
            points_text(page.new_score),
            action(page),
            why(&page.changes),
            page.url.clone(),
        ]);
    }
    text.push_str(&format!("\n{}", pages.render(width, color)));
    text
}

fn action(page: &Mover) -> String {
    match page.old_action == page.new_action {
        true => page.new_action.clone(),
        false => format!("{} → {}", page.old_action, page.new_action),
    }
}

fn why(changes: &[Change]) -> String {
    let told = changes.iter().take(CHANGES_TOLD);
    let mut words: Vec<String> =
        told.map(|change| format!("{} {}", change.signal, signed(change.size()))).collect();
    let rest: i64 = changes.iter().skip(CHANGES_TOLD).map(Change::size).sum();
    if changes.len() > CHANGES_TOLD {
        words.push(format!("others {}", signed(rest)));
    }
    words.join(", ")
}

fn signed(thousandths: i64) -> String {
    let sign = if thousandths > 0 { "+" } else { "" };
    format!("{sign}{}", points_text(thousandths))
}
