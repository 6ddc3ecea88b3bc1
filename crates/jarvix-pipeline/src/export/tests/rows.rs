//! Rows as CSV, JSON, Markdown, workbooks and Parquet: what is in the files, in which order, what a
//! page cannot do in them, and what is refused.

use std::cell::Cell as Told;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use jarvix_core::{
    Dataset, Document, Generation, Link, Outcome, Page, PartName, RunId, Signal, Stage,
};
use jarvix_query::{Query, QueryErrorKind, QuerySettings};
use jarvix_store::{Commit, StagedPart, Store, scores_schema};
use jarvix_testkit::TempData;

use super::super::{Export, ExportFormat, Exported, Source, run};
use super::new_run;
use crate::LineError;

/// What a page may say, and what must not become of it.
const HOSTILE: &[&str] = &[
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\u{feff}=1",
    "\u{1b}[31m=1",
    "say \"no\", a|b\r\nnext",
    "<script>alert(1)</script>",
    "invoice\u{202e}gnp.exe",
    "_x003D_1 \u{0}\u{ffff}",
];

/// A run whose documents have these titles; the scores of 0 and 1 are the same.
struct Made {
    data: TempData,
    run: RunId,
}

fn made(titles: &[&str]) -> Made {
    let data = TempData::new();
    let store = data.store();
    let run = new_run(store, "r");
    let lock = store.lock_run(&run).expect("its lock");
    // Two parts, and ordinals that fall.
    let half = titles.len().div_ceil(2).max(1);
    for (part, titles) in (1..).zip(titles.chunks(half)) {
        let first = (part - 1) * half;
        let rows: Vec<Document> = titles
            .iter()
            .enumerate()
            .rev()
            .map(|(at, title)| document(first + at, title))
            .collect();
        curated(store, &run, PartName(part as u32), &rows);
    }
    drop(lock);
    Made { data, run }
}

fn document(ordinal: usize, title: &str) -> Document {
    Document {
        url: format!("https://h.example/{ordinal}"),
        ordinal: ordinal as u64,
        title: Some(title.to_owned()),
        text: format!("{title} "),
        word_count: ordinal as u64 / 2,
        signals: vec![None; Signal::ALL.len()],
        ..Document::default()
    }
}

fn curated(store: &Store, run: &RunId, name: PartName, rows: &[Document]) {
    let first = Generation::FIRST;
    let mut pages = store.writer::<Page>(run, name, first).expect("a writer");
    let mut documents = store.writer::<Document>(run, name, first).expect("a writer");
    for row in rows {
        let mut page = Page::unfetched(row.url.clone(), row.ordinal, Outcome::Fetched, "");
        page.input_meta = row.ordinal.is_multiple_of(2).then(|| r#"{"note":"=1"}"#.to_owned());
        pages.append(&page).expect("a row");
        documents.append(row).expect("a row");
    }
    let links = store.writer::<Link>(run, name, first).expect("a writer");
    let commit = |stage, input, parts: Vec<StagedPart>| {
        let covers = rows.iter().map(|row| row.ordinal).collect();
        let (run, generation, notes) = (run.clone(), first, Vec::new());
        store.commit(Commit { run, stage, generation, input, parts, covers, notes }).expect("done");
    };
    commit(Stage::Collect, None, vec![pages.finish().expect("a part")]);
    let outputs = vec![documents.finish().expect("a part"), links.finish().expect("a part")];
    commit(Stage::Curate, Some(name), outputs);
    commit(Stage::Score, Some(name), vec![scored(store, run, name)]);
}

/// A part of scores: the fewer words, the better.
fn scored(store: &Store, run: &RunId, name: PartName) -> StagedPart {
    let engine = engine(store, 1);
    let session = engine.session_by_part(run).expect("a session");
    let sql =
        "SELECT url, ordinal, CAST(90.5 - word_count AS DECIMAL(9,3)) AS score, 'BUY' AS action,
               title AS reason, CAST(NULL AS DECIMAL(9,3)) AS confidence,
               CAST(NULL AS VARCHAR) AS duplicate_of,
               CAST(-1.5 AS DECIMAL(9,3)) AS signal_length, 'p' AS profile, '0' AS profile_hash
               FROM documents";
    let query = session.by_part(sql, scores_schema(&[("length", "how long")]), "ordinal");
    let query = query.expect("a query");
    let runtime = crate::line::runtime(1).expect("a runtime");
    let part = query.write(store, run, name, Generation::FIRST);
    runtime.block_on(part).expect("a part")
}

fn engine(store: &Store, threads: usize) -> Query {
    Query::open(store, QuerySettings::below(store.root(), threads)).expect("an engine")
}

/// What is asked for beside the format.
#[derive(Clone, Copy, Default)]
struct Asked<'a> {
    sources: Option<&'a [Source]>,
    columns: &'a [&'a str],
    condition: Option<&'a str>,
    gzip: bool,
}

