//! A disk that fails, and a process that is killed, at every change in turn: nothing is committed by
//! halves, and who comes next finds the same as if nothing had happened.

use std::sync::Arc;

use jarvix_core::{Dataset, Env, Generation, Stage};
use jarvix_dedupe::{DedupeError, DedupeJob, dedupe};
use jarvix_store::{LocalDisk, Store, system_env};
use jarvix_testkit::disk::{Fault, FaultyDisk};

use crate::fixture::{Fixture, TIGHT, run, text};

fn attempt(store: &Store, generation: Generation) -> Result<(), DedupeError> {
    let job = DedupeJob {
        store,
        run: &run("r"),
        against: &[],
        generation,
        threads: 1,
        limits: TIGHT,
        stop: &|| false,
    };
    dedupe(&job).map(drop)
}

#[test]
fn a_fault_at_any_change_is_an_error_and_the_next_goes_through() {
    let fixture = Fixture::new();
    let documents: Vec<(u64, String)> = (0..24)
        .map(|n| (n, text((0..60).map(|at| if at == n { 1_000 + n } else { at }))))
        .collect();
    fixture.add_run("r", &documents, 9);
    let expected = fixture.dedupe("r", &[], (1, TIGHT)).hashes;
    let faulty = |number, fault| {
        let disk = FaultyDisk::failing(Arc::new(LocalDisk), number, fault);
        let env = Env { disk: Arc::new(disk.clone()), ..system_env() };
        (disk, Store::open(fixture.store.root(), env).expect("a store"))
    };
    let full = Fault::Error(std::io::ErrorKind::StorageFull);
    // Opening the data folder is the first change.
    let (mut number, mut failed) = (2, 0);
    loop {
        let fault = if number % 2 == 0 { full } else { Fault::Dead };
        let key = format!("fault {number}");
        let generation = fixture.store.begin_generation(&run("r"), Stage::Dedupe, &key);
        let generation = generation.expect("a generation");
        let (disk, store) = faulty(number, fault);
        let result = attempt(&store, generation);
        let reached = disk.changes() >= number;
        drop(store);
        let parts = || {
            let parts = fixture.store.catalogue();
            parts.parts_at(&run("r"), Dataset::Duplicates, generation).expect("the catalogue")
        };
        assert_eq!(result.is_ok(), !parts().is_empty(), "{number}: {result:?}");
        failed += u64::from(result.is_err());
        if result.is_err() {
            // The next process puts right what the last one left, and begins anew.
            let lock = fixture.store.lock_run(&run("r")).expect("a lock");
            attempt(&fixture.store, generation).expect("no failure");
            drop(lock);
        }
        let hashes: Vec<String> = parts().into_iter().map(|part| part.hash).collect();
        assert_eq!(hashes, expected, "{number}: {:?}", disk.change(number));
        if !reached {
            break;
        }
        // Every change of the first few passes, then some: most of them are blocks like any other.
        number += if number < 40 { 1 } else { 17 };
    }
    assert!(failed > 40, "{failed} faults prove little");
}
