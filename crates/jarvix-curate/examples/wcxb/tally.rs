//! What is counted over all pages, and how it is shown.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read, Write};
use std::time::Duration;

use jarvix_core::{Document, Gate, Page};
use serde_json::Value;

/// A page with what people say of it.
pub struct Labelled {
    /// Its number in the set.
    pub id: String,
    /// Its labels.
    pub truth: Value,
    /// The page as fetched.
    pub page: Page,
}

impl Labelled {
    /// The label at `path`; empty where there is none.
    pub fn text(&self, path: &str) -> &str {
        self.truth.pointer(path).and_then(Value::as_str).unwrap_or_default()
    }
}

#[derive(Default)]
struct Sum {
    pages: u64,
    f1: f64,
    precision: f64,
    recall: f64,
    title: u64,
    author: u64,
    day: u64,
    type_right: u64,
}

/// The sums of all pages.
#[derive(Default)]
pub struct Tally {
    sums: BTreeMap<String, Sum>,
    gates: BTreeMap<String, Vec<String>>,
    /// Gates that fired on pages that have their text.
    pub false_alarms: usize,
    defects: BTreeMap<String, u64>,
    /// How many values came from each source of a column, and how many of them were right.
    sources: BTreeMap<(String, String), (u64, u64)>,
    times: Vec<(f64, String, u64)>,
}

impl Tally {
    /// Counts one page.
    pub fn add(&mut self, labelled: &Labelled, document: &Document, took: Duration) {
        let label = |name: &str| labelled.text(&format!("/ground_truth/{name}"));
        let (precision, recall, f1) = score(&document.text, label("main_content"));
        let kind = labelled.text("/_internal/page_type/primary");
        let day = document.published.as_deref().map(|day| day.get(..10).unwrap_or(day));
        let rights = [
            ("title", same_words(document.title.as_deref(), label("title"))),
            ("author", same_words(document.author.as_deref(), label("author"))),
            ("published", day.unwrap_or_default() == label("publish_date")),
        ];
        for key in [kind, "all"] {
            let sum = self.sums.entry(key.to_owned()).or_default();
            sum.pages += 1;
            sum.f1 += f1;
            sum.precision += precision;
            sum.recall += recall;
            sum.title += u64::from(rights[0].1);
            sum.author += u64::from(rights[1].1);
            sum.day += u64::from(rights[2].1);
            sum.type_right += u64::from(document.page_type.as_deref() == Some(kind));
        }
        for source in &document.sources {
            let key = (source.column.clone(), source.source.clone());
            for (_, right) in rights.iter().filter(|(column, _)| *column == source.column) {
                let (pages, right_ones) = self.sources.entry(key.clone()).or_default();
                *pages += 1;
                *right_ones += u64::from(*right);
            }
        }
        if let Some(gate) = document.gate {
            let is_false = !is_true_alarm(gate, labelled);
            self.false_alarms += usize::from(is_false);
            let line = format!(
                "{} ({} words) {}{}",
                labelled.id,
                document.word_count,
                document.gate_reason.as_deref().unwrap_or_default(),
                if is_false { "  FALSE ALARM" } else { "" }
            );
            self.gates.entry(gate.to_string()).or_default().push(line);
        }
        for defect in &document.defects {
            *self.defects.entry(defect.to_string()).or_default() += 1;
        }
        let millis = took.as_secs_f64() * 1e3;
        self.times.push((millis, labelled.id.clone(), document.bytes_decoded));
    }

    /// Shows everything.
    pub fn print(&mut self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "type            pages  F1     P      R      title  author day    type")?;
        for (kind, sum) in &self.sums {
            let n = sum.pages as f64;
            let [f1, p, r] = [sum.f1, sum.precision, sum.recall].map(|value| value / n);
            let [title, author, day, typed] =
                [sum.title, sum.author, sum.day, sum.type_right].map(|value| value as f64 / n);
            writeln!(
                out,
                "{kind:15} {:5}  {f1:.3}  {p:.3}  {r:.3}  {title:.3}  {author:.3}  {day:.3}  {typed:.3}",
                sum.pages
            )?;
        }
        for (gate, pages) in &self.gates {
            writeln!(out, "gate {gate}: {}", pages.len())?;
            for page in pages {
                writeln!(out, "  {page}")?;
            }
        }
        for (defect, pages) in &self.defects {
            writeln!(out, "defect {defect}: {pages}")?;
        }
        self.print_sources(out)?;
        let total: f64 = self.times.iter().map(|(millis, _, _)| millis).sum();
        self.times.sort_by(|a, b| b.0.total_cmp(&a.0));
        writeln!(
            out,
            "{} pages in {:.1} s, mean {:.2} ms",
            self.times.len(),
            total / 1e3,
            total / self.times.len() as f64
        )?;
        for (millis, id, bytes) in self.times.iter().take(8) {
            writeln!(out, "  {id}: {millis:.1} ms, {bytes} bytes")?;
        }
        writeln!(out, "false alarms: {}", self.false_alarms)?;
        Ok(())
    }

    fn print_sources(&self, out: &mut impl Write) -> io::Result<()> {
        for ((column, source), (pages, right)) in &self.sources {
            let share = *right as f64 / *pages as f64;
            writeln!(out, "source of {column}: {source}: right on {share:.2} of {pages}")?;
        }
        Ok(())
    }
}

/// Visible words below which a page holds no text, whatever its label has from elsewhere.
const VISIBLE_WORDS_MIN: usize = 30;

/// Pages of the development set that are bot checks; their labels are the text of the check.
const CHECKS: &[&str] = &["0551"];

/// Every page of the set was chosen for its content. Some have it only once their scripts ran: those
/// tagged so, and a few forums that are not.
fn is_true_alarm(gate: Gate, labelled: &Labelled) -> bool {
    let body = labelled.page.body.as_deref().unwrap_or_default();
    let mut html = String::new();
    let has_text = flate2::read::GzDecoder::new(body).read_to_string(&mut html).is_err()
        || jarvix_html::plain_text(&html).split_whitespace().count() >= VISIBLE_WORDS_MIN;
    match gate {
        Gate::EmptyShell => {
            labelled.truth.pointer("/_internal/spa").and_then(Value::as_bool) == Some(true)
        }
        Gate::NoText => !has_text,
        Gate::Challenge => CHECKS.contains(&labelled.id.as_str()),
        _ => false,
    }
}

fn words(text: &str) -> HashMap<String, i64> {
    let mut bag = HashMap::new();
    for word in text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|w| !w.is_empty()) {
        *bag.entry(word.to_lowercase()).or_insert(0) += 1;
    }
    bag
}

fn same_words(found: Option<&str>, label: &str) -> bool {
    words(found.unwrap_or_default()) == words(label)
}

/// Precision, recall and F1 of the two bags of words.
pub fn score(found: &str, label: &str) -> (f64, f64, f64) {
    let (found, label) = (words(found), words(label));
    let size = |bag: &HashMap<String, i64>| bag.values().sum::<i64>() as f64;
    if size(&found) == 0.0 || size(&label) == 0.0 {
        let equal = if size(&found) == size(&label) { 1.0 } else { 0.0 };
        return (equal, equal, equal);
    }
    let overlap: i64 =
        found.iter().map(|(word, n)| label.get(word).copied().unwrap_or(0).min(*n)).sum();
    let (precision, recall) = (overlap as f64 / size(&found), overlap as f64 / size(&label));
    let f1 = if overlap == 0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) };
    (precision, recall, f1)
}
