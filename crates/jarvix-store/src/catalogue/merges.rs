//! Parts that take the place of others: one transaction for the old ones, what was made of them, and
//! the new one.

use jarvix_core::{Dataset, Generation, Ordinals, PartName, PartRef, RunId, Stage};
use rusqlite::{Transaction, params};

use super::commits::{NewCommit, NewPart, covers_of, insert_commit, part_of_commit, parts_where};
use super::{Catalogue, Fault, Result, generations, runs};
use crate::StoreError;
use crate::parts::Address;

/// Which parts a new one takes the place of.
pub(crate) struct Merge<'a> {
    pub(crate) run: &'a RunId,
    pub(crate) dataset: Dataset,
    pub(crate) generation: Generation,
    pub(crate) names: &'a [PartName],
}

/// The stages that make outputs of the parts of `dataset`, under their names.
const fn followers(dataset: Dataset) -> &'static [Stage] {
    match dataset {
        Dataset::Pages => &[Stage::Curate],
        Dataset::Documents => &[Stage::Score],
        Dataset::Hosts
        | Dataset::Rejects
        | Dataset::Links
        | Dataset::Duplicates
        | Dataset::Scores => &[],
    }
}

impl Merge<'_> {
    fn invalid(&self, reason: String) -> Fault {
        let stage = self.dataset.stage();
        StoreError::InvalidCommit { run: self.run.clone(), stage, reason }.into()
    }

    /// Takes away the commit of one old part; its parts and what it covered.
    fn take(
        &self,
        transaction: &Transaction<'_>,
        name: PartName,
    ) -> std::result::Result<(Vec<PartRef>, Ordinals), Fault> {
        let (run, dataset, generation) = (self.run.clone(), self.dataset, self.generation);
        let at = Address { run, dataset, generation, name };
        let Some(commit) = part_of_commit(transaction, &at)? else {
            return Err(self.invalid(format!("{name}, which it replaces, is not there")));
        };
        let parts = parts_where(transaction, self.run, "commit_id = ?1", &[&commit])?;
        if parts.iter().filter(|part| part.dataset == self.dataset).count() != 1 {
            return Err(self.invalid(format!("{name} was not committed alone")));
        }
        let covers = covers_of(transaction, self.run, commit)?;
        let gone = take_commit(transaction, self.run, commit)?;
        Ok((gone, covers))
    }
}

/// Takes a commit away, and those of what was made of its parts, in every generation; their parts.
pub(super) fn take_commit(
    transaction: &Transaction<'_>,
    run: &RunId,
    commit: i64,
) -> std::result::Result<Vec<PartRef>, Fault> {
    let mut gone = Vec::new();
    let mut commits = vec![commit];
    while let Some(commit) = commits.pop() {
        let parts = parts_where(transaction, run, "commit_id = ?1", &[&commit])?;
        transaction.execute("DELETE FROM commits WHERE id = ?1", [commit])?;
        for part in &parts {
            for stage in followers(part.dataset) {
                let mut statement = transaction.prepare_cached(
                    "SELECT id FROM commits
                     WHERE run = ?1 AND stage = ?2 AND input = ?3 AND input_generation = ?4",
                )?;
                let of = params![run.as_str(), stage.as_str(), part.name.0, part.generation.0];
                let made = statement.query_map(of, |row| row.get::<_, i64>(0))?;
                commits.extend(made.collect::<rusqlite::Result<Vec<_>>>()?);
            }
        }
        gone.extend(parts);
    }
    Ok(gone)
}

impl Catalogue {
    /// The parts of a dataset that readers see and that were committed one by one, by name; parts
    /// of other datasets may have been committed with them.
    pub(crate) fn parts_alone(&self, run: &RunId, dataset: Dataset) -> Result<Vec<PartRef>> {
        self.read("list the parts", |connection| {
            let generation = generations::current_number(connection, run, dataset.stage())?;
            let values: [&dyn rusqlite::ToSql; 3] =
                [&run.as_str(), &dataset.as_str(), &generation.0];
            let condition = "run = ?1 AND dataset = ?2 AND generation = ?3
                AND (SELECT count(*) FROM parts AS p
                     WHERE p.commit_id = parts.commit_id AND p.dataset = parts.dataset) = 1";
            parts_where(connection, run, condition, &values)
        })
    }

    /// Puts new parts, the first of the merge's dataset, in the place of others, with all that they
    /// covered, and `made`, what curate has made of them, in the place of its outputs; the parts
    /// that are gone, outputs of every stage and generation included.
    pub(crate) fn merge(
        &self,
        merge: &Merge<'_>,
        new: Vec<NewPart>,
        made: Option<(Generation, Vec<NewPart>)>,
    ) -> Result<Vec<PartRef>> {
        let now_us = self.clock.now_us();
        self.write("merge parts", |transaction| {
            runs::touch(transaction, merge.run, now_us)?;
            let mut gone = Vec::new();
            let mut covers = Ordinals::new();
            for name in merge.names {
                let (parts, covered) = merge.take(transaction, *name)?;
                gone.extend(parts);
                covers.union_with(&covered);
            }
            let Some(first) = new.first().filter(|part| part.dataset == merge.dataset) else {
                return Err(merge.invalid("there is no part to put in their place".to_owned()));
            };
            let (name, rows) = (first.name, first.rows);
            if covers.len() != rows {
                let reason = format!("{rows} rows cover {} ordinals", covers.len());
                return Err(merge.invalid(reason));
            }
            let merged = NewCommit {
                run: merge.run,
                stage: merge.dataset.stage(),
                generation: merge.generation,
                input: None,
                covers: &covers,
                parts: new,
                notes: &[],
            };
            insert_commit(transaction, &merged, now_us)?;
            if let Some((generation, parts)) = made {
                let (stage, input, covers) = (Stage::Curate, Some(name), &Ordinals::new());
                let curated = NewCommit { stage, generation, input, covers, parts, ..merged };
                insert_commit(transaction, &curated, now_us)?;
            }
            Ok(gone)
        })
    }
}
