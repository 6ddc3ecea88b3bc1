//! Learns the weights of the extractor from a folder of the WCXB benchmark and says how good they
//! are on pages that they were not learned from.
//!
//! Usage: `cargo run --release -p jarvix-curate --example fit -- FOLDER [--folds N] [--write FILE | --held-out FILE]`
//!
//! Without `--write` it cuts the pages into parts (two, or as many as `--folds` says) and tests on each
//! what it learned from all others. With it, it learns from all pages and writes the file that the crate
//! ships (`model/content.bin`). The same folder gives the same file. `--held-out` writes what
//! extraction makes of each page with the weights that were learned without it, as JSON lines, for
//! `bench/curate/score.py`.

mod boost;
mod labels;

use std::collections::HashMap;
use std::error::Error;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use boost::{Settings, Table, grow};
use jarvix_curate::fit::{self, ByHash, Forest, KINDS, Lesson, LessonUnit, Weights, WordScores};
use serde_json::{Value, json};

/// Pages that a word must stand on to get a score.
const PAGES_MIN: f32 = 8.0;
/// Pages of the mean label that are mixed into each score.
const PRIOR: f32 = 3.0;
const FOLDS: usize = 4;

const KIND: Settings = Settings {
    trees: 80,
    leaves: 8,
    rate: 0.1,
    rows: 0.7,
    features: 0.2,
    weight_min: 1.0,
    l2: 2.0,
};
const FIRST: Settings = Settings {
    trees: 130,
    leaves: 32,
    rate: 0.1,
    rows: 0.4,
    features: 0.2,
    weight_min: 15.0,
    l2: 8.0,
};
const SECOND: Settings = Settings {
    trees: 130,
    leaves: 24,
    rate: 0.08,
    rows: 0.4,
    features: 0.25,
    weight_min: 15.0,
    l2: 8.0,
};

/// A page that was tested: id, kind, F1, F1 of the labels, the kind it was taken for, and what was
/// extracted from it.
type Tested = (String, usize, f64, f64, usize, String);

struct Sample {
    id: String,
    kind: usize,
    lesson: Lesson,
    units: Vec<LessonUnit>,
    words: Vec<Vec<String>>,
    truth: Vec<String>,
    labels: Vec<f32>,
    weights: Vec<f32>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments
        .first()
        .ok_or("usage: fit FOLDER [--folds N] [--write FILE | --held-out FILE]")?;
    let samples = read(Path::new(folder))?;
    let mut out = io::stdout().lock();
    writeln!(out, "{} pages", samples.len())?;
    if let Some(at) = arguments.iter().position(|a| a == "--write") {
        let all: Vec<&Sample> = samples.iter().collect();
        let weights = learn(&all);
        std::fs::write(arguments.get(at + 1).ok_or("--write FILE")?, weights.write())?;
        return Ok(());
    }
    let results = in_turn(&samples, folds(&arguments)?);
    for (fold, rows) in results.iter().enumerate() {
        print(&mut out, &format!("tested on fold {fold}"), rows)?;
    }
    print(&mut out, "all folds", &results.concat())?;
    if arguments.iter().any(|a| a == "--pages") {
        for (id, kind, f1, best, ..) in results.concat() {
            writeln!(out, "{id}\t{}\t{f1:.3}\t{best:.3}", KINDS[kind])?;
        }
    }
    if let Some(at) = arguments.iter().position(|a| a == "--held-out") {
        let lines: String = results.concat().into_iter().map(|tested| tested.5 + "\n").collect();
        std::fs::write(arguments.get(at + 1).ok_or("--held-out FILE")?, lines)?;
    }
    Ok(())
}

/// Into how many parts the pages are cut.
fn folds(arguments: &[String]) -> Result<usize, Box<dyn Error>> {
    let Some(at) = arguments.iter().position(|a| a == "--folds") else { return Ok(2) };
    let folds: usize = arguments.get(at + 1).ok_or("--folds N")?.parse()?;
    if folds < 2 { Err("--folds takes 2 or more".into()) } else { Ok(folds) }
}

/// Tests on each part what was learned from all others; two parts at a time.
fn in_turn(samples: &[Sample], folds: usize) -> Vec<Vec<Tested>> {
    // Every n-th page, not one stretch: neighbours in the set are alike.
    let of = |fold: usize, is_in: bool| -> Vec<&Sample> {
        let pages = samples.iter().enumerate();
        pages.filter(|(at, _)| (at % folds == fold) == is_in).map(|(_, s)| s).collect()
    };
    let next = AtomicUsize::new(0);
    let work = || {
        let mut tested = Vec::new();
        loop {
            let fold = next.fetch_add(1, Ordering::Relaxed);
            if fold >= folds {
                return tested;
            }
            let weights = learn(&of(fold, false));
            let rows: Vec<Tested> = of(fold, true).iter().map(|s| test(s, &weights)).collect();
            tested.push((fold, rows));
        }
    };
    let mut tested = std::thread::scope(|scope| {
        let threads = [scope.spawn(work), scope.spawn(work)];
        threads.into_iter().flat_map(|t| t.join().unwrap_or_default()).collect::<Vec<_>>()
    });
    tested.sort_by_key(|(fold, _)| *fold);
    tested.into_iter().map(|(_, rows)| rows).collect()
}

