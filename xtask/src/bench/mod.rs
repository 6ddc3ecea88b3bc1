//! `cargo xtask bench`: Jarvix and its peers on the same input, in one run, as a table. What is
//! measured and how is told in `bench/README.md`; no figure is quoted that this did not print.

mod collect;
mod ground;
mod line;
mod machine;
mod measure;
mod origin;
mod pages;
mod peers;
mod table;

use anyhow::Result;

use crate::workspace::Workspace;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(clap::Subcommand)]
enum Subject {
    /// Fetching a list of URLs: against `curl -Z`, and `wrk` as the ceiling
    Collect(collect::Args),
    /// From a list of URLs to a finished report
    Line(line::Args),
}

pub fn run(workspace: &Workspace, args: &Args) -> Result<bool> {
    match &args.subject {
        Subject::Collect(args) => collect::run(workspace, args),
        Subject::Line(args) => line::run(workspace, args),
    }
}
