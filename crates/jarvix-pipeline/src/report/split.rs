//! What a run's pages can be split by, and what is asked of the engine for it: the rows of all pages,
//! and those of all hosts, group by group in the same order.

/// What a run's pages are split by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Split {
    /// The host of the URL.
    Host,
    /// The domain that someone registered.
    Domain,
    /// The action that the profile advises.
    Action,
    /// The language of the text.
    Language,
    /// The kind of page.
    PageType,
    /// A column of the list that the run was made of.
    Column(String),
}

/// What stands before the name of a column.
const COLUMN: &str = "column:";

impl Split {
    /// The words on the command line, as it shows them.
    pub const WORDS: &str = "host, domain, action, language, page_type or column:NAME";

    /// Reads one of [`WORDS`](Self::WORDS).
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "host" => Self::Host,
            "domain" => Self::Domain,
            "action" => Self::Action,
            "language" => Self::Language,
            "page_type" => Self::PageType,
            _ => {
                Self::Column(text.strip_prefix(COLUMN).filter(|name| !name.is_empty())?.to_owned())
            }
        })
    }

    /// What the pages of a group have in common.
    pub fn name(&self) -> &str {
        match self {
            Self::Host => "host",
            Self::Domain => "domain",
            Self::Action => "action",
            Self::Language => "language",
            Self::PageType => "page_type",
            Self::Column(name) => name,
        }
    }

    fn key(&self) -> String {
        let key = match self {
            Self::Host => "host(p.url)".to_owned(),
            Self::Domain => "registrable_domain(p.url)".to_owned(),
            Self::Action => "s.action".to_owned(),
            Self::Language => "d.language".to_owned(),
            Self::PageType => "d.page_type".to_owned(),
            Self::Column(name) => {
                format!("json_as_text(p.input_meta, '{}')", name.replace('\'', "''"))
            }
        };
        format!("coalesce({key}, '')")
    }

    /// What the group of those is called that have none, and its file.
    pub(super) const fn none(&self) -> (&'static str, &'static str) {
        match self {
            Self::Host | Self::Domain => ("local files", "_local-files"),
            Self::Action => ("not scored", "_not-scored"),
            Self::Language | Self::PageType => ("not known", "_not-known"),
            Self::Column(_) => ("no value", "_no-value"),
        }
    }

    /// The rows of all pages, group by group, the best page of each first.
    pub(super) fn pages(&self) -> String {
        // Nothing is read that nobody asks for.
        let meta = if matches!(self, Self::Column(_)) { ", input_meta" } else { "" };
        format!(
            "SELECT {key} AS split_key, p.url AS page_url, host(p.url) AS host, p.outcome AS outcome, \
             coalesce(p.reason, '') AS page_reason, p.bytes_wire AS bytes_wire, \
             CASE WHEN p.attempts > 0 OR p.protocol = 'file' \
                  THEN CAST(date_trunc('second', p.fetched_at) AS VARCHAR) END AS fetched, \
             d.ordinal IS NOT NULL AS is_document, d.title AS title, d.language AS language, \
             d.page_type AS page_type, d.word_count AS word_count, d.published AS published, \
             d.gate AS gate, u.repeats_url AS repeats_url, u.repeats_run AS repeats_run, s.* \
             FROM (SELECT ordinal, url, outcome, reason, bytes_wire, fetched_at, attempts, protocol{meta} FROM pages) p \
             LEFT JOIN (SELECT ordinal, title, language, page_type, word_count, published, gate FROM documents) d \
               ON d.ordinal = p.ordinal \
             LEFT JOIN (SELECT ordinal, duplicate_of AS repeats_url, \
                               coalesce(duplicate_run, '') AS repeats_run FROM duplicates) u \
               ON u.ordinal = p.ordinal \
             LEFT JOIN scores s ON s.ordinal = p.ordinal \
             ORDER BY split_key, score DESC NULLS LAST, page_url",
            key = self.key()
        )
    }

    /// What the hosts of each group were asked; `None` where groups are not made of hosts.
    pub(super) fn hosts(&self) -> Option<String> {
        let key = match self {
            Self::Host => "h.host",
            Self::Domain => "registrable_domain('http://' || h.host || '/')",
            _ => return None,
        };
        let hosts = crate::summary::politeness::HOSTS_SQL;
        Some(format!(
            "SELECT coalesce({key}, '') AS split_key, h.* FROM ({hosts}) h ORDER BY split_key, h.host"
        ))
    }

    /// Whether any page has the column; `None` where it is none of the list's.
    pub(super) fn check(&self) -> Option<String> {
        matches!(self, Self::Column(_))
            .then(|| format!("SELECT p.url FROM pages p WHERE {} <> '' LIMIT 1", self.key()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read() {
        for word in ["host", "domain", "action", "language", "page_type"] {
            assert_eq!(Split::parse(word).expect("a split").name(), word);
        }
        let column = Split::parse("column:it's").expect("a column");
        assert_eq!(column.name(), "it's");
        assert!(column.pages().contains("json_as_text(p.input_meta, 'it''s')"));
        for word in ["", "column:", "hosts", "team"] {
            assert_eq!(Split::parse(word), None, "{word}");
        }
    }
}
