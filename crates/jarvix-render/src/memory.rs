//! How much memory a group of processes takes, as the process table says. Where there is no
//! `/proc`, nobody knows, and the browser has its own limits alone.

use std::fs;

/// Bytes that the processes of `group` hold alone, all together; `None` where the system does not
/// say.
pub(crate) fn of_group(group: u32) -> Option<u64> {
    let mut sum = 0;
    for entry in fs::read_dir("/proc").ok()?.flatten() {
        let is_process = entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit);
        // A process that has ended meanwhile takes nothing.
        if is_process && group_of(&read(&entry, "stat")) == Some(group) {
            sum += anonymous(&read(&entry, "status")).unwrap_or(0);
        }
    }
    Some(sum)
}

fn read(entry: &fs::DirEntry, name: &str) -> String {
    fs::read_to_string(entry.path().join(name)).unwrap_or_default()
}

/// The process group in a `stat` line. The name before it is in parentheses and may hold any.
fn group_of(stat: &str) -> Option<u32> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(2)?.parse().ok()
}

/// Memory that is not shared with files, in bytes.
fn anonymous(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_read_whatever_a_process_is_called() {
        assert_eq!(group_of("7 (a) b) S 1 42 42 0 -1"), Some(42));
        assert_eq!(group_of(""), None);
        assert_eq!(anonymous("Name:\tx\nRssAnon:\t  2048 kB\n"), Some(2 * 1024 * 1024));
        assert_eq!(anonymous("Name:\tx\n"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn our_own_group_takes_something() {
        let stat = fs::read_to_string("/proc/self/stat").expect("a process table");
        let group = group_of(&stat).expect("our group");
        assert!(of_group(group).expect("a figure") > 64 * 1024);
    }
}
