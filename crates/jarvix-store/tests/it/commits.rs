//! What one commit may be, what it does, and what it refuses.

use jarvix_core::{Dataset, Generation, Link, Ordinals, Page, PartName, RunId, RunState, Stage};
use jarvix_store::{Commit, NewRun, StoreError};

use crate::support::{
    collect, curate, curate_commit, document, duplicate, link, new_run, open, page, pages_commit,
    reject, rows, run, stage, with_run,
};

const G1: Generation = Generation::FIRST;

#[test]
fn what_is_committed_is_what_is_covered() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    let first = collect(&store, 0..4).expect("collect");
    let second = collect(&store, 4..6).expect("collect");
    assert_eq!((first.name, second.name), (PartName(1), PartName(2)));
    assert_eq!((first.rows, second.rows), (4, 2));
    assert_eq!(store.catalogue().parts(&run(), Dataset::Pages).expect("parts"), [first, second]);
    let covered = store.catalogue().covered(&run(), Stage::Collect).expect("covered");
    assert_eq!(covered, (0..6).collect());
    let again = open(dir.path());
    assert_eq!(again.catalogue().covered(&run(), Stage::Collect).expect("covered"), covered);
}

#[test]
fn nothing_is_seen_before_its_commit() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    let staged = stage(&store, PartName(1), G1, &[page(1)]).expect("stage");
    assert!(store.catalogue().parts(&run(), Dataset::Pages).expect("parts").is_empty());
    let path = store.part_path(staged.part());
    assert!(path.exists());
    drop(staged);
    let lock = store.lock_run(&run()).expect("lock");
    assert_eq!(lock.recovered().orphans, 1);
    assert!(!path.exists(), "what was never committed is removed");
    assert!(store.recover(&run()).expect("recover").is_clean());
}

#[test]
fn no_ordinal_is_covered_twice() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    collect(&store, 0..4).expect("collect");
    let error = collect(&store, 3..6).expect_err("3 is covered");
    assert!(matches!(error, StoreError::Overlap { count: 1, .. }), "{error}");
    assert_eq!(rows::<Page>(&store).expect("rows").len(), 4);
    collect(&store, 4..6).expect("the rest");
    assert_eq!(rows::<Page>(&store).expect("rows").len(), 6);
}

#[test]
fn the_same_commit_twice_is_one() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    let commit = || {
        let part = stage(&store, PartName(1), G1, &[page(1)])?;
        store.commit(pages_commit(vec![part], Ordinals::from_iter([1])))
    };
    let first = commit().expect("commit");
    assert_eq!(commit().expect("commit again"), first);
    assert!(store.verify(&run()).expect("verify").is_ok());

    let other = stage(&store, PartName(1), G1, &[page(2)]).expect("stage");
    let error = store.commit(pages_commit(vec![other], Ordinals::from_iter([2])));
    assert!(matches!(error, Err(StoreError::Conflict { .. })), "{error:?}");
    assert_eq!(rows::<Page>(&store).expect("rows")[0].ordinal, 1, "the committed file stays");
}

#[test]
fn a_worker_that_does_an_item_again_changes_nothing() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    let name = collect(&store, 0..2).expect("collect").name;
    let work = |text: &str| {
        let documents = stage(&store, name, G1, &[document(0, text)])?;
        let links = stage::<Link>(&store, name, G1, &[])?;
        Ok::<_, StoreError>(curate_commit(name, G1, vec![documents, links]))
    };
    // Both have staged before either commits: the file is written once for equal content.
    let (one, two) = (work("same").expect("stage"), work("same").expect("stage"));
    let first = store.commit(one).expect("commit");
    assert_eq!(store.commit(two).expect("commit"), first);
    // Later, with other content: the committed one stays.
    assert_eq!(store.commit(work("other").expect("stage")).expect("commit"), first);
    assert!(store.verify(&run()).expect("verify").is_ok());
    assert!(store.catalogue().work(&run(), Stage::Curate, G1).expect("work").is_empty());
}

#[test]
fn of_two_different_stagings_of_one_name_the_replaced_one_is_refused() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    let one = stage(&store, PartName(1), G1, &[page(1)]).expect("stage");
    let two = stage(&store, PartName(1), G1, &[page(2)]).expect("stage");
    let error = store.commit(pages_commit(vec![one], Ordinals::from_iter([1])));
    assert!(matches!(error, Err(StoreError::Conflict { .. })), "{error:?}");
    store.commit(pages_commit(vec![two], Ordinals::from_iter([2]))).expect("commit");
    assert!(store.verify(&run()).expect("verify").is_ok());
}

