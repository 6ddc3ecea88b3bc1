//! How much the hosts were asked: the sums in a sentence, the hosts that were asked most in a table.

use super::Shown;
use crate::{PoliteHost, PolitenessFacts, Summary, words};

/// What the report says of manners.
pub(crate) struct Manners {
    pub(crate) note: String,
    pub(crate) rows: Vec<Row>,
}

/// A host's row.
pub(crate) struct Row {
    pub(crate) name: Shown,
    pub(crate) requests: String,
    pub(crate) concurrency: String,
    pub(crate) gap: String,
    pub(crate) delay: String,
    pub(crate) pauses: String,
    pub(crate) aside: String,
}

impl Manners {
    pub(crate) fn of(summary: &Summary) -> Self {
        let facts = &summary.politeness;
        let note = match &summary.part {
            Some(_) if facts.hosts == 0 => {
                "What is known of manners is known of whole hosts: see the report of the whole run."
                    .to_owned()
            }
            _ => note(facts),
        };
        Self { note, rows: facts.worst.iter().map(Row::of).collect() }
    }
}

fn note(facts: &PolitenessFacts) -> String {
    if facts.hosts == 0 {
        return "No server was asked.".to_owned();
    }
    let gap = facts.gap_min_us.map(|us| {
        format!("; the shortest time between two requests to one host was {}", milliseconds(us))
    });
    let mut note = format!(
        "{} to {}, robots.txt, redirects and retries included. At most {} under way at one host at \
         a time{}. Hosts asked {} to wait, and were waited for; {} put aside because they kept \
         failing, and {} given up.",
        words::counted(facts.requests, "request", "requests"),
        words::counted(facts.hosts, "host", "hosts"),
        words::counted(facts.concurrency_max, "fetch was", "fetches were"),
        gap.unwrap_or_default(),
        words::counted(facts.pauses, "time", "times"),
        words::counted(facts.put_aside, "time they were", "times they were"),
        words::counted(facts.suspended, "host was", "hosts were"),
    );
    if (facts.worst.len() as u64) < facts.hosts {
        note.push_str(" The hosts that were asked most at a time:");
    }
    note
}

/// `1.5 ms`, from microseconds.
fn milliseconds(us: u64) -> String {
    format!("{}.{} ms", words::number(us / 1_000), us % 1_000 / 100)
}

impl Row {
    fn of(host: &PoliteHost) -> Self {
        let none = || "–".to_owned();
        let aside = words::number(host.put_aside);
        Self {
            name: Shown::of(&host.host),
            requests: words::number(host.requests),
            concurrency: words::number(host.concurrency_max),
            gap: host.gap_min_us.map_or_else(none, milliseconds),
            delay: host.crawl_delay_ms.map_or_else(none, |ms| milliseconds(ms * 1_000)),
            pauses: words::number(host.pauses),
            aside: if host.suspended { format!("{aside}, given up") } else { aside },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_read_well() {
        assert_eq!(
            [0, 90, 1_549, 2_000_000].map(milliseconds),
            ["0.0 ms", "0.0 ms", "1.5 ms", "2,000.0 ms"]
        );
    }
}