impl Made {
    fn export(
        &self,
        format: ExportFormat,
        asked: Asked<'_>,
        to: &str,
    ) -> Result<Exported, LineError> {
        self.export_by(format, asked, to, (2, &|_, _| {}), &AtomicBool::new(false))
    }

    fn export_by(
        &self,
        format: ExportFormat,
        asked: Asked<'_>,
        to: &str,
        (threads, on_progress): (usize, &dyn Fn(u64, u64)),
        stop: &AtomicBool,
    ) -> Result<Exported, LineError> {
        let store = self.data.store();
        let columns: Vec<String> = asked.columns.iter().map(|name| (*name).to_owned()).collect();
        run(&Export {
            store,
            engine: &engine(store, threads),
            run: &self.run,
            format,
            sources: asked.sources.unwrap_or(format.sources()),
            columns: (!columns.is_empty()).then_some(&columns[..]),
            condition: asked.condition,
            out: &self.data.path().join(to),
            gzip: asked.gzip,
            force: false,
            on_progress,
            stop,
        })
    }

    /// The bytes of the one file that an export makes.
    fn bytes(&self, format: ExportFormat, asked: Asked<'_>, to: &str) -> Vec<u8> {
        let exported = self.export(format, asked, to).expect("an export");
        let [file] = &exported.files[..] else { panic!("{exported:?}") };
        let bytes = std::fs::read(file).expect("the file");
        assert_eq!(exported.bytes, bytes.len() as u64);
        bytes
    }

    fn text(&self, format: ExportFormat, asked: Asked<'_>, to: &str) -> String {
        String::from_utf8(self.bytes(format, asked, to)).expect("UTF-8")
    }
}

/// The forms that take rows.
const FORMS: [ExportFormat; 6] = [
    ExportFormat::Csv,
    ExportFormat::Json,
    ExportFormat::Jsonl,
    ExportFormat::Markdown,
    ExportFormat::Xlsx,
    ExportFormat::Parquet,
];
const RANKING: Option<&[Source]> = Some(&[Source::Ranking]);
const DOCUMENTS: Option<&[Source]> = Some(&[Source::Dataset(Dataset::Documents)]);

/// The files of an archive, by name.
fn unpacked(workbook: &[u8]) -> BTreeMap<String, String> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(workbook)).expect("an archive");
    let mut files = BTreeMap::new();
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).expect("a file");
        let mut text = String::new();
        file.read_to_string(&mut text).expect("text");
        files.insert(file.name().expect("a name").into_owned(), text);
    }
    files
}

