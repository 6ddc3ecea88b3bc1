//! Small parts made into larger ones. Interrupted sessions and slow sites leave parts of a few rows;
//! when collect ends, neighbours among them are rewritten as one.
//!
//! What was made of the small parts is forgotten in the same transaction, in every generation, and
//! comes up as work again: outputs always carry the name of the input that they were made of.

use jarvix_core::{Dataset, Generation, Page, PartRef, RunId};

use crate::catalogue::{Merge, NewPart};
use crate::parts::Address;
use crate::{Store, StoreError};

type Result<T> = std::result::Result<T, StoreError>;

/// A part with more than this share of the limits, in percent, is left alone: rewriting it would
/// cost more than one file less is worth.
const SMALL_PERCENT: u64 = 50;

/// What merged parts may hold.
#[derive(Debug, Clone, Copy)]
struct Limits {
    rows_max: u64,
    bytes_max: u64,
}

impl Limits {
    fn is_small(self, part: &PartRef) -> bool {
        part.rows * 100 <= self.rows_max * SMALL_PERCENT
            && part.bytes * 100 <= self.bytes_max * SMALL_PERCENT
    }

    /// Neighbouring small parts that fit into one, as many as fit; only groups of two or more.
    fn groups(self, parts: Vec<PartRef>) -> Vec<Vec<PartRef>> {
        let mut groups: Vec<Vec<PartRef>> = vec![Vec::new()];
        let (mut rows, mut bytes) = (0, 0);
        for part in parts {
            let small = self.is_small(&part);
            let fits = rows + part.rows <= self.rows_max && bytes + part.bytes <= self.bytes_max;
            if !small || !fits {
                groups.push(Vec::new());
                (rows, bytes) = (0, 0);
            }
            if small {
                rows += part.rows;
                bytes += part.bytes;
                if let Some(group) = groups.last_mut() {
                    group.push(part);
                }
            }
        }
        groups.retain(|group| group.len() > 1);
        groups
    }
}

impl Store {
    /// Rewrites neighbouring small parts of `pages` as larger ones of at most `rows_max` rows and
    /// `bytes_max` bytes; the new parts. Only for who holds the run's lock, while no stage works on
    /// the run. After a kill in its middle each group is merged or as it was.
    pub fn merge_pages(&self, run: &RunId, rows_max: u64, bytes_max: u64) -> Result<Vec<PartRef>> {
        let parts = self.catalogue().parts_alone(run, Dataset::Pages)?;
        let mut merged = Vec::new();
        for group in (Limits { rows_max, bytes_max }).groups(parts) {
            merged.push(self.merge_group(run, &group)?);
        }
        Ok(merged)
    }

    fn merge_group(&self, run: &RunId, group: &[PartRef]) -> Result<PartRef> {
        let name = self.catalogue().next_part_name(run, Dataset::Pages)?;
        let generation = group.first().map_or(Generation::FIRST, |part| part.generation);
        let mut writer = self.writer::<Page>(run, name, generation)?;
        for part in group {
            for page in self.read::<Page>(part)? {
                writer.append(&page?)?;
            }
        }
        let staged = writer.finish()?;
        let names: Vec<_> = group.iter().map(|part| part.name).collect();
        let merge = Merge { run, dataset: Dataset::Pages, generation, names: &names };
        let replaced = self.catalogue().merge(&merge, &NewPart::from(staged.part()))?;
        self.forget_staged(staged.part());
        for part in &replaced {
            self.remove_file(&Address::from(part))?;
        }
        Ok(staged.part().clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jarvix_core::PartName;

    fn check(sizes: &[(u64, u64)], expected: &[&[u32]]) {
        let part = |(name, (rows, bytes)): (u32, &(u64, u64))| PartRef {
            run: RunId::new("r").expect("a run id"),
            dataset: Dataset::Pages,
            name: PartName(name),
            generation: Generation::FIRST,
            rows: *rows,
            bytes: *bytes,
            hash: String::new(),
        };
        let parts = (1..).zip(sizes).map(part).collect();
        let groups = Limits { rows_max: 100, bytes_max: 1_000 }.groups(parts);
        let names: Vec<Vec<u32>> =
            groups.iter().map(|group| group.iter().map(|part| part.name.0).collect()).collect();
        assert_eq!(names, expected, "{sizes:?}");
    }

    #[test]
    fn only_small_neighbours_that_fit_are_merged() {
        check(&[], &[]);
        check(&[(10, 10)], &[]);
        check(&[(10, 10), (20, 10)], &[&[1, 2]]);
        check(&[(10, 10), (90, 10), (20, 10)], &[]);
        check(&[(10, 10), (90, 10), (20, 10), (5, 5), (1, 501)], &[&[3, 4]]);
        check(&[(40, 1), (40, 1), (40, 1), (40, 1)], &[&[1, 2], &[3, 4]]);
        check(&[(1, 400), (1, 400), (1, 400)], &[&[1, 2]]);
    }
}
