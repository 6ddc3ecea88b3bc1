//! The language benchmark: the manual pages that Debian ships in translation, whole and as snippets
//! of 200 characters; Jarvix and other detectors. The packages are fetched into `target/`, never
//! kept in the checkout.

mod troff;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};
use flate2::read::GzDecoder;
use serde_json::json;

use super::curate::Took;
use super::{ground, measure, table, target};
use crate::command::{cargo, outside, passes};
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub struct Args {
    /// Manual pages of a language that are taken, at most
    #[arg(long, default_value_t = 200)]
    pages: usize,
    /// Add the result to docs/BENCHMARKS.md
    #[arg(long)]
    write: bool,
}

/// The languages that Debian translates manual pages to, as its packages name them.
const PACKAGES: [&str; 25] = [
    "cs", "da", "de", "el", "es", "fi", "fr", "hu", "id", "it", "ja", "mk", "nb", "nl", "pl",
    "pt-br", "ro", "ru", "sr", "sv", "tr", "uk", "vi", "zh", "",
];
/// Jarvix, in the tables.
const JARVIX: &str = "jarvix";
const CANDIDATES: [&str; 3] = ["whatlang", "whichlang", "lingua"];
const LANGUAGES_MIN: usize = 20;
const SNIPPET_CHARS: usize = 200;
/// Snippets of a page that are taken, at most.
const SNIPPETS_MAX: usize = 3;
/// Shortest page that is a document, in characters.
const DOCUMENT_CHARS_MIN: usize = 500;

/// A text and the language of the folder that it lay in.
struct Text {
    language: String,
    text: String,
}

pub fn run(workspace: &Workspace, args: &Args) -> Result<bool> {
    let scratch = workspace.target.join("bench/language");
    let manuals = fetch(&scratch)?;
    let programs = programs(workspace)?;
    let (documents, snippets) = texts(&manuals, args.pages)?;
    let (documents, snippets) = (
        Sort::new("documents", documents, &programs, &scratch)?,
        Sort::new("snippets", snippets, &programs, &scratch)?,
    );
    let languages = documents.languages().len();
    let mut result = summary(&programs, &documents, &snippets) + "\n";
    result.push_str(&by_language(&programs, &documents, &snippets));
    result.push('\n');
    result.push_str(&target::line(
        "languages",
        &languages.to_string(),
        &format!(">= {LANGUAGES_MIN}"),
        languages >= LANGUAGES_MIN,
    ));
    let command = format!("cargo xtask bench language --pages {}", args.pages);
    ground::tell(workspace, ("language", &command), &result, args.write)?;
    Ok(true)
}

/// Downloads and unpacks the packages; what is there already is not fetched again.
fn fetch(scratch: &Path) -> Result<PathBuf> {
    let (packed, manuals) = (scratch.join("packages"), scratch.join("manuals"));
    if manuals.join("complete").exists() {
        return Ok(manuals);
    }
    fs::create_dir_all(&packed)?;
    let mut download = Command::new("apt-get");
    download.arg("download").current_dir(&packed);
    download.args(PACKAGES.map(|code| format!("manpages-{code}").trim_end_matches('-').to_owned()));
    if !passes(&mut download)? {
        bail!(
            "the manual pages are not to be had (apt-get download, on Debian; apt-get update first)"
        );
    }
    for entry in fs::read_dir(&packed)? {
        let mut unpack = Command::new("dpkg-deb");
        if !passes(unpack.arg("-x").arg(entry?.path()).arg(&manuals))? {
            bail!("a package could not be unpacked");
        }
    }
    fs::write(manuals.join("complete"), "")?;
    Ok(manuals)
}

