//! Commits and parts: what is done, what is left to do, and what lies where.

use jarvix_core::{Dataset, Generation, Ordinals, PartName, PartRef, RunId, Stage};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{
    Catalogue, CoveredAt, Fault, Result, from_sql, generations, hold, number, runs, to_sql,
};
use crate::StoreError;
use crate::parts::Address;

/// A commit as the catalogue takes it.
pub(crate) struct NewCommit<'a> {
    pub(crate) run: &'a RunId,
    pub(crate) stage: Stage,
    pub(crate) generation: Generation,
    pub(crate) input: Option<PartName>,
    pub(crate) covers: &'a Ordinals,
    pub(crate) parts: Vec<NewPart>,
    pub(crate) notes: &'a [(String, String)],
}

impl NewCommit<'_> {
    fn address(&self, part: &NewPart) -> Address {
        Address {
            run: self.run.clone(),
            dataset: part.dataset,
            generation: self.generation,
            name: part.name,
        }
    }
}

/// A part of a commit.
#[derive(Debug, Clone)]
pub(crate) struct NewPart {
    pub(crate) dataset: Dataset,
    pub(crate) name: PartName,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    pub(crate) hash: String,
}

/// The dataset whose parts a one-in-one-out stage takes; `None` for stages that work otherwise.
pub(crate) const fn input_dataset(stage: Stage) -> Option<Dataset> {
    match stage {
        Stage::Curate => Some(Dataset::Pages),
        Stage::Score => Some(Dataset::Documents),
        Stage::Admit | Stage::Collect | Stage::Dedupe | Stage::Report => None,
    }
}

const PART_COLUMNS: &str = "name, generation, rows, bytes, hash, dataset";

fn part(run: &RunId, row: &Row<'_>) -> std::result::Result<PartRef, Fault> {
    let dataset: String = row.get(5)?;
    let hash: String = row.get(4)?;
    if hash.len() != 64 || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(Fault::damaged(format!("a part of run {run} has the hash {hash:?}")));
    }
    Ok(PartRef {
        run: run.clone(),
        dataset: Dataset::parse(&dataset)
            .ok_or_else(|| Fault::damaged(format!("there is no dataset {dataset:?}")))?,
        name: PartName(number(row.get(0)?, "a part's number")?),
        generation: Generation(number(row.get(1)?, "a part's generation")?),
        rows: from_sql(row.get(2)?, "a part's row count")?,
        bytes: from_sql(row.get(3)?, "a part's size")?,
        hash,
    })
}

pub(super) fn parts_where(
    connection: &Connection,
    run: &RunId,
    condition: &str,
    values: &[&dyn rusqlite::ToSql],
) -> std::result::Result<Vec<PartRef>, Fault> {
    let sql = format!("SELECT {PART_COLUMNS} FROM parts WHERE {condition} ORDER BY dataset, name");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(values)?;
    let mut parts = Vec::new();
    while let Some(row) = rows.next()? {
        parts.push(part(run, row)?);
    }
    Ok(parts)
}

fn parts_at(
    connection: &Connection,
    run: &RunId,
    dataset: Dataset,
    generation: Generation,
) -> std::result::Result<Vec<PartRef>, Fault> {
    let values: [&dyn rusqlite::ToSql; 3] = [&run.as_str(), &dataset.as_str(), &generation.0];
    parts_where(connection, run, "run = ?1 AND dataset = ?2 AND generation = ?3", &values)
}

fn one_part(connection: &Connection, at: &Address) -> std::result::Result<Option<PartRef>, Fault> {
    let values: [&dyn rusqlite::ToSql; 4] =
        [&at.run.as_str(), &at.dataset.as_str(), &at.generation.0, &at.name.0];
    let condition = "run = ?1 AND dataset = ?2 AND generation = ?3 AND name = ?4";
    Ok(parts_where(connection, &at.run, condition, &values)?.pop())
}

