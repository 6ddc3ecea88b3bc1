//! Small rooms: files of at most 500 lines, functions of at most 70. What is larger is listed in
//! `xtask/ratchet.toml` with the size it has, and that list only shrinks: nothing is added by
//! machine, a listed size may not grow, and one that shrank must be written down (`--tighten`).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::rust::Source;
use super::{Tree, Violation};

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;
const BASELINE: &str = "xtask/ratchet.toml";
const BASELINE_HEAD: &str = "\
# What is larger than the house rules allow (500 lines a file, 70 a function), by today's size.
# This list only shrinks: `cargo xtask tidy --tighten` lowers it, nothing raises it.
";

/// Sizes by place: `path` for files, `path::name` for functions.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Sizes {
    files: BTreeMap<String, usize>,
    functions: BTreeMap<String, usize>,
}

impl Sizes {
    /// What is over the limits today.
    fn of(tree: &Tree) -> Self {
        let mut sizes = Self::default();
        for (path, text) in tree.rust() {
            let lines = text.lines().count();
            if lines > FILE_LINES_MAX {
                sizes.files.insert(path.to_owned(), lines);
            }
            for function in Source::new(text).functions() {
                if function.length() > FUNCTION_LINES_MAX {
                    // Two of one name in a file share a place; the longer one stands for both.
                    let place = format!("{path}::{}", function.name);
                    let size = sizes.functions.entry(place).or_default();
                    *size = function.length().max(*size);
                }
            }
        }
        sizes
    }

    /// What is allowed. No file is an empty list.
    fn baseline(tree: &Tree) -> Result<Self, toml::de::Error> {
        toml::from_str(tree.get(BASELINE).unwrap_or_default())
    }
}

pub fn check(tree: &Tree) -> Vec<Violation> {
    let allowed = match Sizes::baseline(tree) {
        Ok(allowed) => allowed,
        Err(error) => return vec![Violation::new(BASELINE, error.to_string())],
    };
    let today = Sizes::of(tree);
    let mut found = compare(&today.files, &allowed.files, FILE_LINES_MAX);
    found.extend(compare(&today.functions, &allowed.functions, FUNCTION_LINES_MAX));
    found
}

fn compare(
    today: &BTreeMap<String, usize>,
    allowed: &BTreeMap<String, usize>,
    max: usize,
) -> Vec<Violation> {
    let mut found = Vec::new();
    for (place, &lines) in today {
        let limit = allowed.get(place).copied().unwrap_or(max);
        if lines > limit {
            let what = format!("{lines} lines; at most {limit}: make smaller rooms of it");
            found.push(Violation::new(place, what));
        }
    }
    for (place, &limit) in allowed {
        if today.get(place).is_none_or(|&lines| lines < limit) {
            let what =
                format!("{place} is smaller than {limit} now: run `cargo xtask tidy --tighten`");
            found.push(Violation::new(BASELINE, what));
        }
    }
    found
}

/// Lowers the baseline to today's sizes, on disk and in `tree`.
pub fn tighten(root: &Path, tree: &mut Tree) -> Result<()> {
    let allowed = Sizes::baseline(tree).with_context(|| format!("failed to read {BASELINE}"))?;
    let text = tightened(&allowed, &Sizes::of(tree))?;
    if tree.get(BASELINE) != Some(&text) {
        fs::write(root.join(BASELINE), &text)
            .with_context(|| format!("failed to write {BASELINE}"))?;
        println!("tightened {BASELINE}");
        tree.set(BASELINE, text);
    }
    Ok(())
}

fn tightened(allowed: &Sizes, today: &Sizes) -> Result<String> {
    let lower = |allowed: &BTreeMap<String, usize>, today: &BTreeMap<String, usize>| {
        let still_over = |(place, limit): (&String, &usize)| {
            today.get(place).map(|lines| (place.clone(), *lines.min(limit)))
        };
        allowed.iter().filter_map(still_over).collect()
    };
    let sizes = Sizes {
        files: lower(&allowed.files, &today.files),
        functions: lower(&allowed.functions, &today.functions),
    };
    Ok(format!("{BASELINE_HEAD}\n{}", toml::to_string(&sizes)?))
}

#[cfg(test)]
mod tests {
    use super::super::say;
    use super::*;

    fn file(lines: usize) -> String {
        "//! Lines.\n".repeat(lines)
    }

    fn function(lines: usize) -> String {
        format!("fn long() {{\n{}}}\n", "    step();\n".repeat(lines - 2))
    }

    #[test]
    fn what_is_too_large_is_caught() {
        let check_one = |text: &str| say(check, &[("a.rs", text)]);
        assert_eq!(check_one(&file(500)), [""; 0]);
        assert!(check_one(&file(501))[0].starts_with("a.rs: 501 lines; at most 500"));
        assert_eq!(check_one(&function(70)), [""; 0]);
        assert!(check_one(&function(71))[0].starts_with("a.rs::long: 71 lines; at most 70"));
    }

    #[test]
    fn the_baseline_allows_its_size_and_no_more_and_no_less() {
        let baseline = "[files]\n\"a.rs\" = 600\n";
        let check_at = |lines| say(check, &[("a.rs", &file(lines)), (BASELINE, baseline)]);
        assert_eq!(check_at(600), [""; 0]);
        assert!(check_at(601)[0].contains("601 lines; at most 600"));
        assert!(check_at(599)[0].contains("--tighten"));
        assert!(check_at(10)[0].contains("--tighten"), "it no longer needs an entry");
        assert_eq!(say(check, &[(BASELINE, "[filez]")]).len(), 1);
    }

    #[test]
    fn tightening_lowers_and_removes_and_never_adds_or_raises() {
        let sizes = |files: &[(&str, usize)]| Sizes {
            files: files.iter().map(|(path, lines)| ((*path).to_owned(), *lines)).collect(),
            ..Sizes::default()
        };
        let allowed = sizes(&[("shrunk.rs", 900), ("grown.rs", 600), ("gone.rs", 700)]);
        let today = sizes(&[("shrunk.rs", 800), ("grown.rs", 650), ("new.rs", 501)]);
        let text = tightened(&allowed, &today).unwrap();
        let tight: Sizes = toml::from_str(&text).unwrap();
        assert_eq!(tight, sizes(&[("grown.rs", 600), ("shrunk.rs", 800)]));
    }
}
