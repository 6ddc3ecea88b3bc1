//! The process is killed at every fault point and continued. The same harness must notice the
//! planted defect, or it proves nothing.

use std::path::Path;
use std::process::{Command, Stdio};

use jarvix_core::Dataset;
use jarvix_store::{Store, StoreError};

use crate::scenario::{check, continue_run};
use crate::support::{env, quick_folder, run};

/// Tells a copy of this test program that it is the one to be killed.
const CHILD: &str = "JARVIX_STORE_TEST_CHILD";

/// Tells it to set aside what is damaged, not to go on with the run.
const QUARANTINE: &str = "JARVIX_STORE_TEST_QUARANTINE";

const POINTS: [&str; 11] = [
    "part::created",
    "part::before_sync",
    "part::before_rename",
    "part::after_rename",
    "part::after_dir_sync",
    "commit::before",
    "commit::after",
    "switch::before_tx",
    "switch::after_tx",
    "switch::after_exchange",
    "switch::after_remove",
];

/// Not a test of its own: the process that the others start and kill.
#[test]
fn child() {
    let Some(root) = std::env::var_os(CHILD) else { return };
    let scenario = fail::FailScenario::setup();
    if std::env::var_os(QUARANTINE).is_some() {
        quarantine(Path::new(&root)).expect("the quarantine");
    } else {
        continue_run(Path::new(&root), env()).expect("the run");
    }
    scenario.teardown();
}

fn quarantine(root: &Path) -> Result<(), StoreError> {
    let store = Store::open(root, env())?;
    let _lock = store.lock_run(&run())?;
    let found = store.verify(&run())?;
    store.quarantine(&run(), &found.damages).map(drop)
}

/// Runs the scenario in another process with these fault points; whether it came to its end.
fn run_child(root: &Path, points: &str) -> bool {
    run_child_with(&[], root, points)
}

fn run_child_with(also: &[(&str, &str)], root: &Path, points: &str) -> bool {
    let status = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "kills::child", "--test-threads", "1"])
        .env(CHILD, root)
        .env("FAILPOINTS", points)
        .envs(also.iter().copied())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("start the child");
    status.success()
}

/// Kills a run, continues it, and says what is wrong with the result.
fn kill_and_continue(points: &str) -> (bool, Result<(), String>) {
    let dir = quick_folder();
    let killed = !run_child(dir.path(), points);
    let continued = continue_run(dir.path(), env()).map_err(|error| error.to_string());
    (killed, continued.and_then(|()| check(dir.path(), env())))
}

#[test]
fn a_run_killed_at_any_fault_point_is_continued_without_loss() {
    for point in POINTS {
        let mut kills = 0;
        for passes in 0.. {
            let points = if passes == 0 {
                format!("{point}=return")
            } else {
                format!("{point}={passes}*off->return")
            };
            let (killed, result) = kill_and_continue(&points);
            result.unwrap_or_else(|problem| panic!("{points}: {problem}"));
            if !killed {
                break;
            }
            kills += 1;
        }
        assert!(kills > 0, "{point} is never passed");
    }
}

#[test]
fn the_planted_defect_is_noticed() {
    let planted = "planted::commit_before_rename=return";
    let (killed, result) = kill_and_continue(&format!("{planted};commit::after=1*off->return"));
    assert!(killed);
    let problem = result.expect_err("a commit before the rename went unnoticed");
    assert!(problem.contains("not there"), "{problem}");
}

#[test]
fn the_planted_defect_alone_harms_nobody() {
    let dir = quick_folder();
    assert!(run_child(dir.path(), "planted::commit_before_rename=return"));
    check(dir.path(), env()).expect("without a kill all is well");
}

#[test]
fn a_quarantine_that_is_killed_is_repeated_without_loss() {
    for point in ["quarantine::after_move", "quarantine::after_tx"] {
        for damaged in [Dataset::Pages, Dataset::Documents, Dataset::Links] {
            let dir = quick_folder();
            continue_run(dir.path(), env()).expect("the run");
            let parts = Store::open(dir.path(), env()).and_then(|store| {
                let parts = store.catalogue().parts(&run(), damaged)?;
                Ok(parts.iter().map(|part| store.part_path(part)).collect::<Vec<_>>())
            });
            // The last one, so that the rows keep their order.
            let last = parts.expect("the parts").pop().expect("a part");
            std::fs::write(last, "not what it was").expect("a file");
            let also = [(QUARANTINE, "yes")];
            let ended = run_child_with(&also, dir.path(), &format!("{point}=return"));
            assert!(!ended, "{point} is never passed");
            quarantine(dir.path()).expect("the quarantine");
            continue_run(dir.path(), env()).expect("the rest of the run");
            check(dir.path(), env()).unwrap_or_else(|why| panic!("{point}, {damaged}: {why}"));
        }
    }
}