#[test]
fn a_commit_is_one_whole_unit_of_work() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    let name = collect(&store, 0..2).expect("collect").name;
    let documents = || stage(&store, name, G1, &[document(0, "x")]).expect("stage");
    let links = || stage(&store, name, G1, &[link(0)]).expect("stage");
    let pages = || stage(&store, PartName(9), G1, &[page(9)]).expect("stage");
    let other_name = stage(&store, PartName(7), G1, &[link(0)]).expect("stage");
    let missing_input = vec![
        stage(&store, PartName(8), G1, &[document(0, "x")]),
        stage(&store, PartName(8), G1, &[link(0)]),
    ];
    let missing_input = missing_input.into_iter().map(|part| part.expect("stage")).collect();
    let no_input = Commit { input: None, ..curate_commit(name, G1, vec![documents(), links()]) };
    let cases: Vec<(&str, Commit)> = vec![
        ("no parts", pages_commit(Vec::new(), Ordinals::new())),
        ("an output is missing", curate_commit(name, G1, vec![documents()])),
        ("another stage's output", curate_commit(name, G1, vec![documents(), pages()])),
        ("an output twice", curate_commit(name, G1, vec![links(), links()])),
        ("another name", curate_commit(name, G1, vec![documents(), other_name])),
        ("an input that is not there", curate_commit(PartName(8), G1, missing_input)),
        ("no input", no_input),
        ("rows without ordinals", pages_commit(vec![pages()], Ordinals::new())),
    ];
    for (what, commit) in cases {
        let error = store.commit(commit).expect_err(what);
        assert!(matches!(error, StoreError::InvalidCommit { .. }), "{what}: {error}");
    }
    let next = Generation(2);
    let parts = vec![
        stage(&store, name, next, &[document(0, "x")]).expect("stage"),
        stage(&store, name, next, &[link(0)]).expect("stage"),
    ];
    let error = store.commit(curate_commit(name, next, parts)).expect_err("never begun");
    assert!(matches!(error, StoreError::UnknownGeneration { .. }), "{error}");
}

#[test]
fn work_is_the_input_parts_without_outputs() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    let catalogue = store.catalogue();
    assert!(catalogue.work(&run(), Stage::Curate, G1).expect("work").is_empty());
    collect(&store, 0..2).expect("collect");
    collect(&store, 2..4).expect("collect");
    let names = [PartName(1), PartName(2)];
    assert_eq!(catalogue.work(&run(), Stage::Curate, G1).expect("work"), names);
    assert!(catalogue.work(&run(), Stage::Score, G1).expect("work").is_empty());
    curate(&store, G1).expect("curate");
    assert!(catalogue.work(&run(), Stage::Curate, G1).expect("work").is_empty());
    assert_eq!(catalogue.work(&run(), Stage::Score, G1).expect("work"), names);
    collect(&store, 4..5).expect("collect");
    assert_eq!(catalogue.work(&run(), Stage::Curate, G1).expect("work"), [PartName(3)]);
}

#[test]
fn stages_without_input_parts_commit_by_name() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    let rejects = stage(&store, PartName(1), G1, &[reject()]).expect("stage");
    let duplicates = stage(&store, PartName(1), G1, &[duplicate()]).expect("stage");
    for (stage, part) in [(Stage::Admit, rejects), (Stage::Dedupe, duplicates)] {
        let parts = vec![part];
        let covers = Ordinals::new();
        let notes = vec![(stage.to_string(), "1".to_owned())];
        let commit =
            Commit { run: run(), stage, generation: G1, input: None, parts, covers, notes };
        store.commit(commit).expect("commit");
    }
    let note = store.catalogue().note(&run(), "dedupe").expect("note");
    assert_eq!(note.as_deref(), Some("1"), "notes come with the commit");
    assert_eq!(rows::<jarvix_core::Reject>(&store).expect("rows"), [reject()]);
    assert_eq!(rows::<jarvix_core::Duplicate>(&store).expect("rows"), [duplicate()]);
}

#[test]
fn names_are_handed_out_once() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    let next = || store.catalogue().next_part_name(&run(), Dataset::Pages).expect("name");
    assert_eq!((next(), next()), (PartName(1), PartName(2)));
    let again = open(dir.path());
    let first = again.catalogue().next_part_name(&run(), Dataset::Pages).expect("name");
    assert_eq!(first, PartName(1), "nothing was committed");
}

#[test]
fn runs_and_notes_are_kept() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    let catalogue = store.catalogue();
    assert!(matches!(catalogue.create_run(new_run()), Err(StoreError::RunExists { .. })));
    let other = RunId::new("other").expect("a run id");
    catalogue.create_run(NewRun { id: other.clone(), ..new_run() }).expect("create");
    assert_eq!(catalogue.note(&run(), "sums").expect("note"), None);
    catalogue.record_note(&run(), "sums", "{\"lines\":1}").expect("note");
    catalogue.record_note(&run(), "sums", "{\"lines\":2}").expect("note");
    assert_eq!(catalogue.note(&run(), "sums").expect("note").as_deref(), Some("{\"lines\":2}"));
    assert!(catalogue.notes(&other).expect("notes").is_empty());
    catalogue.set_run_state(&run(), RunState::Finished).expect("state");
    catalogue.set_run_settings(&run(), "{\"a\":1}").expect("settings");
    catalogue.set_run_fingerprint(&run(), "g").expect("fingerprint");
    let record = catalogue.run(&run()).expect("look").expect("the run");
    assert_eq!(record.state, RunState::Finished);
    assert_eq!((record.settings.as_str(), record.input_fingerprint.as_str()), ("{\"a\":1}", "g"));
    assert_eq!(catalogue.runs().expect("runs").len(), 2);
    let nobody = RunId::new("nobody").expect("a run id");
    let error = catalogue.record_note(&nobody, "a", "1").expect_err("no such run");
    assert!(matches!(error, StoreError::UnknownRun { .. }), "{error}");
}

#[test]
fn many_threads_commit_at_once() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            let store = store.clone();
            scope.spawn(move || {
                for part in 0..3u64 {
                    let first = (thread * 3 + part) * 2;
                    collect(&store, first..first + 2).expect("collect");
                }
            });
        }
    });
    let mut seen: Vec<u64> =
        rows::<Page>(&store).expect("rows").iter().map(|p| p.ordinal).collect();
    seen.sort_unstable();
    assert_eq!(seen, (0..24).collect::<Vec<u64>>());
    assert!(store.verify(&run()).expect("verify").is_ok());
}
