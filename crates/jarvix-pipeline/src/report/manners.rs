//! What the hosts of each group were asked, beside the groups: both come in the order of their names.

use jarvix_query::{RowStream, Session, Table};
use jarvix_report::{POLITE_ROWS, PoliteHost, PolitenessFacts};
use tokio::runtime::Handle;

use super::Split;
use crate::LineError;
use crate::summary::Rows;
use crate::summary::politeness::polite_host;

/// The hosts that are still to come.
pub(super) struct Manners {
    stream: RowStream,
    rows: Rows,
    at: usize,
    runtime: Handle,
}

impl Manners {
    /// The hosts of a run; `None` where groups are not made of hosts.
    pub(super) fn of(
        session: &Session,
        by: &Split,
        runtime: &Handle,
    ) -> Result<Option<Self>, LineError> {
        let Some(sql) = by.hosts() else { return Ok(None) };
        let stream = runtime.block_on(session.stream(&sql))?;
        let rows = Rows { table: Table { columns: stream.columns().to_vec(), rows: Vec::new() } };
        Ok(Some(Self { stream, rows, at: 0, runtime: runtime.clone() }))
    }

    /// What the hosts of the group of that name were asked. Groups are asked for in their order.
    pub(super) fn facts(&mut self, name: &str) -> Result<PolitenessFacts, LineError> {
        let mut facts = PolitenessFacts::default();
        while self.is_filled()? {
            let key = self.rows.text(self.at, "split_key");
            if key.as_str() > name {
                break;
            }
            // Hosts without a page of their own, such as those of redirects, are of no group.
            if key == name {
                add(&mut facts, polite_host(&self.rows, self.at));
            }
            self.at += 1;
        }
        Ok(facts)
    }

    fn is_filled(&mut self) -> Result<bool, LineError> {
        while self.at >= self.rows.len() {
            let Some(rows) = self.runtime.block_on(self.stream.next_rows())? else {
                return Ok(false);
            };
            (self.rows.table.rows, self.at) = (rows, 0);
        }
        Ok(true)
    }
}

fn add(facts: &mut PolitenessFacts, host: PoliteHost) {
    facts.hosts += 1;
    facts.requests += host.requests;
    facts.concurrency_max = facts.concurrency_max.max(host.concurrency_max);
    facts.gap_min_us = match (facts.gap_min_us, host.gap_min_us) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    facts.pauses += host.pauses;
    facts.put_aside += host.put_aside;
    facts.suspended += u64::from(host.suspended);
    facts.worst.push(host);
    // As the run's own report has them: most at a time, then the shortest gap, then most requests.
    facts.worst.sort_by(|a, b| {
        let rank = |h: &PoliteHost| {
            let gap = (h.gap_min_us.is_none(), h.gap_min_us);
            (std::cmp::Reverse(h.concurrency_max), gap, std::cmp::Reverse(h.requests))
        };
        rank(a).cmp(&rank(b)).then_with(|| a.host.cmp(&b.host))
    });
    facts.worst.truncate(POLITE_ROWS);
}
