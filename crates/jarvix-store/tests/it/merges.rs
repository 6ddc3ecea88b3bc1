//! Small parts become large ones, and nothing else changes.

use std::sync::Arc;

use jarvix_core::{Dataset, Document, Env, Generation, HostFacts, Page, PartName, Stage};
use jarvix_store::{LocalDisk, Store};
use jarvix_testkit::disk::{Fault, FaultyDisk};

use crate::support::{collect, collect_with_hosts, curate, env, quick_folder, rows, run, with_run};

const MIB: u64 = 1024 * 1024;

fn ordinals(store: &Store) -> Vec<u64> {
    let mut seen: Vec<u64> =
        rows::<Page>(store).expect("pages").iter().map(|page| page.ordinal).collect();
    seen.sort_unstable();
    seen
}

/// Requests of all hosts.
fn requests(store: &Store) -> u64 {
    rows::<HostFacts>(store).expect("hosts").iter().map(|host| host.requests).sum()
}

/// Three small parts, two of them curated.
fn small_parts(store: &Store) {
    collect_with_hosts(store, 0..2).expect("collect");
    collect_with_hosts(store, 2..5).expect("collect");
    curate(store, Generation::FIRST).expect("curate");
    collect_with_hosts(store, 5..6).expect("collect");
}

#[test]
fn small_parts_become_one_and_are_curated_again() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    small_parts(&store);
    let before = rows::<Page>(&store).expect("pages");
    let merged =
        store.merge_pages(&run(), (4_096, 64 * MIB), Some(Generation::FIRST)).expect("merge");
    assert_eq!(merged.len(), 1);
    assert_eq!((merged[0].name, merged[0].rows), (PartName(4), 6));
    assert_eq!(store.catalogue().parts(&run(), Dataset::Pages).expect("parts"), merged);
    assert_eq!(rows::<Page>(&store).expect("pages"), before);
    assert_eq!(requests(&store), 6, "what hosts were asked is merged with the pages");
    let hosts = store.catalogue().parts(&run(), Dataset::Hosts).expect("parts");
    assert_eq!(hosts.iter().map(|part| part.name).collect::<Vec<_>>(), [PartName(4)]);
    let covered = store.catalogue().covered(&run(), Stage::Collect).expect("covered");
    assert_eq!(covered, (0..6).collect());
    assert!(rows::<Document>(&store).expect("documents").is_empty());
    let work = store.catalogue().work(&run(), Stage::Curate, Generation::FIRST).expect("work");
    assert_eq!(work, [PartName(4)]);
    assert!(store.verify(&run()).expect("verify").is_ok());

    assert!(
        store
            .merge_pages(&run(), (4_096, 64 * MIB), Some(Generation::FIRST))
            .expect("merge")
            .is_empty()
    );
    collect(&store, 0..1).expect_err("0 is covered still");
    curate(&store, Generation::FIRST).expect("curate");
    assert_eq!(rows::<Document>(&store).expect("documents").len(), 6);
}

#[test]
fn what_was_made_of_all_of_them_is_merged_with_them() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    small_parts(&store);
    curate(&store, Generation::FIRST).expect("curate");
    let before = rows::<Document>(&store).expect("documents");
    let merged =
        store.merge_pages(&run(), (4_096, 64 * MIB), Some(Generation::FIRST)).expect("merge");
    assert_eq!(merged.len(), 1);
    assert_eq!(rows::<Document>(&store).expect("documents"), before);
    for dataset in [Dataset::Documents, Dataset::Links] {
        let parts = store.catalogue().parts(&run(), dataset).expect("parts");
        assert_eq!(parts.iter().map(|part| part.name).collect::<Vec<_>>(), [PartName(4)]);
    }
    let work = store.catalogue().work(&run(), Stage::Curate, Generation::FIRST).expect("work");
    assert!(work.is_empty(), "{work:?}");
    assert!(store.verify(&run()).expect("verify").is_ok());
}

#[test]
fn a_merge_that_dies_anywhere_loses_and_doubles_nothing() {
    for (number, all_curated) in (1..).flat_map(|number| [(number, false), (number, true)]) {
        let dir = quick_folder();
        let store = with_run(dir.path());
        small_parts(&store);
        if all_curated {
            curate(&store, Generation::FIRST).expect("curate");
        }
        drop(store);
        let faulty = FaultyDisk::failing(Arc::new(LocalDisk), number, Fault::Dead);
        // Opening the store is a change as well.
        let died = Store::open(dir.path(), Env { disk: Arc::new(faulty.clone()), ..env() })
            .and_then(|store| {
                store.merge_pages(&run(), (4_096, 64 * MIB), Some(Generation::FIRST))
            });
        let store = Store::open(dir.path(), env()).expect("open");
        drop(store.lock_run(&run()).expect("recover"));
        assert_eq!(ordinals(&store), [0, 1, 2, 3, 4, 5], "{:?}", faulty.change(number));
        assert_eq!(requests(&store), 6, "{:?}", faulty.change(number));
        curate(&store, Generation::FIRST).expect("curate");
        assert_eq!(rows::<Document>(&store).expect("documents").len(), 6);
        let report = store.verify(&run()).expect("verify");
        assert!(report.is_ok(), "{:?}: {report:#?}", faulty.change(number));
        if faulty.changes() < number {
            died.expect("no change failed");
            assert!(number > 10, "a merge changes the disk only {number} times");
            if all_curated {
                break;
            }
        }
    }
}