fn print(out: &mut impl Write, name: &str, rows: &[Tested]) -> io::Result<()> {
    writeln!(out, "{name}: kind, pages, F1, F1 of the labels, kind right")?;
    for kind in 0..=KINDS.len() {
        let of: Vec<_> = rows.iter().filter(|r| r.1 == kind || kind == KINDS.len()).collect();
        let n = of.len() as f64;
        let [f1, best] =
            [of.iter().map(|r| r.2).sum::<f64>() / n, of.iter().map(|r| r.3).sum::<f64>() / n];
        let right = of.iter().filter(|r| r.1 == r.4).count() as f64 / n;
        writeln!(
            out,
            "{:14} {:5} {f1:.4} {best:.4} {right:.3}",
            KINDS.get(kind).unwrap_or(&"all"),
            of.len()
        )?;
    }
    out.flush()
}

fn read(folder: &Path) -> Result<Vec<Sample>, Box<dyn Error>> {
    let mut names: Vec<_> = std::fs::read_dir(folder.join("html"))?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<_>>()?;
    names.sort();
    let mut samples = Vec::new();
    for name in names {
        let id = name.split('.').next().unwrap_or_default().to_owned();
        let truth = std::fs::read(folder.join("ground-truth").join(format!("{id}.json")))?;
        let truth: Value = serde_json::from_slice(&truth)?;
        let text = |path: &str| truth.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let Some(kind) = KINDS.iter().position(|k| *k == text("/_internal/page_type/primary"))
        else {
            continue;
        };
        let mut html = Vec::new();
        let file = std::fs::File::open(folder.join("html").join(&name))?;
        flate2::read::GzDecoder::new(file).read_to_end(&mut html)?;
        let html = jarvix_html::decode_text(&html, Some("text/html")).text;
        let lesson = Lesson::new(html, text("/url").to_owned());
        let units = lesson.units();
        let words: Vec<Vec<String>> = units.iter().map(|u| labels::words(&u.text)).collect();
        let content = text("/ground_truth/main_content");
        let labels =
            labels::label(&words, &units.iter().map(|u| u.added).collect::<Vec<_>>(), content);
        let truth = labels::words(content);
        let total: usize = words.iter().map(Vec::len).sum();
        let size = truth.len() as f32 + 0.25 * total as f32 + 20.0;
        let weights = words.iter().map(|w| w.len() as f32 / size).collect();
        samples.push(Sample { id, kind, lesson, units, words, truth, labels, weights });
    }
    Ok(samples)
}

/// For each word the sum of the pages' mean labels and the number of pages.
#[derive(Default)]
struct Tally {
    total: HashMap<u32, (f32, f32)>,
    pages: Vec<HashMap<u32, f32>>,
    mean: f32,
}

impl Tally {
    fn of(samples: &[&Sample], hashes: fn(&LessonUnit) -> &[u32]) -> Self {
        let mut tally = Self::default();
        for sample in samples {
            let mut page: HashMap<u32, (f32, f32)> = HashMap::new();
            let (mut sum, mut count) = (0.0, 0.0);
            for (unit, (label, words)) in
                sample.units.iter().zip(sample.labels.iter().zip(&sample.words))
            {
                let weight = (1.0 + words.len() as f32).sqrt();
                for hash in hashes(unit) {
                    let (s, n) = page.entry(*hash).or_default();
                    *s += label * weight;
                    *n += weight;
                }
                sum += label * weight;
                count += weight;
            }
            tally.mean += sum / f32::max(count, 1.0) / samples.len() as f32;
            let page: HashMap<u32, f32> = page.into_iter().map(|(h, (s, n))| (h, s / n)).collect();
            for (hash, mean) in &page {
                let (s, n) = tally.total.entry(*hash).or_default();
                *s += mean;
                *n += 1.0;
            }
            tally.pages.push(page);
        }
        tally
    }

