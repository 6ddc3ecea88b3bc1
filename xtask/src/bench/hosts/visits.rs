//! The server's requests, one by one, and how many of them were in flight over time.

use std::path::Path;

use anyhow::{Context, Result, bail};

use super::super::table;

/// The grain of "over time".
const SLICE_US: u64 = 50_000;
/// Rows of the table.
const ROWS_MAX: usize = 20;

/// A request: start and end in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    pub start_us: u64,
    pub end_us: u64,
}

/// Reads what `jarvix-origin --visits` wrote.
pub fn read(path: &Path) -> Result<Vec<Visit>> {
    std::fs::read_to_string(path)?.lines().map(parse).collect()
}

fn parse(line: &str) -> Result<Visit> {
    let mut fields = line.split('\t').skip(1).map(str::parse::<u64>);
    let mut number =
        || fields.next().and_then(Result::ok).with_context(|| format!("not a visit: {line:?}"));
    let (start_us, end_us) = (number()?, number()?);
    if end_us < start_us {
        bail!("a visit ends before it begins: {line:?}");
    }
    Ok(Visit { start_us, end_us })
}

/// How much of a budget was in use, from the first request until the tail. The tail begins with
/// the request after which fewer are left to begin than the budget has places: no order of the
/// rest could fill it.
pub struct Usage {
    /// Shares of the budget, slice by slice; the last one may be shorter than the others.
    slices: Vec<f64>,
    until_tail_us: u64,
    tail_us: u64,
    in_use_us: f64,
    budget: usize,
}

impl Usage {
    pub fn of(visits: &[Visit], budget: usize) -> Result<Self> {
        let mut starts: Vec<u64> = visits.iter().map(|visit| visit.start_us).collect();
        starts.sort_unstable();
        let tail = visits.len().checked_sub(budget).and_then(|at| starts.get(at));
        let (Some(&first), Some(&tail)) = (starts.first(), tail) else {
            bail!("{} requests never fill {budget} connections", visits.len());
        };
        let end = visits.iter().map(|visit| visit.end_us).max().unwrap_or(tail);
        let until_tail_us = (tail - first).max(1);
        let mut in_use = vec![0_u64; until_tail_us.div_ceil(SLICE_US) as usize];
        for visit in visits {
            let (mut at, stop) =
                (visit.start_us - first, visit.end_us.min(tail).saturating_sub(first));
            while at < stop {
                let slice = at / SLICE_US;
                let next = ((slice + 1) * SLICE_US).min(stop);
                in_use[slice as usize] += next - at;
                at = next;
            }
        }
        let length = |slice: usize| (until_tail_us - slice as u64 * SLICE_US).min(SLICE_US);
        let share =
            |(slice, us): (usize, &u64)| *us as f64 / (length(slice) * budget as u64) as f64;
        let slices = in_use.iter().enumerate().map(share).collect();
        let in_use_us = in_use.iter().sum::<u64>() as f64;
        Ok(Self { slices, until_tail_us, tail_us: end.saturating_sub(tail), in_use_us, budget })
    }

    /// The share in use until the tail, on average over time.
    pub fn share(&self) -> f64 {
        self.in_use_us / (self.until_tail_us as f64 * self.budget as f64)
    }

    /// How long the tail was.
    pub fn tail_s(&self) -> f64 {
        self.tail_us as f64 / 1e6
    }

    /// The shares over time, in at most [`ROWS_MAX`] rows.
    pub fn table(&self) -> String {
        let per_row = self.slices.len().div_ceil(ROWS_MAX).max(1);
        let row = |(at, slices): (usize, &[f64])| {
            let from = (at * per_row) as f64 * SLICE_US as f64 / 1e6;
            let mean = slices.iter().sum::<f64>() / slices.len() as f64;
            let (least, most) = slices.iter().fold((f64::MAX, 0.0_f64), |(least, most), share| {
                (least.min(*share), most.max(*share))
            });
            let mut cells = vec![format!("{from:.2}")];
            cells.extend([mean, least, most].map(|share| format!("{:.1}%", 100.0 * share)));
            cells
        };
        let rows: Vec<Vec<String>> = self.slices.chunks(per_row).enumerate().map(row).collect();
        table::markdown(&["from s", "mean", "least 50 ms", "most 50 ms"], &rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visit(start_ms: u64, end_ms: u64) -> Visit {
        Visit { start_us: start_ms * 1000, end_us: end_ms * 1000 }
    }

    #[test]
    fn a_line_of_the_log_is_read() {
        let line = "h7.localhost\t1000\t2500\t200\tpage";
        assert_eq!(parse(line).unwrap(), Visit { start_us: 1000, end_us: 2500 });
        for bad in ["", "h\t1", "h\tx\t2\t200\tpage", "h\t5\t4\t200\tpage"] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_is_in_flight_is_summed_until_the_tail() {
        // Two places; the first is in use all the time, the second half of it.
        let visits = [visit(100, 200), visit(100, 150), visit(200, 300), visit(300, 900)];
        let usage = Usage::of(&visits, 2).unwrap();
        assert_eq!(usage.until_tail_us, 100_000, "from 100 ms to the start of the last but one");
        assert!((usage.share() - 0.75).abs() < 1e-9, "{}", usage.share());
        assert_eq!(usage.slices, [1.0, 0.5]);
        assert!((usage.tail_s() - 0.7).abs() < 1e-9);
        assert_eq!(usage.table().lines().count(), 4);
        assert!(Usage::of(&visits, 5).is_err());
    }

    #[test]
    fn a_last_slice_that_is_short_counts_by_its_length() {
        let visits = [visit(0, 75), visit(75, 100)];
        let usage = Usage::of(&visits, 1).unwrap();
        assert_eq!(usage.slices, [1.0, 1.0]);
        assert!((usage.share() - 1.0).abs() < 1e-9);
    }
}
