//! The frontier: the on-disk list of what is to be fetched.
//!
//! Admission writes it in *segments*, one a session that found new lines. A segment counts when the
//! catalogue has its commit; a file without one is a leftover. What is left to fetch is what was
//! admitted minus what committed pages cover, and nothing here keeps a second account of that.
//!
//! What this module refuses to do: choose an order other than that of the input (fairness between
//! hosts is the collector's), or hold more than one block of entries in memory.

mod codec;
mod error;
mod reader;
mod writer;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jarvix_core::{Env, Ordinals, RunId, Stage};
use jarvix_store::Store;

use crate::admit::Ledger;
pub(crate) use codec::Record;
pub use error::FrontierError;
use reader::SegmentReader;
pub(crate) use writer::{NewFile, SegmentWriter};

/// A URL or local page that is to be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Canonical URL.
    pub url: String,
    /// The number it got when it was admitted.
    pub ordinal: u64,
    /// The line of its list, from 1; `None` for single URLs and local pages.
    pub line_no: Option<u64>,
    /// The line's other columns, as a JSON object.
    pub input_meta: Option<String>,
    /// For a local page: where to read it. `None` for everything else, also for a `file:` URL from
    /// a list and for a page that has come to lie outside its folder since.
    pub local: Option<PathBuf>,
}

/// The folder of a run's frontier.
pub(crate) fn folder(store: &Store, run: &RunId) -> PathBuf {
    store.run_dir(run).join("frontier")
}

/// The file of segment `number`.
pub(crate) fn segment_name(number: u32) -> String {
    format!("segment-{number:08}.jfr")
}

/// The file of the keys of segment `number`.
pub(crate) fn keys_name(number: u32) -> String {
    format!("keys-{number:08}.jfk")
}

/// What was admitted to a run, and what of it is left to fetch.
#[derive(Debug)]
pub struct Frontier {
    env: Env,
    segments: Vec<PathBuf>,
    roots: Arc<Vec<Option<PathBuf>>>,
    admitted: Ordinals,
    pending: Arc<Ordinals>,
}

impl Frontier {
    /// The frontier of `run` as it is committed now.
    pub fn open(store: &Store, run: &RunId) -> Result<Self, FrontierError> {
        let ledger = Ledger::load(store, run)?.unwrap_or_default();
        let folder = folder(store, run);
        let admitted = store.catalogue().covered(run, Stage::Admit)?;
        let mut pending = admitted.clone();
        pending.subtract(&store.catalogue().covered(run, Stage::Collect)?);
        Ok(Self {
            env: store.env().clone(),
            segments: ledger.segments.iter().map(|s| folder.join(segment_name(s.number))).collect(),
            roots: Arc::new(ledger.inputs.into_iter().map(|input| input.root).collect()),
            admitted,
            pending: Arc::new(pending),
        })
    }

    /// How many URLs were admitted.
    pub fn admitted_len(&self) -> u64 {
        self.admitted.len()
    }

    /// The ordinals of all admitted URLs.
    pub fn admitted(&self) -> &Ordinals {
        &self.admitted
    }

    /// How many of them are left to fetch.
    pub fn pending_len(&self) -> u64 {
        self.pending.len()
    }

    /// What is left to fetch, in the order of the input, read block by block.
    pub fn pending(&self) -> Pending {
        Pending {
            env: self.env.clone(),
            segments: self.segments.iter().cloned().collect(),
            reader: None,
            block: VecDeque::new(),
            wanted: Arc::clone(&self.pending),
            roots: Arc::clone(&self.roots),
            left: self.pending.len(),
        }
    }
}

/// Reads what is left to fetch. Independent of the [`Frontier`] that it came from, and blocking: a
/// thread of its own feeds async code.
pub struct Pending {
    env: Env,
    segments: VecDeque<PathBuf>,
    reader: Option<SegmentReader>,
    block: VecDeque<Record>,
    wanted: Arc<Ordinals>,
    roots: Arc<Vec<Option<PathBuf>>>,
    left: u64,
}

impl Pending {
    fn next_entry(&mut self) -> Result<Option<Entry>, FrontierError> {
        while self.left > 0 {
            while let Some(record) = self.block.pop_front() {
                if self.wanted.contains(record.ordinal) {
                    self.left -= 1;
                    return Ok(Some(self.entry(record)));
                }
            }
            if !self.next_block()? {
                return Err(FrontierError::Damaged {
                    place: "the frontier".to_owned(),
                    reason: format!("{} admitted URLs are missing", self.left),
                });
            }
        }
        Ok(None)
    }

    fn next_block(&mut self) -> Result<bool, FrontierError> {
        loop {
            if self.reader.is_none() {
                let Some(path) = self.segments.pop_front() else { return Ok(false) };
                self.reader = Some(SegmentReader::open(&self.env, &path)?);
            }
            let Some(reader) = &mut self.reader else { return Ok(false) };
            let wanted = &self.wanted;
            match reader.next_block(&|range| wanted.count_in(range) > 0)? {
                Some(records) => {
                    self.block = records.into();
                    return Ok(true);
                }
                None => self.reader = None,
            }
        }
    }

    fn entry(&self, record: Record) -> Entry {
        let root = self.roots.get(record.input as usize).and_then(Option::as_deref);
        let local = root
            .zip(record.relative.as_deref())
            .and_then(|(root, inside)| local_path(root, inside));
        Entry {
            url: record.url,
            ordinal: record.ordinal,
            line_no: record.line_no,
            input_meta: record.meta,
            local,
        }
    }
}

impl Iterator for Pending {
    type Item = Result<Entry, FrontierError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.next_entry();
        if next.is_err() {
            // Damage is told once, not for ever.
            self.left = 0;
        }
        next.transpose()
    }
}

/// The place of the page `inside` the folder `root`, unless it leads out of it. A page that is not
/// there any more keeps its place: opening it will say so.
fn local_path(root: &Path, inside: &str) -> Option<PathBuf> {
    if inside.split('/').any(|name| matches!(name, "" | "." | "..")) {
        return None;
    }
    let path = root.join(inside);
    match path.canonicalize() {
        Ok(real) => real.starts_with(root).then_some(real),
        Err(_) => Some(path),
    }
}
