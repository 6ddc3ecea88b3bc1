//! Imports go down: a crate uses only crates on floors below its own, siblings never use each
//! other, and some rooms see even less. A new crate gets its floor here first.

use super::{Tree, Violation};

/// What a crate may use of the workspace.
enum MayUse {
    /// Every crate on a lower floor.
    AllBelow,
    /// These alone.
    Only(&'static [&'static str]),
}

use MayUse::{AllBelow, Only};

const CORE: &str = "jarvix-core";
const STORE: &str = "jarvix-store";
const HTML: &str = "jarvix-html";
const QUERY: &str = "jarvix-query";
const WARC: &str = "jarvix-warc";
const RENDER: &str = "jarvix-render";
const CURATE: &str = "jarvix-curate";
const PDF: &str = "jarvix-pdf";
/// Stands beside the house: tests may use it, nothing that ships does.
const TESTKIT: &str = "jarvix-testkit";

/// Every crate, its floor, and what it may use.
const FLOORS: &[(&str, u8, MayUse)] = &[
    (CORE, 0, Only(&[])),
    ("jarvix-bus", 1, Only(&[CORE])),
    (STORE, 1, Only(&[CORE])),
    (HTML, 1, Only(&[CORE])),
    (WARC, 1, Only(&[])),
    ("jarvix-origin", 1, Only(&[CORE])),
    (RENDER, 1, Only(&[CORE])),
    (PDF, 1, Only(&[])),
    (QUERY, 2, Only(&[CORE, STORE])),
    ("jarvix-collect", 3, Only(&[CORE, STORE, HTML, WARC, RENDER])),
    (CURATE, 3, Only(&[CORE, HTML])),
    ("jarvix-score", 3, Only(&[CORE, STORE, QUERY])),
    ("jarvix-report", 3, Only(&[CORE, PDF])),
    ("jarvix-dedupe", 4, Only(&[CORE, STORE, CURATE])),
    ("jarvix-pipeline", 5, AllBelow),
    ("jarvix", 6, AllBelow),
    (TESTKIT, 2, AllBelow),
    // Above everything, so that nothing can use it.
    ("jarvix-fuzz", 7, AllBelow),
    ("xtask", 0, Only(&[])),
];

fn floor_of(name: &str) -> Option<&'static (&'static str, u8, MayUse)> {
    FLOORS.iter().find(|(krate, _, _)| *krate == name)
}

fn may_use(user: &str, used: &str) -> bool {
    match (floor_of(user), floor_of(used)) {
        (Some((_, _, Only(list))), Some(_)) => list.contains(&used),
        (Some((_, above, AllBelow)), Some((_, below, _))) => below < above && used != TESTKIT,
        _ => false,
    }
}

/// Tests see more than the crate they test: testkit, every floor below, and the crate itself with
/// other features.
fn may_use_in_tests(user: &str, used: &str) -> bool {
    let is_below = |(_, above, _): &(_, u8, _), (_, below, _): &(_, u8, _)| below < above;
    let below = floor_of(user).zip(floor_of(used)).is_some_and(|(user, used)| is_below(user, used));
    used == TESTKIT || used == user || below || may_use(user, used)
}

pub fn check(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    let ours: Vec<&str> = tree.manifests().map(|(name, _, _)| name).collect();
    for (name, path, manifest) in tree.manifests() {
        if floor_of(name).is_none() {
            found.push(Violation::new(path, format!("{name} has no floor in xtask's floors.rs")));
        }
        let manifest = match manifest {
            Ok(manifest) => manifest,
            Err(error) => {
                found.push(Violation::new(path, error));
                continue;
            }
        };
        for (table, used) in uses(&manifest) {
            let allowed = match table.as_str() {
                "dev-dependencies" => may_use_in_tests(name, &used),
                _ => may_use(name, &used),
            };
            let is_ours = ours.contains(&used.as_str()) || floor_of(&used).is_some();
            if is_ours && !allowed {
                found.push(Violation::new(
                    path,
                    format!(
                        "{name} must not use {used} ({table}): imports go down, never sideways"
                    ),
                ));
            }
        }
    }
    found
}

/// What a manifest depends on: the kind of table and the real package name, targets included.
pub fn uses(manifest: &toml::Table) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (key, value) in manifest {
        let Some(table) = value.as_table() else { continue };
        if key == "target" {
            found.extend(table.values().filter_map(toml::Value::as_table).flat_map(uses));
        } else if key.ends_with("dependencies") {
            found.extend(table.iter().map(|(name, spec)| {
                let renamed = spec.get("package").and_then(toml::Value::as_str);
                (key.clone(), renamed.unwrap_or(name).to_owned())
            }));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::say;
    use super::*;

    #[test]
    fn the_table_itself_goes_down() {
        for (name, floor, allowed) in FLOORS {
            let Only(list) = allowed else { continue };
            for used in *list {
                let (_, below, _) = floor_of(used).expect("it has a floor");
                assert!(below < floor, "{name} -> {used}");
            }
        }
    }

    #[test]
    fn an_import_sideways_upwards_or_of_testkit_is_caught() {
        let cases = [
            ("jarvix-curate", "[dependencies]\njarvix-html.workspace = true", true),
            ("jarvix-curate", "[dependencies]\njarvix-collect.workspace = true", false),
            ("jarvix-curate", "[dependencies]\njarvix-store.workspace = true", false),
            ("jarvix-core", "[dependencies]\njarvix-bus.workspace = true", false),
            ("jarvix-store", "[dependencies]\nx = { package = \"jarvix-query\" }", false),
            ("jarvix-store", "[target.'cfg(unix)'.dependencies]\njarvix-html = {}", false),
            ("jarvix-pipeline", "[dependencies]\njarvix-collect = {}\njarvix-store = {}", true),
            ("jarvix-pipeline", "[dependencies]\njarvix-testkit.workspace = true", false),
            ("jarvix-pipeline", "[dev-dependencies]\njarvix-testkit.workspace = true", true),
            ("jarvix-curate", "[dev-dependencies]\njarvix-store.workspace = true", true),
            ("jarvix-curate", "[dev-dependencies]\njarvix-score.workspace = true", false),
            ("jarvix-store", "[dev-dependencies]\njarvix-store = { path = \".\" }", true),
            ("jarvix-store", "[build-dependencies]\njarvix.workspace = true", false),
            ("xtask", "[dependencies]\njarvix-core.workspace = true", false),
            ("jarvix", "[dependencies]\nserde.workspace = true", true),
        ];
        for (name, text, fine) in cases {
            let path = if name == "xtask" {
                "xtask/Cargo.toml".into()
            } else {
                format!("crates/{name}/Cargo.toml")
            };
            let said = say(check, &[(&path, text)]);
            assert_eq!(said.is_empty(), fine, "{name}: {text}: {said:?}");
        }
    }

    #[test]
    fn a_crate_without_a_floor_is_caught() {
        let said = say(check, &[("crates/jarvix-new/Cargo.toml", "")]);
        assert!(said[0].contains("has no floor"), "{said:?}");
    }
}
