//! From sorted lines to a segment: repeats are left out, every URL gets its rank within its host,
//! partitions are numbered.

use std::path::PathBuf;

use jarvix_core::Ordinals;

use super::AdmitError;
use super::hosts::HostsWriter;
use super::sort::{Leaf, Take};
use crate::frontier::{Place, SegmentWriter, Sorted};

/// A segment being arranged.
pub(super) struct Arrange<'a> {
    segment: SegmentWriter,
    path: PathBuf,
    hosts: HostsWriter,
    duplicates: &'a Ordinals,
    /// The number of the partition that is open, and the domain of its last host.
    partition: Option<(u32, u64)>,
    /// The host that is too large for memory: its place, its URLs before and up to here.
    giant: Option<(Place, u64, u64)>,
}

/// A host of a leaf.
struct Group {
    place: Place,
    /// Its first ordinal: hosts go in the order in which the input first names them.
    first: u64,
    /// Its items.
    from: usize,
    to: usize,
    /// How many URLs it had before.
    rank: u64,
}

impl<'a> Arrange<'a> {
    pub(super) fn new(
        segment: SegmentWriter,
        path: PathBuf,
        hosts: HostsWriter,
        duplicates: &'a Ordinals,
    ) -> Self {
        Self { segment, path, hosts, duplicates, partition: None, giant: None }
    }

    /// Makes the segment and the file of hosts durable; how many hosts that holds.
    pub(super) fn finish(self) -> Result<u64, AdmitError> {
        self.segment.finish().map_err(AdmitError::disk("write", &self.path))?;
        self.hosts.finish()
    }

    /// A domain that was split goes on in its partition; anything else begins a new one.
    fn enter(&mut self, first: Place, last: Place) -> Result<(), AdmitError> {
        let number = match self.partition {
            Some((number, domain)) if domain == first.domain() => number,
            Some((number, _)) => number + 1,
            None => 0,
        };
        if self.partition.is_none_or(|(before, _)| before != number) {
            self.segment.begin_partition(number).map_err(AdmitError::disk("write", &self.path))?;
        }
        self.partition = Some((number, last.domain()));
        Ok(())
    }

    fn append(&mut self, record: &Sorted<'_>) -> Result<(), AdmitError> {
        self.segment.append(record).map_err(AdmitError::disk("write", &self.path))
    }

    /// The hosts of a sorted leaf.
    fn groups(&mut self, leaf: &Leaf) -> Result<Vec<Group>, AdmitError> {
        let mut groups: Vec<Group> = Vec::new();
        for (at, item) in leaf.items.iter().enumerate() {
            match groups.last_mut().filter(|group| group.place == item.place) {
                Some(group) => group.to = at + 1,
                None => groups.push(Group {
                    place: item.place,
                    first: item.ordinal,
                    from: at,
                    to: at + 1,
                    rank: 0,
                }),
            }
        }
        for group in &mut groups {
            group.rank = self.hosts.add(group.place, (group.to - group.from) as u64)?;
        }
        Ok(groups)
    }
}

impl Take for Arrange<'_> {
    fn leaf(&mut self, mut leaf: Leaf) -> Result<(), AdmitError> {
        leaf.items.retain(|item| !self.duplicates.contains(item.ordinal));
        leaf.items.sort_unstable();
        let (Some(first), Some(last)) = (leaf.items.first(), leaf.items.last()) else {
            return Ok(());
        };
        self.enter(first.place, last.place)?;
        let mut groups = self.groups(&leaf)?;
        groups.sort_unstable_by_key(|group| group.first);
        for group in groups {
            for (n, item) in leaf.items[group.from..group.to].iter().enumerate() {
                self.append(&Sorted {
                    ordinal: item.ordinal,
                    rank: group.rank + n as u64,
                    begins: n == 0,
                    place: item.place,
                    body: leaf.body(item),
                })?;
            }
        }
        Ok(())
    }

    fn host(&mut self, place: Place) -> Result<(), AdmitError> {
        self.giant = Some((place, 0, 0));
        Ok(())
    }

    fn line(&mut self, ordinal: u64, body: &[u8]) -> Result<(), AdmitError> {
        let Some((place, mut rank, urls)) = self.giant else { return Ok(()) };
        if self.duplicates.contains(ordinal) {
            return Ok(());
        }
        if urls == 0 {
            self.enter(place, place)?;
            rank = self.hosts.before(place)?;
        }
        self.giant = Some((place, rank, urls + 1));
        let (rank, begins) = (rank + urls, urls == 0);
        self.append(&Sorted { ordinal, rank, begins, place, body })
    }

    fn host_end(&mut self) -> Result<(), AdmitError> {
        match self.giant.take() {
            Some((place, before, urls)) if urls > 0 => self.hosts.put(place, before + urls),
            _ => Ok(()),
        }
    }
}
