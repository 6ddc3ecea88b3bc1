//! A subscriber that is stuck, broken or slow is alone with that.

use std::sync::mpsc::sync_channel;

use jarvix_bus::{Priority, SubscriberState, Topics};

use crate::{LONG, bus, note, stats_of};

#[test]
fn a_listener_hears_everything_and_ends_with_the_bus() {
    let bus = bus(64);
    let (heard, ears) = sync_channel(64);
    let listener =
        bus.listen("ears", Topics::ALL, move |note| heard.send(note.number).unwrap()).unwrap();
    bus.publish_batch((0..40).map(|n| note(0, Priority::Normal, n)).collect());
    bus.close();
    assert_eq!(listener.wait(LONG), SubscriberState::Ended);
    // The function is gone when its listener has ended, so the channel ends too.
    assert_eq!(ears.iter().collect::<Vec<_>>(), (0..40).collect::<Vec<_>>());
    assert_eq!(listener.stats().delivered, 40);
}

#[test]
fn a_stuck_listener_changes_nothing_for_others() {
    let bus = bus(16);
    let (entered, is_in) = sync_channel(1);
    let (release, released) = sync_channel::<()>(0);
    let mut first = true;
    let stuck = bus
        .listen("stuck", Topics::ALL, move |_| {
            if std::mem::take(&mut first) {
                entered.send(()).unwrap();
                // Stuck until the test lets go (dropping the other end is letting go).
                assert!(released.recv().is_err());
            }
        })
        .unwrap();
    let mut healthy = bus.subscribe("healthy", Topics::ALL).unwrap();

    bus.publish(note(0, Priority::Normal, 0));
    is_in.recv_timeout(LONG).unwrap();
    let mut received = healthy.drain().count();
    for number in 1..=1000 {
        bus.publish(note(0, Priority::Normal, number));
        received += healthy.drain().count();
    }
    assert_eq!(received, 1001, "the healthy one reads as fast as it likes");
    assert_eq!(healthy.stats().lagged_total(), 0);

    let stats = stuck.stats();
    assert_eq!((stats.published, stats.delivered, stats.queued), (1001, 1, 16));
    assert_eq!(stats.lagged_total(), 984);
    assert_eq!(stats.state, SubscriberState::Listening);

    bus.close();
    assert_eq!(stuck.wait(std::time::Duration::ZERO), SubscriberState::Closing);
    drop(release);
    assert_eq!(stuck.wait(LONG), SubscriberState::Ended);
    assert_eq!(stuck.stats().delivered, 17);
}

#[test]
fn a_panicking_listener_fails_alone_and_says_why() {
    let bus = bus(16);
    let broken = bus
        .listen("broken", Topics::ALL, |note| assert!(note.number < 2, "cannot count to two"))
        .unwrap();
    let mut healthy = bus.subscribe("healthy", Topics::ALL).unwrap();
    bus.publish_batch((0..4).map(|n| note(0, Priority::Normal, n)).collect());
    let SubscriberState::Failed { reason } = broken.wait(LONG) else { panic!("it did not fail") };
    assert!(reason.contains("cannot count to two"), "{reason}");

    for number in 4..10 {
        bus.publish(note(0, Priority::Normal, number));
    }
    let seen: usize = healthy.drain().map(|batch| batch.len()).sum();
    assert_eq!(seen, 10);
    let stats = stats_of(&bus, "broken");
    assert!(matches!(stats.state, SubscriberState::Failed { .. }), "it stays visible");
    assert_eq!(stats.queued, 0, "its lanes are closed");
    assert_eq!(stats.published, stats.delivered + stats.lagged_total());
}

#[test]
fn a_dropped_listener_reads_what_is_queued_and_goes() {
    let bus = bus(64);
    let (heard, ears) = sync_channel(64);
    let listener =
        bus.listen("ears", Topics::ALL, move |note| heard.send(note.number).unwrap()).unwrap();
    bus.publish_batch((0..10).map(|n| note(0, Priority::Normal, n)).collect());
    drop(listener);
    bus.publish(note(0, Priority::Normal, 99));
    assert_eq!(ears.iter().collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
    assert!(bus.stats().subscribers.is_empty());
}

#[test]
fn a_listener_may_publish_on_its_own_bus() {
    let bus = bus(16);
    let again = bus.clone();
    let mut answers = bus.subscribe("answers", Topics::one(1)).unwrap();
    let _echo = bus
        .listen("echo", Topics::one(0), move |heard| {
            again.publish(note(1, heard.priority, heard.number + 1));
        })
        .unwrap();
    bus.publish(note(0, Priority::High, 41));
    assert_eq!(answers.recv_timeout(LONG).unwrap()[0].number, 42);
    bus.close();
}
