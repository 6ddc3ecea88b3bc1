//! Who is subscribed: a list that is replaced as a whole, so that a publisher takes a look at it
//! for the price of a pointer and nobody's code ever runs under its lock.

use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use crate::subscriber::Subscriber;

pub(crate) type Snapshot<E> = Arc<[Arc<Subscriber<E>>]>;

pub(crate) struct Registry<E> {
    /// The write lock is held only while this pointer is replaced.
    current: RwLock<Snapshot<E>>,
    /// Whoever changes the list holds this, so that changes do not undo each other. Also says
    /// whether the list is closed for good.
    closed: Mutex<bool>,
}

/// Why somebody could not be added.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum AddError {
    Closed,
    Full,
}

impl<E> Registry<E> {
    pub(crate) fn new() -> Self {
        Self { current: RwLock::new(Arc::new([])), closed: Mutex::new(false) }
    }

    pub(crate) fn snapshot(&self) -> Snapshot<E> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Adds `subscriber`; it leaves when the membership is dropped.
    pub(crate) fn add(
        self: &Arc<Self>,
        subscriber: &Arc<Subscriber<E>>,
        subscribers_max: usize,
    ) -> Result<Membership<E>, AddError> {
        let closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        if *closed {
            return Err(AddError::Closed);
        }
        let before = self.snapshot();
        if before.len() >= subscribers_max {
            return Err(AddError::Full);
        }
        self.replace(before.iter().chain([subscriber]).map(Arc::clone).collect());
        Ok(Membership { registry: Arc::downgrade(self), subscriber: Arc::clone(subscriber) })
    }

    /// Nobody can be added from now on; whoever is there is told that no more will come.
    pub(crate) fn close(&self) {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.snapshot().iter().for_each(|subscriber| subscriber.close());
    }

    fn remove(&self, leaving: &Arc<Subscriber<E>>) {
        let _closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.snapshot();
        let stays = |other: &&Arc<Subscriber<E>>| !Arc::ptr_eq(other, leaving);
        self.replace(before.iter().filter(stays).map(Arc::clone).collect());
    }

    fn replace(&self, next: Snapshot<E>) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *current, next);
        drop(current);
        // Outside the lock: this may be the last hold on somebody's events.
        drop(before);
    }
}

/// A place on the list, given back on drop.
pub(crate) struct Membership<E> {
    registry: Weak<Registry<E>>,
    subscriber: Arc<Subscriber<E>>,
}

impl<E> Drop for Membership<E> {
    fn drop(&mut self) {
        self.subscriber.close();
        if let Some(registry) = self.registry.upgrade() {
            registry.remove(&self.subscriber);
        }
    }
}
