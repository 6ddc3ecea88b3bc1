//! `jarvix config show`: every setting, its value, and where that came from.

use clap::ArgMatches;
use serde::Serialize;

use super::context::Context;
use crate::error::{CliError, Exit};
use crate::output::plain;

#[derive(Serialize)]
struct Row {
    name: &'static str,
    value: String,
    origin: String,
    variable: String,
    about: &'static str,
}

/// Prints the settings as a table or as JSON.
pub fn show(context: &Context, matches: &ArgMatches) -> Result<Exit, CliError> {
    let with_origin = matches.subcommand().is_some_and(|(_, own)| own.get_flag("origin"));
    let rows: Vec<Row> = context
        .settings
        .iter()
        .map(|(key, value, origin)| Row {
            name: key.name,
            value: key.kind.shown(value),
            origin: origin.to_string(),
            variable: key.variable(),
            about: key.about,
        })
        .collect();
    context.output.result(("config.show", Exit::Ok), &rows, || {
        let mut text = String::new();
        for row in &rows {
            let value = if row.value.is_empty() { "-" } else { row.value.as_str() };
            let origin = if with_origin { format!("  ({})", row.origin) } else { String::new() };
            text.push_str(&format!("{:24} {}{}\n", row.name, plain(value), plain(&origin)));
        }
        text
    })?;
    Ok(Exit::Ok)
}
