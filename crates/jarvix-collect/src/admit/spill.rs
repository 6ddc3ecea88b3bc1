//! Finding repeats among any number of keys in bounded memory.
//!
//! Keys go to partitions by their first bits, each a small buffer in front of a file. When all are
//! there, one partition after the other is sorted in memory; one that does not fit is split by its
//! next bits. Partitions ascend, so the keys of earlier segments are read past once, in step.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jarvix_core::{Disk, DiskWrite, Ordinals};

use super::AdmitError;
use super::keys::{KeysCursor, KeysWriter};

/// Bytes of a key with its ordinal, on disk.
const ENTRY_BYTES: usize = 24;
/// Bytes of a key with its ordinal, in memory.
const ENTRY_MEMORY: u64 = size_of::<Entry>() as u64;
/// Bits by which a partition that is too large is split.
const SPLIT_BITS: u32 = 4;
const KEY_BITS: u32 = 128;

/// How much memory finding repeats may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DedupeLimits {
    /// There are two to the power of this many partitions; at most 12.
    pub partition_bits: u32,
    /// Bytes that wait in memory per partition.
    pub buffer_bytes: usize,
    /// Bytes of the partition that is being sorted.
    pub sort_bytes_max: u64,
}

impl Default for DedupeLimits {
    fn default() -> Self {
        Self { partition_bits: 6, buffer_bytes: 16 * 1024, sort_bytes_max: 64 * 1024 * 1024 }
    }
}

/// A key and the ordinal of the line that has it; ordered by both.
type Entry = (u128, u64);

fn encode((key, ordinal): Entry) -> [u8; ENTRY_BYTES] {
    let mut bytes = [0; ENTRY_BYTES];
    bytes[..16].copy_from_slice(&key.to_be_bytes());
    bytes[16..].copy_from_slice(&ordinal.to_be_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> Option<Entry> {
    let key = u128::from_be_bytes(*bytes.first_chunk()?);
    Some((key, u64::from_be_bytes(*bytes.last_chunk()?)))
}

/// Keys on their way to be compared.
pub(super) struct Spill {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    limits: DedupeLimits,
    partitions: Vec<Partition>,
    /// Bits that all keys here have in common, and which were used for splitting before.
    bits_before: u32,
    bits: u32,
}

/// Keys with the same first bits.
struct Partition {
    path: PathBuf,
    buffer: Vec<u8>,
    file: Option<Box<dyn DiskWrite>>,
    spilled: u64,
}

impl Spill {
    /// An empty spill whose files lie in `folder`, which is emptied first.
    pub(super) fn new(
        disk: &Arc<dyn Disk>,
        folder: &Path,
        limits: DedupeLimits,
    ) -> Result<Self, AdmitError> {
        if disk.exists(folder) {
            disk.remove_dir_all(folder).map_err(AdmitError::disk("remove", folder))?;
        }
        disk.create_dir_all(folder).map_err(AdmitError::disk("create", folder))?;
        Ok(Self::level(disk, folder, limits, 0, limits.partition_bits.min(12), 0))
    }

    fn level(
        disk: &Arc<dyn Disk>,
        folder: &Path,
        limits: DedupeLimits,
        bits_before: u32,
        bits: u32,
        serial: u64,
    ) -> Self {
        let partition = |n: u64| Partition {
            path: folder.join(format!("{serial}-{n}")),
            buffer: Vec::new(),
            file: None,
            spilled: 0,
        };
        let partitions = (0..1u64 << bits).map(partition).collect();
        let (disk, folder) = (Arc::clone(disk), folder.to_owned());
        Self { disk, folder, limits, partitions, bits_before, bits }
    }

    /// Adds a key. Ordinals need not ascend.
    pub(super) fn add(&mut self, key: u128, ordinal: u64) -> Result<(), AdmitError> {
        let own = key.checked_shl(self.bits_before).unwrap_or(0);
        let at = own.checked_shr(KEY_BITS - self.bits).unwrap_or(0) as usize;
        let partition = &mut self.partitions[at];
        partition.buffer.extend_from_slice(&encode((key, ordinal)));
        if partition.buffer.len() >= self.limits.buffer_bytes.max(ENTRY_BYTES) {
            let done = partition.flush(&*self.disk);
            done.map_err(AdmitError::disk("write", &partition.path))?;
        }
        Ok(())
    }

    /// The ordinals whose key is in `earlier` or has a lower ordinal here. The keys of all others go
    /// to `keys`, ascending.
    pub(super) fn resolve(
        self,
        earlier: &mut [KeysCursor],
        keys: &mut KeysWriter,
    ) -> Result<Ordinals, AdmitError> {
        self.walk(earlier, keys, 1)
    }

    /// The ordinals that are not among the `most` lowest of their key.
    pub(super) fn beyond(self, most: u64) -> Result<Ordinals, AdmitError> {
        self.walk(&mut [], &mut KeysWriter::nowhere(), most)
    }

    fn walk(
        self,
        earlier: &mut [KeysCursor],
        keys: &mut KeysWriter,
        kept: u64,
    ) -> Result<Ordinals, AdmitError> {
        let folder = self.folder.clone();
        let disk = Arc::clone(&self.disk);
        let mut resolver = Resolver { earlier, keys, kept, duplicates: Ordinals::new(), serial: 0 };
        resolver.level(self)?;
        disk.remove_dir_all(&folder).map_err(AdmitError::disk("remove", &folder))?;
        Ok(resolver.duplicates)
    }

    /// Bytes of it on disk.
    pub(super) fn bytes_on_disk(&self) -> u64 {
        self.partitions.iter().map(|partition| partition.spilled).sum()
    }

    /// Removes everything that was spilled.
    pub(super) fn discard(self) -> Result<(), AdmitError> {
        drop(self.partitions);
        self.disk.remove_dir_all(&self.folder).map_err(AdmitError::disk("remove", &self.folder))
    }
}

impl Partition {
    fn flush(&mut self, disk: &dyn Disk) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(disk.create(&self.path)?),
        };
        file.write_all(&self.buffer)?;
        self.spilled += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Hands every entry to `take`, those on disk first.
    fn drain(
        &self,
        disk: &dyn Disk,
        take: &mut dyn FnMut(Entry) -> Result<(), AdmitError>,
    ) -> Result<(), AdmitError> {
        if self.spilled > 0 {
            let file = disk.open(&self.path).map_err(AdmitError::disk("open", &self.path))?;
            let mut chunk = vec![0; ENTRY_BYTES * 4_096];
            let mut offset = 0;
            while offset < self.spilled {
                let most = usize::try_from(self.spilled - offset).unwrap_or(usize::MAX);
                let chunk_len = chunk.len().min(most);
                let chunk = &mut chunk[..chunk_len];
                read_exact_at(&*file, chunk, offset)
                    .map_err(AdmitError::disk("read", &self.path))?;
                offset += chunk.len() as u64;
                chunk.chunks_exact(ENTRY_BYTES).filter_map(decode).try_for_each(&mut *take)?;
            }
        }
        self.buffer.chunks_exact(ENTRY_BYTES).filter_map(decode).try_for_each(take)
    }
}

pub(super) fn read_exact_at(
    file: &dyn jarvix_core::DiskRead,
    buf: &mut [u8],
    offset: u64,
) -> io::Result<()> {
    let mut done = 0;
    while done < buf.len() {
        match file.read_at(&mut buf[done..], offset + done as u64)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => done += n,
        }
    }
    Ok(())
}

