//! The publishing end. It never waits: not for a lock that anyone holds while doing something,
//! not for a reader, not for room.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::registry::{AddError, Membership, Registry};
use crate::subscriber::Subscriber;
use crate::{Batch, BusSettings, BusStats, Listener, Route, Subscription, Topics};

/// Why somebody could not subscribe.
#[derive(Debug, thiserror::Error)]
pub enum SubscribeError {
    /// Nothing will be published any more.
    #[error("failed to subscribe {name:?}: the bus is closed")]
    Closed {
        /// Who wanted to.
        name: String,
    },
    /// The bus has as many subscribers as its settings allow.
    #[error(
        "failed to subscribe {name:?}: there are {subscribers_max} subscribers already; \
         drop one or raise subscribers_max"
    )]
    Full {
        /// Who wanted to.
        name: String,
        /// The limit.
        subscribers_max: usize,
    },
    /// The system gave no thread for a listener.
    #[error("failed to start the thread of listener {name:?}")]
    Thread {
        /// Who wanted to listen.
        name: String,
        /// The system's reason.
        source: io::Error,
    },
}

/// An event bus for events of type `E`. Cloning it gives another handle of the same bus; when the
/// last one goes, the bus closes.
pub struct Bus<E> {
    shared: Arc<Shared<E>>,
}

struct Shared<E> {
    route: fn(&E) -> Route,
    settings: BusSettings,
    registry: Arc<Registry<E>>,
    closed: AtomicBool,
    refused: AtomicU64,
}

impl<E> Bus<E> {
    /// A bus on which `route` says where each event goes.
    pub fn new(route: fn(&E) -> Route, settings: BusSettings) -> Self {
        let shared = Shared {
            route,
            settings: settings.sound(),
            registry: Arc::new(Registry::new()),
            closed: AtomicBool::new(false),
            refused: AtomicU64::new(0),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Tells everyone who chose the event's topic. Never waits.
    pub fn publish(&self, event: E) {
        self.publish_shared(Arc::new([event]));
    }

    /// Tells many events at the price of one: all lanes share one allocation. Never waits. Events
    /// of one priority arrive in the order in which they stand here.
    pub fn publish_batch(&self, events: Vec<E>) {
        let max = self.shared.settings.batch_events_max;
        if events.len() <= max {
            return self.publish_shared(events.into());
        }
        let mut events = events.into_iter();
        while events.len() > 0 {
            self.publish_shared(events.by_ref().take(max).collect());
        }
    }

    fn publish_shared(&self, events: Arc<[E]>) {
        if events.is_empty() {
            return;
        }
        if self.shared.closed.load(Ordering::Acquire) {
            self.shared.refused.fetch_add(events.len() as u64, Ordering::Relaxed);
            return;
        }
        let subscribers = self.shared.registry.snapshot();
        if subscribers.is_empty() {
            return;
        }
        // A lane holds stretches of one route, so that each lane has only what was chosen.
        let mut start = 0;
        let mut route = (self.shared.route)(&events[0]);
        for end in 1..=events.len() {
            let next = events.get(end).map(self.shared.route);
            if next == Some(route) {
                continue;
            }
            for subscriber in subscribers.iter().filter(|s| s.wants(route.topic)) {
                subscriber.offer(route.priority, Batch::new(&events, start..end));
            }
            start = end;
            route = next.unwrap_or(route);
        }
    }

    /// A subscriber that reads for itself. `name` appears in the statistics.
    pub fn subscribe(&self, name: &str, topics: Topics) -> Result<Subscription<E>, SubscribeError> {
        let (subscriber, membership) = self.join(name, topics)?;
        Ok(Subscription::new(subscriber, membership))
    }

    /// A subscriber with a thread of its own, on which `on_event` is called for every event.
    pub fn listen(
        &self,
        name: &str,
        topics: Topics,
        on_event: impl FnMut(&E) + Send + 'static,
    ) -> Result<Listener<E>, SubscribeError>
    where
        E: Send + Sync + 'static,
    {
        let (subscriber, membership) = self.join(name, topics)?;
        Listener::start(subscriber, membership, on_event)
            .map_err(|source| SubscribeError::Thread { name: name.to_owned(), source })
    }

    /// Ends publishing: what is queued can still be read, then readers are told that it is over
    /// and listeners end. What is published from now on is counted and goes nowhere.
    pub fn close(&self) {
        self.shared.close();
    }

    /// The numbers of the bus and of everyone who is subscribed.
    pub fn stats(&self) -> BusStats {
        BusStats {
            refused: self.shared.refused.load(Ordering::Relaxed),
            subscribers: self.shared.registry.snapshot().iter().map(|s| s.stats()).collect(),
        }
    }

    fn join(
        &self,
        name: &str,
        topics: Topics,
    ) -> Result<(Arc<Subscriber<E>>, Membership<E>), SubscribeError> {
        let settings = &self.shared.settings;
        let subscriber = Arc::new(Subscriber::new(name, topics, settings));
        let name = || name.to_owned();
        match self.shared.registry.add(&subscriber, settings.subscribers_max) {
            Ok(membership) => Ok((subscriber, membership)),
            Err(AddError::Closed) => Err(SubscribeError::Closed { name: name() }),
            Err(AddError::Full) => Err(SubscribeError::Full {
                name: name(),
                subscribers_max: settings.subscribers_max,
            }),
        }
    }
}

impl<E> Clone for Bus<E> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<E> fmt::Debug for Bus<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bus").field("settings", &self.shared.settings).finish_non_exhaustive()
    }
}

impl<E> Shared<E> {
    fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.registry.close();
    }
}

impl<E> Drop for Shared<E> {
    fn drop(&mut self) {
        self.close();
    }
}
