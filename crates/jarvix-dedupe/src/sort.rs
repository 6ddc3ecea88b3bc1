//! Sorting any number of records in bounded memory: what fits is sorted in memory and written out as
//! a run, and all runs are merged while they are read. Equal records become one. What fits as a
//! whole never touches the disk.
//!
//! All runs lie in one file, so neither their number nor that of sorts costs open files.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::io::{self, Write};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use jarvix_core::{Disk, DiskRead, DiskWrite};
use rayon::slice::ParallelSliceMut;

use crate::DedupeError;
use crate::records::Record;
use crate::workshop::Workshop;

type Result<T> = std::result::Result<T, DedupeError>;

/// Records on their way to be sorted.
pub(crate) struct Sort<'a, R> {
    workshop: &'a Workshop<'a>,
    buffer: Vec<R>,
    bytes: usize,
    spilled: Option<Spilled>,
}

/// Sorted runs in a file that is being written.
struct Spilled {
    path: PathBuf,
    file: Box<dyn DiskWrite>,
    written: u64,
    block: Vec<u8>,
    runs: Vec<Range<u64>>,
}

impl Spilled {
    fn new(workshop: &Workshop<'_>) -> Result<Self> {
        let (path, file) = workshop.create()?;
        Ok(Self { path, file, written: 0, block: Vec::new(), runs: Vec::new() })
    }

    fn add<R: Record>(&mut self, record: &R, block_bytes: usize) -> Result<()> {
        record.put(&mut self.block);
        if self.block.len() >= block_bytes { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        let failed = DedupeError::scratch("write", &self.path);
        self.file.write_all(&self.block).map_err(failed)?;
        self.written += self.block.len() as u64;
        self.block.clear();
        Ok(())
    }

    fn end_run(&mut self) -> Result<()> {
        self.flush()?;
        let start = self.runs.last().map_or(0, |run| run.end);
        self.runs.push(start..self.written);
        Ok(())
    }
}

impl<'a, R: Record> Sort<'a, R> {
    /// An empty sort.
    pub(crate) fn new(workshop: &'a Workshop<'a>) -> Self {
        Self { workshop, buffer: Vec::new(), bytes: 0, spilled: None }
    }

    /// Adds a record.
    pub(crate) fn add(&mut self, record: R) -> Result<()> {
        self.bytes += size_of::<R>() + record.more_bytes();
        self.buffer.push(record);
        if self.bytes >= self.workshop.limits.sort_bytes { self.spill() } else { Ok(()) }
    }

    fn sort_buffer(&mut self) {
        let buffer = &mut self.buffer;
        self.workshop.pool.install(|| buffer.par_sort_unstable());
        self.buffer.dedup();
    }

    fn spill(&mut self) -> Result<()> {
        self.workshop.go_on()?;
        self.sort_buffer();
        let spilled = match &mut self.spilled {
            Some(spilled) => spilled,
            None => self.spilled.insert(Spilled::new(self.workshop)?),
        };
        for record in self.buffer.drain(..) {
            spilled.add(&record, self.workshop.limits.block_bytes)?;
        }
        self.bytes = 0;
        spilled.end_run()
    }

