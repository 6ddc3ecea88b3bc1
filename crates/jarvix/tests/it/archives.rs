//! Web archives out and in: what is exported comes back as it was, an independent reader finds
//! nothing to say, and archives that others wrote are read.

use std::collections::BTreeMap;

use jarvix_core::{Document, Outcome, Page};
use serde_json::Value;

use crate::support::{Place, allowed, python, rows, site};

/// What must survive an archive, by URL: status, headers, body and its hash.
type Kept = BTreeMap<String, (Option<u16>, Vec<String>, Option<Vec<u8>>, Option<String>, bool)>;

fn kept(pages: Vec<Page>) -> Kept {
    let one = |page: Page| {
        let mut headers: Vec<String> =
            page.headers.iter().map(|h| format!("{}: {}", h.name, h.value)).collect();
        headers.sort();
        (page.url, (page.status, headers, page.body, page.body_hash, page.truncated))
    };
    pages.into_iter().filter(|page| page.status.is_some()).map(one).collect()
}

/// A run of a small site with errors in it, exported.
fn exported(place: &Place) -> Value {
    let (origin, list) = site(place, 40);
    let text = std::fs::read_to_string(place.path().join(&list)).expect("the list is there");
    let missing = text.lines().next().expect("a URL").rsplit_once('/').expect("a path").0;
    let list = place.file("urls.txt", format!("{text}{missing}/not-there\nhttp://127.0.0.1:1/\n"));
    let allow = allowed(&origin);
    place
        .run(&[
            "run",
            &list,
            "--run",
            "a",
            "--allow-net",
            &allow,
            "--chunk-size",
            "16",
            "--retries",
            "0",
        ])
        .expect(0);
    place
        .run(&["export", "--run", "a", "--format", "warc", "--out", "out", "--json"])
        .expect(0)
        .json()
}

#[test]
fn an_export_comes_back_as_it_was() {
    let place = Place::new();
    let told = exported(&place);
    assert_eq!(told["data"]["rows"], 42, "{told}");
    let file = place.path().join("out/a-00000.warc.gz");
    let bytes = std::fs::read(&file).expect("the archive");
    // Not twice, unless asked for; and then the same bytes.
    let again = ["export", "--run", "a", "--format", "warc", "--out", "out"];
    let refused = place.run(&again).expect(2);
    assert!(refused.stderr().contains("--force"), "{}", refused.stderr());
    place.run(&[&again[..], &["--force"]].concat()).expect(0);
    assert_eq!(std::fs::read(&file).expect("the archive"), bytes);

    place.run(&["run", "out/a-00000.warc.gz", "--run", "b"]).expect(0);
    let store = place.store();
    assert_eq!(kept(rows::<Page>(&store, "a")), kept(rows::<Page>(&store, "b")));
    let texts = |run| {
        let documents = rows::<Document>(&store, run).into_iter();
        documents.map(|d| (d.url, d.text)).collect::<BTreeMap<_, _>>()
    };
    assert_eq!(texts("a"), texts("b"));
    let b = rows::<Page>(&store, "b");
    assert!(b.iter().all(|page| page.protocol.as_deref() == Some("warc") && page.bytes_wire == 0));
    // A second generation of the archive has the same payloads.
    place.run(&["export", "--run", "b", "--format", "warc", "--out", "b.warc"]).expect(0);
    place.run(&["run", "b.warc", "--run", "c"]).expect(0);
    assert_eq!(kept(b), kept(rows::<Page>(&store, "c")));
}

const CHECK: &str = r#"
import collections, contextlib, hashlib, io, json, sys
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker
path = sys.argv[1].rsplit("/data/", 1)[0] + "/out/a-00000.warc.gz"
class Command:
    inputs = [path]
    verbose = False
checker = Checker(Command())
said = io.StringIO()
with contextlib.redirect_stdout(said):
    checker.process_all()
kinds, statuses, payloads = collections.Counter(), collections.Counter(), {}
for record in ArchiveIterator(open(path, "rb"), check_digests="raise"):
    kinds[record.rec_type] += 1
    body = record.raw_stream.read()
    if record.rec_type == "response":
        statuses[record.http_headers.get_statuscode()] += 1
        payloads[record.rec_headers.get_header("WARC-Target-URI")] = hashlib.sha256(body).hexdigest()
print(json.dumps({"exit": checker.exit_value, "said": said.getvalue(), "kinds": kinds, "statuses": statuses, "payloads": payloads}))
"#;

