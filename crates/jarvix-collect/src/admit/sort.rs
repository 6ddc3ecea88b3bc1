//! Bringing the URLs of every host together, for any number of URLs in bounded memory.
//!
//! Lines come in the order of the input and go to partitions by the place of their host, the
//! registrable domain's bits first. A partition that fits is sorted in memory; one that does not is
//! split by its next bits; one that holds a single host, however large, is in order as it is. All
//! chunks lie in one file: neither the number of partitions nor that of hosts costs open files.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jarvix_core::{Disk, DiskRead, DiskWrite};

use super::AdmitError;
use crate::frontier::{Place, put_number, take_number};

/// Bits by which a partition that is too large is split.
const SPLIT_BITS: u32 = 4;
const PLACE_BITS: u32 = 128;

/// How much memory sorting by host may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortLimits {
    /// There are two to the power of this many partitions; at most 12.
    pub partition_bits: u32,
    /// Bytes that wait in memory per partition.
    pub buffer_bytes: usize,
    /// Bytes of the partition that is being sorted, without about half as many that say where in
    /// it which line is. A list of less is sorted without touching the disk.
    pub leaf_bytes_max: usize,
}

impl Default for SortLimits {
    fn default() -> Self {
        Self { partition_bits: 8, buffer_bytes: 16 * 1024, leaf_bytes_max: 16 * 1024 * 1024 }
    }
}

/// A line that is being sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Item {
    pub(super) place: Place,
    pub(super) ordinal: u64,
    start: u32,
    length: u32,
}

/// Lines that fit into memory together.
#[derive(Default)]
pub(super) struct Leaf {
    pub(super) items: Vec<Item>,
    bodies: Vec<u8>,
}

impl Leaf {
    fn push(&mut self, place: Place, ordinal: u64, body: &[u8]) {
        // A leaf holds less than 4 GiB, and a body less than a MiB.
        let (start, length) = (self.bodies.len() as u32, body.len() as u32);
        self.items.push(Item { place, ordinal, start, length });
        self.bodies.extend_from_slice(body);
    }

    pub(super) fn body(&self, item: &Item) -> &[u8] {
        let start = item.start as usize;
        self.bodies.get(start..start + item.length as usize).unwrap_or_default()
    }
}

/// Who takes the sorted lines.
pub(super) trait Take {
    /// Takes lines that fit into memory, in the order in which they came. All lines of their hosts
    /// are among them. Leaves come in ascending order of their places.
    fn leaf(&mut self, leaf: Leaf) -> Result<(), AdmitError>;
    /// Begins a host that may be too large for memory; all its lines come next, by ordinal.
    fn host(&mut self, place: Place) -> Result<(), AdmitError>;
    /// A line of that host.
    fn line(&mut self, ordinal: u64, body: &[u8]) -> Result<(), AdmitError>;
    /// The end of that host.
    fn host_end(&mut self) -> Result<(), AdmitError>;
}

/// Lines on their way to be sorted.
pub(super) struct HostSort {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    limits: SortLimits,
    leaf: Leaf,
    spilled: Option<Level>,
}

impl HostSort {
    /// An empty sort whose files lie in `folder`, which is there.
    pub(super) fn new(disk: &Arc<dyn Disk>, folder: &Path, limits: SortLimits) -> Self {
        let (disk, folder) = (Arc::clone(disk), folder.to_owned());
        Self { disk, folder, limits, leaf: Leaf::default(), spilled: None }
    }

    /// Adds a line. Ordinals ascend.
    pub(super) fn add(
        &mut self,
        place: Place,
        ordinal: u64,
        body: &[u8],
    ) -> Result<(), AdmitError> {
        if let Some(level) = &mut self.spilled {
            return level.add(place, ordinal, body);
        }
        self.leaf.push(place, ordinal, body);
        if self.leaf.bodies.len() <= self.limits.leaf_bytes_max {
            return Ok(());
        }
        let bits = self.limits.partition_bits.min(12);
        let mut level = Level::new(&self.disk, self.folder.join("hosts-0"), self.limits, 0, bits)?;
        let leaf = std::mem::take(&mut self.leaf);
        for item in &leaf.items {
            level.add(item.place, item.ordinal, leaf.body(item))?;
        }
        self.spilled = Some(level);
        Ok(())
    }

    /// Hands everything to `take`.
    pub(super) fn finish(self, take: &mut dyn Take) -> Result<(), AdmitError> {
        match self.spilled {
            None if self.leaf.items.is_empty() => Ok(()),
            None => take.leaf(self.leaf),
            Some(level) => level.finish(&mut 0, take),
        }
    }
}

/// Partitions by some bits of the place, in one file.
struct Level {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    limits: SortLimits,
    file: Box<dyn DiskWrite>,
    written: u64,
    partitions: Vec<Partition>,
    /// Bits that all places here have in common, and which were used for splitting before.
    bits_before: u32,
    bits: u32,
}

/// Lines whose places begin with the same bits.
#[derive(Default)]
struct Partition {
    buffer: Vec<u8>,
    /// Where in the file its chunks are, and how long.
    chunks: Vec<(u64, u32)>,
    bytes: usize,
    /// The place of all lines, if it is the same.
    only: Option<Place>,
    mixed: bool,
}

