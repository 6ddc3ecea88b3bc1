//! Admission against a real store: sums, continuation, kills, size.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use jarvix_collect::admit::{
    Admission, AdmitError, AdmitSettings, DedupeLimits, admit, dry_run, fingerprint,
};
use jarvix_collect::frontier::{Entry, Frontier};
use jarvix_collect::input::{Input, classify};
use jarvix_collect::scope::Filter;
use jarvix_core::{
    Dataset, Event, Generation, Ordinals, Outcome, Page, PartName, Reject, RunId, Stage,
};
use jarvix_store::{Commit, NewRun, Store, system_env};
use proptest::prelude::*;
use tempfile::TempDir;

/// A store with one run.
pub struct Bench {
    folder: TempDir,
    store: Store,
    run: RunId,
    settings: AdmitSettings,
}

impl Bench {
    pub fn new() -> Self {
        Self::with(DedupeLimits::default())
    }

    fn with(dedupe: DedupeLimits) -> Self {
        Self::set(AdmitSettings { dedupe, ..AdmitSettings::default() })
    }

    fn filtered(include: &[&str], exclude: &[&str]) -> Self {
        let all = |texts: &[&str]| texts.iter().map(|t| t.parse().expect("a pattern")).collect();
        let filter = Filter { include: all(include), exclude: all(exclude) };
        Self::set(AdmitSettings { filter, ..AdmitSettings::default() })
    }

    fn set(settings: AdmitSettings) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let store = Store::open(&folder.path().join("data"), system_env()).expect("store");
        let run = RunId::new("run-1").expect("id");
        let new =
            NewRun { id: run.clone(), input_fingerprint: String::new(), settings: "{}".to_owned() };
        drop(store.lock_run(&run).expect("lock"));
        store.catalogue().create_run(new).expect("run");
        Self { folder, store, run, settings }
    }

    /// What another process would see after this one was killed.
    fn restart(&mut self) {
        self.store = Store::open(&self.folder.path().join("data"), system_env()).expect("store");
        self.store.recover(&self.run).expect("recover");
    }

    fn list(&self, name: &str, content: impl AsRef<[u8]>) -> Input {
        let path = self.folder.path().join(name);
        fs::write(&path, content).expect("write");
        classify(&path.display().to_string()).expect("list")
    }

    pub fn admit(&self, inputs: &[Input]) -> Result<Admission, AdmitError> {
        self.admit_watched(inputs, &|_| {}, &|| false)
    }

    fn admit_watched(
        &self,
        inputs: &[Input],
        on_event: &dyn Fn(Event),
        stop: &dyn Fn() -> bool,
    ) -> Result<Admission, AdmitError> {
        admit(&self.store, &self.run, inputs, &self.settings, on_event, stop)
    }

    pub fn entries(&self) -> Vec<Entry> {
        let frontier = Frontier::open(&self.store, &self.run).expect("frontier");
        frontier.pending().collect::<Result<_, _>>().expect("entries")
    }

    fn urls(&self) -> Vec<String> {
        self.entries().into_iter().map(|entry| entry.url).collect()
    }

    fn rejects(&self) -> Vec<Reject> {
        let parts = self.store.catalogue().parts(&self.run, Dataset::Rejects).expect("parts");
        let rows = |part| self.store.read::<Reject>(part).expect("part").map(|r| r.expect("row"));
        parts.iter().flat_map(rows).collect()
    }

    fn frontier_files(&self) -> Vec<String> {
        let folder = self.store.run_dir(&self.run).join("frontier");
        let entries = self.store.env().disk.list(&folder).expect("list");
        entries.into_iter().map(|entry| entry.name).collect()
    }
}

#[track_caller]
fn assert_adds_up(admission: &Admission) {
    let Admission { lines, admitted, rejects, duplicates, .. } = *admission;
    assert_eq!(lines, admitted + rejects + duplicates, "{admission:?}");
}

