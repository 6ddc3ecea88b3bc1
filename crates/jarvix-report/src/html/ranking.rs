//! The best pages as rows of the report: each with the reason for its place and the points that
//! add up to its score.

use super::{Link, Shown};
use crate::chart::PointScale;
use crate::{Milli, Summary, TopPage, words};

/// The table of the best pages.
pub(crate) struct Ranking {
    pub(crate) rows: Vec<Row>,
    pub(crate) actions: Vec<Shown>,
    pub(crate) caption: String,
}

/// One page of the ranking.
pub(crate) struct Row {
    pub(crate) rank: u64,
    /// The title, or the address of a page without one.
    pub(crate) title: Shown,
    pub(crate) link: Link,
    pub(crate) host: Shown,
    pub(crate) facts: Vec<Shown>,
    pub(crate) repeats: Option<Link>,
    pub(crate) reason: Shown,
    pub(crate) score: Milli,
    pub(crate) words: String,
    pub(crate) word_count: u64,
    pub(crate) action: Shown,
    /// The action's place in the profile's order; decides its pattern.
    pub(crate) tone: usize,
    pub(crate) points: Vec<Points>,
    pub(crate) silent: String,
    /// The sum of the contributions, where it is not the score itself.
    pub(crate) sum: Option<Milli>,
}

/// What one signal gave or took.
pub(crate) struct Points {
    pub(crate) name: String,
    pub(crate) about: Shown,
    pub(crate) points: Milli,
    pub(crate) zero: Milli,
    pub(crate) x: Milli,
    pub(crate) width: Milli,
}

impl Ranking {
    pub(crate) fn of(summary: &Summary) -> Self {
        let points =
            summary.top.iter().flat_map(|page| page.contributions.iter().map(|c| c.points));
        let scale = PointScale::of(points);
        let shown = summary.top.len() as u64;
        Self {
            rows: summary.top.iter().map(|page| Row::of(page, summary, &scale)).collect(),
            actions: summary.actions.iter().map(|a| Shown::of(&a.action)).collect(),
            caption: if shown < summary.scores.count {
                format!(
                    "The best {} of {}, best first.",
                    words::number(shown),
                    words::counted(summary.scores.count, "scored document", "scored documents"),
                )
            } else {
                "All scored documents, best first.".to_owned()
            },
        }
    }
}

impl Row {
    fn of(page: &TopPage, summary: &Summary, scale: &PointScale) -> Self {
        let sum: Milli = page.contributions.iter().map(|c| c.points).sum();
        let title = page.title.as_deref().map(Shown::of).filter(|title| !title.is_empty());
        let mut facts: Vec<Shown> =
            [&page.page_type, &page.language].into_iter().flatten().map(|t| Shown::of(t)).collect();
        facts.extend(page.published.as_deref().map(|date| {
            // A time stamp's day is what a reader wants; the data keep the rest.
            Shown::of(date.split('T').next().unwrap_or(date))
        }));
        facts.retain(|fact| !fact.is_empty());
        Self {
            rank: page.rank,
            title: title.unwrap_or_else(|| Shown::of(&page.url)),
            link: Link::of(&page.url),
            host: Shown::of(&page.host),
            facts,
            repeats: page.duplicate_of.as_deref().map(Link::of),
            reason: Shown::of(&page.reason),
            score: page.score,
            words: page.word_count.map_or_else(|| "–".to_owned(), words::number),
            word_count: page.word_count.unwrap_or(0),
            action: Shown::of(&page.action),
            tone: super::account::tone(summary, &page.action),
            points: points(page, summary, scale),
            silent: silent(page),
            sum: (sum != page.score && !page.contributions.is_empty()).then_some(sum),
        }
    }
}

/// The signals that gave or took points, the strongest first.
fn points(page: &TopPage, summary: &Summary, scale: &PointScale) -> Vec<Points> {
    let mut felt: Vec<_> = page.contributions.iter().filter(|c| c.points != Milli::ZERO).collect();
    felt.sort_by_key(|c| std::cmp::Reverse(c.points.abs()));
    felt.into_iter()
        .map(|c| {
            let signal = summary.profile.signals.iter().find(|s| s.name == c.signal);
            let (x, width) = scale.bar(c.points);
            Points {
                name: Shown::of(&words::spaced(&c.signal)).0,
                about: Shown::of(signal.map_or("", |s| &s.about)),
                points: c.points,
                zero: scale.zero,
                x,
                width,
            }
        })
        .collect()
}

/// The signals that gave nothing, as a list of words.
fn silent(page: &TopPage) -> String {
    let names: Vec<String> = page
        .contributions
        .iter()
        .filter(|c| c.points == Milli::ZERO)
        .map(|c| Shown::of(&words::spaced(&c.signal)).0)
        .collect();
    words::list(&names)
}