#[test]
fn warcio_reads_what_is_exported_and_its_digests_hold() {
    let place = Place::new();
    exported(&place);
    let Some(told) = python(&place, CHECK, "a") else { return };
    assert_eq!(told["exit"], 0, "{told}");
    let pages = rows::<Page>(&place.store(), "a");
    let answered = pages.iter().filter(|page| page.status.is_some()).count();
    assert_eq!(told["kinds"]["response"], answered, "{told}");
    assert_eq!(told["kinds"]["warcinfo"], 1, "{told}");
    let ended =
        pages.iter().filter(|p| !matches!(p.outcome, Outcome::Fetched | Outcome::HttpError));
    assert_eq!(told["kinds"]["metadata"], ended.count(), "{told}");
    assert_eq!(told["statuses"]["404"], 1, "{told}");
    assert_eq!(told["payloads"].as_object().map(serde_json::Map::len), Some(answered));
}

const WRITE: &str = r#"
import io, json, sys
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter
place = sys.argv[1].rsplit("/data/", 1)[0]
html = b"<!doctype html><title>x</title><p>Some words of a page."
def chunked(body):
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in [body[:9], body[9:]]) + b"0\r\n\r\n"
for name, packed in [("theirs.warc", False), ("theirs.warc.gz", True)]:
    with open(f"{place}/{name}", "wb") as out:
        writer = WARCWriter(out, gzip=packed)
        writer.write_record(writer.create_warcinfo_record(name, {"software": "warcio"}))
        for path, headers, body in [
            ("plain", [], html),
            ("chunked", [("Transfer-Encoding", "chunked")], chunked(html)),
            ("claimed", [("Transfer-Encoding", "chunked")], html),
        ]:
            headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html")] + headers, protocol="HTTP/1.1")
            record = writer.create_warc_record(f"http://a.example/{path}", "response", payload=io.BytesIO(body), http_headers=headers)
            writer.write_record(record)
        for path in ["plain", "again"]:
            headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
            record = writer.create_revisit_record(f"http://a.example/{path}", "sha1:B6QJ6BNJ3R4B23XXMRKZKHLPGJY2VE4O", "http://a.example/plain", "2020-01-01T00:00:00Z", http_headers=headers)
            writer.write_record(record)
print(json.dumps(len(html)))
"#;

#[test]
fn archives_that_warcio_wrote_are_read() {
    let place = Place::new();
    let Some(length) = python(&place, WRITE, "none") else { return };
    for (run, name) in [("p", "theirs.warc"), ("z", "theirs.warc.gz")] {
        let told = place.run(&["run", name, "--run", run, "--json"]).expect(0).json();
        assert_eq!(told["data"]["input"]["admitted"], 4, "{told}");
        assert_eq!(told["data"]["input"]["duplicates"], 1, "{told}");
        assert_eq!(told["data"]["input"]["rejects"], 0, "{told}");
        let pages = rows::<Page>(&place.store(), run);
        for page in &pages {
            assert_eq!(page.outcome, Outcome::Fetched, "{}: {:?}", page.url, page.reason);
            let body = page.body.as_ref().map(Vec::len);
            assert_eq!(body.map(Value::from), Some(length.clone()), "{}", page.url);
        }
        assert_eq!(pages.len(), 4);
    }
}

#[test]
fn other_forms_have_every_row() {
    let place = Place::new();
    exported(&place);
    let data = ["--run", "a", "--out", "forms"];
    let jsonl = ["export", "--format", "jsonl", "--dataset", "documents,scores,pages"];
    place.run(&[&jsonl[..], &data].concat()).expect(0);
    for (dataset, count, column) in
        [("documents", 40, "text"), ("scores", 40, "score"), ("pages", 42, "outcome")]
    {
        let path = place.path().join(format!("forms/a-{dataset}.jsonl"));
        let text = std::fs::read_to_string(path).expect("the file");
        let rows: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(rows.len(), count, "{dataset}");
        assert!(
            rows.iter().all(|row| !row[column].is_null() && row["body"].is_null()),
            "{dataset}"
        );
    }
    place.run(&[&["export", "--format", "parquet"][..], &data].concat()).expect(0);
    let run = place.data().join("runs/a");
    for dataset in ["pages", "documents", "links", "scores"] {
        for entry in std::fs::read_dir(run.join(dataset)).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name");
            if !name.to_string_lossy().starts_with("part-") {
                continue;
            }
            let copy = place.path().join("forms").join(dataset).join(name);
            assert_eq!(std::fs::read(copy).expect("a copy"), std::fs::read(&path).expect("a part"));
        }
    }
    let one = ["export", "--run", "a", "--format", "jsonl", "--out", "docs.jsonl.gz"];
    place.run(&one).expect(0);
    let bytes = std::fs::read(place.path().join("docs.jsonl.gz")).expect("the file");
    assert!(bytes.starts_with(&[0x1f, 0x8b]));
}
