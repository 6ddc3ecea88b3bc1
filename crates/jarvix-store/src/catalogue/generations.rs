//! Generations: which version of a stage's output readers see, and which one is being made aside.
//!
//! A generation is told by its key (the caller's: code version and settings) *and* by the current
//! generations of the stages before it, which the catalogue adds itself: outputs of an older input
//! can never pass for outputs of the present one. Numbers are never used twice within a run.

use jarvix_core::{Generation, RunId, Stage};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{Catalogue, Fault, Result, number, runs::touch};
use crate::StoreError;

/// A generation of a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenerationRecord {
    /// Its number.
    pub generation: Generation,
    /// Code version and settings, as the caller gave them.
    pub key: String,
    /// The generations of the stages before it when it began: `collect:1`, `curate:2,dedupe:2`.
    pub upstream: String,
    /// When it began, microseconds since 1970-01-01 UTC.
    pub begun_at_us: i64,
}

/// What beginning a generation came to.
pub(crate) struct Begun {
    pub(crate) generation: Generation,
    /// An unfinished one that was given up; its files can go.
    pub(crate) dropped: Option<Generation>,
}

const CURRENT: &str = "current";
const ASIDE: &str = "aside";

/// The stages whose outputs a stage reads.
pub(crate) const fn inputs_of(stage: Stage) -> &'static [Stage] {
    match stage {
        Stage::Admit => &[],
        Stage::Collect => &[],
        Stage::Curate => &[Stage::Collect],
        Stage::Dedupe => &[Stage::Curate],
        Stage::Score => &[Stage::Curate, Stage::Dedupe],
        Stage::Report => &[Stage::Curate, Stage::Dedupe, Stage::Score],
    }
}

fn record(row: &Row<'_>) -> std::result::Result<GenerationRecord, Fault> {
    Ok(GenerationRecord {
        generation: Generation(number(row.get(0)?, "a generation")?),
        key: row.get(1)?,
        upstream: row.get(2)?,
        begun_at_us: row.get(3)?,
    })
}

fn in_state(
    connection: &Connection,
    run: &RunId,
    stage: Stage,
    state: &str,
) -> std::result::Result<Option<GenerationRecord>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT generation, key, upstream, begun_at_us FROM generations
         WHERE run = ?1 AND stage = ?2 AND state = ?3",
    )?;
    let mut rows = statement.query(params![run.as_str(), stage.as_str(), state])?;
    rows.next()?.map(record).transpose()
}

/// The generation that readers see; the first one where the stage has not begun.
pub(super) fn current_number(
    connection: &Connection,
    run: &RunId,
    stage: Stage,
) -> std::result::Result<Generation, Fault> {
    let current = in_state(connection, run, stage, CURRENT)?;
    Ok(current.map_or(Generation::FIRST, |record| record.generation))
}

fn upstream_of(
    connection: &Connection,
    run: &RunId,
    stage: Stage,
) -> std::result::Result<String, Fault> {
    let mut words = Vec::new();
    for input in inputs_of(stage) {
        words.push(format!("{input}:{}", current_number(connection, run, *input)?));
    }
    Ok(words.join(","))
}

fn has_commits(
    connection: &Connection,
    run: &RunId,
    stage: Stage,
    generation: Generation,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM commits
             WHERE run = ?1 AND stage = ?2 AND generation = ?3)",
        )?
        .query_row(params![run.as_str(), stage.as_str(), generation.0], |row| row.get(0))
}

/// Takes a generation out of sight, with its commits and parts.
fn retire(
    transaction: &Transaction<'_>,
    run: &RunId,
    stage: Stage,
    generation: Generation,
) -> rusqlite::Result<()> {
    let of = params![run.as_str(), stage.as_str(), generation.0];
    transaction
        .execute("DELETE FROM commits WHERE run = ?1 AND stage = ?2 AND generation = ?3", of)?;
    transaction.execute(
        "UPDATE generations SET state = 'gone' WHERE run = ?1 AND stage = ?2 AND generation = ?3",
        of,
    )?;
    Ok(())
}

/// The generation that a commit is for must be current or aside. The first one of a stage comes
/// into being with its first commit, for stages that never have another.
pub(super) fn require(
    transaction: &Transaction<'_>,
    run: &RunId,
    stage: Stage,
    generation: Generation,
    now_us: i64,
) -> std::result::Result<(), Fault> {
    let of = params![run.as_str(), stage.as_str(), generation.0];
    let state: Option<String> = transaction
        .prepare_cached(
            "SELECT state FROM generations WHERE run = ?1 AND stage = ?2 AND generation = ?3",
        )?
        .query_row(of, |row| row.get(0))
        .optional()?;
    let unknown = || StoreError::UnknownGeneration { run: run.clone(), stage, generation };
    match state.as_deref() {
        Some(CURRENT | ASIDE) => Ok(()),
        Some(_) => Err(unknown().into()),
        None if generation == Generation::FIRST => {
            let upstream = upstream_of(transaction, run, stage)?;
            insert(transaction, run, stage, generation, CURRENT, ("", &upstream), now_us)
        }
        None => Err(unknown().into()),
    }
}

