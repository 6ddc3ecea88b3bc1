//! Jarvix itself, as a user would run it: robots.txt, limits, journal and parts as they are unless
//! told otherwise. It is told that loopback may be fetched, because that is where the origin is.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::super::ground::{bytes_in, empty_folder};
use super::super::measure;
use super::super::table::Row;
use super::{Answers, CONCURRENT, Desk, Input};

/// The run that is made.
const RUN: &str = "bench";

/// The arguments of a collect run over `list`.
pub fn collect_flags(command: &mut Command, list: &Path, data: &Path) {
    command.args(["collect", "--run", RUN, "--allow-net", "127.0.0.0/8", "--json", "--quiet"]);
    command.arg("--input").arg(list).arg("--data").arg(data);
}

/// `jarvix collect` with so many threads.
pub fn collect(program: &Path, threads: u32, input: &Input, desk: &Desk) -> Result<Row> {
    let data = empty_folder(&input.scratch, "data")?;
    let mut command = Command::new(program);
    collect_flags(&mut command, &input.list, &data);
    command.args(["--concurrent", CONCURRENT, "--threads", &threads.to_string()]);
    let run = measure::run(command)?;
    let answers = count_pages(desk, &data)?;
    let program = format!("jarvix, {threads} thread{}", if threads == 1 { "" } else { "s" });
    let row = Row::new(&program, Some(input.urls), run, answers);
    Ok(row.stored(bytes_in(&data)).without("nothing"))
}

/// What the run fetched, counted by DuckDB and not by Jarvix.
pub fn count_pages(desk: &Desk, data: &Path) -> Result<Answers> {
    let mut count = Command::new(&desk.python);
    count.arg(desk.scripts.join("pages.py")).arg(data.join("runs").join(RUN).join("pages"));
    Answers::parse(&measure::run(count)?.stdout)
}
