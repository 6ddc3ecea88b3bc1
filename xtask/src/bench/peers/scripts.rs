//! Peers that are libraries: each is a program of a few lines in `bench/collect`, tuned as its
//! users tune it, with the list and a place for the result as its arguments.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::super::ground::{bytes_in, empty_folder};
use super::super::measure::{self, Run};
use super::super::table::Row;
use super::{Answers, Desk, Input};

/// reqwest, a hundred at a time, all pages in memory, Parquet at the end.
pub fn twenty_lines(program: &Path, input: &Input, desk: &Desk) -> Result<Row> {
    in_memory("twenty lines of reqwest", Command::new(program), input, desk)
}

/// aiohttp on uvloop, the same way.
pub fn aiohttp(python: &Path, input: &Input, desk: &Desk) -> Result<Row> {
    let mut command = Command::new(python);
    command.arg(desk.scripts.join("aiohttp_peer.py"));
    in_memory("aiohttp", command, input, desk)
}

/// Runs what writes one Parquet file, and has DuckDB count it.
fn in_memory(name: &str, mut command: Command, input: &Input, desk: &Desk) -> Result<Row> {
    let folder = empty_folder(&input.scratch, "peer")?;
    let pages = folder.join("pages.parquet");
    command.arg(&input.list_by_address).arg(&pages);
    let run = measure::run(command)?;
    let mut count = Command::new(&desk.python);
    count.arg(desk.scripts.join("rows.py")).arg(&pages);
    let answers = Answers::parse(&measure::run(count)?.stdout)?;
    Ok(row(name, input, run, answers, &folder).without("robots, limits, fsync, bounded memory"))
}

/// Scrapy, to a file of JSON lines.
pub fn scrapy(python: &Path, input: &Input, desk: &Desk) -> Result<Row> {
    let folder = empty_folder(&input.scratch, "peer")?;
    let items = folder.join("pages.jsonl");
    let mut command = Command::new(python);
    command.arg(desk.scripts.join("scrapy_peer.py")).arg(&input.list_by_address).arg(&items);
    let run = measure::run(command)?;
    let answers = Answers::of_json_lines(&items)?;
    Ok(row("Scrapy", input, run, answers, &folder).without("robots, limits, fsync, resume"))
}

/// Crawlee's `HttpCrawler`, with its queue and its items where it keeps them.
pub fn crawlee(modules: &Path, input: &Input, desk: &Desk) -> Result<Row> {
    let folder = empty_folder(&input.scratch, "peer")?;
    let mut command = Command::new("node");
    command.arg(desk.scripts.join("crawlee_peer.cjs")).arg(&input.list_by_address);
    command.env("NODE_PATH", modules).env("CRAWLEE_STORAGE_DIR", &folder);
    let run = measure::run(command)?;
    let answers = Answers::of_json_files(&folder.join("datasets/default"))?;
    Ok(row("Crawlee", input, run, answers, &folder).without("robots, limits, fsync"))
}

fn row(name: &str, input: &Input, run: Run, answers: Answers, folder: &Path) -> Row {
    Row::new(name, Some(input.urls), run, answers).stored(bytes_in(folder))
}
