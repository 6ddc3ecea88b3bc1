//! What a process took so far, for the peers that are Rust: included by each, as they share no crate.

use std::time::Duration;

/// User and system time of this process so far; Linux counts it in hundredths of a second.
pub fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").expect("/proc");
    let (_, fields) = text.rsplit_once(')').expect("a name in brackets");
    let fields = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = fields.map(|field| field.parse::<u64>().expect("ticks")).sum();
    Duration::from_millis(10 * ticks)
}
