//! The bus from outside: what arrives, what is lost and counted, and who is left alone.

mod delivery;
mod isolation;
mod properties;

use std::time::Duration;

use jarvix_bus::{Bus, BusSettings, Priority, Route, SubscriberStats};

/// Longer than anything here takes; only a broken bus waits for it.
const LONG: Duration = Duration::from_secs(60);

/// An event that carries its own route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Note {
    topic: u8,
    priority: Priority,
    publisher: usize,
    number: u64,
}

fn note(topic: u8, priority: Priority, number: u64) -> Note {
    Note { topic, priority, publisher: 0, number }
}

fn bus(lane_slots: usize) -> Bus<Note> {
    bus_with(BusSettings { lane_slots, ..BusSettings::default() })
}

fn bus_with(settings: BusSettings) -> Bus<Note> {
    Bus::new(|note| Route { topic: note.topic, priority: note.priority }, settings)
}

/// The numbers of the subscriber called `name`.
fn stats_of(bus: &Bus<Note>, name: &str) -> SubscriberStats {
    let stats = bus.stats();
    stats.subscribers.into_iter().find(|s| s.name == name).expect("it is subscribed")
}
