//! The one contract of places for parts, held against each of them; and a store whose parts are
//! not files.

use std::sync::Arc;

use jarvix_core::{Document, Page, Stage};
use jarvix_store::{LocalPartStore, MemoryPartStore, PartStore, Store};
use jarvix_testkit::contract::part_store_suite;

use crate::support::{collect, curate, env, new_run, rows, run};

#[test]
fn files_keep_the_contract() {
    let folders = std::cell::RefCell::new(Vec::new());
    part_store_suite(&|| {
        let folder = tempfile::tempdir().expect("temporary folder");
        let store: Arc<dyn PartStore> = Arc::new(LocalPartStore::new(folder.path(), &env()));
        folders.borrow_mut().push(folder);
        store
    });
}

#[test]
fn memory_keeps_the_contract() {
    part_store_suite(&|| Arc::new(MemoryPartStore::default()));
}

#[test]
fn the_store_works_the_same_on_parts_that_are_not_files() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let parts = Arc::new(MemoryPartStore::default());
    let store = Store::with_parts(dir.path(), env(), parts).expect("open");
    let lock = store.lock_run(&run()).expect("lock");
    store.catalogue().create_run(new_run()).expect("create");
    collect(&store, 0..3).expect("collect");
    for key in ["1", "2"] {
        let generation = store.begin_generation(&run(), Stage::Curate, key).expect("begin");
        curate(&store, generation).expect("curate");
        store.switch_generation(&run(), Stage::Curate, generation).expect("switch");
    }
    assert_eq!(rows::<Page>(&store).expect("pages").len(), 3);
    assert_eq!(rows::<Document>(&store).expect("documents")[0].text, "generation 2");
    let report = store.verify(&run()).expect("verify");
    assert!(report.is_ok(), "{report:?}");
    drop(lock);
    store.remove_run(&run()).expect("remove");
    assert_eq!(store.catalogue().run(&run()).expect("look"), None);
}
