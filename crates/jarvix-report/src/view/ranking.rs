//! The best pages as rows of the report: each with the reason for its place and the points that
//! add up to its score.

use super::{Link, Shown};
use crate::chart::PointScale;
use crate::{Contribution, Milli, Summary, TopPage, words};

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
    /// The language that a screen reader is to read the title in; nothing but a language's code.
    pub(crate) language: Option<String>,
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
    /// The score as a bar of its parts.
    pub(crate) parts: Vec<Part>,
    pub(crate) points: Vec<Points>,
    pub(crate) silent: String,
    /// The sum of the contributions, where it is not the score itself.
    pub(crate) sum: Option<Milli>,
}

/// What one signal gave or took.
pub(crate) struct Points {
    pub(crate) name: String,
    pub(crate) about: Shown,
    /// With its sign.
    pub(crate) points: String,
    /// To a tenth, for paper.
    pub(crate) rounded: String,
    pub(crate) is_loss: bool,
    pub(crate) zero: Milli,
    pub(crate) x: Milli,
    pub(crate) width: Milli,
}

/// A part of a score's bar: what one signal gave, or what all of them took.
pub(crate) struct Part {
    pub(crate) is_loss: bool,
    pub(crate) x: Milli,
    pub(crate) width: Milli,
    pub(crate) label: String,
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
            language: page.title.as_ref().and(page.language.as_deref()).and_then(language),
            link: Link::of(&page.url),
            host: Shown::of(words::host(&page.host)),
            facts,
            repeats: page.duplicate_of.as_deref().map(Link::of),
            reason: Shown::of(&page.reason),
            score: page.score,
            words: page.word_count.map_or_else(|| "–".to_owned(), words::number),
            word_count: page.word_count.unwrap_or(0),
            action: Shown::of(&page.action),
            tone: super::account::tone(summary, &page.action),
            parts: parts(page),
            points: points(page, summary, scale),
            silent: silent(page),
            sum: (sum != page.score && !page.contributions.is_empty()).then_some(sum),
        }
    }
}

/// The code of a language, if it is one by its form: two or three letters, then a script or region.
fn language(code: &str) -> Option<String> {
    let mut parts = code.split('-');
    let letters = |part: &str| part.bytes().all(|b| b.is_ascii_lowercase());
    let is_language = parts.next().is_some_and(|part| matches!(part.len(), 2 | 3) && letters(part));
    let is_more =
        |part: &str| matches!(part.len(), 2..=8) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    (is_language && parts.all(is_more)).then(|| code.to_owned())
}

/// `+12.500`, `−3.000`: the sign as a sign, not as a hyphen.
pub(crate) fn signed(points: Milli) -> String {
    let sign = if points < Milli::ZERO { '\u{2212}' } else { '+' };
    format!("{sign}{:.3}", points.abs())
}

/// The parts of the score's bar in percent of its width: gains from the left, the strongest first,
/// then what was taken away from their end. What would stick out is cut off.
fn parts(page: &TopPage) -> Vec<Part> {
    let end = |milli: i64| Milli(milli.clamp(0, 100_000));
    let mut parts = Vec::new();
    let mut at = 0i64;
    for c in felt(page).into_iter().filter(|c| c.points > Milli::ZERO) {
        let (x, to) = (end(at), end(at.saturating_add(c.points.0)));
        at = at.saturating_add(c.points.0);
        let name = Shown::of(&words::spaced(&c.signal)).0;
        let label = format!("{name} {}", signed(c.points));
        parts.push(Part { is_loss: false, x, width: Milli(to.0 - x.0), label });
    }
    let losses = page.contributions.iter().map(|c| c.points.0.min(0));
    let lost = losses.fold(0i64, i64::saturating_add);
    let (x, to) = (end(at.saturating_add(lost)), end(at));
    if lost < 0 {
        let label = format!("taken away {}", signed(Milli(lost)));
        parts.push(Part { is_loss: true, x, width: Milli(to.0 - x.0), label });
    }
    parts.retain(|part| part.width > Milli::ZERO);
    parts
}

/// The contributions that are not nothing, the strongest first.
fn felt(page: &TopPage) -> Vec<&Contribution> {
    let mut felt: Vec<_> = page.contributions.iter().filter(|c| c.points != Milli::ZERO).collect();
    felt.sort_by_key(|c| std::cmp::Reverse(c.points.abs()));
    felt
}

/// The signals that gave or took points, the strongest first.
fn points(page: &TopPage, summary: &Summary, scale: &PointScale) -> Vec<Points> {
    felt(page)
        .into_iter()
        .map(|c| {
            let signal = summary.profile.signals.iter().find(|s| s.name == c.signal);
            let (x, width) = scale.bar(c.points);
            Points {
                name: Shown::of(&words::spaced(&c.signal)).0,
                about: Shown::of(signal.map_or("", |s| &s.about)),
                points: signed(c.points),
                rounded: format!("{:+.1}", c.points).replace('-', "−"),
                is_loss: c.points < Milli::ZERO,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_code_of_a_language_is_one() {
        for code in ["en", "de", "yue", "pt-BR", "zh-Hant"] {
            assert_eq!(language(code).as_deref(), Some(code));
        }
        for code in ["", "e", "EN", "english", "en-", "en US", "en\"", "\u{202e}en", "x-klingon"] {
            assert_eq!(language(code), None, "{code}");
        }
    }

    #[test]
    fn signs_are_signs() {
        assert_eq!([12_500, 0, -3_000].map(|n| signed(Milli(n))), ["+12.500", "+0.000", "−3.000"]);
    }

    #[test]
    fn the_parts_of_a_bar_end_where_the_score_does() {
        let page = |points: &[i64]| TopPage {
            rank: 1,
            url: String::new(),
            title: None,
            host: String::new(),
            score: Milli::ZERO,
            action: String::new(),
            reason: String::new(),
            contributions: (0..)
                .zip(points)
                .map(|(i, p)| Contribution { signal: format!("s{i}"), points: Milli(*p) })
                .collect(),
            language: None,
            page_type: None,
            word_count: None,
            published: None,
            duplicate_of: None,
        };
        let bar = |points: &[i64]| -> Vec<(bool, i64, i64)> {
            parts(&page(points)).iter().map(|p| (p.is_loss, p.x.0, p.width.0)).collect()
        };
        assert_eq!(
            bar(&[20_000, -5_000, 0, 30_000]),
            [(false, 0, 30_000), (false, 30_000, 20_000), (true, 45_000, 5_000)]
        );
        assert_eq!(bar(&[90_000, 40_000]), [(false, 0, 90_000), (false, 90_000, 10_000)]);
        assert_eq!(bar(&[-10]), []);
        assert_eq!(bar(&[10_000, i64::MIN]).last(), Some(&(true, 0, 10_000)));
    }
}
