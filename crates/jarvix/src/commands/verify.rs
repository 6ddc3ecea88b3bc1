//! `jarvix verify`: is every part still what was committed?

use clap::ArgMatches;
use jarvix_store::{DamageKind, StoreError};
use serde_json::json;

use super::context::{Context, line_error, required_run, store_error};
use crate::error::{CliError, Exit};
use crate::output::plain;

/// Checks sizes and hashes; exit code 1 when anything is damaged.
pub fn verify(context: &Context, matches: &ArgMatches) -> Result<Exit, CliError> {
    let run = required_run(matches)?;
    let store = context.store()?;
    if store.catalogue().run(&run)?.is_none() {
        return Err(line_error(jarvix_pipeline::LineError::UnknownRun { run }));
    }
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
    let exit = if found.is_ok() { Exit::Ok } else { Exit::Failed };
    let damages: Vec<_> = found
        .damages
        .iter()
        .map(|d| json!({ "kind": d.kind.as_str(), "file": d.file, "reason": d.reason }))
        .collect();
    let data = json!({
        "run": run,
        "sound": found.is_ok(),
        "in_use": in_use,
        "parts": found.parts,
        "rows": found.rows,
        "bytes": found.bytes,
        "damages": damages,
    });
    context.output.result(("verify", exit), &data, || {
        let mut text = String::new();
        for damage in &found.damages {
            text.push_str(&format!(
                "{}: {}: {}\n",
                damage.kind,
                plain(&damage.file),
                damage.reason
            ));
        }
        let verdict = if found.is_ok() { "sound" } else { "DAMAGED" };
        let size = indicatif::HumanBytes(found.bytes);
        let (parts, rows, faults) = (found.parts, found.rows, found.damages.len());
        text.push_str(&format!(
            "{run}: {verdict}; {parts} parts, {rows} rows, {size}; {faults} faults\n"
        ));
        text
    })?;
    Ok(exit)
}
