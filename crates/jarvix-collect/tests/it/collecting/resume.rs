//! Stopping and going on: every admitted ordinal ends in exactly one row, however often the run is
//! stopped in between (invariant I1).

use std::sync::atomic::Ordering;
use std::time::Duration;

use jarvix_collect::CollectError;
use jarvix_core::{Dataset, Event, Ordinals, Outcome};
use jarvix_origin::{Latency, Origin, OriginSettings};

use super::Lab;

fn slow_origin() -> Origin {
    let wait = Duration::from_millis(5);
    let latency = Some(Latency { min: wait, max: wait * 4 });
    Origin::start(OriginSettings { latency, ..OriginSettings::generated(100) }).expect("an origin")
}

#[test]
fn a_stopped_run_goes_on_where_it_was() {
    let origin = slow_origin();
    let mut lab = Lab::new();
    lab.settings.concurrent = 20;
    lab.settings.chunk_rows = 64;
    // However fast the machine, the whole takes one and a half seconds: long enough to be stopped.
    lab.settings.rate = 400.0;
    lab.admit(origin.urls(600, 20));
    let (mut done, mut stops) = (0, 0);
    lab.stop_after = Some(100);
    loop {
        let summary = lab.collect();
        done += summary.pages;
        assert_eq!(summary.left, 600 - done);
        assert_eq!(lab.covered().len(), done, "what is covered is what was written");
        assert!(summary.parts >= 1);
        if !summary.interrupted {
            break;
        }
        stops += 1;
        assert!(summary.left > 0, "it was stopped in its middle");
        lab.stop.store(false, Ordering::SeqCst);
    }
    assert!(stops >= 1, "it was never stopped");
    assert_eq!(lab.covered(), (0..600).collect::<Ordinals>());
    let pages = lab.pages();
    assert_eq!(pages.len(), 600);
    assert!(pages.iter().enumerate().all(|(n, page)| page.ordinal == n as u64));
    assert!(pages.iter().all(|page| page.outcome == Outcome::Fetched));
    let again = lab.collect();
    assert_eq!((again.pages, again.parts, again.left), (0, 0, 0), "nothing is left to do");
}

#[test]
fn fetching_waits_while_the_next_stage_is_too_far_behind() {
    let origin = Origin::start(OriginSettings::generated(100)).expect("an origin");
    let mut lab = Lab::new();
    lab.settings.max_backlog = 2;
    lab.admit(origin.urls(50, 10));
    lab.backlog.store(3, Ordering::SeqCst);
    lab.settings.max_time = Some(Duration::from_millis(300));
    let waited = lab.collect();
    assert!(waited.out_of_time);
    assert_eq!((waited.pages, waited.left), (0, 50));
    assert!(waited.limited_by.starts_with("curation"), "{}", waited.limited_by);
    lab.backlog.store(2, Ordering::SeqCst);
    lab.settings.max_time = None;
    assert_eq!(lab.collect().pages, 50);
}

#[test]
fn events_tell_of_every_page_and_of_parts_after_their_commit() {
    let origin = slow_origin();
    let mut lab = Lab::new();
    lab.settings.chunk_rows = 50;
    lab.admit(origin.urls(120, 10));
    let summary = lab.collect();
    assert_eq!(summary.parts, 3);
    let (mut told, mut rows, mut wire) = (0, 0, 0);
    for event in lab.events() {
        match event {
            Event::PagesFetched { outcomes, bytes_wire, .. } => {
                told += outcomes.iter().map(|(_, n)| n).sum::<u64>();
                wire += bytes_wire;
            }
            Event::PartCommitted { part, .. } => {
                assert_eq!(part.dataset, Dataset::Pages);
                rows += part.rows;
            }
            other => panic!("unexpected: {other:?}"),
        }
    }
    assert_eq!((told, rows, summary.pages), (120, 120, 120));
    assert_eq!(wire, summary.bytes_wire);
}

#[test]
fn when_the_time_is_over_the_rest_stays_pending() {
    let origin = slow_origin();
    let mut lab = Lab::new();
    lab.settings.per_host = 1;
    lab.settings.max_time = Some(Duration::from_millis(300));
    lab.admit(origin.urls(2_000, 1));
    let summary = lab.collect();
    assert!(summary.out_of_time && !summary.interrupted);
    assert!(summary.left > 0 && summary.pages > 0, "{summary:?}");
    assert_eq!(lab.covered().len(), summary.pages);
}

#[test]
fn a_full_disk_ends_the_run_cleanly_and_it_can_go_on() {
    let origin = slow_origin();
    let mut lab = Lab::new();
    lab.settings.patience.free_space_min = u64::MAX;
    lab.settings.patience.free_space_wait = Duration::from_millis(200);
    lab.admit(origin.urls(50, 5));
    let error = lab.try_collect().expect_err("there is no room");
    assert!(matches!(error, CollectError::DiskFull { .. }), "{error}");
    let trouble = lab.events().iter().any(|e| matches!(e, Event::TroubleMet { .. }));
    assert!(trouble, "it was told");
    lab.settings.patience.free_space_min = 0;
    assert_eq!(lab.collect().pages, 50);
    assert_eq!(lab.covered(), (0..50).collect::<Ordinals>());
}

#[test]
fn the_budget_of_a_host_is_the_same_however_often_the_run_is_stopped() {
    let origin = slow_origin();
    let urls: Vec<String> = origin.urls(40, 4).collect();
    let outcomes = |sessions: &[usize]| {
        let mut lab = Lab::new();
        lab.settings.pages_per_host = 3;
        for lines in sessions {
            lab.admit(&urls[..*lines]);
            // Some of it in a session that is stopped at once.
            lab.settings.max_time = Some(Duration::ZERO);
            lab.collect();
            lab.settings.max_time = None;
            lab.collect();
        }
        let pages = lab.pages();
        assert!(pages.iter().all(|p| {
            p.outcome != Outcome::Budget
                || p.reason.as_deref() == Some("the host has used up its 3 pages")
        }));
        pages.into_iter().map(|page| (page.url, page.outcome)).collect::<Vec<_>>()
    };
    let once = outcomes(&[40]);
    assert_eq!(once.iter().filter(|(_, outcome)| *outcome == Outcome::Fetched).count(), 12);
    assert!(once.iter().take(12).all(|(_, outcome)| *outcome == Outcome::Fetched), "{once:?}");
    assert_eq!(outcomes(&[5, 11, 40]), once);
}
