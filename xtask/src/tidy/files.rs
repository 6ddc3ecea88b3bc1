//! Rules for single files: they open by saying what they are for, take no shortcuts that only a
//! test may take, and do not know whose machine they were written on.

use super::rust::Source;
use super::{Tree, Violation};

/// The first line of a Rust file begins its description.
pub fn heads(tree: &Tree) -> Vec<Violation> {
    let bad = tree.rust().filter(|(_, text)| !text.starts_with("//!"));
    bad.map(|(path, _)| {
        Violation::new(path, "its first line must be `//!` and say what the file is for")
    })
    .collect()
}

/// What may not stand in code, and whether tests are free to use it.
const SHORTCUTS: &[(&str, bool, &str)] = &[
    (".unwrap()", true, "handle the error, or say with `expect` why there is none"),
    ("todo!", false, "finish it or leave it out"),
    ("unimplemented!", false, "finish it or leave it out"),
    ("#[ignore", false, "a test that does not run is not a test"),
];

pub fn shortcuts(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for (path, text) in tree.rust() {
        let source = Source::new(text);
        let all_tests = is_test_file(path);
        for (line, code) in source.code_lines() {
            for (shortcut, free_in_tests, way_out) in SHORTCUTS {
                let free = *free_in_tests && (all_tests || source.is_test(line));
                if code.contains(shortcut) && !free {
                    let what = format!("`{shortcut}`: {way_out}");
                    found.push(Violation::new(format!("{path}:{line}"), what));
                }
            }
        }
    }
    found
}

fn is_test_file(path: &str) -> bool {
    path.contains("/tests/") || path.contains("/benches/")
}

/// Folders in which people and machines keep checkouts. A path that begins with one is right on
/// one machine only.
const MACHINE_FOLDERS: &[&str] = &["/home/", "/Users/", "/root/", "/work/", "C:\\Users\\"];

pub fn paths_of_a_machine(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for (path, text) in tree.iter().filter(|(path, _)| speaks_of_paths(path)) {
        for (number, line) in (1..).zip(text.lines()) {
            let named = MACHINE_FOLDERS.iter().find(|folder| names_folder(line, folder));
            found.extend(named.map(|folder| {
                let what = format!("`{folder}...` is a path of one machine");
                Violation::new(format!("{path}:{number}"), what)
            }));
        }
    }
    found
}

/// Code, settings and documentation; pages and other data may say what they like, and this file
/// has to name what it looks for.
fn speaks_of_paths(path: &str) -> bool {
    let endings = [".rs", ".toml", ".md", ".sh", ".py", ".lua", ".yml", ".yaml", ".json"];
    let is_text = endings.iter().any(|ending| path.ends_with(ending)) || path.starts_with(".ci/");
    is_text && path != "xtask/src/tidy/files.rs"
}

/// Whether `line` has `folder` where a path begins, with something in it: not inside a URL or a
/// longer path, and not alone.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = line[start + folder.len()..].chars().next();
        let inside = before.is_some_and(|c| c.is_alphanumeric() || "._-~$}*>/".contains(c));
        !inside && after.is_some_and(|c| c.is_alphanumeric() || c == '.' || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::super::say;
    use super::*;

    #[test]
    fn a_file_without_a_head_is_caught() {
        let files = [("a.rs", "//! Why."), ("b.rs", "// Why."), ("c.rs", ""), ("d.md", "no head")];
        let said = say(heads, &files);
        assert_eq!(said.len(), 2, "{said:?}");
    }

    #[test]
    fn shortcuts_are_caught_outside_of_tests() {
        let check = |path: &str, text: &str| say(shortcuts, &[(path, text)]);
        let caught = |path, text| check(path, text).len();
        assert_eq!(caught("a.rs", "fn f() { g().unwrap(); }"), 1);
        assert_eq!(caught("a.rs", "fn f() { todo!() }"), 1);
        assert_eq!(caught("a.rs", "fn f() { unimplemented!(\"x\") }"), 1);
        assert_eq!(caught("crates/x/tests/it/main.rs", "fn f() { g().unwrap(); }"), 0);
        assert_eq!(
            caught("crates/x/tests/it/main.rs", "#[test]\n#[ignore = \"slow\"]\nfn f() {}"),
            1
        );
        assert_eq!(caught("a.rs", "#[cfg(test)]\nmod tests {\n fn f() { g().unwrap(); }\n}"), 0);
        assert_eq!(caught("a.rs", "#[cfg(test)]\nmod tests {\n}\nfn f() { g().unwrap(); }"), 1);
        assert_eq!(caught("a.rs", "#[cfg(test)]\nfn f() { g().unwrap(); }"), 0);
        assert_eq!(caught("a.rs", "// x.unwrap()\nconst A: &str = \".unwrap() todo!\";"), 0);
        assert_eq!(
            check("a.rs", "//!\n\nfn f() {\n  g().unwrap();\n}")[0].split(": ").next(),
            Some("a.rs:4")
        );
    }

    #[test]
    fn a_path_of_a_machine_is_caught() {
        let cases = [
            ("see /home/ann/jarvix", false),
            ("path = \"/root/.cargo\"", false),
            ("`/work/main`", false),
            ("C:\\Users\\ann", false),
            ("https://example.org/home/ann", true),
            ("route(\"/home/\")", true),
            ("/var/root/x", true),
            ("${CARGO_HOME}/work/x", true),
        ];
        for (line, fine) in cases {
            let said = say(paths_of_a_machine, &[("docs/a.md", line)]);
            assert_eq!(said.is_empty(), fine, "{line}: {said:?}");
        }
        assert_eq!(say(paths_of_a_machine, &[("a.html", "/home/ann/x")]), [""; 0]);
    }
}