    /// Scores without what the page `left_out` says.
    fn scores(&self, left_out: Option<usize>) -> ByHash<u32, f32> {
        let odds = |p: f32| (p / (1.0 - p)).ln();
        let base = odds(self.mean);
        let score = |hash: &u32, s: f32, n: f32| {
            (n >= PAGES_MIN).then(|| {
                let p = (s + PRIOR * self.mean) / (n + PRIOR);
                (*hash, odds(p.clamp(0.01, 0.99)) - base)
            })
        };
        match left_out {
            None => self.total.iter().filter_map(|(h, (s, n))| score(h, *s, *n)).collect(),
            Some(page) => self.pages[page]
                .iter()
                .filter_map(|(h, mean)| {
                    let (s, n) = self.total[h];
                    if n < PAGES_MIN { None } else { score(h, s - mean, (n - 1.0).max(PAGES_MIN)) }
                })
                .collect(),
        }
    }
}

fn learn(samples: &[&Sample]) -> Weights {
    let classes = Tally::of(samples, |unit| &unit.classes);
    let texts = Tally::of(samples, |unit| &unit.texts);
    let words = WordScores { classes: classes.scores(None), texts: texts.scores(None) };
    let without: Vec<WordScores> = (0..samples.len())
        .map(|at| WordScores { classes: classes.scores(Some(at)), texts: texts.scores(Some(at)) })
        .collect();
    let pages: Vec<Vec<f32>> =
        samples.iter().zip(&without).map(|(s, w)| s.lesson.page_row(w)).collect();
    let all: Vec<usize> = (0..samples.len()).collect();
    let fold = |at: usize| (at / 2) % FOLDS;
    let mut kinds = vec![Vec::new(); samples.len()];
    for out in 0..FOLDS {
        let forests = learn_kinds(
            samples,
            &pages,
            &all.iter().copied().filter(|at| fold(*at) != out).collect::<Vec<_>>(),
        );
        for at in all.iter().copied().filter(|at| fold(*at) == out) {
            kinds[at] = fit::kinds(&forests, &pages[at]);
        }
    }
    let forests = learn_kinds(samples, &pages, &all);
    let mut rows: Vec<Vec<Vec<f32>>> = samples
        .iter()
        .enumerate()
        .map(|(at, s)| s.lesson.unit_rows(&without[at], &kinds[at]))
        .collect();
    let mut guesses: Vec<Vec<f32>> = vec![Vec::new(); samples.len()];
    for out in 0..FOLDS {
        let forest = learn_units(samples, &rows, |at| fold(at) != out, &FIRST);
        for at in all.iter().copied().filter(|at| fold(*at) == out) {
            guesses[at] = forest.probabilities(&rows[at]);
        }
    }
    let first = learn_units(samples, &rows, |_| true, &FIRST);
    for at in all.iter().copied() {
        samples[at].lesson.add_surroundings(&without[at], &mut rows[at], &guesses[at]);
    }
    let second = learn_units(samples, &rows, |_| true, &SECOND);
    Weights { words, kinds: forests, first, second }
}

fn learn_kinds(samples: &[&Sample], pages: &[Vec<f32>], of: &[usize]) -> Vec<Forest> {
    let table = Table::new(of.iter().map(|at| &pages[*at]));
    let weights = vec![1.0; of.len()];
    (0..KINDS.len())
        .map(|kind| {
            let labels: Vec<f32> =
                of.iter().map(|at| f32::from(u8::from(samples[*at].kind == kind))).collect();
            grow(&table, &labels, &weights, &KIND)
        })
        .collect()
}

fn learn_units(
    samples: &[&Sample],
    rows: &[Vec<Vec<f32>>],
    takes: impl Fn(usize) -> bool,
    settings: &Settings,
) -> Forest {
    let of: Vec<usize> = (0..samples.len()).filter(|at| takes(*at)).collect();
    let table = Table::new(of.iter().flat_map(|at| &rows[*at]));
    let labels: Vec<f32> = of.iter().flat_map(|at| samples[*at].labels.iter().copied()).collect();
    let weights: Vec<f32> = of.iter().flat_map(|at| samples[*at].weights.iter().copied()).collect();
    grow(&table, &labels, &weights, settings)
}

fn test(sample: &Sample, weights: &Weights) -> Tested {
    let f1 = |chosen: &[bool]| {
        let words = sample.words.iter().zip(chosen).filter(|(_, c)| **c).flat_map(|(w, _)| w);
        labels::f1(words, &sample.truth)
    };
    let (chosen, kind) = sample.lesson.find(weights);
    let labelled: Vec<bool> = sample.labels.iter().map(|label| *label > 0.5).collect();
    let kind = KINDS.iter().position(|k| Some(*k) == kind).unwrap_or(KINDS.len());
    let document = sample.lesson.document(weights);
    let found = json!({
        "page": format!("{}.html", sample.id),
        "text": document.text,
        "title": document.title,
        "author": document.author,
        "date": document.published,
    });
    (sample.id.clone(), sample.kind, f1(&chosen), f1(&labelled), kind, found.to_string())
}
