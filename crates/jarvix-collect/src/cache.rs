//! A bounded cache in which a missing value is made once, however many ask for it at the same
//! time. Name resolution and robots.txt are both this.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::time::Instant;

/// Values that expire and together weigh at most about `weight_max`.
pub(crate) struct FlightCache<K, V> {
    inner: Mutex<Inner<K, V>>,
    weight_max: usize,
    weigh: fn(&V) -> usize,
}

struct Inner<K, V> {
    slots: HashMap<K, Slot<V>>,
    weight: usize,
    uses: u64,
}

struct Slot<V> {
    cell: Arc<OnceCell<Held<V>>>,
    weight: usize,
    used: u64,
}

struct Held<V> {
    value: V,
    until: Instant,
}

impl<K: Hash + Eq + Clone, V: Clone> FlightCache<K, V> {
    /// A cache in which a value weighs what `weigh` says, and at least 1.
    pub(crate) fn new(weight_max: usize, weigh: fn(&V) -> usize) -> Self {
        let inner = Inner { slots: HashMap::new(), weight: 0, uses: 0 };
        Self { inner: Mutex::new(inner), weight_max, weigh }
    }

    /// The value for `key`, if it is there.
    pub(crate) fn peek(&self, key: &K) -> Option<V> {
        let mut inner = self.lock();
        inner.uses += 1;
        let used = inner.uses;
        let slot = inner.slots.get_mut(key)?;
        slot.used = used;
        let held = slot.cell.get()?;
        (held.until > Instant::now()).then(|| held.value.clone())
    }

    /// The value for `key`; `make` gives it, and how long it holds, if there is none. While one
    /// makes it, the others wait; if that one is cancelled, the next makes its own.
    pub(crate) async fn get<F>(&self, key: &K, make: F) -> V
    where
        F: Future<Output = (V, Duration)>,
    {
        let cell = self.cell(key);
        let made = async {
            let (value, holds) = make.await;
            self.settle(key, &cell, (self.weigh)(&value));
            Held { value, until: Instant::now() + holds }
        };
        cell.get_or_init(|| made).await.value.clone()
    }

    /// Drops the value for `key`; whoever makes one at this moment keeps it to himself.
    pub(crate) fn forget(&self, key: &K) {
        let mut inner = self.lock();
        let weight = inner.slots.remove(key).map_or(0, |slot| slot.weight);
        inner.weight -= weight;
    }

    fn cell(&self, key: &K) -> Arc<OnceCell<Held<V>>> {
        let mut inner = self.lock();
        inner.uses += 1;
        let used = inner.uses;
        if let Some(slot) = inner.slots.get_mut(key)
            && slot.cell.get().is_none_or(|held| held.until > Instant::now())
        {
            slot.used = used;
            return Arc::clone(&slot.cell);
        }
        if inner.weight >= self.weight_max {
            inner.forget_half();
        }
        let cell = Arc::new(OnceCell::new());
        let slot = Slot { cell: Arc::clone(&cell), weight: 1, used };
        let before = inner.slots.insert(key.clone(), slot);
        inner.weight = inner.weight + 1 - before.map_or(0, |slot| slot.weight);
        cell
    }

    /// Enters the weight of a value that was just made, if its place is still there.
    fn settle(&self, key: &K, cell: &Arc<OnceCell<Held<V>>>, weight: usize) {
        let mut inner = self.lock();
        if let Some(slot) = inner.slots.get_mut(key).filter(|s| Arc::ptr_eq(&s.cell, cell)) {
            let before = std::mem::replace(&mut slot.weight, weight.max(1));
            inner.weight = inner.weight - before + weight.max(1);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner<K, V>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq, V> Inner<K, V> {
    /// Drops the half that was not used for longest: rarely, so that it may look at everything.
    fn forget_half(&mut self) {
        let mut uses: Vec<u64> = self.slots.values().map(|slot| slot.used).collect();
        let middle = uses.len() / 2;
        let (_, median, _) = uses.select_nth_unstable(middle);
        let median = *median;
        self.slots.retain(|_, slot| slot.used > median);
        self.weight = self.slots.values().map(|slot| slot.weight).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test(start_paused = true)]
    async fn made_once_for_all_who_ask_and_again_when_it_expired() {
        let cache = FlightCache::<&str, u32>::new(8, |_| 1);
        let made = AtomicU32::new(0);
        let make = || async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            (made.fetch_add(1, Ordering::Relaxed), Duration::from_secs(60))
        };
        let both = tokio::join!(cache.get(&"a", make()), cache.get(&"a", make()));
        assert_eq!(both, (0, 0));
        assert_eq!(cache.peek(&"a"), Some(0));
        tokio::time::advance(Duration::from_secs(61)).await;
        assert_eq!(cache.peek(&"a"), None);
        assert_eq!(cache.get(&"a", make()).await, 1);
        cache.forget(&"a");
        cache.forget(&"a");
        assert_eq!(cache.peek(&"a"), None);
        assert_eq!(cache.lock().weight, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_maker_is_followed_by_the_next() {
        let cache = FlightCache::<&str, u32>::new(8, |_| 1);
        let stuck = cache.get(&"a", std::future::pending());
        assert!(tokio::time::timeout(Duration::from_secs(1), stuck).await.is_err());
        assert_eq!(cache.get(&"a", async { (5, Duration::from_secs(1)) }).await, 5);
    }

    #[tokio::test]
    async fn stays_within_its_bound_and_keeps_what_was_used_last() {
        let cache = FlightCache::<u32, u32>::new(1000, |_| 10);
        for n in 0..10_000 {
            cache.get(&n, async { (n, Duration::from_secs(60)) }).await;
            let inner = cache.lock();
            assert!(inner.slots.len() <= 100, "{} entries", inner.slots.len());
            assert_eq!(inner.weight, inner.slots.len() * 10);
        }
        assert_eq!(cache.peek(&9_999), Some(9_999));
    }
}
