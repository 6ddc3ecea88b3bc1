//! Rejected lines as parts of the dataset `rejects`. Bounded in rows and bytes like every part;
//! larger than others, because nobody works on them part by part.

use jarvix_core::{Dataset, Generation, Reject, RunId, limits};
use jarvix_store::{PartWriter, StagedPart, Store};

use super::AdmitError;

/// Rows after which a part closes.
const ROWS_MAX: u64 = 262_144;

/// The parts of one session. A session without rejects has one that is empty, because every commit
/// has its output.
pub(super) struct RejectParts<'a> {
    store: &'a Store,
    run: &'a RunId,
    open: Option<PartWriter<Reject>>,
    staged: Vec<StagedPart>,
}

impl<'a> RejectParts<'a> {
    pub(super) fn new(store: &'a Store, run: &'a RunId) -> Self {
        Self { store, run, open: None, staged: Vec::new() }
    }

    pub(super) fn append(&mut self, reject: &Reject) -> Result<(), AdmitError> {
        let writer = match &mut self.open {
            Some(writer) => writer,
            None => self.open.insert(begin(self.store, self.run)?),
        };
        writer.append(reject)?;
        if writer.rows() >= ROWS_MAX || writer.bytes() >= limits::PART_BYTES_MAX {
            self.close()?;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), AdmitError> {
        if let Some(writer) = self.open.take() {
            self.staged.push(writer.finish()?);
        }
        Ok(())
    }

    /// Closes the last part; all of the session.
    pub(super) fn finish(mut self) -> Result<Vec<StagedPart>, AdmitError> {
        if self.open.is_none() && self.staged.is_empty() {
            self.open = Some(begin(self.store, self.run)?);
        }
        self.close()?;
        Ok(self.staged)
    }
}

fn begin(store: &Store, run: &RunId) -> Result<PartWriter<Reject>, AdmitError> {
    let name = store.catalogue().next_part_name(run, Dataset::Rejects)?;
    Ok(store.writer(run, name, Generation::FIRST)?)
}
