//! What the rows of an export are: a dataset, or the ranking that a reader wants, which is made of
//! several. Names, order and default columns stand here, once for every form.

use std::fmt;

use jarvix_core::Dataset;
use jarvix_query::{ColumnKind, OrderBy, Session};

use super::{Export, ExportFormat};
use crate::LineError;

/// The prefix of a contribution's column.
const SIGNAL_PREFIX: &str = "signal_";

/// Rows that can be exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A dataset as it is.
    Dataset(Dataset),
    /// A row per scored document: its rank, its score and why, and what it is.
    Ranking,
}

impl Source {
    /// Every dataset, in the order of the line.
    pub const DATASETS: [Self; 7] = [
        Self::Dataset(Dataset::Pages),
        Self::Dataset(Dataset::Hosts),
        Self::Dataset(Dataset::Rejects),
        Self::Dataset(Dataset::Documents),
        Self::Dataset(Dataset::Links),
        Self::Dataset(Dataset::Duplicates),
        Self::Dataset(Dataset::Scores),
    ];

    /// The word on the command line, in names of files and in conditions.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dataset(dataset) => dataset.as_str(),
            Self::Ranking => "ranking",
        }
    }

    /// Reads what [`as_str`](Self::as_str) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::all().find(|source| source.as_str() == text)
    }

    /// Everything that has rows to export.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::DATASETS.into_iter().chain([Self::Ranking])
    }

    /// The dataset that has as many rows.
    pub(super) const fn counted(self) -> Dataset {
        match self {
            Self::Dataset(dataset) => dataset,
            Self::Ranking => Dataset::Scores,
        }
    }

    /// The order of the rows. Where nothing numbers them, every column that could tell two apart is
    /// in it.
    fn order(self) -> &'static [OrderBy] {
        const fn by(column: &'static str) -> OrderBy {
            OrderBy { column, descending: false }
        }
        const ORDINAL: &[OrderBy] = &[by("ordinal")];
        match self {
            Self::Dataset(
                Dataset::Pages | Dataset::Documents | Dataset::Duplicates | Dataset::Scores,
            ) => ORDINAL,
            Self::Dataset(Dataset::Links) => {
                const LINK: &[OrderBy] = &[
                    by("ordinal"),
                    by("kind"),
                    by("position"),
                    by("target"),
                    by("text"),
                    by("rel"),
                    by("nofollow"),
                ];
                LINK
            }
            Self::Dataset(Dataset::Rejects) => {
                const REJECT: &[OrderBy] = &[by("source"), by("line_no"), by("text"), by("reason")];
                REJECT
            }
            Self::Dataset(Dataset::Hosts) => {
                const HOST: &[OrderBy] = &[
                    by("host"),
                    by("requests"),
                    by("concurrency_max"),
                    by("gap_min_us"),
                    by("crawl_delay_ms"),
                    by("pauses"),
                    by("put_aside"),
                    by("suspended"),
                ];
                HOST
            }
            Self::Ranking => {
                const RANK: &[OrderBy] =
                    &[OrderBy { column: "score", descending: true }, by("url")];
                RANK
            }
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The columns and the order of one source, checked against what the run has.
pub(super) struct Plan {
    pub(super) source: Source,
    /// The names of the columns.
    pub(super) columns: Vec<String>,
    /// What each of them holds.
    pub(super) kinds: Vec<ColumnKind>,
    pub(super) order: &'static [OrderBy],
}

impl Plan {
    /// The plan for `source`; an error if the columns or the condition of `export` do not fit it.
    pub(super) fn new(
        export: &Export<'_>,
        session: &Session,
        source: Source,
    ) -> Result<Self, LineError> {
        let known = session.columns_of(source.as_str())?;
        // Bytes have a form in Parquet alone.
        let takes_bytes = export.format == ExportFormat::Parquet;
        let mut chosen = Vec::new();
        match export.columns {
            None => {
                chosen.extend(known.iter().filter(|c| takes_bytes || c.kind != ColumnKind::Bytes));
            }
            Some(names) => {
                for (at, name) in names.iter().enumerate() {
                    let Some(column) = known.iter().find(|column| column.name == *name) else {
                        return Err(unknown(source, name, known.iter().map(|c| c.name.as_str())));
                    };
                    if names[..at].contains(name) {
                        return Err(misfit(
                            format!("the column {name:?} is named twice"),
                            "name each column once".to_owned(),
                        ));
                    }
                    if column.kind == ColumnKind::Bytes && !takes_bytes {
                        let format = export.format.as_str();
                        return Err(misfit(
                            format!(
                                "the column {name:?} of {source} holds bytes, which {format} has no form for"
                            ),
                            "--format parquet takes it".to_owned(),
                        ));
                    }
                    chosen.push(column);
                }
            }
        }
        if let Some(condition) = export.condition {
            session.check_condition(source.as_str(), condition)?;
        }
        Ok(Self {
            source,
            columns: chosen.iter().map(|column| column.name.clone()).collect(),
            kinds: chosen.iter().map(|column| column.kind).collect(),
            order: source.order(),
        })
    }
}

fn misfit(problem: String, help: String) -> LineError {
    LineError::Misfit { problem, help }
}

/// `name` is no column of `source`.
fn unknown<'a>(source: Source, name: &str, known: impl Iterator<Item = &'a str>) -> LineError {
    let known: Vec<&str> = known.collect();
    let help = match jarvix_query::nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("the columns are {}", known.join(", ")),
    };
    misfit(format!("{source} has no column {name:?}"), help)
}

/// Gives `session` the ranking as a view.
pub(super) fn define_ranking(session: &Session) -> Result<(), LineError> {
    let scores = session.columns_of(Dataset::Scores.as_str())?;
    let signals = scores.iter().filter(|column| column.name.starts_with(SIGNAL_PREFIX));
    let signals: String =
        signals.map(|column| format!("s.\"{}\", ", column.name.replace('"', "\"\""))).collect();
    let sql = format!(
        "SELECT CAST(row_number() OVER (ORDER BY s.score DESC, s.url) AS BIGINT) AS rank, \
         s.url AS url, s.score AS score, s.action, d.title, host(s.url) AS host, d.language, \
         d.page_type, d.word_count, d.published, s.reason, s.confidence, s.duplicate_of, {signals}\
         p.input_meta \
         FROM scores s JOIN documents d ON s.ordinal = d.ordinal \
         JOIN pages p ON s.ordinal = p.ordinal"
    );
    Ok(session.define_view(Source::Ranking.as_str(), &sql)?)
}
