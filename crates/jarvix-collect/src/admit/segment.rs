//! The files of a segment that is being made, the same for lines of an input and for what was found
//! on the way: keys, entries by host, and how many entries every host has now.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jarvix_core::{Disk, Ordinals};

use super::AdmitError;
use super::arrange::Arrange;
use super::hosts::{HostsCursor, HostsWriter};
use super::keys::{KeysCursor, KeysWriter};
use super::ledger::Ledger;
use super::sort::HostSort;
use super::spill::Spill;
use crate::frontier::{self, SegmentWriter};

/// A segment that no commit knows yet.
pub(super) struct NewSegment<'a> {
    pub(super) disk: &'a Arc<dyn Disk>,
    pub(super) folder: &'a Path,
    /// The segments before it.
    pub(super) ledger: &'a Ledger,
    pub(super) number: u32,
}

impl NewSegment<'_> {
    /// The number of the segment that comes next.
    pub(super) fn next_number(ledger: &Ledger) -> u32 {
        ledger.segments.last().map_or(1, |segment| segment.number + 1)
    }

    fn keys_path(&self) -> PathBuf {
        self.folder.join(frontier::keys_name(self.number))
    }

    /// Finds repeats, among the new entries and of earlier ones, and writes the keys of the rest.
    pub(super) fn resolve(&self, spill: Spill) -> Result<Ordinals, AdmitError> {
        let mut earlier = self
            .ledger
            .segments
            .iter()
            .map(|s| {
                let path = self.folder.join(frontier::keys_name(s.number));
                KeysCursor::open(self.disk, &path, s.admitted)
            })
            .collect::<Result<Vec<_>, _>>()?;
        self.write_keys(spill, &mut earlier)
    }

    /// The same, compared with `earlier` alone. Keys that were written before are replaced.
    pub(super) fn write_keys(
        &self,
        spill: Spill,
        earlier: &mut [KeysCursor],
    ) -> Result<Ordinals, AdmitError> {
        let path = self.keys_path();
        let mut keys =
            KeysWriter::create(self.disk, &path).map_err(AdmitError::disk("create", &path))?;
        let repeats = spill.resolve(earlier, &mut keys)?;
        keys.finish().map_err(AdmitError::disk("write", &path))?;
        Ok(repeats)
    }

    /// Writes the entries by host, without those in `left_out`; how many hosts there are now.
    pub(super) fn arrange(&self, sort: HostSort, left_out: &Ordinals) -> Result<u64, AdmitError> {
        let path = self.folder.join(frontier::segment_name(self.number));
        let segment =
            SegmentWriter::create(self.disk, &path).map_err(AdmitError::disk("create", &path))?;
        let hosts_of = |number| self.folder.join(frontier::hosts_name(number));
        let earlier = self.ledger.segments.last();
        let earlier = earlier
            .map(|s| HostsCursor::open(self.disk, &hosts_of(s.number), s.hosts))
            .transpose()?;
        let hosts = HostsWriter::create(self.disk, &hosts_of(self.number), earlier)?;
        let mut arrange = Arrange::new(segment, path, hosts, left_out);
        sort.finish(&mut arrange)?;
        arrange.finish()
    }
}
