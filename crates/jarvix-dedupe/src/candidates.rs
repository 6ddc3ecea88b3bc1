//! Pairs that may be near duplicates: documents that share a band of their MinHashes (14 bands of 8
//! hashes, as datatrove has them) and whose sketches do not contradict it.
//!
//! A bucket, all documents with the same band, may hold any number. Its first members are all paired
//! with each other; each later one with the first of them that it looks like. So the work is linear,
//! and only the pairs that matter most in a giant bucket are made. Documents of earlier runs are not
//! paired with each other: nobody asks for their duplicates.

use jarvix_core::Ordinals;
use jarvix_curate::Signature;
use jarvix_store::MinHashOf;

use crate::DedupeError;
use crate::corpus::Corpus;
use crate::records::{Band, Key, Pair};
use crate::sort::{Sort, Sorted};
use crate::workshop::Workshop;

/// Fewest equal bits of two sketches of 112 bits that are worth a look at the texts: what is
/// expected at a similarity of 0.5. Fewer are met once in 11,000 pairs at 0.75 and once in 400
/// million at 0.85; as many once in 1,600 at 0.2, where accidents and boilerplate are.
const SKETCH_EQUAL_MIN: u32 = 84;

pub(crate) struct Candidates {
    /// The pairs.
    pub(crate) pairs: Sorted<Pair>,
    /// The documents in them.
    pub(crate) documents: Ordinals,
}

pub(crate) fn find(
    corpus: &Corpus<'_>,
    workshop: &Workshop<'_>,
    repeats: &Ordinals,
) -> Result<Candidates, DedupeError> {
    let mut bands = Sort::new(workshop);
    let wanted = |doc: Key| !repeats.contains(doc.0);
    corpus.some::<MinHashOf>(workshop, &wanted, &mut |doc, row| {
        let Some(signature) = row.minhash.as_deref().and_then(Signature::of) else {
            return Ok(());
        };
        let sketch = signature.sketch();
        signature.bands().try_for_each(|hash| bands.add(Band { hash, doc, sketch }))
    })?;
    let mut bands = bands.finish()?;
    let mut found = Finder { corpus, pairs: Sort::new(workshop), documents: Ordinals::new() };
    let mut bucket: Vec<Band> = Vec::new();
    while let Some(band) = bands.next()? {
        if bucket.first().is_some_and(|first| first.hash != band.hash) {
            bucket.clear();
        }
        let crowded = bucket.len() >= workshop.limits.bucket_paired.max(1);
        found.pair(&bucket, &band, crowded)?;
        if !crowded {
            bucket.push(band);
        }
    }
    Ok(Candidates { pairs: found.pairs.finish()?, documents: found.documents })
}

struct Finder<'a> {
    corpus: &'a Corpus<'a>,
    pairs: Sort<'a, Pair>,
    documents: Ordinals,
}

impl Finder<'_> {
    /// Pairs `band` with those of its bucket that it looks like: with all, or with the first.
    fn pair(&mut self, bucket: &[Band], band: &Band, first_only: bool) -> Result<(), DedupeError> {
        if !self.corpus.is_own(band.doc) {
            return Ok(());
        }
        let alike = |other: &&Band| {
            let differ = (other.sketch ^ band.sketch).count_ones();
            jarvix_curate::MINHASH_HASHES as u32 - differ >= SKETCH_EQUAL_MIN
        };
        let most = if first_only { 1 } else { usize::MAX };
        for (rank, other) in bucket.iter().filter(alike).take(most).enumerate() {
            let (round, low, high) = (u8::from(rank > 0), other.doc, band.doc);
            self.pairs.add(Pair { round, low, high })?;
            self.documents.insert(low.0);
            self.documents.insert(high.0);
        }
        Ok(())
    }
}
