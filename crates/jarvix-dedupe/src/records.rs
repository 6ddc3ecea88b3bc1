//! The records that are sorted between the passes. Their fields stand in the order that they are
//! sorted by.

/// A document: which run it is of, and its ordinal there. Earlier runs come first, so the lowest
/// key of a cluster is its representative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(pub(crate) u64);

/// Bits of the ordinal; those above say the run.
const ORDINAL_BITS: u32 = 56;

impl Key {
    pub(crate) fn new(source: u8, ordinal: u64) -> Option<Self> {
        (ordinal >> ORDINAL_BITS == 0).then_some(Self(u64::from(source) << ORDINAL_BITS | ordinal))
    }

    pub(crate) fn source(self) -> u8 {
        (self.0 >> ORDINAL_BITS) as u8
    }

    pub(crate) fn ordinal(self) -> u64 {
        self.0 & ((1 << ORDINAL_BITS) - 1)
    }
}

/// What can be sorted on disk.
pub(crate) trait Record: Ord + Send {
    /// Appends it to `to`.
    fn put(&self, to: &mut Vec<u8>);
    /// Takes one from the front of `from`; `None`, and `from` is no good any more, if it ends too
    /// early.
    fn take(from: &mut &[u8]) -> Option<Self>
    where
        Self: Sized;
    /// Bytes on the heap.
    fn more_bytes(&self) -> usize {
        0
    }
}

/// A field of a record.
trait Field: Sized {
    fn put(&self, to: &mut Vec<u8>);
    fn take(from: &mut &[u8]) -> Option<Self>;
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl Field for $number {
            fn put(&self, to: &mut Vec<u8>) {
                to.extend_from_slice(&self.to_le_bytes());
            }

            fn take(from: &mut &[u8]) -> Option<Self> {
                let (bytes, rest) = from.split_first_chunk()?;
                *from = rest;
                Some(Self::from_le_bytes(*bytes))
            }
        })*
    };
}

numbers!(u8, u32, u64, u128);

impl Field for Key {
    fn put(&self, to: &mut Vec<u8>) {
        self.0.put(to);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        u64::take(from).map(Self)
    }
}

impl Field for String {
    fn put(&self, to: &mut Vec<u8>) {
        // URLs have at most 8 KiB.
        (self.len() as u32).put(to);
        to.extend_from_slice(self.as_bytes());
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let length = u32::take(from)? as usize;
        let (bytes, rest) = from.split_at_checked(length)?;
        *from = rest;
        Self::from_utf8(bytes.to_vec()).ok()
    }
}

macro_rules! record {
    ($(#[$about:meta])* $name:ident { $($(#[$field_about:meta])* $field:ident: $kind:ty,)* } $(heap $heap:expr)?) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) struct $name {
            $($(#[$field_about])* pub(crate) $field: $kind,)*
        }

        impl Record for $name {
            fn put(&self, to: &mut Vec<u8>) {
                $(self.$field.put(to);)*
            }

            fn take(from: &mut &[u8]) -> Option<Self> {
                Some(Self { $($field: Field::take(from)?,)* })
            }

            $(fn more_bytes(&self) -> usize {
                let heap: fn(&Self) -> usize = $heap;
                heap(self)
            })?
        }
    };
}

record! {
    /// The exact hash of a document.
    Hashed { hash: u128, doc: Key, }
}
record! {
    /// A document with the same text as `first`, which comes before it.
    Repeat { doc: Key, first: Key, }
}
record! {
    /// A band of a document's MinHash.
    Band { hash: u64, doc: Key, sketch: u128, }
}
record! {
    /// Two documents that may be alike. Those that are to be compared in any case come first, those
    /// that are not if they are in one cluster by then come in the second round.
    Pair { round: u8, low: Key, high: Key, }
}
record! {
    /// A document that is like another: shingles that both have, and that each has.
    Link { doc: Key, to: Key, shared: u32, own: u32, other: u32, }
}
record! {
    /// A row in the making. Without shingles the two texts are equal.
    Draft { doc: Key, of: Key, to: Key, shared: u32, own: u32, other: u32, }
}
record! {
    /// A document's URL (an empty `asked_by`, which sorts before all others), or the question for
    /// it: the row that asks, and its column.
    Named { doc: Key, asked_by: u64, column: u8, url: String, } heap |named| named.url.len()
}
record! {
    /// The answer: a row's column has this URL.
    Answer { asked_by: u64, column: u8, url: String, } heap |answer| answer.url.len()
}
record! {
    /// A row with its URLs.
    Finished { url: String, of: String, to: String, doc: Key, of_doc: Key, to_doc: Key, shared: u32, own: u32, other: u32, }
    heap |row| row.url.len() + row.of.len() + row.to.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earlier_runs_come_first_and_ordinals_have_an_end() {
        let key = |source, ordinal| Key::new(source, ordinal).expect("it fits");
        assert!(key(0, 900) < key(1, 0) && key(1, 0) < key(1, 1));
        assert_eq!((key(255, 7).source(), key(255, 7).ordinal()), (255, 7));
        assert!(Key::new(0, 1 << ORDINAL_BITS).is_none());
    }

    #[test]
    fn a_record_that_ends_too_early_is_none() {
        let named = Named { doc: Key(1), asked_by: 2, column: 3, url: "https://a/".to_owned() };
        let mut bytes = Vec::new();
        named.put(&mut bytes);
        assert_eq!(Named::take(&mut bytes.as_slice()), Some(named));
        for cut in 0..bytes.len() {
            assert_eq!(Named::take(&mut &bytes[..cut]), None);
        }
    }
}
