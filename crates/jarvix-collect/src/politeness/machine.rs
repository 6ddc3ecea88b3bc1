//! The machines behind the hosts: with `--per-address`, a host whose address is known already waits
//! in the window, where it costs nothing, and not in a fetch that holds a place of `--concurrent`.
//! The first contact with a host cannot be held back here; [`Addresses`](crate::addresses) does that.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

/// The machines that are asked at present.
#[derive(Debug)]
pub(super) struct Machines {
    limit: Option<usize>,
    known: HashMap<IpAddr, Machine>,
}

#[derive(Debug, Default)]
struct Machine {
    active: usize,
    /// Hosts that were turned away since somebody left; one may stand here twice.
    wanted: Vec<Arc<str>>,
}

impl Machines {
    pub(super) fn new(limit: Option<usize>) -> Self {
        Self { limit: limit.map(|n| n.max(1)), known: HashMap::new() }
    }

    /// Whether there is a place at `ip`; if not, `host` is among those that want one.
    pub(super) fn is_free(&mut self, ip: IpAddr, host: &Arc<str>) -> bool {
        let (Some(limit), Some(machine)) = (self.limit, self.known.get_mut(&ip)) else {
            return true;
        };
        let free = machine.active < limit;
        if !free {
            machine.wanted.push(Arc::clone(host));
        }
        free
    }

    /// Takes a place at `ip`.
    pub(super) fn take(&mut self, ip: IpAddr) {
        if self.limit.is_some() {
            self.known.entry(ip).or_default().active += 1;
        }
    }

    /// Leaves a place at `ip`; the hosts that may try again. All of them: the first may have nothing
    /// to ask any more, and then nobody would take the place.
    pub(super) fn leave(&mut self, ip: IpAddr) -> Vec<Arc<str>> {
        let Some(machine) = self.known.get_mut(&ip) else { return Vec::new() };
        machine.active = machine.active.saturating_sub(1);
        let wanted = std::mem::take(&mut machine.wanted);
        if machine.active == 0 {
            self.known.remove(&ip);
        }
        wanted
    }
}
