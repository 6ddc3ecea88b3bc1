//! Pages over runs: rows come sorted by URL, those of one page are one trend.

use jarvix_core::RunId;
use jarvix_query::{Session, Value};

use super::{Standings, TrendScope, condition, engine};
use crate::error::ScoreError;
use crate::sql::quoted;
use crate::trends::SectionChange;

/// A page is better or worse from this change on, in hundredths of its score before.
const CHANGE_PERCENT: i64 = 10;

/// How a page stands in the last run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// No earlier run has it.
    New,
    /// Its score is more than a tenth above the one before.
    Improved,
    /// Its score is more than a tenth below the one before.
    Declined,
    /// Its score is about what it was.
    Stable,
    /// The last run does not have it.
    Gone,
}

impl Standing {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Improved => "IMPROVED",
            Self::Declined => "DECLINED",
            Self::Stable => "STABLE",
            Self::Gone => "GONE",
        }
    }

    /// How a page stands whose scores in the runs are these, in thousandths of a point.
    pub fn of(scores: &[Option<i64>]) -> Self {
        let (last, earlier) = match scores {
            [earlier @ .., last] => (*last, earlier),
            [] => return Self::Gone,
        };
        let before = earlier.iter().rev().find_map(|score| *score);
        match (before, last) {
            (_, None) => Self::Gone,
            (None, Some(_)) => Self::New,
            (Some(before), Some(now)) => {
                let change = (now - before).saturating_mul(100);
                let limit = before.saturating_mul(CHANGE_PERCENT);
                if change > limit {
                    Self::Improved
                } else if change < -limit {
                    Self::Declined
                } else {
                    Self::Stable
                }
            }
        }
    }
}

/// A page over the runs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PageTrend {
    /// The page.
    pub url: String,
    /// How it stands.
    pub standing: Standing,
    /// Its score in each run, in thousandths of a point; none where the run has no such page.
    pub scores: Vec<Option<i64>>,
    /// Its action in each run.
    pub actions: Vec<Option<String>>,
    /// Whether its text in the last run that has it differs from the one before.
    pub text_changed: bool,
    /// The sections that differ; only of pages that were asked about by name or moved most.
    pub sections: Vec<SectionChange>,
    #[serde(skip)]
    texts: Vec<Option<String>>,
}

impl PageTrend {
    fn begin(url: String, runs: usize) -> Self {
        Self {
            url,
            standing: Standing::Gone,
            scores: vec![None; runs],
            actions: vec![None; runs],
            text_changed: false,
            sections: Vec::new(),
            texts: vec![None; runs],
        }
    }

    fn end(&mut self) {
        self.standing = Standing::of(&self.scores);
        self.text_changed = self.last_two().is_some_and(|(a, b)| self.texts[a] != self.texts[b]);
    }

    /// The numbers of the last two runs that have it, if there are two.
    pub(crate) fn last_two(&self) -> Option<(usize, usize)> {
        let mut there = (0..self.scores.len()).rev().filter(|at| self.scores[*at].is_some());
        let last = there.next()?;
        Some((there.next()?, last))
    }

    /// Its score in the last run.
    pub fn now(&self) -> Option<i64> {
        self.scores.last().copied().flatten()
    }

    /// Its score in the newest earlier run that has it.
    pub fn before(&self) -> Option<i64> {
        self.scores.iter().rev().skip(1).find_map(|score| *score)
    }

    /// By how many thousandths of a point it moved; a page that came or went moved by its score.
    pub fn change(&self) -> i64 {
        self.now().unwrap_or(0) - self.before().unwrap_or(0)
    }
}

