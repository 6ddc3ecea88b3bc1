//! `jarvix verify`: is every part still what was committed? And if not, and it was asked for, out
//! of the way with it.

use clap::ArgMatches;
use jarvix_core::{PartRef, RunId, RunState};
use jarvix_store::{DamageKind, Quarantined, StoreError, VerifyReport};
use serde_json::json;

use super::context::{Context, line_error, required_run, store_error};
use crate::error::{CliError, Exit};
use crate::output::plain;

/// Checks sizes and hashes; exit code 1 when anything is damaged, also if that was set aside.
pub fn verify(context: &Context, matches: &ArgMatches) -> Result<Exit, CliError> {
    let run = required_run(matches)?;
    let store = context.store()?;
    let unknown = || line_error(jarvix_pipeline::LineError::UnknownRun { run: run.clone() });
    let record = store.catalogue().run(&run)?.ok_or_else(unknown)?;
    // What a killed process left is swept by whoever takes the lock; what a living one is making
    // is no damage.
    let lock = store.lock_run(&run);
    let in_use = matches!(&lock, Err(StoreError::Locked { .. }));
    let mut found = store.verify(&run).map_err(|e| store_error(&e))?;
    if in_use {
        found.damages.retain(|damage| damage.kind != DamageKind::Unlisted);
        context
            .output
            .note("another process works on this run; its parts in the making are left out");
    }
    let quarantined = match (matches.get_flag("quarantine"), lock) {
        (false, _) => None,
        (true, Ok(_lock)) => {
            Some(store.quarantine(&run, &found.damages).map_err(|e| store_error(&e))?)
        }
        (true, Err(error)) => return Err(store_error(&error)),
    };
    let exit = if found.is_ok() { Exit::Ok } else { Exit::Failed };
    let damages: Vec<_> = found
        .damages
        .iter()
        .map(|d| json!({ "kind": d.kind.as_str(), "file": d.file, "reason": d.reason }))
        .collect();
    let mut data = json!({
        "run": run,
        "sound": found.is_ok(),
        "in_use": in_use,
        "parts": found.parts,
        "rows": found.rows,
        "bytes": found.bytes,
        "damages": damages,
    });
    if let Some(quarantined) = &quarantined {
        data["quarantined"] = json!({
            "files": quarantined.files,
            "parts": quarantined.parts.len(),
            "rows": quarantined.parts.iter().map(|part| part.rows).sum::<u64>(),
        });
    }
    context.output.result(("verify", exit), &data, || {
        let mut text = in_words(&run, &found);
        match &quarantined {
            Some(quarantined) => text.push_str(&set_aside(quarantined)),
            None if found.damages.iter().any(|damage| damage.part.is_some()) => text.push_str(
                "with --quarantine damaged parts are set aside, and the run's command makes their rows again\n",
            ),
            None => {}
        }
        text
    })?;
    if record.state == RunState::Unfinished && !in_use {
        context.output.note(&format!(
            "{run} is not finished: what is there was checked, and the command that made it goes on"
        ));
    }
    Ok(exit)
}

fn in_words(run: &RunId, found: &VerifyReport) -> String {
    let mut text = String::new();
    for damage in &found.damages {
        let (kind, file, reason) = (damage.kind, plain(&damage.file), &damage.reason);
        text.push_str(&format!("{kind}: {file}: {reason}\n"));
    }
    let verdict = if found.is_ok() { "sound" } else { "DAMAGED" };
    let size = indicatif::HumanBytes(found.bytes);
    let (parts, rows, faults) = (found.parts, found.rows, found.damages.len());
    text.push_str(&format!(
        "{run}: {verdict}; {parts} parts, {rows} rows, {size}; {faults} faults\n"
    ));
    text
}

fn set_aside(quarantined: &Quarantined) -> String {
    let mut text = String::new();
    for file in &quarantined.files {
        text.push_str(&format!("set aside: {}\n", plain(&file.display().to_string())));
    }
    // What came along with work that is done again comes along with it again.
    let came_with = |part: &PartRef| {
        let work = |other: &&PartRef| !other.dataset.comes_along() && other.name == part.name;
        let mut others = quarantined.parts.iter().filter(work);
        others.any(|other| other.dataset.stage() == part.dataset.stage())
    };
    let (lost, again): (Vec<&PartRef>, Vec<&PartRef>) =
        quarantined.parts.iter().partition(|part| part.dataset.comes_along() && !came_with(part));
    for part in lost {
        text.push_str(&format!("lost: {} rows of {}\n", part.rows, part.dataset));
    }
    if !again.is_empty() {
        let (rows, parts) = (again.iter().map(|part| part.rows).sum::<u64>(), again.len());
        text.push_str(&format!(
            "{rows} rows in {parts} parts are to be made again: repeat the command that made the run\n"
        ));
    }
    text
}
