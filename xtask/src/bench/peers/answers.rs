//! Counting what a program fetched, from what it left behind.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// Counts, and percentiles where they are known.
#[derive(Debug, Default, PartialEq)]
pub struct Answers {
    pub asked: u64,
    pub failed: u64,
    pub latency: Option<Latency>,
}

/// From the request to the last byte, over all URLs.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Latency {
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
}

impl Latency {
    fn of(mut times_ms: Vec<f64>) -> Option<Self> {
        times_ms.sort_by(f64::total_cmp);
        let last = times_ms.len().checked_sub(1)?;
        let quantile = |q: f64| times_ms[(last as f64 * q).round() as usize];
        Some(Self { p50_ms: quantile(0.5), p95_ms: quantile(0.95), p99_ms: quantile(0.99) })
    }
}

/// A page as the slower peers keep it.
#[derive(Deserialize)]
struct Item<'a> {
    url: Cow<'a, str>,
    status: u16,
    body: Cow<'a, str>,
    elapsed_ms: Option<f64>,
}

/// Items are counted one by one: a list may be longer than what fits into memory.
#[derive(Default)]
struct Count {
    urls: HashSet<String>,
    whole: u64,
    items: u64,
    times_ms: Vec<f64>,
}

impl Count {
    fn add(&mut self, json: &str) -> Result<()> {
        let item: Item = serde_json::from_str(json)
            .with_context(|| format!("an item is not what was asked for: {:.80}", json))?;
        self.items += 1;
        self.whole += u64::from(item.status == 200 && !item.body.is_empty());
        self.times_ms.extend(item.elapsed_ms);
        self.urls.insert(item.url.into_owned());
        Ok(())
    }

    fn answers(self) -> Answers {
        let asked = self.urls.len() as u64;
        // Neither a page that is not whole nor one that is there twice is an answer.
        let failed = self.items.abs_diff(asked).max(self.items - self.whole);
        Answers { asked, failed, latency: Latency::of(self.times_ms) }
    }
}

impl Answers {
    /// From a line as our scripts print it; percentiles may be missing:
    /// `bench requests=10 failed=0 p50_ms=1.0 p95_ms=2.0 p99_ms=3.0`.
    pub fn parse(text: &str) -> Result<Self> {
        let line = text.lines().find_map(|line| line.strip_prefix("bench "));
        let line = line.with_context(|| format!("there is no line of numbers in {text:?}"))?;
        let number = |name: &str| -> Result<f64> {
            let mut pairs = line.split_whitespace().filter_map(|word| word.split_once('='));
            let (_, value) = pairs
                .find(|(key, _)| *key == name)
                .with_context(|| format!("{name} is missing in {line:?}"))?;
            value.parse().with_context(|| format!("{name} is not a number in {line:?}"))
        };
        let (asked, failed) = (number("requests")? as u64, number("failed")? as u64);
        let latency = if line.contains("p50_ms=") {
            let (p50_ms, p95_ms) = (number("p50_ms")?, number("p95_ms")?);
            Some(Latency { p50_ms, p95_ms, p99_ms: number("p99_ms")? })
        } else {
            None
        };
        Ok(Self { asked, failed, latency })
    }

    /// From the lines that curl was told to write: `<status> <seconds>` a URL.
    pub fn of_curl(text: &str) -> Result<Self> {
        let mut times_ms = Vec::new();
        let mut failed = 0;
        for line in text.lines().filter(|line| !line.is_empty()) {
            let (status, seconds) =
                line.split_once(' ').with_context(|| format!("curl wrote {line:?}"))?;
            failed += u64::from(status != "200");
            times_ms.push(seconds.parse::<f64>()? * 1000.0);
        }
        Ok(Self { asked: times_ms.len() as u64, failed, latency: Latency::of(times_ms) })
    }

    /// From a file with an item a line.
    pub fn of_json_lines(path: &Path) -> Result<Self> {
        let mut count = Count::default();
        for line in BufReader::new(fs::File::open(path)?).lines() {
            count.add(&line?)?;
        }
        Ok(count.answers())
    }

    /// From a folder with an item a file.
    pub fn of_json_files(folder: &Path) -> Result<Self> {
        let mut count = Count::default();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            // Such folders have a file of their own about the folder.
            if path.extension().is_some_and(|end| end == "json")
                && !path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"__"))
            {
                count.add(&fs::read_to_string(path)?)?;
            }
        }
        Ok(count.answers())
    }

    /// From a folder with a file a URL, which says nothing but its size.
    pub fn of_files(folder: &Path, urls: usize) -> Result<Self> {
        let mut whole = 0;
        for entry in fs::read_dir(folder)? {
            whole += u64::from(entry?.metadata()?.len() > 0);
        }
        let asked = urls as u64;
        Ok(Self { asked, failed: asked.abs_diff(whole), latency: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_line_of_numbers_is_found_among_others() {
        let text = "Running 2s test\nbench requests=10 failed=1 p50_ms=1.5 p95_ms=2 p99_ms=3.25\n";
        let latency = Some(Latency { p50_ms: 1.5, p95_ms: 2.0, p99_ms: 3.25 });
        assert_eq!(Answers::parse(text).unwrap(), Answers { asked: 10, failed: 1, latency });
        let bare = Answers::parse("bench requests=7 failed=0").unwrap();
        assert_eq!(bare, Answers { asked: 7, failed: 0, latency: None });
        assert!(Answers::parse("requests=10").is_err());
        assert!(Answers::parse("bench requests=10").unwrap_err().to_string().contains("failed"));
        assert!(Answers::parse("bench requests=10 failed=0 p50_ms=1").is_err());
    }

    #[test]
    fn curl_s_lines_are_counted_and_ranked() {
        let mut text: String = (1..=100).rev().map(|n| format!("200 0.{n:03}\n")).collect();
        text.push_str("000 9.000\n");
        let answers = Answers::of_curl(&text).unwrap();
        assert_eq!((answers.asked, answers.failed), (101, 1));
        let latency = answers.latency.unwrap();
        assert_eq!((latency.p50_ms, latency.p95_ms, latency.p99_ms), (51.0, 96.0, 100.0));
        assert_eq!(Answers::of_curl("").unwrap(), Answers::default());
    }

    #[test]
    fn items_that_are_twice_or_not_whole_are_no_answers() {
        let count = |lines: &[&str]| {
            let mut count = Count::default();
            lines.iter().for_each(|line| count.add(line).unwrap());
            let answers = count.answers();
            (answers.asked, answers.failed)
        };
        let a = r#"{"url": "http://h/a", "status": 200, "body": "<p>\n", "more": [1]}"#;
        let b = r#"{"url": "http://h/b", "status": 200, "body": "x", "elapsed_ms": 2.5}"#;
        let empty = r#"{"url": "http://h/b", "status": 200, "body": ""}"#;
        let missing = r#"{"url": "http://h/b", "status": 404, "body": "no"}"#;
        assert_eq!(count(&[a, b]), (2, 0));
        assert_eq!(count(&[a, a]), (1, 1));
        assert_eq!(count(&[a, empty]), (2, 1));
        assert_eq!(count(&[a, missing]), (2, 1));
        assert!(Count::default().add(r#"{"url": "http://h/a"}"#).is_err());
    }
}
