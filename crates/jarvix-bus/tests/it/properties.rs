//! What holds for any traffic: the accounts add up, order within a publisher and priority stays,
//! and nothing is lost while there is room.

use std::collections::HashMap;
use std::thread;

use jarvix_bus::{Batch, Bus, BusSettings, Priority, SubscriberStats, Subscription, Topics};
use proptest::prelude::*;

use crate::{Note, bus_with};

/// What one publisher does: batches of (topic, priority).
type Script = Vec<Vec<(u8, usize)>>;

fn scripts() -> impl Strategy<Value = Vec<Script>> {
    let batch = prop::collection::vec((0u8..4, 0usize..5), 0..12);
    prop::collection::vec(prop::collection::vec(batch, 0..20), 1..4)
}

/// Publishes a script; every event carries its publisher and a number that only grows.
fn publish(bus: &Bus<Note>, publisher: usize, script: &Script) {
    let mut numbers = 0..;
    for batch in script {
        let mut notes = batch.iter().zip(&mut numbers).map(|(&(topic, priority), number)| Note {
            topic,
            priority: Priority::ALL[priority],
            publisher,
            number,
        });
        match batch.len() {
            1 => notes.by_ref().for_each(|note| bus.publish(note)),
            _ => bus.publish_batch(notes.collect()),
        }
    }
}

fn wanted(scripts: &[Script], topics: Topics) -> u64 {
    let events = scripts.iter().flatten().flatten();
    events.filter(|(topic, _)| topics.contains(*topic)).count() as u64
}

fn check_accounts(stats: &SubscriberStats) -> Result<(), TestCaseError> {
    let seen = stats.delivered + stats.lagged_total() + stats.queued;
    prop_assert_eq!(stats.published, seen, "{:?}", stats);
    Ok(())
}

/// Within one publisher and priority, numbers only grow.
fn check_order(received: &[Batch<Note>]) -> Result<(), TestCaseError> {
    let mut latest: HashMap<(usize, Priority), u64> = HashMap::new();
    for note in received.iter().flatten() {
        if let Some(before) = latest.insert((note.publisher, note.priority), note.number) {
            prop_assert!(before < note.number, "{} before {:?}", before, note);
        }
    }
    Ok(())
}

fn read_all(mut subscription: Subscription<Note>) -> (Vec<Batch<Note>>, SubscriberStats) {
    let mut received = Vec::new();
    while let Ok(batch) = subscription.recv() {
        received.push(batch);
    }
    let stats = subscription.stats();
    (received, stats)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn accounts_add_up_and_order_stays_however_full_the_lanes_are(
        scripts in scripts(),
        lane_slots in 1usize..6,
        batch_events_max in 1usize..6,
    ) {
        let bus = bus_with(BusSettings { lane_slots, batch_events_max, ..BusSettings::default() });
        let some = Topics::one(0).with(2);
        let mut idle = bus.subscribe("idle", some).expect("room");
        let busy = bus.subscribe("busy", Topics::ALL).expect("room");
        let reader = thread::spawn(move || read_all(busy));
        thread::scope(|scope| {
            for (publisher, script) in scripts.iter().enumerate() {
                let bus = &bus;
                scope.spawn(move || publish(bus, publisher, script));
            }
        });
        bus.close();

        let (received, stats) = reader.join().expect("the reader does not panic");
        check_order(&received)?;
        check_accounts(&stats)?;
        prop_assert_eq!(stats.published, wanted(&scripts, Topics::ALL));
        prop_assert_eq!(stats.queued, 0);
        prop_assert_eq!(stats.delivered, received.iter().map(|b| b.len() as u64).sum::<u64>());

        let before = idle.stats();
        check_accounts(&before)?;
        prop_assert_eq!(before.published, wanted(&scripts, some));
        let rest: Vec<Batch<Note>> = idle.drain().collect();
        check_order(&rest)?;
        prop_assert!(rest.iter().flatten().all(|note| some.contains(note.topic)));
        prop_assert_eq!(before.queued, rest.iter().map(|b| b.len() as u64).sum::<u64>());
    }

    #[test]
    fn nothing_is_lost_while_there_is_room(scripts in scripts()) {
        let bus = bus_with(BusSettings { lane_slots: 1024, ..BusSettings::default() });
        let reader = bus.subscribe("reader", Topics::ALL).expect("room");
        thread::scope(|scope| {
            for (publisher, script) in scripts.iter().enumerate() {
                let bus = &bus;
                scope.spawn(move || publish(bus, publisher, script));
            }
        });
        bus.close();
        let (received, stats) = read_all(reader);
        prop_assert_eq!(stats.lagged_total(), 0);
        prop_assert_eq!(stats.delivered, wanted(&scripts, Topics::ALL));
        let mut got: Vec<(usize, u64)> =
            received.iter().flatten().map(|note| (note.publisher, note.number)).collect();
        got.sort_unstable();
        let expected: Vec<(usize, u64)> = scripts
            .iter()
            .enumerate()
            .flat_map(|(p, script)| (0..script.iter().flatten().count()).map(move |n| (p, n as u64)))
            .collect();
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn whoever_leaves_in_the_middle_is_accounted_for(scripts in scripts(), reads in 0usize..8) {
        let bus = bus_with(BusSettings { lane_slots: 4, ..BusSettings::default() });
        let stays = bus.subscribe("stays", Topics::ALL).expect("room");
        let leaver = bus
            .listen("leaver", Topics::ALL, move |note| {
                assert!(note.number < reads as u64, "this listener breaks on purpose");
            })
            .expect("room");
        thread::scope(|scope| {
            for (publisher, script) in scripts.iter().enumerate() {
                let bus = &bus;
                scope.spawn(move || publish(bus, publisher, script));
            }
        });
        bus.close();
        leaver.wait(crate::LONG);
        let stats = leaver.stats();
        check_accounts(&stats)?;
        prop_assert_eq!(stats.queued, 0);
        let (_, stats) = read_all(stays);
        check_accounts(&stats)?;
        prop_assert_eq!(stats.published, wanted(&scripts, Topics::ALL));
    }
}
