//! Secrets of the settings reach the servers they are for, and stand nowhere that a run leaves
//! behind (HOSTILE 48).

use std::collections::BTreeMap;
use std::path::Path;

use jarvix_core::Page;
use jarvix_testkit::{Behaviour, HostileOrigin, ProxySpeech, TestProxy};

use crate::support::{Place, comparable, rows};

/// One word for each way in; no other text has it.
const SECRETS: [&str; 5] = ["qheaderq", "qpasswordq", "qtokenq", "qcookieq", "qproxyq"];
/// Parts of `me:qpasswordq` and `me:qproxyq` in base64.
const CODED: [&str; 2] = ["bWU6cXBhc3N3b3JkcQ", "bWU6cXByb3h5cQ"];

fn assert_silent(text: &[u8], place: &str) {
    for secret in SECRETS.iter().chain(&CODED) {
        let found = text.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{secret} stands in {place}");
    }
}

fn assert_files_silent(folder: &Path) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            assert_files_silent(&path);
        } else {
            assert_silent(&std::fs::read(&path).expect("a file"), &path.display().to_string());
        }
    }
}

#[test]
fn nothing_that_a_run_leaves_behind_has_a_secret_in_it() {
    let place = Place::new();
    let origin = HostileOrigin::start();
    let proxy = TestProxy::start(ProxySpeech::Connect, Some(("me", "qproxyq")));
    // A cookie that comes with a page stands in the page's headers: the server has said it itself.
    // This one comes with robots.txt, which is no page.
    let cookie = vec![("Set-Cookie".to_owned(), "session=qcookieq; Path=/".to_owned())];
    origin.set("/robots.txt", Behaviour::Status(200, cookie));
    let urls = [
        origin.set("/page", Behaviour::Page),
        origin.set_on("token.localhost", "/page", Behaviour::Page),
        "http://nowhere.invalid/".to_owned(),
    ];
    let list: String = urls.iter().map(|url| format!("{url}\n")).collect();
    place.file("urls.txt", list);
    place.file("password", "me:qpasswordq\n");
    let port = origin.addr().port();
    let auth = format!("http://127.0.0.1:{port}=@password");
    let bearer = format!("http://token.localhost:{port}=env:TEST_TOKEN");
    let through = format!("http://me:qproxyq@{}", proxy.addr());
    let args = [
        "run",
        "urls.txt",
        "--run",
        "quiet",
        "--allow-net",
        "127.0.0.1",
        "--retries",
        "0",
        "-vv",
        "--header",
        "X-Key: qheaderq",
        "--auth",
        &auth,
        "--bearer",
        &bearer,
        "--proxy",
        &through,
        "--cookies",
    ];
    let ended = place.command(&args).env("TEST_TOKEN", "qtokenq").output().expect("it starts");
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stderr));
    let seen = origin.seen();
    let sent = |name: &str, value: &str| seen.iter().any(|seen| seen.header(name) == Some(value));
    assert!(sent("x-key", "qheaderq") && sent("authorization", "Bearer qtokenq"));
    assert!(sent("authorization", "Basic bWU6cXBhc3N3b3JkcQ=="), "{seen:?}");
    assert!(sent("cookie", "session=qcookieq") && !proxy.asked().is_empty());

    assert_silent(&ended.stdout, "stdout");
    assert_silent(&ended.stderr, "stderr");
    assert_files_silent(&place.data());
    let store = place.store();
    for (dataset, rows) in comparable(&store, "quiet") {
        assert_silent(rows.join("\n").as_bytes(), dataset);
    }
    let run_file = std::fs::read_to_string(place.data().join("runs/quiet/run.toml"));
    let run_file = run_file.expect("run.toml");
    assert!(
        run_file.contains("x-key: (hidden)") && run_file.contains("with a login"),
        "{run_file}"
    );
    drop(store);
    for args in [&["runs", "show", "quiet"][..], &["runs", "show", "quiet", "--json"]] {
        let ended = place.run(args).expect(0);
        assert_silent(ended.stdout().as_bytes(), "runs show");
    }
}

