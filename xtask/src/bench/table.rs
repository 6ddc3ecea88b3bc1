//! The result: a row per program and size, as a table that reads well in a terminal and in
//! Markdown.

use std::time::Duration;

use super::measure::Run;
use super::peers::Answers;

/// One program's run over one list.
pub struct Row {
    pub program: String,
    /// How many URLs its list had; `None` for one that goes through it again and again.
    pub urls: Option<usize>,
    pub run: Run,
    pub answers: Answers,
    /// What the origin needed meanwhile.
    pub origin_cpu: Duration,
}

const HEADS: [&str; 12] = [
    "program",
    "URLs",
    "URLs/s",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "wall s",
    "CPU s",
    "use",
    "RSS MB",
    "origin CPU s",
    "answered",
];

impl Row {
    pub fn new(program: &str, urls: Option<usize>, run: Run, answers: Answers) -> Self {
        Self { program: program.to_owned(), urls, run, answers, origin_cpu: Duration::ZERO }
    }

    /// Whether every URL was asked for and answered.
    pub fn is_complete(&self) -> bool {
        self.answers.failed == 0 && self.urls.is_none_or(|urls| urls as u64 == self.answers.asked)
    }

    pub fn answered(&self) -> u64 {
        self.answers.asked - self.answers.failed
    }

    pub fn urls_per_s(&self) -> f64 {
        self.answered() as f64 / self.run.wall.as_secs_f64()
    }

    fn cells(&self, cores: usize) -> [String; HEADS.len()] {
        let (wall, cpu) = (self.run.wall.as_secs_f64(), self.run.cpu.as_secs_f64());
        [
            self.program.clone(),
            self.answers.asked.to_string(),
            format!("{:.0}", self.urls_per_s()),
            format!("{:.1}", self.answers.p50_ms),
            format!("{:.1}", self.answers.p95_ms),
            format!("{:.1}", self.answers.p99_ms),
            format!("{wall:.2}"),
            format!("{cpu:.2}"),
            format!("{:.0}%", 100.0 * cpu / wall / cores as f64),
            format!("{:.0}", self.run.rss_bytes as f64 / 1e6),
            format!("{:.2}", self.origin_cpu.as_secs_f64()),
            self.answered().to_string(),
        ]
    }
}

/// The rows as a Markdown table, columns aligned.
pub fn render(rows: &[Row], cores: usize) -> String {
    let mut lines = vec![HEADS.map(str::to_owned)];
    lines.extend(rows.iter().map(|row| row.cells(cores)));
    let widths: [usize; HEADS.len()] = std::array::from_fn(|column| {
        lines.iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0)
    });
    let mut out = String::new();
    for (number, cells) in lines.iter().enumerate() {
        let padded = cells.iter().zip(widths).enumerate().map(|(column, (cell, width))| {
            // The program's name to the left, numbers to the right.
            if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        out.push_str(&format!("| {} |\n", padded.collect::<Vec<_>>().join(" | ")));
        if number == 0 {
            let rules = widths.iter().enumerate().map(|(column, width)| {
                if column == 0 { "-".repeat(*width) } else { "-".repeat(width - 1) + ":" }
            });
            out.push_str(&format!("| {} |\n", rules.collect::<Vec<_>>().join(" | ")));
        }
    }
    out
}

/// The row with the median wall time; the rows are of one program and size.
pub fn median(mut rows: Vec<Row>) -> Option<Row> {
    rows.sort_by_key(|row| row.run.wall);
    let middle = rows.len() / 2;
    (middle < rows.len()).then(|| rows.swap_remove(middle))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(wall_s: u64) -> Row {
        let run = Run {
            wall: Duration::from_secs(wall_s),
            cpu: Duration::from_secs(wall_s),
            rss_bytes: 12_000_000,
            stdout: String::new(),
        };
        let answers = Answers { asked: 100, failed: 20, p50_ms: 1.0, p95_ms: 2.0, p99_ms: 3.0 };
        Row::new("jarvix", Some(100), run, answers)
    }

    #[test]
    fn a_row_adds_up() {
        let text = render(&[row(4)], 2);
        let cells: Vec<&str> = text.lines().nth(2).unwrap().split('|').map(str::trim).collect();
        let expected = [
            "", "jarvix", "100", "20", "1.0", "2.0", "3.0", "4.00", "4.00", "50%", "12", "0.00",
            "80", "",
        ];
        assert_eq!(cells, expected);
        let widths: Vec<usize> = text.lines().map(str::len).collect();
        assert!(widths.iter().all(|width| *width == widths[0]), "{text}");
    }

    #[test]
    fn what_was_not_asked_or_not_answered_makes_it_incomplete() {
        let of = |urls, asked, failed| {
            let mut row = row(1);
            (row.urls, row.answers.asked, row.answers.failed) = (urls, asked, failed);
            row.is_complete()
        };
        assert!(of(Some(100), 100, 0) && of(None, 12_345, 0));
        assert!(!of(Some(100), 100, 1) && !of(Some(100), 99, 0) && !of(None, 12_345, 1));
    }

    #[test]
    fn the_median_is_a_whole_row() {
        let walls = |list: &[u64]| {
            median(list.iter().map(|s| row(*s)).collect()).map(|r| r.run.wall.as_secs())
        };
        assert_eq!(walls(&[9, 1, 5]), Some(5));
        assert_eq!(walls(&[7]), Some(7));
        assert_eq!(walls(&[]), None);
    }
}