/// What is measured: the name of each program and its first words.
type Programs = Vec<(&'static str, Vec<PathBuf>)>;

fn programs(workspace: &Workspace) -> Result<Programs> {
    let mut build = cargo();
    build.args(["build", "--release", "--locked", "--package", "jarvix-curate"]);
    build.args(["--example", "language"]).current_dir(&workspace.root);
    if !passes(&mut build)? {
        bail!("the program could not be built");
    }
    let target = workspace.target.join("bench/language-candidates");
    let mut build = outside(cargo());
    build.args(["build", "--release", "--locked", "--quiet", "--manifest-path"]);
    build.arg(workspace.root.join("bench/language/Cargo.toml")).arg("--target-dir").arg(&target);
    let own = workspace.target.join("release/examples/language");
    let mut programs = vec![(JARVIX, vec![own])];
    if passes(&mut build)? {
        let candidates = target.join("release/language-candidates");
        programs.extend(CANDIDATES.map(|name| (name, vec![candidates.clone(), name.into()])));
    }
    Ok(programs)
}

/// Whole pages and snippets, in the order of their paths.
fn texts(manuals: &Path, pages_max: usize) -> Result<(Vec<Text>, Vec<Text>)> {
    let mut pages: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for path in files(&manuals.join("usr/share/man"))? {
        let below = path.strip_prefix(manuals.join("usr/share/man"))?;
        let folder = below.iter().next().unwrap_or_default().to_string_lossy().into_owned();
        // English stands in man1, man2 ...; pt_BR and zh_TW are Portuguese and Chinese.
        let language = if folder.starts_with("man") { "en" } else { &folder[..2] };
        pages.entry(language.to_owned()).or_default().push(path);
    }
    let (mut documents, mut snippets) = (Vec::new(), Vec::new());
    for (language, paths) in pages {
        let step = paths.len().div_ceil(pages_max.max(1)).max(1);
        for path in paths.iter().step_by(step) {
            let mut page = Vec::new();
            GzDecoder::new(fs::File::open(path)?).read_to_end(&mut page)?;
            let Ok(page) = String::from_utf8(page) else { continue };
            let paragraphs = troff::paragraphs(&page);
            let of = |text| Text { language: language.clone(), text };
            snippets
                .extend(paragraphs.iter().filter_map(|p| snippet(p)).take(SNIPPETS_MAX).map(of));
            let document = paragraphs.join("\n");
            if document.chars().count() >= DOCUMENT_CHARS_MIN {
                documents.push(of(document));
            }
        }
    }
    Ok((documents, snippets))
}

/// The first characters of a paragraph that is long enough.
fn snippet(paragraph: &str) -> Option<String> {
    let snippet: String = paragraph.chars().take(SNIPPET_CHARS).collect();
    (snippet.chars().count() == SNIPPET_CHARS).then_some(snippet)
}

/// The packed pages in a folder and below it, sorted; links are other names of the same.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut out = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() {
            out.extend(files(&path)?);
        } else if kind.is_file() && path.extension().is_some_and(|end| end == "gz") {
            out.push(path);
        }
    }
    out.sort();
    Ok(out)
}

/// Texts of one sort and what each program said to them.
struct Sort {
    texts: Vec<Text>,
    found: Vec<(Vec<String>, Took)>,
    /// How many were left out.
    untranslated: usize,
}

fn kept<T>(all: Vec<T>, keep: &[bool]) -> Vec<T> {
    all.into_iter().zip(keep).filter(|(_, keep)| **keep).map(|(one, _)| one).collect()
}

impl Sort {
    fn new(name: &str, texts: Vec<Text>, programs: &Programs, scratch: &Path) -> Result<Self> {
        let (list, out) = (scratch.join(format!("{name}.jsonl")), scratch.join("found.txt"));
        let lines = texts.iter().map(|text| json!({"text": text.text}).to_string() + "\n");
        fs::write(&list, lines.collect::<String>())?;
        let mut found = Vec::new();
        for (program, words) in programs {
            let mut command = Command::new(&words[0]);
            command.args(&words[1..]).arg(&list).arg(&out);
            let took = Took::parse(&measure::run(command)?.stdout)?;
            eprintln!("  {program}: {:.0} {name}/s of CPU time", took.pages_per_cpu_s());
            let codes: Vec<String> = fs::read_to_string(&out)?.lines().map(str::to_owned).collect();
            if codes.len() != texts.len() {
                bail!("{program} said {} languages of {} {name}", codes.len(), texts.len());
            }
            found.push((codes, took));
        }
        let mut sort = Self { texts, found, untranslated: 0 };
        sort.leave_out_untranslated();
        Ok(sort)
    }

    /// Leaves out what translators left in English: what every candidate takes for English.
    fn leave_out_untranslated(&mut self) {
        let candidates = self.found.get(1..).unwrap_or_default();
        let keep: Vec<bool> = (0..self.texts.len())
            .map(|at| {
                self.texts[at].language == "en"
                    || candidates.is_empty()
                    || candidates.iter().any(|(codes, _)| codes[at] != "en")
            })
            .collect();
        self.untranslated = keep.iter().filter(|keep| !**keep).count();
        self.texts = kept(std::mem::take(&mut self.texts), &keep);
        for (codes, _) in &mut self.found {
            *codes = kept(std::mem::take(codes), &keep);
        }
    }

    fn languages(&self) -> BTreeMap<&str, usize> {
        let mut languages = BTreeMap::new();
        for text in &self.texts {
            *languages.entry(text.language.as_str()).or_default() += 1;
        }
        languages
    }

