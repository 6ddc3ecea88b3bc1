//! Runs and the notes about them.

use jarvix_core::{RunId, RunState};
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::{Catalogue, Fault, Result, hold};
use crate::StoreError;

/// A run that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun {
    /// Its name.
    pub id: RunId,
    /// What tells its input from others.
    pub input_fingerprint: String,
    /// Its resolved settings, as JSON.
    pub settings: String,
}

/// A run as the catalogue knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// Its name.
    pub id: RunId,
    /// How far it has come.
    pub state: RunState,
    /// What tells its input from others.
    pub input_fingerprint: String,
    /// Its resolved settings, as JSON.
    pub settings: String,
    /// When it was made, microseconds since 1970-01-01 UTC.
    pub created_at_us: i64,
    /// When its record last changed, microseconds since 1970-01-01 UTC.
    pub updated_at_us: i64,
}

const COLUMNS: &str = "id, state, input_fingerprint, settings, created_at_us, updated_at_us";

fn record(row: &Row<'_>) -> std::result::Result<RunRecord, Fault> {
    let id: String = row.get(0)?;
    let state: String = row.get(1)?;
    Ok(RunRecord {
        id: RunId::new(&id).map_err(|error| Fault::damaged(error.to_string()))?,
        state: RunState::parse(&state)
            .ok_or_else(|| Fault::damaged(format!("run {id} is in state {state:?}")))?,
        input_fingerprint: row.get(2)?,
        settings: row.get(3)?,
        created_at_us: row.get(4)?,
        updated_at_us: row.get(5)?,
    })
}

/// Says when the run last changed; fails if there is no such run.
pub(super) fn touch(
    transaction: &Transaction<'_>,
    run: &RunId,
    now_us: i64,
) -> std::result::Result<(), Fault> {
    let changed = transaction.execute(
        "UPDATE runs SET updated_at_us = ?2 WHERE id = ?1",
        params![run.as_str(), now_us],
    )?;
    if changed == 0 { Err(StoreError::UnknownRun { run: run.clone() }.into()) } else { Ok(()) }
}

/// Writes a note, replacing the one under the same key.
pub(super) fn put_note(
    transaction: &Transaction<'_>,
    run: &RunId,
    key: &str,
    json: &str,
    now_us: i64,
) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO notes (run, key, value, updated_at_us) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (run, key) DO UPDATE
         SET value = excluded.value, updated_at_us = excluded.updated_at_us",
        params![run.as_str(), key, json, now_us],
    )?;
    Ok(())
}

impl Catalogue {
    /// Makes a run, unfinished. Fails if there is one of that name.
    pub fn create_run(&self, new: NewRun) -> Result<RunRecord> {
        let now_us = self.clock.now_us();
        self.write("create the run", |transaction| {
            let made = transaction.execute(
                "INSERT INTO runs
                 (id, state, input_fingerprint, settings, created_at_us, updated_at_us)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?5) ON CONFLICT DO NOTHING",
                params![
                    new.id.as_str(),
                    RunState::Unfinished.as_str(),
                    new.input_fingerprint,
                    new.settings,
                    now_us
                ],
            )?;
            if made == 0 {
                return Err(StoreError::RunExists { run: new.id.clone() }.into());
            }
            Ok(())
        })?;
        Ok(RunRecord {
            id: new.id,
            state: RunState::Unfinished,
            input_fingerprint: new.input_fingerprint,
            settings: new.settings,
            created_at_us: now_us,
            updated_at_us: now_us,
        })
    }

    /// A run by its name.
    pub fn run(&self, run: &RunId) -> Result<Option<RunRecord>> {
        self.read("look up the run", |connection| {
            let sql = format!("SELECT {COLUMNS} FROM runs WHERE id = ?1");
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query([run.as_str()])?;
            rows.next()?.map(record).transpose()
        })
    }

    /// Every run, the newest first.
    pub fn runs(&self) -> Result<Vec<RunRecord>> {
        self.read("list the runs", |connection| {
            let sql = format!("SELECT {COLUMNS} FROM runs ORDER BY created_at_us DESC, id");
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query([])?;
            let mut records = Vec::new();
            while let Some(row) = rows.next()? {
                records.push(record(row)?);
            }
            Ok(records)
        })
    }

    /// Says how far a run has come.
    pub fn set_run_state(&self, run: &RunId, state: RunState) -> Result<()> {
        self.set_run(run, "state", state.as_str())
    }

    /// Replaces a run's settings (JSON).
    pub fn set_run_settings(&self, run: &RunId, settings: &str) -> Result<()> {
        self.set_run(run, "settings", settings)
    }

    /// Replaces what tells the run's input from others: after lines were appended to it.
    pub fn set_run_fingerprint(&self, run: &RunId, input_fingerprint: &str) -> Result<()> {
        self.set_run(run, "input_fingerprint", input_fingerprint)
    }

    fn set_run(&self, run: &RunId, column: &'static str, value: &str) -> Result<()> {
        let now_us = self.clock.now_us();
        self.write("change the run", |transaction| {
            let sql = format!("UPDATE runs SET {column} = ?2 WHERE id = ?1");
            transaction.execute(&sql, params![run.as_str(), value])?;
            touch(transaction, run, now_us)
        })
    }

    /// Writes a note about a run, replacing the one under the same key. Values are JSON.
    pub fn record_note(&self, run: &RunId, key: &str, json: &str) -> Result<()> {
        let now_us = self.clock.now_us();
        self.write("write a note", |transaction| {
            touch(transaction, run, now_us)?;
            Ok(put_note(transaction, run, key, json, now_us)?)
        })
    }

    /// The note under `key`.
    pub fn note(&self, run: &RunId, key: &str) -> Result<Option<String>> {
        self.read("read a note", |connection| {
            let mut statement =
                connection.prepare_cached("SELECT value FROM notes WHERE run = ?1 AND key = ?2")?;
            Ok(statement.query_row([run.as_str(), key], |row| row.get(0)).optional()?)
        })
    }

    /// Every note about a run as key and JSON, by key.
    pub fn notes(&self, run: &RunId) -> Result<Vec<(String, String)>> {
        self.read("read the notes", |connection| {
            let mut statement = connection
                .prepare_cached("SELECT key, value FROM notes WHERE run = ?1 ORDER BY key")?;
            let notes = statement.query_map([run.as_str()], |r| Ok((r.get(0)?, r.get(1)?)))?;
            Ok(notes.collect::<rusqlite::Result<Vec<_>>>()?)
        })
    }

    /// Forgets a run and everything about it; false if there was none.
    pub(crate) fn delete_run(&self, run: &RunId) -> Result<bool> {
        let deleted = self.write("delete the run", |transaction| {
            Ok(transaction.execute("DELETE FROM runs WHERE id = ?1", [run.as_str()])?)
        })?;
        hold(&self.covered).retain(|(of, _), _| of != run);
        hold(&self.handed_out).retain(|(of, _), _| of != run);
        Ok(deleted > 0)
    }
}
