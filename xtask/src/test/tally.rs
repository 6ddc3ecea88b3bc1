//! How many tests there were, read from the closing lines of nextest and of `cargo test`.

use std::fmt;

/// Sums over every test runner of a run.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
    pub skipped: u64,
}

impl Tally {
    /// Adds what `line` says if it is a closing line:
    /// `Summary [ 1.2s] 5 tests run: 4 passed (1 slow), 1 failed, 2 skipped` or
    /// `test result: ok. 4 passed; 0 failed; 1 ignored; ...`.
    pub fn read(&mut self, line: &str) {
        let line = line.trim();
        let counts = match line.strip_prefix("test result: ") {
            Some(counts) => counts,
            None if line.starts_with("Summary [") && line.contains("run: ") => line,
            None => return,
        };
        let words: Vec<&str> =
            counts.split(|c: char| c.is_whitespace() || ",;()".contains(c)).collect();
        for pair in words.windows(2) {
            let Ok(count) = pair[0].parse::<u64>() else { continue };
            match pair[1] {
                "passed" => self.passed += count,
                "failed" | "timed" | "exec" => self.failed += count,
                "skipped" | "ignored" => self.skipped += count,
                _ => {}
            }
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_counted_and_nothing_else() {
        let cases = [
            ("     Summary [   0.372s] 21 tests run: 21 passed, 0 skipped", (21, 0, 0)),
            (
                "     Summary [ 10.1s] 9/12 tests run: 7 passed (1 slow), 2 failed, 3 skipped",
                (7, 2, 3),
            ),
            (
                "     Summary [ 1.0s] 3 tests run: 1 passed, 1 failed, 1 timed out, 0 skipped",
                (1, 2, 0),
            ),
            (
                "test result: ok. 4 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out",
                (4, 0, 1),
            ),
            ("test result: FAILED. 1 passed; 2 failed; 0 ignored", (1, 2, 0)),
            ("test delivery::a_full_lane ... ok", (0, 0, 0)),
            ("4 passed", (0, 0, 0)),
        ];
        for (line, (passed, failed, skipped)) in cases {
            let mut tally = Tally::default();
            tally.read(line);
            assert_eq!(tally, Tally { passed, failed, skipped }, "{line}");
        }
    }
}
