//! What a run takes of its input: budgets, patterns, the failures of an earlier run; and what a
//! session keeps of the ones before it.

use std::net::TcpListener;

use jarvix_core::{Outcome, Page};

use crate::support::{Place, allowed, rows, site};

/// An address where nobody listens, on this machine.
fn closed() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address").to_string()
}

#[test]
fn failures_of_an_earlier_run_are_the_input_of_a_new_one() {
    let place = Place::new();
    let (origin, _) = site(&place, 6);
    let (open, closed) = (allowed(&origin), closed());
    let good = origin.urls(1, 1).next().expect("a URL");
    let list = format!(
        "url,note\n{good},good\nhttp://{closed}/2,\"second, \"\"bad\"\"\"\nhttp://{closed}/1,first bad\n\
         ftp://x.example/,not the web\n"
    );
    place.file("urls.csv", list);
    let flags = ["--retries", "0", "--allow-net", &open, "--allow-net", &closed];
    let first = [&["run", "urls.csv", "--run", "first"][..], &flags].concat();
    place.run(&first).expect(3);

    let again =
        [&["run", "--from", "first", "--outcome", "connect", "--json"][..], &flags].concat();
    let told = place.run(&again).expect(3).json();
    assert_eq!(told["data"]["run"], "first-again-1");
    assert_eq!(told["data"]["input"]["lines"], 2);
    let mut pages: Vec<Page> = rows(&place.store(), "first-again-1");
    pages.sort_by_key(|page| page.ordinal);
    let shown: Vec<(String, Outcome, &str)> = pages
        .iter()
        .map(|p| (p.url.clone(), p.outcome, p.input_meta.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(
        shown,
        [
            (format!("http://{closed}/2"), Outcome::Connect, r#"{"note":"second, \"bad\""}"#),
            (format!("http://{closed}/1"), Outcome::Connect, r#"{"note":"first bad"}"#),
        ],
        "in the order of the first run, with their other columns"
    );

    // It says where it came from, and the report how to have it again.
    let came = "pages of run first that ended in connect";
    let shown = place.run(&["runs", "show", "first-again-1"]).expect(0).stdout();
    assert!(shown.contains(came), "{shown}");
    assert!(place.run(&["runs"]).expect(0).stdout().contains(came));
    let summary =
        std::fs::read_to_string(place.data().join("runs/first-again-1/report/summary.json"))
            .expect("the report is there");
    assert!(summary.contains("jarvix run --from first --outcome connect"), "{summary}");

    // Every failure, if nothing is said; a run that goes on does not need the earlier one.
    let all = [&["run", "--from", "first", "--run", "all"][..], &flags].concat();
    place.run(&all).expect(3);
    assert_eq!(rows::<Page>(&place.store(), "all").len(), 3);
    place.run(&["runs", "rm", "first"]).expect(0);
    place.run(&all).expect(3);

    let mistakes: &[(&[&str], &str)] = &[
        (&["run", "--from", "nobody"], "there is no run nobody"),
        (&["run", "--from", "all", "--outcome", "tls"], "no pages of run all that ended in tls"),
        (&["run", "--from", "all", "--outcome", "late"], "\"late\" is not an outcome"),
        (&["run", "--from", "all", "--run", "all"], "cannot be taken from itself"),
        (&["run", "--from", "all", "urls.csv"], "cannot be used with"),
        (&["run", "urls.csv", "--outcome", "dns"], "--from"),
        (&["run"], "required"),
    ];
    for (args, words) in mistakes {
        let told = place.run(args).expect(2).stderr();
        assert!(told.contains(words), "{args:?}: {told}");
    }
}

#[test]
fn patterns_and_budgets_say_what_a_run_is() {
    let place = Place::new();
    let (origin, list) = site(&place, 12);
    let allow = allowed(&origin);
    let base = ["run", &list, "--allow-net", &allow];
    let with = |more: &[&str]| place.run(&[&base[..], more].concat());
    with(&["--run", "two", "--pages-per-host", "2", "--exclude", "/1$"]).expect(0);
    let mut pages: Vec<Page> = rows(&place.store(), "two");
    pages.sort_by_key(|page| page.ordinal);
    let kept: Vec<Outcome> = pages.iter().map(|page| page.outcome).collect();
    assert!(kept.iter().take(2).all(|outcome| *outcome == Outcome::Fetched), "{kept:?}");
    let over = pages.iter().filter(|page| page.outcome == Outcome::Budget);
    assert!(over.clone().count() >= 1, "{kept:?}");
    assert!(over.clone().all(|p| p.reason.as_deref() == Some("the host has used up its 2 pages")));

    let told = with(&["--run", "two", "--pages-per-host", "3", "--exclude", "/1$"]).expect(2);
    assert!(told.stderr().contains("pages per host \"2\", not \"3\""), "{}", told.stderr());
    let told = with(&["--run", "two", "--pages-per-host", "2", "--exclude", "/2$"]).expect(2);
    let words = "patterns \"--exclude /1$\", not \"--exclude /2$\"";
    assert!(told.stderr().contains(words), "{}", told.stderr());
    let told = with(&["--include", "("]).expect(2);
    assert!(told.stderr().contains("is not a regular expression"), "{}", told.stderr());
}

#[test]
fn a_plan_is_made_of_what_comes_through_a_pipe() {
    use std::io::Write as _;
    let place = Place::new();
    let mut child = place
        .command(&["run", "-", "--dry-run", "--json"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    pipe.write_all(b"http://a/1\nhttp://a/2\nhttp://a/1\n").expect("a list");
    drop(pipe);
    let ended = crate::support::Ended(child.wait_with_output().expect("it ends")).expect(0);
    let told = ended.json();
    assert_eq!(told["data"]["admitted"], 2);
    assert!(told["data"]["bytes_on_disk"].is_u64());
    assert!(!place.data().exists(), "a plan leaves nothing behind");
}

#[test]
fn a_session_that_is_told_nothing_goes_by_what_the_one_before_was_told() {
    let place = Place::new();
    let (origin, list) = site(&place, 8);
    let allow = allowed(&origin);
    let first = ["run", &list, "--run", "a", "--allow-net", &allow, "--retries", "0"];
    place.run(&[&first[..], &["--max-time", "0.001", "--rate", "1"]].concat());
    let told =
        place.run(&["run", &list, "--run", "a", "--rate", "0", "--max-time", "60"]).expect(0);
    let kept = format!("as in the session before: --retries 0 --allow-net {allow}");
    assert!(told.stderr().contains(&kept), "{}", told.stderr());
    let pages: Vec<Page> = rows(&place.store(), "a");
    assert_eq!(pages.len(), 8);
    assert!(pages.iter().all(|page| page.outcome == Outcome::Fetched));
    let shown = place.run(&["runs", "show", "a"]).expect(0).stdout();
    assert!(shown.contains("rate"), "{shown}");
}

#[test]
fn a_mistake_in_the_input_leaves_no_run_behind() {
    let place = Place::new();
    let empty = place.file("empty.txt", "# nothing stands here\n\n");
    let list = place.file("urls.txt", "https://example.org/\n");
    std::fs::create_dir_all(place.path().join("no-pages")).expect("a folder");
    for (args, word) in [
        (&["run", &empty][..], "nothing to fetch in empty.txt"),
        (&["run", "no-pages"], "no-pages"),
        (&["run", &list, "--url-column", "link"], "link"),
    ] {
        let told = place.run(args).expect(2).stderr();
        assert!(told.contains(word), "{args:?}: {told}");
    }
    let runs = place.run(&["runs", "--json"]).expect(0).json();
    assert_eq!(runs["data"].as_array().map(Vec::len), Some(0), "{runs}");
}

#[test]
fn a_report_says_when_its_scores_are_older_than_the_documents() {
    let place = Place::new();
    std::fs::create_dir_all(place.path().join("pages")).expect("a folder");
    place.file("pages/a.html", "<title>A</title><p>Some words of a page that is there.</p>");
    place.run(&["run", "pages", "--run", "a", "--quiet"]).expect(0);
    let fresh = place.run(&["report", "--run", "a"]).expect(0).stderr();
    assert!(!fresh.contains("newer"), "{fresh}");
    let deny = place.file("deny.txt", "keyword some words\n");
    place.run(&["curate", "--run", "a", "--deny", &deny, "--quiet"]).expect(0);
    let told = place.run(&["report", "--run", "a"]).expect(0).stderr();
    assert!(told.contains("newer than its scores; jarvix score --run a"), "{told}");
    let html = place.data().join("runs/a/report/index.html");
    assert!(std::fs::read_to_string(html).expect("a report").contains("newer than the scores"));
    place.run(&["score", "--run", "a", "--quiet"]).expect(0);
    let fresh = place.run(&["report", "--run", "a"]).expect(0).stderr();
    assert!(!fresh.contains("newer"), "{fresh}");
}

#[test]
fn an_input_of_nothing_but_rejects_says_where_to_look() {
    let place = Place::new();
    let list = place.file("bad.txt", "ht!tp://%%\nno address\n");
    let told = place.run(&["run", &list, "--run", "bad"]).expect(0).stderr();
    assert!(told.contains("no line of the input is a usable address"), "{told}");
    assert!(!told.contains("jarvix score"), "{told}");
    let sql = "SELECT line_no, reason FROM rejects";
    let rows = place.run(&["query", "--run", "bad", "--format", "csv", sql]).expect(0).stdout();
    assert_eq!(rows.lines().count(), 3, "{rows}");
}
