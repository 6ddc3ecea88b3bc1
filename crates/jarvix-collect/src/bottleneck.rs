//! What limited a run, with a figure: the loop samples ten times a second where it stands, and the
//! most frequent answer wins. For people; nothing decides by it.

/// Where the loop stood at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sample {
    /// All fetches that may be under way were.
    Fetches,
    /// The same, while the machine had nothing left to compute with.
    Processor,
    /// Work was there, but its hosts were at their limit or had to wait.
    Hosts,
    /// The same, and all of the work in sight was one host's.
    OneHost,
    /// The rate over all hosts.
    Rate,
    /// Fetches waited for the byte budget.
    Budget,
    /// The process was near its limit of memory.
    Memory,
    /// Finished pages waited for the writer.
    Writer,
    /// The disk was full.
    Disk,
    /// The next stage was too far behind.
    Backlog,
    /// The frontier was not read fast enough.
    Input,
    /// There was nothing left to begin.
    Tail,
}

const KINDS: [Sample; 12] = [
    Sample::Fetches,
    Sample::Processor,
    Sample::Hosts,
    Sample::OneHost,
    Sample::Rate,
    Sample::Budget,
    Sample::Memory,
    Sample::Writer,
    Sample::Disk,
    Sample::Backlog,
    Sample::Input,
    Sample::Tail,
];

/// The samples of a run.
#[derive(Debug)]
pub(crate) struct Bottleneck {
    counts: [u64; KINDS.len()],
    concurrent: usize,
    budget_waits: u64,
    /// The host that work waited for alone, last.
    only_host: String,
}

impl Bottleneck {
    pub(crate) fn new(concurrent: usize) -> Self {
        Self { counts: [0; KINDS.len()], concurrent, budget_waits: 0, only_host: String::new() }
    }

    pub(crate) fn add(&mut self, sample: Sample) {
        self.counts[sample as usize] += 1;
    }

    /// All of the work in sight is `host`'s, which is at its limit.
    pub(crate) fn add_only_host(&mut self, host: &str) {
        self.add(Sample::OneHost);
        if self.only_host != host {
            host.clone_into(&mut self.only_host);
        }
    }

    /// Whether a fetch has waited for the byte budget since this was last asked.
    pub(crate) fn budget_waited(&mut self, waits: u64) -> bool {
        std::mem::replace(&mut self.budget_waits, waits) != waits
    }

    /// What limited the run, in words.
    pub(crate) fn describe(&self) -> String {
        let all: u64 = self.counts.iter().sum();
        // Of equals the first: the list goes from what is usual to what is rare.
        let most = KINDS.iter().rev().max_by_key(|kind| self.counts[**kind as usize]);
        let kind = most.copied().unwrap_or(Sample::Tail);
        let share = (self.counts[kind as usize] * 100).checked_div(all).unwrap_or(0);
        let n = self.concurrent;
        match kind {
            Sample::Fetches => {
                format!("servers and network: all {n} fetches were under way {share}% of the time")
            }
            Sample::Processor => {
                format!("the processor: all cores of the machine were busy {share}% of the time")
            }
            Sample::OneHost => {
                let host = &self.only_host;
                format!(
                    "one host: {share}% of the time all that was left was {host}'s, at its limit"
                )
            }
            Sample::Hosts => {
                format!(
                    "the limits per host: every host with work was at its own {share}% of the time"
                )
            }
            Sample::Rate => format!("the rate over all hosts: it was reached {share}% of the time"),
            Sample::Budget => {
                format!("the byte budget: bodies waited for memory {share}% of the time")
            }
            Sample::Memory => {
                format!("memory: near its limit there were fewer fetches {share}% of the time")
            }
            Sample::Writer => format!("writing parts: pages waited for it {share}% of the time"),
            Sample::Disk => format!("the disk: it was full {share}% of the time"),
            Sample::Backlog => {
                format!("curation: fetching waited for it to catch up {share}% of the time")
            }
            Sample::Input => {
                format!("reading the frontier: it was waited for {share}% of the time")
            }
            Sample::Tail => {
                format!("the last answers: {share}% of the time there was nothing left to begin")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_sample_is_named_with_its_share() {
        let mut bottleneck = Bottleneck::new(100);
        assert!(!bottleneck.budget_waited(0));
        assert!(bottleneck.budget_waited(3));
        assert!(!bottleneck.budget_waited(3));
        for (n, kind) in KINDS.iter().enumerate() {
            assert_eq!(*kind as usize, n);
            bottleneck.add(*kind);
        }
        (0..3 * KINDS.len() - 4).for_each(|_| bottleneck.add(Sample::Hosts));
        assert!(bottleneck.describe().contains("75% of the time"), "{}", bottleneck.describe());
        assert!(!Bottleneck::new(1).describe().is_empty());
        let mut alone = Bottleneck::new(1);
        alone.add_only_host("giant.example");
        assert!(alone.describe().contains("giant.example"), "{}", alone.describe());
    }
}
