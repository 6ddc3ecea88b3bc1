//! Heavy or spreading dependencies stay where they belong, and there is one of each.

use std::collections::{BTreeMap, BTreeSet};

use super::floors::uses;
use super::{Tree, Violation};

/// Only these crates may name the table formats; the rest speaks of rows and datasets.
const TABLE_CRATES: &[&str] = &["jarvix-store", "jarvix-query"];
/// What counts as naming them: the crate itself or one of its parts.
const TABLE_FORMATS: &[&str] = &["arrow", "parquet", "datafusion"];
/// Two versions of one of these do not understand each other's values.
const ONE_VERSION: &[&str] = &["arrow", "parquet", "object_store", "datafusion"];

pub fn check(tree: &Tree) -> Vec<Violation> {
    let mut found = table_formats(tree);
    found.extend(versions(tree));
    found
}

fn table_formats(tree: &Tree) -> Vec<Violation> {
    let is_table_format = |used: &str| {
        TABLE_FORMATS.iter().any(|&format| {
            used.strip_prefix(format).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        })
    };
    let mut found = Vec::new();
    for (name, path, manifest) in tree.manifests() {
        if TABLE_CRATES.contains(&name) {
            continue;
        }
        let used = manifest.iter().flat_map(uses).map(|(_, used)| used);
        found.extend(used.filter(|used| is_table_format(used)).map(|used| {
            let crates = TABLE_CRATES.join(" and ");
            Violation::new(path, format!("{name} must not use {used}: only {crates} may"))
        }));
    }
    found
}

fn versions(tree: &Tree) -> Vec<Violation> {
    let lock = tree.get("Cargo.lock").unwrap_or_default();
    let lock: toml::Table = match lock.parse() {
        Ok(lock) => lock,
        Err(error) => return vec![Violation::new("Cargo.lock", error.to_string())],
    };
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in lock.get("package").and_then(toml::Value::as_array).into_iter().flatten() {
        let text = |key| package.get(key).and_then(toml::Value::as_str);
        if let (Some(name), Some(version)) = (text("name"), text("version")) {
            versions.entry(name).or_default().insert(version);
        }
    }
    let doubled = ONE_VERSION.iter().filter_map(|&name| versions.get_key_value(name));
    doubled
        .filter(|(_, versions)| versions.len() > 1)
        .map(|(name, versions)| {
            let list: Vec<&str> = versions.iter().copied().collect();
            let what = format!("{name} is there as {}; there must be one", list.join(" and "));
            Violation::new("Cargo.lock", what)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::say;
    use super::*;

    #[test]
    fn naming_a_table_format_elsewhere_is_caught() {
        let cases = [
            ("jarvix-store", "[dependencies]\narrow.workspace = true", true),
            ("jarvix-query", "[dependencies]\ndatafusion.workspace = true", true),
            ("jarvix-score", "[dependencies]\narrow.workspace = true", false),
            ("jarvix-score", "[dev-dependencies]\nparquet.workspace = true", false),
            ("jarvix-score", "[dependencies]\narrow-schema = \"1\"", false),
            ("jarvix-score", "[dependencies]\narrowhead = \"1\"", true),
        ];
        for (name, text, fine) in cases {
            let said = say(check, &[(&format!("crates/{name}/Cargo.toml"), text)]);
            assert_eq!(said.is_empty(), fine, "{name}: {text}: {said:?}");
        }
    }

    #[test]
    fn a_second_version_is_caught() {
        let package =
            |name, version| format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n");
        let once = package("arrow", "59.0.0") + &package("syn", "1.0.0") + &package("syn", "2.0.0");
        assert_eq!(say(check, &[("Cargo.lock", &once)]), [""; 0]);
        let twice = once + &package("arrow", "58.1.0");
        assert_eq!(
            say(check, &[("Cargo.lock", &twice)]),
            ["Cargo.lock: arrow is there as 58.1.0 and 59.0.0; there must be one"]
        );
    }
}
