//! The run in a few sentences: what came of it, and what stands out, each with the figure that it
//! rests on. Words only: how they look is a renderer's matter, and so is making the texts harmless
//! that come from pages.

use jarvix_core::Outcome;

use crate::{Summary, words};

/// A piece of a sentence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Our own words.
    Ours(String),
    /// A name or text from outside, as it came.
    Theirs(String),
}

/// One sentence, piece by piece.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sentence(pub(crate) Vec<Piece>);

/// Something that stands out.
pub(crate) struct Finding {
    /// What it is about, in a word or two.
    pub(crate) about: &'static str,
    pub(crate) sentence: Sentence,
}

impl Sentence {
    fn new(ours: impl Into<String>) -> Self {
        Self::default().ours(ours)
    }

    fn ours(mut self, text: impl Into<String>) -> Self {
        self.0.push(Piece::Ours(text.into()));
        self
    }

    fn theirs(mut self, text: &str) -> Self {
        self.0.push(Piece::Theirs(text.to_owned()));
        self
    }
}

/// What came of the run.
pub(crate) fn lead(summary: &Summary) -> Vec<Sentence> {
    let input = &summary.input;
    if input.lines == 0 && summary.pages() == 0 {
        return vec![Sentence::new("The input had no lines, so there is nothing to report.")];
    }
    let lines = format!(
        "Of {}, {} became {}; {} could not be used and {} repeated an earlier one.",
        words::counted(input.lines, "line", "lines"),
        words::number(input.pages),
        if input.pages == 1 { "a page" } else { "pages" },
        words::number(input.rejects),
        words::number(input.duplicates),
    );
    let part = || {
        let pages = words::counted(summary.pages(), "page", "pages");
        format!("This part of the run {} has {pages}.", summary.run)
    };
    // Lines are of the whole run.
    let first = if summary.part.is_some() { part() } else { lines };
    let mut sentences = vec![Sentence::new(first)];
    if input.pages_from_links > 0 {
        sentences.push(Sentence::new(format!(
            "Beside them, {} found through links and sitemaps.",
            words::counted(input.pages_from_links, "page was", "pages were"),
        )));
    }
    if input.left > 0 {
        sentences.push(Sentence::new(format!(
            "The run is not finished: {} not fetched yet.",
            words::counted(input.left, "page is", "pages are"),
        )));
    }
    if summary.pages() > 0 {
        sentences.push(Sentence::new(pages(summary)));
    }
    sentences.extend(scores(summary));
    sentences.extend(best(summary));
    sentences
}

fn pages(summary: &Summary) -> String {
    let pages = summary.pages();
    let mut ends = vec![
        format!("{} gave a document", words::number(summary.documents)),
        format!("{} failed", words::number(summary.failed())),
    ];
    let unread = summary.giving().saturating_sub(summary.documents);
    let others = [
        (unread, "not curated yet"),
        (summary.ended(Outcome::RobotsDenied), "left alone, as robots.txt asks"),
        (summary.ended(Outcome::NotContent), "not text"),
        (summary.ended(Outcome::Budget), "over the pages per host that were allowed"),
    ];
    for (count, what) in others.into_iter().filter(|(count, _)| *count > 0) {
        let verb = if count == 1 { "was" } else { "were" };
        ends.push(format!("{} {verb} {what}", words::number(count)));
    }
    format!("Of {}, {}.", words::counted(pages, "page", "pages"), words::list(&ends))
}

fn scores(summary: &Summary) -> Option<Sentence> {
    let (median, favoured) = (summary.scores.median?, summary.actions.first()?);
    let start = format!(
        "Half of the scored documents reach {median:.1} of 100 or more, and {} ({}) {} marked ",
        words::number(favoured.count),
        words::share(favoured.count, summary.scores.count),
        if favoured.count == 1 { "is" } else { "are" },
    );
    Some(Sentence::new(start).theirs(&favoured.action).ours("."))
}

fn best(summary: &Summary) -> Option<Sentence> {
    let best = summary.top.first()?;
    let title = best.title.as_deref().filter(|title| !title.trim().is_empty());
    let mut sentence = Sentence::new("First comes “").theirs(title.unwrap_or(&best.url)).ours("”");
    if !best.host.is_empty() {
        sentence = sentence.ours(" on ").theirs(&best.host);
    }
    Some(sentence.ours(format!(" with {:.1}.", best.score)))
}

