//! `jarvix profile`: what counts how much, before anything is scored by it.

use std::path::{Path, PathBuf};

use clap::ArgMatches;
use jarvix_core::RunId;
use jarvix_pipeline::line::runtime;
use jarvix_score::{PageExplained, Profile, explain_page, points_text};
use serde_json::json;

use super::context::{Context, known_run, line_error, run_id};
use super::tune;
use crate::error::{CliError, Exit};
use crate::grid::Grid;
use crate::output::plain;

/// Columns of the bar that shows a contribution.
const BAR: usize = 20;

/// `profile`, `profile list|show|check|new|explain|tune`.
pub fn profile(context: &Context, matches: &ArgMatches) -> Result<Exit, CliError> {
    match matches.subcommand() {
        Some(("show", own)) => show(context, own),
        Some(("check", own)) => check(context, own),
        Some(("new", own)) => new(context, own),
        Some(("explain", own)) => explain(context, own),
        Some(("tune", own)) => tune::tune(context, own),
        _ => list(context),
    }
}

fn list(context: &Context) -> Result<Exit, CliError> {
    let profiles: Vec<Profile> = Profile::builtin_names().filter_map(Profile::builtin).collect();
    let data: Vec<_> = profiles.iter().map(facts).collect();
    context.output.result(("profile.list", Exit::Ok), &data, || {
        let mut grid = Grid::new(["profile", "signals", "gates", "actions", "what it looks for"])
            .numbers([1, 2]);
        for profile in &profiles {
            let actions: Vec<&str> = profile.actions().iter().map(|a| a.name.as_str()).collect();
            grid.push([
                profile.name().to_owned(),
                profile.rules().len().to_string(),
                profile.gates().len().to_string(),
                actions.join(" "),
                profile.description().to_owned(),
            ]);
        }
        grid.render(context.output.width(), context.output.color)
    })?;
    context.output.note("a copy to change: jarvix profile new mine.toml --from default");
    Ok(Exit::Ok)
}

fn facts(profile: &Profile) -> serde_json::Value {
    json!({
        "name": profile.name(),
        "description": profile.description(),
        "version": profile.version(),
        "hash": profile.hash(),
        "maximum": points(profile.maximum()),
        "signals": profile.signals(),
        "gates": profile.gates(),
        "actions": profile.actions(),
    })
}

/// Points as a number of JSON.
fn points(thousandths: i64) -> f64 {
    thousandths as f64 / 1000.0
}

fn named(matches: &ArgMatches) -> Result<(Profile, &str), CliError> {
    let name = matches.get_one::<String>("profile").map(String::as_str).unwrap_or_default();
    Ok((Context::load_profile(name)?, name))
}

fn show(context: &Context, matches: &ArgMatches) -> Result<Exit, CliError> {
    let (profile, _) = named(matches)?;
    let mut data = facts(&profile);
    data["source"] = json!(profile.source());
    context.output.result(("profile.show", Exit::Ok), &data, || profile.source().to_owned())?;
    Ok(Exit::Ok)
}

/// Looks at every file, so that one error does not hide the next.
fn check(context: &Context, matches: &ArgMatches) -> Result<Exit, CliError> {
    let names: Vec<&String> = matches.get_many("profile").into_iter().flatten().collect();
    let disk = jarvix_store::system_env().disk;
    let mut wrong = 0;
    let (mut data, mut text) = (Vec::new(), String::new());
    for name in names {
        match Profile::load(name, &*disk) {
            Ok(profile) => {
                let (signals, gates) = (profile.rules().len(), profile.gates().len());
                text.push_str(&format!("{name}: right; {signals} signals, {gates} gates\n"));
                data.push(json!({ "profile": name, "ok": true, "hash": profile.hash() }));
            }
            Err(error) => {
                wrong += 1;
                text.push_str(&format!("{}\n", plain(&error.to_string())));
                data.push(json!({
                    "profile": name,
                    "ok": false,
                    "line": error.position.map(|at| at.line),
                    "column": error.position.map(|at| at.column),
                    "problem": error.problem,
                    "help": error.help,
                }));
            }
        }
    }
    let exit = if wrong == 0 { Exit::Ok } else { Exit::Usage };
    context.output.result(("profile.check", exit), &data, || text)?;
    Ok(exit)
}

/// Writes a copy under a name of its own.
fn new(context: &Context, matches: &ArgMatches) -> Result<Exit, CliError> {
    let path = PathBuf::from(matches.get_one::<String>("file").map_or("", String::as_str));
    let from = matches.get_one::<String>("from").map_or("default", String::as_str);
    let source = Context::load_profile(from)?;
    let name = name_of(&path)?;
    let text = renamed(&source, &name);
    // What is written can be used: that is the least that one expects of a template.
    Profile::parse(&path.display().to_string(), &text)?;
    write_new(&path, &text, matches.get_flag("force"))?;
    let data = json!({ "file": path, "name": name, "from": from });
    context.output.result(("profile.new", Exit::Ok), &data, || format!("{}\n", path.display()))?;
    let file = path.display();
    context.output.note(&format!("next    change it, then: jarvix profile check {file}"));
    context.output.note(&format!(
        "        what would move: jarvix score --run ID --profile {file} --compare"
    ));
    Ok(Exit::Ok)
}

