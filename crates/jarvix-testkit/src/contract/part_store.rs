//! What holds for everything that keeps parts: files, memory, and whatever comes third.

use std::io::{self, Write};
use std::sync::Arc;

use jarvix_core::{Dataset, Generation, PartName, RunId};
use jarvix_store::{Address, PartStore};

const G1: Generation = Generation(1);
const G2: Generation = Generation(2);

/// Runs every case against a fresh store from `make`.
///
/// # Panics
/// When the store breaks the contract; the message says which case.
pub fn part_store_suite(make: &dyn Fn() -> Arc<dyn PartStore>) {
    a_part_appears_as_a_whole_and_only_when_complete(&*make());
    the_last_upload_of_an_address_wins(&*make());
    reads_at_any_position_end_at_the_end(&*make());
    lists_are_sorted_and_keep_apart_what_is_apart(&*make());
    removing_is_idempotent(&*make());
    promoting_replaces_in_one_step_and_is_idempotent(&*make());
    a_generation_without_parts_can_be_promoted(&*make());
    only_what_is_not_promoted_is_dropped(&*make());
    a_removed_run_takes_nothing_else_with_it(&*make());
}

fn run(name: &str) -> RunId {
    RunId::new(name).expect("a run id")
}

fn at(generation: Generation, name: u32) -> Address {
    Address { run: run("r"), dataset: Dataset::Documents, generation, name: PartName(name) }
}

fn put(store: &dyn PartStore, at: &Address, content: &[u8]) {
    let mut upload = store.begin(at).expect("begin");
    upload.write_all(content).expect("write");
    upload.complete().expect("complete");
}

fn get(store: &dyn PartStore, at: &Address) -> Option<Vec<u8>> {
    let file = match store.open(at) {
        Ok(file) => file,
        Err(error) => {
            assert_eq!(error.kind(), io::ErrorKind::NotFound, "open {at}: {error}");
            return None;
        }
    };
    let mut content = vec![0; usize::try_from(file.size()).expect("a small part")];
    let mut done = 0;
    while done < content.len() {
        let count = file.read_at(&mut content[done..], done as u64).expect("read");
        assert!(count > 0, "{at} ends before its size");
        done += count;
    }
    Some(content)
}

fn listed(store: &dyn PartStore, of: &str, dataset: Dataset) -> Vec<(u32, u32, u64)> {
    let parts = store.list(&run(of), dataset).expect("list");
    parts.iter().map(|p| (p.address.generation.0, p.address.name.0, p.bytes)).collect()
}

fn a_part_appears_as_a_whole_and_only_when_complete(store: &dyn PartStore) {
    let address = at(G1, 1);
    assert_eq!(get(store, &address), None, "nothing is there at first");
    let mut upload = store.begin(&address).expect("begin");
    upload.write_all(b"abc").expect("write");
    upload.flush().expect("flush");
    assert_eq!(get(store, &address), None, "an upload under way is not seen");
    assert!(listed(store, "r", Dataset::Documents).is_empty(), "nor listed");
    upload.write_all(b"def").expect("write");
    upload.complete().expect("complete");
    assert_eq!(get(store, &address).as_deref(), Some(&b"abcdef"[..]));

    let mut given_up = store.begin(&at(G1, 2)).expect("begin");
    given_up.write_all(b"abc").expect("write");
    drop(given_up);
    assert_eq!(get(store, &at(G1, 2)), None, "an upload that was given up leaves nothing");
    assert!(store.strays(&run("r"), Dataset::Documents).expect("strays").is_empty());
    put(store, &at(G1, 3), b"");
    assert_eq!(get(store, &at(G1, 3)).as_deref(), Some(&b""[..]), "a part may be empty");
}

fn the_last_upload_of_an_address_wins(store: &dyn PartStore) {
    let address = at(G1, 1);
    let mut first = store.begin(&address).expect("begin");
    let mut second = store.begin(&address).expect("begin another for the same address");
    second.write_all(b"second").expect("write");
    first.write_all(b"first").expect("write");
    second.complete().expect("complete");
    first.complete().expect("complete");
    assert_eq!(get(store, &address).as_deref(), Some(&b"first"[..]));
    let old = store.open(&address).expect("open");
    put(store, &address, b"third, and longer");
    let mut buffer = [0; 5];
    assert_eq!(old.read_at(&mut buffer, 0).expect("read"), 5);
    assert_eq!(&buffer, b"first", "who has it open keeps what was there");
}

fn reads_at_any_position_end_at_the_end(store: &dyn PartStore) {
    put(store, &at(G1, 1), b"0123456789");
    let file = store.open(&at(G1, 1)).expect("open");
    assert_eq!(file.size(), 10);
    let mut buffer = [0; 4];
    assert_eq!(file.read_at(&mut buffer, 3).expect("read"), 4);
    assert_eq!(&buffer, b"3456");
    assert_eq!(file.read_at(&mut buffer, 8).expect("read"), 2);
    assert_eq!(&buffer[..2], b"89");
    assert_eq!(file.read_at(&mut buffer, 10).expect("read at the end"), 0);
    assert_eq!(file.read_at(&mut buffer, 1 << 40).expect("read far behind the end"), 0);
}

