//! The catalogue: the small transactional record of runs, generations, commits and parts. One SQLite
//! file, WAL, synchronous=FULL; one connection writes, one reads, and other processes may read at
//! the same time. What stands here is committed; a file that does not stand here is not data.
//!
//! What it refuses: rows of datasets, and any fact that could be derived from parts.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jarvix_core::{Clock, Dataset, Generation, Ordinals, RunId, Stage};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::StoreError;

mod commits;
mod generations;
mod merges;
mod quarantine;
mod runs;
mod setup;

pub(crate) use commits::{NewCommit, NewPart, input_dataset};
pub use generations::GenerationRecord;
pub(crate) use merges::Merge;
pub use runs::{NewRun, RunRecord};

pub(crate) type Result<T> = std::result::Result<T, StoreError>;

/// The catalogue of a data folder. Used from any thread.
pub struct Catalogue {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
    /// The union of what a stage's commits cover, so that a commit need not read all of them.
    covered: Mutex<HashMap<(RunId, Stage), CoveredAt>>,
    /// The last part number handed out per dataset in this process.
    handed_out: Mutex<HashMap<(RunId, Dataset), u32>>,
}

/// What the commits of a generation cover, up to the one that was read last.
struct CoveredAt {
    generation: Generation,
    last_commit: i64,
    ordinals: Ordinals,
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Catalogue").field(&self.path).finish()
    }
}

fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // SQLite rolls back what a panicking thread began; the caches are checked when they are used.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Catalogue {
    pub(crate) fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<Self> {
        let writer = setup::open_writer(path)?;
        let reader = setup::open_reader(path)?;
        Ok(Self {
            path: path.to_owned(),
            clock,
            writer: Mutex::new(writer),
            reader: Mutex::new(reader),
            covered: Mutex::default(),
            handed_out: Mutex::default(),
        })
    }

    /// The catalogue's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What SQLite finds wrong with the file itself; empty when it is whole.
    pub fn check(&self) -> Result<Vec<String>> {
        self.read("check the file", |connection| {
            let mut statement = connection.prepare("PRAGMA quick_check(20)")?;
            let found = statement.query_map([], |row| row.get::<_, String>(0))?;
            Ok(found.collect::<rusqlite::Result<Vec<_>>>()?)
        })
        .map(|found| found.into_iter().filter(|line| line != "ok").collect())
    }

    /// Reads on the connection that never writes.
    fn read<T>(
        &self,
        action: &'static str,
        body: impl FnOnce(&Connection) -> std::result::Result<T, Fault>,
    ) -> Result<T> {
        body(&hold(&self.reader)).map_err(|fault| fault.into_error(action))
    }

    /// One write transaction: all of `body` or nothing.
    fn write<T>(
        &self,
        action: &'static str,
        body: impl FnOnce(&Transaction<'_>) -> std::result::Result<T, Fault>,
    ) -> Result<T> {
        let mut connection = hold(&self.writer);
        let done = (|| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = body(&transaction)?;
            transaction.commit()?;
            Ok(value)
        })();
        done.map_err(|fault: Fault| fault.into_error(action))
    }
}

/// Why a body of SQL ended: SQLite's reason or ours.
pub(crate) enum Fault {
    Sql(rusqlite::Error),
    Own(StoreError),
}

impl Fault {
    fn into_error(self, action: &'static str) -> StoreError {
        match self {
            Self::Sql(error) => StoreError::sql(action)(error),
            Self::Own(error) => error,
        }
    }

    fn damaged(reason: impl Into<String>) -> Self {
        Self::Own(StoreError::CatalogueDamaged { reason: reason.into() })
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Own(error)
    }
}

/// SQLite's integers are signed; ours that go there are counts and fit.
fn to_sql(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn from_sql(value: i64, what: &str) -> std::result::Result<u64, Fault> {
    u64::try_from(value).map_err(|_| Fault::damaged(format!("{what} is {value}")))
}

fn number(value: i64, what: &str) -> std::result::Result<u32, Fault> {
    u32::try_from(value).map_err(|_| Fault::damaged(format!("{what} is {value}")))
}
