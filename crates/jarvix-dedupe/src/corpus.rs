//! The documents that are compared: those of earlier runs, then those of the run itself, column by
//! column and part by part.

use jarvix_core::{Dataset, PartRef, RunId, limits};
use jarvix_store::{Excerpt, Store};

use crate::records::Key;
use crate::workshop::Workshop;
use crate::{DedupeError, DedupeJob};

/// Rows between two looks at whether to stop.
const LOOK_ROWS: u64 = 1_024;

pub(crate) struct Corpus<'a> {
    store: &'a Store,
    parts: Vec<(u8, PartRef)>,
    against: &'a [RunId],
    own: u8,
}

impl<'a> Corpus<'a> {
    /// What the catalogue lists now.
    pub(crate) fn open(job: &DedupeJob<'a>) -> Result<Self, DedupeError> {
        if job.against.len() > limits::DEDUPE_RUNS_MAX {
            return Err(DedupeError::TooMany { what: "so many runs" });
        }
        let mut parts = Vec::new();
        let runs = job.against.iter().chain([job.run]);
        for (source, run) in (0..=u8::MAX).zip(runs) {
            let listed = job.store.catalogue().parts(run, Dataset::Documents)?;
            parts.extend(listed.into_iter().map(|part| (source, part)));
        }
        let own = u8::try_from(job.against.len()).unwrap_or(u8::MAX);
        Ok(Self { store: job.store, parts, against: job.against, own })
    }

    /// Whether a document is of the run itself.
    pub(crate) fn is_own(&self, key: Key) -> bool {
        key.source() == self.own
    }

    /// The earlier run that a document is of.
    pub(crate) fn earlier_run(&self, key: Key) -> Option<&'a RunId> {
        self.against.get(usize::from(key.source()))
    }

    /// Hands every document to `each`. The first pass over a part: its file is checked.
    pub(crate) fn all<E: Excerpt>(
        &self,
        workshop: &Workshop<'_>,
        each: &mut dyn FnMut(Key, E) -> Result<(), DedupeError>,
    ) -> Result<(), DedupeError> {
        for (source, part) in &self.parts {
            hand(*source, self.store.excerpts::<E>(part)?, workshop, each)?;
        }
        Ok(())
    }

    /// Hands those that are `wanted` to `each`.
    pub(crate) fn some<E: Excerpt>(
        &self,
        workshop: &Workshop<'_>,
        wanted: &dyn Fn(Key) -> bool,
        each: &mut dyn FnMut(Key, E) -> Result<(), DedupeError>,
    ) -> Result<(), DedupeError> {
        for (source, part) in &self.parts {
            let wanted = |ordinal| Key::new(*source, ordinal).is_some_and(wanted);
            hand(*source, self.store.excerpts_of::<E>(part, &wanted)?, workshop, each)?;
        }
        Ok(())
    }
}

fn hand<E: Excerpt>(
    source: u8,
    rows: jarvix_store::Excerpts<E>,
    workshop: &Workshop<'_>,
    each: &mut dyn FnMut(Key, E) -> Result<(), DedupeError>,
) -> Result<(), DedupeError> {
    for (number, row) in (0_u64..).zip(rows) {
        if number.is_multiple_of(LOOK_ROWS) {
            workshop.go_on()?;
        }
        let row = row?;
        let key = Key::new(source, row.ordinal());
        each(key.ok_or(DedupeError::TooMany { what: "such ordinals" })?, row)?;
    }
    Ok(())
}
