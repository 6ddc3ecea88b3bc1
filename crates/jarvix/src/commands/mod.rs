//! One file per command. This one parses, sets up what every command needs, and turns the result
//! into output and an exit code.

mod against;
mod bench;
mod collect;
mod compare;
mod config;
mod context;
mod demo;
mod doctor;
mod export;
mod line;
mod nothing;
mod profile;
mod query;
mod report;
mod run;
mod runs;
mod stages;
mod trends;
mod tune;
mod verify;

use clap::ArgMatches;
use clap::error::ErrorKind;

use crate::cli;
use crate::error::{CliError, Exit};
use crate::output::{self, Output};
use crate::settings::{self, Settings};
use context::Context;

/// Parses the command line, does what it says, and says how it went.
pub fn main() -> Exit {
    #[cfg(feature = "failpoints")]
    let _scenario = fail::FailScenario::setup();
    let matches = match cli::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return usage(&error),
    };
    let json = matches.get_flag("json");
    let result = dispatch(&matches);
    result.unwrap_or_else(|error| {
        let shown = if json {
            output::print_json(&error.to_json())
        } else {
            output::note(error.to_text().trim_end());
            Ok(())
        };
        if shown.is_ok() { error.exit() } else { Exit::Failed }
    })
}

/// What clap says: help and version go to stdout with exit code 0, mistakes to stderr with 2; with
/// `--json` anywhere on the line a mistake is JSON on stdout.
fn usage(error: &clap::Error) -> Exit {
    let is_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let json = std::env::args_os().any(|arg| arg == "--json");
    let shown = if json && !is_help {
        let text = error.to_string();
        let message = text.trim_start_matches("error: ").trim_end();
        output::print_json(&CliError::usage(message).to_json())
    } else {
        error.print()
    };
    match shown {
        Ok(()) if is_help => Exit::Ok,
        _ => Exit::Usage,
    }
}

fn dispatch(matches: &ArgMatches) -> Result<Exit, CliError> {
    let Some((name, own)) = matches.subcommand() else {
        return Err(CliError::usage("no command was given").help("see jarvix --help"));
    };
    if name == "completions" {
        return completions(own);
    }
    let settings = Settings::resolve(settings::from_flags(own))
        .map_err(|e| CliError::usage(e.to_string()).help("see jarvix config show --origin"))?;
    let output = Output::new(own.get_flag("json"), own.get_flag("quiet"), settings.text("color"));
    start_log(&settings, own.get_count("verbose"), output.quiet)?;
    let context = Context { settings, output };
    match name {
        "run" => run::run(&context, own),
        "demo" => demo::demo(&context),
        "collect" => collect::collect(&context, own),
        "curate" => stages::curate(&context, own),
        "score" => stages::score(&context, own),
        "report" => report::report(&context, own),
        "profile" => profile::profile(&context, own),
        "query" => query::query(&context, own),
        "trends" => trends::trends(&context, own),
        "export" => export::export(&context, own),
        "runs" => runs::runs(&context, own),
        "verify" => verify::verify(&context, own),
        "bench" => bench::bench(&context, own),
        "doctor" => doctor::doctor(&context),
        "config" => config::show(&context, own),
        other => Err(CliError::usage(format!("unknown command {other:?}"))),
    }
}

fn completions(matches: &ArgMatches) -> Result<Exit, CliError> {
    let shell = matches.get_one::<clap_complete::Shell>("shell").copied();
    let shell = shell.ok_or_else(|| CliError::usage("no shell was given"))?;
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut cli::command(), "jarvix", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    let output = Output::new(matches.get_flag("json"), false, "never");
    let data = serde_json::json!({ "shell": shell.to_string(), "script": script });
    output.result(("completions", Exit::Ok), &data, || script.clone())?;
    Ok(Exit::Ok)
}

/// Log lines go to stderr: warnings unless asked for more; `JARVIX_LOG` takes a filter.
fn start_log(settings: &Settings, verbose: u8, quiet: bool) -> Result<(), CliError> {
    let level = match (quiet, verbose) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "info",
        (false, _) => "debug",
    };
    let filter = std::env::var("JARVIX_LOG").unwrap_or_else(|_| level.to_owned());
    let filter = tracing_subscriber::EnvFilter::try_new(&filter)
        .map_err(|e| CliError::usage(format!("JARVIX_LOG is not a log filter: {e}")))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if settings.text("log_format") == "json" {
        log.json().try_init()
    } else {
        log.with_ansi(false).try_init()
    };
    started.map_err(|e| CliError::failed(format!("failed to start the log: {e}")))
}
