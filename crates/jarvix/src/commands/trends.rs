//! `jarvix trends`: the same pages over several runs.

use std::io;

use clap::ArgMatches;
use jarvix_core::RunId;
use jarvix_pipeline::line::runtime;
use jarvix_report::neutralised;
use jarvix_score::{Forecast, NoForecast, PageTrend, SectionFate, TrendScope, Trends, points_text};

use super::context::{Context, known_run, line_error};
use crate::error::{CliError, Exit};
use crate::grid::Grid;
use crate::waiting::Waiting;

/// Shades of a sparkline, from the lowest score to the highest.
const SHADES: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Highest score, in thousandths of a point.
const SCORE_MAX: i64 = 100_000;

/// Follows pages over the runs that are named.
pub fn trends(context: &Context, matches: &ArgMatches) -> Result<Exit, CliError> {
    let store = context.store()?;
    let mut runs: Vec<RunId> = Vec::new();
    for name in matches.get_many::<String>("run").into_iter().flatten() {
        let run = RunId::new(name).map_err(|e| CliError::usage(e.to_string()))?;
        known_run(&store, &run)?;
        if runs.contains(&run) {
            return Err(CliError::usage(format!("run {run} is named twice")));
        }
        runs.push(run);
    }
    if runs.len() < 2 {
        return Err(CliError::usage("trends need at least two runs")
            .help("name them oldest first: jarvix trends --run urls-1 urls-2"));
    }
    let text = |name: &str| matches.get_one::<String>(name).cloned();
    let url = text("url").map(|url| {
        let canonical = jarvix_core::canonicalise(&url).map(|c| c.url().to_string());
        canonical.unwrap_or(url)
    });
    let scope = TrendScope { host: text("host"), url };
    let top = matches.get_one::<usize>("top").copied().unwrap_or_default();
    let query = context.query(&store)?;
    let format = match context.output.json {
        true => "json".to_owned(),
        false => text("format").unwrap_or_default(),
    };
    let mut csv = (format == "csv").then(|| Csv::begin(&runs)).transpose()?;
    let is_csv = csv.is_some();
    let each = |page: &PageTrend| csv.as_mut().map_or(Ok(()), |csv| csv.write(page));
    // Rows that are printed as they come are a sign of life themselves.
    let waiting = Waiting::begin(context.output, "following pages").filter(|_| !is_csv);
    let work = jarvix_score::trends(&query, &runs, &scope, top, each);
    let found = runtime(context.settings.threads()).map_err(line_error)?.block_on(work)?;
    drop(waiting);
    if let Some(csv) = csv {
        csv.finish()?;
        return Ok(Exit::Ok);
    }
    match (format.as_str(), context.output.json) {
        ("json", false) => crate::output::print_json(&serde_json::to_value(&found)?)?,
        _ => {
            context.output.result(("trends", Exit::Ok), &found, || told(context, &runs, &found))?
        }
    }
    let mut profiles = found.runs.iter().filter_map(|run| run.profile_hash.as_ref());
    let first = profiles.next();
    if profiles.any(|other| Some(other) != first) {
        context.output.note("warning: different profiles scored these runs, so a change may be theirs; `jarvix score --run RUN --profile NAME` scores a run anew");
    }
    if found.runs.iter().all(|run| run.pages == 0) {
        context.output.note("none of these runs has such a page with a score");
    }
    Ok(Exit::Ok)
}

/// Every page as a row, as they come.
struct Csv {
    out: csv::Writer<io::Stdout>,
}

impl Csv {
    fn begin(runs: &[RunId]) -> Result<Self, CliError> {
        let terminator = csv::Terminator::CRLF;
        let mut out = csv::WriterBuilder::new().terminator(terminator).from_writer(io::stdout());
        let mut header = ["url", "standing", "change", "text_changed"].map(str::to_owned).to_vec();
        header.extend(runs.iter().map(|run| format!("score_{run}")));
        header.extend(runs.iter().map(|run| format!("action_{run}")));
        out.write_record(header).map_err(io::Error::from)?;
        Ok(Self { out })
    }

    fn write(&mut self, page: &PageTrend) -> io::Result<()> {
        let mut row = vec![
            neutralised(page.url.clone()),
            page.standing.as_str().to_owned(),
            points_text(page.change()),
            page.text_changed.to_string(),
        ];
        row.extend(page.scores.iter().map(|score| score.map(points_text).unwrap_or_default()));
        row.extend(page.actions.iter().map(|a| neutralised(a.clone().unwrap_or_default())));
        self.out.write_record(row).map_err(io::Error::from)
    }

