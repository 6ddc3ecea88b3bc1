//! `cargo xtask test`: everything that must pass before a change lands, in one command, the cheap
//! steps first. A step that fails does not keep the others from running, so that one run tells
//! all. The last lines are a table of the steps and a plain count of the tests.

mod steps;
mod tally;

use std::time::Duration;

use anyhow::{Result, bail};

use crate::clock;
use crate::workspace::{Workspace, in_ci};
use steps::{STEPS, Step};
use tally::Tally;

#[derive(clap::Args)]
pub struct Args {
    /// Only these steps (may be repeated)
    #[arg(long, value_name = "STEP")]
    only: Vec<String>,
    /// All but these steps (may be repeated)
    #[arg(long, value_name = "STEP")]
    skip: Vec<String>,
    /// List the steps
    #[arg(long)]
    list: bool,
}

/// How a step ended.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    /// A helper is not to be had: a failure in CI, a skip elsewhere.
    Missing(String),
    /// There was nothing to do, here or anywhere.
    Skipped(String),
}

/// What the steps share.
struct Context<'a> {
    workspace: &'a Workspace,
    tally: Tally,
    /// What a step left out although it passed.
    left_out: Vec<String>,
}

pub fn run(workspace: &Workspace, args: &Args) -> Result<bool> {
    if args.list {
        STEPS.iter().for_each(|step| println!("{:12}{}", step.name, step.about));
        return Ok(true);
    }
    let steps = choose(args)?;
    let mut context = Context { workspace, tally: Tally::default(), left_out: Vec::new() };
    let start = clock::now();
    let mut ended = Vec::new();
    for step in steps {
        println!("\n==== {}: {}", step.name, step.about);
        let began = clock::now();
        let outcome = (step.run)(&mut context).unwrap_or_else(|error| {
            eprintln!("error: {error:#}");
            Outcome::Failed
        });
        let took = began.elapsed();
        println!("---- {} {} in {}", step.name, outcome.word(in_ci()), seconds(took));
        ended.push((step, outcome, took));
    }
    Ok(conclude(&context, &ended, start.elapsed()))
}

fn choose(args: &Args) -> Result<Vec<&'static Step>> {
    let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
    if let Some(name) = args.only.iter().chain(&args.skip).find(|n| !names.contains(&n.as_str())) {
        bail!("there is no step {name:?}; the steps are {}", names.join(", "));
    }
    let chosen = |step: &&Step| {
        let named = |list: &[String]| list.iter().any(|name| name == step.name);
        (args.only.is_empty() || named(&args.only)) && !named(&args.skip)
    };
    Ok(STEPS.iter().filter(chosen).collect())
}

/// Prints the table and the counts; whether everything passed.
fn conclude(context: &Context, ended: &[(&Step, Outcome, Duration)], total: Duration) -> bool {
    println!("\n==== result");
    for (step, outcome, took) in ended {
        let reason = outcome.reason().map_or(String::new(), |reason| format!("  {reason}"));
        println!("{:12}{:9}{:>8}{reason}", step.name, outcome.word(in_ci()), seconds(*took));
    }
    context.left_out.iter().for_each(|what| println!("left out: {what}"));
    println!("{:21}{:>8}", "total", seconds(total));
    println!("{}", context.tally);
    ended.iter().all(|(_, outcome, _)| outcome.is_fine(in_ci())) && context.tally.failed == 0
}

impl Outcome {
    fn is_fine(&self, ci: bool) -> bool {
        match self {
            Self::Passed | Self::Skipped(_) => true,
            Self::Missing(_) => !ci,
            Self::Failed => false,
        }
    }

    fn word(&self, ci: bool) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Skipped(_) => "skipped",
            Self::Missing(_) if !ci => "skipped",
            Self::Missing(_) | Self::Failed => "FAILED",
        }
    }

    fn reason(&self) -> Option<&str> {
        match self {
            Self::Missing(reason) | Self::Skipped(reason) => Some(reason),
            Self::Passed | Self::Failed => None,
        }
    }
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(only: &[&str], skip: &[&str]) -> Result<Vec<&'static str>> {
        let own = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect();
        let args = Args { only: own(only), skip: own(skip), list: false };
        Ok(choose(&args)?.into_iter().map(|step| step.name).collect())
    }

    #[test]
    fn steps_are_chosen_by_name() {
        assert_eq!(names(&[], &[]).unwrap().len(), STEPS.len());
        assert_eq!(names(&["doc", "fmt"], &[]).unwrap(), ["fmt", "doc"]);
        assert_eq!(names(&["fmt"], &["fmt"]).unwrap(), [""; 0]);
        assert_eq!(names(&[], &["clippy"]).unwrap().len(), STEPS.len() - 1);
        assert!(names(&["clipy"], &[]).unwrap_err().to_string().contains("clippy"));
    }

    #[test]
    fn a_missing_helper_fails_only_in_ci() {
        let missing = Outcome::Missing("no python3".to_owned());
        assert!(missing.is_fine(false) && !missing.is_fine(true));
        let skipped = Outcome::Skipped("not reached".to_owned());
        assert!(skipped.is_fine(false) && skipped.is_fine(true));
        assert!(!Outcome::Failed.is_fine(false));
    }
}