/// What stands out, in the order of the report.
pub(crate) fn findings(summary: &Summary) -> Vec<Finding> {
    [
        ("Since earlier runs", over_time(summary)),
        ("Hosts", hosts(summary)),
        ("Kinds and languages", kinds(summary)),
        ("Politeness", manners(summary)),
        ("Failures", failures(summary)),
        ("Held back", held_back(summary)),
        ("Left out", left_out(summary)),
        ("Repeats", repeats(summary)),
    ]
    .into_iter()
    .filter_map(|(about, sentence)| Some(Finding { about, sentence: sentence? }))
    .collect()
}

fn over_time(summary: &Summary) -> Option<Sentence> {
    let facts = &summary.trends;
    let mut means = facts.runs.iter().rev().filter_map(|run| run.mean);
    let (now, before) = (means.next()?, means.next()?);
    let moved = [
        (facts.improved, "more than a tenth better"),
        (facts.declined, "more than a tenth worse"),
        (facts.new, "new"),
        (facts.gone, "gone"),
    ];
    let moved: Vec<String> =
        moved.iter().map(|(count, what)| format!("{} {what}", words::number(*count))).collect();
    let next = facts.outlook.map_or_else(String::new, |next| {
        format!(" The next mean is expected between {:.1} and {:.1}.", next.low, next.high)
    });
    let mean = if now == before {
        format!("The mean score is {now:.1} again")
    } else {
        format!("The mean score went from {before:.1} to {now:.1} since the last one")
    };
    let moved = words::list(&moved);
    Some(Sentence::new(format!(
        "{mean}. Page by page, against the newest earlier run that has it: {moved}.{next}"
    )))
}

/// The row that has more than every other.
fn most<T>(rows: &[T], count: impl Fn(&T) -> u64) -> Option<&T> {
    let first = rows.iter().max_by_key(|row| count(row))?;
    let equals = rows.iter().filter(|row| count(row) == count(first)).count();
    (equals == 1).then_some(first)
}

fn hosts(summary: &Summary) -> Option<Sentence> {
    let first = summary.hosts.first().filter(|first| !first.host.is_empty())?;
    let hosts = summary.hosts.len() as u64 + summary.hosts_left_out;
    if hosts == 1 {
        return Some(Sentence::new("All pages are on ").theirs(&first.host).ours("."));
    }
    let sentence = Sentence::new(format!("The pages are on {} hosts.", words::number(hosts)));
    let Some(largest) = most(&summary.hosts, |host| host.pages) else { return Some(sentence) };
    let end = format!(
        " has most of them: {} ({}).",
        words::number(largest.pages),
        words::share(largest.pages, summary.pages())
    );
    Some(sentence.ours(" ").theirs(&largest.host).ours(end))
}

fn kinds(summary: &Summary) -> Option<Sentence> {
    let known = |groups: &[crate::GroupCount]| {
        let group = most(groups, |group| group.count).filter(|group| !group.name.is_empty())?;
        let share = words::share(group.count, summary.documents);
        Some((group.name.clone(), format!(" ({share})")))
    };
    let kind = known(&summary.page_types);
    let language = known(&summary.languages);
    let sentence = match (kind, language) {
        (None, None) => return None,
        (Some((kind, share)), None) => {
            Sentence::new("The most frequent kind of page is ").theirs(&kind).ours(share)
        }
        (None, Some((language, share))) => {
            Sentence::new("The most frequent language is ").theirs(&language).ours(share)
        }
        (Some((kind, kind_share)), Some((language, share))) => {
            Sentence::new("The most frequent kind of page is ")
                .theirs(&kind)
                .ours(format!("{kind_share}, the most frequent language "))
                .theirs(&language)
                .ours(share)
        }
    };
    Some(sentence.ours("."))
}

fn manners(summary: &Summary) -> Option<Sentence> {
    let facts = &summary.politeness;
    let given_up = match facts.suspended {
        0 => String::new(),
        n => format!("; {} given up", words::counted(n, "host was", "hosts were")),
    };
    (facts.hosts > 0).then(|| {
        Sentence::new(format!(
            "{} to {}, at most {} under way at one host at a time{given_up}.",
            words::counted(facts.requests, "request", "requests"),
            words::counted(facts.hosts, "host", "hosts"),
            words::number(facts.concurrency_max),
        ))
    })
}

fn failures(summary: &Summary) -> Option<Sentence> {
    let causes: Vec<_> = summary.failures.iter().filter(|c| c.outcome.is_failure()).collect();
    let mut sentence = match most(&causes, |cause| cause.count) {
        None if causes.is_empty() => return None,
        None => Sentence::new("No cause stands out."),
        Some(cause) => {
            let of = format!(
                "{}, with {} of {}.",
                words::spaced(cause.outcome.as_str()),
                words::number(cause.count),
                words::counted(summary.failed(), "failed page", "failed pages")
            );
            match cause.reason.trim() {
                "" => Sentence::new(format!("The most frequent cause is {of}")),
                reason => {
                    let start = Sentence::new("The most frequent cause is “");
                    start.theirs(reason).ours(format!("”, {of}"))
                }
            }
        }
    };
    if let Some(host) = most(&summary.failing_hosts, |host| host.failed) {
        let count = words::number(host.failed);
        let end = format!(": {count} of its {}.", words::counted(host.pages, "page", "pages"));
        sentence = sentence.ours(" Most failed on ").theirs(words::host(&host.host)).ours(end);
    }
    Some(sentence)
}

