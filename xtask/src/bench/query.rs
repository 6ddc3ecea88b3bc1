//! The query benchmark: a filter and a group-by over many rows, asked of `jarvix query`, DuckDB and
//! Polars by turns, of the same files.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use super::ground::{Common, empty_folder};
use super::measure::{self, Run};
use super::score::{build, make, peers};
use super::{table, target};
use crate::workspace::Workspace;

const OF_DUCKDB_MAX: f64 = 1.2;
/// The same as in `bench/score/peers.py`.
const QUERY: &str = "SELECT CAST(floor(mean_word_length) AS INTEGER) AS letters, count(*) AS n, \
                     avg(word_count) AS words, max(alpha_word_ratio) AS most \
                     FROM documents WHERE link_density < 0.5 GROUP BY 1 ORDER BY 1";

#[derive(clap::Args)]
pub struct Args {
    /// How many rows
    #[arg(long, default_value_t = 10_000_000)]
    rows: u64,
    /// How many of them stand in a part
    #[arg(long, value_delimiter = ',', default_values_t = [4_096, 1_000_000])]
    part_rows: Vec<u64>,
    /// How often each is asked; the median is shown
    #[arg(long, default_value_t = 7)]
    repeat: usize,
    #[command(flatten)]
    common: Common,
}

const HEADS: [&str; 6] =
    ["program", "rows of a part", "whole program s", "engine s", "CPU s", "peak RSS MB"];

/// One answer: what it took, and what it said of the groups.
struct Answer {
    run: Run,
    /// Seconds inside the engine, where the program says so.
    engine: Option<f64>,
    groups: Vec<u64>,
}

pub fn run(workspace: &Workspace, args: &Args) -> Result<bool> {
    let example = build(workspace)?;
    let program = workspace.target.join("release/jarvix");
    let scratch = empty_folder(&workspace.target.join("bench"), "query")?;
    let (mut rows, mut verdicts, mut right) = (Vec::new(), String::new(), true);
    for &part_rows in &args.part_rows {
        eprintln!("writing {} rows in parts of {part_rows}", args.rows);
        let data = make(&example, &scratch.join("data"), ("rows", args.rows, part_rows))?;
        let files = data.join("runs/made-up/documents/*.parquet");
        let mut all = [Vec::new(), Vec::new(), Vec::new()];
        // By turns, so that all see the same machine.
        for _ in 0..args.repeat.max(1) {
            all[0].push(jarvix(&program, &data)?);
            all[1].push(peer(workspace, "duckdb", &files)?);
            all[2].push(peer(workspace, "polars", &files)?);
        }
        let [ours, duckdb, polars] = all.map(median);
        right &= ours.groups == duckdb.groups && ours.groups == polars.groups;
        let ratio = ours.run.wall.as_secs_f64() / duckdb.engine.unwrap_or(f64::NAN);
        let whole = ours.run.wall.as_secs_f64() / duckdb.run.wall.as_secs_f64();
        verdicts.push_str(&format!(
            "- both programs from start to end, parts of {part_rows}: {whole:.2} times DuckDB's time\n"
        ));
        verdicts.push_str(&target::line(
            &format!("jarvix, its start included, to DuckDB's engine, parts of {part_rows}"),
            &format!("{ratio:.2} times"),
            "<= 1.2",
            ratio <= OF_DUCKDB_MAX,
        ));
        for (name, answer) in [("jarvix query", ours), ("DuckDB", duckdb), ("Polars", polars)] {
            rows.push(cells(name, part_rows, &answer));
        }
        std::fs::remove_dir_all(&data)?;
    }
    if !right {
        eprintln!("NOT EQUAL: the programs gave different answers");
    }
    let result = table::markdown(&HEADS, &rows) + "\n" + &verdicts;
    let parts: Vec<String> = args.part_rows.iter().map(u64::to_string).collect();
    let command = format!(
        "cargo xtask bench query --rows {} --part-rows {} --repeat {}",
        args.rows,
        parts.join(","),
        args.repeat
    );
    args.common.tell(workspace, ("query", &command), &result, right)?;
    Ok(right)
}

fn jarvix(program: &Path, data: &Path) -> Result<Answer> {
    let mut command = Command::new(program);
    command.args(["query", QUERY, "--format", "jsonl", "--threads", "2", "--data"]).arg(data);
    let run = measure::run(command)?;
    let count = |line: &str| {
        serde_json::from_str(line).ok().and_then(|row: serde_json::Value| row["n"].as_u64())
    };
    let groups: Vec<u64> = run.stdout.lines().filter_map(count).collect();
    Ok(Answer { run, engine: None, groups })
}

fn peer(workspace: &Workspace, name: &str, files: &Path) -> Result<Answer> {
    let mut command = peers(workspace, &["query", name], &[files])?;
    command.arg("2").env("POLARS_MAX_THREADS", "2");
    let run = measure::run(command)?;
    let said = run.told()?;
    let Some(rows) = said["rows"].as_array() else { bail!("{name} gave no rows") };
    let groups = rows.iter().filter_map(|row| row[1].as_u64()).collect();
    Ok(Answer { run, engine: said["seconds"].as_f64(), groups })
}

/// The answer that took the median time.
fn median(mut answers: Vec<Answer>) -> Answer {
    let time = |answer: &Answer| answer.engine.unwrap_or(answer.run.wall.as_secs_f64());
    answers.sort_by(|a, b| time(a).total_cmp(&time(b)));
    answers.swap_remove(answers.len() / 2)
}

fn cells(program: &str, part_rows: u64, answer: &Answer) -> Vec<String> {
    let run = &answer.run;
    vec![
        program.to_owned(),
        part_rows.to_string(),
        format!("{:.3}", run.wall.as_secs_f64()),
        answer.engine.map_or("-".to_owned(), |seconds| format!("{seconds:.3}")),
        format!("{:.2}", run.cpu.as_secs_f64()),
        format!("{:.0}", run.rss_bytes as f64 / 1e6),
    ]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_median_goes_by_the_engine_where_it_is_told() {
        let answer = |wall_ms, engine| Answer {
            run: Run {
                wall: Duration::from_millis(wall_ms),
                cpu: Duration::ZERO,
                rss_bytes: 0,
                stdout: String::new(),
            },
            engine,
            groups: vec![wall_ms],
        };
        let by_wall = vec![answer(3, None), answer(1, None), answer(2, None)];
        assert_eq!(median(by_wall).groups, [2]);
        let by_engine = vec![answer(3, Some(0.1)), answer(1, Some(0.3)), answer(2, Some(0.2))];
        assert_eq!(median(by_engine).groups, [2]);
        let by_engine = vec![answer(3, Some(0.2)), answer(1, Some(0.3)), answer(2, Some(0.1))];
        assert_eq!(median(by_engine).groups, [3]);
    }
}