/// Goes through partitions in ascending order.
struct Resolver<'a> {
    earlier: &'a mut [KeysCursor],
    keys: &'a mut KeysWriter,
    /// How many entries of a key are kept.
    kept: u64,
    duplicates: Ordinals,
    serial: u64,
}

impl Resolver<'_> {
    fn level(&mut self, spill: Spill) -> Result<(), AdmitError> {
        let Spill { disk, folder, limits, partitions, bits_before, bits } = spill;
        for mut partition in partitions {
            // A file that is being written may not be readable to its end yet.
            partition.file = None;
            let splittable = bits_before + bits < KEY_BITS;
            if let Some(entries) = self.load(&disk, &partition, limits, splittable)? {
                self.keep(entries)?;
            } else {
                self.serial += 1;
                let before = bits_before + bits;
                let next = SPLIT_BITS.min(KEY_BITS - before);
                let mut split = Spill::level(&disk, &folder, limits, before, next, self.serial);
                partition.drain(&*disk, &mut |(key, ordinal)| split.add(key, ordinal))?;
                partition.buffer = Vec::new();
                self.level(split)?;
            }
            if partition.spilled > 0 {
                disk.remove_file(&partition.path)
                    .map_err(AdmitError::disk("remove", &partition.path))?;
            }
        }
        Ok(())
    }

    /// The distinct keys of a partition, sorted, each with its lowest ordinal; `None` if they are too
    /// many. Repeats are dropped on the way, so that one URL a hundred million times fits.
    fn load(
        &mut self,
        disk: &Arc<dyn Disk>,
        partition: &Partition,
        limits: DedupeLimits,
        splittable: bool,
    ) -> Result<Option<Vec<Entry>>, AdmitError> {
        let most =
            usize::try_from(limits.sort_bytes_max / ENTRY_MEMORY).unwrap_or(usize::MAX).max(2);
        let mut entries: Vec<Entry> = Vec::new();
        let mut too_many = false;
        partition.drain(&**disk, &mut |entry| {
            if too_many {
                return Ok(());
            }
            entries.push(entry);
            if entries.len() >= most {
                self.compact(&mut entries);
                too_many = splittable && entries.len() > most / 2;
            }
            Ok(())
        })?;
        if too_many {
            return Ok(None);
        }
        self.compact(&mut entries);
        Ok(Some(entries))
    }

    /// Sorts, and keeps of every key the lowest ordinals.
    fn compact(&mut self, entries: &mut Vec<Entry>) {
        entries.sort_unstable();
        entries.dedup();
        let (kept, duplicates) = (self.kept, &mut self.duplicates);
        let (mut under_way, mut count) = (None, 0);
        entries.retain(|(key, ordinal)| {
            count = if under_way == Some(*key) { count + 1 } else { 1 };
            under_way = Some(*key);
            if count > kept {
                duplicates.insert(*ordinal);
            }
            count <= kept
        });
    }

    fn keep(&mut self, entries: Vec<Entry>) -> Result<(), AdmitError> {
        for (key, ordinal) in entries {
            let mut known = false;
            for cursor in self.earlier.iter_mut() {
                known |= cursor.contains(key)?;
            }
            if known {
                self.duplicates.insert(ordinal);
            } else {
                self.keys.push(key).map_err(AdmitError::disk("write", Path::new("the keys")))?;
            }
        }
        Ok(())
    }
}
