//! What arrives, in which order, and what a full lane gives up.

use std::thread;

use jarvix_bus::{
    Bus, BusSettings, Priority, RecvError, Route, SubscribeError, SubscriberState, Topics,
};

use crate::{LONG, bus, bus_with, note, stats_of};

#[test]
fn a_subscriber_gets_the_topics_it_chose() {
    let cases = [
        ("all", Topics::ALL, vec![0, 1, 2, 3]),
        ("one", Topics::one(2), vec![2]),
        ("two", Topics::one(0).with(3), vec![0, 3]),
        ("none", Topics::NONE, vec![]),
    ];
    let bus = bus(8);
    let mut subscriptions: Vec<_> =
        cases.iter().map(|(name, topics, _)| bus.subscribe(name, *topics).unwrap()).collect();
    // Half alone, half as a batch whose routes change inside.
    bus.publish(note(0, Priority::Normal, 0));
    bus.publish_batch((1..4).map(|n| note(n, Priority::Normal, u64::from(n))).collect());
    for (subscription, (name, _, expected)) in subscriptions.iter_mut().zip(&cases) {
        let got: Vec<u64> = subscription
            .drain()
            .flat_map(|b| b.iter().map(|n| n.number).collect::<Vec<_>>())
            .collect();
        assert_eq!(&got, expected, "{name}");
    }
}

#[test]
fn the_most_urgent_lane_is_read_first_and_each_lane_in_order() {
    let bus = bus(8);
    let mut subscription = bus.subscribe("reader", Topics::ALL).unwrap();
    for (number, priority) in Priority::ALL.into_iter().rev().cycle().take(10).enumerate() {
        bus.publish(note(0, priority, number as u64));
    }
    let got: Vec<u64> = subscription.drain().map(|batch| batch[0].number).collect();
    assert_eq!(got, [4, 9, 3, 8, 2, 7, 1, 6, 0, 5]);
}

#[test]
fn a_full_lane_gives_up_its_oldest_and_counts_them_by_priority() {
    for priority in Priority::ALL {
        let bus = bus(4);
        let mut subscription = bus.subscribe("slow", Topics::ALL).unwrap();
        for number in 0..10 {
            bus.publish(note(0, priority, number));
        }
        let other = if priority == Priority::Low { Priority::High } else { Priority::Low };
        bus.publish(note(0, other, 99));

        let stats = subscription.stats();
        assert_eq!(stats.lagged[priority.index()], 6, "{priority:?}");
        assert_eq!(stats.lagged_total(), 6, "{priority:?}: the other lane lost nothing");
        assert_eq!(stats.lagged_critical(), if priority == Priority::Critical { 6 } else { 0 });
        assert_eq!((stats.published, stats.queued, stats.delivered), (11, 5, 0));

        let mut got: Vec<u64> = subscription.drain().map(|batch| batch[0].number).collect();
        got.sort_unstable();
        assert_eq!(got, [6, 7, 8, 9, 99], "{priority:?}");
        assert_eq!(subscription.stats().delivered, 5);
    }
}

#[test]
fn lag_counts_events_not_slots() {
    let bus = bus(2);
    let subscription = bus.subscribe("slow", Topics::ALL).unwrap();
    for length in [7, 5, 3] {
        bus.publish_batch((0..length).map(|n| note(0, Priority::Normal, n)).collect());
    }
    let stats = subscription.stats();
    assert_eq!((stats.published, stats.lagged_total(), stats.queued), (15, 7, 8));
}

#[test]
fn a_long_batch_is_cut_and_loses_nothing() {
    let bus = bus_with(BusSettings { batch_events_max: 4, ..BusSettings::default() });
    let mut subscription = bus.subscribe("reader", Topics::ALL).unwrap();
    bus.publish_batch((0..10).map(|n| note(0, Priority::Normal, n)).collect());
    bus.publish_batch(Vec::new());
    let batches: Vec<Vec<u64>> =
        subscription.drain().map(|b| b.iter().map(|n| n.number).collect()).collect();
    assert_eq!(batches, [vec![0, 1, 2, 3], vec![4, 5, 6, 7], vec![8, 9]]);
}

