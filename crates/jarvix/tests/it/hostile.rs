//! What lists and pages write never acts on a terminal, never leaves the data folder, and a password
//! in a URL is written nowhere (HOSTILE 25, 33, 44, 45).

use std::os::unix::fs::symlink;
use std::path::Path;

use jarvix_origin::{Origin, OriginSettings};
use jarvix_testkit::HostileOrigin;
use jarvix_testkit::hostile::Behaviour;

use crate::support::Place;

/// Sets the window's title, clears the screen, turns the reading direction, rings the bell.
const ACTS: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}\u{2066}\u{200f}\u{8}\r";

/// Whether a terminal would do something instead of showing it.
fn acts(c: char) -> bool {
    let turns =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || (c.is_control() && !matches!(c, '\n' | '\t'))
}

#[track_caller]
fn assert_harmless(what: &str, text: &str) {
    let bad: Vec<&str> = text.lines().filter(|line| line.chars().any(acts)).collect();
    assert!(bad.is_empty(), "{what} acts: {bad:#?}");
}

#[test]
fn nothing_of_a_page_or_a_list_acts_on_the_terminal_or_in_the_log() {
    let origin = HostileOrigin::start();
    let html = format!(
        "<!doctype html><html lang=en><title>Title {ACTS} end</title><meta name=author \
         content=\"{ACTS}\"><body><h1>{ACTS}</h1><p>{}</p></body></html>",
        format!("A sentence {ACTS} of a page that is long enough to be read. ").repeat(40)
    );
    let good = origin.set("/good", Behaviour::Html(html));
    let header = vec![("Location".to_owned(), format!("http://x/{}", "\u{1b}[2J\u{202e}"))];
    let redirect = origin.set("/redirect", Behaviour::Status(302, header));
    let kind = Behaviour::Body {
        content_type: Some("image/\u{1b}[31mpng".to_owned()),
        content_encoding: None,
        bytes: b"x".to_vec(),
    };
    let odd = origin.set("/odd", kind);
    let place = Place::new();
    let list =
        format!("{good}\n{redirect}\n{odd}\nno url {ACTS}\nhttp://{ACTS}/\n\u{1b}]0;x\u{7}\n");
    let list = place.file("urls\u{202e}.txt", list);
    let allow = origin.addr().to_string();
    let run = ["run", &list, "--run", "a", "--allow-net", &allow, "--max-failed", "1"];
    for (name, args) in [
        ("run", &[&run[..], &["-vv"]].concat()[..]),
        ("runs show", &["runs", "show", "a"]),
        ("runs list", &["runs"]),
        ("verify", &["verify", "--run", "a"]),
        ("report", &["report", "--run", "a", "-vv"]),
        ("dry run", &["run", &list, "--dry-run"]),
        ("a missing file", &["run", &format!("nowhere{}", "\u{1b}[2J\u{202e}")]),
    ] {
        let ended = place.run(args);
        assert!(ended.code().is_some_and(|code| code <= 3), "{name}: {}", ended.stderr());
        assert_harmless(name, &ended.stdout());
        assert_harmless(name, &ended.stderr());
    }
    let ended = place.run(&["runs", "show", "a", "--json"]).expect(0);
    assert!(!ended.stdout().contains(['\u{1b}', '\u{9b}', '\u{7}']), "{}", ended.stdout());
}

#[test]
fn a_password_in_a_url_is_written_nowhere() {
    let origin = Origin::start(OriginSettings::generated(5)).expect("an origin");
    let secret = "hunter2hunter2";
    let place = Place::new();
    let mut list: String = origin
        .urls(4, 1)
        .map(|url| format!("{}\n", url.replace("://", &format!("://me:{secret}@"))))
        .collect();
    list.push_str(&format!("http://me:{secret}@:bad/\nftp://me:{secret}@files.example/x\n"));
    place.file("list.txt", &list);
    let allow = origin.addr().to_string();
    let args = ["run", "list.txt", "--run", "a", "--allow-net", &allow, "--max-failed", "1", "-vv"];
    let ended = place.run(&args).expect(0);
    assert!(!ended.stderr().contains(secret), "{}", ended.stderr());
    assert!(!ended.stdout().contains(secret), "{}", ended.stdout());
    let one = format!("http://me:{secret}@nowhere.invalid/");
    let ended = place.run(&["run", &one, "--run", "b", "--max-failed", "1", "-vv"]);
    assert!(!ended.stderr().contains(secret), "{}", ended.stderr());
    nowhere_in(&place.data(), secret.as_bytes());
}

/// Looks through every file of a folder.
fn nowhere_in(folder: &Path, secret: &[u8]) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            nowhere_in(&path, secret);
            continue;
        }
        let bytes = std::fs::read(&path).expect("a file");
        let found = bytes.windows(secret.len()).any(|window| window == secret);
        assert!(!found, "{} holds the password", path.display());
    }
}

#[test]
fn a_folder_that_cannot_be_written_to_is_said_before_anything_is_fetched() {
    let place = Place::new();
    let origin = Origin::start(OriginSettings::generated(5)).expect("an origin");
    let list: String = origin.urls(3, 1).map(|url| format!("{url}\n")).collect();
    place.file("list.txt", list);
    place.file("plain", "a file where a folder should be");
    let allow = origin.addr().to_string();
    // Nobody, root included, makes folders in these.
    for data in ["plain/data", "/proc/jarvix", "/sys/jarvix"] {
        let args = ["run", "list.txt", "--data", data, "--allow-net", &allow];
        let ended = place.run(&args);
        assert!(matches!(ended.code(), Some(1 | 2)), "{data}: {:?}", ended.code());
        assert!(ended.stderr().contains(data), "{data}: {}", ended.stderr());
    }
    assert!(origin.log().is_empty(), "{:?}", origin.log());
}

#[test]
fn no_run_id_and_no_link_leads_out_of_the_data_folder() {
    let place = Place::new();
    let origin = Origin::start(OriginSettings::generated(5)).expect("an origin");
    let list: String = origin.urls(3, 1).map(|url| format!("{url}\n")).collect();
    place.file("list.txt", list);
    let allow = origin.addr().to_string();
    let elsewhere = place.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).expect("a folder");
    std::fs::write(elsewhere.join("precious"), "x").expect("a file");
    for id in ["../elsewhere", "..", ".", "/tmp/x", "a/b", "a\\b", "", "elsewhere/../x", "~"] {
        for args in [
            &["run", "list.txt", "--run", id, "--allow-net", &allow][..],
            &["runs", "rm", id],
            &["verify", "--run", id],
            &["report", "--run", id],
        ] {
            place.run(args).expect(2);
        }
    }
    std::fs::create_dir_all(place.data().join("runs")).expect("folders");
    symlink(&elsewhere, place.data().join("runs/linked")).expect("a link");
    let run = ["run", "list.txt", "--run", "linked", "--allow-net", &allow];
    assert!(place.run(&run).code().is_some_and(|code| code != 0));
    assert!(place.run(&["runs", "rm", "linked"]).code().is_some_and(|code| code != 0));
    let left: Vec<_> = std::fs::read_dir(&elsewhere).expect("a folder").collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(origin.log().is_empty(), "{:?}", origin.log());
}
