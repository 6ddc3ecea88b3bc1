//! Small parts made into larger ones. Interrupted sessions and slow sites leave parts of a few rows;
//! when collect ends, neighbours among them are rewritten as one.
//!
//! What curate has made of the small parts is merged with them in the same transaction, because
//! outputs always carry the name of the input that they were made of. What was made of them in
//! other generations is forgotten and comes up as work again.

use jarvix_core::{
    Dataset, Document, Generation, HostFacts, Link, Page, PartName, PartRef, RunId, Stage,
};

use crate::catalogue::{Merge, NewPart};
use crate::parts::Address;
use crate::rows::Row;
use crate::writer::StagedPart;
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
    /// `bytes_max` bytes, and with them what `curated`, a generation of curate, has made of them;
    /// the new parts of `pages`. Only for who holds the run's lock, while no stage works on the
    /// run. After a kill in its middle each group is merged or as it was.
    pub fn merge_pages(
        &self,
        run: &RunId,
        (rows_max, bytes_max): (u64, u64),
        curated: Option<Generation>,
    ) -> Result<Vec<PartRef>> {
        let parts = self.catalogue().parts_alone(run, Dataset::Pages)?;
        let mut merged = Vec::new();
        for group in (Limits { rows_max, bytes_max }).groups(parts) {
            merged.push(self.merge_group(run, &group, curated)?);
        }
        Ok(merged)
    }

    fn merge_group(
        &self,
        run: &RunId,
        group: &[PartRef],
        curated: Option<Generation>,
    ) -> Result<PartRef> {
        let name = self.catalogue().next_part_name(run, Dataset::Pages)?;
        let generation = group.first().map_or(Generation::FIRST, |part| part.generation);
        let pages = self.joined::<Page>((run, name, generation), group)?;
        let hosts = self.hosts_of(group, (run, name, generation))?;
        let made = match curated {
            Some(curated) => self.made_of(group, (run, name, curated))?,
            None => None,
        };
        let names: Vec<_> = group.iter().map(|part| part.name).collect();
        let merge = Merge { run, dataset: Dataset::Pages, generation, names: &names };
        let outputs = curated.zip(made.as_ref()).map(|(generation, made)| {
            (generation, made.iter().map(|staged| NewPart::from(staged.part())).collect())
        });
        let new = [Some(&pages), hosts.as_ref()].into_iter().flatten();
        let new = new.map(|staged| NewPart::from(staged.part())).collect();
        let replaced = self.catalogue().merge(&merge, new, outputs)?;
        for staged in made.iter().flatten().chain([&pages]).chain(&hosts) {
            self.forget_staged(staged.part());
        }
        for part in &replaced {
            self.remove_file(&Address::from(part))?;
        }
        Ok(pages.part().clone())
    }

    /// What hosts were asked for `pages`, joined under a new name; none if no server was asked.
    fn hosts_of(
        &self,
        pages: &[PartRef],
        to: (&RunId, PartName, Generation),
    ) -> Result<Option<StagedPart>> {
        let mut hosts = self.catalogue().parts_at(to.0, Dataset::Hosts, to.2)?;
        hosts.retain(|part| pages.iter().any(|page| page.name == part.name));
        if hosts.is_empty() { Ok(None) } else { self.joined::<HostFacts>(to, &hosts).map(Some) }
    }

    /// One part with the rows of `parts`, in their order.
    fn joined<R: Row>(
        &self,
        (run, name, generation): (&RunId, PartName, Generation),
        parts: &[PartRef],
    ) -> Result<StagedPart> {
        let mut writer = self.writer::<R>(run, name, generation)?;
        for part in parts {
            for row in self.read::<R>(part)? {
                writer.append(&row?)?;
            }
        }
        writer.finish()
    }

    /// The documents and links that a generation of curate has made of `pages`, joined under a new
    /// name; none if it has not made them of all.
    fn made_of(
        &self,
        pages: &[PartRef],
        to: (&RunId, PartName, Generation),
    ) -> Result<Option<[StagedPart; 2]>> {
        let (run, _, generation) = to;
        let left = self.catalogue().work(run, Stage::Curate, generation)?;
        if pages.iter().any(|page| left.contains(&page.name)) {
            return Ok(None);
        }
        let of_pages = |dataset| -> Result<Vec<PartRef>> {
            let mut parts = self.catalogue().parts_at(run, dataset, generation)?;
            parts.retain(|part| pages.iter().any(|page| page.name == part.name));
            Ok(parts)
        };
        Ok(Some([
            self.joined::<Document>(to, &of_pages(Dataset::Documents)?)?,
            self.joined::<Link>(to, &of_pages(Dataset::Links)?)?,
        ]))
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