#[test]
fn settings_and_mistakes_are_shown_without_secrets() {
    let place = Place::new();
    place.file(
        "jarvix.toml",
        "[collect]\nheaders = [\"X-Key: qheaderq, with a comma\", \"X-Other: env:OTHER\"]\n\
         proxy = \"socks5://me:qproxyq@10.0.0.1\"\n",
    );
    for args in [&["config", "show", "--origin"][..], &["config", "show", "--json"]] {
        let mut command = place.command(args);
        command.env("JARVIX_AUTH", "example.org=me:qpasswordq").env("JARVIX_BEARER", "qtokenq");
        let ended = command.output().expect("it starts");
        let text = String::from_utf8_lossy(&ended.stdout).into_owned();
        assert_silent(text.as_bytes(), "config show");
        for shown in [
            "X-Key: (hidden), X-Other: env:OTHER",
            "example.org=(hidden)",
            "socks5://(hidden)@10.0.0.1",
        ] {
            assert!(text.contains(shown), "{text}");
        }
    }
    for mistake in [
        &["--header", "Cookie: qheaderq"][..],
        &["--header", "qheaderq"],
        &["--header", "X qheaderq: 1"],
        &["--header", "X-Key: qhead\u{7}erq"],
        &["--auth", "qpasswordq"],
        &["--auth", "example.org=qpasswordq"],
        &["--bearer", "example.org/path=qtokenq"],
        &["--proxy", "https://me:qproxyq@10.0.0.1"],
    ] {
        let place = Place::new();
        let mut args = vec!["run", "https://example.org/"];
        args.extend(mistake);
        let ended = place.run(&args).expect(2);
        let told = ended.stderr();
        assert_silent(told.as_bytes(), "stderr");
        assert!(told.contains("cannot be used"), "{mistake:?}: {told}");
        assert!(!place.data().exists(), "{mistake:?}: a run was begun");
    }
}

#[test]
fn unchanged_pages_are_copied_and_each_run_stands_alone() {
    let place = Place::new();
    let origin = HostileOrigin::start();
    let page = |n: u32| Behaviour::Versioned {
        etag: Some(format!("\"{n}\"")),
        last_modified: None,
        html: jarvix_testkit::hostile::PAGE.replace("ferry", &format!("ferry number {n}")),
    };
    let list: String = (0..20).map(|n| origin.set(&format!("/{n}"), page(n)) + "\n").collect();
    place.file("urls.txt", list);
    let run = |id: &str| {
        let args = ["run", "urls.txt", "--run", id, "--allow-net", "127.0.0.1", "--base", "latest"];
        place.run(&args).expect(0).stderr()
    };
    assert!(run("first").contains("no finished run"));
    assert!(run("second").contains("from run first"));
    let compared = origin.compared();
    assert_eq!((compared.not_modified, compared.whole), (20, 20));
    let of = |run: &str, dataset: &str| comparable(&place.store(), run)[dataset].clone();
    assert_eq!(of("first", "documents"), of("second", "documents"));
    assert!(of("second", "pages").iter().all(|row| row.contains("outcome: NotModified")));
    place.run(&["runs", "rm", "first"]).expect(0);
    place.run(&["verify", "--run", "second"]).expect(0);
    // In an archive a copied page is as good as a fetched one.
    place.run(&["export", "--run", "second", "--format", "warc", "--out", "second.warc"]).expect(0);
    place.run(&["run", "second.warc", "--run", "back"]).expect(0);
    let bodies = |run| {
        let pages = rows::<Page>(&place.store(), run).into_iter();
        pages.map(|page| (page.url, (page.body, page.body_hash))).collect::<BTreeMap<_, _>>()
    };
    assert_eq!(bodies("second").len(), 20);
    assert_eq!(bodies("second"), bodies("back"));
    place.run(&["runs", "rm", "back"]).expect(0);
    place.run(&["report", "--run", "second"]).expect(0);
    assert!(run("third").contains("from run second"));
    assert_eq!(origin.compared().not_modified, 40);

    let same = ["run", "urls.txt", "--run", "third", "--base", "third"];
    assert!(place.run(&same).expect(2).stderr().contains("with itself"));
    let unknown = ["run", "urls.txt", "--base", "nobody"];
    assert!(place.run(&unknown).expect(2).stderr().contains("no run nobody"));
}
