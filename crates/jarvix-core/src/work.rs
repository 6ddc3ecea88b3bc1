//! How work is named and handed out. What is to be done is asked of the catalogue; a queue only
//! carries hints about it, so a lost, doubled or late hint costs time and never data. That is why
//! a queue in memory and one on other machines are the same port.

use std::time::Duration;

use crate::{Generation, PartName, RunId, Stage};

/// "Stage S of run R has an input part N without an output of generation G." Small enough for any
/// queue; everything else is in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct WorkItem {
    /// The run.
    pub run: RunId,
    /// The stage that is to run.
    pub stage: Stage,
    /// The input part.
    pub part: PartName,
    /// The generation that the output is for.
    pub generation: Generation,
}

/// A queue of hints. The contract suite in testkit (`work_queue_suite`) says what holds for every
/// implementation: bounded; an item is handed to one taker at a time; an item that was taken and
/// not finished comes back; after [`close`](WorkQueue::close) takers get what is left, then `None`.
pub trait WorkQueue: Send + Sync {
    /// Offers an item; false when the queue is full or closed (the catalogue still knows it) or
    /// holds the same item already.
    fn offer(&self, item: WorkItem) -> bool;
    /// Takes an item, waiting at most `wait`; `None` when there was none or the queue is closed
    /// and empty.
    fn take(&self, wait: Duration) -> Option<WorkItem>;
    /// The item is done: it will not be handed out again.
    fn finish(&self, item: &WorkItem);
    /// The item could not be done now: it goes back to the queue.
    fn put_back(&self, item: &WorkItem);
    /// No more items will be offered.
    fn close(&self);
    /// Items that wait or are being worked on.
    fn len(&self) -> usize;
    /// Whether nothing waits and nothing is being worked on.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A stage that works part by part: takes the name of its input, leaves a commit in the catalogue.
/// It does not know where the name came from.
pub trait StageRunner: Send + Sync {
    /// The stage's own error.
    type Error: std::error::Error + Send + Sync + 'static;
    /// Which stage this is.
    fn stage(&self) -> Stage;
    /// Does `item` and commits all its outputs in one transaction; rows written. Doing an item
    /// that is already committed does nothing and gives 0.
    fn run(&self, item: &WorkItem) -> Result<u64, Self::Error>;
}
