//! Which version of a stage's output readers see.

use jarvix_core::{Dataset, Document, Generation, Stage};
use jarvix_store::{Store, StoreError};

use crate::support::{collect, curate, rows, run, with_run};

fn begin(store: &Store, key: &str) -> Generation {
    store.begin_generation(&run(), Stage::Curate, key).expect("begin")
}

fn texts(store: &Store) -> Vec<String> {
    rows::<Document>(store).expect("rows").into_iter().map(|document| document.text).collect()
}

/// A run with two curated parts of generation 1, key `a`.
fn curated(root: &std::path::Path) -> Store {
    let store = with_run(root);
    collect(&store, 0..1).expect("collect");
    collect(&store, 1..2).expect("collect");
    let generation = begin(&store, "a");
    assert_eq!(generation, Generation(1));
    curate(&store, generation).expect("curate");
    store
}

#[test]
fn the_same_key_is_the_same_generation() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = curated(dir.path());
    assert_eq!(begin(&store, "a"), Generation(1));
    let record = store.catalogue().generation(&run(), Stage::Curate).expect("look");
    assert_eq!(record.expect("begun").key, "a");
    assert_eq!(store.catalogue().generation_aside(&run(), Stage::Curate).expect("look"), None);
}

#[test]
fn a_generation_without_outputs_takes_another_key() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    assert_eq!(begin(&store, "a"), Generation(1));
    assert_eq!(begin(&store, "b"), Generation(1));
    let record = store.catalogue().generation(&run(), Stage::Curate).expect("look");
    assert_eq!(record.expect("begun").key, "b");
}

#[test]
fn readers_see_the_old_one_until_the_switch() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = curated(dir.path());
    let next = begin(&store, "b");
    assert_eq!(next, Generation(2));
    curate(&store, next).expect("curate");
    assert_eq!(texts(&store), ["generation 1", "generation 1"]);
    let aside = store.catalogue().parts_at(&run(), Dataset::Documents, next).expect("parts");
    assert!(store.part_path(&aside[0]).starts_with(store.run_dir(&run()).join(".aside")));

    for _ in 0..2 {
        store.switch_generation(&run(), Stage::Curate, next).expect("switch");
        assert_eq!(texts(&store), ["generation 2", "generation 2"]);
        assert!(store.verify(&run()).expect("verify").is_ok());
    }
    let documents = store.run_dir(&run()).join("documents");
    assert!(store.part_path(&aside[0]).starts_with(&documents));
    assert_eq!(begin(&store, "b"), next);
    assert_eq!(begin(&store, "a"), Generation(3), "numbers are never used twice");
}

#[test]
fn an_unfinished_generation_is_continued_or_dropped() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = curated(dir.path());
    let next = begin(&store, "b");
    curate(&store, next).expect("curate");
    assert_eq!(begin(&store, "b"), next, "the same key goes on");
    let other = begin(&store, "c");
    assert_eq!(other, Generation(3));
    let old = store.catalogue().parts_at(&run(), Dataset::Documents, next).expect("parts");
    assert!(old.is_empty(), "another key drops what was unfinished");
    assert!(store.verify(&run()).expect("verify").is_ok(), "its files too");
    let error = store.switch_generation(&run(), Stage::Curate, next).expect_err("dropped");
    assert!(matches!(error, StoreError::UnknownGeneration { .. }), "{error}");
    assert_eq!(begin(&store, "a"), Generation(1), "the current one was right all along");
    assert_eq!(store.catalogue().generation_aside(&run(), Stage::Curate).expect("look"), None);
}

#[test]
fn outputs_of_an_older_input_are_not_current() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = curated(dir.path());
    let score = |store: &Store| store.begin_generation(&run(), Stage::Score, "p").expect("begin");
    assert_eq!(score(&store), Generation(1));
    let work = |generation| store.catalogue().work(&run(), Stage::Score, generation).expect("work");
    assert_eq!(work(Generation(1)).len(), 2);
    let parts = store.catalogue().parts(&run(), Dataset::Documents).expect("parts");
    for part in &parts {
        let schema = jarvix_store::scores_schema(&[]);
        let writer = store.batch_writer(&run(), schema, part.name, Generation(1)).expect("writer");
        let commit = jarvix_store::Commit {
            run: run(),
            stage: Stage::Score,
            generation: Generation(1),
            input: Some(part.name),
            parts: vec![writer.finish().expect("finish")],
            covers: jarvix_core::Ordinals::new(),
            notes: Vec::new(),
        };
        store.commit(commit).expect("commit");
    }
    assert!(work(Generation(1)).is_empty());
    assert_eq!(score(&store), Generation(1));

    let next = begin(&store, "b");
    curate(&store, next).expect("curate");
    store.switch_generation(&run(), Stage::Curate, next).expect("switch");
    assert_eq!(score(&store), Generation(2), "the same profile, but other documents");
    assert_eq!(work(Generation(2)).len(), 2);
}

#[test]
fn a_part_of_the_old_generation_is_gone_after_the_switch() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = curated(dir.path());
    let old = store.catalogue().parts(&run(), Dataset::Documents).expect("parts");
    let mut begun = store.read::<Document>(&old[0]).expect("open");
    let next = begin(&store, "b");
    curate(&store, next).expect("curate");
    store.switch_generation(&run(), Stage::Curate, next).expect("switch");
    let row = begun.next().expect("a row").expect("whole");
    assert_eq!(row.text, "generation 1", "who had it open reads it to its end");
    let error = store.read::<Document>(&old[0]).map(drop).expect_err("gone");
    assert!(matches!(error, StoreError::Gone { .. }), "{error}");
}
