//! A subscriber with a thread of its own: it may be slow, stuck or broken without anyone else
//! noticing. A panic ends it and is kept as the reason.

use std::any::Any;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::registry::Membership;
use crate::stats::{SubscriberState, SubscriberStats};
use crate::subscriber::Subscriber;

/// A function that is called for every event, on a thread of its own. Dropping this lets it read
/// what is queued and end; nothing waits for that.
#[must_use = "dropping a listener ends it"]
pub struct Listener<E> {
    subscriber: Arc<Subscriber<E>>,
    _membership: Membership<E>,
}

impl<E> Listener<E> {
    /// Starts the thread; fails if the system has none left.
    pub(crate) fn start(
        subscriber: Arc<Subscriber<E>>,
        membership: Membership<E>,
        on_event: impl FnMut(&E) + Send + 'static,
    ) -> io::Result<Self>
    where
        E: Send + Sync + 'static,
    {
        let for_thread = Arc::clone(&subscriber);
        thread::Builder::new()
            .name(format!("bus-{}", subscriber.name()))
            .spawn(move || listen(&for_thread, on_event))?;
        Ok(Self { subscriber, _membership: membership })
    }

    /// Waits, at most for `wait`, until it has ended or failed, and says how it is. It ends by
    /// itself only after the bus was closed.
    pub fn wait(&self, wait: Duration) -> SubscriberState {
        self.subscriber.await_end(wait)
    }

    /// Its numbers.
    pub fn stats(&self) -> SubscriberStats {
        self.subscriber.stats()
    }
}

impl<E> fmt::Debug for Listener<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Listener").field(&self.subscriber.name()).finish()
    }
}

fn listen<E>(subscriber: &Subscriber<E>, mut on_event: impl FnMut(&E)) {
    // After a panic the function is never called again, so its broken state is never seen. It is
    // dropped in here too: a panic in that is the same kind of failure.
    let result = catch_unwind(AssertUnwindSafe(move || {
        while let Ok(batch) = subscriber.take_until(None) {
            batch.iter().for_each(&mut on_event);
        }
    }));
    subscriber.end(result.err().map(|panic| words_of(panic.as_ref())));
}

fn words_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it gave no reason").to_owned()
}
