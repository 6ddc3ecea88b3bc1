//! The contract of [`WorkQueue`]: what holds for the queue in memory must hold for one on other
//! machines.

use std::time::Duration;

use jarvix_core::{Generation, PartName, RunId, Stage, WorkItem, WorkQueue};

const NOW: Duration = Duration::ZERO;
const SOON: Duration = Duration::from_secs(20);

fn item(part: u32) -> WorkItem {
    let run = RunId::new("contract").expect("a run id");
    WorkItem { run, stage: Stage::Curate, part: PartName(part), generation: Generation::FIRST }
}

/// Runs every check of the contract on queues that `make(hints_max)` gives.
///
/// # Panics
/// When the queue breaks a promise of the port.
pub fn work_queue_suite(make: impl Fn(usize) -> Box<dyn WorkQueue>) {
    items_come_in_order_and_once(&*make(8));
    a_full_queue_refuses_and_an_item_is_held_once(&*make(2));
    what_is_put_back_comes_again(&*make(8));
    a_closed_queue_gives_what_is_left(&*make(8));
    a_waiting_taker_is_woken(&*make(8));
    takers_never_share_an_item(&*make(64));
}

fn items_come_in_order_and_once(queue: &dyn WorkQueue) {
    assert!(queue.is_empty() && queue.take(NOW).is_none());
    assert!(queue.offer(item(1)) && queue.offer(item(2)));
    let first = queue.take(SOON).expect("an item waits");
    assert_eq!(first, item(1));
    assert_eq!(queue.take(SOON), Some(item(2)));
    assert_eq!(queue.take(NOW), None, "an item that is being worked on was handed out again");
    queue.finish(&first);
    queue.finish(&item(2));
    assert!(queue.is_empty());
}

fn a_full_queue_refuses_and_an_item_is_held_once(queue: &dyn WorkQueue) {
    assert!(queue.offer(item(1)));
    assert!(!queue.offer(item(1)), "the same item was accepted twice");
    assert!(queue.offer(item(2)));
    assert!(!queue.offer(item(3)), "a full queue accepted an item");
    let taken = queue.take(SOON).expect("an item waits");
    assert!(!queue.offer(taken.clone()), "an item that is being worked on was accepted again");
    queue.finish(&taken);
    assert!(queue.offer(item(3)), "a finished item still takes up room");
}

fn what_is_put_back_comes_again(queue: &dyn WorkQueue) {
    assert!(queue.offer(item(1)));
    let taken = queue.take(SOON).expect("an item waits");
    queue.put_back(&taken);
    assert_eq!(queue.take(SOON), Some(taken));
}

fn a_closed_queue_gives_what_is_left(queue: &dyn WorkQueue) {
    assert!(queue.offer(item(1)));
    queue.close();
    assert!(!queue.offer(item(2)), "a closed queue accepted an item");
    assert_eq!(queue.take(SOON), Some(item(1)));
    assert_eq!(queue.take(SOON), None, "a closed, empty queue made its taker wait");
}

fn a_waiting_taker_is_woken(queue: &dyn WorkQueue) {
    std::thread::scope(|scope| {
        let taker = scope.spawn(|| queue.take(SOON));
        assert!(queue.offer(item(7)));
        assert_eq!(taker.join().expect("the taker lives"), Some(item(7)));
    });
}

fn takers_never_share_an_item(queue: &dyn WorkQueue) {
    for part in 0..50 {
        assert!(queue.offer(item(part)));
    }
    queue.close();
    let take_all = || std::iter::from_fn(|| queue.take(SOON)).collect::<Vec<_>>();
    let mut parts: Vec<u32> = std::thread::scope(|scope| {
        let takers = [scope.spawn(take_all), scope.spawn(take_all), scope.spawn(take_all)];
        takers
            .into_iter()
            .flat_map(|t| t.join().expect("the taker lives"))
            .map(|i| i.part.0)
            .collect()
    });
    parts.sort_unstable();
    assert_eq!(parts, (0..50).collect::<Vec<_>>());
}
