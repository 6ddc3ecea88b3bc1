//! The limit per address (`--per-address`): many hosts may live behind one machine, and it is the
//! machine that is asked. Without a limit this costs nothing.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Fetches under way, by address.
pub(crate) struct Addresses {
    limit: Option<usize>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    active: Mutex<HashMap<IpAddr, usize>>,
    changed: Notify,
}

/// A place at an address; left when dropped.
pub(crate) struct Place {
    shared: Arc<Shared>,
    ip: IpAddr,
}

impl Addresses {
    pub(crate) fn new(limit: Option<usize>) -> Self {
        Self { limit: limit.map(|n| n.max(1)), shared: Arc::default() }
    }

    /// Waits for a place at `ip`; `None` where there is no limit.
    pub(crate) async fn enter(&self, ip: IpAddr) -> Option<Place> {
        let limit = self.limit?;
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.shared.try_enter(ip, limit) {
                return Some(Place { shared: Arc::clone(&self.shared), ip });
            }
            changed.await;
        }
    }
}

impl Shared {
    fn active(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_enter(&self, ip: IpAddr, limit: usize) -> bool {
        let mut active = self.active();
        let count = active.entry(ip).or_default();
        let free = *count < limit;
        *count += usize::from(free);
        free
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut active = self.shared.active();
        if let Some(count) = active.get_mut(&self.ip) {
            *count -= 1;
            if *count == 0 {
                active.remove(&self.ip);
            }
        }
        drop(active);
        self.shared.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_place_is_free_again_when_it_was_left() {
        let ip = IpAddr::from([127, 0, 0, 1]);
        assert!(Addresses::new(None).enter(ip).await.is_none());
        let addresses = Addresses::new(Some(2));
        let (first, _second) = (addresses.enter(ip).await, addresses.enter(ip).await);
        let third = tokio::time::timeout(Duration::from_secs(1), addresses.enter(ip)).await;
        assert!(third.is_err(), "two are all");
        let waiting = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            drop(first);
        };
        assert!(tokio::join!(addresses.enter(ip), waiting).0.is_some());
        assert!(addresses.enter([127, 0, 0, 2].into()).await.is_some());
    }
}
