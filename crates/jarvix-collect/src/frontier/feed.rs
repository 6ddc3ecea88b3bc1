//! Reading what is left to fetch host by host: a host is *begun* once, in the order of the segment,
//! and gives as many entries as it is asked for, when it is asked. What it was not asked for lies on
//! disk, and all that is remembered of it is a place in a file. So a host with a million URLs holds
//! up nobody and fills no memory, and every entry comes out exactly once.
//!
//! What this module refuses to do: decide which host is asked (the collector knows who has room), or
//! remember hosts that were not begun or that are at their end.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use jarvix_core::{Env, Ordinals};
use url::Url;

use super::codec::{Header, Record};
use super::place::Place;
use super::reader::{Blocks, Segment};
use super::{Entry, FrontierError, Origin};

/// An entry with its place in the order of its host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fed {
    pub(crate) entry: Entry,
    /// How many URLs of its host were admitted before it.
    pub(crate) rank: u64,
}

/// Entries of one host.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The number under which more is asked for.
    pub(crate) run: u64,
    pub(crate) entries: Vec<Fed>,
    /// Whether there may be more; if not, the number means nothing any more.
    pub(crate) more: bool,
}

/// How much is asked for at once; one entry always comes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Most {
    pub(crate) entries: usize,
    /// Bytes of URLs and other columns.
    pub(crate) bytes: usize,
}

/// Where to read on.
#[derive(Clone)]
struct Cursor {
    segment: Arc<Segment>,
    /// Where the block begins.
    offset: u64,
    /// Bytes of its records that were read.
    at: usize,
}

impl Cursor {
    fn pass_block(&mut self, header: &Header) {
        self.offset = Segment::after(self.offset, header);
        self.at = 0;
    }

    fn header(&self) -> Result<Option<Header>, FrontierError> {
        self.segment.header(self.offset)
    }
}

/// A host that was begun and is not at its end.
struct Run {
    place: Place,
    cursor: Cursor,
    /// Whether its first record was read.
    begun: bool,
}

/// The search for hosts that were not begun.
struct Scan {
    cursor: Cursor,
    /// The host before the cursor: what is of it behind the cursor is no new host.
    past: Option<Place>,
}

/// What is left to fetch of a frontier. Blocking.
pub(crate) struct Feed {
    env: Env,
    segments: VecDeque<PathBuf>,
    scan: Option<Scan>,
    runs: HashMap<u64, Run>,
    next_run: u64,
    wanted: Arc<Ordinals>,
    origins: Arc<Vec<Origin>>,
    left: u64,
    blocks: Blocks,
}

impl Feed {
    pub(super) fn new(
        env: Env,
        segments: VecDeque<PathBuf>,
        wanted: Arc<Ordinals>,
        origins: Arc<Vec<Origin>>,
    ) -> Self {
        let left = wanted.len();
        let (runs, blocks) = (HashMap::new(), Blocks::new());
        Self { env, segments, scan: None, runs, next_run: 0, wanted, origins, left, blocks }
    }

    /// Begins the next host that has something; `None` if all were begun.
    pub(crate) fn begin(&mut self, most: Most) -> Result<Option<Batch>, FrontierError> {
        while self.left > 0 {
            let Some((place, cursor)) = self.next_host()? else { break };
            let mut run = Run { place, cursor, begun: false };
            let (entries, more) = self.read(&mut run, most)?;
            self.scan = Some(Scan { cursor: run.cursor.clone(), past: Some(place) });
            if entries.is_empty() && !more {
                continue;
            }
            let number = self.next_run;
            self.next_run += 1;
            if more {
                self.runs.insert(number, run);
            }
            return Ok(Some(Batch { run: number, entries, more }));
        }
        self.scan = None;
        self.segments.clear();
        self.check_end()?;
        Ok(None)
    }

    /// More of a host that was begun.
    pub(crate) fn more(&mut self, run: u64, most: Most) -> Result<Batch, FrontierError> {
        let Some(mut known) = self.runs.remove(&run) else {
            return Ok(Batch { run, entries: Vec::new(), more: false });
        };
        let (entries, more) = self.read(&mut known, most)?;
        if more {
            self.runs.insert(run, known);
        }
        self.check_end()?;
        Ok(Batch { run, entries, more })
    }

    /// Whether everything was there, once there is nowhere left to look.
    fn check_end(&self) -> Result<(), FrontierError> {
        let over = self.scan.is_none() && self.segments.is_empty() && self.runs.is_empty();
        if over && self.left > 0 {
            let reason = format!("{} admitted URLs are missing", self.left);
            return Err(FrontierError::Damaged { place: "the frontier".to_owned(), reason });
        }
        Ok(())
    }

