//! How the catalogue's file is opened: its pragmas, its version and its tables.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::Result;
use crate::StoreError;

/// The version of the tables below, kept in `PRAGMA user_version`.
pub(super) const SCHEMA_VERSION: i64 = 1;
/// Marks the file as ours (`PRAGMA application_id`): "Jrvx".
const APPLICATION_ID: i64 = 0x4a72_7678;
/// How long a connection waits for another one's write.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// What a write-ahead log may keep on disk after a checkpoint, in bytes.
const WAL_BYTES_MAX: i64 = 16 * 1024 * 1024;

/// `commits.input` is the input part of one-in-one-out stages; `commits.covers` a compressed set of
/// ordinals. Ids of commits only go up.
const TABLES: &str = "
CREATE TABLE runs (
    id                TEXT    NOT NULL PRIMARY KEY,
    state             TEXT    NOT NULL,
    input_fingerprint TEXT    NOT NULL,
    settings          TEXT    NOT NULL,
    created_at_us     INTEGER NOT NULL,
    updated_at_us     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE notes (
    run           TEXT    NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key           TEXT    NOT NULL,
    value         TEXT    NOT NULL,
    updated_at_us INTEGER NOT NULL,
    PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE generations (
    run            TEXT    NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    stage          TEXT    NOT NULL,
    generation     INTEGER NOT NULL,
    state          TEXT    NOT NULL CHECK (state IN ('current', 'aside', 'gone')),
    key            TEXT    NOT NULL,
    upstream       TEXT    NOT NULL,
    begun_at_us    INTEGER NOT NULL,
    switched_at_us INTEGER,
    PRIMARY KEY (run, stage, generation)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX one_current ON generations (run, stage) WHERE state = 'current';
CREATE UNIQUE INDEX one_aside ON generations (run, stage) WHERE state = 'aside';
CREATE TABLE commits (
    id               INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    run              TEXT    NOT NULL,
    stage            TEXT    NOT NULL,
    generation       INTEGER NOT NULL,
    input            INTEGER,
    input_generation INTEGER,
    covers           BLOB,
    committed_at_us  INTEGER NOT NULL,
    FOREIGN KEY (run, stage, generation)
        REFERENCES generations (run, stage, generation) ON DELETE CASCADE
) STRICT;
CREATE UNIQUE INDEX one_commit_per_input ON commits (run, stage, generation, input)
    WHERE input IS NOT NULL;
CREATE INDEX commits_of_generation ON commits (run, stage, generation);
CREATE TABLE parts (
    run        TEXT    NOT NULL,
    dataset    TEXT    NOT NULL,
    generation INTEGER NOT NULL,
    name       INTEGER NOT NULL,
    commit_id  INTEGER NOT NULL REFERENCES commits (id) ON DELETE CASCADE,
    rows       INTEGER NOT NULL,
    bytes      INTEGER NOT NULL,
    hash       TEXT    NOT NULL,
    PRIMARY KEY (run, dataset, generation, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX parts_of_commit ON parts (commit_id);
";

pub(super) fn open_writer(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let mut connection = Connection::open_with_flags(canonical(path), flags)
        .map_err(StoreError::sql("open the file"))?;
    prepare(&mut connection, path)?;
    Ok(connection)
}

pub(super) fn open_reader(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    };
    open().map_err(StoreError::sql("open the file"))
}

/// SQLite refuses a link anywhere in the path, not only at its end: the data folder itself may be
/// reached through one.
fn canonical(path: &Path) -> std::path::PathBuf {
    let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
    match (folder, path.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

fn prepare(connection: &mut Connection, path: &Path) -> Result<()> {
    let sql = || StoreError::sql("set up the file");
    connection.busy_timeout(BUSY_TIMEOUT).map_err(sql())?;
    let version = version(connection).map_err(sql())?;
    if version > SCHEMA_VERSION {
        return Err(StoreError::CatalogueNewer {
            path: path.to_owned(),
            found: version,
            known: SCHEMA_VERSION,
        });
    }
    connection.pragma_update(None, "journal_mode", "WAL").map_err(sql())?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(sql())?;
    connection.pragma_update(None, "foreign_keys", true).map_err(sql())?;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES_MAX).map_err(sql())?;
    if version < SCHEMA_VERSION {
        create_tables(connection, path)?;
    }
    Ok(())
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn create_tables(connection: &mut Connection, path: &Path) -> Result<()> {
    let sql = || StoreError::sql("create the tables");
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sql())?;
    // Another process may have been quicker.
    if version(&transaction).map_err(sql())? == SCHEMA_VERSION {
        return Ok(());
    }
    let strangers: i64 = transaction
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(sql())?;
    if strangers > 0 {
        let reason = format!("{} is a database of another program", path.display());
        return Err(StoreError::CatalogueDamaged { reason });
    }
    transaction.execute_batch(TABLES).map_err(sql())?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(sql())?;
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION).map_err(sql())?;
    transaction.commit().map_err(sql())
}
