//! The collector against servers on loopback: from a list to the rows of `pages`.

mod archive;
mod base;
mod breaker;
mod demo;
mod guard;
mod http2;
mod local;
mod outcomes;
mod politeness;
mod proxy;
mod render;
mod resume;
mod retries;
mod robots;
mod secrets;
mod spellings;
mod surroundings;
mod tls;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jarvix_collect::admit::{AdmitSettings, admit};
use jarvix_collect::frontier::Frontier;
use jarvix_collect::input::classify;
use jarvix_collect::{
    CollectError, CollectJob, CollectSettings, CollectSummary, Manners, Net, SystemNet, collect,
};
use jarvix_core::{Dataset, Env, Event, HostFacts, Ordinals, Outcome, Page, RunId, Stage};
use jarvix_store::{NewRun, RunLock, Store, system_env};
use jarvix_testkit::TempData;

/// A run in a temporary data folder.
pub(crate) struct Lab {
    data: Arc<TempData>,
    run: RunId,
    _lock: RunLock,
    pub(crate) settings: CollectSettings,
    /// Parts that the next stage is behind.
    pub(crate) backlog: Arc<AtomicU64>,
    pub(crate) stop: Arc<AtomicBool>,
    /// Stop once this many pages were told of.
    pub(crate) stop_after: Option<u64>,
    net: Option<Arc<dyn Net>>,
    events: Arc<Mutex<Vec<Event>>>,
    /// Is told of every event at once.
    hears: Arc<dyn Fn(&Event) + Send + Sync>,
}

impl Lab {
    /// An empty run whose settings let tests be quick: loopback open, tiny waits.
    pub(crate) fn new() -> Self {
        Self::with_env(system_env())
    }

    /// The same with another clock or disk.
    pub(crate) fn with_env(env: Env) -> Self {
        Self::on(Arc::new(TempData::with_env(env)), "test")
    }

    /// Another run in the same data folder, with the same settings.
    pub(crate) fn next(&self, run: &str) -> Self {
        let mut next = Self::on(Arc::clone(&self.data), run);
        (next.settings, next.net) = (self.settings.clone(), self.net.clone());
        next
    }

    fn on(data: Arc<TempData>, run: &str) -> Self {
        let run = RunId::new(run).expect("an id");
        let new = NewRun {
            id: run.clone(),
            input_fingerprint: "test".to_owned(),
            settings: "{}".to_owned(),
        };
        data.store().catalogue().create_run(new).expect("a run");
        let lock = data.store().lock_run(&run).expect("its lock");
        let mut settings = CollectSettings {
            allow_net: vec!["127.0.0.1".parse().expect("a range")],
            timeout: Duration::from_secs(5),
            // Most tests have one host that misbehaves in every way there is.
            host_failures: 0,
            ..CollectSettings::default()
        };
        settings.backoff.base = Duration::from_millis(2);
        settings.backoff.cap = Duration::from_millis(10);
        settings.phases.dns = Duration::from_millis(500);
        Self {
            data,
            run,
            _lock: lock,
            settings,
            backlog: Arc::default(),
            stop: Arc::default(),
            stop_after: None,
            net: None,
            events: Arc::default(),
            hears: Arc::new(|_| {}),
        }
    }

    /// Tells `hears` of every event as soon as it happens.
    pub(crate) fn hear(&mut self, hears: impl Fn(&Event) + Send + Sync + 'static) {
        self.hears = Arc::new(hears);
    }

    /// The same with another network.
    pub(crate) fn with_net(net: Arc<dyn Net>) -> Self {
        Self { net: Some(net), ..Self::new() }
    }

    /// Puts `lines` on the frontier.
    pub(crate) fn admit<L: AsRef<str>>(&self, lines: impl IntoIterator<Item = L>) {
        let list = self.data.list_file(lines);
        self.admit_path(&list);
    }

    /// Puts the pages at `path` on the frontier.
    pub(crate) fn admit_path(&self, path: &std::path::Path) {
        let input = classify(&path.display().to_string()).expect("an input");
        let settings = AdmitSettings::default();
        admit(self.data.store(), &self.run, &[input], &settings, &|_| {}, &|| false)
            .expect("an admission");
    }

