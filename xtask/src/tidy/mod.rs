//! `cargo xtask tidy`: the house rules that a compiler does not know. Each rule is a function from
//! the files of the checkout to what breaks it; each has a test in which it catches a planted one.

mod crates;
mod dependencies;
mod files;
mod floors;
mod hostile;
mod ratchet;
mod rust;
mod tree;

use std::fmt;

use anyhow::Result;

use crate::workspace::Workspace;
use tree::Tree;

#[derive(clap::Args, Default)]
pub struct Args {
    /// Lower the numbers in xtask/ratchet.toml to what they are today; never raises one
    #[arg(long)]
    tighten: bool,
}

/// A broken rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Violation {
    /// File, with a line where that helps: `crates/x/src/lib.rs:12`.
    place: String,
    /// What is wrong and the way out.
    what: String,
}

impl Violation {
    fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

const RULES: &[fn(&Tree) -> Vec<Violation>] = &[
    floors::check,
    dependencies::check,
    crates::check,
    files::heads,
    files::shortcuts,
    files::paths_of_a_machine,
    hostile::check,
    ratchet::check,
];

pub fn run(workspace: &Workspace, args: &Args) -> Result<bool> {
    let mut tree = Tree::load(&workspace.root)?;
    if args.tighten {
        ratchet::tighten(&workspace.root, &mut tree)?;
    }
    let mut violations: Vec<Violation> = RULES.iter().flat_map(|rule| rule(&tree)).collect();
    violations.sort();
    violations.iter().for_each(|violation| eprintln!("{violation}"));
    let sources = tree.rust().count();
    println!(
        "tidy: {} rules, {sources} source files, {} violations",
        RULES.len(),
        violations.len()
    );
    Ok(violations.is_empty())
}

/// For the tests of the rules: what `rule` says about these files, as text.
#[cfg(test)]
fn say(rule: fn(&Tree) -> Vec<Violation>, files: &[(&str, &str)]) -> Vec<String> {
    rule(&Tree::of(files)).iter().map(ToString::to_string).collect()
}