#[test]
fn the_ranking_is_in_the_order_of_score_and_url() {
    let made = made(&["b", "a", "=x", "d"]);
    let csv = made.text(ExportFormat::Csv, Asked::default(), "csv");
    assert_eq!(
        csv,
        "rank,url,score,action,title,host,language,page_type,word_count,published,reason,\
         confidence,duplicate_of,signal_length,input_meta\r\n\
         1,https://h.example/0,90.500,BUY,b,h.example,,,0,,b,,,-1.500,\"{\"\"note\"\":\"\"=1\"\"}\"\r\n\
         2,https://h.example/1,90.500,BUY,a,h.example,,,0,,a,,,-1.500,\r\n\
         3,https://h.example/2,89.500,BUY,'=x,h.example,,,1,,'=x,,,-1.500,\"{\"\"note\"\":\"\"=1\"\"}\"\r\n\
         4,https://h.example/3,89.500,BUY,d,h.example,,,1,,d,,,-1.500,\r\n"
    );
    let asked = Asked {
        columns: &["title", "rank"],
        condition: Some("rank > 1 AND url <> ''"),
        ..Asked::default()
    };
    let json = made.text(ExportFormat::Json, asked, "json");
    assert_eq!(
        json,
        "[\n{\"title\":\"a\",\"rank\":2},\n{\"title\":\"=x\",\"rank\":3},\n{\"title\":\"d\",\"rank\":4}\n]\n"
    );
    let lines = made.text(ExportFormat::Jsonl, Asked { sources: RANKING, ..asked }, "jsonl");
    assert_eq!(lines.lines().nth(1), Some("{\"title\":\"=x\",\"rank\":3}"));
    let markdown = Asked { columns: &["rank", "url", "title", "signal_length"], ..asked };
    let markdown = made.text(ExportFormat::Markdown, markdown, "markdown");
    assert_eq!(
        markdown,
        "| rank | url | title | signal_length |\n| ---: | --- | --- | ---: |\n\
         | 2 | <https://h.example/1> | a | -1.500 |\n\
         | 3 | <https://h.example/2> | =x | -1.500 |\n\
         | 4 | <https://h.example/3> | d | -1.500 |\n"
    );
}

#[test]
fn a_dataset_is_in_the_order_of_ordinals() {
    let made = made(&["a", "b", "c", "d", "e"]);
    let asked = Asked { sources: DOCUMENTS, columns: &["title"], ..Asked::default() };
    assert_eq!(made.text(ExportFormat::Csv, asked, "csv"), "title\r\na\r\nb\r\nc\r\nd\r\ne\r\n");
    for dataset in Dataset::ALL {
        let sources = [Source::Dataset(dataset)];
        let asked = Asked { sources: Some(&sources), ..Asked::default() };
        made.text(ExportFormat::Csv, asked, &format!("{dataset}.csv"));
        made.bytes(ExportFormat::Xlsx, asked, &format!("{dataset}.xlsx"));
    }
}

#[test]
fn what_a_page_says_acts_in_no_form() {
    let made = made(HOSTILE);
    let asked = Asked { columns: &["title", "url"], ..Asked::default() };
    let csv = made.text(ExportFormat::Csv, asked, "csv");
    let mut reader = ::csv::Reader::from_reader(csv.as_bytes());
    let rows: Vec<::csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
    assert_eq!(rows.len(), HOSTILE.len());
    for cell in rows.iter().flatten() {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']), "{cell:?}");
        assert!(!cell.contains(['\u{1b}', '\u{202e}', '\0', '\u{feff}', '\r']), "{cell:?}");
    }
    assert_eq!(&rows[7][0], "say \"no\", a|b\nnext");

    let markdown = made.text(ExportFormat::Markdown, asked, "markdown");
    assert_eq!(markdown.lines().count(), 2 + HOSTILE.len());
    for line in markdown.lines() {
        assert_eq!(line.replace("\\|", "").matches('|').count(), 3, "{line}");
        assert!(!line.replace("<https://h.example/", "").contains('<'), "{line}");
        assert!(!line.contains(['\u{1b}', '\u{202e}', '\t']), "{line}");
    }

    // JSON has texts as they are.
    let json: serde_json::Value =
        serde_json::from_str(&made.text(ExportFormat::Json, asked, "json")).expect("JSON");
    let titles: Vec<&str> =
        (0..HOSTILE.len()).filter_map(|at| json[at]["title"].as_str()).collect();
    assert_eq!(titles, HOSTILE);

    let files = unpacked(&made.bytes(ExportFormat::Xlsx, asked, "xlsx"));
    let sheet = &files["xl/worksheets/sheet1.xml"];
    assert!(!sheet.contains("<f>") && !sheet.contains("<hyperlink"), "{sheet}");
    assert_eq!(sheet.matches("inlineStr").count(), 2 * (HOSTILE.len() + 1));
    assert!(sheet.contains("&lt;script&gt;") && sheet.contains("_x005F_x003D_1"), "{sheet}");
    assert!(!sheet.contains("_x001B_") && !sheet.contains("_x0000_"), "{sheet}");
    assert!(files.keys().all(|name| !name.contains("external")), "{files:?}");
}

