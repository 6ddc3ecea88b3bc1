//! kill -9 at any moment: nothing is lost, nothing is doubled (invariants I1 and I3b), and the same
//! harness catches a commit that comes before its rename.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use jarvix_core::env::{Entropy, SeededEntropy};

use crate::support::{Place, allowed, comparable, site};

const PAGES: u64 = 32;
const KILLS: usize = 50;
/// Kills of one run before it may finish.
const KILLS_OF_A_RUN: usize = 10;

type Datasets = BTreeMap<&'static str, Vec<String>>;

struct Bench {
    place: Place,
    list: String,
    allow: String,
    _origin: jarvix_origin::Origin,
}

impl Bench {
    fn new() -> Self {
        let place = Place::new();
        let (origin, list) = site(&place, PAGES);
        let allow = allowed(&origin);
        Self { place, list, allow, _origin: origin }
    }

    fn args<'a>(&'a self, run: &'a str) -> Vec<&'a str> {
        vec!["run", &self.list, "--run", run, "--allow-net", &self.allow, "--chunk-size", "4"]
    }

    /// Runs until `lines` lines of the log have been seen, then kills; true if it was killed before
    /// it ended by itself. The moment is counted in events, not in seconds, so it does not depend
    /// on the machine.
    fn kill_after(&self, run: &str, lines: u64) -> bool {
        let mut command = self.place.command(&self.args(run));
        command.env("JARVIX_LOG", "jarvix=debug").stderr(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().expect("the binary starts");
        let stderr = BufReader::new(child.stderr.take().expect("stderr is a pipe"));
        let mut seen = 0;
        for line in stderr.lines() {
            if line.is_err() {
                break;
            }
            seen += 1;
            if seen > lines {
                child.kill().expect("the child can be killed");
                break;
            }
        }
        let status = child.wait().expect("the child ends");
        status.code().is_none()
    }

    /// Lines of the log of an undisturbed run.
    fn calm(&self, run: &str) -> (Datasets, u64) {
        let mut command = self.place.command(&self.args(run));
        command.env("JARVIX_LOG", "jarvix=debug");
        let output = command.output().expect("the binary starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let lines = output.stderr.iter().filter(|b| **b == b'\n').count() as u64;
        (comparable(&self.place.store(), run), lines)
    }
}

#[test]
fn fifty_kills_lose_nothing_and_double_nothing() {
    let bench = Bench::new();
    let (calm, lines) = bench.calm("calm");
    assert_eq!(calm["pages"].len() as u64, PAGES);
    let dice = SeededEntropy::new(7);
    let mut kills = 0;
    for round in 0.. {
        let run = format!("killed-{round}");
        for _ in 0..KILLS_OF_A_RUN {
            if bench.kill_after(&run, dice.next_u64() % lines) {
                kills += 1;
            }
        }
        bench.place.run(&bench.args(&run)).expect(0);
        assert_same(&calm, &comparable(&bench.place.store(), &run), &run);
        bench.place.run(&["verify", "--run", &run]).expect(0);
        if kills >= KILLS {
            break;
        }
        assert!(round < 40, "only {kills} kills hit a running process");
    }
}

fn assert_same(calm: &Datasets, killed: &Datasets, run: &str) {
    if let Some(difference) = difference(calm, killed) {
        panic!("{run} differs from the undisturbed run: {difference}");
    }
}

fn difference(calm: &Datasets, killed: &Datasets) -> Option<String> {
    for (dataset, rows) in calm {
        let other = &killed[dataset];
        if rows.len() != other.len() {
            return Some(format!("{dataset}: {} rows, not {}", other.len(), rows.len()));
        }
        if let Some((a, b)) = rows.iter().zip(other).find(|(a, b)| a != b) {
            return Some(format!("{dataset}:\n{a}\n{b}"));
        }
    }
    None
}

/// Stopping at the fault points of a commit, each in turn, changes nothing either.
#[cfg(feature = "failpoints")]
#[test]
fn a_stop_at_every_step_of_a_commit_changes_nothing() {
    let bench = Bench::new();
    let (calm, _) = bench.calm("calm");
    for point in [
        "part::created",
        "part::before_sync",
        "part::before_rename",
        "part::after_rename",
        "part::after_dir_sync",
        "commit::before",
        "commit::after",
    ] {
        for skipped in [0, 2, 7] {
            let run = format!("{}-{skipped}", point.replace("::", "-"));
            stop_at(&bench, &run, &format!("{point}={skipped}*off->return"));
            bench.place.run(&bench.args(&run)).expect(0);
            assert_same(&calm, &comparable(&bench.place.store(), &run), &run);
            bench.place.run(&["verify", "--run", &run]).expect(0);
        }
    }
}

#[cfg(feature = "failpoints")]
fn stop_at(bench: &Bench, run: &str, points: &str) {
    let output = bench
        .place
        .command(&bench.args(run))
        .env("FAILPOINTS", points)
        .output()
        .expect("the binary starts");
    assert_eq!(output.status.code(), None, "{points} did not stop {run}");
}

/// The harness is worth something: a commit before the rename is noticed.
#[cfg(feature = "failpoints")]
#[test]
fn a_commit_before_the_rename_is_caught() {
    let bench = Bench::new();
    let (calm, _) = bench.calm("calm");
    let mut caught = 0;
    for skipped in [1, 2, 3] {
        let run = format!("planted-{skipped}");
        let points =
            format!("planted::commit_before_rename=return;commit::after={skipped}*off->return");
        stop_at(&bench, &run, &points);
        let ended = bench.place.run(&bench.args(&run));
        let sound = bench.place.run(&["verify", "--run", &run]).code() == Some(0);
        let same = ended.code() == Some(0)
            && sound
            && difference(&calm, &comparable(&bench.place.store(), &run)).is_none();
        caught += usize::from(!same);
    }
    assert!(caught > 0, "a commit before the rename went unnoticed");
}
