//! `facts`: the one relation that a profile's expressions are written over. One row per document,
//! with what its page and its duplicates say, all counts as double precision (so that no division
//! drops a rest or fails at zero), and a few columns derived here.

use std::collections::BTreeSet;
use std::sync::Arc;

use jarvix_core::Signal;
use jarvix_query::{QueryError, Session};

use crate::topic::{TOPIC_FUNCTION, Topic};

/// The name of the relation.
pub const FACTS: &str = "facts";

/// A column of `facts`: its name, the SQL that gives it, what it means.
struct Column {
    name: &'static str,
    sql: &'static str,
    about: &'static str,
}

const fn column(name: &'static str, sql: &'static str, about: &'static str) -> Column {
    Column { name, sql, about }
}

/// The columns beside the signals of [`Signal::ALL`].
const COLUMNS: &[Column] = &[
    column("url", "d.url", "Canonical URL."),
    column("ordinal", "d.ordinal", "Ordinal of the page."),
    column("host", "host(d.url)", "Host of the URL."),
    column(
        "registrable_domain",
        "registrable_domain(d.url)",
        "The domain that someone registered.",
    ),
    column("title", "d.title", "Title."),
    column("author", "d.author", "Author or authors."),
    column("published", "d.published", "Publication date as the page states it, ISO 8601."),
    column("language", "d.language", "Language of the text, ISO 639."),
    column("page_type", "d.page_type", "Kind of page."),
    column("site_name", "d.site_name", "Name of the site."),
    column("description", "d.description", "Description from the page's metadata."),
    column("canonical_url", "d.canonical_url", "Canonical URL that the page states."),
    column("image", "d.image", "URL of the lead image."),
    column("text", "d.text", "Main text."),
    column("gate", "d.gate", "Why the document is not content; null for content."),
    column("modified", "d.modified", "Date of the last change as the page states it, ISO 8601."),
    column("platform", "d.platform", "The software behind the site, such as shopify or wordpress."),
    column("product_name", "d.product_name", "Name of what is sold on the page."),
    column("product_brand", "d.product_brand", "Its brand or maker."),
    column(
        "product_price",
        "d.product_price",
        "Its price in `product_currency`; the lowest of several.",
    ),
    column("product_currency", "d.product_currency", "Currency of the price, ISO 4217."),
    column(
        "product_availability",
        "d.product_availability",
        "`in_stock`, `out_of_stock` and the other words of schema.org's ItemAvailability.",
    ),
    column("product_rating", "d.product_rating", "Mean of its ratings, scaled to 0 to 5."),
    column(
        "product_rating_count",
        "CAST(d.product_rating_count AS DOUBLE)",
        "How many ratings or reviews that is the mean of.",
    ),
    column(
        "topic_match",
        TOPIC_PLACE,
        "How well title and text match the profile's `topic`, 0 to 1 (BM25 as a share of the most that a document could reach); null without a topic.",
    ),
    column(
        "contact_count",
        "CAST(coalesce(array_length(d.contacts), 0) AS DOUBLE)",
        "Addresses to write to or to call that the page links to or states.",
    ),
    column(
        "social_link_count",
        "CAST(coalesce(array_length(d.social_links), 0) AS DOUBLE)",
        "Profiles on social networks that the page links to or states.",
    ),
    column("charset", "d.charset", "Charset the body was read in."),
    column("word_count", "CAST(d.word_count AS DOUBLE)", "Words of the main text."),
    column(
        "bytes_decoded",
        "CAST(d.bytes_decoded AS DOUBLE)",
        "Size of the decoded body in bytes.",
    ),
    column("status", "CAST(p.status AS DOUBLE)", "HTTP status code."),
    column("outcome", "p.outcome", "How fetching ended."),
    column("truncated", "p.truncated", "Whether the body was cut at the byte cap."),
    column("content_type", "p.content_type", "Content type of the answer."),
    column(
        "bytes_wire",
        "CAST(p.bytes_wire AS DOUBLE)",
        "Bytes received from the network; differs from fetch to fetch.",
    ),
    column(
        "elapsed_ms",
        "CAST(p.elapsed_ms AS DOUBLE)",
        "Milliseconds of the last attempt; differs from fetch to fetch.",
    ),
    column("fetched_at", "p.fetched_at", "When the answer was complete."),
    column(
        "age_days",
        AGE_DAYS,
        "Whole days from `published` to `fetched_at`; null where either is unknown or the page is dated later than it was fetched.",
    ),
    column(
        "duplicate_of",
        "u.duplicate_of",
        "URL of the document that this one repeats; null for originals.",
    ),
    column(
        "is_duplicate",
        "u.duplicate_of IS NOT NULL",
        "Whether it repeats another document of the run, or of an earlier run.",
    ),
    column(
        "duplicate_run",
        "u.duplicate_run",
        "The earlier run (--dedupe-against) that `duplicate_of` belongs to; null for this run.",
    ),
    column("duplicate_kind", "u.kind", "`exact` or `near`; null for originals."),
    column(
        "similarity",
        "u.similarity",
        "Similarity to the document that it was compared with, 0 to 1.",
    ),
];