/// Goes over the pages of `scope`; see [`trends`](super::trends).
pub(super) async fn follow(
    session: &Session,
    runs: &[RunId],
    scope: &TrendScope,
    movers_max: usize,
    mut each: impl FnMut(&PageTrend) -> std::io::Result<()>,
) -> Result<(Standings, Vec<PageTrend>), ScoreError> {
    let mut rows = session.stream(&sql(runs, scope)).await.map_err(engine)?;
    let mut found = Found { standings: Standings::default(), movers: Vec::new(), movers_max };
    let mut open: Option<PageTrend> = None;
    while let Some(batch) = rows.next_rows().await.map_err(engine)? {
        for row in batch {
            let [url, number, score, action, text] = row.as_slice() else { continue };
            let url = url.to_string();
            if open.as_ref().is_none_or(|page| page.url != url)
                && let Some(done) = open.replace(PageTrend::begin(url, runs.len()))
            {
                found.take(done, &mut each)?;
            }
            let at = number.as_u64().and_then(|at| usize::try_from(at).ok());
            if let (Some(page), Some(at)) = (&mut open, at.filter(|at| *at < runs.len())) {
                page.scores[at] = score.as_thousandths();
                page.actions[at] = Some(action.to_string());
                page.texts[at] =
                    Some(text).filter(|v| !matches!(v, Value::Null)).map(Value::to_string);
            }
        }
    }
    if let Some(done) = open {
        found.take(done, &mut each)?;
    }
    found.settle();
    Ok((found.standings, found.movers))
}

/// One row for a page of a run: the URL, the run's number, score, action and the hash of the text.
fn sql(runs: &[RunId], scope: &TrendScope) -> String {
    let numbers: Vec<String> = (0..)
        .zip(runs)
        .map(|(at, run)| format!("WHEN {} THEN {at}", quoted(run.as_str())))
        .collect();
    format!(
        "SELECT s.url, CASE s.run {} END AS number, s.score, s.action, d.text_hash \
         FROM scores s LEFT JOIN documents d ON d.run = s.run AND d.ordinal = s.ordinal \
         WHERE {} ORDER BY s.url, number",
        numbers.join(" "),
        condition(scope)
    )
}

/// What was found so far.
struct Found {
    standings: Standings,
    movers: Vec<PageTrend>,
    movers_max: usize,
}

impl Found {
    fn take(
        &mut self,
        mut page: PageTrend,
        each: &mut impl FnMut(&PageTrend) -> std::io::Result<()>,
    ) -> Result<(), ScoreError> {
        page.end();
        let count = match page.standing {
            Standing::New => &mut self.standings.new,
            Standing::Improved => &mut self.standings.improved,
            Standing::Declined => &mut self.standings.declined,
            Standing::Stable => &mut self.standings.stable,
            Standing::Gone => &mut self.standings.gone,
        };
        *count += 1;
        each(&page).map_err(|source| ScoreError::Output { source })?;
        self.movers.push(page);
        // Sorted now and then: what a heap would do, and simpler.
        if self.movers.len() > 2 * self.movers_max + 64 {
            self.settle();
        }
        Ok(())
    }

    fn settle(&mut self) {
        self.movers.sort_by(|a, b| {
            b.change().abs().cmp(&a.change().abs()).then_with(|| a.url.cmp(&b.url))
        });
        self.movers.truncate(self.movers_max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_is_the_limit_and_the_newest_earlier_run_counts() {
        use Standing::{Declined, Gone, Improved, New, Stable};
        let cases: [(&[Option<i64>], Standing); 10] = [
            (&[Some(50_000), Some(55_000)], Stable),
            (&[Some(50_000), Some(55_001)], Improved),
            (&[Some(50_000), Some(45_000)], Stable),
            (&[Some(50_000), Some(44_999)], Declined),
            (&[None, Some(1)], New),
            (&[Some(1), None], Gone),
            (&[Some(90_000), None, Some(90_000)], Stable),
            (&[Some(10_000), Some(90_000), Some(90_000)], Stable),
            (&[Some(0), Some(1)], Improved),
            (&[Some(0), Some(0)], Stable),
        ];
        for (scores, standing) in cases {
            assert_eq!(Standing::of(scores), standing, "{scores:?}");
        }
        assert_eq!(Standing::of(&[]), Gone);
    }
}
