//! From a URL to what the base run knew of it, on disk: a hundred million URLs take a few
//! megabytes of memory, however long their validators are.
//!
//! Two files. `marks` has one record per URL, in the order in which they came. `keys` has the
//! XXH3-128 of every URL with the place of its record, ascending: it is made of sorted runs that
//! are merged. A look-up reads one block of `keys` and one record.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jarvix_core::{Disk, DiskRead, DiskWrite};
use xxhash_rust::xxh3::xxh3_128;

/// Bytes of a key with the place of its record, on disk.
const ENTRY_BYTES: usize = 24;
/// Entries that are sorted in memory at once (32 bytes each).
const RUN_ENTRIES_MAX: usize = 256 * 1024;
/// Entries of a run that wait in memory while runs are merged.
const MERGE_ENTRIES: usize = 256;
/// Entries of a block: what one look-up reads.
const BLOCK_ENTRIES: usize = 256;
/// Bytes that are read for a record at first; most are shorter.
const RECORD_GUESS: usize = 512;
/// Longest text of a record, in bytes; a validator that is longer is not worth sending.
const TEXT_BYTES_MAX: usize = 4 * 1024;
const WRITE_BUFFER_BYTES: usize = 64 * 1024;

/// What the base knew of one URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    /// Which of the base's parts has the row.
    pub(super) part: u32,
    /// The row's position in it.
    pub(super) row: u32,
    /// The address that gave the body, if it is another than the one that was asked.
    pub(super) final_url: String,
    pub(super) etag: String,
    pub(super) last_modified: String,
}

impl Record {
    fn write(&self, to: &mut Vec<u8>) {
        to.clear();
        to.extend_from_slice(&self.part.to_be_bytes());
        to.extend_from_slice(&self.row.to_be_bytes());
        for text in [&self.final_url, &self.etag, &self.last_modified] {
            to.extend_from_slice(&u16::try_from(text.len()).unwrap_or(0).to_be_bytes());
            to.extend_from_slice(text.as_bytes());
        }
    }

    /// Reads a record; `None` if `bytes` end before it does.
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let part = u32::from_be_bytes(take(&mut rest, 4)?.try_into().ok()?);
        let row = u32::from_be_bytes(take(&mut rest, 4)?.try_into().ok()?);
        let mut text = || {
            let len = u16::from_be_bytes(take(&mut rest, 2)?.try_into().ok()?);
            String::from_utf8(take(&mut rest, usize::from(len))?.to_vec()).ok()
        };
        Some(Self { part, row, final_url: text()?, etag: text()?, last_modified: text()? })
    }
}

fn take<'a>(rest: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(len)?;
    *rest = left;
    Some(taken)
}

type Entry = (u128, u64);

