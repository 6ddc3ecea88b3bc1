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

/// The changes of a run that nothing happens to.
fn undisturbed() -> FaultyDisk {
    let dir = quick_folder();
    let counting = FaultyDisk::new(Arc::new(LocalDisk));
    continue_run(dir.path(), on(Arc::new(counting.clone()))).expect("run");
    counting
}

/// The numbers of the changes that `wanted` says.
fn changes(wanted: impl Fn(&str) -> bool) -> Vec<u64> {
    let run = undisturbed();
    (1..=run.changes()).filter(|n| run.change(*n).is_some_and(|what| wanted(&what))).collect()
}

/// Fails one change of a fresh run after the other, and continues it.
fn fail_each(numbers: Vec<u64>, fault: Fault, power_goes: bool) {
    assert!(numbers.len() > 20, "the scenario has only {} such changes", numbers.len());
    for number in numbers {
        let dir = quick_folder();
        let power = PowerLossDisk::new(Arc::new(LocalDisk));
        let faulty = FaultyDisk::failing(Arc::new(power.clone()), number, fault);
        let first = continue_run(dir.path(), on(Arc::new(faulty.clone())));
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
    fail_each(changes(|_| true), Fault::Error(ErrorKind::StorageFull), false);
}

#[test]
fn a_short_write_at_every_write() {
    fail_each(changes(|what| what.starts_with("write ")), Fault::ShortWrite, false);
}

#[test]
fn death_before_every_change() {
    fail_each(changes(|_| true), Fault::Dead, false);
}

#[test]
fn a_loss_of_power_at_every_change() {
    fail_each(changes(|_| true), Fault::Dead, true);
}

#[test]
fn a_failed_sync_is_an_error_and_is_not_tried_again() {
    let syncs = changes(|what| what.starts_with("sync ") && what.contains(".tmp"));
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
    let writes = changes(|what| what.starts_with("write ") && what.contains("part-"));
    let dir = quick_folder();
    let fault = Fault::Error(ErrorKind::StorageFull);
    let faulty = FaultyDisk::failing(Arc::new(LocalDisk), writes[0], fault);
    let error = continue_run(dir.path(), on(Arc::new(faulty))).expect_err("the disk is full");
    assert!(error.is_disk_full(), "{error:?}");
}
