//! The limit per host under a clock that the tests turn.

use super::*;
use crate::settings::Adaptive;

const IP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

fn rules(change: impl FnOnce(&mut CollectSettings)) -> Arc<Politeness> {
    let mut settings = CollectSettings::default();
    change(&mut settings);
    Politeness::new(&settings)
}

fn name(text: &str) -> Arc<str> {
    Arc::from(text)
}

fn go(politeness: &Arc<Politeness>, host: &Arc<str>) -> Slot {
    match politeness.try_enter(host) {
        Entry::Go(slot) => slot,
        other => panic!("expected a place, got {other:?}"),
    }
}

fn troubled(slot: &Slot) -> bool {
    let health = Health::Troubled;
    slot.note(Report { health, first_byte: None, failure: Some("timeout: late"), fresh: true })
}

fn overloaded(slot: &Slot) {
    let health = Health::Overloaded;
    slot.note(Report { health, first_byte: None, failure: None, fresh: true });
}

fn answers_after(slot: &Slot, ms: u64) {
    slot.note(Report::well(Some(Duration::from_millis(ms))));
}

#[tokio::test(start_paused = true)]
async fn a_public_host_starts_slowly_and_rises_while_it_is_well() {
    let politeness = rules(|s| s.per_host = 4);
    let host = name("public.example");
    let first = go(&politeness, &host);
    assert!(matches!(politeness.try_enter(&host), Entry::Full));
    politeness.learn(&host, IP, false);
    assert!((0..20).all(|_| !first.note(Report::well(None))));
    drop(first);
    let Entry::NotBefore(at) = politeness.try_enter(&host) else { panic!("seven a second") };
    assert_eq!(at.duration_since(Instant::now()).as_millis(), 142);
    tokio::time::advance(Duration::from_secs(1)).await;
    let mut slots = Vec::new();
    for _ in 0..4 {
        slots.push(go(&politeness, &host));
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    assert!(matches!(politeness.try_enter(&host), Entry::Full), "never above --per-host");
}

#[tokio::test(start_paused = true)]
async fn an_opened_range_starts_at_the_maximum_and_heeds_only_the_hosts_own_word() {
    let politeness = rules(|s| s.per_host = 8);
    let host = name("h1.localhost");
    let first = go(&politeness, &host);
    politeness.learn(&host, IP, true);
    let rest: Vec<Slot> = (1..8).map(|_| go(&politeness, &host)).collect();
    assert!(matches!(politeness.try_enter(&host), Entry::Full));
    drop(rest);
    troubled(&first);
    let rest: Vec<Slot> = (1..8).map(|_| go(&politeness, &host)).collect();
    drop(rest);
    overloaded(&first);
    overloaded(&first);
    let _rest: Vec<Slot> = (1..4).map(|_| go(&politeness, &host)).collect();
    assert!(matches!(politeness.try_enter(&host), Entry::Full), "halved once");
}

#[tokio::test(start_paused = true)]
async fn rates_delays_and_pauses_hold() {
    let politeness = rules(|s| {
        s.adaptive = Adaptive::Off;
        s.rate_per_host = 10.0;
        s.rate = 100.0;
    });
    let (a, b) = (name("a"), name("b"));
    let mut slot = go(&politeness, &a);
    assert!(politeness.any_not_before().is_some());
    assert!(matches!(politeness.try_enter(&b), Entry::NotBefore(_)), "the rate over all hosts");
    let started = Instant::now();
    slot.pace().await;
    assert_eq!(started.elapsed().as_millis(), 100);
    assert!(!slot.is_outdated());
    politeness.set_crawl_delay(&a, Duration::from_secs(3));
    assert!(slot.is_outdated());
    slot.pace().await;
    slot.pace().await;
    assert_eq!(started.elapsed().as_millis(), 6100);
    politeness.pause(&a, Duration::from_secs(30));
    let Entry::NotBefore(at) = politeness.try_enter(&a) else { panic!("it is paused") };
    assert_eq!(at.duration_since(Instant::now()).as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_redirect_goes_before_new_fetches() {
    let politeness = rules(|s| s.adaptive = Adaptive::Off);
    let host = name("b");
    let held: Vec<Slot> = (0..4).map(|_| go(&politeness, &host)).collect();
    let (there, them) = (host.clone(), Arc::clone(&politeness));
    let redirect = tokio::spawn(async move { them.enter(&there).await });
    tokio::task::yield_now().await;
    drop(held);
    assert!(matches!(politeness.try_enter(&host), Entry::Full), "one waits already");
    let slot = redirect.await.expect("it ends").expect("it enters");
    assert_eq!(slot.host(), &host);
    let freed = tokio::time::timeout(Duration::from_secs(1), politeness.next_freed()).await;
    assert_eq!(freed.expect("who was turned away is told"), std::slice::from_ref(&host));
    let _slot = go(&politeness, &host);
}

#[tokio::test(start_paused = true)]
async fn idle_hosts_are_forgotten_when_there_are_many() {
    let politeness = rules(|s| s.adaptive = Adaptive::Off);
    let kept = go(&politeness, &name("kept"));
    for n in 0..=HOSTS_MAX {
        drop(go(&politeness, &name(&format!("h{n}"))));
    }
    politeness.sweep();
    assert_eq!(politeness.lock().hosts.len(), 1);
    drop(kept);
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_is_written_down_also_of_forgotten_hosts() {
    let politeness = rules(|s| s.adaptive = Adaptive::Off);
    let host = name("b.example");
    let slots: Vec<Slot> = (0..3).map(|_| go(&politeness, &host)).collect();
    politeness.asked(&host);
    for ms in [700, 50, 900] {
        tokio::time::advance(Duration::from_millis(ms)).await;
        politeness.asked(&host);
    }
    politeness.pause(&host, Duration::from_secs(1));
    politeness.set_crawl_delay(&host, Duration::from_millis(1500));
    let other = name("a.example");
    drop(go(&politeness, &other));
    politeness.asked(&other);
    let facts = politeness.take_record();
    assert_eq!(
        facts.iter().map(|f| f.host.as_str()).collect::<Vec<_>>(),
        ["a.example", "b.example"]
    );
    assert_eq!((facts[0].requests, facts[0].gap_min_us), (1, None));
    let expected = HostFacts {
        host: "b.example".to_owned(),
        requests: 4,
        concurrency_max: 3,
        gap_min_us: Some(50_000),
        crawl_delay_ms: Some(1500),
        pauses: 1,
        put_aside: 0,
        suspended: false,
    };
    assert_eq!(facts[1], expected);
    assert!(politeness.take_record().is_empty(), "each fact is given once");

    // The gap over the border of two parts counts for the second.
    tokio::time::advance(Duration::from_millis(10)).await;
    politeness.asked(&host);
    drop(slots);
    for n in 0..=HOSTS_MAX {
        drop(go(&politeness, &name(&format!("h{n}"))));
    }
    tokio::time::advance(REMEMBERED).await;
    politeness.sweep();
    assert!(politeness.lock().hosts.is_empty());
    let facts = politeness.take_record();
    assert_eq!((facts.len(), facts[0].requests, facts[0].gap_min_us), (1, 1, Some(10_000)));
}

#[tokio::test(start_paused = true)]
async fn who_keeps_failing_is_put_aside_and_then_asked_by_one() {
    let politeness = rules(|s| {
        s.adaptive = Adaptive::Off;
        s.host_failures = 5;
    });
    let host = name("dead");
    let held: Vec<Slot> = (0..4).map(|_| go(&politeness, &host)).collect();
    assert!(!held.iter().any(troubled));
    assert!(troubled(&held[0]), "the fifth in a row");
    let Entry::NotBefore(until) = politeness.try_enter(&host) else { panic!("it is aside") };
    assert_eq!(until.duration_since(Instant::now()).as_secs(), 30);
    let closed = politeness.enter(&host).await.expect_err("redirects do not wait for it");
    assert_eq!(closed.until, Some(until));
    assert!(closed.reason.contains("after 5 failures"), "{}", closed.reason);
    drop(held);

    tokio::time::advance(Duration::from_secs(30)).await;
    let probe = go(&politeness, &host);
    assert!(matches!(politeness.try_enter(&host), Entry::Full), "one is enough to see");
    // A probe that shows nothing is followed by another.
    drop(probe);
    assert_eq!(politeness.next_freed().await, std::slice::from_ref(&host));
    let probe = go(&politeness, &host);
    probe.note(Report::well(None));
    let all: Vec<Slot> = (1..4).map(|_| go(&politeness, &host)).collect();
    assert_eq!(all.len(), 3, "it is well again");
}

#[tokio::test(start_paused = true)]
async fn who_was_given_up_is_not_asked_any_more() {
    let politeness = rules(|s| {
        s.host_failures = 1;
        s.breaker.asides_max = 0;
    });
    let host = name("dead");
    let slot = go(&politeness, &host);
    assert!(matches!(politeness.try_enter(&host), Entry::Full));
    let (there, them) = (host.clone(), Arc::clone(&politeness));
    let redirect = tokio::spawn(async move { them.enter(&there).await });
    tokio::task::yield_now().await;
    assert!(troubled(&slot));
    let freed = tokio::time::timeout(Duration::from_secs(1), politeness.next_freed()).await;
    assert_eq!(freed.expect("who was turned away is told"), std::slice::from_ref(&host));
    let Entry::Suspended(reason) = politeness.try_enter(&host) else { panic!("given up") };
    assert!(reason.contains("given up after 1 failures"), "{reason}");
    assert_eq!(redirect.await.expect("it ends").expect_err("no place").until, None);
    drop(slot);
    for n in 0..=HOSTS_MAX {
        drop(go(&politeness, &name(&format!("h{n}"))));
    }
    tokio::time::advance(Duration::from_secs(10)).await;
    politeness.sweep();
    assert_eq!(politeness.lock().hosts.len(), 1, "those given up are remembered");
}

#[tokio::test(start_paused = true)]
async fn answers_that_come_slower_lower_the_limit_and_faster_ones_raise_it() {
    let limit_after = async |opened: bool, adaptive: Adaptive, ms: &[(u64, usize)]| {
        let politeness = rules(|s| {
            s.per_host = 8;
            s.adaptive = adaptive;
        });
        let host = name("h");
        let slot = go(&politeness, &host);
        politeness.learn(&host, IP, opened);
        for (ms, times) in ms {
            for _ in 0..*times {
                answers_after(&slot, *ms);
                tokio::time::advance(Duration::from_millis(200)).await;
            }
        }
        drop(slot);
        let mut held = Vec::new();
        loop {
            match politeness.try_enter(&host) {
                Entry::Go(slot) => held.push(slot),
                Entry::NotBefore(at) => tokio::time::sleep_until(at).await,
                _ => return held.len(),
            }
        }
    };
    let steady: &[(u64, usize)] = &[(50, 60)];
    let slower: &[(u64, usize)] = &[(50, 60), (900, 30)];
    let again: &[(u64, usize)] = &[(50, 60), (900, 30), (50, 60)];
    assert_eq!(limit_after(false, Adaptive::Public, steady).await, 8);
    let slow = limit_after(false, Adaptive::Public, slower).await;
    assert!(slow < 4, "{slow} at a time at a host that became slow");
    assert_eq!(limit_after(false, Adaptive::Public, again).await, 8);
    assert_eq!(limit_after(true, Adaptive::Public, slower).await, 8, "an opened range");
    assert!(limit_after(true, Adaptive::On, slower).await < 4);
    assert_eq!(limit_after(false, Adaptive::Off, slower).await, 8);
}

#[tokio::test(start_paused = true)]
async fn hosts_of_one_machine_wait_for_its_places_and_all_are_told() {
    let politeness = rules(|s| {
        s.adaptive = Adaptive::Off;
        s.per_address = Some(2);
    });
    let hosts: Vec<Arc<str>> = (0..4).map(|n| name(&format!("h{n}"))).collect();
    for host in &hosts {
        let _first_contact = go(&politeness, host);
        politeness.learn(host, IP, true);
    }
    let (first, _second) = (go(&politeness, &hosts[0]), go(&politeness, &hosts[1]));
    assert!(matches!(politeness.try_enter(&hosts[2]), Entry::Full));
    assert!(matches!(politeness.try_enter(&hosts[3]), Entry::Full));
    let other = go(&politeness, &name("elsewhere"));
    drop(first);
    let mut freed = politeness.next_freed().await;
    freed.sort();
    assert_eq!(freed, hosts[2..], "whoever of them has something to ask may");
    let third = go(&politeness, &hosts[3]);
    assert!(matches!(politeness.try_enter(&hosts[2]), Entry::Full));
    drop((third, other));
    assert_eq!(politeness.next_freed().await, hosts[2..3]);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_was_not_asked_needs_no_rest() {
    let politeness = rules(|s| s.rate_per_host = 1.0);
    let host = name("inner.example");
    for _ in 0..10 {
        let slot = go(&politeness, &host);
        slot.not_asked();
    }
    let asked = go(&politeness, &host);
    drop(asked);
    assert!(matches!(politeness.try_enter(&host), Entry::NotBefore(_)), "this one was asked");
}

#[tokio::test(start_paused = true)]
async fn what_is_given_back_takes_nothing_from_who_is_asked_at_the_same_time() {
    let politeness = rules(|s| {
        (s.rate_per_host, s.per_host, s.adaptive) = (1.0, 4, Adaptive::Off);
    });
    let host = name("both.example");
    let _asked = go(&politeness, &host);
    tokio::time::advance(Duration::from_secs(1)).await;
    go(&politeness, &host).not_asked();
    assert!(matches!(politeness.try_enter(&host), Entry::NotBefore(_)));
}
