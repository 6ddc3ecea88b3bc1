//! Which candidates belong together: union-find (Tarjan 1975) over their positions in one ascending
//! list of keys. The root of a cluster is its lowest key. 12 bytes a candidate: what is no candidate
//! is in no cluster.

use jarvix_core::Ordinals;

use crate::DedupeError;
use crate::records::Key;

pub(crate) struct Clusters {
    keys: Vec<u64>,
    parents: Vec<u32>,
}

impl Clusters {
    /// Every candidate by itself.
    pub(crate) fn of(candidates: &Ordinals) -> Result<Self, DedupeError> {
        let too_many = |_| DedupeError::TooMany { what: "four billion candidates" };
        let count = u32::try_from(candidates.len()).map_err(too_many)?;
        Ok(Self { keys: candidates.iter().collect(), parents: (0..count).collect() })
    }

    /// How many candidates.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// The position of a candidate.
    pub(crate) fn position(&self, key: Key) -> Option<usize> {
        self.keys.binary_search(&key.0).ok()
    }

    fn root(&mut self, mut at: usize) -> usize {
        loop {
            let parent = self.parents[at] as usize;
            if parent == at {
                return at;
            }
            // Path halving: every other one on the way looks one further up from now on.
            self.parents[at] = self.parents[parent];
            at = self.parents[at] as usize;
        }
    }

    /// The representative of a document's cluster; a document in none stands for itself.
    pub(crate) fn representative(&mut self, key: Key) -> Key {
        match self.position(key) {
            Some(at) => {
                let root = self.root(at);
                Key(self.keys[root])
            }
            None => key,
        }
    }

    /// Makes the clusters of two documents one.
    pub(crate) fn join(&mut self, a: Key, b: Key) {
        let (Some(a), Some(b)) = (self.position(a), self.position(b)) else { return };
        let (a, b) = (self.root(a), self.root(b));
        let (low, high) = (a.min(b), a.max(b));
        // The position fits: there are as many as the type counts.
        self.parents[high] = low as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_key_stands_for_its_cluster_in_whatever_order_it_was_joined() {
        let candidates: Ordinals = [3, 5, 8, 13, 21].into_iter().collect();
        let mut clusters = Clusters::of(&candidates).expect("few");
        clusters.join(Key(21), Key(13));
        clusters.join(Key(8), Key(5));
        clusters.join(Key(13), Key(8));
        let of = |clusters: &mut Clusters, key| clusters.representative(Key(key)).0;
        assert_eq!([5, 8, 13, 21].map(|key| of(&mut clusters, key)), [5; 4]);
        assert_eq!((of(&mut clusters, 3), of(&mut clusters, 4)), (3, 4));
    }
}
