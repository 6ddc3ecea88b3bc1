//! The part: one immutable file of a dataset, and the one unit of work. Of memory, because it is
//! bounded in rows and bytes; of recovery, because it is committed or not there; of parallelism
//! and of scaling out, because a queue names a part and never carries it.

use std::fmt;

use roaring::RoaringTreemap;
use serde::{Deserialize, Serialize};

use crate::{Dataset, RunId};

/// The deterministic name of a part within its dataset: `part-<seq>`, eight digits.
///
/// One-in-one-out stages give their outputs the name of their input part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PartName(pub u32);

impl PartName {
    /// The file name of the part: `part-00000007.parquet`.
    pub fn file_name(self) -> String {
        format!("{self}.parquet")
    }

    /// Reads a file name that [`file_name`](Self::file_name) wrote; nothing else is a part.
    pub fn parse_file_name(name: &str) -> Option<Self> {
        let digits = name.strip_prefix("part-")?.strip_suffix(".parquet")?;
        let fits = digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit());
        if fits { digits.parse().ok().map(Self) } else { None }
    }
}

impl fmt::Display for PartName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "part-{:08}", self.0)
    }
}

/// The version of a stage's output within one run: counts from 1, switched in one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(pub u32);

impl Generation {
    /// The first generation of every stage.
    pub const FIRST: Self = Self(1);

    /// The one after this.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A part's descriptor: what travels between stages, on queues and in events. Never the rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartRef {
    /// The run it belongs to.
    pub run: RunId,
    /// The dataset it is a part of.
    pub dataset: Dataset,
    /// Its name within the dataset.
    pub name: PartName,
    /// The generation of the stage that wrote it.
    pub generation: Generation,
    /// Rows in the file.
    pub rows: u64,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// BLAKE3 of the file's bytes, 64 hex digits.
    pub hash: String,
}

/// A set of frontier ordinals: what a part covers, what is admitted, what is left.
///
/// What is left to fetch = admitted minus the union of committed sets; nothing else says what is
/// done (invariant I1).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ordinals(RoaringTreemap);

impl Ordinals {
    /// The empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `ordinal`; false if it was there already.
    pub fn insert(&mut self, ordinal: u64) -> bool {
        self.0.insert(ordinal)
    }

    /// Adds every ordinal in `start..end`.
    pub fn insert_range(&mut self, range: std::ops::Range<u64>) {
        self.0.insert_range(range);
    }

    /// Whether `ordinal` is in the set.
    pub fn contains(&self, ordinal: u64) -> bool {
        self.0.contains(ordinal)
    }

    /// How many ordinals the set holds.
    pub fn len(&self) -> u64 {
        self.0.len()
    }

    /// How many ordinals of the set lie within `range`.
    pub fn count_in(&self, range: std::ops::RangeInclusive<u64>) -> u64 {
        self.0.range_cardinality(range)
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds all of `other`.
    pub fn union_with(&mut self, other: &Self) {
        self.0 |= &other.0;
    }

    /// Takes away all of `other`.
    pub fn subtract(&mut self, other: &Self) {
        self.0 -= &other.0;
    }

    /// Whether the two sets share an ordinal; sets of two committed parts never do.
    pub fn intersects(&self, other: &Self) -> bool {
        !self.0.is_disjoint(&other.0)
    }

    /// The ordinals in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.iter()
    }

    /// The set as compressed bytes, for the catalogue.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.serialized_size());
        match self.0.serialize_into(&mut bytes) {
            Ok(()) => bytes,
            Err(error) => unreachable!("writing to memory cannot fail: {error}"),
        }
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote; `None` if the bytes are damaged.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        RoaringTreemap::deserialize_from(bytes).ok().map(Self)
    }
}

impl FromIterator<u64> for Ordinals {
    fn from_iter<I: IntoIterator<Item = u64>>(ordinals: I) -> Self {
        Self(ordinals.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_exact_file_names_are_parts() {
        assert_eq!(PartName::parse_file_name("part-00000007.parquet"), Some(PartName(7)));
        for bad in [
            "part-7.parquet",
            "part-0000007x.parquet",
            ".part-00000007.parquet.tmp",
            "part-00000007",
        ] {
            assert_eq!(PartName::parse_file_name(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_left_plus_what_is_done_is_what_was_admitted(
            admitted in proptest::collection::btree_set(0u64..5_000_000_000, 0..200),
            done in proptest::collection::btree_set(0u64..5_000_000_000, 0..200),
        ) {
            let mut left: Ordinals = admitted.iter().copied().collect();
            let done_set: Ordinals = done.iter().copied().collect();
            left.subtract(&Ordinals::from_bytes(&done_set.to_bytes()).expect("round trip"));
            let expected: Vec<u64> = admitted.difference(&done).copied().collect();
            prop_assert_eq!(left.iter().collect::<Vec<_>>(), expected);
        }
    }
}
