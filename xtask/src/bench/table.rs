//! The result: a row per program and size, as a table that reads well in a terminal and in
//! Markdown.

use std::time::Duration;

use super::measure::Run;
use super::peers::Answers;

/// The program whose rate is the ceiling of origin and loopback.
pub const CEILING: &str = "wrk (ceiling)";
/// The program whose CPU time per URL Jarvix is compared with.
pub const SLOW: &str = "Scrapy";

/// One program's run over one list.
pub struct Row {
    pub program: String,
    /// How many URLs its list had; `None` for one that goes through it again and again.
    pub urls: Option<usize>,
    /// The size of the run that it belongs to; its own list may be shorter.
    pub size: usize,
    pub run: Run,
    pub answers: Answers,
    /// What the origin needed meanwhile.
    pub origin_cpu: Duration,
    /// What it left on disk.
    pub stored: Option<u64>,
    /// What it does not do.
    pub without: &'static str,
}

const HEADS: [&str; 18] = [
    "program",
    "URLs",
    "URLs/s",
    "of wrk",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "wall s",
    "CPU s",
    "CPU s/1,000",
    "Scrapy CPU",
    "use",
    "RSS MB",
    "stored MB",
    "origin CPU s",
    "origin s/1,000",
    "answered",
    "leaves out",
];

impl Row {
    pub fn new(program: &str, urls: Option<usize>, run: Run, answers: Answers) -> Self {
        Self {
            program: program.to_owned(),
            urls,
            size: 0,
            run,
            answers,
            origin_cpu: Duration::ZERO,
            stored: None,
            without: "",
        }
    }

    pub fn stored(self, bytes: u64) -> Self {
        Self { stored: Some(bytes), ..self }
    }

    pub fn without(self, what: &'static str) -> Self {
        Self { without: what, ..self }
    }

    /// Whether every URL was asked for and answered.
    pub fn is_complete(&self) -> bool {
        self.answers.failed == 0 && self.urls.is_none_or(|urls| urls as u64 == self.answers.asked)
    }

    pub fn answered(&self) -> u64 {
        self.answers.asked.saturating_sub(self.answers.failed)
    }

    pub fn urls_per_s(&self) -> f64 {
        self.answered() as f64 / self.run.wall.as_secs_f64()
    }

    /// CPU seconds of the program per 1,000 URLs.
    pub fn cpu_per_1000(&self) -> f64 {
        self.run.cpu.as_secs_f64() * 1000.0 / self.answered() as f64
    }

    fn cells(&self, all: &[Self], cores: usize) -> Vec<String> {
        let (wall, cpu) = (self.run.wall.as_secs_f64(), self.run.cpu.as_secs_f64());
        let origin = self.origin_cpu.as_secs_f64();
        let ms = |of: fn(&super::peers::Latency) -> f64| {
            self.answers.latency.as_ref().map_or_else(nothing, |l| format!("{:.1}", of(l)))
        };
        let times = |slow: &Self| format!("{:.1}x", slow.cpu_per_1000() / self.cpu_per_1000());
        let mb = |bytes: u64| format!("{:.0}", bytes as f64 / 1e6);
        vec![
            self.program.clone(),
            self.answers.asked.to_string(),
            format!("{:.0}", self.urls_per_s()),
            share_of_ceiling(self, all).map_or_else(nothing, |s| format!("{:.0}%", 100.0 * s)),
            ms(|l| l.p50_ms),
            ms(|l| l.p95_ms),
            ms(|l| l.p99_ms),
            format!("{wall:.2}"),
            format!("{cpu:.2}"),
            format!("{:.4}", self.cpu_per_1000()),
            all.iter().find(|row| row.program == SLOW).map_or_else(nothing, times),
            format!("{:.0}%", 100.0 * cpu / wall / cores as f64),
            mb(self.run.rss_bytes),
            self.stored.map_or_else(nothing, mb),
            format!("{origin:.2}"),
            format!("{:.4}", origin * 1000.0 / self.answered() as f64),
            self.answered().to_string(),
            self.without.to_owned(),
        ]
    }
}

fn nothing() -> String {
    "-".to_owned()
}

/// Its rate as a share of the ceiling's, in the run of the same size.
pub fn share_of_ceiling(row: &Row, all: &[Row]) -> Option<f64> {
    let ceiling = all.iter().find(|other| other.program == CEILING && other.size == row.size)?;
    Some(row.urls_per_s() / ceiling.urls_per_s())
}

/// The rows as a Markdown table.
pub fn render(rows: &[Row], cores: usize) -> String {
    let cells: Vec<Vec<String>> = rows.iter().map(|row| row.cells(rows, cores)).collect();
    markdown(&HEADS, &cells)
}

