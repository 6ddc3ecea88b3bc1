//! The steps of `cargo xtask test`. Clippy and rustdoc share the checked dependencies, nextest and
//! the doctests the compiled ones: that is why each pair stands together with the same flags.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::{Context, Outcome};
use crate::command::{cargo, output, passes, passes_watched};
use crate::tidy;
use crate::tools::{self, Tool};
use crate::workspace::in_ci;

pub struct Step {
    pub name: &'static str,
    pub about: &'static str,
    pub run: fn(&mut Context) -> Result<Outcome>,
}

pub const STEPS: &[Step] = &[
    Step { name: "fmt", about: "every file is formatted", run: fmt },
    Step { name: "tidy", about: "the house rules hold", run: house_rules },
    Step { name: "typos", about: "words are spelled right", run: typos },
    Step { name: "deny", about: "licences, bans and sources of dependencies", run: deny },
    Step { name: "advisories", about: "no dependency has a known hole", run: advisories },
    Step { name: "machete", about: "every dependency is used", run: machete },
    Step { name: "clippy", about: "no warning, in any target", run: clippy },
    Step { name: "doc", about: "no warning in the documentation", run: doc },
    Step { name: "test", about: "unit and integration tests", run: nextest },
    Step { name: "doctest", about: "examples in the documentation", run: doctest },
];

fn fmt(context: &mut Context) -> Result<Outcome> {
    passed(passes(in_root(context, cargo()).args(["fmt", "--all", "--check"])))
}

fn house_rules(context: &mut Context) -> Result<Outcome> {
    passed(tidy::run(context.workspace, &tidy::Args::default()))
}

fn typos(context: &mut Context) -> Result<Outcome> {
    with_tool(context, &tools::TYPOS, passes)
}

fn deny(context: &mut Context) -> Result<Outcome> {
    with_tool(context, &tools::DENY, |deny| {
        passes(
            deny.args(["--all-features", "check", "--hide-inclusion-graph"])
                .args(["bans", "licenses", "sources"]),
        )
    })
}

/// The database is on the internet, so this is the one step that a closed network skips anywhere.
fn advisories(context: &mut Context) -> Result<Outcome> {
    let reached = match tools::DENY.command(context.workspace) {
        Ok(mut fetch) => output(fetch.args(["fetch", "db"])).is_some(),
        Err(error) => return Ok(Outcome::Missing(error.to_string())),
    };
    if !reached {
        return Ok(Outcome::Skipped("the advisory database is not to be reached".to_owned()));
    }
    with_tool(context, &tools::DENY, |deny| {
        passes(deny.args(["check", "--disable-fetch", "advisories"]))
    })
}

fn machete(context: &mut Context) -> Result<Outcome> {
    with_tool(context, &tools::MACHETE, passes)
}

fn clippy(context: &mut Context) -> Result<Outcome> {
    let mut clippy = in_root(context, cargo());
    clippy.args(["clippy", "--locked", "--workspace", "--all-targets", "--quiet"]);
    passed(passes(clippy.args(["--", "-D", "warnings"])))
}

fn doc(context: &mut Context) -> Result<Outcome> {
    let mut doc = in_root(context, cargo());
    doc.args(["doc", "--locked", "--workspace", "--no-deps", "--quiet"]);
    passed(passes(doc.env("RUSTDOCFLAGS", "-D warnings")))
}

fn nextest(context: &mut Context) -> Result<Outcome> {
    // Without the runner there would be no tests at all, so here a missing tool is a failure.
    let mut nextest = in_root(context, tools::NEXTEST.command(context.workspace)?);
    nextest.args(["run", "--locked", "--workspace", "--no-fail-fast"]);
    nextest.args(["--profile", if in_ci() { "ci" } else { "default" }]);
    nextest.args(fault_points(context)?);
    // A snapshot that differs is a failure, never a new file.
    nextest.env("INSTA_UPDATE", "no");
    for (name, what, helper) in helpers(context) {
        match helper {
            Ok(path) => {
                nextest.env(name, path);
            }
            Err(error) if in_ci() => return Err(error),
            Err(error) => context.left_out.push(format!("tests {what}: {error}")),
        }
    }
    let tally = &mut context.tally;
    passed(passes_watched(&mut nextest, |line| tally.read(line)))
}

/// What some tests need: the variable that names it to them, what they do, and where it is.
fn helpers(context: &Context) -> [(&'static str, &'static str, Result<PathBuf>); 4] {
    let python = tools::python_with_readers(context.workspace);
    let axe = tools::axe(context.workspace);
    [
        ("JARVIX_TEST_PYTHON", "that read our files from outside", python),
        ("JARVIX_TEST_CHROMIUM", "that render pages", tools::chromium()),
        ("JARVIX_TEST_AXE", "that look for faults of accessibility", axe),
        (
            "JARVIX_TEST_FONTS",
            "that draw Arabic, Hebrew and Japanese",
            tools::fonts(context.workspace),
        ),
    ]
}

fn doctest(context: &mut Context) -> Result<Outcome> {
    let mut doctest = in_root(context, cargo());
    doctest.args(["test", "--locked", "--workspace", "--doc", "--no-fail-fast"]);
    doctest.args(fault_points(context)?);
    let tally = &mut context.tally;
    passed(passes_watched(&mut doctest, |line| tally.read(line)))
}

/// The binary that the tests run has its points of failure built in.
fn fault_points(context: &Context) -> Result<Vec<&'static str>> {
    let manifest = context.workspace.manifest("jarvix")?;
    let features = manifest.get("features").and_then(toml::Value::as_table);
    let has = features.is_some_and(|features| features.contains_key("failpoints"));
    Ok(if has { vec!["--features", "jarvix/failpoints"] } else { Vec::new() })
}

fn with_tool(
    context: &Context,
    tool: &Tool,
    run: impl FnOnce(&mut Command) -> Result<bool>,
) -> Result<Outcome> {
    match tool.command(context.workspace) {
        Ok(mut command) => passed(run(&mut command)),
        Err(error) => Ok(Outcome::Missing(error.to_string())),
    }
}

fn in_root(context: &Context, mut command: Command) -> Command {
    command.current_dir(&context.workspace.root);
    if in_ci() {
        // Nothing is built a second time there, so what makes the second time quick only costs.
        command.env("CARGO_INCREMENTAL", "0");
    }
    command
}

fn passed(result: Result<bool>) -> Result<Outcome> {
    result.map(|passed| if passed { Outcome::Passed } else { Outcome::Failed })
}