fn encode((key, place): Entry) -> [u8; ENTRY_BYTES] {
    let mut bytes = [0; ENTRY_BYTES];
    bytes[..16].copy_from_slice(&key.to_be_bytes());
    bytes[16..].copy_from_slice(&place.to_be_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> Option<Entry> {
    let key = u128::from_be_bytes(*bytes.first_chunk()?);
    Some((key, u64::from_be_bytes(*bytes.last_chunk()?)))
}

type Buffered = BufWriter<Box<dyn DiskWrite>>;

/// An index under construction.
pub(super) struct Builder {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    marks: Buffered,
    marks_bytes: u64,
    waiting: Vec<Entry>,
    runs: Option<Buffered>,
    /// Entries of each sorted run, in the order in which they lie in the file.
    run_lens: Vec<u64>,
    record: Vec<u8>,
    run_entries_max: usize,
}

impl Builder {
    /// An empty index whose files will lie in `folder`, which must be empty.
    pub(super) fn new(disk: &Arc<dyn Disk>, folder: &Path) -> io::Result<Self> {
        Ok(Self {
            marks: create(disk, &folder.join("marks"))?,
            disk: Arc::clone(disk),
            folder: folder.to_owned(),
            marks_bytes: 0,
            waiting: Vec::new(),
            runs: None,
            run_lens: Vec::new(),
            record: Vec::new(),
            run_entries_max: RUN_ENTRIES_MAX,
        })
    }

    /// Adds what is known of `url`. What is too long to be sent is left out.
    pub(super) fn add(&mut self, url: &str, record: &Record) -> io::Result<()> {
        let texts = [&record.final_url, &record.etag, &record.last_modified];
        if texts.iter().any(|text| text.len() > TEXT_BYTES_MAX) {
            return Ok(());
        }
        record.write(&mut self.record);
        self.marks.write_all(&self.record)?;
        self.waiting.push((xxh3_128(url.as_bytes()), self.marks_bytes));
        self.marks_bytes += self.record.len() as u64;
        if self.waiting.len() >= self.run_entries_max { self.end_run() } else { Ok(()) }
    }

    fn end_run(&mut self) -> io::Result<()> {
        self.waiting.sort_unstable();
        let runs = match &mut self.runs {
            Some(runs) => runs,
            None => self.runs.insert(create(&self.disk, &self.folder.join("runs"))?),
        };
        for entry in &self.waiting {
            runs.write_all(&encode(*entry))?;
        }
        self.run_lens.push(self.waiting.len() as u64);
        self.waiting.clear();
        Ok(())
    }

    /// Puts the index together.
    pub(super) fn finish(mut self) -> io::Result<Index> {
        self.marks.flush()?;
        let mut keys = KeysWriter {
            file: create(&self.disk, &self.folder.join("keys"))?,
            fences: Vec::new(),
            entries: 0,
        };
        if self.runs.is_none() {
            self.waiting.sort_unstable();
            self.waiting.iter().try_for_each(|entry| keys.push(*entry))?;
        } else {
            self.end_run()?;
            self.waiting = Vec::new();
            self.merge(&mut keys)?;
        }
        keys.file.flush()?;
        let KeysWriter { file, fences, entries } = keys;
        // Files that are being written may not be readable to their end yet.
        drop((file, self.marks));
        Ok(Index {
            keys: self.disk.open(&self.folder.join("keys"))?,
            marks: self.disk.open(&self.folder.join("marks"))?,
            fences,
            entries,
        })
    }

    fn merge(&mut self, keys: &mut KeysWriter) -> io::Result<()> {
        if let Some(mut runs) = self.runs.take() {
            runs.flush()?;
        }
        let path = self.folder.join("runs");
        let file = self.disk.open(&path)?;
        let (mut cursors, mut heap) = (Vec::new(), BinaryHeap::new());
        let mut start = 0;
        for (n, len) in self.run_lens.iter().enumerate() {
            let end = start + len * ENTRY_BYTES as u64;
            let mut cursor =
                Cursor { file: Arc::clone(&file), start, end, buffer: Vec::new(), at: 0 };
            heap.extend(cursor.next()?.map(|entry| Reverse((entry, n))));
            cursors.push(cursor);
            start = end;
        }
        while let Some(Reverse((entry, n))) = heap.pop() {
            keys.push(entry)?;
            heap.extend(cursors[n].next()?.map(|entry| Reverse((entry, n))));
        }
        drop((cursors, file));
        self.disk.remove_file(&path)
    }
}

fn create(disk: &Arc<dyn Disk>, path: &Path) -> io::Result<Buffered> {
    Ok(BufWriter::with_capacity(WRITE_BUFFER_BYTES, disk.create(path)?))
}

struct KeysWriter {
    file: Buffered,
    fences: Vec<u64>,
    entries: u64,
}

impl KeysWriter {
    fn push(&mut self, entry: Entry) -> io::Result<()> {
        if self.entries.is_multiple_of(BLOCK_ENTRIES as u64) {
            self.fences.push((entry.0 >> 64) as u64);
        }
        self.entries += 1;
        self.file.write_all(&encode(entry))
    }
}

/// Reads one sorted run.
struct Cursor {
    file: Arc<dyn DiskRead>,
    start: u64,
    end: u64,
    buffer: Vec<u8>,
    at: usize,
}

impl Cursor {
    fn next(&mut self) -> io::Result<Option<Entry>> {
        if self.at >= self.buffer.len() {
            let left = usize::try_from(self.end - self.start).unwrap_or(usize::MAX);
            self.buffer.resize(left.min(MERGE_ENTRIES * ENTRY_BYTES), 0);
            read_exact_at(&*self.file, &mut self.buffer, self.start)?;
            self.start += self.buffer.len() as u64;
            self.at = 0;
        }
        let entry = self.buffer.get(self.at..self.at + ENTRY_BYTES).and_then(decode);
        self.at += ENTRY_BYTES;
        Ok(entry)
    }
}

fn read_exact_at(file: &dyn DiskRead, buf: &mut [u8], offset: u64) -> io::Result<()> {
    let done = read_at_most(file, buf, offset)?;
    if done < buf.len() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}

fn read_at_most(file: &dyn DiskRead, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < buf.len() {
        match file.read_at(&mut buf[done..], offset + done as u64)? {
            0 => break,
            n => done += n,
        }
    }
    Ok(done)
}

/// An index that can be asked.
pub(super) struct Index {
    keys: Arc<dyn DiskRead>,
    marks: Arc<dyn DiskRead>,
    /// The first half of the first key of every block.
    fences: Vec<u64>,
    entries: u64,
}

impl Index {
    /// URLs in it.
    pub(super) fn len(&self) -> u64 {
        self.entries
    }

    /// What is known of `url`.
    pub(super) fn find(&self, url: &str) -> io::Result<Option<Record>> {
        let key = xxh3_128(url.as_bytes());
        let after = self.fences.partition_point(|fence| *fence <= (key >> 64) as u64);
        let Some(block) = after.checked_sub(1) else { return Ok(None) };
        let first = (block * BLOCK_ENTRIES) as u64;
        let count = (self.entries - first).min(BLOCK_ENTRIES as u64) as usize;
        let mut bytes = [0; BLOCK_ENTRIES * ENTRY_BYTES];
        let bytes = &mut bytes[..count * ENTRY_BYTES];
        read_exact_at(&*self.keys, bytes, first * ENTRY_BYTES as u64)?;
        let entries = bytes.chunks_exact(ENTRY_BYTES).filter_map(decode);
        match entries.into_iter().find(|(found, _)| *found == key) {
            Some((_, place)) => self.record(place).map(Some),
            None => Ok(None),
        }
    }

    fn record(&self, place: u64) -> io::Result<Record> {
        let longest = 3 * TEXT_BYTES_MAX + 16;
        for room in [RECORD_GUESS, longest] {
            let mut bytes = vec![0; room];
            let len = read_at_most(&*self.marks, &mut bytes, place)?;
            if let Some(record) = Record::read(&bytes[..len]) {
                return Ok(record);
            }
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, "a record of the index is damaged"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jarvix_store::system_env;

    fn record(n: u32) -> Record {
        Record {
            part: n / 100,
            row: n % 100,
            final_url: String::new(),
            etag: format!("\"{n}\""),
            last_modified: "x".repeat((n as usize * 37) % 900),
        }
    }

    fn check(urls: u32, run_entries_max: usize) {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = system_env().disk;
        let mut builder = Builder::new(&disk, folder.path()).expect("a builder");
        builder.run_entries_max = run_entries_max;
        for n in 0..urls {
            builder.add(&format!("https://a.example/{n}"), &record(n)).expect("an entry");
        }
        let index = builder.finish().expect("an index");
        assert_eq!(index.len(), u64::from(urls));
        for n in 0..urls {
            let found = index.find(&format!("https://a.example/{n}")).expect("a disk");
            assert_eq!(found, Some(record(n)));
            assert_eq!(index.find(&format!("https://b.example/{n}")).expect("a disk"), None);
        }
    }

    #[test]
    fn what_was_put_in_is_found_and_nothing_else() {
        check(0, 100);
        check(1, 100);
        check(3_000, 100_000);
    }

    #[test]
    fn many_sorted_runs_make_one_index() {
        check(3_000, 100);
        check(2_560, 256);
    }
}