#[test]
fn every_line_ends_in_exactly_one_place() {
    let bench = Bench::new();
    let long = format!("http://a.example/{}", "x".repeat(64 * 1024));
    let list = bench.list(
        "urls.txt",
        format!(
            "# a comment\n\nhttp://a.example/\nHTTP://A.example:80/#x\nhttp://me:pw@b.example/%7e\n\
             http://b.example/~\nhttp://a b/\nhttp://c\0.example/\n{long}\nmailto:x@y\n\
             http://user:secret@:x/\nfile:///etc/passwd\n"
        ),
    );
    let admission = bench.admit(&[list]).expect("admitted");
    assert_adds_up(&admission);
    assert_eq!((admission.lines, admission.admitted), (10, 4));
    assert_eq!((admission.rejects, admission.duplicates), (4, 2));
    assert!(admission.complete);

    let entries = bench.entries();
    let shown: Vec<(&str, Option<u64>)> =
        entries.iter().map(|entry| (entry.url.as_str(), entry.line_no)).collect();
    assert_eq!(
        shown,
        [
            ("http://a.example/", Some(3)),
            ("http://b.example/~", Some(5)),
            ("mailto:x@y", Some(10)),
            ("file:///etc/passwd", Some(12)),
        ]
    );
    assert!(entries.iter().all(|entry| entry.local.is_none()));
    assert!(entries.is_sorted_by_key(|entry| entry.ordinal));

    let rejects = bench.rejects();
    let lines: Vec<u64> = rejects.iter().map(|reject| reject.line_no).collect();
    assert_eq!(lines, [7, 8, 9, 11]);
    assert!(rejects.iter().all(|reject| reject.text.chars().count() <= 200));
    assert_eq!(rejects[1].source, "urls.txt");
    assert_eq!(rejects[1].text, "http://c\\u{0}.example/");
    assert!(rejects.iter().all(|r| !r.text.contains("secret") && !r.reason.contains("secret")));
    assert_eq!(
        Admission::recorded(&bench.store, &bench.run).expect("sums").expect("some").lines,
        10
    );
}

