//! `jarvix doctor`: can this machine and these settings do the work?

use std::path::PathBuf;

use jarvix_collect::Chromium;
use jarvix_core::limits;
use serde::Serialize;

use super::context::Context;
use crate::error::{CliError, Exit};

/// Open files below which many connections at a time are not possible.
const OPEN_FILES_WANTED: u64 = 1_024;

#[derive(Serialize)]
struct Check {
    name: &'static str,
    verdict: Verdict,
    found: String,
    help: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Good,
    Warning,
    Bad,
}

/// Runs every check; exit code 1 when one of them is bad.
pub fn doctor(context: &Context) -> Result<Exit, CliError> {
    let checks = [
        data_folder(context),
        free_space(context),
        cores(context),
        open_files(),
        contact(context),
        profile(context),
        browser(context),
    ];
    let bad = checks.iter().any(|check| check.verdict == Verdict::Bad);
    let exit = if bad { Exit::Failed } else { Exit::Ok };
    context.output.result(("doctor", exit), &checks, || {
        let mut text = String::new();
        for check in &checks {
            let mark = match check.verdict {
                Verdict::Good => "ok  ",
                Verdict::Warning => "warn",
                Verdict::Bad => "BAD ",
            };
            text.push_str(&format!("{mark}  {:12}  {}\n", check.name, check.found));
            if let Some(help) = &check.help {
                text.push_str(&format!("      {:12}  {help}\n", ""));
            }
        }
        text
    })?;
    Ok(exit)
}

fn good(name: &'static str, found: String) -> Check {
    Check { name, verdict: Verdict::Good, found, help: None }
}

fn warning(name: &'static str, found: String, help: &str) -> Check {
    Check { name, verdict: Verdict::Warning, found, help: Some(help.to_owned()) }
}

fn bad(name: &'static str, found: String, help: &str) -> Check {
    Check { name, verdict: Verdict::Bad, found, help: Some(help.to_owned()) }
}

fn data_folder(context: &Context) -> Check {
    let path = PathBuf::from(context.settings.text("data"));
    match context.store() {
        Ok(store) => match store.catalogue().runs() {
            Ok(runs) => good("data folder", format!("{}, {} runs", path.display(), runs.len())),
            Err(e) => bad(
                "data folder",
                e.to_string(),
                "restore the catalogue, or choose another folder with --data",
            ),
        },
        Err(e) => bad(
            "data folder",
            e.to_text().trim_end().to_owned(),
            "choose a folder that you may write to with --data DIR",
        ),
    }
}

fn free_space(context: &Context) -> Check {
    let path = PathBuf::from(context.settings.text("data"));
    let existing =
        path.ancestors().find(|p| p.exists()).map_or_else(|| PathBuf::from("."), PathBuf::from);
    match jarvix_store::system_env().disk.free_bytes(&existing) {
        Ok(free) if free > 4 * limits::FREE_SPACE_MIN => {
            good("free space", indicatif::HumanBytes(free).to_string())
        }
        Ok(free) => warning(
            "free space",
            indicatif::HumanBytes(free).to_string(),
            "collecting pauses when less than 256 MiB are left",
        ),
        Err(e) => warning("free space", e.to_string(), "the free space could not be read"),
    }
}

fn cores(context: &Context) -> Check {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = context.settings.threads();
    let found = format!("{cores} cores, {threads} threads");
    if threads > cores {
        return warning("cores", found, "more threads than cores only wait for each other");
    }
    good("cores", found)
}

fn open_files() -> Check {
    // Linux says it here; elsewhere the check has nothing to go by.
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find(|line| line.starts_with("Max open files"));
    let soft =
        line.and_then(|line| line.split_whitespace().nth(3)).and_then(|n| n.parse::<u64>().ok());
    match soft {
        Some(n) if n < OPEN_FILES_WANTED => {
            warning("open files", n.to_string(), "raise it with ulimit -n, or lower --concurrent")
        }
        Some(n) => good("open files", n.to_string()),
        None => good("open files", "no limit known".to_owned()),
    }
}

fn contact(context: &Context) -> Check {
    match context.settings.optional("collect.contact") {
        Some(contact) => good("contact", contact),
        None => warning(
            "contact",
            "none".to_owned(),
            "before a large public run say who you are with --contact, so that sites can reach you",
        ),
    }
}

fn profile(context: &Context) -> Check {
    match context.profile() {
        Ok(profile) => good("profile", profile.name().to_owned()),
        Err(e) => bad("profile", e.to_text().trim_end().to_owned(), "see docs/PROFILES.md"),
    }
}

/// Only `--render` needs one, so that none is a warning.
fn browser(context: &Context) -> Check {
    let named = context.settings.optional("collect.chromium").map(PathBuf::from);
    let chromium = match Chromium::find(named.as_deref()) {
        Ok(chromium) => chromium,
        Err(missing) => {
            return warning(
                "browser",
                missing.to_string(),
                "without one, --render leaves pages as they are fetched",
            );
        }
    };
    let found = match chromium.version() {
        Some(version) => format!("{version} ({})", chromium.path.display()),
        None => {
            return warning(
                "browser",
                format!("{} does not say its version", chromium.path.display()),
                "name another with --chromium PATH",
            );
        }
    };
    if !Chromium::is_sandboxed() {
        return warning(
            "browser",
            found,
            "for the superuser it runs without its sandbox; render as another user",
        );
    }
    good("browser", found)
}