/// The id of the commit that did the same work before, if there is one.
fn earlier_commit(
    transaction: &Transaction<'_>,
    new: &NewCommit<'_>,
) -> std::result::Result<Option<i64>, Fault> {
    if let Some(input) = new.input {
        let of = params![new.run.as_str(), new.stage.as_str(), new.generation.0, input.0];
        return Ok(transaction
            .prepare_cached(
                "SELECT id FROM commits
                 WHERE run = ?1 AND stage = ?2 AND generation = ?3 AND input = ?4",
            )?
            .query_row(of, |row| row.get(0))
            .optional()?);
    }
    // Without an input part the outputs' names say what the work was.
    let Some(first) = new.parts.first() else { return Ok(None) };
    let mut known = 0;
    for part in &new.parts {
        let committed = one_part(transaction, &new.address(part))?;
        let Some(committed) = committed else { continue };
        if committed.hash != part.hash {
            return Err(conflict(new.run, part).into());
        }
        known += 1;
    }
    if known == 0 {
        return Ok(None);
    }
    if known < new.parts.len() {
        return Err(conflict(new.run, first).into());
    }
    part_of_commit(transaction, &new.address(first))
}

/// The id of the commit that a part came with.
pub(super) fn part_of_commit(
    transaction: &Transaction<'_>,
    at: &Address,
) -> std::result::Result<Option<i64>, Fault> {
    let of = params![at.run.as_str(), at.dataset.as_str(), at.generation.0, at.name.0];
    let mut statement = transaction.prepare_cached(
        "SELECT commit_id FROM parts
         WHERE run = ?1 AND dataset = ?2 AND generation = ?3 AND name = ?4",
    )?;
    Ok(statement.query_row(of, |row| row.get(0)).optional()?)
}

/// What one commit covers.
pub(super) fn covers_of(
    transaction: &Transaction<'_>,
    run: &RunId,
    commit: i64,
) -> std::result::Result<Ordinals, Fault> {
    let mut statement = transaction.prepare_cached("SELECT covers FROM commits WHERE id = ?1")?;
    let mut rows = statement.query([commit])?;
    let Some(row) = rows.next()? else { return Ok(Ordinals::new()) };
    covers_in(row, 0, run)
}

/// A set of ordinals in a row; the empty one where there is none.
fn covers_in(row: &Row<'_>, column: usize, run: &RunId) -> std::result::Result<Ordinals, Fault> {
    let unreadable = || Fault::damaged(format!("what a commit of run {run} covers is unreadable"));
    match row.get_ref(column)?.as_blob_or_null().map_err(|_| unreadable())? {
        Some(bytes) => Ordinals::from_bytes(bytes).ok_or_else(unreadable),
        None => Ok(Ordinals::new()),
    }
}

fn conflict(run: &RunId, part: &NewPart) -> StoreError {
    StoreError::Conflict { run: run.clone(), dataset: part.dataset, name: part.name }
}

/// The generation of the input part that a commit says it read; it must be there.
fn input_generation(
    transaction: &Transaction<'_>,
    new: &NewCommit<'_>,
) -> std::result::Result<Option<Generation>, Fault> {
    let (Some(dataset), Some(input)) = (input_dataset(new.stage), new.input) else {
        return Ok(None);
    };
    let generation = generations::current_number(transaction, new.run, dataset.stage())?;
    let of = params![new.run.as_str(), dataset.as_str(), generation.0, input.0];
    let there: bool = transaction.query_row(
        "SELECT EXISTS (SELECT 1 FROM parts
         WHERE run = ?1 AND dataset = ?2 AND generation = ?3 AND name = ?4)",
        of,
        |row| row.get(0),
    )?;
    if there {
        return Ok(Some(generation));
    }
    let reason = format!("its input {dataset} {input} is not a part that readers see");
    Err(StoreError::InvalidCommit { run: new.run.clone(), stage: new.stage, reason }.into())
}

pub(super) fn insert_commit(
    transaction: &Transaction<'_>,
    new: &NewCommit<'_>,
    now_us: i64,
) -> std::result::Result<(), Fault> {
    let input_generation = input_generation(transaction, new)?;
    let covers = (!new.covers.is_empty()).then(|| new.covers.to_bytes());
    transaction.execute(
        "INSERT INTO commits
         (run, stage, generation, input, input_generation, covers, committed_at_us)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            new.run.as_str(),
            new.stage.as_str(),
            new.generation.0,
            new.input.map(|input| input.0),
            input_generation.map(|generation| generation.0),
            covers,
            now_us
        ],
    )?;
    let commit = transaction.last_insert_rowid();
    for (key, json) in new.notes {
        runs::put_note(transaction, new.run, key, json, now_us)?;
    }
    for part in &new.parts {
        insert_part(transaction, (new.run, new.generation, commit), part)?;
    }
    Ok(())
}