#[test]
fn other_columns_come_along() {
    let bench = Bench::new();
    let list = bench.list("urls.csv", "b,url,a\n2,http://x.example/,1\n");
    bench.admit(&[list]).expect("admitted");
    let entries = bench.entries();
    assert_eq!(entries[0].input_meta.as_deref(), Some(r#"{"b":"2","a":"1"}"#));
}

#[test]
fn what_is_covered_by_committed_pages_is_not_pending() {
    let bench = Bench::new();
    let list = bench.list("urls.txt", "http://a/\nhttp://b/\nhttp://c/\n");
    bench.admit(&[list]).expect("admitted");
    let second = bench.entries().remove(1);
    let generation =
        bench.store.begin_generation(&bench.run, Stage::Collect, "k").expect("generation");
    let mut writer =
        bench.store.writer::<Page>(&bench.run, PartName(1), generation).expect("writer");
    let page = Page::unfetched(second.url, second.ordinal, Outcome::Dns, "no such name");
    writer.append(&page).expect("row");
    bench
        .store
        .commit(Commit {
            run: bench.run.clone(),
            stage: Stage::Collect,
            generation,
            input: None,
            parts: vec![writer.finish().expect("part")],
            covers: Ordinals::from_iter([second.ordinal]),
            notes: Vec::new(),
        })
        .expect("commit");
    let frontier = Frontier::open(&bench.store, &bench.run).expect("frontier");
    assert_eq!((frontier.admitted_len(), frontier.pending_len()), (3, 2));
    assert_eq!(bench.urls(), ["http://a/", "http://c/"]);
}

#[test]
fn appended_lines_are_new_work_and_changed_ones_are_refused() {
    let bench = Bench::new();
    let list = |text: &str| bench.list("urls.txt", text);
    let one = bench.admit(&[list("http://a/\nhttp://b/\n")]).expect("admitted");
    assert_eq!((one.admitted, one.admitted_now), (2, 2));

    let same = bench.admit(&[list("http://a/\nhttp://b/\n")]).expect("admitted");
    assert_eq!((same.admitted, same.admitted_now), (2, 0));

    let grown = "http://a/\nhttp://b/\nhttp://a/\nhttp://c/";
    let two = bench.admit(&[list(grown)]).expect("admitted");
    assert_adds_up(&two);
    assert_eq!((two.lines, two.admitted, two.duplicates, two.admitted_now), (4, 3, 1, 1));
    let last = bench.entries().pop().expect("entry");
    assert_eq!((last.url.as_str(), last.line_no), ("http://c/", Some(4)));
    assert_eq!(bench.urls(), ["http://a/", "http://b/", "http://c/"]);

    for (changed, reason) in [
        ("http://a/\nhttp://X/\nhttp://a/\nhttp://c/\nhttp://d/", "not what they were"),
        ("http://a/\n", "shorter"),
        ("http://a/\nhttp://b/\nhttp://a/\nhttp://c/more", "continued"),
    ] {
        let error = bench.admit(&[list(changed)]).expect_err("refused");
        let AdmitError::InputChanged { name, .. } = &error else { panic!("{error}") };
        assert!(name.ends_with("urls.txt"));
        assert!(error.to_string().contains(reason), "{error}");
        assert!(error.to_string().contains("--run"), "{error}");
    }
    let three = bench.admit(&[list(&format!("{grown}\nhttp://d/\n"))]).expect("admitted");
    assert_eq!((three.admitted, three.admitted_now), (4, 1));

    // Other inputs are refused, further ones are welcome.
    let other = bench.list("other.txt", "http://e/\n");
    assert!(bench.admit(std::slice::from_ref(&other)).is_err());
    let list = list(&format!("{grown}\nhttp://d/\n"));
    assert_eq!(bench.admit(&[list, other]).expect("admitted").admitted_now, 1);
}

#[test]
fn a_quote_left_open_at_the_end_does_not_swallow_lines_that_come_later() {
    let bench = Bench::new();
    let list = |text: &str| bench.list("urls.csv", text);
    let one = "url,note\nhttp://a/,\"open\n";
    let first = bench.admit(&[list(one)]).expect("admitted");
    assert_eq!((first.lines, first.rejects), (1, 1));
    let two = format!("{one}http://b/,x\"\nhttp://c/,y\n");
    let second = bench.admit(&[list(&two)]).expect("admitted");
    assert_eq!((second.lines, second.admitted, second.rejects), (3, 2, 1));
    assert_eq!(bench.urls(), ["http://b/", "http://c/"]);
}

#[test]
fn a_session_that_is_stopped_or_killed_leaves_nothing_half() {
    let text: String = (0..120_000).fold(String::new(), |mut text, n| {
        let url =
            if n % 7 == 0 { "not a url".to_owned() } else { format!("http://h/{}", n % 90_000) };
        writeln!(text, "{url}").expect("write");
        text
    });
    let dedupe = DedupeLimits { buffer_bytes: 480, ..DedupeLimits::default() };
    let undisturbed = Bench::with(dedupe);
    let expected = undisturbed.admit(&[undisturbed.list("urls.txt", &text)]).expect("admitted");
    assert_adds_up(&expected);

    let mut bench = Bench::with(dedupe);
    let list = bench.list("urls.txt", &text);
    let inputs = [list];
    let asked = Cell::new(0);
    let stop = || {
        asked.set(asked.get() + 1);
        asked.get() > 70_000
    };
    let stopped = bench.admit_watched(&inputs, &|_| {}, &stop).expect("stopped");
    assert_eq!(stopped, Admission::default());
    assert!(bench.frontier_files().is_empty());
    assert!(bench.entries().is_empty() && bench.rejects().is_empty());

    for lines in [50_000, 100_000] {
        let die = |event: Event| {
            if matches!(event, Event::InputAdmitted { lines: at, .. } if at == lines) {
                panic!("killed");
            }
        };
        let killed = AssertUnwindSafe(|| bench.admit_watched(&inputs, &die, &|| false));
        assert!(catch_unwind(killed).is_err());
        bench.restart();
        assert!(bench.entries().is_empty() && bench.rejects().is_empty());
    }
    let done = bench.admit(&inputs).expect("admitted");
    assert_eq!(done, expected);
    assert!(bench.entries() == undisturbed.entries());
    assert!(bench.rejects() == undisturbed.rejects());
    let files = ["hosts-00000001.jfh", "keys-00000001.jfk", "segment-00000001.jfr"];
    assert_eq!(bench.frontier_files(), files);
}

#[test]
fn a_damaged_segment_is_an_error_and_no_panic() {
    let bench = Bench::new();
    let list = bench.list("urls.txt", "http://a/\nhttp://b/\n");
    bench.admit(&[list]).expect("admitted");
    let path = bench.store.run_dir(&bench.run).join("frontier/segment-00000001.jfr");
    let good = fs::read(&path).expect("read");
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        fs::write(&path, &bad).expect("write");
        let frontier = Frontier::open(&bench.store, &bench.run).expect("frontier");
        let read: Result<Vec<Entry>, _> = frontier.pending().collect();
        // The end mark behind the last wanted entry is not read.
        assert!(read.is_err() || at >= good.len() - 88, "byte {at}");
        let cut = frontier.pending().count();
        assert!(cut <= 3);
    }
}

#[test]
fn the_plan_writes_nothing_and_says_what_would_happen() {
    let bench = Bench::new();
    let list = bench.list("urls.txt", "http://a/1\nhttp://a/2\nhttp://b/\nhttp://a/1\njunk\n");
    let scratch = tempfile::tempdir().expect("folder");
    let settings = AdmitSettings::default();
    let plan = dry_run(bench.store.env(), &[list], &settings, scratch.path(), &|_| {}, &|| false);
    let plan = plan.expect("plan");
    assert_eq!((plan.lines, plan.admitted, plan.rejects, plan.duplicates), (5, 3, 1, 1));
    assert_eq!((plan.hosts, plan.bytes, plan.complete), (2, 48, true));
    assert_eq!((plan.top_hosts[0].host.as_str(), plan.top_hosts[0].urls), ("a", 2));
    assert_eq!(plan.reject_examples[0].line_no, 5);
    assert_eq!(fs::read_dir(scratch.path()).expect("list").count(), 0);
    assert!(bench.frontier_files().is_empty());
}

#[test]
fn the_fingerprint_is_of_the_input_and_not_of_its_content() {
    let bench = Bench::new();
    let settings = AdmitSettings::default();
    let before = fingerprint(&[bench.list("a.txt", "http://a/")], &settings);
    assert_eq!(before, fingerprint(&[bench.list("a.txt", "http://b/")], &settings));
    assert_ne!(before, fingerprint(&[bench.list("b.txt", "http://a/")], &settings));
    let column = AdmitSettings { url_column: Some("x".to_owned()), ..settings };
    assert_ne!(before, fingerprint(&[bench.list("a.txt", "http://a/")], &column));
}

/// A list of lines with many repeats and some that cannot be used.
fn some_list() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        4 => (0u32..60).prop_map(|n| format!("http://h{}.example/{n}", n % 7)),
        1 => (0u32..9).prop_map(|n| format!("HTTP://H{n}.example/?utm_source=x")),
        1 => Just("no url at all".to_owned()),
        1 => Just("# comment".to_owned()),
        1 => Just(String::new()),
        1 => "\\PC{0,20}",
    ];
    let end = prop_oneof![Just("\n"), Just("\r\n")];
    proptest::collection::vec((line, end), 0..200).prop_map(|lines| {
        lines.into_iter().flat_map(|(line, end)| [line, end.to_owned()]).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn sums_add_up_and_limits_change_nothing(
        text in some_list(),
        partition_bits in 0u32..5,
        buffer_bytes in 1usize..400,
        sort_bytes_max in 64u64..4_000,
    ) {
        let plain = Bench::new();
        let one = plain.admit(&[plain.list("urls.txt", &text)]).expect("admitted");
        assert_adds_up(&one);
        let lines = text.lines().filter(|l| !l.trim().is_empty() && !l.trim().starts_with('#'));
        prop_assert_eq!(one.lines, lines.count() as u64);
        prop_assert_eq!(one.rejects, plain.rejects().len() as u64);
        let urls = plain.urls();
        prop_assert_eq!(one.admitted, urls.len() as u64);
        prop_assert_eq!(urls.iter().collect::<BTreeSet<_>>().len(), urls.len());

        let tight = Bench::with(DedupeLimits { partition_bits, buffer_bytes, sort_bytes_max });
        let two = tight.admit(&[tight.list("urls.txt", &text)]).expect("admitted");
        prop_assert_eq!(one, two);
        prop_assert_eq!(tight.entries(), plain.entries());
    }
}

#[test]
fn a_million_lines_pass_through_small_buffers() {
    let bench = Bench::with(DedupeLimits {
        partition_bits: 4,
        buffer_bytes: 4 * 1024,
        sort_bytes_max: 256 * 1024,
    });
    let path: PathBuf = bench.folder.path().join("urls.txt");
    let mut text = String::new();
    // Two rounds of the same half: the repeats stand too far apart to be noticed on the way.
    for n in (0..500_000).chain(0..500_000) {
        writeln!(text, "http://h{}/{n}", n % 997).expect("write");
    }
    fs::write(&path, text).expect("write");
    let list = classify(&path.display().to_string()).expect("list");
    let events = Cell::new(0);
    let count = |event: Event| {
        assert!(matches!(event, Event::InputAdmitted { .. }));
        events.set(events.get() + 1);
    };
    let admission = bench.admit_watched(&[list], &count, &|| false).expect("admitted");
    assert_eq!((admission.lines, admission.admitted), (1_000_000, 500_000));
    assert_eq!(admission.duplicates, 500_000);
    assert_eq!(events.get(), 21);
    let frontier = Frontier::open(&bench.store, &bench.run).expect("frontier");
    assert_eq!(frontier.pending_len(), 500_000);
    assert_eq!(frontier.pending().take(1_000).filter(Result::is_ok).count(), 1_000);
}

#[test]
fn generation_of_rejects_is_the_first() {
    // The summary reads rejects like every other dataset: by the generation that readers see.
    let bench = Bench::new();
    let list = bench.list("urls.txt", "junk\n");
    bench.admit(&[list]).expect("admitted");
    let parts = bench.store.catalogue().parts(&bench.run, Dataset::Rejects).expect("parts");
    assert_eq!(parts.len(), 1);
    assert_eq!((parts[0].generation, parts[0].rows), (Generation::FIRST, 1));
}

#[test]
fn lines_that_the_patterns_leave_out_are_rejects_with_a_reason() {
    let bench = Bench::filtered(&["^https?://a\\.example/"], &["[?&]page=\\d{2,}", "\\.pdf$"]);
    let list = bench.list(
        "urls.txt",
        "http://a.example/\nhttp://b.example/\nhttp://A.example:80/x.pdf\n\
         http://a.example/?page=7\nhttp://a.example/?page=77\nhttp://a.example/?page=7\n",
    );
    let admission = bench.admit(&[list]).expect("admitted");
    assert_adds_up(&admission);
    assert_eq!((admission.admitted, admission.rejects, admission.duplicates), (2, 3, 1));
    assert_eq!(bench.urls(), ["http://a.example/", "http://a.example/?page=7"]);
    let rejects = bench.rejects();
    let shown: Vec<(u64, &str)> = rejects.iter().map(|r| (r.line_no, r.reason.as_str())).collect();
    assert_eq!(
        shown,
        [
            (2, "left out: it matches no --include"),
            (3, "left out by --exclude \"\\\\.pdf$\""),
            (5, "left out by --exclude \"[?&]page=\\\\d{2,}\""),
        ]
    );
}

#[test]
fn homographs_stay_apart_and_no_name_stops_a_run() {
    // HOSTILE 24 and 26: the first two look alike and are not; the third is the second's other form.
    let bench = Bench::new();
    let list = bench.list(
        "urls.txt",
        "http://apple.example/\nhttp://\u{430}pple.example/\nhttp://xn--pple-43d.example/\n\
         http://xn--a/\nhttp://xn--99999999999999.example/\nhttp://a\u{200d}.example/\n\
         http://apple.example/%2e/%2E%2e/a%2525b#c\nhttp://apple.example/a%2525b\n",
    );
    let admission = bench.admit(&[list]).expect("admitted");
    assert_adds_up(&admission);
    let urls = bench.urls();
    for url in ["http://apple.example/", "http://xn--pple-43d.example/"] {
        assert_eq!(urls.iter().filter(|u| *u == url).count(), 1, "{urls:?}");
    }
    assert_eq!(urls.iter().filter(|u| *u == "http://apple.example/a%2525b").count(), 1);
    assert!(bench.rejects().iter().all(|reject| !reject.reason.is_empty()));
    for url in urls {
        assert_eq!(jarvix_core::canonicalise(&url).expect("canonical").as_str(), url);
    }
}

#[test]
fn what_cannot_be_a_url_is_refused_with_a_reason_and_the_rest_goes_on() {
    // HOSTILE 25 and 27, also where a column hides the end of a line.
    let bench = Bench::new();
    let long = format!("http://a.example/{}", "x".repeat(64 * 1024));
    let list = bench.list(
        "urls.csv",
        format!(
            "url,n\n\"http://a.example/\r\nHost: b\",1\n\"http://a.example/\0\",2\n{long},3\n\
             http://me:secret@a.example/,4\nhttp://me:secret@[/,5\nhttp://b.example/,6\n"
        ),
    );
    let admission = bench.admit(&[list]).expect("admitted");
    assert_adds_up(&admission);
    assert_eq!((admission.admitted, admission.rejects), (2, 4));
    assert_eq!(bench.urls(), ["http://a.example/", "http://b.example/"]);
    let rejects = bench.rejects();
    assert!(rejects.iter().all(|r| !r.reason.is_empty() && !r.text.contains("secret")));
    assert!(rejects.iter().all(|r| !r.text.contains(['\r', '\n', '\0'])), "{rejects:?}");
    assert!(rejects.iter().all(|r| r.text.chars().count() <= 200));
}

#[test]
fn any_number_of_repeats_fits_where_their_urls_do() {
    // HOSTILE 29, small: what examples/admission.rs does with a hundred million lines.
    let dedupe = DedupeLimits { partition_bits: 2, buffer_bytes: 480, sort_bytes_max: 2_048 };
    let bench = Bench::with(dedupe);
    let text: String = (0..150_000).map(|n| format!("http://h{}.example/\n", n % 3 * 7)).collect();
    let admission = bench.admit(&[bench.list("urls.txt", text)]).expect("admitted");
    assert_eq!((admission.admitted, admission.duplicates), (3, 149_997));
}
