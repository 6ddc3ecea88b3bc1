//! `docs/HOSTILE.md` cannot lie: every row of the plan is there, each names the tests that prove
//! it, and every test that is named is one.

use super::rust::Source;
use super::{Tree, Violation};

const TABLE: &str = "docs/HOSTILE.md";
/// The rows of the plan that must have a test today.
const ROWS: &[std::ops::RangeInclusive<u32>] = &[1..=39, 44..=45, 47..=48];

pub fn check(tree: &Tree) -> Vec<Violation> {
    let Some(table) = tree.get(TABLE) else {
        return vec![Violation::new(TABLE, "it is missing: it says what proves what")];
    };
    let mut found = Vec::new();
    let mut proven = Vec::new();
    for (number, line) in (1..).zip(table.lines()) {
        let place = || format!("{TABLE}:{number}");
        let Some((row, tests)) = row(line) else { continue };
        let missing = tests.iter().filter(|test| !is_test(tree, test));
        found.extend(
            missing.map(|test| Violation::new(place(), format!("there is no test `{test}`"))),
        );
        if tests.is_empty() && is_wanted(row) {
            found.push(Violation::new(place(), format!("row {row} names no test")));
        }
        proven.push(row);
    }
    let wanted = ROWS.iter().cloned().flatten();
    found.extend(
        wanted
            .filter(|row| !proven.contains(row))
            .map(|row| Violation::new(TABLE, format!("row {row} is missing"))),
    );
    found
}

fn is_wanted(row: u32) -> bool {
    ROWS.iter().any(|rows| rows.contains(&row))
}

/// The number of a row and the tests that its last cell names.
fn row(line: &str) -> Option<(u32, Vec<&str>)> {
    let cells: Vec<&str> = line.trim().strip_prefix('|')?.strip_suffix('|')?.split('|').collect();
    let row = cells.first()?.trim().parse().ok()?;
    let last = if cells.len() > 1 { cells[cells.len() - 1] } else { "" };
    // Every second piece between backticks is a name.
    Some((row, last.split('`').skip(1).step_by(2).collect()))
}

/// Whether `test` (`jarvix-html decode::bombs_end`) is a test function where it says it is.
fn is_test(tree: &Tree, test: &str) -> bool {
    let Some((krate, path)) = test.split_once(' ') else { return false };
    let segments: Vec<&str> = path.split("::").collect();
    let Some((name, modules)) = segments.split_last() else { return false };
    let (prefix, function) = (format!("crates/{krate}/"), format!("fn {name}("));
    tree.rust().any(|(file, text)| {
        let module = file.strip_prefix(&prefix).and_then(module_of);
        module.is_some_and(|module| modules.starts_with(&module))
            && text.contains(&function)
            && has_test(text, name)
    })
}

/// The path of the module that a file of a crate is; a crate's integration tests are one crate.
fn module_of(file: &str) -> Option<Vec<&str>> {
    let inside = file.strip_prefix("src/").or_else(|| file.strip_prefix("tests/it/"))?;
    let mut module: Vec<&str> = inside.strip_suffix(".rs")?.split('/').collect();
    if matches!(module.last(), Some(&("mod" | "lib" | "main"))) {
        module.pop();
    }
    Some(module)
}

fn has_test(text: &str, name: &str) -> bool {
    let source = Source::new(text);
    source.functions().iter().any(|f| f.name == name && source.is_test(*f.lines.start()))
}

#[cfg(test)]
mod tests {
    use super::super::say;
    use super::*;

    const TEST: &str = "//! x\n#[test]\nfn it_holds() {}\nfn helper() {}\n";

    fn say_of(cell: &str, file: &str) -> Vec<String> {
        let table: String = ROWS
            .iter()
            .cloned()
            .flatten()
            .map(|row| format!("| {row} | fault | good | {cell} |\n"))
            .collect();
        say(check, &[(TABLE, &table), (file, TEST)])
    }

    #[test]
    fn a_test_is_found_where_it_says_it_is() {
        let files =
            ["crates/k/tests/it/a/b.rs", "crates/k/tests/it/a/b/mod.rs", "crates/k/src/a/b.rs"];
        for file in files {
            assert_eq!(say_of("`k a::b::it_holds`", file), [""; 0], "{file}");
            assert_eq!(say_of("`k a::b::tests::it_holds`, `k a::b::it_holds`", file), [""; 0]);
        }
        assert_eq!(say_of("`k tests::it_holds`", "crates/k/src/lib.rs"), [""; 0]);
    }

    #[test]
    fn a_test_that_is_not_there_or_is_none_is_caught() {
        for cell in ["`k a::b::gone`", "`k a::b::helper`", "`k b::it_holds`", "`j a::b::it_holds`"]
        {
            assert!(!say_of(cell, "crates/k/tests/it/a/b.rs").is_empty(), "{cell}");
        }
        let rows = ROWS.iter().cloned().flatten().count();
        assert_eq!(say_of("none", "crates/k/src/lib.rs").len(), rows);
        assert_eq!(say(check, &[(TABLE, "| 1 | a | b | |\n")]).len(), rows);
        assert_eq!(say(check, &[]).len(), 1);
    }
}
