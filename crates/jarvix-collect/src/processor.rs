//! Whether the machine's cores are all busy: then the processor limits a run, and neither servers
//! nor network do. For people; nothing decides by it.

use std::path::Path;
use std::sync::Arc;

use jarvix_core::Disk;

/// Percent of the machine's time above which its cores count as busy.
const BUSY_PERCENT: u64 = 95;
/// Bytes that are read of what the system says; its first line is what is wanted.
const LINE_BYTES_MAX: usize = 512;

/// Looks at the machine's cores now and then.
pub(crate) struct Processor {
    disk: Arc<dyn Disk>,
    last: Option<Times>,
    busy: bool,
}

/// Time of all cores together since the machine started, in the system's ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Times {
    all: u64,
    idle: u64,
}

impl Processor {
    pub(crate) fn new(disk: Arc<dyn Disk>) -> Self {
        Self { disk, last: None, busy: false }
    }

    /// Whether the cores were busy between the last two looks.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy
    }

    /// Looks; about once a second, because the system counts in hundredths.
    pub(crate) fn look(&mut self) {
        let now = self.times();
        if let (Some(last), Some(now)) = (self.last, now) {
            self.busy = is_busy(last, now);
        }
        self.last = now;
    }

    fn times(&self) -> Option<Times> {
        let file = self.disk.open(Path::new("/proc/stat")).ok()?;
        let mut bytes = [0; LINE_BYTES_MAX];
        let read = file.read_at(&mut bytes, 0).ok()?;
        parse(&String::from_utf8_lossy(&bytes[..read]))
    }
}

fn is_busy(last: Times, now: Times) -> bool {
    let all = now.all.saturating_sub(last.all);
    let idle = now.idle.saturating_sub(last.idle);
    all > 0 && (all.saturating_sub(idle)) * 100 >= all * BUSY_PERCENT
}

/// The line `cpu  user nice system idle iowait irq softirq steal ...` of /proc/stat. Waiting for
/// the disk is idle.
fn parse(text: &str) -> Option<Times> {
    let line = text.lines().next()?.strip_prefix("cpu ")?;
    let ticks = line.split_whitespace().take(8).map(str::parse).collect::<Result<Vec<u64>, _>>();
    let ticks = ticks.ok().filter(|ticks| ticks.len() >= 5)?;
    Some(Times { all: ticks.iter().sum(), idle: ticks[3] + ticks[4] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_are_busy_when_next_to_nothing_is_idle() {
        let times = parse("cpu  100 0 50 800 50 0 0 0 7 0\ncpu0 1 2 3 4").expect("a line");
        assert_eq!(times, Times { all: 1_000, idle: 850 });
        assert!(is_busy(times, Times { all: 1_200, idle: 860 }));
        assert!(!is_busy(times, Times { all: 1_200, idle: 870 }));
        assert!(!is_busy(times, times), "no time has passed");
        for text in ["", "cpu", "cpu  1 2 3", "cpu  a b c d e", "intr 1 2 3 4 5"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
        let mut processor = Processor::new(jarvix_store::system_env().disk);
        processor.look();
        assert!(processor.last.is_some() && !processor.is_busy(), "one look says nothing yet");
    }
}
