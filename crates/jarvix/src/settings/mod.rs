//! Settings: one table of keys, four layers. A value comes from the first layer that has it: flag,
//! environment (`JARVIX_*`), project file (`jarvix.toml`), user file, then the default; and it
//! remembers which, so that `jarvix config show --origin` can say so.
//!
//! What this module refuses to do: to accept a key that is not in the table.

mod files;
mod key;
mod layers;
pub mod secret;
mod table;
mod value;

pub use key::Key;
pub use layers::Settings;
pub use table::KEYS;
pub use value::{Kind, SettingError};

use clap::{Arg, ArgAction, ArgMatches, Command};

/// Gives `command` a flag for every key of the table that is meant for it.
pub fn add_flags(mut command: Command, name: &str) -> Command {
    for key in KEYS.iter().filter(|key| key.commands.contains(&name)) {
        command = command.arg(flag(key));
    }
    command
}

/// The flag of one key. Values stay text here; the layers check them all alike.
pub fn flag(key: &'static Key) -> Arg {
    let arg = Arg::new(key.name).long(key.flag).help(help_of(key));
    if let Kind::Off | Kind::On = key.kind {
        return arg.action(ArgAction::SetTrue);
    }
    let arg = arg.value_name(key.kind.value_name());
    if key.kind.is_list() { arg.action(ArgAction::Append) } else { arg.action(ArgAction::Set) }
}

fn help_of(key: &Key) -> String {
    match key.default {
        "" => key.about.to_owned(),
        default if matches!(key.kind, Kind::Off | Kind::On) => {
            let _ = default;
            key.about.to_owned()
        }
        default => format!("{} [default: {default}]", key.about),
    }
}

/// What the command line itself says, by key name.
pub fn from_flags(matches: &ArgMatches) -> Vec<(&'static Key, String)> {
    let mut found = Vec::new();
    for key in KEYS {
        // Keys of other commands are not defined on these matches.
        if !matches.try_contains_id(key.name).unwrap_or(false) {
            continue;
        }
        match key.kind {
            Kind::Off | Kind::On => {
                let word = if matches!(key.kind, Kind::Off) { "off" } else { "on" };
                if matches.get_flag(key.name) {
                    found.push((key, word.to_owned()));
                }
            }
            _ => {
                if let Some(values) = matches.get_many::<String>(key.name) {
                    let values: Vec<String> = values.cloned().collect();
                    found.push((key, values.join(key.kind.separator())));
                }
            }
        }
    }
    found
}
