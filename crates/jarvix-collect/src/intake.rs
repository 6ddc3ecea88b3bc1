//! What the window is filled with: the collector's side of the frontier's feed.
//!
//! The feed gives of every host what it is asked for, and here is decided what that is: hosts that
//! were not begun, as long as there is room for them, and of those that were begun as much as keeps
//! them busy. The more hosts are open, the fewer entries each may have in the window; so one host
//! with a million URLs holds up nobody, and a million hosts with one URL each flow through.
//!
//! One wish is under way at a time. What this module refuses to do: read the disk (a thread of its
//! own does), or hold an entry.

use std::collections::{HashMap, VecDeque};

use tokio::sync::mpsc;

use crate::job::Job;
use crate::window::Window;

/// Entries of a host that are taken when it is begun: enough until more of it come, few enough to
/// begin many.
const FIRST_ENTRIES: usize = 4;
/// Fewest entries that an open host may have in the window.
const SHARE_MIN: usize = 2;
/// Of the window's places, one in so many may belong to a host that is open.
const PLACES_PER_HOST: usize = 3;
/// Entries that are worth a wish of their own.
const WISH_ENTRIES: usize = 64;
/// Bytes of URLs and other columns in the window, beyond which nothing is taken in.
const WINDOW_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What the feed is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    /// Hosts that were begun, and how many entries of each.
    pub(crate) more: Vec<(u64, usize)>,
    /// Entries of hosts that were not begun, in all, and at most of each.
    pub(crate) begin: usize,
    pub(crate) begin_each: usize,
}

/// What the feed gives.
#[derive(Debug, Default)]
pub(crate) struct Delivery {
    pub(crate) batches: Vec<JobBatch>,
    /// Set on the last delivery of a wish: whether all hosts were begun.
    pub(crate) end: Option<bool>,
}

/// Jobs of one host.
#[derive(Debug)]
pub(crate) struct JobBatch {
    pub(crate) run: u64,
    pub(crate) jobs: Vec<Job>,
    /// Whether there may be more of the host on disk.
    pub(crate) more: bool,
}

/// A host of which there may be more on disk.
#[derive(Debug)]
struct Open {
    /// Its jobs in the window.
    inside: usize,
    waits: Waits,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waits {
    /// It has enough.
    No,
    /// It is in `hungry`.
    Hungry,
    /// More was asked for.
    Asked,
}

/// The books of who has how much in the window.
#[derive(Debug)]
pub(crate) struct Intake {
    wishes: mpsc::Sender<Wish>,
    deliveries: mpsc::Receiver<Delivery>,
    open: HashMap<u64, Open>,
    hungry: VecDeque<u64>,
    asked: bool,
    all_begun: bool,
    /// The feed is gone; its thread says why.
    broken: bool,
    entries_max: usize,
    bytes: usize,
}

impl Intake {
    /// For a window of `entries_max` entries.
    pub(crate) fn new(
        wishes: mpsc::Sender<Wish>,
        deliveries: mpsc::Receiver<Delivery>,
        entries_max: usize,
    ) -> Self {
        Self {
            wishes,
            deliveries,
            open: HashMap::new(),
            hungry: VecDeque::new(),
            asked: false,
            all_begun: false,
            broken: false,
            entries_max,
            bytes: 0,
        }
    }

    /// Whether nothing will come any more.
    pub(crate) fn is_done(&self) -> bool {
        self.broken || (self.all_begun && self.open.is_empty() && !self.asked)
    }

    /// Whether `window` may take more in.
    pub(crate) fn has_room(&self, window: &Window) -> bool {
        window.len() < self.entries_max && self.bytes < WINDOW_BYTES_MAX
    }

    /// The next delivery; waits for ever if there will be none.
    pub(crate) async fn receive(&mut self) -> Option<Delivery> {
        if self.is_done() { std::future::pending().await } else { self.deliveries.recv().await }
    }

    /// Takes in what has come, and asks for more where there is room.
    pub(crate) fn fill(&mut self, window: &mut Window) {
        while self.has_room(window)
            && let Ok(delivery) = self.deliveries.try_recv()
        {
            self.take(Some(delivery), window);
        }
        if !self.asked
            && !self.broken
            && let Some(wish) = self.wish(window)
        {
            self.asked = true;
            // There is room for one wish, and there is no other.
            self.broken = self.wishes.try_send(wish).is_err();
        }
    }

    /// Puts a delivery into `window`; `None` says that the feed is gone.
    pub(crate) fn take(&mut self, delivery: Option<Delivery>, window: &mut Window) {
        let Some(Delivery { batches, end }) = delivery else {
            self.broken = true;
            return;
        };
        for JobBatch { run, jobs, more } in batches {
            if more {
                let open = self.open.entry(run).or_insert(Open { inside: 0, waits: Waits::No });
                open.inside += jobs.len();
            } else {
                self.open.remove(&run);
            }
            for job in jobs {
                self.bytes += job.weight();
                window.push(job);
            }
        }
        if let Some(all_begun) = end {
            self.asked = false;
            self.all_begun |= all_begun;
            let share = self.share();
            for (run, open) in &mut self.open {
                if open.waits == Waits::Asked {
                    open.waits = Waits::No;
                }
                if open.waits == Waits::No && open.inside <= share / 2 {
                    open.waits = Waits::Hungry;
                    self.hungry.push_back(*run);
                }
            }
        }
    }

    /// `job` has left the window.
    pub(crate) fn left(&mut self, job: &Job) {
        self.bytes = self.bytes.saturating_sub(job.weight());
        let share = self.share();
        let Some(open) = self.open.get_mut(&job.run) else { return };
        open.inside = open.inside.saturating_sub(1);
        if open.waits == Waits::No && open.inside <= share / 2 {
            open.waits = Waits::Hungry;
            self.hungry.push_back(job.run);
        }
    }

    /// `job` comes back into the window, to be tried again.
    pub(crate) fn came_back(&mut self, job: &Job) {
        self.bytes += job.weight();
        if let Some(open) = self.open.get_mut(&job.run) {
            open.inside += 1;
        }
    }

    /// How many entries an open host may have in the window.
    fn share(&self) -> usize {
        (self.entries_max / (2 * self.open.len().max(1))).max(SHARE_MIN)
    }

    /// What to ask for now, if it is worth it.
    fn wish(&mut self, window: &Window) -> Option<Wish> {
        if !self.has_room(window) {
            return None;
        }
        let mut room = self.entries_max - window.len();
        let share = self.share();
        let lack = |open: &Open| share.saturating_sub(open.inside).max(1);
        let begin_now = !self.all_begun
            && self.open.len() < (self.entries_max / PLACES_PER_HOST).max(1)
            && room > self.entries_max / 8;
        let known = |run: &u64| self.open.get(run);
        let worth: usize = self.hungry.iter().take(WISH_ENTRIES).filter_map(known).map(lack).sum();
        let starving = self.hungry.iter().filter_map(known).any(|open| open.inside == 0);
        if !begin_now && !starving && worth < WISH_ENTRIES {
            return None;
        }
        let mut wish = Wish::default();
        while room > 0
            && let Some(run) = self.hungry.pop_front()
        {
            let Some(open) = self.open.get_mut(&run) else { continue };
            let entries = lack(open).min(room);
            open.waits = Waits::Asked;
            wish.more.push((run, entries));
            room -= entries;
        }
        if begin_now {
            (wish.begin, wish.begin_each) = (room, FIRST_ENTRIES);
        }
        (wish != Wish::default()).then_some(wish)
    }
}

#[cfg(test)]
mod tests;
