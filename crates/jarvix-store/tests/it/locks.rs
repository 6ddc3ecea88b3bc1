//! One process a run; links that lead out of the data folder; removal.

use std::os::unix::fs::symlink;

use jarvix_core::{Dataset, Generation, Page, PartName, RunState};
use jarvix_store::StoreError;

use crate::support::{collect, new_run, open, rows, run, with_run};

#[test]
fn a_second_holder_is_told_who_has_the_run() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (one, two) = (open(dir.path()), open(dir.path()));
    let held = one.lock_run(&run()).expect("lock");
    let error = two.lock_run(&run()).expect_err("it is held");
    assert!(error.is_locked());
    let text = error.to_string();
    let pid = format!("process {} since 2027-01-15T08:00:00Z", std::process::id());
    assert!(text.contains(&pid), "{text}");
    drop(held);
    two.lock_run(&run()).expect("it was let go");
}

#[test]
fn others_read_while_one_writes() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let writer = with_run(dir.path());
    let _lock = writer.lock_run(&run()).expect("lock");
    let reader = open(dir.path());
    assert_eq!(reader.catalogue().runs().expect("runs").len(), 1);
    collect(&writer, 0..4).expect("collect");
    assert_eq!(rows::<Page>(&reader).expect("rows").len(), 4);
    reader.catalogue().set_run_state(&run(), RunState::Finished).expect("write from another store");
    let record = writer.catalogue().run(&run()).expect("look").expect("the run");
    assert_eq!(record.state, RunState::Finished);
}

#[test]
fn a_run_folder_that_is_a_link_is_refused() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let elsewhere = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    std::fs::create_dir(dir.path().join("runs")).expect("make runs");
    symlink(elsewhere.path(), store.run_dir(&run())).expect("link");
    let name = PartName(1);
    let locked = store.lock_run(&run()).expect_err("a link").to_string();
    assert!(locked.contains("urls-1"), "{locked}");
    store.writer::<Page>(&run(), name, Generation::FIRST).expect_err("a link");
    store.remove_run(&run()).expect_err("a link");
    assert_eq!(std::fs::read_dir(elsewhere.path()).expect("list").count(), 0);
}

#[test]
fn a_dataset_folder_that_is_a_link_is_refused() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let elsewhere = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    let part = collect(&store, 0..2).expect("collect");
    let pages = store.run_dir(&run()).join(Dataset::Pages.as_str());
    let moved = elsewhere.path().join("pages");
    std::fs::rename(&pages, &moved).expect("move");
    symlink(&moved, &pages).expect("link");
    store.read::<Page>(&part).map(drop).expect_err("a link");
    collect(&store, 2..3).expect_err("a link");
    let report = store.verify(&run()).expect("verify");
    assert!(!report.is_ok());
}

#[test]
fn a_removed_run_is_gone_and_its_name_is_free() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    collect(&store, 0..2).expect("collect");
    std::fs::write(store.run_dir(&run()).join("run.toml"), "x").expect("write");
    {
        let other = open(dir.path());
        let _held = other.lock_run(&run()).expect("lock");
        assert!(store.remove_run(&run()).expect_err("held").is_locked());
    }
    store.remove_run(&run()).expect("remove");
    assert!(!store.run_dir(&run()).exists());
    assert!(matches!(store.remove_run(&run()), Err(StoreError::UnknownRun { .. })));
    let _lock = store.lock_run(&run()).expect("lock");
    store.catalogue().create_run(new_run()).expect("create");
    assert!(rows::<Page>(&store).expect("rows").is_empty());
    collect(&store, 0..2).expect("what was covered before is not covered now");
}

#[test]
fn a_removal_cut_short_is_finished_and_never_half_seen() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    collect(&store, 0..2).expect("collect");
    // Killed before the catalogue forgot it: the run is still whole.
    std::fs::write(store.run_dir(&run()).join(".removed"), "").expect("write");
    drop(store.lock_run(&run()).expect("lock"));
    assert_eq!(rows::<Page>(&store).expect("rows").len(), 2);
    // Killed after: what is left of the folder goes with the next lock or removal.
    store.remove_run(&run()).expect("remove");
    std::fs::create_dir_all(store.run_dir(&run()).join("pages")).expect("make");
    std::fs::write(store.run_dir(&run()).join("pages/part-00000001.parquet"), "x").expect("write");
    std::fs::write(store.run_dir(&run()).join(".removed"), "").expect("write");
    store.remove_run(&run()).expect("finish");
    assert!(!store.run_dir(&run()).exists());
}

#[test]
fn parts_that_the_catalogue_does_not_know_are_not_taken_for_orphans_of_a_new_run() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    let part = collect(&store, 0..2).expect("collect");
    let path = store.part_path(&part);
    drop(store);
    for name in ["catalogue.db", "catalogue.db-wal", "catalogue.db-shm"] {
        std::fs::remove_file(dir.path().join(name)).ok();
    }
    let store = open(dir.path());
    let error = store.lock_run(&run()).expect_err("somebody's data");
    assert!(matches!(error, StoreError::UnknownFolder { .. }), "{error}");
    assert!(path.exists());
}
