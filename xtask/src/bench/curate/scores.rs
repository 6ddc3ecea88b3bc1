//! What the judge says: means over all pages and over each kind of page.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::super::measure;

/// The kind that stands for all pages.
pub const ALL: &str = "all";

/// Means over the pages of a kind.
#[derive(Debug, Clone, Deserialize)]
pub struct Score {
    pub pages: u64,
    pub f1: f64,
    pub precision: f64,
    pub recall: f64,
    pub title: f64,
    pub author: f64,
    pub day: f64,
    /// Over the pages that have a label; none may have one.
    pub author_labelled: Option<f64>,
    pub day_labelled: Option<f64>,
}

/// By kind of page.
pub type Scores = BTreeMap<String, Score>;

/// Judges the files, by what they are called. The judge is plain Python: the definition that it
/// follows is given in Python, and a word is what Python takes for one.
pub fn judge(script: &Path, labels: &Path, found: &[PathBuf]) -> Result<BTreeMap<String, Scores>> {
    let mut command = Command::new("python3");
    command.arg(script).arg(labels).args(found);
    parse(&measure::run(command)?.stdout)
}

fn parse(text: &str) -> Result<BTreeMap<String, Scores>> {
    serde_json::from_str(text).with_context(|| format!("the judge said {text:.200?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_by_program_and_kind() {
        let score = r#"{"pages": 2, "f1": 0.5, "precision": 0.4, "recall": 0.6, "title": 1.0,
                        "author": 0.0, "day": 0.5, "author_labelled": null, "day_labelled": 0.5}"#;
        let text = format!(r#"{{"a": {{"all": {score}, "forum": {score}}}}}"#);
        let scores = parse(&text).unwrap();
        assert_eq!((scores["a"][ALL].pages, scores["a"]["forum"].day), (2, 0.5));
        assert!(parse("{}x").is_err());
    }

    #[test]
    fn the_judge_counts_as_the_benchmark_says() {
        let folder = std::env::temp_dir().join(format!("jarvix-judge-{}", std::process::id()));
        let labels = folder.join("labels");
        std::fs::create_dir_all(&labels).unwrap();
        let label = r#"{"_internal": {"page_type": {"primary": "forum"}}, "ground_truth":
            {"main_content": "Ein Wort, ein Satz", "title": "T", "author": null,
             "publish_date": "2025-01-15"}}"#;
        std::fs::write(labels.join("0001.json"), label).unwrap();
        let rows = [
            (
                "close",
                r#"{"page": "0001.html", "text": "ein wort mehr", "title": "t!",
                          "date": "2025-01-15T10:00:00Z"}"#,
            ),
            ("nothing", r#"{"page": "0001.html", "author": "A"}"#),
        ];
        let files = rows.map(|(name, row)| {
            let path = folder.join(format!("{name}.jsonl"));
            std::fs::write(&path, row.replace('\n', " ") + "\n").unwrap();
            path
        });
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bench/curate/score.py");
        // Where there is no Python there is no benchmark either.
        if Command::new("python3").arg("-V").output().is_err() {
            return;
        }
        let scores = judge(&script, &labels, &files).unwrap();
        let close = &scores["close"]["forum"];
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(near(close.precision, 2.0 / 3.0) && near(close.recall, 0.5), "{close:?}");
        assert!(near(close.f1, 4.0 / 7.0), "{close:?}");
        assert_eq!((close.title, close.author, close.day), (1.0, 1.0, 1.0));
        assert_eq!((close.author_labelled, close.day_labelled), (None, Some(1.0)));
        let nothing = &scores["nothing"][ALL];
        assert_eq!((nothing.f1, nothing.title, nothing.author, nothing.day), (0.0, 0.0, 0.0, 0.0));
        // A page too few is no result.
        std::fs::write(labels.join("0002.json"), label).unwrap();
        assert!(judge(&script, &labels, &files).is_err());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
