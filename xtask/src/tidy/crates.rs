//! Every crate is described, follows the workspace's lints, and stands on the map of the code.

use super::{Tree, Violation};

const MAP: &str = "ARCHITECTURE.md";
/// A map that does not fit on a few screens is not read.
const MAP_LINES_MAX: usize = 200;

pub fn check(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    let Some(map) = tree.get(MAP) else {
        return vec![Violation::new(MAP, "it is missing: it is the map of the code")];
    };
    let lines = map.lines().count();
    if lines > MAP_LINES_MAX {
        let what = format!("it has {lines} lines; the limit is {MAP_LINES_MAX}");
        found.push(Violation::new(MAP, what));
    }
    for (name, path, manifest) in tree.manifests() {
        if !names(map, name) {
            found.push(Violation::new(MAP, format!("it does not name {name}")));
        }
        // A manifest that does not parse is the floors' to report.
        let Ok(manifest) = manifest else { continue };
        let in_table =
            |table: &str, key: &str| manifest.get(table).and_then(|t| t.get(key)).cloned();
        if in_table("lints", "workspace") != Some(toml::Value::Boolean(true)) {
            found.push(Violation::new(path, "it needs `[lints] workspace = true`"));
        }
        let about = in_table("package", "description");
        let about = about.as_ref().and_then(toml::Value::as_str).unwrap_or_default();
        if about.is_empty() || about.contains(TO_DO) {
            found.push(Violation::new(path, "its description must say what it is for"));
        }
    }
    found
}

/// Written apart, so that a search for the word finds only what is left to do.
const TO_DO: &str = concat!("TO", "DO");

/// Whether `text` has `name` as a word of its own: `jarvix` is not named by `jarvix-core`.
fn names(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    text.match_indices(name).any(|(start, _)| {
        let before = text[..start].chars().next_back();
        let after = text[start + name.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::super::say;
    use super::*;

    const GOOD: &str = "[package]\ndescription = \"Does it\"\n[lints]\nworkspace = true\n";

    fn check_files(map: &str, manifest: &str) -> Vec<String> {
        say(check, &[(MAP, map), ("crates/jarvix/Cargo.toml", manifest)])
    }

    #[test]
    fn a_crate_that_is_not_on_the_map_is_caught() {
        assert_eq!(check_files("`jarvix` is the binary", GOOD), [""; 0]);
        for map in ["", "jarvix-core alone", "my_jarvix"] {
            assert_eq!(
                check_files(map, GOOD),
                ["ARCHITECTURE.md: it does not name jarvix"],
                "{map}"
            );
        }
        assert_eq!(say(check, &[]).len(), 1, "no map at all");
        let long = "jarvix\n".repeat(MAP_LINES_MAX + 1);
        assert!(check_files(&long, GOOD)[0].contains("201 lines"));
    }

    #[test]
    fn a_manifest_without_lints_or_description_is_caught() {
        let map = "jarvix";
        let to_do = GOOD.replace("Does it", TO_DO);
        for bad in [&GOOD.replace("true", "false"), &GOOD.replace("Does it", ""), &to_do] {
            assert_eq!(check_files(map, bad).len(), 1, "{bad}");
        }
    }
}
