//! What the examples that are benchmarks say of themselves: one line that `cargo xtask bench` reads.

use std::error::Error;
use std::io::{self, Write as _};
use std::time::Duration;

/// Says what `pages` pages or texts took.
pub fn say(pages: usize, cpu: Duration, wall: Duration) -> io::Result<()> {
    let (cpu, wall) = (cpu.as_secs_f64(), wall.as_secs_f64());
    writeln!(io::stdout(), "bench pages={pages} failed=0 cpu_s={cpu:.3} wall_s={wall:.3}")
}

/// User and system time of this process so far; Linux counts it in hundredths of a second.
pub fn cpu() -> Result<Duration, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    // The second field is the program's name in brackets and may have spaces in it.
    let (_, fields) = text.rsplit_once(')').ok_or("/proc/self/stat is not what it was")?;
    let ticks: Result<Vec<u64>, _> =
        fields.split_whitespace().skip(11).take(2).map(str::parse).collect();
    Ok(Duration::from_millis(10 * ticks?.iter().sum::<u64>()))
}