    /// Where the next host that was not begun begins, as far as anything of it may be wanted.
    fn next_host(&mut self) -> Result<Option<(Place, Cursor)>, FrontierError> {
        loop {
            let Some(Scan { mut cursor, mut past }) = self.scan.take() else {
                let Some(path) = self.segments.pop_front() else { return Ok(None) };
                let segment = Arc::new(Segment::open(&self.env, &path)?);
                let cursor = Cursor { segment, offset: Segment::start(), at: 0 };
                self.scan = Some(Scan { cursor, past: None });
                continue;
            };
            let Some(header) = cursor.header()? else { continue };
            if cursor.at == 0 {
                let nothing_new = past.is_some_and(|past| header.is_all_of(past));
                let unwanted = self.wanted.count_in(header.low..=header.high) == 0;
                if nothing_new || unwanted {
                    // Of a block that is passed over, the last host may go on in the next.
                    past = past.filter(|_| nothing_new);
                    cursor.pass_block(&header);
                    self.scan = Some(Scan { cursor, past });
                    continue;
                }
                if past != Some(header.first) {
                    return Ok(Some((header.first, cursor)));
                }
            }
            match self.first_in_block(&mut cursor, &header)? {
                Some(place) => return Ok(Some((place, cursor))),
                None => {
                    cursor.pass_block(&header);
                    self.scan = Some(Scan { cursor, past });
                }
            }
        }
    }

    /// Moves `cursor` to the next record of its block that is the first of its host.
    fn first_in_block(
        &mut self,
        cursor: &mut Cursor,
        header: &Header,
    ) -> Result<Option<Place>, FrontierError> {
        let raw = self.blocks.get(&cursor.segment, cursor.offset, header)?;
        let mut rest = raw.get(cursor.at..).unwrap_or_default();
        let damaged = || cursor.segment.damaged("an entry");
        while !rest.is_empty() {
            if Record::peek_begins(rest).ok_or_else(damaged)? {
                cursor.at = raw.len() - rest.len();
                let record = Record::read(&mut rest).ok_or_else(damaged)?;
                return Ok(Some(place_of(&record.body.url)));
            }
            Record::skip(&mut rest).ok_or_else(damaged)?;
        }
        Ok(None)
    }

    /// What comes next of `run`, and whether more may come after it.
    fn read(&mut self, run: &mut Run, most: Most) -> Result<(Vec<Fed>, bool), FrontierError> {
        let (mut entries, mut bytes) = (Vec::new(), 0);
        loop {
            let Some(header) = run.cursor.header()? else { return Ok((entries, false)) };
            if run.cursor.at == 0 {
                if header.first != run.place {
                    return Ok((entries, false));
                }
                let unwanted = self.wanted.count_in(header.low..=header.high) == 0;
                if unwanted && header.is_all_of(run.place) {
                    run.begun = true;
                    run.cursor.pass_block(&header);
                    continue;
                }
            }
            let raw = self.blocks.get(&run.cursor.segment, run.cursor.offset, &header)?;
            let mut rest = raw.get(run.cursor.at..).unwrap_or_default();
            while !rest.is_empty() {
                let damaged = || run.cursor.segment.damaged("an entry");
                if Record::peek_begins(rest).ok_or_else(damaged)? && run.begun {
                    return Ok((entries, false));
                }
                if entries.len() >= most.entries.max(1) || (bytes >= most.bytes && bytes > 0) {
                    return Ok((entries, self.left > 0));
                }
                let record = Record::read(&mut rest).ok_or_else(damaged)?;
                run.begun = true;
                run.cursor.at = raw.len() - rest.len();
                if self.wanted.contains(record.ordinal) {
                    self.left = self.left.saturating_sub(1);
                    bytes +=
                        record.body.url.len() + record.body.meta.as_ref().map_or(0, String::len);
                    entries.push(self.fed(record));
                }
            }
            run.cursor.pass_block(&header);
        }
    }

    fn fed(&self, record: Record) -> Fed {
        let Record { ordinal, rank, body, .. } = record;
        let origin = self.origins.get(body.input as usize).zip(body.relative.as_deref());
        let local = origin.and_then(|(origin, inside)| origin.local(inside));
        let archived = origin.and_then(|(origin, inside)| origin.archived(inside));
        let entry = Entry {
            url: body.url,
            ordinal,
            line_no: body.line_no,
            input_meta: body.meta,
            local,
            archived,
            found: body.found,
        };
        Fed { entry, rank }
    }
}

/// The place of a canonical URL, as admission saw it.
fn place_of(url: &str) -> Place {
    let parsed = Url::parse(url).ok();
    Place::of(parsed.as_ref().and_then(Url::host_str).unwrap_or_default())
}