#[test]
fn no_rows_are_a_whole_file_in_every_form() {
    for (name, made, condition) in [("none", made(&[]), None), ("all", made(&["a"]), Some("1 = 2"))]
    {
        let asked = Asked { sources: RANKING, columns: &["url", "score"], condition, gzip: false };
        let text =
            |format: ExportFormat| made.text(format, asked, &format!("{name}-{}", format.as_str()));
        assert_eq!(text(ExportFormat::Csv), "url,score\r\n");
        assert_eq!(text(ExportFormat::Json), "[]\n");
        assert_eq!(text(ExportFormat::Jsonl), "");
        assert_eq!(text(ExportFormat::Markdown), "| url | score |\n| --- | ---: |\n");
        let files = unpacked(&made.bytes(ExportFormat::Xlsx, asked, name));
        assert!(files["xl/worksheets/sheet1.xml"].contains("score"));
        assert!(
            made.bytes(ExportFormat::Parquet, asked, &format!("{name}.parquet")).ends_with(b"PAR1")
        );
    }
}

#[test]
fn the_same_rows_are_the_same_bytes_for_any_number_of_threads() {
    let titles: Vec<String> = (0..700).map(|at| format!("title {at}")).collect();
    let made = made(&titles.iter().map(String::as_str).collect::<Vec<_>>());
    for sources in [RANKING, DOCUMENTS] {
        for format in FORMS {
            let files: Vec<Vec<u8>> = [1, 2, 5]
                .into_iter()
                .map(|threads| {
                    let asked =
                        Asked { sources, condition: Some("word_count <> 3"), ..Asked::default() };
                    let to = format!(
                        "{}-{}-{threads}",
                        sources.map_or("", |s| s[0].as_str()),
                        format.as_str()
                    );
                    let by: (usize, &dyn Fn(u64, u64)) = (threads, &|_, _| {});
                    let done = made.export_by(format, asked, &to, by, &AtomicBool::new(false));
                    let done = done.expect("an export");
                    assert_eq!((done.rows, done.files.len()), (698, 1), "{to}");
                    std::fs::read(&done.files[0]).expect("the file")
                })
                .collect();
            assert!(files.windows(2).all(|pair| pair[0] == pair[1]), "{}", format.as_str());
        }
    }
}

#[test]
fn whole_datasets_are_what_they_were() {
    let made = made(HOSTILE);
    let store = made.data.store();
    let datasets = [Source::Dataset(Dataset::Documents), Source::Dataset(Dataset::Scores)];
    for source in datasets {
        let one = [source];
        let asked = Asked { sources: Some(&one), ..Asked::default() };
        let lines = made.text(ExportFormat::Jsonl, asked, &format!("{source}.jsonl"));
        let parts = store.catalogue().parts(&made.run, source.counted()).expect("the parts");
        let rows = parts.iter().flat_map(|part| store.read_json(part).expect("a part"));
        let expected: String = rows
            .map(|row| format!("{}\n", serde_json::Value::Object(row.expect("a row"))))
            .collect();
        assert_eq!(lines, expected);
        // A row that was selected reads the same.
        let asked = Asked { condition: Some("true"), ..asked };
        let selected = made.text(ExportFormat::Jsonl, asked, &format!("{source}-selected.jsonl"));
        let sorted = |text: &str| {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(&selected), sorted(&expected));
        let done = made.export(ExportFormat::Parquet, Asked { condition: None, ..asked }, "copy");
        for (file, part) in done.expect("copies").files.iter().zip(&parts) {
            let kept = store.run_dir(&made.run).join(source.as_str()).join(part.name.file_name());
            assert_eq!(std::fs::read(file).expect("a copy"), std::fs::read(kept).expect("a part"));
        }
    }
}

