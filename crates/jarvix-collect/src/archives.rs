//! The archives that pages are read from: opened once, a record at a time, with as much memory as a
//! few readers take.
//!
//! A record with a packed piece of its own is read at its offset. In an archive that is one packed
//! piece from beginning to end there is no such way in, so that piece is unpacked once into the
//! run's folder and read there; the copy goes when nothing is left to collect. Its name is made of
//! numbers alone: no name that stands in an archive becomes a path.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jarvix_core::{Disk, DiskRead, Env};
use jarvix_warc::{Archive, Item, Place, RecordHead, unpack_piece};
use tokio::sync::{Semaphore, SemaphorePermit};
use xxhash_rust::xxh3::xxh3_64;

use crate::frontier::NewFile;
use crate::input::{Cursor, archive_limits};

/// Records that are read at one time: it is the processor's work, and each has an unpacker.
const READERS_MAX: usize = 4;
/// Bytes of a piece that are unpacked again and again to get to a record in it.
const SKIP_BYTES_MAX: u64 = 1024 * 1024;

/// The archives of a run.
pub(crate) struct Archives {
    disk: Arc<dyn Disk>,
    /// Where copies of unpacked pieces lie.
    folder: PathBuf,
    payload_bytes_max: u64,
    turns: Semaphore,
    open: Mutex<HashMap<PathBuf, Arc<dyn DiskRead>>>,
    /// Held while a copy is made.
    copies: Mutex<Vec<PathBuf>>,
}

/// A record that was found at its place; its block is still to be read.
pub(crate) struct Found {
    pub(crate) archive: Archive<Cursor>,
    pub(crate) head: RecordHead,
}

impl Archives {
    pub(crate) fn new(env: &Env, run_dir: &Path, payload_bytes_max: u64) -> Arc<Self> {
        Arc::new(Self {
            disk: Arc::clone(&env.disk),
            folder: run_dir.join("unpacked"),
            payload_bytes_max,
            turns: Semaphore::new(READERS_MAX),
            open: Mutex::default(),
            copies: Mutex::default(),
        })
    }

    /// Waits for the right to read a record.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.acquire().await.ok()
    }

    /// Finds the record at `place` of the archive at `path`.
    pub(crate) fn find(&self, path: &Path, place: Place) -> io::Result<Found> {
        let limits = archive_limits(self.payload_bytes_max);
        let mut archive = if place.inside > SKIP_BYTES_MAX {
            let file = self.unpacked(path, place.offset)?;
            Archive::at(Cursor { file, offset: place.inside }, place.inside, limits)
        } else {
            let file = self.file(path)?;
            let mut archive =
                Archive::at(Cursor { file, offset: place.offset }, place.offset, limits);
            archive.skip_inside(place.inside)?;
            archive
        };
        match archive.next_item()? {
            Some(Item::Record(head)) => Ok(Found { archive, head }),
            _ => Err(io::Error::new(io::ErrorKind::InvalidData, "there is no record at its place")),
        }
    }

    fn file(&self, path: &Path) -> io::Result<Arc<dyn DiskRead>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = open.get(path) {
            return Ok(Arc::clone(file));
        }
        let file = self.disk.open(path)?;
        open.insert(path.to_owned(), Arc::clone(&file));
        Ok(file)
    }

    /// The copy of the piece at `offset` of the archive at `path`, made if it is not there.
    fn unpacked(&self, path: &Path, offset: u64) -> io::Result<Arc<dyn DiskRead>> {
        let archive = xxh3_64(path.as_os_str().as_encoded_bytes());
        let copy = self.folder.join(format!("{archive:016x}-{offset}.warc"));
        let mut copies = self.copies.lock().unwrap_or_else(PoisonError::into_inner);
        // A copy has its name only once it is whole.
        if !self.disk.exists(&copy) {
            self.disk.create_dir_all(&self.folder)?;
            let mut new = NewFile::create(&self.disk, &copy)?;
            let file = self.disk.open(path)?;
            unpack_piece(Cursor { file, offset }, offset, &mut new)?;
            new.finish()?;
        }
        if !copies.contains(&copy) {
            copies.push(copy.clone());
        }
        drop(copies);
        self.file(&copy)
    }

    /// Removes all copies: nothing is left to be read. Where that fails they only take room, until
    /// the run is removed.
    pub(crate) fn remove_copies(&self) {
        let copies =
            std::mem::take(&mut *self.copies.lock().unwrap_or_else(PoisonError::into_inner));
        if !copies.is_empty()
            && let Err(error) = self.disk.remove_dir_all(&self.folder)
        {
            tracing::warn!(%error, folder = %self.folder.display(), "unpacked archives stay");
        }
    }
}

impl Found {
    /// How long the record says its block is.
    pub(crate) fn length(&self) -> u64 {
        self.head.length
    }
}
