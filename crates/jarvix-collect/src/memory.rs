//! The memory of this process against what it may have. Near the limit fewer fetches are begun:
//! slower is better than being killed. Only the number of fetches is decided here; the bounds of
//! queues and bodies hold in any case.
//!
//! Additive increase, multiplicative decrease (Chiu and Jain 1989): halved above the mark, at most
//! once a second, because memory falls only as fetches end; a sixteenth more a second below it.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jarvix_core::Disk;
use tokio::time::Instant;

/// Percent of the limit above which there are fewer fetches.
const HIGH_PERCENT: u64 = 85;
/// Percent of the limit below which there are more again.
const LOW_PERCENT: u64 = 70;
/// How long a change is given to show.
const STEP_GAP: Duration = Duration::from_secs(1);
/// Bytes that are read of what the system says.
const ANSWER_BYTES_MAX: usize = 8 * 1024;

/// What a look at the memory led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Nothing that is worth telling.
    None,
    /// It came near the limit: fewer fetches from now on.
    Scarce,
    /// As many fetches as there may be, again.
    Enough,
}

/// How many fetches memory allows.
pub(crate) struct Memory {
    disk: Arc<dyn Disk>,
    /// Bytes that the process may have; `None` where nobody says.
    limit: Option<u64>,
    most: usize,
    allowed: usize,
    stepped: Option<Instant>,
}

impl Memory {
    /// For at most `most` fetches and `limit` bytes; without a limit the machine's holds.
    pub(crate) fn new(disk: Arc<dyn Disk>, limit: Option<u64>, most: usize) -> Self {
        let limit = limit.or_else(|| limit_of_machine(&*disk));
        Self { disk, limit, most, allowed: most, stepped: None }
    }

    /// How many fetches may be under way.
    pub(crate) fn allowed(&self) -> usize {
        self.allowed
    }

    /// Bytes that the process may have.
    pub(crate) fn limit(&self) -> Option<u64> {
        self.limit
    }

    /// Whether there are fewer fetches than there could be.
    pub(crate) fn is_scarce(&self) -> bool {
        self.allowed < self.most
    }

    /// Looks at the process's memory and changes what is allowed.
    pub(crate) fn look(&mut self) -> Turn {
        let (Some(limit), Some(used)) = (self.limit, resident(&*self.disk)) else {
            return Turn::None;
        };
        let now = Instant::now();
        if self.stepped.is_some_and(|last| now.duration_since(last) < STEP_GAP) {
            return Turn::None;
        }
        let was_scarce = self.is_scarce();
        // In this order nothing overflows.
        let percent = used / (limit / 100).max(1);
        if percent >= HIGH_PERCENT {
            self.allowed = (self.allowed / 2).max(1);
        } else if percent < LOW_PERCENT && was_scarce {
            self.allowed = (self.allowed + self.most.div_ceil(16)).min(self.most);
        } else {
            return Turn::None;
        }
        self.stepped = Some(now);
        match (was_scarce, self.is_scarce()) {
            (false, true) => Turn::Scarce,
            (true, false) => Turn::Enough,
            _ => Turn::None,
        }
    }
}

/// Bytes of this process that are in memory.
fn resident(disk: &dyn Disk) -> Option<u64> {
    kilobytes(&answer(disk, Path::new("/proc/self/status")).ok()?, "VmRSS:")
}

/// The least of the control groups' limits and the machine's memory.
fn limit_of_machine(disk: &dyn Disk) -> Option<u64> {
    let machine =
        answer(disk, Path::new("/proc/meminfo")).ok().and_then(|t| kilobytes(&t, "MemTotal:"));
    let groups = answer(disk, Path::new("/proc/self/cgroup")).unwrap_or_default();
    let limits = groups.lines().flat_map(limit_files).filter_map(|file| {
        // "max" is no number and no limit.
        answer(disk, Path::new(&file)).ok()?.trim().parse().ok()
    });
    limits.chain(machine).min()
}

/// The files that may hold a limit for a line of /proc/self/cgroup: those of the group and of all
/// groups around it (cgroup v2), or of the memory controller (v1).
fn limit_files(line: &str) -> Vec<String> {
    let mut fields = line.splitn(3, ':');
    let (_, controllers, path) = (fields.next(), fields.next(), fields.next());
    let (root, file) = match controllers {
        Some("") => ("/sys/fs/cgroup", "memory.max"),
        Some(names) if names.split(',').any(|name| name == "memory") => {
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
        }
        _ => return Vec::new(),
    };
    let path = path.unwrap_or_default().trim_end_matches('/');
    let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    ends.map(|end| format!("{root}{}/{file}", &path[..end])).collect()
}

/// The value of a line `name   123 kB`, in bytes.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// What the system says in `path`. Such files say that they are empty, so their size is no help.
fn answer(disk: &dyn Disk, path: &Path) -> io::Result<String> {
    let file = disk.open(path)?;
    let mut bytes = vec![0; ANSWER_BYTES_MAX];
    let read = file.read_at(&mut bytes, 0)?;
    Ok(String::from_utf8_lossy(&bytes[..read]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_looked_for_in_all_groups_around() {
        assert_eq!(
            limit_files("0::/a/b"),
            [
                "/sys/fs/cgroup/memory.max",
                "/sys/fs/cgroup/a/memory.max",
                "/sys/fs/cgroup/a/b/memory.max"
            ]
        );
        assert_eq!(limit_files("0::/"), ["/sys/fs/cgroup/memory.max"]);
        assert_eq!(
            limit_files("9:cpu,memory:/x"),
            [
                "/sys/fs/cgroup/memory/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/x/memory.limit_in_bytes"
            ]
        );
        assert!(limit_files("3:cpu:/x").is_empty() && limit_files("").is_empty());
        assert_eq!(kilobytes("A: 1 kB\nVmRSS:\t  12 kB\n", "VmRSS:"), Some(12 * 1024));
        assert_eq!(kilobytes("VmRSS: x kB", "VmRSS:"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn near_the_limit_fetches_become_fewer_and_then_more_again() {
        let disk: Arc<dyn Disk> = jarvix_store::system_env().disk;
        let used = resident(&*disk).expect("this is Linux");
        assert!(limit_of_machine(&*disk).is_some_and(|limit| limit > used), "the machine's own");

        let mut memory = Memory::new(Arc::clone(&disk), Some(used / 2), 100);
        assert_eq!(memory.look(), Turn::Scarce);
        assert_eq!((memory.look(), memory.allowed()), (Turn::None, 50), "once a second");
        for _ in 0..20 {
            tokio::time::advance(STEP_GAP).await;
            memory.look();
        }
        assert_eq!(memory.allowed(), 1, "one always may");

        memory.limit = Some(used * 100);
        let mut turns = Vec::new();
        for _ in 0..20 {
            tokio::time::advance(STEP_GAP).await;
            turns.push(memory.look());
        }
        assert_eq!(memory.allowed(), 100);
        assert_eq!(turns.iter().filter(|turn| **turn == Turn::Enough).count(), 1);
    }
}