fn held_back(summary: &Summary) -> Option<Sentence> {
    let gated = summary.gated();
    let most = most(&summary.gates, |gate| gate.count).map_or_else(String::new, |gate| {
        let name = words::spaced(gate.gate.as_str());
        format!(", most often as {name}: {}", words::number(gate.count))
    });
    (gated > 0).then(|| {
        Sentence::new(format!(
            "{} ({}) {} held back as no content{most}.",
            words::counted(gated, "document", "documents"),
            words::share(gated, summary.documents),
            if gated == 1 { "was" } else { "were" },
        ))
    })
}

fn left_out(summary: &Summary) -> Option<Sentence> {
    let all = summary.crawl.left_out.iter().map(|row| row.count).sum();
    let most = most(&summary.crawl.left_out, |row| row.count).map_or_else(String::new, |row| {
        let cause = words::spaced(row.cause.as_str());
        format!(", most often for {cause}: {}", words::number(row.count))
    });
    (all > 0).then(|| {
        let addresses = words::counted(all, "address was", "addresses were");
        Sentence::new(format!("{addresses} found and left out{most}."))
    })
}

fn repeats(summary: &Summary) -> Option<Sentence> {
    let facts = &summary.duplicates;
    (facts.repeated > 0).then(|| {
        Sentence::new(format!(
            "{} another one ({} of all), in {}.",
            words::counted(facts.repeated, "document repeats", "documents repeat"),
            words::share(facts.repeated, summary.documents),
            words::counted(facts.clusters, "group", "groups"),
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FailureCause, HostRow, Milli, Outlook, RunMean};
    use jarvix_core::RunId;

    fn summary() -> Summary {
        Summary::empty(RunId::new("brief-1").expect("an id"), "brief")
    }

    fn text(sentence: Option<Sentence>) -> String {
        let pieces = sentence.into_iter().flat_map(|sentence| sentence.0);
        pieces
            .map(|piece| match piece {
                Piece::Ours(text) => text,
                Piece::Theirs(text) => format!("[{text}]"),
            })
            .collect()
    }

    #[test]
    fn nothing_stands_out_in_nothing() {
        assert_eq!(findings(&summary()).len(), 0);
        assert_eq!(lead(&summary()).len(), 1);
    }

    #[test]
    fn one_is_not_many() {
        let mut summary = summary();
        let host = HostRow {
            host: "a.example".to_owned(),
            pages: 1,
            failed: 1,
            documents: 0,
            mean_score: None,
        };
        summary.hosts = vec![host];
        assert_eq!(text(hosts(&summary)), "All pages are on [a.example].");
        summary.hosts[0].host.clear();
        assert_eq!(hosts(&summary), None, "local files are on no host");
        summary.outcomes = vec![crate::OutcomeCount::new(Outcome::Dns, 1)];
        summary.failures = vec![FailureCause {
            outcome: Outcome::Dns,
            reason: String::new(),
            count: 1,
            examples: Vec::new(),
        }];
        let expected = "The most frequent cause is dns, with 1 of 1 failed page.";
        assert_eq!(text(failures(&summary)), expected);
        let again = summary.failures[0].clone();
        summary.failures.push(again);
        assert_eq!(text(failures(&summary)), "No cause stands out.", "of equals none is most");
    }

    #[test]
    fn runs_without_scores_are_passed_over() {
        let mut summary = summary();
        let run = |mean: Option<i64>| RunMean {
            run: RunId::new("brief-1").expect("an id"),
            begun: String::new(),
            pages: 1,
            mean: mean.map(Milli),
        };
        summary.trends.runs = vec![run(Some(40_000)), run(None)];
        assert_eq!(over_time(&summary), None);
        summary.trends.runs.push(run(Some(41_000)));
        summary.trends.outlook =
            Some(Outlook { point: Milli(42_000), low: Milli(41_000), high: Milli(43_000) });
        let said = text(over_time(&summary));
        assert!(
            said.starts_with(
                "The mean score went from 40.0 to 41.0 since the last one. Page by page"
            ),
            "{said}"
        );
        assert!(said.ends_with(" expected between 41.0 and 43.0."), "{said}");
    }
}
