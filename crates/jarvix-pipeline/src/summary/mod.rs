//! The summary of a run, computed by SQL over its committed parts and handed to the report as
//! plain values.
//!
//! Everything is ordered and every sum is of integers or decimals, so the same parts give the same
//! summary on any machine. What is not asked here: the clock, the network, events.

mod documents;
pub(crate) mod found;
mod pages;
pub(crate) mod politeness;
mod ranking;
mod scores;
mod trends;

use jarvix_collect::admit::{Admission, Crawled};
use jarvix_core::{Dataset, Outcome, RunId, Stage};
use jarvix_query::{Query, Session, Table, Value};
use jarvix_report::{InputFacts, ProfileFacts, Setting, Sizes, Summary};
use jarvix_store::Store;
use serde::{Deserialize, Serialize};

use crate::{CrawlSettings, LineError, RunSettings, identity};

pub(crate) use pages::readable;
pub use pages::{failing_hosts, failures};
pub use politeness::politeness;
pub use ranking::ranking;
pub(crate) use trends::earlier;

/// What the report says of the profile that made the scores: kept with their generation, because
/// the profile's file may have changed since.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ScoredBy {
    /// Name, hash, signals.
    pub profile: ProfileFacts,
    /// Actions and what they mean, the most favoured first.
    pub actions: Vec<(String, String)>,
}

/// The name of the note that holds [`ScoredBy`] for a generation of scores.
pub fn scored_by_note(generation: jarvix_core::Generation) -> String {
    format!("scored_by.{generation}")
}

/// The summary of `run`, with `top` rows of the ranking.
pub async fn summary(
    store: &Store,
    query: &Query,
    run: &RunId,
    top: usize,
) -> Result<Summary, LineError> {
    let session = query.session_for_run(run)?;
    let mut summary = frame(store, run)?;
    summary.outcomes = pages::outcomes(&session).await?;
    summary.fetched = pages::span(&session).await?;
    let names = std::mem::take(&mut summary.input.names);
    let pages = summary.pages();
    summary.input = input_facts(store, run, names, (&session, pages)).await?;
    let scored_by = scored_by(store, run)?;
    summary.documents = count(&session, "SELECT count(*) FROM documents").await?;
    summary.gates = documents::gates(&session).await?;
    summary.languages = documents::groups(&session, "language").await?;
    summary.page_types = documents::groups(&session, "page_type").await?;
    summary.actions = scores::actions(&session, &scored_by.actions).await?;
    summary.scores = scores::tally(&session).await?.stats();
    summary.top = ranking::top(&session, &scored_by.profile, top).await?;
    let (hosts, left_out) = pages::hosts(&session).await?;
    summary.hosts = hosts;
    summary.hosts_left_out = left_out;
    summary.politeness = politeness(&session).await?;
    if summary.politeness.hosts == 0 {
        summary.method.retain(|sentence| sentence != POLITE_METHOD);
    }
    // A question costs milliseconds before it reads a row: none is asked whose answer is known.
    if summary.giving() < pages {
        summary.failures = pages::failures(&session).await?;
    }
    if summary.failed() > 0 {
        summary.failing_hosts = pages::failing_hosts(&session).await?;
    }
    if summary.input.rejects > 0 {
        summary.rejects.sample = pages::rejects(&session).await?;
    }
    summary.crawl = found::facts(&session, &Crawled::recorded(store, run)?).await?;
    summary.duplicates = documents::duplicates(&session).await?;
    summary.trends = trends::facts(store, query, run).await?;
    summary.sizes = sizes(store, run, &session).await?;
    Ok(summary)
}

/// What a summary says without looking at a row: what was asked for and how, and what scored it.
pub(crate) fn frame(store: &Store, run: &RunId) -> Result<Summary, LineError> {
    let settings = identity::settings_of(store, run)?;
    let inputs = settings.inputs.iter().chain(&settings.crawl.sitemap_inputs);
    let names: Vec<String> = inputs.map(|input| short_name(input)).collect();
    let mut summary = Summary::empty(run.clone(), title(&names));
    summary.input.names = names;
    summary.settings = shown_settings(store, run)?;
    let profile = scored_by(store, run)?.profile;
    summary.method = method(&profile);
    summary.repeat_command = repeat_command(&settings, &profile.name, &opened(store, run)?);
    summary.profile = profile;
    Ok(summary)
}

