//! The frontier: the on-disk list of what is to be fetched.
//!
//! Admission writes it in *segments*, one a session that found new lines. A segment counts when the
//! catalogue has its commit; a file without one is a leftover. What is left to fetch is what was
//! admitted minus what committed pages cover, and nothing here keeps a second account of that.
//!
//! A segment is partitioned by registrable domain, so that one owner lives in one place and a
//! partition can be given away whole. Inside a partition the URLs of a host lie one after the other,
//! by ordinal, and hosts lie in the order in which the input first names them. They are read host by
//! host (`feed`), as much of each as the collector has room for.
//!
//! What this module refuses to do: decide whose turn it is (fairness between hosts is the
//! collector's), or hold more in memory than a few blocks and a place in a file per open host.

mod codec;
mod error;
mod feed;
mod place;
mod reader;
#[cfg(test)]
pub(crate) mod tests;
mod writer;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jarvix_core::{Env, Found, Ordinals, RunId, Stage};
use jarvix_store::Store;

use crate::admit::Ledger;
use crate::input::Archived;
use codec::Record;
pub(crate) use codec::{Body, put_number, take_number};
pub use error::FrontierError;
pub(crate) use feed::{Batch, Fed, Feed, Most};
pub(crate) use place::Place;
use reader::{Blocks, Segment};
pub(crate) use writer::{NewFile, SegmentWriter, Sorted};

/// Entries that [`Pending`] reads ahead.
const PENDING_AHEAD: usize = 512;

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
    /// For a page in a web archive: the archive, and where in it.
    pub archived: Option<(PathBuf, Archived)>,
    /// How it came into the run.
    pub found: Found,
}

/// Where the pages of an input lie, if not on the web.
#[derive(Debug, Default)]
pub(crate) struct Origin {
    folder: Option<PathBuf>,
    archive: Option<PathBuf>,
}

impl Origin {
    /// The local page `inside`, unless it lies outside by now.
    fn local(&self, inside: &str) -> Option<PathBuf> {
        local_path(self.folder.as_deref()?, inside)
    }

    fn archived(&self, inside: &str) -> Option<(PathBuf, Archived)> {
        self.archive.clone().zip(inside.parse().ok())
    }
}

/// The folder of a run's frontier.
pub(crate) fn folder(store: &Store, run: &RunId) -> PathBuf {
    store.run_dir(run).join("frontier")
}

/// The file of segment `number`.
pub(crate) fn segment_name(number: u32) -> String {
    format!("segment-{number:08}.jfr")
}

/// The file of how many URLs every host has, up to segment `number`.
pub(crate) fn hosts_name(number: u32) -> String {
    format!("hosts-{number:08}.jfh")
}

/// The file of the keys of segment `number`.
pub(crate) fn keys_name(number: u32) -> String {
    format!("keys-{number:08}.jfk")
}

/// Hands every entry of the segment at `path` whose ordinal is in `wanted` to `each`, as they lie:
/// host by host.
pub(crate) fn for_each_entry<E: From<FrontierError>>(
    env: &Env,
    path: &Path,
    wanted: &Ordinals,
    each: &mut dyn FnMut(u64, &Body) -> Result<(), E>,
) -> Result<(), E> {
    let segment = Arc::new(Segment::open(env, path)?);
    let (mut blocks, mut offset) = (Blocks::new(), Segment::start());
    while let Some(header) = segment.header(offset)? {
        if wanted.count_in(header.low..=header.high) > 0 {
            let raw = blocks.get(&segment, offset, &header)?;
            let mut input = &raw[..];
            while !input.is_empty() {
                let record = Record::read(&mut input).ok_or_else(|| segment.damaged("an entry"))?;
                if wanted.contains(record.ordinal) {
                    each(record.ordinal, &record.body)?;
                }
            }
        }
        offset = Segment::after(offset, &header);
    }
    Ok(())
}

/// What was admitted to a run, and what of it is left to fetch.
#[derive(Debug)]
pub struct Frontier {
    env: Env,
    segments: Vec<PathBuf>,
    origins: Arc<Vec<Origin>>,
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
            origins: Arc::new(
                ledger
                    .inputs
                    .into_iter()
                    .map(|input| Origin { folder: input.root, archive: input.archive })
                    .collect(),
            ),
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

    /// What is left to fetch: a host's URLs one after the other, in the order of the input.
    pub fn pending(&self) -> Pending {
        Pending { feed: self.feed(), run: None, entries: VecDeque::new(), ended: false }
    }

    /// The same, asked for host by host.
    pub(crate) fn feed(&self) -> Feed {
        let segments = self.segments.iter().cloned().collect();
        let (wanted, origins) = (Arc::clone(&self.pending), Arc::clone(&self.origins));
        Feed::new(self.env.clone(), segments, wanted, origins)
    }
}

/// Reads what is left to fetch, one host after the other. Independent of the [`Frontier`] that it
/// came from, and blocking.
pub struct Pending {
    feed: Feed,
    /// The host that is being read.
    run: Option<u64>,
    entries: VecDeque<Entry>,
    ended: bool,
}

impl Pending {
    fn next_entry(&mut self) -> Result<Option<Entry>, FrontierError> {
        while self.entries.is_empty() && !self.ended {
            let most = Most { entries: PENDING_AHEAD, bytes: usize::MAX };
            let batch = match self.run {
                Some(run) => Some(self.feed.more(run, most)?),
                None => self.feed.begin(most)?,
            };
            let Some(batch) = batch else {
                self.ended = true;
                break;
            };
            self.run = Some(batch.run).filter(|_| batch.more);
            self.entries.extend(batch.entries.into_iter().map(|fed| fed.entry));
        }
        Ok(self.entries.pop_front())
    }
}

impl Iterator for Pending {
    type Item = Result<Entry, FrontierError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.next_entry();
        // Damage is told once, not for ever.
        self.ended |= next.is_err();
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
