//! Which documents of a run repeat another one, of the run itself or of earlier runs: exactly (the
//! same normalised words) or nearly (most of their word 5-grams).
//!
//! [`dedupe`] can be read top to bottom. Everything between its passes over the documents is a
//! stream of small records that is sorted on disk, so memory does not grow with the documents; what
//! does grow is about 25 bytes for each document that is a candidate for being a near duplicate.
//!
//! What this crate refuses to do: believe a fingerprint (near duplicates are compared by their
//! texts), look at anything but documents, decide what becomes of a duplicate, or depend in its
//! result on the order of parts, on threads or on how much had to go to disk.

mod candidates;
mod clusters;
mod corpus;
mod error;
mod exact;
mod records;
mod rows;
mod shingles;
mod sort;
mod verify;
mod workshop;

use jarvix_core::{Generation, Ordinals, RunId, Stage};
use jarvix_store::{Commit, Store};

pub use error::DedupeError;
pub use workshop::DedupeLimits;

use clusters::Clusters;
use corpus::Corpus;
use workshop::Workshop;

/// Version of this code: part of the generation key of `duplicates`. Counts up whenever the same
/// documents may give other rows.
pub const CODE_VERSION: u32 = 2;

/// What to compare, and by which means.
pub struct DedupeJob<'a> {
    /// The data folder.
    pub store: &'a Store,
    /// The run whose duplicates are looked for. The caller holds its lock.
    pub run: &'a RunId,
    /// Earlier runs: their documents come before those of `run`, the first run's before all.
    pub against: &'a [RunId],
    /// The generation that the rows are written for.
    pub generation: Generation,
    /// Threads for what can be divided.
    pub threads: usize,
    /// How much memory.
    pub limits: DedupeLimits,
    /// Whether to stop; asked now and then.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Found {
    /// Documents that were looked at, those of earlier runs too.
    pub documents: u64,
    /// Pairs of documents whose texts were to be compared.
    pub candidate_pairs: u64,
    /// Rows that were written.
    pub rows: u64,
}

/// Finds the duplicates and commits them, at once and as a whole; `None` if it was stopped.
pub fn dedupe(job: &DedupeJob<'_>) -> Result<Option<Found>, DedupeError> {
    match find(job) {
        Ok(found) => Ok(Some(found)),
        Err(DedupeError::Stopped) => Ok(None),
        Err(error) => Err(error),
    }
}

fn find(job: &DedupeJob<'_>) -> Result<Found, DedupeError> {
    let corpus = Corpus::open(job)?;
    let workshop = Workshop::open(job)?;
    // text hashes -> groups of equal texts; the first of each goes on
    let exact = exact::find(&corpus, &workshop)?;
    // MinHashes -> bands -> pairs that share one and look alike
    let candidates = candidates::find(&corpus, &workshop, &exact.repeats)?;
    let mut clusters = Clusters::of(&candidates.documents)?;
    // texts of those pairs -> shingles, on disk
    let sets = shingles::Sets::write(&corpus, &workshop, &clusters)?;
    drop(candidates.documents);
    // pairs -> those that are alike indeed -> clusters
    let verified = verify::verify(&workshop, candidates.pairs, &sets, &mut clusters)?;
    drop(sets);
    // links and equal texts -> rows, each with its representative
    let drafts = rows::draft(&corpus, &workshop, &mut clusters, verified.links, exact.pairs)?;
    drop(clusters);
    let parts = rows::write(job, &corpus, &workshop, drafts)?;
    workshop.close()?;
    let rows = parts.iter().map(|staged| staged.part().rows).sum();
    job.store.commit(Commit {
        run: job.run.clone(),
        stage: Stage::Dedupe,
        generation: job.generation,
        input: None,
        parts,
        covers: Ordinals::new(),
        notes: Vec::new(),
    })?;
    Ok(Found { documents: exact.documents, candidate_pairs: verified.compared, rows })
}
