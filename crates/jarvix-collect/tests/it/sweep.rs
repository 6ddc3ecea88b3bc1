//! Every single change of the disk, and every read, fails once, in every way, in a whole run from
//! its list to its pages; then the run is continued and has the rows that it should have
//! (HOSTILE 32, 33).

use std::io::ErrorKind;
use std::sync::Arc;

use jarvix_collect::CollectError;
use jarvix_core::Env;
use jarvix_store::{LocalDisk, StoreError, system_env};
use jarvix_testkit::disk::{Fault, FaultyDisk};

use crate::crawl::{Crawl, continue_run, quick_folder, whole};

type Failure = Box<dyn std::error::Error>;

/// Runs once on `disk`; the error, if it did not come to its end.
fn attempt(crawl: &Crawl, root: &std::path::Path, disk: &FaultyDisk) -> Option<Failure> {
    let env = Env { disk: Arc::new(disk.clone()), ..system_env() };
    continue_run(root, &crawl.list(), env, crawl.settings(), Arc::new(drop)).err()
}

/// What `fault` is tried at.
type Wanted = fn(&str) -> bool;

/// Fails change after change of fresh runs until one is not reached any more. Says what each
/// attempt gave, with the disk that knows what was changed.
fn sweep(wanted: Wanted, fault: Fault, mut see: impl FnMut(u64, &FaultyDisk, Option<Failure>)) {
    let crawl = Crawl::new();
    let calm = crawl.calm();
    let mut tried = 0;
    for number in 1.. {
        let folder = quick_folder();
        let disk = FaultyDisk::failing(Arc::new(LocalDisk), number, fault);
        // Threads take turns as they like: which change is the n-th is known only afterwards.
        let error = attempt(&crawl, folder.path(), &disk);
        let Some(change) = disk.change(number) else {
            assert!(number > 40, "a run makes only {number} changes");
            break;
        };
        if !wanted(&change) {
            continue;
        }
        tried += 1;
        see(number, &disk, error);
        let result = crawl.finish(folder.path(), &calm);
        result.unwrap_or_else(|problem| panic!("{fault:?} at {number}, {change}: {problem}"));
    }
    assert!(tried >= 5, "{fault:?} was tried only {tried} times");
}

#[test]
fn a_full_disk_at_every_change() {
    let mut told = 0;
    sweep(
        |_| true,
        Fault::Error(ErrorKind::StorageFull),
        |_, _, error| {
            told += usize::from(error.is_some_and(|error| is_disk_full(&*error)));
        },
    );
    assert!(told >= 10, "only {told} errors say that the disk is full");
}

/// Whether what was said to the user is about the full disk.
fn is_disk_full(error: &(dyn std::error::Error + 'static)) -> bool {
    match error.downcast_ref::<CollectError>() {
        Some(CollectError::DiskFull { .. }) => true,
        Some(CollectError::Store(error)) => error.is_disk_full(),
        _ => {
            let store = error.downcast_ref::<StoreError>().is_some_and(StoreError::is_disk_full);
            store || whole(error).contains("no storage space")
        }
    }
}

#[test]
fn a_disk_that_stays_full_until_there_is_room() {
    let crawl = Crawl::new();
    let calm = crawl.calm();
    for number in (1..).step_by(5) {
        let folder = quick_folder();
        let full = Fault::From(ErrorKind::StorageFull);
        let disk = FaultyDisk::failing(Arc::new(LocalDisk), number, full);
        let error = attempt(&crawl, folder.path(), &disk);
        if disk.change(number).is_none() {
            break;
        }
        let error = error.unwrap_or_else(|| panic!("{number}: nothing can be written"));
        assert!(is_disk_full(&*error), "{number}: {}", whole(&*error));
        let result = crawl.finish(folder.path(), &calm);
        result.unwrap_or_else(|problem| panic!("full from {number} on: {problem}"));
    }
}

#[test]
fn an_input_output_error_at_every_change() {
    sweep(|_| true, Fault::Error(ErrorKind::Other), |_, _, _| {});
}

#[test]
fn a_short_write_at_every_write() {
    sweep(
        |what| what.starts_with("write "),
        Fault::ShortWrite,
        |number, disk, error| {
            let error = error.map(|error| whole(&*error));
            assert_eq!(error, None, "a short write is no error: {:?}", disk.change(number));
        },
    );
}

#[test]
fn a_failed_sync_ends_the_run_and_is_not_tried_again() {
    let mut failed = 0;
    sweep(
        |what| what.starts_with("sync /"),
        Fault::Error(ErrorKind::Other),
        |number, disk, error| {
            let synced = disk.change(number).expect("the change");
            let Some(path) = synced.strip_prefix("sync /") else { return };
            failed += 1;
            assert!(error.is_some(), "{synced} failed and nobody minded");
            let later: Vec<String> = (number + 1..).map_while(|n| disk.change(n)).collect();
            let becomes = format!("/{}", final_name(path));
            let again = later.iter().find(|what| {
                what.starts_with("sync") && what.ends_with(path)
                    || what.starts_with("rename") && what.ends_with(&becomes)
            });
            assert_eq!(again, None, "after {synced} failed");
        },
    );
    assert!(failed >= 5, "only {failed} files are synced");
}

/// What the file at `path` is to be called once it is whole: `.part.parquet.0123.tmp` becomes
/// `part.parquet`, and `run.toml.tmp` becomes `run.toml`.
fn final_name(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let whole = name.strip_suffix(".tmp").unwrap_or(name);
    match whole.strip_prefix('.').and_then(|whole| whole.rsplit_once('.')) {
        Some((whole, _nonce)) => whole.to_owned(),
        None => whole.to_owned(),
    }
}

#[test]
fn a_failed_read_at_every_read() {
    let crawl = Crawl::new();
    let calm = crawl.calm();
    for number in 1.. {
        let folder = quick_folder();
        let disk = FaultyDisk::failing_read(Arc::new(LocalDisk), number, ErrorKind::Other);
        attempt(&crawl, folder.path(), &disk);
        if !disk.read_failed() {
            assert!(number > 5, "a run reads only {number} times");
            break;
        }
        let result = crawl.finish(folder.path(), &calm);
        result.unwrap_or_else(|problem| panic!("read {number}: {problem}"));
    }
}

#[test]
fn a_folder_that_cannot_be_written_to_fails_before_the_first_fetch() {
    let crawl = Crawl::new();
    let folder = quick_folder();
    let read_only = Fault::From(ErrorKind::ReadOnlyFilesystem);
    let disk = FaultyDisk::failing(Arc::new(LocalDisk), 1, read_only);
    let error = attempt(&crawl, folder.path(), &disk).expect("the run must fail");
    assert!(whole(&*error).contains("read-only"), "{}", whole(&*error));
    assert!(crawl.origin.log().is_empty(), "{:?}", crawl.origin.log());
}
