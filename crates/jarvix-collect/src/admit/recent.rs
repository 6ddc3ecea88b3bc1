//! The last keys seen, in a table of fixed size: repeats that stand near each other are dropped
//! before they cost disk space. Missing one is fine, the spill finds it.

/// Places in the table: 1 MiB of keys.
const PLACES: usize = 1 << 16;

/// A direct-mapped table of keys.
pub(super) struct Recent(Vec<u128>);

impl Recent {
    pub(super) fn new() -> Self {
        Self(vec![0; PLACES])
    }

    /// Whether `key` was seen lately; remembers it.
    pub(super) fn saw(&mut self, key: u128) -> bool {
        let place = &mut self.0[key as usize % PLACES];
        // Zero marks an empty place; the one key that is zero is left to the spill.
        let seen = *place == key && key != 0;
        *place = key;
        seen
    }
}
