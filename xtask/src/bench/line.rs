//! The line benchmark: from a list of URLs to a finished report, over HTTP, on real pages; what it
//! takes and what it leaves on disk.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use super::ground::{Common, Ground, flags, largest, python};
use super::measure::{self, Run};
use super::origin::Serve;
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub struct Args {
    /// How many URLs; each size is a run of its own
    #[arg(long, value_delimiter = ',', default_values_t = [1_478, 10_000, 50_000])]
    sizes: Vec<usize>,
    /// A folder of .html and .html.gz pages to serve instead of made-up ones
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

const HEAD: &str = "\
| URLs | wall s | CPU s | URLs/s | RSS MB | documents | wire MB | pages MB | raw HTML MB | documents MB | as JSONL MB |
|-----:|-------:|------:|-------:|-------:|----------:|--------:|---------:|------------:|-------------:|------------:|
";

pub fn run(workspace: &Workspace, args: &Args) -> Result<bool> {
    let most = largest(&args.sizes)?;
    let ground = Ground::new(workspace, &args.common)?;
    let python = python(workspace)?;
    let origin = ground.serve(args.corpus.as_deref(), &Serve::fast(most))?;
    let mut result = HEAD.to_owned();
    for &urls in &args.sizes {
        eprintln!("{urls} URLs to a finished report");
        let list = origin.list(urls, &ground.scratch)?;
        let data = ground.empty_folder("line")?;
        let run = one_run(&ground.jarvix, &list, &data)?;
        let script = workspace.root.join("bench/line/sizes.py");
        result.push_str(&row(&run, urls, &sizes(&python, &script, &data)?)?);
    }
    args.common.tell(workspace, ("line", &command_line(args)), &result, true)?;
    Ok(true)
}

fn one_run(jarvix: &Path, list: &Path, data: &Path) -> Result<Run> {
    let mut command = Command::new(jarvix);
    command.arg("run").arg(list).args(["--run", "line", "--json"]);
    command.arg("--data").arg(data).args(["--allow-net", "127.0.0.0/8", "--per-host", "100"]);
    measure::run(command)
}

/// What lies on disk, measured from outside by DuckDB.
fn sizes(python: &Path, script: &Path, data: &Path) -> Result<Value> {
    let mut command = Command::new(python);
    command.arg(script).arg(data.join("runs/line"));
    Ok(serde_json::from_str(&measure::run(command)?.stdout)?)
}

fn row(run: &Run, urls: usize, sizes: &Value) -> Result<String> {
    let mb = |name: &str| -> Result<String> {
        let bytes = sizes[name].as_f64().with_context(|| format!("no size of {name}"))?;
        Ok(format!("{:.1}", bytes / 1e6))
    };
    let told: Value = serde_json::from_str(&run.stdout)?;
    let documents = told["data"]["summary"]["documents"].as_u64().context("no documents")?;
    let (wall, cpu) = (run.wall.as_secs_f64(), run.cpu.as_secs_f64());
    Ok(format!(
        "| {urls} | {wall:.1} | {cpu:.1} | {:.0} | {:.0} | {documents} | {} | {} | {} | {} | {} |\n",
        urls as f64 / wall,
        run.rss_bytes as f64 / 1e6,
        mb("wire")?,
        mb("pages")?,
        mb("html")?,
        mb("documents")?,
        mb("jsonl")?,
    ))
}

fn command_line(args: &Args) -> String {
    format!("cargo xtask bench line {}", flags(&args.sizes, args.corpus.as_deref()))
}