fn insert_part(
    transaction: &Transaction<'_>,
    (run, generation, commit): (&RunId, Generation, i64),
    part: &NewPart,
) -> std::result::Result<(), Fault> {
    let inserted = transaction.execute(
        "INSERT INTO parts (run, dataset, generation, name, commit_id, rows, bytes, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
        params![
            run.as_str(),
            part.dataset.as_str(),
            generation.0,
            part.name.0,
            commit,
            to_sql(part.rows),
            to_sql(part.bytes),
            part.hash
        ],
    )?;
    if inserted == 0 { Err(conflict(run, part).into()) } else { Ok(()) }
}

impl CoveredAt {
    fn nothing(generation: Generation) -> Self {
        Self { generation, last_commit: 0, ordinals: Ordinals::new() }
    }
}

/// Adds what the commits after the last seen one cover.
fn add_covered(
    connection: &Connection,
    (run, stage): (&RunId, Stage),
    seen: &mut CoveredAt,
) -> std::result::Result<(), Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT id, covers FROM commits
         WHERE run = ?1 AND stage = ?2 AND generation = ?3 AND id > ?4 ORDER BY id",
    )?;
    let of = params![run.as_str(), stage.as_str(), seen.generation.0, seen.last_commit];
    let mut rows = statement.query(of)?;
    while let Some(row) = rows.next()? {
        seen.ordinals.union_with(&covers_in(row, 1, run)?);
        seen.last_commit = row.get(0)?;
    }
    Ok(())
}

impl Catalogue {
    /// The parts of a dataset that readers see, by name.
    pub fn parts(&self, run: &RunId, dataset: Dataset) -> Result<Vec<PartRef>> {
        self.snapshot("list the parts", |connection| {
            let generation = generations::current_number(connection, run, dataset.stage())?;
            parts_at(connection, run, dataset, generation)
        })
    }

    /// The parts of one generation of a dataset, by name.
    pub fn parts_at(
        &self,
        run: &RunId,
        dataset: Dataset,
        generation: Generation,
    ) -> Result<Vec<PartRef>> {
        self.read("list the parts", |c| parts_at(c, run, dataset, generation))
    }

    /// What is committed under an address.
    pub(crate) fn part(&self, at: &Address) -> Result<Option<PartRef>> {
        self.read("look up a part", |c| one_part(c, at))
    }

    /// Every committed part of a run, of every dataset and generation.
    pub fn parts_of_run(&self, run: &RunId) -> Result<Vec<PartRef>> {
        self.read("list the parts", |c| parts_where(c, run, "run = ?1", &[&run.as_str()]))
    }

    /// The ordinals that the current generation of `stage` has dealt with. What is left to do is
    /// what was admitted, minus these.
    pub fn covered(&self, run: &RunId, stage: Stage) -> Result<Ordinals> {
        self.snapshot("read what is covered", |connection| {
            let generation = generations::current_number(connection, run, stage)?;
            self.with_covered(connection, (run, stage, generation), Ordinals::clone)
        })
    }

    /// The input parts of `stage` that `generation` has no outputs for yet, by name. Empty for
    /// stages that do not work part by part.
    pub fn work(&self, run: &RunId, stage: Stage, generation: Generation) -> Result<Vec<PartName>> {
        self.work_among(run, stage, generation, None)
    }

    /// Whether `part` is one of them.
    pub fn is_work(
        &self,
        run: &RunId,
        stage: Stage,
        generation: Generation,
        part: PartName,
    ) -> Result<bool> {
        Ok(!self.work_among(run, stage, generation, Some(part))?.is_empty())
    }

    fn work_among(
        &self,
        run: &RunId,
        stage: Stage,
        generation: Generation,
        part: Option<PartName>,
    ) -> Result<Vec<PartName>> {
        let Some(dataset) = input_dataset(stage) else { return Ok(Vec::new()) };
        let (from, to) = part.map_or((0, u32::MAX), |part| (part.0, part.0));
        self.snapshot("look for work", |connection| {
            let input = generations::current_number(connection, run, dataset.stage())?;
            let mut statement = connection.prepare_cached(
                "SELECT name FROM parts WHERE run = ?1 AND dataset = ?2 AND generation = ?3
                 AND name BETWEEN ?6 AND ?7
                 AND NOT EXISTS (SELECT 1 FROM commits
                     WHERE commits.run = ?1 AND stage = ?4 AND commits.generation = ?5
                     AND input = parts.name AND input_generation = ?3)
                 ORDER BY name",
            )?;
            let (run, dataset) = (run.as_str(), dataset.as_str());
            let of = params![run, dataset, input.0, stage.as_str(), generation.0, from, to];
            let mut rows = statement.query(of)?;
            let mut names = Vec::new();
            while let Some(row) = rows.next()? {
                names.push(PartName(number(row.get(0)?, "a part's number")?));
            }
            Ok(names)
        })
    }