impl Level {
    fn new(
        disk: &Arc<dyn Disk>,
        path: PathBuf,
        limits: SortLimits,
        bits_before: u32,
        bits: u32,
    ) -> Result<Self, AdmitError> {
        let file = disk.create(&path).map_err(AdmitError::disk("create", &path))?;
        let partitions = (0..1u32 << bits).map(|_| Partition::default()).collect();
        let disk = Arc::clone(disk);
        Ok(Self { disk, path, limits, file, written: 0, partitions, bits_before, bits })
    }

    fn add(&mut self, place: Place, ordinal: u64, body: &[u8]) -> Result<(), AdmitError> {
        let own = place.0.checked_shl(self.bits_before).unwrap_or(0);
        let at = own.checked_shr(PLACE_BITS - self.bits).unwrap_or(0) as usize;
        let partition = &mut self.partitions[at];
        partition.mixed |= *partition.only.get_or_insert(place) != place;
        let before = partition.buffer.len();
        partition.buffer.extend_from_slice(&place.0.to_le_bytes());
        put_number(&mut partition.buffer, ordinal);
        put_number(&mut partition.buffer, body.len() as u64);
        partition.buffer.extend_from_slice(body);
        partition.bytes += partition.buffer.len() - before;
        if partition.buffer.len() >= self.limits.buffer_bytes.max(1) {
            let failed = AdmitError::disk("write", &self.path);
            self.file.write_all(&partition.buffer).map_err(failed)?;
            let length = partition.buffer.len();
            partition.chunks.push((self.written, length as u32));
            self.written += length as u64;
            partition.buffer.clear();
        }
        Ok(())
    }

    /// Hands everything to `take`; `serial` names the files of further levels.
    fn finish(self, serial: &mut u64, take: &mut dyn Take) -> Result<(), AdmitError> {
        let Self { disk, path, limits, file, partitions, bits_before, bits, .. } = self;
        // A file that is being written may not be readable to its end yet.
        drop(file);
        let read = disk.open(&path).map_err(AdmitError::disk("open", &path))?;
        let reader = Reader { path: &path, file: &*read };
        for mut partition in partitions {
            if partition.bytes == 0 {
                continue;
            }
            let before = bits_before + bits;
            if let (Some(only), false) = (partition.only, partition.mixed) {
                take.host(only)?;
                reader.drain(&partition, &mut |_, ordinal, body| take.line(ordinal, body))?;
                take.host_end()?;
            } else if partition.bytes <= limits.leaf_bytes_max || before >= PLACE_BITS {
                let mut leaf = Leaf::default();
                reader.drain(&partition, &mut |place, ordinal, body| {
                    leaf.push(place, ordinal, body);
                    Ok(())
                })?;
                partition.buffer = Vec::new();
                take.leaf(leaf)?;
            } else {
                *serial += 1;
                let next = SPLIT_BITS.min(PLACE_BITS - before);
                let file = path.with_file_name(format!("hosts-{serial}"));
                let mut split = Self::new(&disk, file, limits, before, next)?;
                reader.drain(&partition, &mut |p, ordinal, body| split.add(p, ordinal, body))?;
                partition.buffer = Vec::new();
                split.finish(serial, take)?;
            }
        }
        drop(read);
        disk.remove_file(&path).map_err(AdmitError::disk("remove", &path))
    }
}

/// Reads chunks.
struct Reader<'a> {
    path: &'a Path,
    file: &'a dyn DiskRead,
}

type Each<'a> = &'a mut dyn FnMut(Place, u64, &[u8]) -> Result<(), AdmitError>;

impl Reader<'_> {
    /// Hands every line of a partition to `each`, in the order in which they came.
    fn drain(&self, partition: &Partition, each: Each<'_>) -> Result<(), AdmitError> {
        let mut chunk = Vec::new();
        for (offset, length) in &partition.chunks {
            chunk.resize(*length as usize, 0);
            super::spill::read_exact_at(self.file, &mut chunk, *offset)
                .map_err(AdmitError::disk("read", self.path))?;
            self.lines(&chunk, each)?;
        }
        self.lines(&partition.buffer, each)
    }

    fn lines(&self, mut chunk: &[u8], each: Each<'_>) -> Result<(), AdmitError> {
        while !chunk.is_empty() {
            let Some((place, ordinal, body)) = take_line(&mut chunk) else {
                let source = io::Error::from(io::ErrorKind::InvalidData);
                return Err(AdmitError::disk("read", self.path)(source));
            };
            each(place, ordinal, body)?;
        }
        Ok(())
    }
}

fn take_line<'a>(input: &mut &'a [u8]) -> Option<(Place, u64, &'a [u8])> {
    let (place, rest) = input.split_first_chunk::<16>()?;
    *input = rest;
    let ordinal = take_number(input)?;
    let length = usize::try_from(take_number(input)?).ok()?;
    let (body, rest) = input.split_at_checked(length)?;
    *input = rest;
    Some((Place(u128::from_le_bytes(*place)), ordinal, body))
}
