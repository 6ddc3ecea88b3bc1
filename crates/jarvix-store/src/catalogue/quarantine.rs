//! Damaged parts taken out of the catalogue, with all that was made of them: what they covered is
//! to be done again, by the same code that does it the first time.

use jarvix_core::{PartRef, RunId, RunState};
use rusqlite::{Transaction, params};

use super::commits::{part_of_commit, parts_where};
use super::merges::take_commit;
use super::{Catalogue, Fault, Result, hold, runs};
use crate::parts::Address;

fn take_one(
    transaction: &Transaction<'_>,
    at: &Address,
) -> std::result::Result<Vec<PartRef>, Fault> {
    let Some(commit) = part_of_commit(transaction, at)? else { return Ok(Vec::new()) };
    if !at.dataset.comes_along() {
        return take_commit(transaction, &at.run, commit);
    }
    let values: [&dyn rusqlite::ToSql; 3] = [&commit, &at.dataset.as_str(), &at.name.0];
    let condition = "commit_id = ?1 AND dataset = ?2 AND name = ?3";
    let gone = parts_where(transaction, &at.run, condition, &values)?;
    transaction.execute(&format!("DELETE FROM parts WHERE {condition}"), &values[..])?;
    Ok(gone)
}

impl Catalogue {
    /// Takes parts out with what was committed with them and what was made of them, and makes the
    /// run an unfinished one; gives all that is gone.
    pub(crate) fn take_out(&self, run: &RunId, damaged: &[Address]) -> Result<Vec<PartRef>> {
        let now_us = self.clock.now_us();
        let gone = self.write("take damaged parts out", |transaction| {
            runs::touch(transaction, run, now_us)?;
            let mut gone = Vec::new();
            for at in damaged {
                gone.extend(take_one(transaction, at)?);
            }
            transaction.execute(
                "UPDATE runs SET state = ?2 WHERE id = ?1",
                params![run.as_str(), RunState::Unfinished.as_str()],
            )?;
            Ok(gone)
        })?;
        hold(&self.covered).retain(|(of, _), _| of != run);
        Ok(gone)
    }
}