fn insert(
    transaction: &Transaction<'_>,
    run: &RunId,
    stage: Stage,
    generation: Generation,
    state: &str,
    (key, upstream): (&str, &str),
    now_us: i64,
) -> std::result::Result<(), Fault> {
    transaction.execute(
        "INSERT INTO generations (run, stage, generation, state, key, upstream, begun_at_us)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![run.as_str(), stage.as_str(), generation.0, state, key, upstream, now_us],
    )?;
    Ok(())
}

fn next_number(
    transaction: &Transaction<'_>,
    run: &RunId,
    stage: Stage,
) -> std::result::Result<Generation, Fault> {
    let last: Option<i64> = transaction.query_row(
        "SELECT max(generation) FROM generations WHERE run = ?1 AND stage = ?2",
        [run.as_str(), stage.as_str()],
        |row| row.get(0),
    )?;
    Ok(Generation(number(last.unwrap_or(0), "a generation")?).next())
}

impl Catalogue {
    /// The generation of `stage` that readers see; `None` if the stage has not begun.
    pub fn generation(&self, run: &RunId, stage: Stage) -> Result<Option<GenerationRecord>> {
        self.read("look up a generation", |c| in_state(c, run, stage, CURRENT))
    }

    /// The generation of `stage` that is being made aside, if there is one.
    pub fn generation_aside(&self, run: &RunId, stage: Stage) -> Result<Option<GenerationRecord>> {
        self.read("look up a generation", |c| in_state(c, run, stage, ASIDE))
    }

    /// Generations of `stage` that no reader may see any more.
    pub(crate) fn generations_gone(&self, run: &RunId, stage: Stage) -> Result<Vec<Generation>> {
        self.read("look up old generations", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT generation FROM generations
                 WHERE run = ?1 AND stage = ?2 AND state = 'gone' ORDER BY generation",
            )?;
            let mut rows = statement.query([run.as_str(), stage.as_str()])?;
            let mut gone = Vec::new();
            while let Some(row) = rows.next()? {
                gone.push(Generation(number(row.get(0)?, "a generation")?));
            }
            Ok(gone)
        })
    }

    pub(crate) fn begin_generation(&self, run: &RunId, stage: Stage, key: &str) -> Result<Begun> {
        let now_us = self.clock.now_us();
        self.write("begin a generation", |transaction| {
            touch(transaction, run, now_us)?;
            let upstream = upstream_of(transaction, run, stage)?;
            let same = |of: &GenerationRecord| of.key == key && of.upstream == upstream;
            let current = in_state(transaction, run, stage, CURRENT)?;
            let aside = in_state(transaction, run, stage, ASIDE)?;
            let names = (key, upstream.as_str());
            let Some(current) = current else {
                let generation = next_number(transaction, run, stage)?;
                insert(transaction, run, stage, generation, CURRENT, names, now_us)?;
                return Ok(Begun { generation, dropped: None });
            };
            if let Some(aside) = aside.as_ref().filter(|aside| !same(&current) && same(aside)) {
                return Ok(Begun { generation: aside.generation, dropped: None });
            }
            let dropped = aside.map(|aside| aside.generation);
            if let Some(dropped) = dropped {
                retire(transaction, run, stage, dropped)?;
            }
            let generation = if same(&current) {
                current.generation
            } else if has_commits(transaction, run, stage, current.generation)? {
                let next = next_number(transaction, run, stage)?;
                insert(transaction, run, stage, next, ASIDE, names, now_us)?;
                next
            } else {
                transaction.execute(
                    "UPDATE generations SET key = ?4, upstream = ?5
                     WHERE run = ?1 AND stage = ?2 AND generation = ?3",
                    params![run.as_str(), stage.as_str(), current.generation.0, key, upstream],
                )?;
                current.generation
            };
            Ok(Begun { generation, dropped })
        })
    }

    pub(crate) fn switch_generation(
        &self,
        run: &RunId,
        stage: Stage,
        generation: Generation,
    ) -> Result<()> {
        let now_us = self.clock.now_us();
        self.write("switch a generation", |transaction| {
            let current = in_state(transaction, run, stage, CURRENT)?;
            if current.as_ref().is_some_and(|current| current.generation == generation) {
                return Ok(());
            }
            let aside = in_state(transaction, run, stage, ASIDE)?;
            if aside.is_none_or(|aside| aside.generation != generation) {
                let run = run.clone();
                return Err(StoreError::UnknownGeneration { run, stage, generation }.into());
            }
            if let Some(current) = current {
                retire(transaction, run, stage, current.generation)?;
            }
            transaction.execute(
                "UPDATE generations SET state = 'current', switched_at_us = ?4
                 WHERE run = ?1 AND stage = ?2 AND generation = ?3",
                params![run.as_str(), stage.as_str(), generation.0, now_us],
            )?;
            touch(transaction, run, now_us)
        })
    }
}
