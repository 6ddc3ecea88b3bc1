//! The limits per address (`--per-address`, `--rate-per-address`): many hosts may live behind one
//! machine, and it is the machine that is asked. Without a limit this costs nothing.
//!
//! Which address a host has is known once there is a connection to it, so the wait is between
//! connection and request; it does not count against the attempt's time.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::politeness::gap_of;
use crate::settings::CollectSettings;

/// Addresses whose state is kept; beyond it, those that hold nobody up are forgotten.
const ADDRESSES_MAX: usize = 20_000;

/// The limits per address.
pub(crate) struct Addresses {
    limit: Option<usize>,
    gap: Duration,
    known: Mutex<HashMap<IpAddr, Arc<Address>>>,
}

struct Address {
    places: Arc<Semaphore>,
    /// Not before when it may be asked again.
    next: Mutex<Instant>,
}

/// A place at an address; left when dropped.
pub(crate) struct Place {
    _place: OwnedSemaphorePermit,
}

fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Addresses {
    pub(crate) fn new(settings: &CollectSettings) -> Self {
        let limit = settings.per_address.map(|n| n.clamp(1, Semaphore::MAX_PERMITS));
        Self { limit, gap: gap_of(settings.rate_per_address), known: Mutex::default() }
    }

    /// Waits for a place at `ip` and the right to one request, first come, first served; `None` where
    /// there is no limit.
    pub(crate) async fn enter(&self, ip: IpAddr) -> Option<Place> {
        if self.limit.is_none() && self.gap.is_zero() {
            return None;
        }
        let address = self.address(ip.to_canonical());
        // It is never closed.
        let place = Arc::clone(&address.places).acquire_owned().await.ok()?;
        let now = Instant::now();
        let at = {
            let mut next = hold(&address.next);
            let at = (*next).max(now);
            *next = at + self.gap;
            at
        };
        if at > now {
            tokio::time::sleep_until(at).await;
        }
        Some(Place { _place: place })
    }

    fn address(&self, ip: IpAddr) -> Arc<Address> {
        let mut known = hold(&self.known);
        if let Some(address) = known.get(&ip) {
            return Arc::clone(address);
        }
        let now = Instant::now();
        if known.len() >= ADDRESSES_MAX {
            let places = self.places();
            known.retain(|_, address| {
                let used = address.places.available_permits() < places;
                used || Arc::strong_count(address) > 1 || *hold(&address.next) > now
            });
        }
        let places = Arc::new(Semaphore::new(self.places()));
        let address = Arc::new(Address { places, next: Mutex::new(now) });
        known.insert(ip, Arc::clone(&address));
        address
    }

    fn places(&self) -> usize {
        self.limit.unwrap_or(Semaphore::MAX_PERMITS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(per_address: Option<usize>, rate_per_address: f64) -> Addresses {
        let defaults = CollectSettings::default();
        Addresses::new(&CollectSettings { per_address, rate_per_address, ..defaults })
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_is_free_again_when_it_was_left() {
        let ip = IpAddr::from([127, 0, 0, 1]);
        assert!(addresses(None, 0.0).enter(ip).await.is_none());
        let addresses = addresses(Some(2), 0.0);
        let (first, _second) = (addresses.enter(ip).await, addresses.enter(ip).await);
        let mapped = "::ffff:127.0.0.1".parse().expect("an address");
        let third = tokio::time::timeout(Duration::from_secs(1), addresses.enter(mapped)).await;
        assert!(third.is_err(), "two are all");
        let waiting = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            drop(first);
        };
        assert!(tokio::join!(addresses.enter(ip), waiting).0.is_some());
        assert!(addresses.enter([127, 0, 0, 2].into()).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn requests_to_one_address_keep_their_gap() {
        let addresses = addresses(None, 10.0);
        let started = Instant::now();
        for _ in 0..5 {
            drop(addresses.enter([192, 0, 2, 1].into()).await);
        }
        assert_eq!(started.elapsed().as_millis(), 400);
        drop(addresses.enter([192, 0, 2, 2].into()).await);
        assert_eq!(started.elapsed().as_millis(), 400, "another address");
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_that_hold_nobody_up_are_forgotten() {
        let addresses = addresses(Some(1), 0.0);
        let kept = addresses.enter([10, 0, 0, 1].into()).await;
        for n in 0..ADDRESSES_MAX as u32 {
            drop(addresses.enter(IpAddr::from(n.to_be_bytes())).await);
        }
        assert!(hold(&addresses.known).len() < 10);
        assert!(hold(&addresses.known).contains_key(&IpAddr::from([10, 0, 0, 1])));
        drop(kept);
    }
}