    /// Of the texts in `language` (or all) the share for which `program` is right, and the share for
    /// which it says nothing.
    fn shares(&self, program: usize, language: Option<&str>) -> (f64, f64) {
        let said = self.texts.iter().zip(&self.found[program].0);
        let said = said.filter(|(text, _)| language.is_none_or(|code| text.language == code));
        let (mut right, mut silent, mut all) = (0.0, 0.0, 0.0);
        for (text, code) in said {
            all += 1.0;
            right += f64::from(u8::from(text.language == *code));
            silent += f64::from(u8::from(code == "-"));
        }
        (right / f64::max(all, 1.0), silent / f64::max(all, 1.0))
    }

    /// The mean over languages, so that a language with many pages counts as any other.
    fn mean(&self, program: usize) -> f64 {
        let languages = self.languages();
        let shares = languages.keys().map(|code| self.shares(program, Some(code)).0);
        shares.sum::<f64>() / languages.len() as f64
    }
}

fn percent(share: f64) -> String {
    format!("{:.1}%", 100.0 * share)
}

fn summary(programs: &Programs, documents: &Sort, snippets: &Sort) -> String {
    let heads = [
        "detector",
        "documents right",
        "snippets right",
        "snippets unsaid",
        "documents/s, CPU",
        "snippets/s, CPU",
    ];
    let row = |(at, (name, _)): (usize, &(&str, Vec<PathBuf>))| {
        vec![
            (*name).to_owned(),
            percent(documents.mean(at)),
            percent(snippets.mean(at)),
            percent(snippets.shares(at, None).1),
            format!("{:.0}", documents.found[at].1.pages_per_cpu_s()),
            format!("{:.0}", snippets.found[at].1.pages_per_cpu_s()),
        ]
    };
    let rows: Vec<_> = programs.iter().enumerate().map(row).collect();
    let (of_documents, of_snippets) = (documents.untranslated, snippets.untranslated);
    table::markdown(&heads, &rows)
        + &format!(
            "\nLeft out as untranslated, since every candidate takes them for English: {of_documents} \
             documents, {of_snippets}\nsnippets.\n"
        )
        + "\nRight: the mean over languages of the share of texts whose language was said; a text \
           left unsaid\nis not right, though Jarvix then goes by what the page declares.\n"
}

fn by_language(programs: &Programs, documents: &Sort, snippets: &Sort) -> String {
    let mut heads = vec!["language".to_owned(), "documents".to_owned(), "snippets".to_owned()];
    heads.extend(programs.iter().map(|(name, _)| format!("{name}: documents, snippets")));
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let (of_documents, of_snippets) = (documents.languages(), snippets.languages());
    let mut rows = Vec::new();
    for (language, count) in &of_documents {
        let mut row = vec![(*language).to_owned(), count.to_string()];
        row.push(of_snippets.get(language).copied().unwrap_or_default().to_string());
        for at in 0..programs.len() {
            let share = |sort: &Sort| percent(sort.shares(at, Some(language)).0);
            row.push(format!("{}, {}", share(documents), share(snippets)));
        }
        rows.push(row);
    }
    table::markdown(&heads, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_counts_the_same_and_silence_is_not_right() {
        let text = |language: &str| Text { language: language.to_owned(), text: String::new() };
        let texts = vec![text("de"), text("de"), text("de"), text("ja")];
        let codes = ["de", "de", "-", "zh"].map(str::to_owned).to_vec();
        let took = Took { pages: 4, failed: 0, cpu_s: 2.0, wall_s: 2.0 };
        let sort = Sort { texts, found: vec![(codes, took)], untranslated: 0 };
        assert_eq!(sort.shares(0, None), (0.5, 0.25));
        assert_eq!(sort.shares(0, Some("ja")), (0.0, 0.0));
        assert!((sort.mean(0) - 1.0 / 3.0).abs() < 1e-9);
    }

    #[test]
    fn what_all_candidates_take_for_english_is_left_out() {
        let text = |language: &str| Text { language: language.to_owned(), text: String::new() };
        let said = |codes: [&str; 3]| {
            let took = Took { pages: 3, failed: 0, cpu_s: 1.0, wall_s: 1.0 };
            (codes.map(str::to_owned).to_vec(), took)
        };
        // The subject has no voice in it.
        let found =
            vec![said(["de", "en", "en"]), said(["en", "en", "en"]), said(["en", "de", "en"])];
        let texts = vec![text("de"), text("de"), text("en")];
        let mut sort = Sort { texts, found, untranslated: 0 };
        sort.leave_out_untranslated();
        assert_eq!((sort.untranslated, sort.texts.len()), (1, 2));
        assert_eq!(sort.found[0].0, ["en", "en"]);
    }

    #[test]
    fn a_snippet_is_so_many_characters_or_none() {
        assert_eq!(snippet(&"ä".repeat(SNIPPET_CHARS - 1)), None);
        let long = "ж".repeat(SNIPPET_CHARS + 1);
        assert_eq!(snippet(&long).map(|s| s.chars().count()), Some(SNIPPET_CHARS));
    }
}
