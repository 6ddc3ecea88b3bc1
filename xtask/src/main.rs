//! The workspace's own chores: `cargo xtask test`, `tidy`, `fuzz`, `bench`, `dist`.
//!
//! What a developer or CI needs beside a Rust toolchain is fetched or built by this program, into
//! `target/tools`; nothing is installed outside the checkout. It is not part of Jarvix and uses
//! none of its crates, so that it builds in seconds.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what a chore does")]

mod bench;
mod clock;
mod command;
mod debian;
mod dist;
mod fuzz;
mod npm;
mod test;
mod tidy;
mod tools;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// The workspace's own chores.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Args {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Everything that must pass: format, house rules, lints, docs, tests
    Test(test::Args),
    /// The house rules alone: import directions, sizes, file heads
    Tidy(tidy::Args),
    /// Lets a fuzzer look for bytes that break what reads them
    Fuzz(fuzz::Args),
    /// Jarvix and its peers on the same input, in one run, as a table
    Bench(bench::Args),
    /// Builds the program as it ships and prints its size
    Dist,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let result = Workspace::find().and_then(|workspace| match args.chore {
        Chore::Test(args) => test::run(&workspace, &args),
        Chore::Tidy(args) => tidy::run(&workspace, &args),
        Chore::Fuzz(args) => fuzz::run(&workspace, &args),
        Chore::Bench(args) => bench::run(&workspace, &args),
        Chore::Dist => dist::run(&workspace),
    });
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
