//! `jarvix bench`: what this machine does with this program. Each figure is a process of its own,
//! `jarvix` itself on pages from loopback, measured from outside; the server is this process, so
//! its work counts for nobody. Comparisons with other programs are `cargo xtask bench`.

mod child;
mod steps;

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::ArgMatches;
use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::context::Context;
use crate::error::{CliError, Exit};
use crate::interrupt;
use child::Used;
use steps::{Ground, Step};

/// How much of the machine is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Load {
    /// One thread, ten fetches at a time.
    Low,
    /// Every thread, a hundred fetches at a time.
    High,
}

/// One step at one size.
struct Figure {
    step: Step,
    size: u64,
    used: Used,
}

impl Figure {
    fn per_s(&self) -> f64 {
        self.step.done(self.size) as f64 / self.used.wall.as_secs_f64()
    }

    fn to_json(&self) -> Map<String, Value> {
        let rounded = |x: f64, digits: i32| {
            let scale = 10_f64.powi(digits);
            (x * scale).round() / scale
        };
        let seconds = |d: Duration| rounded(d.as_secs_f64(), 3);
        let fields = [
            ("bench", json!(self.step.name())),
            (self.step.unit(), json!(self.size)),
            (self.step.rate_name(), json!(rounded(self.per_s(), 2))),
            ("wall_s", json!(seconds(self.used.wall))),
            ("cpu_s", json!(seconds(self.used.cpu))),
            ("rss_mb", json!(rounded(self.used.rss_bytes as f64 / 1e6, 1))),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// Measures what was asked for, and says it.
pub fn bench(context: &Context, matches: &ArgMatches) -> Result<Exit, CliError> {
    let steps = match matches.get_one::<String>("what").map_or("all", String::as_str) {
        "all" => Step::ALL.to_vec(),
        name => Step::ALL.iter().copied().filter(|step| step.name() == name).collect(),
    };
    let sizes = sizes(matches)?;
    let load = match matches.get_one::<String>("load").map(String::as_str) {
        Some("low") => Load::Low,
        _ => Load::High,
    };
    let corpus = matches.get_one::<String>("corpus").map(PathBuf::from);
    let stop = interrupt::listen()?;
    let ground = Ground::new(context, corpus, load)?;
    let mut figures = Vec::new();
    for &step in &steps {
        for &size in &sizes {
            let bar = spinner(context, step, size);
            let used = ground.measure(step, size);
            bar.finish_and_clear();
            if stop.load(Ordering::SeqCst) {
                return Ok(Exit::Interrupted);
            }
            figures.push(Figure { step, size, used: used? });
        }
    }
    context.output.result(("bench", Exit::Ok), &data(&figures, load), || text(&figures))?;
    Ok(Exit::Ok)
}

fn sizes(matches: &ArgMatches) -> Result<Vec<u64>, CliError> {
    let words = matches.get_many::<String>("sizes").into_iter().flatten();
    let number = |word: &String| match word.trim().replace('_', "").parse() {
        Ok(0) | Err(_) => Err(CliError::usage(format!("{word:?} is not a number of pages"))
            .help("such as --sizes 1000,10000")),
        Ok(size) => Ok(size),
    };
    words.map(number).collect()
}

/// Something that moves while a figure is taken; nothing where nobody sees it.
fn spinner(context: &Context, step: Step, size: u64) -> ProgressBar {
    let output = context.output;
    if !output.shows_progress() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    bar.set_message(format!("{} {size} {}", step.name(), step.unit()));
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// The last figure by itself, and all of them in `figures`.
fn data(figures: &[Figure], load: Load) -> Value {
    let mut data = figures.last().map(Figure::to_json).unwrap_or_default();
    data.insert("load".to_owned(), json!(load));
    let all: Vec<Value> = figures.iter().map(|figure| Value::Object(figure.to_json())).collect();
    data.insert("figures".to_owned(), Value::Array(all));
    Value::Object(data)
}

fn text(figures: &[Figure]) -> String {
    let mut out = format!(
        "{:8} {:>16} {:>22} {:>8} {:>8} {:>7}\n",
        "bench", "size", "rate", "wall s", "CPU s", "RSS MB"
    );
    for figure in figures {
        out.push_str(&format!(
            "{:8} {:>16} {:>22} {:>8.2} {:>8.2} {:>7.0}\n",
            figure.step.name(),
            format!("{} {}", figure.size, figure.step.unit()),
            format!("{:.1} {}", figure.per_s(), figure.step.rate_name().replace("_per_s", "/s")),
            figure.used.wall.as_secs_f64(),
            figure.used.cpu.as_secs_f64(),
            figure.used.rss_bytes as f64 / 1e6,
        ));
    }
    out
}
