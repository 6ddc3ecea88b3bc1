//! What whoever reads a report should know beforehand: that it is about a run in the making, or that
//! its parts are of different ages.

use jarvix_collect::admit::Admission;
use jarvix_core::{Outcome, RunId};
use jarvix_query::Query;
use jarvix_report::Summary;
use jarvix_store::Store;

use super::scores_are_old;
use crate::LineError;
use crate::summary::{Rows, outcome_list};

/// What holds back a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Caveats {
    /// Whether the documents are newer than the scores that are shown.
    pub scores_are_old: bool,
    /// Pages that are fetched and not curated yet.
    pub unread: u64,
    /// Pages that are not fetched yet.
    pub left: u64,
}

impl Caveats {
    /// Those of a report that shows `summary`.
    pub(super) fn of(summary: &Summary, scores_are_old: bool) -> Self {
        let unread = summary.giving().saturating_sub(summary.documents);
        Self { scores_are_old, unread, left: summary.input.left }
    }

    /// Those of a run.
    pub(super) async fn of_run(
        store: &Store,
        query: &Query,
        run: &RunId,
    ) -> Result<Self, LineError> {
        let session = query.session_for_run(run)?;
        let gives = outcome_list(Outcome::gives_document);
        let sql = format!(
            "SELECT (SELECT count(*) FROM pages WHERE outcome IN ({gives})) AS giving, \
                    (SELECT count(*) FROM pages WHERE found_on IS NULL) AS listed, \
                    (SELECT count(*) FROM documents) AS documents"
        );
        let rows = Rows::of(&session, &sql).await?;
        let admitted = Admission::recorded(store, run)?.unwrap_or_default().admitted;
        Ok(Self {
            scores_are_old: scores_are_old(store, run)?,
            unread: rows.number(0, "giving").saturating_sub(rows.number(0, "documents")),
            left: admitted.saturating_sub(rows.number(0, "listed")),
        })
    }

    /// What a report says of them, in sentences.
    pub(super) fn sentences(self, run: &RunId) -> Vec<String> {
        let mut sentences = Vec::new();
        if self.scores_are_old {
            sentences.push(format!(
                "The documents are newer than the scores and duplicates that are shown: `jarvix score --run {run}` makes them anew."
            ));
        }
        if self.unread > 0 {
            sentences.push(format!("{} pages are fetched and not curated yet.", self.unread));
        }
        if self.left > 0 {
            sentences
                .push(format!("The run is not finished: {} pages are not fetched yet.", self.left));
        }
        sentences
    }
}