fn lists_are_sorted_and_keep_apart_what_is_apart(store: &dyn PartStore) {
    assert!(listed(store, "r", Dataset::Documents).is_empty());
    for (generation, name) in [(G2, 1), (G1, 10), (G1, 2)] {
        put(store, &at(generation, name), b"x");
    }
    put(store, &Address { run: run("r2"), ..at(G1, 7) }, b"x");
    put(store, &Address { dataset: Dataset::Links, ..at(G1, 8) }, b"xy");
    assert_eq!(listed(store, "r", Dataset::Documents), [(1, 2, 1), (1, 10, 1), (2, 1, 1)]);
    assert_eq!(listed(store, "r", Dataset::Links), [(1, 8, 2)]);
    assert_eq!(listed(store, "r2", Dataset::Documents), [(1, 7, 1)]);
}

fn removing_is_idempotent(store: &dyn PartStore) {
    put(store, &at(G1, 1), b"x");
    put(store, &at(G2, 1), b"y");
    for _ in 0..2 {
        store.remove(&at(G1, 1)).expect("remove");
        assert_eq!(get(store, &at(G1, 1)), None);
    }
    assert_eq!(get(store, &at(G2, 1)).as_deref(), Some(&b"y"[..]), "the other generation stays");
    store.remove(&Address { run: run("none"), ..at(G1, 1) }).expect("remove of nothing");
}

fn promoting_replaces_in_one_step_and_is_idempotent(store: &dyn PartStore) {
    let (r, documents) = (run("r"), Dataset::Documents);
    put(store, &at(G1, 1), b"old");
    put(store, &at(G1, 2), b"old");
    put(store, &at(G2, 1), b"new");
    assert_eq!(store.promoted(&r, documents).expect("promoted"), G1);
    let path_before = store.local_path(&at(G2, 1));
    for _ in 0..2 {
        store.promote(&r, documents, G2).expect("promote");
        assert_eq!(store.promoted(&r, documents).expect("promoted"), G2);
        assert_eq!(get(store, &at(G2, 1)).as_deref(), Some(&b"new"[..]));
        assert_eq!(get(store, &at(G1, 1)), None, "the old generation is gone");
        assert_eq!(listed(store, "r", documents), [(2, 1, 3)]);
        assert!(store.strays(&r, documents).expect("strays").is_empty());
    }
    if path_before.is_some() {
        assert_ne!(store.local_path(&at(G2, 1)), path_before, "it moved to where readers look");
    }
    put(store, &at(G2, 2), b"later");
    assert_eq!(listed(store, "r", documents), [(2, 1, 3), (2, 2, 5)], "it goes on growing");
    assert_eq!(store.promoted(&r, Dataset::Links).expect("promoted"), G1, "others stay");
}

fn a_generation_without_parts_can_be_promoted(store: &dyn PartStore) {
    let (r, documents) = (run("r"), Dataset::Documents);
    put(store, &at(G1, 1), b"old");
    store.promote(&r, documents, Generation(5)).expect("promote");
    assert!(listed(store, "r", documents).is_empty());
    assert_eq!(store.promoted(&r, documents).expect("promoted"), Generation(5));
    put(store, &at(Generation(5), 1), b"new");
    assert_eq!(listed(store, "r", documents), [(5, 1, 3)]);
}

fn only_what_is_not_promoted_is_dropped(store: &dyn PartStore) {
    let (r, documents) = (run("r"), Dataset::Documents);
    put(store, &at(G1, 1), b"old");
    put(store, &at(G2, 1), b"new");
    store.drop_generation(&r, documents, G1).expect_err("the promoted one cannot be dropped");
    for _ in 0..2 {
        store.drop_generation(&r, documents, G2).expect("drop");
        assert_eq!(listed(store, "r", documents), [(1, 1, 3)]);
    }
}

fn a_removed_run_takes_nothing_else_with_it(store: &dyn PartStore) {
    put(store, &at(G1, 1), b"x");
    put(store, &at(G2, 1), b"x");
    let other = Address { run: run("r.2"), ..at(G1, 1) };
    put(store, &other, b"kept");
    for _ in 0..2 {
        store.remove_run(&run("r")).expect("remove the run");
        assert!(listed(store, "r", Dataset::Documents).is_empty());
    }
    assert_eq!(store.sweep(&run("r"), Dataset::Documents).expect("sweep"), 0);
    assert_eq!(get(store, &other).as_deref(), Some(&b"kept"[..]));
}
