//! The limit per host under a clock that the tests turn.

use super::*;

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

#[tokio::test(start_paused = true)]
async fn a_public_host_starts_slowly_and_rises_while_it_is_well() {
    let politeness = rules(|s| s.per_host = 4);
    let host = name("public.example");
    let first = go(&politeness, &host);
    assert!(matches!(politeness.try_enter(&host), Entry::Full));
    politeness.learn(&host, false);
    drop(first);
    let Entry::NotBefore(at) = politeness.try_enter(&host) else { panic!("two a second") };
    assert_eq!(at.duration_since(Instant::now()), Duration::from_millis(500));
    for _ in 0..20 {
        politeness.note(&host, Health::Well);
    }
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
    let _first = go(&politeness, &host);
    politeness.learn(&host, true);
    let rest: Vec<Slot> = (1..8).map(|_| go(&politeness, &host)).collect();
    assert!(matches!(politeness.try_enter(&host), Entry::Full));
    drop(rest);
    politeness.note(&host, Health::Troubled);
    let rest: Vec<Slot> = (1..8).map(|_| go(&politeness, &host)).collect();
    drop(rest);
    politeness.note(&host, Health::Overloaded);
    politeness.note(&host, Health::Overloaded);
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
    let slot = redirect.await.expect("it enters");
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
