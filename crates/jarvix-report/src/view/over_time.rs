//! What became of the pages since earlier runs of the same input.

use super::{Link, Shown};
use crate::chart::{LineChart, Sparkline};
use crate::{MovedPage, RunMean, Summary, TrendFacts, words};

/// What the report says of earlier runs; not there where there are none.
pub(crate) struct OverTime {
    pub(crate) note: String,
    pub(crate) outlook: String,
    pub(crate) chart: Option<LineChart>,
    pub(crate) about: String,
    pub(crate) runs: Vec<Run>,
    pub(crate) movers: Vec<Mover>,
}

/// A run's row.
pub(crate) struct Run {
    pub(crate) number: usize,
    pub(crate) name: Shown,
    pub(crate) begun: Shown,
    pub(crate) pages: String,
    pub(crate) mean: String,
}

/// A page's row.
pub(crate) struct Mover {
    pub(crate) link: Link,
    pub(crate) standing: Shown,
    pub(crate) before: String,
    pub(crate) now: String,
    pub(crate) spark: Option<Sparkline>,
    pub(crate) text: String,
    pub(crate) sections: Vec<Shown>,
}

impl OverTime {
    pub(crate) fn of(summary: &Summary) -> Option<Self> {
        let facts = &summary.trends;
        (facts.runs.len() > 1).then(|| Self {
            note: note(facts),
            outlook: outlook(facts),
            chart: LineChart::of(facts),
            about: about(&facts.runs),
            runs: facts.runs.iter().enumerate().map(Run::of).collect(),
            movers: facts.movers.iter().map(Mover::of).collect(),
        })
    }
}

fn note(facts: &TrendFacts) -> String {
    let earlier = facts.runs.len() as u64 - 1;
    let each = [
        (facts.new, "new"),
        (facts.improved, "more than a tenth better"),
        (facts.declined, "more than a tenth worse"),
        (facts.stable, "about as before"),
        (facts.gone, "gone"),
    ];
    let ends: Vec<String> =
        each.iter().map(|(count, what)| format!("{} {what}", words::number(*count))).collect();
    let of = match earlier {
        1 => "the earlier run of the same input".to_owned(),
        more => {
            format!(
                "the newest of {} earlier runs of the same input that has it",
                words::number(more)
            )
        }
    };
    let mut note = format!("Each page is compared with {of}: {}.", words::list(&ends));
    if facts.other_profile > 0 {
        let left_out = words::counted(facts.other_profile, "more run was", "more runs were");
        note.push_str(&format!(" {left_out} scored by another profile and cannot be compared."));
    }
    note
}

fn outlook(facts: &TrendFacts) -> String {
    match facts.outlook {
        Some(next) => format!(
            "The next mean score is expected at {:.1}, and in four of five cases between {:.1} and {:.1}; on the runs so far this was nearer than “as the last time”.",
            next.point, next.low, next.high
        ),
        None => facts.no_outlook.clone(),
    }
}

/// What the chart shows, in a sentence.
fn about(runs: &[RunMean]) -> String {
    let means: Vec<_> = runs.iter().filter_map(|run| run.mean).collect();
    match means.as_slice() {
        [first, .., last] => {
            format!("Mean score by run, from {first:.1} in the first to {last:.1} in this one.")
        }
        _ => "There are not two runs with scores.".to_owned(),
    }
}

impl Run {
    fn of((at, run): (usize, &RunMean)) -> Self {
        Self {
            number: at + 1,
            name: Shown::of(run.run.as_str()),
            begun: Shown::of(&run.begun),
            pages: words::number(run.pages),
            mean: run.mean.map_or_else(|| "–".to_owned(), |mean| format!("{mean:.1}")),
        }
    }
}

impl Mover {
    fn of(page: &MovedPage) -> Self {
        let score = |score: Option<crate::Milli>| {
            score.map_or_else(|| "–".to_owned(), |score| format!("{score:.1}"))
        };
        let text = match (page.text_changed, page.sections.as_slice()) {
            (false, _) => "",
            (true, []) => "its text changed",
            (true, _) => "changed:",
        };
        Self {
            link: Link::of(&page.url),
            standing: Shown::of(&page.standing.to_lowercase()),
            before: score(page.before),
            now: score(page.now),
            spark: Sparkline::of(&page.scores),
            text: text.to_owned(),
            sections: page.sections.iter().map(|heading| Shown::of(heading)).collect(),
        }
    }
}
