//! Lists as they come: every case is bytes in, lines out.

use std::io::Write;

use jarvix_core::limits;
use jarvix_store::system_env;

use super::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("gzip");
    encoder.finish().expect("gzip")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).expect("zstd")
}

fn show(line: &Line) -> String {
    let number = line.line_no.map_or_else(|| "-".to_owned(), |n| n.to_string());
    match &line.content {
        Content::Url { text, meta: None } => format!("{number} {text}"),
        Content::Url { text, meta: Some(meta) } => format!("{number} {text} {meta}"),
        Content::Local { relative } => format!("{number} local {relative}"),
        Content::Archived { text, at } => format!("{text} at {at}"),
        Content::Unusable { text, reason } => format!("{number} ! {text}: {reason}"),
    }
}

fn read(file: &str, bytes: &[u8], column: Option<&str>) -> Result<Vec<String>, InputError> {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join(file);
    std::fs::write(&path, bytes).expect("write");
    let input = Input::List { path, name: file.to_owned() };
    Lines::open(&system_env(), &input, column)?.map(|line| line.map(|line| show(&line))).collect()
}

#[track_caller]
fn check(file: &str, bytes: impl AsRef<[u8]>, expected: &[&str]) {
    let lines = read(file, bytes.as_ref(), None).expect("readable");
    assert_eq!(lines, expected, "{file}");
}

#[track_caller]
fn check_column(file: &str, bytes: &str, column: &str, expected: &[&str]) {
    let lines = read(file, bytes.as_bytes(), Some(column)).expect("readable");
    assert_eq!(lines, expected, "{file}");
}

#[track_caller]
fn check_error(file: &str, bytes: impl AsRef<[u8]>, column: Option<&str>, words: &[&str]) {
    let error = read(file, bytes.as_ref(), column).expect_err("an error").to_string();
    for word in words {
        assert!(error.contains(word), "{error:?} does not say {word:?}");
    }
}

#[test]
fn text_lines_keep_their_numbers_whatever_ends_them() {
    check("a.txt", "", &[]);
    check("a.txt", "http://a/\nhttp://b/", &["1 http://a/", "2 http://b/"]);
    check("a.txt", "http://a/\r\nhttp://b/\r\n", &["1 http://a/", "2 http://b/"]);
    check("a.txt", "http://a/\rhttp://b/\r", &["1 http://a/", "2 http://b/"]);
    check("a.txt", "\u{feff}http://a/\n", &["1 http://a/"]);
    check("a.txt", "# c\n\n  \nhttp://a/\n \t# d\nhttp://b/", &["4 http://a/", "6 http://b/"]);
    check("a.txt", "\r\n\r\nhttp://a/", &["3 http://a/"]);
    check("a.txt", "\n\r\nhttp://a/", &["3 http://a/"]);
}

#[test]
fn packing_is_seen_in_the_content_not_in_the_name() {
    let list = b"http://a/\nhttp://b/\n";
    let expected = ["1 http://a/", "2 http://b/"];
    for file in ["a.txt", "a.txt.gz", "a.txt.zst", "a"] {
        check(file, list, &expected);
        check(file, gzip(list), &expected);
        check(file, zstd(list), &expected);
    }
    let members = [gzip(b"http://a/\n"), gzip(b"http://b/\n")].concat();
    check("members.gz", members, &expected);
    let frames = [zstd(b"http://a/\n"), zstd(b"http://b/\n")].concat();
    check("frames.zst", frames, &expected);
}

#[test]
fn damaged_packing_is_an_error() {
    let lines = (0..5_000).map(|n| format!("http://a/{}\n", n * 7919)).collect::<String>();
    for packed in [gzip(lines.as_bytes()), zstd(lines.as_bytes())] {
        check_error("a.txt.gz", &packed[..packed.len() / 2], None, &["read a.txt.gz"]);
    }
}

#[test]
fn what_is_not_text_is_set_aside_line_by_line() {
    let long = format!("http://a/{}", "x".repeat(limits::LINE_BYTES_MAX));
    let list = [b"http://a/\n\xff\xfe\n\0\x01\n".as_slice(), long.as_bytes(), b"\nhttp://b/"];
    let lines = read("a.txt", &list.concat(), None).expect("readable");
    assert_eq!(lines.len(), 5);
    assert_eq!(lines[1], "2 ! \\xff\\xfe: the line is not UTF-8 text");
    // Control characters are text; the URL parser refuses them.
    assert_eq!(lines[2], "3 \0\u{1}");
    assert!(lines[3].starts_with("4 ! http://a/xxx"), "{}", &lines[3][..40]);
    assert!(lines[3].ends_with("the line is 1048585 bytes long; the limit is 1048576"));
    assert!(lines[3].len() < 400);
    assert_eq!(lines[4], "5 http://b/");
}