    /// A name for a new part of `dataset`. Each call hands out another one, also while earlier ones
    /// are not committed yet; a name that was never committed is handed out again by the next
    /// process.
    pub fn next_part_name(&self, run: &RunId, dataset: Dataset) -> Result<PartName> {
        let last: i64 = self.read("look for the last part", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT coalesce(max(name), 0) FROM parts WHERE run = ?1 AND dataset = ?2",
            )?;
            Ok(statement.query_row([run.as_str(), dataset.as_str()], |row| row.get(0))?)
        })?;
        let last = u32::try_from(last).map_err(|_| StoreError::CatalogueDamaged {
            reason: format!("the last part of {dataset} in run {run} has the number {last}"),
        })?;
        let mut handed_out = hold(&self.handed_out);
        let handed = handed_out.entry((run.clone(), dataset)).or_insert(0);
        *handed = last.max(*handed) + 1;
        Ok(PartName(*handed))
    }

    /// The parts of one commit, all or none. `None` stands for "committed just now"; `Some` are the
    /// parts of an earlier commit of the same work, which stays as it is.
    pub(crate) fn commit(&self, new: &NewCommit<'_>) -> Result<Option<Vec<PartRef>>> {
        let now_us = self.clock.now_us();
        self.write("commit", |transaction| {
            runs::touch(transaction, new.run, now_us)?;
            generations::require(transaction, new.run, new.stage, new.generation, now_us)?;
            if let Some(earlier) = earlier_commit(transaction, new)? {
                let parts = parts_where(transaction, new.run, "commit_id = ?1", &[&earlier])?;
                return Ok(Some(parts));
            }
            if !new.covers.is_empty() {
                self.refuse_overlap(transaction, new)?;
            }
            insert_commit(transaction, new, now_us)?;
            Ok(None)
        })
    }

    /// Reads several things of one moment.
    fn snapshot<T>(
        &self,
        action: &'static str,
        body: impl FnOnce(&Connection) -> std::result::Result<T, Fault>,
    ) -> Result<T> {
        self.read(action, |connection| {
            let transaction = connection.unchecked_transaction()?;
            body(&transaction)
        })
    }

    /// No two commits of a generation may cover the same ordinal.
    fn refuse_overlap(
        &self,
        transaction: &Transaction<'_>,
        new: &NewCommit<'_>,
    ) -> std::result::Result<(), Fault> {
        let of = (new.run, new.stage, new.generation);
        let count = self.with_covered(transaction, of, |before| {
            if before.intersects(new.covers) {
                new.covers.iter().filter(|ordinal| before.contains(*ordinal)).count() as u64
            } else {
                0
            }
        })?;
        if count == 0 {
            return Ok(());
        }
        Err(StoreError::Overlap { run: new.run.clone(), stage: new.stage, count }.into())
    }

    /// Shows `look` what a generation covers. Only commits that were not seen before are read:
    /// their ids go up, and when the last seen one is gone, everything is read again. Call it before
    /// a transaction changes anything, so that only what is committed is remembered.
    fn with_covered<T>(
        &self,
        connection: &Connection,
        (run, stage, generation): (&RunId, Stage, Generation),
        look: impl FnOnce(&Ordinals) -> T,
    ) -> std::result::Result<T, Fault> {
        let mut cache = hold(&self.covered);
        let seen =
            cache.entry((run.clone(), stage)).or_insert_with(|| CoveredAt::nothing(generation));
        let still_there = seen.last_commit == 0
            || connection
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM commits WHERE id = ?1)")?
                .query_row([seen.last_commit], |row| row.get(0))?;
        if seen.generation != generation || !still_there {
            *seen = CoveredAt::nothing(generation);
        }
        add_covered(connection, (run, stage), seen)?;
        Ok(look(&seen.ordinals))
    }
}