    /// Collects what is pending.
    pub(crate) fn try_collect(&self) -> Result<CollectSummary, CollectError> {
        let store = self.data.store();
        let frontier = Frontier::open(store, &self.run).expect("the frontier");
        let net = self.net.clone();
        let net = net.unwrap_or_else(|| Arc::new(SystemNet::new(&self.settings)));
        let (events, stop, stop_after) =
            (Arc::clone(&self.events), Arc::clone(&self.stop), self.stop_after);
        let told = Mutex::new(0);
        let hears = Arc::clone(&self.hears);
        let job = CollectJob {
            manners: Manners::new(&self.settings),
            store: store.clone(),
            run: self.run.clone(),
            frontier,
            settings: self.settings.clone(),
            net,
            backlog: Arc::clone(&self.backlog),
            stop: Arc::clone(&self.stop),
            on_event: Arc::new(move |event| {
                hears(&event);
                if let Event::PagesFetched { outcomes, .. } = &event {
                    let mut told = told.lock().expect("a lock");
                    *told += outcomes.iter().map(|(_, n)| n).sum::<u64>();
                    if stop_after.is_some_and(|n| *told >= n) {
                        stop.store(true, Ordering::SeqCst);
                    }
                }
                events.lock().expect("a lock").push(event);
            }),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(collect(job))
    }

    /// Collects what is pending, which must not fail.
    pub(crate) fn collect(&self) -> CollectSummary {
        self.try_collect().expect("a summary")
    }

    /// Admits `lines`, collects them, and gives their pages by URL.
    pub(crate) fn pages_of<L: AsRef<str>>(
        &self,
        lines: impl IntoIterator<Item = L>,
    ) -> BTreeMap<String, Page> {
        self.admit(lines);
        self.collect();
        self.pages().into_iter().map(|page| (page.url.clone(), page)).collect()
    }

    /// The page of one URL.
    pub(crate) fn page_of(&self, url: &str) -> Page {
        let pages = self.pages_of([url]);
        assert_eq!(pages.len(), 1, "one line, one row");
        pages.into_values().next().expect("a page")
    }

    /// All committed pages, by ordinal.
    pub(crate) fn pages(&self) -> Vec<Page> {
        let store = self.data.store();
        let parts = store.catalogue().parts(&self.run, Dataset::Pages).expect("the parts");
        let rows = parts.iter().flat_map(|part| store.read::<Page>(part).expect("a part"));
        let mut pages: Vec<Page> = rows.map(|row| row.expect("a row")).collect();
        pages.sort_by_key(|page| page.ordinal);
        pages
    }

    /// What each host was asked, added up over the parts.
    pub(crate) fn hosts(&self) -> BTreeMap<String, HostFacts> {
        let store = self.data.store();
        let parts = store.catalogue().parts(&self.run, Dataset::Hosts).expect("the parts");
        let rows = parts.iter().flat_map(|part| store.read::<HostFacts>(part).expect("a part"));
        let mut hosts: BTreeMap<String, HostFacts> = BTreeMap::new();
        for row in rows {
            let row = row.expect("a row");
            let Some(host) = hosts.get_mut(&row.host) else {
                hosts.insert(row.host.clone(), row);
                continue;
            };
            host.requests += row.requests;
            host.concurrency_max = host.concurrency_max.max(row.concurrency_max);
            host.gap_min_us = host.gap_min_us.into_iter().chain(row.gap_min_us).min();
            host.crawl_delay_ms = host.crawl_delay_ms.max(row.crawl_delay_ms);
            host.pauses += row.pauses;
            host.put_aside += row.put_aside;
            host.suspended |= row.suspended;
        }
        hosts
    }

    /// The ordinals that committed pages cover.
    pub(crate) fn covered(&self) -> Ordinals {
        let catalogue = self.data.store().catalogue();
        catalogue.covered(&self.run, Stage::Collect).expect("the ordinals")
    }

    /// What was told so far.
    pub(crate) fn events(&self) -> Vec<Event> {
        self.events.lock().expect("a lock").clone()
    }

    /// The store.
    pub(crate) fn store(&self) -> &Store {
        self.data.store()
    }

    /// The run.
    pub(crate) fn run(&self) -> &RunId {
        &self.run
    }

    /// The temporary folder.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.data.path()
    }
}

/// Asserts how a page ended and that its reason says `why`.
#[track_caller]
pub(crate) fn assert_ended(page: &Page, outcome: Outcome, why: &str) {
    let reason = page.reason.as_deref().unwrap_or_default();
    assert_eq!(page.outcome, outcome, "{}: {reason}", page.url);
    assert!(reason.contains(why), "{}: the reason is {reason:?}, expected {why:?}", page.url);
    assert_eq!(reason.is_empty(), outcome == Outcome::Fetched, "{}", page.url);
    assert!(!reason.contains('\n'), "one line");
}