    fn finish(mut self) -> io::Result<()> {
        match self.out.flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            done => done,
        }
    }
}

fn told(context: &Context, runs: &[RunId], found: &Trends) -> String {
    let (width, color) = (context.output.width(), context.output.color);
    let standings = &found.standings;
    let mut text = format!(
        "{} new, {} improved, {} declined, {} stable, {} gone\n\n",
        standings.new, standings.improved, standings.declined, standings.stable, standings.gone
    );
    let mut means = Grid::new(["run", "pages", "mean score", ""]).numbers([1, 2]);
    for run in &found.runs {
        means.push([
            run.run.to_string(),
            run.pages.to_string(),
            run.mean.map(points_text).unwrap_or_default(),
            run.mean.map(|mean| shade(Some(mean)).to_string()).unwrap_or_default(),
        ]);
    }
    text.push_str(&means.render(width, color));
    text.push_str(&format!("next    {}\n", outlook(found)));
    if !found.movers.is_empty() {
        let header = ["standing", "scores", "", "action", "text", "page"];
        let mut pages = Grid::new(header);
        for page in &found.movers {
            pages.push([
                page.standing.as_str().to_owned(),
                scores(page),
                page.scores.iter().map(|score| shade(*score)).collect(),
                actions(page),
                changed(page),
                page.url.clone(),
            ]);
        }
        text.push_str(&format!("\n{}", pages.render(width, color)));
    }
    if let [page] = &found.movers[..] {
        text.push_str(&sections(context, runs, page));
    }
    text
}

fn outlook(found: &Trends) -> String {
    match (&found.forecast, found.no_forecast) {
        (Some(Forecast { point, low, high, missed_by, naive_missed_by }), _) => format!(
            "{point:.1}, in four of five cases {low:.1} to {high:.1} (missed by {missed_by:.1} so far, \"as the last time\" by {naive_missed_by:.1})"
        ),
        (None, Some(NoForecast::NoBetterThanNaive)) => {
            "as the last time: no forecast was nearer than that".to_owned()
        }
        _ => "not enough data for a forecast".to_owned(),
    }
}

/// The last two scores that there are.
fn scores(page: &PageTrend) -> String {
    let text = |score: Option<i64>| score.map_or("–".to_owned(), points_text);
    format!("{} → {}", text(page.before()), text(page.now()))
}

fn actions(page: &PageTrend) -> String {
    let there: Vec<&String> = page.actions.iter().flatten().collect();
    match there.as_slice() {
        [.., before, now] if before != now => format!("{before} → {now}"),
        [.., now] => (*now).clone(),
        [] => String::new(),
    }
}

fn changed(page: &PageTrend) -> String {
    match (page.text_changed, page.sections.len()) {
        (false, _) => String::new(),
        (true, 0) => "changed".to_owned(),
        (true, 1) => "1 section".to_owned(),
        (true, count) => format!("{count} sections"),
    }
}

/// What changed in the text of one page.
fn sections(context: &Context, runs: &[RunId], page: &PageTrend) -> String {
    let mut text = String::new();
    if page.actions.len() > 2 {
        for (run, score) in runs.iter().zip(&page.scores) {
            let score = score.map_or("not there".to_owned(), points_text);
            text.push_str(&format!("  {run}: {score}\n"));
        }
    }
    if page.sections.is_empty() {
        return text;
    }
    let mut grid = Grid::new(["section", "", "words"]);
    for section in &page.sections {
        let (fate, words) = match section.fate {
            SectionFate::Added => ("added", format!("{}", section.words_now)),
            SectionFate::Removed => ("removed", format!("{}", section.words_before)),
            SectionFate::Changed => {
                ("changed", format!("{} → {}", section.words_before, section.words_now))
            }
        };
        let heading = match section.heading.as_str() {
            "" => "(before the first heading)".to_owned(),
            heading => heading.to_owned(),
        };
        grid.push([heading, fate.to_owned(), words]);
    }
    format!("{text}\n{}", grid.render(context.output.width(), context.output.color))
}

/// A score as a bar of one character.
fn shade(score: Option<i64>) -> char {
    let Some(score) = score else { return ' ' };
    let at = score.clamp(0, SCORE_MAX - 1) * SHADES.len() as i64 / SCORE_MAX;
    SHADES[usize::try_from(at).unwrap_or(0)]
}