#[test]
fn what_the_rows_do_not_have_is_refused_before_a_file_is_made() {
    let made = made(&["a"]);
    let documents = Asked { sources: DOCUMENTS, ..Asked::default() };
    let cases = [
        (&["url", "tilte"][..], Asked::default(), "ranking has no column \"tilte\"", "\"title\""),
        (&["text"][..], Asked::default(), "ranking has no column \"text\"", "the columns are rank"),
        (&["url", "url"][..], Asked::default(), "named twice", "once"),
        (&["minhash_"][..], documents, "documents has no column", ""),
        (
            &["body"][..],
            Asked { sources: Some(&[Source::Dataset(Dataset::Pages)]), ..documents },
            "holds bytes",
            "parquet",
        ),
    ];
    for (columns, asked, problem, way_out) in cases {
        let refused = made.export(ExportFormat::Csv, Asked { columns, ..asked }, "out");
        let Err(LineError::Misfit { problem: told, help }) = refused else { panic!("{refused:?}") };
        assert!(told.contains(problem) && help.contains(way_out), "{told}; {help}");
    }
    for condition in [
        "1=1; DROP TABLE documents",
        "1) UNION SELECT (1",
        "url IN (SELECT url FROM pages)",
        "tilte = ''",
    ] {
        for format in FORMS {
            let asked = Asked { sources: RANKING, condition: Some(condition), ..Asked::default() };
            let refused = made.export(format, asked, "out");
            let Err(LineError::Query(error)) = refused else { panic!("{condition}: {refused:?}") };
            assert_ne!(error.kind(), QueryErrorKind::Execution, "{condition}: {error}");
        }
    }
    assert!(!made.data.path().join("out").exists());
}

#[test]
fn names_of_files_and_packing() {
    let made = made(&["a"]);
    let text = made.text(ExportFormat::Csv, Asked::default(), "plain.csv");
    for (asked, to, file) in [
        (Asked { gzip: true, ..Asked::default() }, "folder", "folder/r-ranking.csv.gz"),
        (Asked::default(), "named.csv.gz", "named.csv.gz"),
    ] {
        let packed = made.bytes(ExportFormat::Csv, asked, to);
        assert!(made.data.path().join(file).exists(), "{file}");
        let mut unpacked = String::new();
        flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut unpacked).expect("gzip");
        assert_eq!(unpacked, text);
    }
    let sources = [Source::Dataset(Dataset::Pages), Source::Ranking];
    let asked = Asked { sources: Some(&sources), ..Asked::default() };
    let both = made.export(ExportFormat::Markdown, asked, "both").expect("an export");
    let names: Vec<_> = both.files.iter().filter_map(|file| file.file_name()).collect();
    assert_eq!(names, ["r-pages.md", "r-ranking.md"]);
    // Not twice, unless that is asked for.
    let again = made.export(ExportFormat::Markdown, asked, "both");
    assert!(matches!(again, Err(LineError::Exists { .. })), "{again:?}");
}

#[test]
fn who_stops_finds_no_half_file() {
    let titles: Vec<String> = (0..600).map(|at| format!("title {at}")).collect();
    let made = made(&titles.iter().map(String::as_str).collect::<Vec<_>>());
    for format in FORMS {
        let (stop, heard) = (AtomicBool::new(false), Told::new(0));
        let on_progress = |done: u64, total: u64| {
            assert!(done <= total && total == 600);
            heard.set(heard.get() + 1);
            stop.store(done > 0, std::sync::atomic::Ordering::Relaxed);
        };
        let to = format.as_str();
        let asked = Asked { sources: RANKING, ..Asked::default() };
        let ended = made.export_by(format, asked, to, (2, &on_progress), &stop).expect("no error");
        if format != ExportFormat::Parquet {
            assert!(ended.interrupted && ended.files.is_empty(), "{to}: {ended:?}");
            assert_eq!(left(&made.data.path().join(to)), 0, "{to}");
        }
        assert!(heard.get() > 1);
    }
}

fn left(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}
