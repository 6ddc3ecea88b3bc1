//! `cargo xtask bench`: Jarvix and its peers on the same input, in one run, as a table. What is
//! measured and how is told in `bench/README.md`; no figure is quoted that this did not print.

mod admit;
mod collect;
mod curate;
mod dedupe;
mod disk;
mod ground;
mod hosts;
mod language;
mod line;
mod machine;
mod measure;
mod memory;
mod origin;
mod pages;
mod peers;
mod query;
mod report;
mod score;
mod table;
mod target;

use anyhow::Result;

use crate::workspace::Workspace;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(clap::Subcommand)]
enum Subject {
    /// Fetching a list of URLs: against six peers, and wrk as the ceiling
    Collect(collect::Args),
    /// What fetching a list takes in memory, short and long
    Memory(memory::Args),
    /// Reading a list too large for memory, half of it repeats, as a dry run
    Admit(admit::Args),
    /// Planted near duplicates among a million documents: how many are found, and how fast
    Dedupe(dedupe::Args),
    /// Scoring ten million rows: against DuckDB and Polars
    Score(score::Args),
    /// A filter and a group-by over ten million rows: against DuckDB and Polars
    Query(query::Args),
    /// Reports as PDF: against a pool of pages in Chromium
    Report(report::Args),
    /// Ten thousand slow hosts: whether all connections are in use, and none too many per host
    Hosts(hosts::Args),
    /// From a list of URLs to a finished report
    Line(line::Args),
    /// Pages to text and metadata: against seven extractors, on labelled pages
    Curate(curate::Args),
    /// Which language a text is in: translated manual pages, against three detectors
    Language(language::Args),
}

pub fn run(workspace: &Workspace, args: &Args) -> Result<bool> {
    match &args.subject {
        Subject::Collect(args) => collect::run(workspace, args),
        Subject::Memory(args) => memory::run(workspace, args),
        Subject::Admit(args) => admit::run(workspace, args),
        Subject::Dedupe(args) => dedupe::run(workspace, args),
        Subject::Score(args) => score::run(workspace, args),
        Subject::Query(args) => query::run(workspace, args),
        Subject::Report(args) => report::run(workspace, args),
        Subject::Hosts(args) => hosts::run(workspace, args),
        Subject::Line(args) => line::run(workspace, args),
        Subject::Curate(args) => curate::run(workspace, args),
        Subject::Language(args) => language::run(workspace, args),
    }
}
