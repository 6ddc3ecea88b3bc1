//! kill -9 two hundred times, and a stop at every step of every commit: nothing is lost, nothing is
//! doubled (HOSTILE 34, invariant I1). The same harness must notice a commit that comes before its
//! rename, or it proves nothing.
//!
//! The process that dies says when it is about to change something on disk and waits for a word; so
//! it can be killed exactly before any change, whatever the machine. Every other kill comes after
//! the word, wherever the process is by then.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};

use jarvix_core::Env;
use jarvix_core::env::{Entropy, SeededEntropy};
use jarvix_store::{LocalDisk, system_env};
use jarvix_testkit::disk::FaultyDisk;

use crate::crawl::{Crawl, continue_run, quick_folder, settings};

/// Tells a copy of this test program that it is the one to be killed, and where its run is.
const CHILD: &str = "JARVIX_COLLECT_TEST_CHILD";
const LIST: &str = "JARVIX_COLLECT_TEST_LIST";
const OPEN: &str = "JARVIX_COLLECT_TEST_OPEN";
/// Whether it tells of its changes.
const TELLS: &str = "JARVIX_COLLECT_TEST_TELLS";
/// "I am about to change something."
const TICK: u8 = 1;

const KILLS: usize = 200;
/// Kills of one run before it may finish.
const KILLS_OF_A_RUN: usize = 10;

/// The steps of a commit, in the order in which they are passed.
const POINTS: [&str; 7] = [
    "part::created",
    "part::before_sync",
    "part::before_rename",
    "part::after_rename",
    "part::after_dir_sync",
    "commit::before",
    "commit::after",
];
const PLANTED: &str = "planted::commit_before_rename=return";

/// Not a test of its own: the process that the others start and kill.
#[test]
fn child() {
    let Some(root) = std::env::var_os(CHILD) else { return };
    let text = |name| std::env::var(name).expect("the parent says it");
    let scenario = fail::FailScenario::setup();
    let mut env = system_env();
    if std::env::var_os(TELLS).is_some() {
        let turn = Mutex::new(());
        let tell = move |_: &str| {
            let _turn = turn.lock().expect("a lock");
            let mut out = std::io::stdout().lock();
            out.write_all(&[TICK]).and_then(|()| out.flush()).expect("the parent listens");
            std::io::stdin().read_exact(&mut [0]).expect("the parent answers");
        };
        env = Env { disk: Arc::new(FaultyDisk::telling(Arc::new(LocalDisk), tell)), ..env };
    }
    let list = std::path::PathBuf::from(text(LIST));
    continue_run(Path::new(&root), &list, env, settings(&text(OPEN)), Arc::new(drop))
        .expect("the run");
    scenario.teardown();
}

/// This program, as the process that does `crawl` in `root`.
fn command(crawl: &Crawl, root: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command
        .args(["--exact", "kills::child", "--test-threads", "1"])
        .env(CHILD, root)
        .env(LIST, crawl.list())
        .env(OPEN, crawl.origin.addr().to_string())
        .env_remove("FAILPOINTS")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// When a process is killed.
#[derive(Clone, Copy)]
struct Moment {
    /// Before its change of this number, from 1.
    change: u64,
    /// Whether it waits there, or is on its way already.
    exactly: bool,
}

/// Does `crawl` in another process until `moment`; whether it was killed, and its changes.
fn run_until(mut command: Command, moment: Moment) -> (bool, u64) {
    command.env(TELLS, "yes").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child: Child = command.spawn().expect("this program starts");
    let mut answers: ChildStdin = child.stdin.take().expect("a pipe");
    let said = child.stdout.take().expect("a pipe");
    let mut changes = 0;
    for byte in std::io::BufReader::new(said).bytes() {
        // What else the test runner says is not for us.
        if !matches!(byte, Ok(TICK)) {
            continue;
        }
        changes += 1;
        if changes == moment.change && moment.exactly {
            child.kill().expect("it can be killed");
            break;
        }
        // It may have died of something else just now.
        drop(answers.write_all(b"."));
        if changes == moment.change {
            child.kill().expect("it can be killed");
            break;
        }
    }
    let status = child.wait().expect("it ends");
    (!status.success(), changes)
}

const NEVER: Moment = Moment { change: u64::MAX, exactly: true };

#[test]
fn two_hundred_kills_lose_nothing_and_double_nothing() {
    let crawl = Crawl::new();
    let calm = crawl.calm();
    let folder = quick_folder();
    let (killed, changes) = run_until(command(&crawl, folder.path()), NEVER);
    assert!(!killed && changes > 40, "an undisturbed run makes {changes} changes");
    let dice = SeededEntropy::new(11);
    let mut kills = 0;
    for round in 0.. {
        assert!(round < 2 * KILLS, "only {kills} kills hit a living process");
        let folder = quick_folder();
        for kill in 0..KILLS_OF_A_RUN {
            let change = 1 + dice.next_u64() % (changes / 2);
            let moment = Moment { change, exactly: kill % 2 == 0 };
            let (killed, _) = run_until(command(&crawl, folder.path()), moment);
            kills += usize::from(killed);
        }
        let result = crawl.finish(folder.path(), &calm);
        result.unwrap_or_else(|problem| panic!("run {round}, {kills} kills: {problem}"));
        if kills >= KILLS {
            break;
        }
    }
}

#[test]
fn a_kill_before_every_single_change_costs_nothing() {
    let crawl = Crawl::new();
    let calm = crawl.calm();
    for change in 1.. {
        let folder = quick_folder();
        let moment = Moment { change, exactly: true };
        let (killed, _) = run_until(command(&crawl, folder.path()), moment);
        if !killed {
            assert!(change > 40, "a run makes only {change} changes");
            break;
        }
        let result = crawl.finish(folder.path(), &calm);
        result.unwrap_or_else(|problem| panic!("killed before change {change}: {problem}"));
    }
}

/// Runs with these fault points; whether it was stopped.
fn stopped_at(crawl: &Crawl, root: &Path, points: &str) -> bool {
    let status = command(crawl, root).env("FAILPOINTS", points).status().expect("it starts");
    !status.success()
}

#[test]
fn a_stop_at_every_step_of_every_commit_costs_nothing() {
    let crawl = Crawl::new();
    let calm = crawl.calm();
    for point in POINTS {
        let mut stops = 0;
        for passes in 0.. {
            let folder = quick_folder();
            let off = if passes == 0 { String::new() } else { format!("{passes}*off->") };
            let points = format!("{point}={off}return");
            let stopped = stopped_at(&crawl, folder.path(), &points);
            let result = crawl.finish(folder.path(), &calm);
            result.unwrap_or_else(|problem| panic!("{points}: {problem}"));
            if !stopped {
                break;
            }
            stops += 1;
        }
        assert!(stops >= 4, "{point} is passed only {stops} times");
    }
}

/// The harness is worth something: with a commit before the rename the same kills lose pages.
#[test]
fn a_commit_before_the_rename_is_caught() {
    let crawl = Crawl::new();
    let calm = crawl.calm();
    let mut caught = 0;
    let mut harmless = 0;
    for change in 1.. {
        let folder = quick_folder();
        let mut child = command(&crawl, folder.path());
        child.env("FAILPOINTS", PLANTED);
        let (killed, _) = run_until(child, Moment { change, exactly: true });
        if !killed {
            break;
        }
        match crawl.finish(folder.path(), &calm) {
            Ok(()) => harmless += 1,
            Err(_) => caught += 1,
        }
    }
    assert!(caught > 0, "{harmless} kills, and a commit before the rename went unnoticed");
}
