//! An in-process event bus: it carries facts sideways, to whoever watches, and never work.
//!
//! - Every event has a [`Route`]: a topic, by which subscribers choose, and one of five
//!   priorities, by which a subscriber's backlog is ordered.
//! - Every subscriber has a bounded lane per priority. When one is full its oldest events go, and
//!   that is counted as lag. So a publisher never waits, and memory does not grow.
//! - A batch is one allocation that all lanes share.
//! - A stuck or panicking subscriber changes nothing for anyone else.
//!
//! For each subscriber at any quiet moment: published = delivered + lagged + queued, in events.
//!
//! What it refuses to do: promise delivery (whoever needs a fact for certain asks the catalogue),
//! look into an event, keep history, or leave the process.
//!
//! ```
//! use std::time::Duration;
//! use jarvix_bus::{Bus, BusSettings, Priority, Route, Topics};
//!
//! let route = |_: &&str| Route { topic: 0, priority: Priority::Normal };
//! let bus = Bus::new(route, BusSettings::default());
//! let mut watcher = bus.subscribe("watcher", Topics::ALL)?;
//! bus.publish("part committed");
//! bus.publish_batch(vec!["page fetched", "page fetched"]);
//! assert_eq!(&*watcher.recv_timeout(Duration::from_secs(1))?, ["part committed"]);
//! assert_eq!(watcher.drain().map(|batch| batch.len()).sum::<usize>(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod batch;
mod bus;
mod lane;
mod listener;
mod registry;
mod route;
mod settings;
mod stats;
mod subscriber;
mod subscription;

pub use batch::Batch;
pub use bus::{Bus, SubscribeError};
pub use listener::Listener;
pub use route::{PRIORITIES, Priority, Route, TOPICS_MAX, Topics};
pub use settings::BusSettings;
pub use stats::{BusStats, SubscriberState, SubscriberStats};
pub use subscription::{RecvError, Subscription};