/// Where the call of the topic's function is put.
const TOPIC_PLACE: &str = "{topic}";

/// Ages count from when the page was fetched, never from now. A date that cannot be read is null.
const AGE_DAYS: &str = "CAST(CASE \
    WHEN CAST(TRY_CAST(d.published AS TIMESTAMP(6)) AS BIGINT) <= CAST(p.fetched_at AS BIGINT) \
    THEN (CAST(p.fetched_at AS BIGINT) - CAST(TRY_CAST(d.published AS TIMESTAMP(6)) AS BIGINT)) \
         / 86400000000 END AS DOUBLE)";

/// The query behind `facts`, over the tables `documents`, `pages` and `duplicates`, with the columns
/// that `wanted` names and `topic` as the call that matches a topic. Every document is one row of it,
/// whatever the other two hold of it. They are asked only where a column needs them: the engine
/// cannot know that a row more or less of theirs would change nothing.
fn facts_sql(topic: &str, wanted: impl Fn(&str) -> bool) -> String {
    let own = COLUMNS.iter().filter(|column| wanted(column.name));
    let mut columns: Vec<String> = own
        .clone()
        .map(|column| format!("{} AS {}", column.sql.replace(TOPIC_PLACE, topic), column.name))
        .collect();
    let signals = Signal::ALL.iter().map(|signal| signal.as_str()).filter(|name| wanted(name));
    columns.extend(signals.map(|name| format!("d.{name} AS {name}")));
    let joined = [("pages", "p"), ("duplicates", "u")].into_iter().map(|(table, short)| match own
        .clone()
        .any(|column| names_column_of(short, column.sql))
    {
        true => format!("\nLEFT JOIN {table} {short} ON {short}.ordinal = d.ordinal"),
        false => String::new(),
    });
    format!("SELECT {}\nFROM documents d{}", columns.join(",\n  "), joined.collect::<String>())
}

/// Whether an expression names a column of the table of that short name.
fn names_column_of(short: &str, sql: &str) -> bool {
    let in_name = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let names = |name: &str| name.split_once('.').is_some_and(|(table, _)| table == short);
    sql.split(|c| !in_name(c)).any(names)
}

/// Name and meaning of every column of `facts`, in order: what a profile can be written over.
pub fn facts_columns() -> Vec<(&'static str, &'static str)> {
    let own = COLUMNS.iter().map(|column| (column.name, column.about));
    own.chain(Signal::ALL.iter().map(|signal| (signal.as_str(), signal.about()))).collect()
}

/// A session without rows in which `facts` can be asked about.
pub(crate) fn blank_session() -> Result<Session, QueryError> {
    let session = Session::blank()?;
    let call = Topic::define(None, &session, TOPIC_FUNCTION);
    session.define_view(FACTS, &facts_sql(&call, |_| true))?;
    Ok(session)
}

/// The columns that scores have of every document, whatever the profile.
pub(crate) const ALWAYS: &[&str] = &["url", "ordinal", "duplicate_of"];

/// Makes a view `name` of the tables of `session`: of `facts` the columns `reads`, with what is known of
/// the topic.
pub(crate) fn define_facts(
    session: &Session,
    name: &str,
    topic: Option<&Arc<Topic>>,
    reads: &BTreeSet<String>,
) -> Result<(), QueryError> {
    let function = if name == FACTS { TOPIC_FUNCTION.to_owned() } else { format!("{name}_topic") };
    let call = Topic::define(topic, session, &function);
    session.define_view(name, &facts_sql(&call, |column| reads.contains(column)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_asked_only_where_a_column_comes_from_them() {
        assert!(facts_sql("1", |name| name == "age_days").contains("JOIN pages"));
        assert!(facts_sql("1", |name| name == "outcome").contains("JOIN pages"));
        let without = facts_sql("1", |name| ["url", "platform", "word_count"].contains(&name));
        assert!(!without.contains("JOIN"), "{without}");
        assert!(facts_sql("1", |name| name == "similarity").contains("JOIN duplicates"));
        let all = facts_sql("f(d.title)", |_| true);
        assert!(all.contains("JOIN pages") && all.contains("f(d.title) AS topic_match"), "{all}");
    }
}