    /// The records in ascending order, each once.
    pub(crate) fn finish(mut self) -> Result<Sorted<R>> {
        if self.spilled.is_none() {
            self.sort_buffer();
            return Ok(Sorted::Memory(self.buffer.into_iter()));
        }
        self.spill()?;
        self.buffer = Vec::new();
        let Some(mut spilled) = self.spilled else {
            return Ok(Sorted::Memory(Vec::new().into_iter()));
        };
        let limits = self.workshop.limits;
        while spilled.runs.len() > limits.runs_max.max(2) {
            let mut next = Spilled::new(self.workshop)?;
            let runs = std::mem::take(&mut spilled.runs);
            let written = Written::of(self.workshop, spilled)?;
            for some in runs.chunks(limits.runs_max.max(2)) {
                self.workshop.go_on()?;
                let mut merged = Merge::<R>::new(&written, some, limits.block_bytes)?;
                while let Some(record) = merged.next()? {
                    next.add(&record, limits.block_bytes)?;
                }
                next.end_run()?;
            }
            spilled = next;
        }
        let runs = std::mem::take(&mut spilled.runs);
        let written = Written::of(self.workshop, spilled)?;
        let merge = Merge::new(&written, &runs, limits.block_bytes)?;
        Ok(Sorted::Disk { merge, _written: written })
    }
}

/// A scratch file that is whole; removed with its owner.
pub(crate) struct Written {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    file: Arc<dyn DiskRead>,
}

impl Written {
    fn of(workshop: &Workshop<'_>, spilled: Spilled) -> Result<Self> {
        let Spilled { path, file, .. } = spilled;
        // A file that is being written may not be readable to its end yet.
        drop(file);
        let file = workshop.disk.open(&path).map_err(DedupeError::scratch("open", &path))?;
        Ok(Self { disk: Arc::clone(&workshop.disk), path, file })
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        // The whole folder goes at the end.
        drop(self.disk.remove_file(&self.path));
    }
}

/// Sorted records.
pub(crate) enum Sorted<R> {
    /// All of them.
    Memory(std::vec::IntoIter<R>),
    /// Runs that are merged.
    Disk {
        /// The runs.
        merge: Merge<R>,
        /// Their file.
        _written: Written,
    },
}

impl<R: Record> Sorted<R> {
    /// The next record.
    pub(crate) fn next(&mut self) -> Result<Option<R>> {
        match self {
            Self::Memory(records) => Ok(records.next()),
            Self::Disk { merge, .. } => merge.next(),
        }
    }
}

/// Sorted runs that are read side by side, the least record first.
pub(crate) struct Merge<R> {
    heads: BinaryHeap<Reverse<(R, usize)>>,
    cursors: Vec<Cursor>,
}

impl<R: Record> Merge<R> {
    fn new(written: &Written, runs: &[Range<u64>], block_bytes: usize) -> Result<Self> {
        let cursor = |run: &Range<u64>| Cursor {
            path: written.path.clone(),
            file: Arc::clone(&written.file),
            left: run.clone(),
            block: Vec::new(),
            at: 0,
            block_bytes,
        };
        let mut merge =
            Self { heads: BinaryHeap::new(), cursors: runs.iter().map(cursor).collect() };
        for (number, cursor) in merge.cursors.iter_mut().enumerate() {
            if let Some(record) = cursor.next()? {
                merge.heads.push(Reverse((record, number)));
            }
        }
        Ok(merge)
    }

    fn next(&mut self) -> Result<Option<R>> {
        let Some(record) = self.step()? else { return Ok(None) };
        while self.heads.peek().is_some_and(|Reverse((head, _))| *head == record) {
            self.step()?;
        }
        Ok(Some(record))
    }

    /// The least head; the next of its run takes its place.
    fn step(&mut self) -> Result<Option<R>> {
        let Some(mut head) = self.heads.peek_mut() else { return Ok(None) };
        let number = head.0.1;
        let next = match self.cursors.get_mut(number) {
            Some(cursor) => cursor.next()?,
            None => None,
        };
        Ok(Some(match next {
            Some(next) => std::mem::replace(&mut *head, Reverse((next, number))).0.0,
            None => PeekMut::pop(head).0.0,
        }))
    }
}

/// Where in a run the reading is.
struct Cursor {
    path: PathBuf,
    file: Arc<dyn DiskRead>,
    left: Range<u64>,
    block: Vec<u8>,
    at: usize,
    block_bytes: usize,
}

impl Cursor {
    fn next<R: Record>(&mut self) -> Result<Option<R>> {
        loop {
            let mut rest = self.block.get(self.at..).unwrap_or_default();
            if let Some(record) = R::take(&mut rest) {
                self.at = self.block.len() - rest.len();
                return Ok(Some(record));
            }
            let more = self.left.end - self.left.start;
            if more == 0 && self.at == self.block.len() {
                return Ok(None);
            }
            let failed = DedupeError::scratch("read", &self.path);
            if more == 0 {
                return Err(failed(io::ErrorKind::InvalidData.into()));
            }
            self.block.drain(..self.at);
            self.at = 0;
            let kept = self.block.len();
            let length = usize::try_from(more).unwrap_or(usize::MAX).min(self.block_bytes.max(1));
            self.block.resize(kept + length, 0);
            read_exact_at(&*self.file, &mut self.block[kept..], self.left.start).map_err(failed)?;
            self.left.start += length as u64;
        }
    }
}

/// Fills `buf` from `offset` on.
pub(crate) fn read_exact_at(file: &dyn DiskRead, buf: &mut [u8], offset: u64) -> io::Result<()> {
    let mut done = 0;
    while done < buf.len() {
        match file.read_at(&mut buf[done..], offset + done as u64)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => done += count,
        }
    }
    Ok(())
}
