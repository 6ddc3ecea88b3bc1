//! What the one look at the texts of a run leaves behind for each document: how often the terms of a
//! topic stand in it, and what signals that read texts contribute.
//!
//! What it refuses to do: grow beyond a bound. Who fills it is told when there is no more room.

/// Bytes that may be remembered: some two million documents.
const REMEMBERED_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A term that stands more often in a document counts no more.
pub(super) const COUNT_MAX: u32 = 65_535;

/// A contribution that is not known.
const UNKNOWN: i32 = i32::MIN;

/// An entry of a document: the term, and how often it stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    term: u8,
    count: u16,
}

/// Bytes of an entry on its way through the engine.
const ENTRY_BYTES: usize = 3;

/// The terms that stand in a document, packed.
pub(super) fn pack(counts: &[u32]) -> Vec<u8> {
    let there = counts.iter().enumerate().filter(|(_, count)| **count > 0);
    there
        .flat_map(|(term, count)| {
            // At most 256 terms; a count beyond is the same to the formula as the greatest.
            let term = u8::try_from(term).unwrap_or(u8::MAX);
            let [low, high] = u16::try_from(*count).unwrap_or(u16::MAX).to_le_bytes();
            [term, low, high]
        })
        .collect()
}

/// The entries that were packed.
pub(super) fn unpack(packed: &[u8]) -> impl Iterator<Item = Entry> + '_ {
    let entries = packed.as_chunks::<ENTRY_BYTES>().0.iter();
    entries.map(|[term, low, high]| Entry { term: *term, count: u16::from_le_bytes([*low, *high]) })
}

impl Entry {
    pub(super) fn term(self) -> usize {
        usize::from(self.term)
    }
}

/// What is remembered of the documents of a run.
#[derive(Debug)]
pub(super) struct Remembered {
    /// The ordinals with their rows, sorted once all are there.
    documents: Vec<(u64, u32)>,
    /// Where the entries of each row end.
    ends: Vec<u32>,
    entries: Vec<Entry>,
    /// A row for each document, `columns` wide, in thousandths.
    points: Vec<i32>,
    columns: usize,
    terms: usize,
}

impl Remembered {
    /// Nothing yet of documents with so many `terms` and so many `columns` of points.
    pub(super) fn new(terms: usize, columns: usize) -> Self {
        Self {
            documents: Vec::new(),
            ends: Vec::new(),
            entries: Vec::new(),
            points: Vec::new(),
            columns,
            terms,
        }
    }

    /// Takes in a document with one contribution for each column, in thousandths; false when there is
    /// no room for more.
    pub(super) fn push(
        &mut self,
        ordinal: u64,
        entries: impl Iterator<Item = Entry>,
        points: impl Iterator<Item = Option<i64>>,
    ) -> bool {
        self.entries.extend(entries);
        let (row, end) = (u32::try_from(self.ends.len()), u32::try_from(self.entries.len()));
        let (Ok(row), Ok(end)) = (row, end) else { return false };
        self.documents.push((ordinal, row));
        self.ends.push(end);
        self.points.extend(
            points.take(self.columns).map(|points| {
                points.and_then(|points| i32::try_from(points).ok()).unwrap_or(UNKNOWN)
            }),
        );
        let bytes = size_of_val(self.documents.as_slice())
            + size_of_val(self.ends.as_slice())
            + size_of_val(self.entries.as_slice())
            + size_of_val(self.points.as_slice());
        bytes <= REMEMBERED_BYTES_MAX
    }

    /// Makes it ready to be asked.
    pub(super) fn finish(&mut self) {
        self.documents.sort_unstable();
    }

    fn row(&self, ordinal: u64) -> Option<usize> {
        let at = self.documents.binary_search_by_key(&ordinal, |(ordinal, _)| *ordinal).ok()?;
        self.documents.get(at).map(|(_, row)| *row as usize)
    }

    /// How often each term stands in the document of that ordinal; `None` if there is none.
    pub(super) fn counts(&self, ordinal: u64) -> Option<Vec<u32>> {
        let row = self.row(ordinal)?;
        let end_of = |row: usize| self.ends.get(row).map(|end| *end as usize);
        let begin = row.checked_sub(1).map_or(Some(0), end_of)?;
        let mut counts = vec![0; self.terms];
        for entry in self.entries.get(begin..end_of(row)?)? {
            counts[entry.term()] = u32::from(entry.count);
        }
        Some(counts)
    }

    /// What the document of that ordinal gets in a column, in thousandths; `None` where it is unknown.
    pub(super) fn points(&self, ordinal: u64, column: usize) -> Option<i32> {
        let row = self.row(ordinal)?;
        let points = self.points.get(row * self.columns + column)?;
        (*points != UNKNOWN).then_some(*points)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_what_was_counted() {
        let mut remembered = Remembered::new(3, 2);
        let rows = [
            (7, [0, 3, 0], [Some(12_500), None]),
            (2, [1, 0, 70_000], [Some(0), Some(-5_000)]),
            (5, [0, 0, 0], [None, None]),
            (1, [9, 9, 9], [Some(i64::MAX), Some(1)]),
        ];
        for (ordinal, counts, points) in &rows {
            assert!(remembered.push(*ordinal, unpack(&pack(counts)), points.iter().copied()));
        }
        remembered.finish();
        for (ordinal, counts, points) in rows {
            let held: Vec<u32> = counts.iter().map(|count| *count.min(&COUNT_MAX)).collect();
            assert_eq!(remembered.counts(ordinal), Some(held), "{ordinal}");
            for (column, points) in points.into_iter().enumerate() {
                let held = points.and_then(|points| i32::try_from(points).ok());
                assert_eq!(remembered.points(ordinal, column), held, "{ordinal} {column}");
            }
        }
        assert_eq!((remembered.counts(3), remembered.points(3, 0)), (None, None));
    }

    #[test]
    fn a_push_says_when_it_is_enough() {
        let (counts, mut remembered) = (pack(&[1; 200]), Remembered::new(200, 0));
        let push = |ordinal: &u64| remembered.push(*ordinal, unpack(&counts), [].into_iter());
        let many = (0..).take_while(push).count();
        assert!(many > 10_000 && many * 200 * size_of::<Entry>() <= REMEMBERED_BYTES_MAX, "{many}");
    }
}