/// A Markdown table, columns aligned: those with a number in the first row to the right.
pub fn markdown(heads: &[&str], rows: &[Vec<String>]) -> String {
    let is_number = |cell: &String| cell == "-" || cell.starts_with(|c: char| c.is_ascii_digit());
    let head: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let right: Vec<bool> = (0..heads.len())
        .map(|column| rows.first().and_then(|row| row.get(column)).is_some_and(is_number))
        .collect();
    let lines = || std::iter::once(&head).chain(rows);
    let width = |column: usize| {
        lines().filter_map(|cells| cells.get(column)).map(|c| c.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let mut out = String::new();
    for (number, cells) in lines().enumerate() {
        let padded = cells.iter().zip(&widths).zip(&right).map(|((cell, &width), right)| {
            if *right { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        out.push_str(&format!("| {} |\n", padded.collect::<Vec<_>>().join(" | ")));
        if number == 0 {
            let rules = widths.iter().zip(&right).map(|(&width, right)| {
                if *right { "-".repeat(width - 1) + ":" } else { "-".repeat(width) }
            });
            out.push_str(&format!("| {} |\n", rules.collect::<Vec<_>>().join(" | ")));
        }
    }
    out
}

/// The row with the median rate; the rows are of one program and size.
pub fn median(mut rows: Vec<Row>) -> Option<Row> {
    rows.sort_by(|a, b| a.urls_per_s().total_cmp(&b.urls_per_s()));
    let middle = rows.len() / 2;
    (middle < rows.len()).then(|| rows.swap_remove(middle))
}

#[cfg(test)]
pub mod tests {
    use super::super::peers::Latency;
    use super::*;

    /// A row of 100 URLs, 20 of them failed.
    pub fn row(program: &str, wall_s: u64) -> Row {
        let run = Run {
            wall: Duration::from_secs(wall_s),
            cpu: Duration::from_secs(wall_s),
            rss_bytes: 12_000_000,
            stdout: String::new(),
        };
        let latency = Some(Latency { p50_ms: 1.0, p95_ms: 2.0, p99_ms: 3.0 });
        Row::new(program, Some(100), run, Answers { asked: 100, failed: 20, latency })
    }

    #[test]
    fn a_row_adds_up() {
        let mut slow = row(SLOW, 8);
        slow.answers.latency = None;
        let rows = [row("jarvix", 4).stored(3_000_000).without("sleep"), row(CEILING, 2), slow];
        let text = render(&rows, 2);
        let cells = |line: usize| -> Vec<String> {
            let line = text.lines().nth(line).unwrap();
            line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
        };
        let expected = [
            "jarvix", "100", "20", "50%", "1.0", "2.0", "3.0", "4.00", "4.00", "50.0000", "2.0x",
            "50%", "12", "3", "0.00", "0.0000", "80", "sleep",
        ];
        assert_eq!(cells(2), expected);
        assert_eq!(cells(3)[3], "100%");
        assert_eq!(cells(4)[3..7], ["25%", "-", "-", "-"]);
        let widths: Vec<usize> = text.lines().map(str::len).collect();
        assert!(widths.iter().all(|width| *width == widths[0]), "{text}");
    }

    #[test]
    fn the_ceiling_is_that_of_the_same_size() {
        let sized = |program, wall_s, size| Row { size, ..row(program, wall_s) };
        let rows = [sized("a", 4, 1), sized(CEILING, 2, 1), sized("a", 4, 2), sized(CEILING, 1, 2)];
        assert_eq!(share_of_ceiling(&rows[0], &rows), Some(0.5));
        assert_eq!(share_of_ceiling(&rows[2], &rows), Some(0.25));
        assert_eq!(share_of_ceiling(&rows[2], &rows[..2]), None);
    }

    #[test]
    fn what_was_not_asked_or_not_answered_makes_it_incomplete() {
        let of = |urls, asked, failed| {
            let mut row = row("any", 1);
            (row.urls, row.answers.asked, row.answers.failed) = (urls, asked, failed);
            row.is_complete()
        };
        assert!(of(Some(100), 100, 0) && of(None, 12_345, 0));
        assert!(!of(Some(100), 100, 1) && !of(Some(100), 99, 0) && !of(None, 12_345, 1));
    }

    #[test]
    fn the_median_is_a_whole_row() {
        let walls = |list: &[u64]| {
            median(list.iter().map(|s| row("any", *s)).collect()).map(|r| r.run.wall.as_secs())
        };
        assert_eq!(walls(&[9, 1, 5]), Some(5));
        assert_eq!(walls(&[7]), Some(7));
        assert_eq!(walls(&[]), None);
    }

    #[test]
    fn numbers_stand_to_the_right() {
        let rows = [vec!["ab".to_owned(), "7".to_owned()], vec!["c".to_owned(), "12".to_owned()]];
        let text = markdown(&["name", "count"], &rows);
        assert_eq!(
            text,
            "| name | count |\n| ---- | ----: |\n| ab   |     7 |\n| c    |    12 |\n"
        );
    }
}
