//! What the machine does to a run: a wall clock that jumps, a disk that fills and is emptied again
//! (HOSTILE 32, 37).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jarvix_core::{Clock, Env, Event, Outcome};
use jarvix_origin::{Origin, OriginSettings};
use jarvix_store::{LocalDisk, system_env};
use jarvix_testkit::HostileOrigin;
use jarvix_testkit::disk::FaultyDisk;
use jarvix_testkit::hostile::Behaviour;

use super::{Lab, assert_ended};

const DAY_US: i64 = 24 * 3600 * 1_000_000;

/// A wall clock that is another day whenever it is looked at: one forward, one back, and on.
struct Drunk {
    sober: Arc<dyn Clock>,
    looks: AtomicI64,
}

impl Clock for Drunk {
    fn now_us(&self) -> i64 {
        let look = self.looks.fetch_add(1, Ordering::SeqCst);
        self.sober.now_us() + (look % 3 - 1) * DAY_US
    }

    fn monotonic(&self) -> Duration {
        self.sober.monotonic()
    }
}

#[test]
fn a_clock_that_jumps_a_day_moves_no_timer() {
    let origin = HostileOrigin::start();
    let stalled = origin.set("/stalled", Behaviour::StallBeforeHeaders);
    let busy = origin.set("/busy", Behaviour::Status(503, Vec::new()).first(1));
    let told = origin.set("/told", Behaviour::retry_after("0"));
    // As a date it is a day away, or long past: either way nobody waits for it for a day.
    let dated = origin.set("/dated", Behaviour::retry_after("Sat, 06 Nov 2094 08:49:37 GMT"));
    let pages: Vec<String> =
        (0..40).map(|n| origin.set(&format!("/{n}"), Behaviour::Page)).collect();
    let env = system_env();
    let clock = Drunk { sober: Arc::clone(&env.clock), looks: AtomicI64::new(0) };
    let mut lab = Lab::with_env(Env { clock: Arc::new(clock), ..env });
    lab.settings.timeout = Duration::from_secs(2);
    lab.settings.retries = 1;
    lab.settings.backoff.retry_after_max = Duration::from_secs(1);
    lab.settings.chunk_rows = 8;
    let all = pages.iter().chain([&stalled, &busy, &told, &dated]);
    let found = lab.pages_of(all);
    for url in pages.iter().chain([&busy, &told]) {
        assert_ended(&found[url], Outcome::Fetched, "");
    }
    assert_ended(&found[&stalled], Outcome::Timeout, "");
    assert_ended(&found[&dated], Outcome::HttpError, "longer than 1s");
    for page in found.values() {
        let took = page.timings.elapsed_ms.expect("an attempt");
        assert!((0.0..5_000.0).contains(&took), "{}: {took} ms", page.url);
    }
}

#[test]
fn a_full_disk_is_waited_for_and_the_run_goes_on_by_itself() {
    let origin = Origin::start(OriginSettings::generated(50)).expect("an origin");
    let disk = FaultyDisk::new(Arc::new(LocalDisk));
    let mut lab = Lab::with_env(Env { disk: Arc::new(disk.clone()), ..system_env() });
    lab.settings.patience.free_space_min = 1 << 20;
    lab.settings.patience.free_space_wait = Duration::from_secs(60);
    // However fast the machine, there is still work to do when the disk is looked at.
    lab.settings.rate = 40.0;
    lab.admit(origin.urls(100, 5));
    disk.pretend_free(0);
    // Somebody makes room as soon as the run says that it waits for it.
    let room = disk.clone();
    lab.hear(move |event| {
        if matches!(event, Event::TroubleMet { .. }) {
            room.mend();
        }
    });
    let summary = lab.collect();
    assert_eq!((summary.pages, summary.left), (100, 0));
    let told: Vec<String> = lab
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::TroubleMet { reason, .. } => Some(reason),
            _ => None,
        })
        .collect();
    assert!(
        matches!(&told[..], [a, b] if a.contains("waits") && b.contains("goes on")),
        "{told:?}"
    );
}
