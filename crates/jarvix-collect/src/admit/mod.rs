//! Admission: from input lines to the frontier.
//!
//! Every line that is neither blank nor a comment becomes exactly one of three: an admitted URL, a
//! reject with its reason, or a counted duplicate of an earlier line. Lines are streamed; a URL that
//! may be new gets the next ordinal, and only when the last line is read are the repeats among them
//! found and left out. Ordinals therefore have gaps, and the first line of a URL always wins. What is
//! left is brought together by host and becomes a segment of the frontier.
//!
//! One commit makes the segment, the rejects, the ordinals and the account of what was read visible
//! together. Until then nothing has happened: a session that is killed leaves files that the next
//! one removes.
//!
//! What this module refuses to do: fetch, hold the list in memory, or admit lines that were changed
//! after they were read.

mod arrange;
mod error;
mod found;
mod hosts;
mod keys;
mod ledger;
mod pass;
mod plan;
mod recent;
mod rejects;
mod scratch;
mod segment;
mod sort;
mod spill;
#[cfg(test)]
mod tests;

use jarvix_core::{Event, Generation, Ordinals, RunId, Stage};
use jarvix_store::{Commit, StagedPart, Store};

pub use error::AdmitError;
pub use found::{
    Candidate, Crawled, FoundLimits, FoundNow, FoundSession, LeftOutCount, LeftOutCounts,
    LookedThrough,
};
pub(crate) use ledger::Ledger;
use ledger::{SegmentNote, Sums};
use pass::{Accepted, Pass, Sink};
pub use plan::{HostCount, Plan, dry_run};
use rejects::RejectParts;
use segment::NewSegment;
use sort::HostSort;
pub use sort::SortLimits;
pub use spill::DedupeLimits;
use spill::Spill;

use crate::frontier::{self, Place};
use crate::input::{self, Input, Prefix};
use crate::scope::Filter;

/// Lines between two events about progress.
const EVENT_LINES: u64 = 50_000;
/// The folder of spilled keys inside the frontier's.
const SPILL: &str = "spill";

/// How input is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AdmitSettings {
    /// The column of a list that holds the URLs (`--url-column`); `None` finds it by its name.
    pub url_column: Option<String>,
    /// Which URLs are left out. A line that is becomes a reject with its reason: it is accounted for
    /// like every other, row by row, and the sum of the report stays a sum of three.
    pub filter: Filter,
    /// How much memory finding repeats may take.
    pub dedupe: DedupeLimits,
    /// How much memory sorting by host may take.
    pub sort: SortLimits,
}

/// What became of the input lines, since the run's first:
/// `lines = admitted + rejects + duplicates`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Admission {
    /// Lines that were neither blank nor comments.
    pub lines: u64,
    /// Distinct URLs and local pages.
    pub admitted: u64,
    /// Lines that cannot be used; each has a row in `rejects`.
    pub rejects: u64,
    /// Lines that repeat an earlier one.
    pub duplicates: u64,
    /// How many of the admitted are new in this session.
    pub admitted_now: u64,
    /// Whether all input was read; false if it was stopped, and then nothing of this session counts.
    pub complete: bool,
}

impl Admission {
    fn of(sums: Sums, admitted_now: u64, complete: bool) -> Self {
        let Sums { lines, admitted, rejects, duplicates } = sums;
        Self { lines, admitted, rejects, duplicates, admitted_now, complete }
    }

    /// What was admitted to `run` so far; `None` if nothing ever was.
    pub fn recorded(store: &Store, run: &RunId) -> Result<Option<Self>, AdmitError> {
        Ok(Ledger::load(store, run)?.map(|ledger| Self::of(ledger.sums, 0, true)))
    }
}

/// Which inputs these are, read in which way; equal for the same files whatever stands in them, so
/// that a list that has grown is still the same input.
pub fn fingerprint(inputs: &[Input], settings: &AdmitSettings) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"jarvix input 1\0");
    for input in inputs {
        hasher.update(input.identity().as_bytes()).update(b"\0");
    }
    hasher.update(settings.url_column.as_deref().unwrap_or("").as_bytes());
    hasher.finalize().to_hex()[..32].to_owned()
}

/// An input that has lines which were not read before.
struct Unread {
    /// Its place among the inputs.
    at: usize,
    /// Number of the last line that was read before.
    lines_before: u64,
}

/// Reads what is new in `inputs` onto the frontier of `run`. The caller holds the run's lock.
///
/// What was read in earlier sessions is compared with what is there now: lines added at a list's
/// end are new work, anything else is [`AdmitError::InputChanged`]. `stop` is asked between lines;
/// when it says true nothing of this session is kept and [`Admission::complete`] is false.
pub fn admit(
    store: &Store,
    run: &RunId,
    inputs: &[Input],
    settings: &AdmitSettings,
    on_event: &dyn Fn(Event),
    stop: &dyn Fn() -> bool,
) -> Result<Admission, AdmitError> {
    let mut ledger = Ledger::load(store, run)?.unwrap_or_default();
    remove_leftovers(store, run, &ledger)?;
    ledger.check_inputs(inputs)?;
    let unread = find_unread(store, inputs, &ledger)?;
    let before = ledger.sums;
    let tell = |sums: Sums, complete| {
        let Sums { lines, admitted, rejects, duplicates } = sums;
        let run = run.clone();
        on_event(Event::InputAdmitted { run, lines, admitted, rejects, duplicates, complete });
    };
    let mut done = Admission::of(before, 0, true);
    if !unread.is_empty() {
        ledger.add_inputs(inputs);
        let session = Session { store, run, inputs, settings, unread };
        match session.read(&mut ledger, &|sums| tell(sums, false), stop)? {
            true => {
                let now = ledger.sums.admitted - before.admitted;
                done = Admission::of(ledger.sums, now, true);
            }
            false => return Ok(Admission::of(before, 0, false)),
        }
    }
    tell(ledger.sums, true);
    Ok(done)
}

