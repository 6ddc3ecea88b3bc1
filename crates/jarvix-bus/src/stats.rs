//! What the bus says about itself: for `--verbose`, metrics and tests. Counts are in events.

use crate::PRIORITIES;
use crate::route::Priority;

/// How a subscriber is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriberState {
    /// It gets events.
    Listening,
    /// It gets no new events and reads what is queued.
    Closing,
    /// It has read everything, or left.
    Ended,
    /// It panicked; what was queued for it counts as lagged.
    Failed {
        /// The words of the panic.
        reason: String,
    },
}

/// One subscriber's numbers: `published = delivered + sum(lagged) + queued` when nothing moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscriberStats {
    /// The name that it was given.
    pub name: String,
    /// How it is.
    pub state: SubscriberState,
    /// Events that were meant for it.
    pub published: u64,
    /// Events that it was handed.
    pub delivered: u64,
    /// Events that it did not read in time, by [`Priority::index`].
    pub lagged: [u64; PRIORITIES],
    /// Events that wait for it.
    pub queued: u64,
}

impl SubscriberStats {
    /// Critical events that it did not read in time: where this is not 0, make its lane longer.
    pub fn lagged_critical(&self) -> u64 {
        self.lagged[Priority::Critical.index()]
    }

    /// Events of any priority that it did not read in time.
    pub fn lagged_total(&self) -> u64 {
        self.lagged.iter().sum()
    }
}

/// The bus's numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusStats {
    /// Events that were published after the bus was closed; nobody got them.
    pub refused: u64,
    /// Whoever subscribed and has not been dropped, in the order of subscribing.
    pub subscribers: Vec<SubscriberStats>,
}