#[test]
fn csv_columns() {
    check("a.csv", "url\nhttp://a/\n", &["2 http://a/"]);
    check(
        "a.csv",
        "id,URL,note\n1,http://a/,\"x, \"\"y\"\"\"\n2,http://b/,\n",
        &[r#"2 http://a/ {"id":"1","note":"x, \"y\""}"#, r#"3 http://b/ {"id":"2","note":""}"#],
    );
    // No usual name: the first column whose first value is a web address.
    check("a.csv", "id,where\n1,http://a/\n", &[r#"2 http://a/ {"id":"1"}"#]);
    // No header at all.
    check(
        "a.csv",
        "1,google.example\n2,b.example\n",
        &[r#"1 google.example {"column_1":"1"}"#, r#"2 b.example {"column_1":"2"}"#],
    );
    check("a.tsv", "id\turl\n1\thttp://a/\n", &[r#"2 http://a/ {"id":"1"}"#]);
    check("a.csv", "id;url\n1;http://a/\n", &[r#"2 http://a/ {"id":"1"}"#]);
    check("a.csv.gz", gzip(b"id,url\n1,http://a/\n"), &[r#"2 http://a/ {"id":"1"}"#]);
    check_column(
        "a.csv",
        "url,Other\nhttp://a/,http://b/\n",
        "other",
        &[r#"2 http://b/ {"url":"http://a/"}"#],
    );
    check_column("a.csv", "1,http://a/\n", "column_2", &[r#"1 http://a/ {"column_1":"1"}"#]);
}

#[test]
fn csv_rows_that_go_over_lines_and_rows_that_are_broken() {
    check(
        "a.csv",
        "url,note\n# comment\nhttp://a/,\"two\nlines\"\n\nhttp://b/,x,extra\nhttp://c/\n",
        &[
            r#"3 http://a/ {"note":"two\nlines"}"#,
            r#"6 http://b/ {"note":"x","column_3":"extra"}"#,
            "7 http://c/",
        ],
    );
    // An open quote costs its own line, not the list.
    let mut list = "url,note\nhttp://a/,\"open\n".to_owned();
    let many: Vec<String> = (0..3_000).map(|n| format!("http://a/{n},x")).collect();
    list.push_str(&many.join("\n"));
    let lines = read("a.csv", list.as_bytes(), None).expect("readable");
    assert_eq!(lines.len(), 3_001);
    assert_eq!(lines[0], "2 ! http://a/,\"open: a quote is opened and not closed");
    assert_eq!(lines[3_000], r#"3002 http://a/2999 {"note":"x"}"#);
    check("a.csv", "note,url\nx\n", &[r#"2 ! x: the row has no column "url""#]);
}

#[test]
fn json_lines() {
    check(
        "a.jsonl",
        "{\"id\":1,\"url\":\"http://a/\",\"tags\":[\"x\"]}\n\n\"http://b/\"\n7\n{\"id\":2}\n{\"url\":3}\n{\n",
        &[
            r#"1 http://a/ {"id":1,"tags":["x"]}"#,
            "3 http://b/",
            "4 ! 7: the line is neither a JSON object nor a string",
            r#"5 ! {"id":2}: the object has no "url""#,
            r#"6 ! {"url":3}: "url" is not a string"#,
            "7 ! {: the line is not JSON: EOF while parsing an object at line 1 column 1",
        ],
    );
    check("a.list", "{\"where\":\"http://a/\"}", &["1 http://a/"]);
    check_error("a.json", "[{\"url\":\"http://a/\"}]", None, &["one object a line"]);
}

#[test]
fn parquet_lists() {
    // Jarvix's own tables are Parquet too.
    let folder = tempfile::tempdir().expect("folder");
    let store = jarvix_store::Store::open(folder.path(), system_env()).expect("store");
    let run = jarvix_core::RunId::new("r").expect("id");
    let _lock = store.lock_run(&run).expect("lock");
    let name = jarvix_core::PartName(1);
    let mut writer = store
        .writer::<jarvix_core::Reject>(&run, name, jarvix_core::Generation::FIRST)
        .expect("writer");
    let reject = |line_no, text: &str| jarvix_core::Reject {
        source: "s".to_owned(),
        line_no,
        text: text.to_owned(),
        reason: String::new(),
    };
    for row in [reject(7, "http://a/"), reject(8, "http://b/")] {
        writer.append(&row).expect("row");
    }
    let part = writer.finish().expect("part");
    let path = store.part_path(part.part());
    let bytes = std::fs::read(path).expect("read");
    let expected = [
        r#"1 http://a/ {"source":"s","line_no":7,"reason":""}"#,
        r#"2 http://b/ {"source":"s","line_no":8,"reason":""}"#,
    ];
    check("a.parquet", &bytes, &expected);
    check("no-ending", &bytes, &expected);
    check_error("a.parquet", &bytes, Some("nothing"), &["nothing", "line_no", "--url-column"]);
    check_error("a.parquet", &bytes[..bytes.len() - 9], None, &["a.parquet"]);
}

#[test]
fn errors_say_what_to_do() {
    check_error("a.csv", "id,name\n1,x\n", None, &["id, name", "--url-column"]);
    check_error("a.csv", "id,url\n1,http://a/\n", Some("link"), &["\"link\"", "id, url"]);
    check_error("a.txt", b"\xff\xfeh\0t\0", None, &["UTF-16", "iconv"]);
}

#[test]
fn arguments_are_what_they_look_like() {
    let folder = tempfile::tempdir().expect("folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    for name in ["list.txt", "page.html", "page.HTM.gz"] {
        std::fs::write(at(name), "x").expect("write");
    }
    assert_eq!(classify("-").expect("stdin"), Input::Stdin { spooled: None });
    let url = "https://me:secret@example.org/";
    let input = classify(url).expect("url");
    assert_eq!(input, Input::Url(url.to_owned()));
    assert!(!input.name().contains("secret") && !input.identity().contains("secret"));
    for (url, is_sitemap) in [
        ("https://example.org/sitemap.xml", true),
        ("https://example.org/a/Sitemap-2.XML.gz?x=y", true),
        ("https://example.org/sitemap.xml/page", false),
        ("https://example.org/sitemap.html", false),
        ("https://example.org/?sitemap.xml", false),
    ] {
        assert_eq!(classify(url).expect("url").is_sitemap(), is_sitemap, "{url}");
    }
    assert!(matches!(classify(&at("list.txt")), Ok(Input::List { .. })));
    assert!(matches!(classify(&at("page.html")), Ok(Input::File(_))));
    assert!(matches!(classify(&at("page.HTM.gz")), Ok(Input::File(_))));
    assert!(matches!(classify(&at("")), Ok(Input::Folder(_))));
    let missing = classify(&at("missing")).expect_err("missing").to_string();
    assert!(missing.contains("check the path"), "{missing}");
    assert!(matches!(classify("/dev/null"), Err(InputError::NotAFile { .. })));
}

#[test]
fn local_urls_are_encoded_and_say_nothing_of_the_folders_place() {
    let cases = [
        ("a.html", Some("file:///pages/a.html")),
        ("sub/ü b#?%.html", Some("file:///pages/sub/%C3%BC%20b%23%3F%25.html")),
        ("new\nline.html", Some("file:///pages/new%0Aline.html")),
        ("../a.html", None),
        ("a//b.html", None),
    ];
    for (relative, expected) in cases {
        let url = file_url("pages", relative);
        assert_eq!(url.as_deref(), expected, "{relative}");
        if let Some(url) = url {
            let canonical = jarvix_core::canonicalise(&url).expect("canonical");
            assert_eq!(canonical.as_str(), url);
        }
    }
}

#[test]
fn stdin_is_kept_and_must_go_on_as_it_began() {
    let folder = tempfile::tempdir().expect("folder");
    let env = system_env();
    let spool = |mut bytes: &[u8]| spool_stdin(&env, &mut bytes, folder.path());
    let path = spool(b"http://a/\n").expect("first");
    let content = || std::fs::read(&path).expect("read");
    spool(b"http://a/\nhttp://b/\n").expect("grown");
    assert_eq!(content(), b"http://a/\nhttp://b/\n");
    spool(b"").expect("nothing came");
    assert_eq!(content(), b"http://a/\nhttp://b/\n");
    assert!(matches!(spool(b"http://c/\n"), Err(InputError::StdinChanged)));
    assert_eq!(content(), b"http://a/\nhttp://b/\n");
}
