//! The process is killed at every fault point and continued. The same harness must notice the
//! planted defect, or it proves nothing.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::scenario::{check, continue_run};
use crate::support::{env, quick_folder};

/// Tells a copy of this test program that it is the one to be killed.
const CHILD: &str = "JARVIX_STORE_TEST_CHILD";

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
    continue_run(Path::new(&root), env()).expect("the run");
    scenario.teardown();
}

/// Runs the scenario in another process with these fault points; whether it came to its end.
fn run_child(root: &Path, points: &str) -> bool {
    let status = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "kills::child", "--test-threads", "1"])
        .env(CHILD, root)
        .env("FAILPOINTS", points)
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