/// Removes what a session that did not come to its commit has left in the frontier's folder.
fn remove_leftovers(store: &Store, run: &RunId, ledger: &Ledger) -> Result<(), AdmitError> {
    let folder = frontier::folder(store, run);
    let disk = &store.env().disk;
    let committed: Vec<String> = ledger
        .segments
        .iter()
        .flat_map(|s| [frontier::segment_name(s.number), frontier::keys_name(s.number)])
        .chain(ledger.segments.last().map(|s| frontier::hosts_name(s.number)))
        .collect();
    for entry in disk.list(&folder).map_err(AdmitError::disk("list", &folder))? {
        let path = folder.join(&entry.name);
        if entry.is_dir {
            disk.remove_dir_all(&path).map_err(AdmitError::disk("remove", &path))?;
        } else if !committed.contains(&entry.name) {
            disk.remove_file(&path).map_err(AdmitError::disk("remove", &path))?;
        }
    }
    Ok(())
}

fn find_unread(
    store: &Store,
    inputs: &[Input],
    ledger: &Ledger,
) -> Result<Vec<Unread>, AdmitError> {
    let mut unread = Vec::new();
    for (at, input) in inputs.iter().enumerate() {
        let Some(note) = ledger.inputs.get(at) else {
            unread.push(Unread { at, lines_before: 0 });
            continue;
        };
        match input::verify(store.env(), input, &note.consumed)? {
            Prefix::Same => {}
            Prefix::Grown => unread.push(Unread { at, lines_before: note.consumed.lines }),
            Prefix::Changed(reason) => {
                return Err(AdmitError::InputChanged { name: note.name.clone(), reason });
            }
        }
    }
    Ok(unread)
}

/// One session of reading.
struct Session<'a> {
    store: &'a Store,
    run: &'a RunId,
    inputs: &'a [Input],
    settings: &'a AdmitSettings,
    unread: Vec<Unread>,
}

impl Session<'_> {
    /// Reads everything that is unread and commits it into `ledger`; false if it was stopped.
    fn read(
        &self,
        ledger: &mut Ledger,
        tell: &dyn Fn(Sums),
        stop: &dyn Fn() -> bool,
    ) -> Result<bool, AdmitError> {
        let disk = &self.store.env().disk;
        let folder = frontier::folder(self.store, self.run);
        disk.create_dir_all(&folder).map_err(AdmitError::disk("create", &folder))?;
        let number = NewSegment::next_number(ledger);
        let rejects = RejectParts::new(self.store, self.run);
        let spill = Spill::new(disk, &folder.join(SPILL), self.settings.dedupe)?;
        let sort = HostSort::new(disk, &folder, self.settings.sort);
        let sink = HostSink { sort, body: Vec::new(), rejects };

        let first = ledger.next_ordinal;
        let mut pass = Pass::new(sink, spill, &self.settings.filter, first, ledger.sums);
        for unread in &self.unread {
            let input = &self.inputs[unread.at];
            let mut lines =
                input::Lines::open(self.store.env(), input, self.settings.url_column.as_deref())?;
            lines.begin_after(unread.lines_before);
            let note = &ledger.inputs[unread.at];
            if !pass.read(&mut lines, unread.at, note, tell, stop)? {
                drop(pass);
                remove_leftovers(self.store, self.run, ledger)?;
                // Parts of rejects that were staged belong to no commit now.
                self.store.recover(self.run)?;
                return Ok(false);
            }
            ledger.inputs[unread.at].consumed = lines.consumed();
        }
        let Pass { sink, spill, next_ordinal, sums, .. } = pass;
        let segment = NewSegment { disk, folder: &folder, ledger, number };
        let duplicates = segment.resolve(spill)?;
        let hosts = segment.arrange(sink.sort, &duplicates)?;

        let mut admitted = Ordinals::new();
        admitted.insert_range(first..next_ordinal);
        admitted.subtract(&duplicates);
        ledger.sums = sums.without_repeats(duplicates.len());
        ledger.next_ordinal = next_ordinal;
        let count = admitted.len();
        ledger.segments.push(SegmentNote { number, admitted: count, hosts, found: false });
        self.commit(ledger, sink.rejects.finish()?, admitted)?;
        Ok(true)
    }

    fn commit(
        &self,
        ledger: &Ledger,
        parts: Vec<StagedPart>,
        covers: Ordinals,
    ) -> Result<(), AdmitError> {
        self.store.commit(Commit {
            run: self.run.clone(),
            stage: Stage::Admit,
            generation: Generation::FIRST,
            input: None,
            parts,
            covers,
            notes: vec![(ledger::NOTE.to_owned(), ledger.to_json())],
        })?;
        Ok(())
    }
}

/// Where a session's lines go.
struct HostSink<'a> {
    sort: HostSort,
    body: Vec<u8>,
    rejects: RejectParts<'a>,
}

impl Sink for HostSink<'_> {
    fn accept(&mut self, accepted: Accepted) -> Result<(), AdmitError> {
        let Accepted { url, ordinal, body } = accepted;
        self.body.clear();
        body.write(&mut self.body);
        self.sort.add(Place::of(url.host()), ordinal, &self.body)
    }

    fn reject(&mut self, reject: jarvix_core::Reject) -> Result<(), AdmitError> {
        self.rejects.append(&reject)
    }
}
