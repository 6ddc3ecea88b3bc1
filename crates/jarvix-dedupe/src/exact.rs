//! Documents with the same normalised text: sorted by its hash, the first of each group stands for
//! the others from here on. So a text that is there a million times costs the later passes once.

use jarvix_core::Ordinals;
use jarvix_store::TextHashOf;

use crate::DedupeError;
use crate::corpus::Corpus;
use crate::records::{Hashed, Repeat};
use crate::sort::{Sort, Sorted};
use crate::workshop::Workshop;

pub(crate) struct Exact {
    /// Documents that were looked at.
    pub(crate) documents: u64,
    /// Every document that has the text of one before it.
    pub(crate) repeats: Ordinals,
    /// Those of the run itself, each with the first of its group.
    pub(crate) pairs: Sorted<Repeat>,
}

pub(crate) fn find(corpus: &Corpus<'_>, workshop: &Workshop<'_>) -> Result<Exact, DedupeError> {
    let mut hashes = Sort::new(workshop);
    let mut documents = 0;
    corpus.all::<TextHashOf>(workshop, &mut |doc, row| {
        documents += 1;
        row.hash.map_or(Ok(()), |hash| hashes.add(Hashed { hash, doc }))
    })?;
    let mut hashes = hashes.finish()?;
    let (mut repeats, mut pairs) = (Ordinals::new(), Sort::new(workshop));
    let mut first: Option<Hashed> = None;
    while let Some(next) = hashes.next()? {
        match &first {
            Some(first) if first.hash == next.hash => {
                repeats.insert(next.doc.0);
                if corpus.is_own(next.doc) {
                    pairs.add(Repeat { doc: next.doc, first: first.doc })?;
                }
            }
            _ => first = Some(next),
        }
    }
    Ok(Exact { documents, repeats, pairs: pairs.finish()? })
}
