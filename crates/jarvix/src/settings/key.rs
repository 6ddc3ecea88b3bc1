//! One setting: what the table of settings is made of.

use super::Kind;

/// One setting.
#[derive(Debug)]
pub struct Key {
    /// Its name in files and in `config show`: `section.key`, or `key` for global ones.
    pub name: &'static str,
    /// Its flag, without dashes.
    pub flag: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// The default, as one would write it; empty for "none".
    pub default: &'static str,
    /// One line for people.
    pub about: &'static str,
    /// The commands that have its flag; empty for flags that every command has.
    pub commands: &'static [&'static str],
}

impl Key {
    /// The environment variable: `JARVIX_` and the flag in capitals, without the `no-` of a flag
    /// that switches off.
    pub fn variable(&self) -> String {
        let flag = match self.kind {
            Kind::Off => self.flag.trim_start_matches("no-"),
            _ => self.flag,
        };
        format!("JARVIX_{}", flag.to_ascii_uppercase().replace('-', "_"))
    }
}

/// A row of the table.
pub const fn key(
    name: &'static str,
    flag: &'static str,
    kind: Kind,
    default: &'static str,
    commands: &'static [&'static str],
    about: &'static str,
) -> Key {
    Key { name, flag, kind, default, about, commands }
}
