//! Fairness, counted: who has begun while others are at their limit, and how much is in memory.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::Arc;

use futures::FutureExt;

use super::*;
use crate::admit::SortLimits;
use crate::frontier::tests::Bench;
use crate::politeness::{Politeness, Slot};
use crate::settings::{Adaptive, CollectSettings};
use crate::threads::spawn_feed;

fn polite() -> Arc<Politeness> {
    let adaptive = Adaptive::Off;
    Politeness::new(&CollectSettings { per_host: 1, adaptive, ..CollectSettings::default() })
}

/// A collector's loop without a network.
struct Loop {
    intake: Intake,
    window: Window,
    politeness: Arc<Politeness>,
    most_inside: usize,
}

impl Loop {
    /// Waits until something may begin; `None` when nothing will unless somebody leaves a place.
    async fn next(&mut self) -> Option<(Job, Option<Slot>)> {
        loop {
            self.intake.fill(&mut self.window);
            self.most_inside = self.most_inside.max(self.window.len());
            if let Some((job, slot)) = self.window.next(&self.politeness) {
                self.intake.left(&job);
                return Some((job, slot));
            }
            if self.intake.is_done() || !self.intake.asked || !self.intake.has_room(&self.window) {
                return None;
            }
            let delivery = self.intake.receive().await;
            self.intake.take(delivery, &mut self.window);
        }
    }
}

fn host(job: &Job) -> String {
    job.host().map(|host| host.to_string()).unwrap_or_default()
}

#[tokio::test]
async fn small_hosts_begin_while_a_giant_before_them_is_at_its_limit() {
    let mut text: String = (0..30_000).map(|n| format!("http://giant.example/{n}\n")).collect();
    for n in 0..3_000 {
        writeln!(text, "http://small-{n}.example/").expect("write");
    }
    let bench = Bench::new(SortLimits::default());
    let frontier = bench.admit(&text);
    let (intake, feeder) = spawn_feed(&frontier, 400, 0).expect("feed");
    let (window, politeness) = (Window::default(), polite());
    let mut fair = Loop { intake, window, politeness, most_inside: 0 };

    // Nobody ever leaves a place, so the giant is at its limit from its first page on.
    let (mut hosts, mut held) = (HashSet::new(), Vec::new());
    while let Some((job, slot)) = fair.next().await {
        assert!(hosts.insert(host(&job)), "{} began twice", host(&job));
        held.push(slot);
    }
    assert_eq!(hosts.len(), 3_001);
    assert!(fair.most_inside <= 400 + 128, "{} were in the window", fair.most_inside);
    assert!(!fair.window.is_empty(), "the giant waits");
    drop(fair);
    feeder.join().expect("thread").expect("feed");
}

#[tokio::test]
async fn more_hosts_than_the_window_holds_flow_through_it() {
    let bench = Bench::new(SortLimits { leaf_bytes_max: 512 * 1024, ..SortLimits::default() });
    let hosts = 60_000;
    let mut text = String::new();
    for n in 0..hosts {
        writeln!(text, "http://h{n}.example/").expect("write");
    }
    let frontier = bench.admit(&text);
    let (intake, feeder) = spawn_feed(&frontier, 300, 0).expect("feed");
    let (window, politeness) = (Window::default(), polite());
    let mut fair = Loop { intake, window, politeness, most_inside: 0 };
    let mut seen = 0;
    while let Some((_, slot)) = fair.next().await {
        seen += 1;
        drop(slot);
    }
    assert_eq!(seen, hosts);
    assert!(fair.intake.is_done() && fair.intake.open.is_empty());
    assert!(fair.most_inside <= 300 + 128, "{} were in the window", fair.most_inside);
    drop(fair);
    feeder.join().expect("thread").expect("feed");
}

#[tokio::test]
async fn giants_share_the_window_and_all_of_them_comes() {
    let bench = Bench::new(SortLimits { leaf_bytes_max: 4 * 1024, ..SortLimits::default() });
    let text: String = (0..40)
        .flat_map(|giant| (0..500).map(move |n| format!("http://giant-{giant}.example/{n}\n")))
        .collect();
    let frontier = bench.admit(&text);
    let (intake, feeder) = spawn_feed(&frontier, 200, 3).expect("feed");
    let (window, politeness) = (Window::default(), polite());
    let mut fair = Loop { intake, window, politeness, most_inside: 0 };
    let (mut asked, mut over) = (0, 0);
    let mut in_turn = Vec::new();
    while let Some((job, slot)) = fair.next().await {
        match slot {
            Some(slot) => {
                asked += 1;
                in_turn.push(host(&job));
                drop(slot);
                // As the collector does when it hears of a place.
                for host in fair.politeness.next_freed().now_or_never().unwrap_or_default() {
                    fair.window.freed(&host);
                }
            }
            None => over += 1,
        }
    }
    assert_eq!((asked, over), (40 * 3, 40 * 497), "the budget is three pages a host");
    let first: HashSet<&String> = in_turn.iter().take(40).collect();
    assert!(first.len() >= 20, "{} hosts among the first 40 pages", first.len());
    drop(fair);
    feeder.join().expect("thread").expect("feed");
}