#[test]
fn subscribers_share_a_batch_instead_of_copying_it() {
    // Without Clone, an event can only be shared.
    struct Fact(#[expect(dead_code, reason = "gives the fact a size")] u64);
    let bus =
        Bus::new(|_: &Fact| Route { topic: 0, priority: Priority::High }, BusSettings::default());
    let mut first = bus.subscribe("first", Topics::ALL).unwrap();
    let mut second = bus.subscribe("second", Topics::ALL).unwrap();
    bus.publish_batch(vec![Fact(1), Fact(2)]);
    let (one, two) = (first.try_recv().unwrap(), second.try_recv().unwrap());
    assert!(std::ptr::eq(&one[1], &two[1]));
}

#[test]
fn closing_lets_readers_finish_and_refuses_the_rest() {
    let bus = bus(8);
    let mut subscription = bus.subscribe("reader", Topics::ALL).unwrap();
    bus.publish(note(0, Priority::Low, 1));
    bus.close();
    bus.publish(note(0, Priority::Low, 2));
    assert_eq!(stats_of(&bus, "reader").state, SubscriberState::Closing);
    assert_eq!(subscription.recv().unwrap()[0].number, 1);
    assert_eq!(subscription.recv().unwrap_err(), RecvError::Closed);
    assert_eq!(subscription.recv_timeout(LONG).unwrap_err(), RecvError::Closed);
    assert_eq!(stats_of(&bus, "reader").state, SubscriberState::Ended);
    assert_eq!(bus.stats().refused, 1);
    assert!(matches!(bus.subscribe("late", Topics::ALL), Err(SubscribeError::Closed { .. })));
}

#[test]
fn dropping_the_last_handle_closes() {
    let bus = bus(8);
    let mut subscription = bus.clone().subscribe("reader", Topics::ALL).unwrap();
    bus.publish(note(0, Priority::Low, 1));
    drop(bus);
    assert_eq!(subscription.recv().unwrap().len(), 1);
    assert_eq!(subscription.recv().unwrap_err(), RecvError::Closed);
}

#[test]
fn whoever_leaves_makes_room_for_another() {
    let bus = bus_with(BusSettings { subscribers_max: 1, ..BusSettings::default() });
    let first = bus.subscribe("first", Topics::ALL).unwrap();
    let error = bus.subscribe("second", Topics::ALL).unwrap_err();
    assert!(matches!(error, SubscribeError::Full { subscribers_max: 1, .. }), "{error}");
    drop(first);
    assert!(bus.stats().subscribers.is_empty());
    let _second = bus.subscribe("second", Topics::ALL).unwrap();
}

#[test]
fn a_wait_for_nothing_ends() {
    let bus = bus(8);
    let mut subscription = bus.subscribe("reader", Topics::ALL).unwrap();
    let timeout = std::time::Duration::from_millis(1);
    assert_eq!(subscription.recv_timeout(timeout).unwrap_err(), RecvError::Timeout);
}

/// Two threads that do nothing but wake each other: one lost wake-up and this stands still.
#[test]
fn no_wake_up_is_lost() {
    const ROUNDS: u64 = 20_000;
    let (there, back) = (bus(2), bus(2));
    let mut pings = there.subscribe("pings", Topics::ALL).unwrap();
    let mut pongs = back.subscribe("pongs", Topics::ALL).unwrap();
    let echo = thread::spawn(move || {
        while let Ok(batch) = pings.recv() {
            batch.iter().for_each(|note| back.publish(*note));
        }
    });
    for number in 0..ROUNDS {
        there.publish(note(0, Priority::Normal, number));
        assert_eq!(pongs.recv_timeout(LONG).unwrap()[0].number, number);
    }
    there.close();
    echo.join().unwrap();
}
