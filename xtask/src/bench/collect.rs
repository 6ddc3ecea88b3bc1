//! The collect benchmark: one origin, one list per size, every program in turn.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::ground::{Ground, flags};
use super::machine;
use super::origin::Origin;
use super::peers::{self, Input};
use super::table::{self, Row};
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub struct Args {
    /// How many URLs; each size is a run of its own
    #[arg(long, value_delimiter = ',', default_values_t = [100, 500, 1_000, 5_000, 10_000])]
    sizes: Vec<usize>,
    /// A folder of .html and .html.gz pages to serve instead of made-up ones
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
    /// How often each is measured; the one with the median wall time is shown
    #[arg(long, default_value_t = 3)]
    repeat: usize,
    /// Add the result to docs/BENCHMARKS.md
    #[arg(long)]
    write: bool,
}

/// Measures one program over one list.
type Program<'a> = Box<dyn Fn(&Input) -> Result<Row> + 'a>;

pub fn run(workspace: &Workspace, args: &Args) -> Result<bool> {
    let ground = Ground::new(workspace, args.corpus.as_deref(), &args.sizes)?;
    let programs = programs(&ground.release);

    let mut rows = Vec::new();
    for &urls in &args.sizes {
        let list = ground.origin.list(urls, &ground.scratch)?;
        let input = Input {
            list: &list,
            urls,
            scratch: &ground.scratch,
            bench: &workspace.root.join("bench"),
            origin: &ground.origin.address,
            python: &ground.python,
        };
        eprintln!("{urls} URLs, {} programs, {} times", programs.len(), args.repeat);
        rows.extend(measure(&programs, &input, &ground.origin, args.repeat.max(1))?);
    }
    let mut result = table::render(&rows, machine::cores());
    result.push_str(&efficiency(&rows));
    println!("\n{}\n\n{result}", machine::describe());
    let equal = counts_are_equal(&rows);
    if args.write && equal {
        machine::keep(workspace, "collect", &command_line(args), &result)?;
    }
    Ok(equal)
}

/// Jarvix, and those of its peers that are installed.
fn programs(release: &Path) -> Vec<Program<'_>> {
    let jarvix = release.join("jarvix");
    let mut programs: Vec<Program> = Vec::new();
    for threads in [1, 2] {
        let jarvix = jarvix.clone();
        programs.push(Box::new(move |input| peers::jarvix(&jarvix, threads, input)));
    }
    let installed = |name: &str, says: &str| {
        // wrk answers -v with its help and a failure, so it is enough that it starts.
        let there = Command::new(name).arg(says).output().is_ok();
        if !there {
            eprintln!("left out: {name} is not installed");
        }
        there
    };
    if installed("curl", "--version") {
        programs.push(Box::new(peers::curl));
    }
    if installed("wrk", "-v") {
        programs.push(Box::new(peers::wrk));
    }
    programs
}

/// Every program over one list, interleaved, so that a slow moment of the machine hits them all.
fn measure(
    programs: &[Program],
    input: &Input,
    origin: &Origin,
    repeat: usize,
) -> Result<Vec<Row>> {
    let mut rows: Vec<Vec<Row>> = programs.iter().map(|_| Vec::new()).collect();
    for _ in 0..repeat {
        for (program, rows) in programs.iter().zip(&mut rows) {
            let before = origin.cpu()?;
            let mut row = program(input)?;
            row.origin_cpu = origin.cpu()?.saturating_sub(before);
            rows.push(row);
        }
    }
    Ok(rows.into_iter().filter_map(table::median).collect())
}

/// How much faster two threads of Jarvix are than one, size by size.
fn efficiency(rows: &[Row]) -> String {
    let of = |threads: &'static str| rows.iter().filter(move |row| row.program.ends_with(threads));
    let mut out = String::new();
    for (one, two) in of("1 thread").zip(of("2 threads")) {
        let faster = two.urls_per_s() / one.urls_per_s();
        let cpu = two.run.cpu.as_secs_f64() / one.run.cpu.as_secs_f64();
        let urls = one.answers.asked;
        let share = 50.0 * faster;
        out.push_str(&format!(
            "\n- 1 -> 2 threads, {urls} URLs: {faster:.2} times the URLs/s ({share:.0}% of twice), \
             {cpu:.2} times the CPU"
        ));
    }
    out.push('\n');
    out
}

/// Whether every program had every URL of its list answered, so that all did the same work.
fn counts_are_equal(rows: &[Row]) -> bool {
    let unequal: Vec<&Row> = rows.iter().filter(|row| !row.is_complete()).collect();
    for row in &unequal {
        let (asked, answered) = (row.answers.asked, row.answered());
        eprintln!("NOT EQUAL: {} had {answered} of {asked} answered", row.program);
    }
    unequal.is_empty()
}

fn command_line(args: &Args) -> String {
    let flags = flags(&args.sizes, args.corpus.as_deref());
    format!("cargo xtask bench collect {flags} --repeat {}", args.repeat)
}