/// The name of a profile in the file `path`.
fn name_of(path: &Path) -> Result<String, CliError> {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
    if stem.is_empty() || !stem.chars().all(fits) {
        return Err(CliError::usage(format!("{stem:?} is not a name for a profile"))
            .help("name the file with a-z, 0-9, '_' and '-', such as mine.toml"));
    }
    Ok(stem.to_owned())
}

/// The source of `profile` with the name `name`; its introduction is about another profile and goes.
fn renamed(profile: &Profile, name: &str) -> String {
    let body: String = profile
        .source()
        .lines()
        .skip_while(|line| line.starts_with('#') || line.trim().is_empty())
        .map(|line| format!("{line}\n"))
        .collect();
    let own = format!("name = \"{}\"", profile.name());
    let body = body.replacen(&own, &format!("name = \"{name}\""), 1);
    format!(
        "# Made from the profile {}. docs/PROFILES.md says what stands here and which columns there are.\n\n{body}",
        profile.name()
    )
}

fn write_new(path: &Path, text: &str, force: bool) -> Result<(), CliError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).create_new(!force);
    let written = options.open(path).and_then(|mut file| {
        use std::io::Write;
        file.write_all(text.as_bytes())
    });
    written.map_err(|error| {
        let failed = CliError::usage(format!("failed to write {}", path.display()));
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                failed.because(&error).help("--force replaces it; another name leaves it")
            }
            _ => failed.because(&error),
        }
    })
}

/// A profile in words; with a run and a URL, how that page gets its score.
fn explain(context: &Context, matches: &ArgMatches) -> Result<Exit, CliError> {
    let (profile, name) = named(matches)?;
    let run = run_id(matches, "run")?;
    let (Some(run), Some(url)) = (run, matches.get_one::<String>("url")) else {
        context.output.result(("profile.explain", Exit::Ok), &facts(&profile), || {
            format!("{}\n", plain(&profile.explain()))
        })?;
        return Ok(Exit::Ok);
    };
    let page = explained(context, &run, &profile, url)?;
    let page = page.ok_or_else(|| {
        CliError::usage(format!("run {run} has no document {url}")).help(format!(
            "the address must be the canonical one: jarvix query --run {run} \"SELECT url FROM documents\""
        ))
    })?;
    let data = json!({ "profile": name, "run": run, "page": page });
    context
        .output
        .result(("profile.explain", Exit::Ok), &data, || told(context, &profile, &page))?;
    Ok(Exit::Ok)
}

fn explained(
    context: &Context,
    run: &RunId,
    profile: &Profile,
    url: &str,
) -> Result<Option<PageExplained>, CliError> {
    let store = context.store()?;
    known_run(&store, run)?;
    let query = context.query(&store)?;
    let (Ok(url) | Err(url)) = jarvix_core::canonicalise(url)
        .map(|canonical| canonical.url().to_string())
        .map_err(|_| url.to_owned());
    Ok(runtime(context.settings.threads())
        .map_err(line_error)?
        .block_on(explain_page(&query, run, profile, &url))?)
}

fn told(context: &Context, profile: &Profile, page: &PageExplained) -> String {
    let mut grid = Grid::new(["signal", "points", "of", "", "measures"]).numbers([1, 2]);
    for part in &page.contributions {
        grid.push([
            part.name.clone(),
            points_text(part.points),
            points_text(part.weight),
            bar(part.points, part.weight),
            part.about.clone(),
        ]);
    }
    if !profile.gates().is_empty() {
        let about = "What a gate takes away from the sum.".to_owned();
        grid.push(["gate".into(), points_text(page.gate), String::new(), String::new(), about]);
    }
    let (score, of) = (points_text(page.score), points_text(profile.maximum()));
    let sure = page.confidence / 10;
    format!(
        "{}\n{score} of {of}: {}, {sure}% sure\n{}\n\n{}",
        plain(&page.url),
        page.action,
        plain(&page.reason),
        grid.render(context.output.width(), context.output.color)
    )
}

/// A share as a bar; what is taken away in another shade.
fn bar(points: i64, weight: i64) -> String {
    let full = usize::try_from(points.abs() * BAR as i64 / weight.abs().max(1)).unwrap_or(0);
    let full = full.min(BAR);
    let mark = if weight < 0 { "▒" } else { "█" };
    format!("{}{}", mark.repeat(full), "·".repeat(BAR - full))
}
