//! Candidates are compared shingle by shingle, and what is alike indeed is linked.
//!
//! First every document with the lowest of each bucket that it looks like; then the other pairs, but
//! only where something would come of it. Pairs are taken in chunks of a fixed number, so that
//! what is left out does not depend on threads.

use jarvix_core::limits;
use rayon::prelude::*;

use crate::DedupeError;
use crate::clusters::Clusters;
use crate::records::{Link, Pair};
use crate::shingles::Sets;
use crate::sort::{Sort, Sorted};
use crate::workshop::Workshop;

/// Pairs that are compared at once.
const CHUNK_PAIRS: usize = 1_024;

pub(crate) struct Verified {
    /// Pairs that were to be compared.
    pub(crate) compared: u64,
    /// Those that are alike, from both sides.
    pub(crate) links: Sorted<Link>,
}

pub(crate) fn verify(
    workshop: &Workshop<'_>,
    mut pairs: Sorted<Pair>,
    sets: &Sets,
    clusters: &mut Clusters,
) -> Result<Verified, DedupeError> {
    let (mut compared, mut links) = (0, Sort::new(workshop));
    loop {
        workshop.go_on()?;
        let (mut chunk, mut taken) = (Vec::new(), 0);
        while taken < CHUNK_PAIRS
            && let Some(pair) = pairs.next()?
        {
            taken += 1;
            if pair.round == 0 || !is_known(&pair, clusters) {
                chunk.push(pair);
            }
        }
        if taken == 0 {
            break;
        }
        compared += chunk.len() as u64;
        let compare = |pair: &Pair| compare(pair, sets, clusters);
        let alike: Vec<Option<Link>> =
            workshop.pool.install(|| chunk.par_iter().map(compare).collect::<Result<_, _>>())?;
        for link in alike.into_iter().flatten() {
            clusters.join(link.doc, link.to);
            links.add(Link {
                doc: link.to,
                to: link.doc,
                own: link.other,
                other: link.own,
                ..link
            })?;
            links.add(link)?;
        }
    }
    Ok(Verified { compared, links: links.finish()? })
}

/// Whether the two are in one cluster, and neither is what the other will be named a duplicate of.
fn is_known(pair: &Pair, clusters: &mut Clusters) -> bool {
    let of = clusters.representative(pair.low);
    of == clusters.representative(pair.high) && of != pair.low
}

/// The link of a pair that is alike.
fn compare(pair: &Pair, sets: &Sets, clusters: &Clusters) -> Result<Option<Link>, DedupeError> {
    let (Some(low), Some(high)) = (clusters.position(pair.low), clusters.position(pair.high))
    else {
        return Ok(None);
    };
    let (low, high) = (sets.of(low)?, sets.of(high)?);
    let shared = jarvix_curate::shared(&low, &high);
    let (doc, to) = (pair.high, pair.low);
    // Lists have at most as many shingles as a text has characters.
    let (shared, own, other) = (shared as u32, high.len() as u32, low.len() as u32);
    let alike = similarity(shared, own, other) >= limits::NEAR_SIMILARITY_MIN;
    Ok(alike.then_some(Link { doc, to, shared, own, other }))
}

/// Jaccard similarity of two sets; that of two empty ones is 0, they say nothing of each other.
pub(crate) fn similarity(shared: u32, own: u32, other: u32) -> f64 {
    let all = (u64::from(own) + u64::from(other)).saturating_sub(u64::from(shared));
    if all == 0 { 0.0 } else { f64::from(shared) / all as f64 }
}
