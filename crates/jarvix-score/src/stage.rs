//! The stage itself: one documents part in, one scores part of the same name out. Sees the parts of
//! that name and all duplicates of the run, and nothing else; commits nothing.

use jarvix_core::{Dataset, Generation, PartName, RunId};
use jarvix_query::{PartScope, Query, QueryError};
use jarvix_store::{DatasetSchema, StagedPart, Store, scores_schema};

use crate::error::ScoreError;
use crate::facts::{FACTS, facts_sql};
use crate::profile::Profile;
use crate::sql::score_sql;
use crate::words::{REASON_FUNCTION, reason_words};

/// The columns of `scores` under `profile`.
pub fn scores_columns(profile: &Profile) -> DatasetSchema {
    let signals = profile.signals();
    let contributions: Vec<(&str, &str)> =
        signals.iter().map(|signal| (signal.name.as_str(), signal.about.as_str())).collect();
    scores_schema(&contributions)
}

/// Scores the documents part `part` of `run` and writes the scores part of the same name, ordered by
/// ordinal, for `generation`. The same documents, pages and duplicates parts and the same profile
/// give the same bytes, whatever the machine.
///
/// Errors are failures of the engine or the store; what stands on a page is never one.
pub async fn score_part(
    store: &Store,
    query: &Query,
    run: &RunId,
    part: PartName,
    profile: &Profile,
    generation: Generation,
) -> Result<StagedPart, ScoreError> {
    let documents = store.catalogue().parts(run, Dataset::Documents)?;
    let Some(documents) = documents.iter().find(|documents| documents.name == part) else {
        return Err(ScoreError::NoDocuments { run: run.clone(), part });
    };
    let staged = write(store, query, run, part, profile, generation).await;
    let staged = staged.map_err(|source| ScoreError::Query { part, source })?;
    let (documents, scores) = (documents.rows, staged.part().rows);
    if documents != scores {
        return Err(ScoreError::Rows { part, documents, scores });
    }
    Ok(staged)
}

async fn write(
    store: &Store,
    query: &Query,
    run: &RunId,
    part: PartName,
    profile: &Profile,
    generation: Generation,
) -> Result<StagedPart, QueryError> {
    let session = query.session_for_run(run, PartScope::One(part))?;
    session.define_view(FACTS, &facts_sql())?;
    session.define_row_text(REASON_FUNCTION, profile.rules().len(), reason_words(profile));
    let columns = scores_columns(profile);
    session.write_part(&score_sql(profile), columns, store, run, part, generation).await
}