/// The name that is shown for an input: no folder of this machine stands in a report.
fn short_name(input: &str) -> String {
    if input == "-" {
        return "stdin".to_owned();
    }
    if input.contains("://") {
        return input.to_owned();
    }
    let name = std::path::Path::new(input).file_name();
    name.map_or_else(|| input.to_owned(), |name| name.to_string_lossy().into_owned())
}

fn title(names: &[String]) -> String {
    match names {
        [] => "Report".to_owned(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
}

async fn input_facts(
    store: &Store,
    run: &RunId,
    names: Vec<String>,
    (session, all): (&Session, u64),
) -> Result<InputFacts, LineError> {
    let admitted = Admission::recorded(store, run)?.unwrap_or_default();
    let found = Crawled::recorded(store, run)?.found;
    let pages = count(session, "SELECT count(*) FROM pages WHERE found_on IS NULL").await?;
    let pages_from_links = all.saturating_sub(pages);
    Ok(InputFacts {
        names,
        lines: admitted.lines,
        pages,
        left: admitted.admitted.saturating_sub(pages),
        rejects: admitted.rejects,
        duplicates: admitted.duplicates,
        pages_from_links,
        links_left: found.saturating_sub(pages_from_links),
    })
}

pub(crate) fn scored_by(store: &Store, run: &RunId) -> Result<ScoredBy, LineError> {
    let Some(generation) = store.catalogue().generation(run, Stage::Score)? else {
        return Ok(ScoredBy::default());
    };
    let Some(text) = store.catalogue().note(run, &scored_by_note(generation.generation))? else {
        return Ok(ScoredBy::default());
    };
    serde_json::from_str(&text).map_err(|e| LineError::Record {
        run: run.clone(),
        what: "profile",
        reason: e.to_string(),
    })
}

/// The settings that decide what a report can say; limits that never took hold are left out.
fn shown_settings(store: &Store, run: &RunId) -> Result<Vec<Setting>, LineError> {
    const SHOWN: &[&str] =
        &["user_agent", "robots", "concurrent", "per_host", "timeout", "retries", "max_body"];
    let text = store.catalogue().note(run, "operational")?.unwrap_or_default();
    let table: toml::Table = toml::from_str(&text).unwrap_or_default();
    let shown = SHOWN.iter().filter_map(|name| {
        let value = match table.get(*name)? {
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Some(Setting { name: name.replace('_', "-"), value })
    });
    Ok(shown.collect())
}

async fn sizes(store: &Store, run: &RunId, session: &Session) -> Result<Sizes, LineError> {
    let mut sizes = Sizes {
        bytes_wire: count(session, "SELECT coalesce(sum(bytes_wire), 0) FROM pages").await?,
        bytes_decoded: count(session, "SELECT coalesce(sum(bytes_decoded), 0) FROM documents")
            .await?,
        ..Sizes::default()
    };
    for dataset in Dataset::ALL {
        for part in store.catalogue().parts(run, dataset)? {
            sizes.parts += 1;
            sizes.bytes_parts += part.bytes;
        }
    }
    Ok(sizes)
}

/// What a report says of the lines of the input.
pub(crate) const LINES_METHOD: &str =
    "Every input line is a page, a reject or a repeat; the sum above accounts for all of them.";

/// What a report says of how servers were asked.
const POLITE_METHOD: &str = "Pages were fetched politely: robots.txt, Retry-After and limits per host were followed as the settings say.";

fn method(profile: &ProfileFacts) -> Vec<String> {
    let mut method = vec![
        LINES_METHOD.to_owned(),
        POLITE_METHOD.to_owned(),
        "A page is an address and what was answered there; a document is what a reader would take from it. A document that is held back by a gate is no content, such as a page that asks to sign in.".to_owned(),
        "Text, metadata and signals are taken from the pages as received; scripts were not run."
            .to_owned(),
    ];
    if !profile.name.is_empty() {
        method.push(format!(
            "A score is the sum of its contributions under the profile {:?}, held within 0 to 100; it says how well a page fits the profile, not whether its content is true. An action is the profile's word for a range of scores.",
            profile.name
        ));
    }
    method
}

/// Ranges that were opened for the run, as they were given.
fn opened(store: &Store, run: &RunId) -> Result<Vec<String>, LineError> {
    let text = store.catalogue().note(run, "operational")?.unwrap_or_default();
    let table: toml::Table = toml::from_str(&text).unwrap_or_default();
    let ranges = table.get("allow_net").and_then(toml::Value::as_array);
    let texts = ranges.into_iter().flatten().filter_map(toml::Value::as_str);
    Ok(texts.map(str::to_owned).collect())
}

/// What one types to have the run again, in the folder where its input lies.
fn repeat_command(settings: &RunSettings, profile: &str, opened: &[String]) -> String {
    let quoted = |text: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=%?+@,".contains(c);
        if !text.is_empty() && text.chars().all(plain) && !text.contains('?') {
            text.to_owned()
        } else {
            format!("'{}'", text.replace('\'', "'\\''"))
        }
    };
    let mut command = format!("jarvix {}", settings.command);
    if settings.command != "demo" {
        if let Some(from) = &settings.from {
            let outcomes: Vec<&str> = from.outcomes.iter().map(|o| o.as_str()).collect();
            command.push_str(&format!(" --from {} --outcome {}", from.run, outcomes.join(",")));
        }
        for input in settings.inputs.iter().filter(|_| settings.from.is_none()) {
            let name = if input == "-" { input.clone() } else { short_name(input) };
            command.push_str(&format!(" {}", quoted(&name)));
        }
        if let Some(column) = &settings.url_column {
            command.push_str(&format!(" --url-column {}", quoted(column)));
        }
        if settings.pages_per_host > 0 {
            command.push_str(&format!(" --pages-per-host {}", settings.pages_per_host));
        }
        for flag in crawl_flags(&settings.crawl) {
            command.push_str(&format!(" {}", quoted(&flag)));
        }
        let filter = &settings.filter;
        for (flag, all) in [("include", &filter.include), ("exclude", &filter.exclude)] {
            for pattern in all {
                command.push_str(&format!(" --{flag} {}", quoted(pattern.as_str())));
            }
        }
        for range in opened {
            command.push_str(&format!(" --allow-net {}", quoted(range)));
        }
    }
    if !profile.is_empty() && profile != "default" {
        command.push_str(&format!(" --profile {}", quoted(profile)));
    }
    command
}

/// The flags of a crawl that are not as they would be without.
fn crawl_flags(crawl: &CrawlSettings) -> Vec<String> {
    let plain = CrawlSettings { listings: crawl.listings, ..CrawlSettings::default() }.identity();
    let mut flags = Vec::new();
    for (flag, value) in crawl.identity() {
        match flag {
            _ if plain.contains(&(flag, value.clone())) => {}
            "--sitemaps" => flags.push(flag.to_owned()),
            _ => flags.extend([flag.to_owned(), value]),
        }
    }
    let sitemaps = crawl.sitemap_inputs.iter();
    flags.extend(sitemaps.flat_map(|url| ["--sitemap".to_owned(), url.clone()]));
    flags
}

/// The only value of a query, as a count.
async fn count(session: &Session, sql: &str) -> Result<u64, LineError> {
    Ok(session.rows(sql).await?.single().and_then(Value::as_u64).unwrap_or(0))
}

/// Cells of a result by column name; what is missing or of another kind is empty.
pub(crate) struct Rows {
    pub(crate) table: Table,
}

impl Rows {
    pub(crate) async fn of(session: &Session, sql: &str) -> Result<Self, LineError> {
        Ok(Self { table: session.rows(sql).await? })
    }

    pub(crate) fn len(&self) -> usize {
        self.table.rows.len()
    }

    pub(crate) fn text(&self, row: usize, name: &str) -> String {
        self.optional(row, name).unwrap_or_default()
    }

    pub(crate) fn optional(&self, row: usize, name: &str) -> Option<String> {
        self.table.value(row, name)?.as_text().map(str::to_owned)
    }

    pub(crate) fn number(&self, row: usize, name: &str) -> u64 {
        self.optional_number(row, name).unwrap_or(0)
    }

    pub(crate) fn optional_number(&self, row: usize, name: &str) -> Option<u64> {
        self.table.value(row, name)?.as_u64()
    }

    pub(crate) fn thousandths(&self, row: usize, name: &str) -> Option<i64> {
        self.table.value(row, name)?.as_thousandths()
    }

    pub(crate) fn is_true(&self, row: usize, name: &str) -> bool {
        self.table.value(row, name).and_then(Value::as_bool).unwrap_or(false)
    }
}

/// An outcome as it stands in a dataset; a word that this version does not know is an internal one.
pub(crate) fn outcome_of(text: &str) -> Outcome {
    Outcome::parse(text).unwrap_or(Outcome::Internal)
}

/// SQL list of the outcomes for which `keep` holds.
pub(crate) fn outcome_list(keep: impl Fn(Outcome) -> bool) -> String {
    let words = Outcome::ALL.iter().filter(|o| keep(**o)).map(|o| format!("'{o}'"));
    words.collect::<Vec<_>>().join(", ")
}
