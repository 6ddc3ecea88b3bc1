//! Progress bars: a subscriber of the bus like any other. It only listens; with no terminal on
//! stderr, with `--quiet` or with `--json` there is none.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{HumanBytes, HumanCount, MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use jarvix_core::{Event, Outcome, Stage};

use crate::output::Output;

/// What the terminal shows while a run goes on.
pub struct Progress {
    bars: MultiProgress,
    stages: BTreeMap<Stage, ProgressBar>,
    outcomes: BTreeMap<Outcome, u64>,
    bytes_wire: u64,
    /// Where a crawl stands, in words; empty without one.
    level: String,
}

impl Progress {
    /// Bars on stderr, or nothing where nobody would see them.
    pub fn new(output: Output) -> Option<Self> {
        if !output.shows_progress() {
            return None;
        }
        Some(Self {
            bars: MultiProgress::new(),
            stages: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            bytes_wire: 0,
            level: String::new(),
        })
    }

    /// Takes in one event.
    pub fn on_event(&mut self, event: &Event) {
        match event {
            Event::InputAdmitted { admitted, rejects, duplicates, complete, .. } => {
                let bar = self.bar(Stage::Admit, None);
                bar.set_position(*admitted);
                bar.set_message(format!(
                    "{} rejects, {} repeats",
                    HumanCount(*rejects),
                    HumanCount(*duplicates)
                ));
                if *complete {
                    self.finish(Stage::Admit);
                }
            }
            Event::LevelAdmitted { level, depth, .. } => self.level = level_words(*level, *depth),
            Event::StageStarted { stage, total, .. } => {
                // Collect starts once a level; its bar goes on.
                let before = if *stage == Stage::Collect { self.done() } else { 0 };
                let bar = self.bar(*stage, total.map(|total| before + total));
                if bar.is_finished() {
                    bar.reset();
                    bar.set_position(before);
                }
            }
            Event::PagesFetched { outcomes, bytes_wire, in_flight, .. } => {
                self.fetched(outcomes, *bytes_wire, *in_flight);
            }
            Event::StageAdvanced { stage, rows, total, .. } => {
                let bar = self.bar(*stage, *total);
                bar.set_position(*rows);
            }
            Event::StageFinished { stage, .. } => self.finish(*stage),
            Event::TroubleMet { stage, reason, .. } => {
                let line = format!("{stage}: {}", crate::output::plain(reason));
                drop(self.bars.println(line));
            }
            Event::RunEnded { .. } => {
                drop(self.bars.clear());
            }
            Event::RunStarted { .. }
            | Event::PartCommitted { .. }
            | Event::GenerationSwitched { .. }
            | Event::ReportWritten { .. } => {}
        }
    }

    fn fetched(&mut self, outcomes: &[(Outcome, u64)], bytes_wire: u64, in_flight: u32) {
        for (outcome, count) in outcomes {
            *self.outcomes.entry(*outcome).or_default() += count;
        }
        self.bytes_wire += bytes_wire;
        let done = self.done();
        // The most telling first: a narrow terminal cuts the end.
        let mut message = format!("{}{}", self.level, HumanBytes(self.bytes_wire));
        let mut others: Vec<_> =
            self.outcomes.iter().filter(|(o, _)| !o.gives_document()).collect();
        others.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (outcome, count) in others.iter().take(3) {
            message.push_str(&format!(", {count} {outcome}"));
        }
        message.push_str(&format!(", {in_flight} in flight"));
        let bar = self.bar(Stage::Collect, None);
        bar.set_position(done);
        bar.set_message(message);
    }

    /// Pages that were dealt with in this session.
    fn done(&self) -> u64 {
        self.outcomes.values().sum()
    }

    fn bar(&mut self, stage: Stage, total: Option<u64>) -> &ProgressBar {
        let bars = &self.bars;
        let bar = self.stages.entry(stage).or_insert_with(|| {
            // Dressed before it is shown: a bare bar would flash.
            let bar = ProgressBar::hidden();
            bar.set_prefix(stage.as_str());
            bar.set_style(style(false));
            let bar = bars.add(bar);
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        if let Some(total) = total.filter(|total| bar.length() != Some(*total)) {
            bar.set_length(total);
            bar.set_style(style(true));
        }
        bar
    }

    fn finish(&mut self, stage: Stage) {
        if let Some(bar) = self.stages.get(&stage) {
            bar.finish();
        }
    }
}

/// Where a crawl stands.
fn level_words(level: u32, depth: u32) -> String {
    match level {
        0 => "sitemaps, ".to_owned(),
        level => format!("level {level} of {depth}, "),
    }
}

/// With a known total there is a bar and the time that is left.
fn style(with_total: bool) -> ProgressStyle {
    let template = if with_total {
        "{prefix:>7} {bar:10} {human_pos:>6}/{human_len:<6} {rate:>7} {eta:>3} left  {wide_msg}"
    } else {
        "{prefix:>7} {spinner} {human_pos:>6} {rate:>7} {elapsed:>3}  {wide_msg}"
    };
    let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        let text = format!("{}/s", HumanCount(state.per_sec().max(0.0) as u64));
        // Where it cannot be written, nobody sees it.
        out.write_str(&text).unwrap_or_default();
    };
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("rate", rate)
}
