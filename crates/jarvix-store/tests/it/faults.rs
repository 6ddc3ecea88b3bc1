//! Every single change of the disk fails once, in every way, and the run is continued: nothing is
//! lost, nothing doubled. Death before every change, with and without a loss of power, too.

use std::io::ErrorKind;
use std::sync::Arc;

use jarvix_core::{Disk, Env};
use jarvix_store::LocalDisk;
use jarvix_testkit::disk::{Fault, FaultyDisk, PowerLossDisk};

use crate::scenario::{check, continue_run};
use crate::support::{env, quick_folder};

fn on(disk: Arc<dyn Disk>) -> Env {
    Env { disk, ..env() }
}

/// Fails change number 1, 2, 3 ... of a fresh run until there are no more.
fn every_change_fails(fault: Fault, power_goes: bool) {
    for number in 1.. {
        let dir = quick_folder();
        let power = PowerLossDisk::new(Arc::new(LocalDisk));
        let faulty = FaultyDisk::failing(Arc::new(power.clone()), number, fault);
        let first = continue_run(dir.path(), on(Arc::new(faulty.clone())));
        if faulty.changes() < number {
            first.expect("no change failed");
            assert!(number > 50, "the scenario changes the disk only {number} times");
            break;
        }
        let what = format!("{fault:?} at change {number}, {:?}", faulty.change(number));
        if fault == Fault::ShortWrite {
            first.unwrap_or_else(|error| panic!("{what}: {error}"));
        }
        if power_goes {
            power.lose_power().expect("lose power");
        }
        continue_run(dir.path(), on(Arc::new(power)))
            .unwrap_or_else(|error| panic!("{what}: continuing failed: {error:?}"));
        check(dir.path(), env()).unwrap_or_else(|problem| panic!("{what}: {problem}"));
    }
}

#[test]
fn a_full_disk_at_every_change() {
    every_change_fails(Fault::Error(ErrorKind::StorageFull), false);
}

#[test]
fn a_short_write_at_every_write() {
    every_change_fails(Fault::ShortWrite, false);
}

#[test]
fn death_before_every_change() {
    every_change_fails(Fault::Dead, false);
}

#[test]
fn a_loss_of_power_at_every_change() {
    every_change_fails(Fault::Dead, true);
}

#[test]
fn a_failed_sync_is_an_error_and_is_not_tried_again() {
    let dir = quick_folder();
    let counting = FaultyDisk::new(Arc::new(LocalDisk));
    continue_run(dir.path(), on(Arc::new(counting.clone()))).expect("run");
    let syncs: Vec<u64> = (1..=counting.changes())
        .filter(|n| counting.change(*n).is_some_and(|c| c.starts_with("sync ")))
        .filter(|n| counting.change(*n).is_some_and(|c| c.contains(".tmp")))
        .collect();
    assert!(syncs.len() >= 10, "parts and markers are synced: {}", syncs.len());
    for number in syncs {
        let dir = quick_folder();
        let fault = Fault::Error(ErrorKind::Other);
        let faulty = FaultyDisk::failing(Arc::new(LocalDisk), number, fault);
        let error = continue_run(dir.path(), on(Arc::new(faulty.clone()))).expect_err("no sync");
        let synced = faulty.change(number).expect("the change");
        let after = faulty.change(number + 1).unwrap_or_default();
        assert!(!after.starts_with("sync ") && !after.starts_with("rename"), "{synced}: {after}");
        assert!(!error.is_disk_full());
    }
}

#[test]
fn a_full_disk_says_so() {
    let dir = quick_folder();
    let counting = FaultyDisk::new(Arc::new(LocalDisk));
    continue_run(dir.path(), on(Arc::new(counting.clone()))).expect("run");
    let first_write = (1..=counting.changes())
        .find(|n| {
            counting.change(*n).is_some_and(|c| c.starts_with("write ") && c.contains("part-"))
        })
        .expect("a part was written");
    let dir = quick_folder();
    let fault = Fault::Error(ErrorKind::StorageFull);
    let faulty = FaultyDisk::failing(Arc::new(LocalDisk), first_write, fault);
    let error = continue_run(dir.path(), on(Arc::new(faulty))).expect_err("the disk is full");
    assert!(error.is_disk_full(), "{error:?}");
}
