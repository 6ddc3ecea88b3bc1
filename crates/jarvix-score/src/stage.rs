//! The stage itself: one documents part in, one scores part of the same name out. Sees the parts of
//! that name and all duplicates of the run, and nothing else; commits nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use jarvix_core::{Dataset, Generation, PartName, RunId};
use jarvix_query::{PartQuery, Query, QueryError, Session};
use jarvix_store::{DatasetSchema, StagedPart, Store, scores_schema};

use crate::error::ScoreError;
use crate::facts::{ALWAYS, FACTS, define_facts};
use crate::profile::Profile;
use crate::sql::scores_select;
use crate::topic::Topic;
use crate::words::{REASON_FUNCTION, reason_words};

/// The columns of `scores` under `profile`.
pub fn scores_columns(profile: &Profile) -> DatasetSchema {
    let signals = profile.signals();
    let contributions: Vec<(&str, &str)> =
        signals.iter().map(|signal| (signal.name.as_str(), signal.about.as_str())).collect();
    scores_schema(&contributions)
}

/// A profile and what it must know of the whole run before any part can be scored.
#[derive(Debug, Clone)]
pub struct Scorer<'a> {
    profile: &'a Profile,
    topic: Option<Arc<Topic>>,
}

impl<'a> Scorer<'a> {
    /// Counts what `profile` asks of all documents of `run`: nothing, unless it has a topic.
    pub async fn prepare(
        query: &Query,
        run: &RunId,
        profile: &'a Profile,
    ) -> Result<Self, ScoreError> {
        if profile.topic().is_none() {
            return Ok(Self { profile, topic: None });
        }
        let counted = async {
            let session = query.session_for_run(run)?;
            Topic::count(&session, profile).await
        };
        let topic = counted.await.map_err(|source| ScoreError::WhatIf {
            run: run.clone(),
            profile: profile.name().to_owned(),
            source,
        })?;
        Ok(Self { profile, topic: topic.map(Arc::new) })
    }

    /// The profile.
    pub fn profile(&self) -> &'a Profile {
        self.profile
    }

    /// Makes a view `name` of what the profile gives the documents of `session`.
    pub(crate) fn define(&self, session: &Session, name: &str) -> Result<(), QueryError> {
        let sql = self.select(session, &format!("{name}_facts"), &format!("{name}_reason"))?;
        session.define_view(name, &sql)
    }

    /// Gives `session` a view `facts` and a function `words`, and gives the query over them whose
    /// result is `scores`.
    fn select(&self, session: &Session, facts: &str, words: &str) -> Result<String, QueryError> {
        let (profile, topic) = (self.profile, self.topic.as_ref());
        let mut reads = Topic::still_read(topic, profile);
        reads.extend(ALWAYS.iter().map(|column| (*column).to_owned()));
        define_facts(session, facts, topic, &reads)?;
        session.define_row_words(words, profile.rules().len(), reason_words(profile));
        let instead = Topic::define_ahead(topic, session, profile, &format!("{facts}_ahead"));
        Ok(scores_select(profile, facts, words, &instead))
    }
}

/// Scores the parts of one run, one at a time or several at once.
pub struct PartScorer<'a> {
    store: &'a Store,
    run: &'a RunId,
    query: PartQuery,
    /// Rows of the documents parts, by name.
    documents: BTreeMap<PartName, u64>,
}

impl<'a> PartScorer<'a> {
    /// Plans what `scorer` says for the documents, pages and duplicates that `run` has now.
    pub fn plan(
        store: &'a Store,
        query: &Query,
        run: &'a RunId,
        scorer: &Scorer<'_>,
    ) -> Result<Self, ScoreError> {
        let documents = store.catalogue().parts(run, Dataset::Documents)?;
        let documents = documents.iter().map(|part| (part.name, part.rows)).collect();
        let profile = scorer.profile;
        let planned = || {
            let session = query.session_by_part(run)?;
            let sql = scorer.select(&session, FACTS, REASON_FUNCTION)?;
            session.by_part(&sql, scores_columns(profile), "ordinal")
        };
        let query = planned().map_err(|source| ScoreError::WhatIf {
            run: run.clone(),
            profile: profile.name().to_owned(),
            source,
        })?;
        Ok(Self { store, run, query, documents })
    }

    /// Scores the documents part `part` and writes the scores part of the same name, ordered by
    /// ordinal, for `generation`. The same documents, pages and duplicates parts and the same profile
    /// give the same bytes, whatever the machine.
    ///
    /// Errors are failures of the engine or the store; what stands on a page is never one.
    pub async fn score(
        &self,
        part: PartName,
        generation: Generation,
    ) -> Result<StagedPart, ScoreError> {
        let Some(documents) = self.documents.get(&part).copied() else {
            return Err(ScoreError::NoDocuments { run: self.run.clone(), part });
        };
        let staged = self.query.write(self.store, self.run, part, generation).await;
        let staged = staged.map_err(|source| ScoreError::Query { part, source })?;
        let scores = staged.part().rows;
        if documents != scores {
            return Err(ScoreError::Rows { part, documents, scores });
        }
        Ok(staged)
    }
}
