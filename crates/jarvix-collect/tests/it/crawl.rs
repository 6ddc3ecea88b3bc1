//! One small run, continued until it is done, and what must hold after it, however often and
//! wherever it was interrupted: what the kill tests and the fault tests share.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jarvix_collect::admit::{AdmitSettings, admit};
use jarvix_collect::frontier::Frontier;
use jarvix_collect::input::classify;
use jarvix_collect::{
    CollectJob, CollectSettings, CollectSummary, EventSink, Manners, SystemNet, collect,
};
use jarvix_core::{Dataset, Env, Ordinals, Page, Reject, RunId, Stage, Timings};
use jarvix_origin::{Origin, OriginSettings};
use jarvix_store::{NewRun, Row, Store, system_env};

/// Pages of the run.
pub const PAGES: u64 = 24;

/// A run of [`PAGES`] pages and one line that is no URL, from an origin of its own.
pub struct Crawl {
    pub origin: Origin,
    folder: tempfile::TempDir,
}

impl Crawl {
    pub fn new() -> Self {
        let origin = Origin::start(OriginSettings::generated(PAGES)).expect("an origin");
        let folder = quick_folder();
        let mut lines: String = origin.urls(PAGES, 3).map(|url| format!("{url}\n")).collect();
        lines.push_str("no url at all\n");
        std::fs::write(folder.path().join("urls.txt"), lines).expect("a list");
        Self { origin, folder }
    }

    pub fn list(&self) -> PathBuf {
        self.folder.path().join("urls.txt")
    }

    pub fn settings(&self) -> CollectSettings {
        settings(&self.origin.addr().to_string())
    }

    /// The rows of a run that nothing happens to.
    pub fn calm(&self) -> Vec<String> {
        let folder = quick_folder();
        continue_run(folder.path(), &self.list(), system_env(), self.settings(), Arc::new(drop))
            .expect("a run that nothing happens to");
        let rows = check(folder.path()).expect("a sound run");
        assert_eq!(rows.len() as u64, PAGES + 1);
        rows
    }

    /// Continues the run in `root` to its end on a sound disk, and says what is wrong with it.
    pub fn finish(&self, root: &Path, calm: &[String]) -> Result<(), String> {
        continue_run(root, &self.list(), system_env(), self.settings(), Arc::new(drop))
            .map_err(|error| format!("it cannot be continued: {}", whole(&*error)))?;
        let rows = check(root)?;
        match rows.iter().zip(calm).find(|(row, calm)| row != calm) {
            Some((row, calm)) => Err(format!("a row differs:\n{row}\n{calm}")),
            None if rows.len() != calm.len() => {
                Err(format!("{} rows instead of {}", rows.len(), calm.len()))
            }
            None => Ok(()),
        }
    }
}

/// A temporary folder for tests that sync thousands of times: in memory, where there is such a
/// place. What a sync promises is not what they are about.
pub fn quick_folder() -> tempfile::TempDir {
    let memory = tempfile::tempdir_in("/dev/shm");
    memory.or_else(|_| tempfile::tempdir()).expect("a temporary folder")
}

/// Small parts, tiny waits, and `open` alone to be reached.
pub fn settings(open: &str) -> CollectSettings {
    let mut settings = CollectSettings {
        allow_net: vec![open.parse().expect("a range")],
        timeout: Duration::from_secs(10),
        chunk_rows: 6,
        ..CollectSettings::default()
    };
    settings.backoff.base = Duration::from_millis(2);
    settings.backoff.cap = Duration::from_millis(10);
    settings
}

pub fn run() -> RunId {
    RunId::new("crawl").expect("an id")
}

/// Does what is left of the run in `root`: admission, then fetching.
pub fn continue_run(
    root: &Path,
    list: &Path,
    env: Env,
    settings: CollectSettings,
    on_event: EventSink,
) -> Result<CollectSummary, Box<dyn Error>> {
    let store = Store::open(root, env)?;
    let _lock = store.lock_run(&run())?;
    if store.catalogue().run(&run())?.is_none() {
        let (input_fingerprint, settings) = ("crawl".to_owned(), "{}".to_owned());
        store.catalogue().create_run(NewRun { id: run(), input_fingerprint, settings })?;
    }
    let input = classify(&list.display().to_string())?;
    admit(&store, &run(), &[input], &AdmitSettings::default(), &|_| {}, &|| false)?;
    let frontier = Frontier::open(&store, &run())?;
    let job = CollectJob {
        manners: Manners::new(&settings),
        run: run(),
        frontier,
        net: Arc::new(SystemNet::new(&settings)),
        settings,
        backlog: Arc::default(),
        stop: Arc::default(),
        on_event,
        store,
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    Ok(runtime.block_on(collect(job))?)
}

/// What is wrong with a run that was continued to its end, or its rows in a form that two runs of
/// the same answers share (invariant I3b): nothing lost, nothing doubled, files as the catalogue
/// says.
pub fn check(root: &Path) -> Result<Vec<String>, String> {
    let words = |error: jarvix_store::StoreError| whole(&error);
    let store = Store::open(root, system_env()).map_err(words)?;
    let report = store.verify(&run()).map_err(words)?;
    if !report.is_ok() {
        return Err(format!("verify finds {:#?}", report.damages));
    }
    let pages: Vec<Page> = rows(&store)?;
    let ordinals: Ordinals = pages.iter().map(|page| page.ordinal).collect();
    if ordinals.len() != pages.len() as u64 {
        return Err("a page is there twice".to_owned());
    }
    if store.catalogue().covered(&run(), Stage::Collect).map_err(words)? != ordinals {
        return Err("what is covered is not what is there".to_owned());
    }
    let rejects: Vec<Reject> = rows(&store)?;
    let mut all: Vec<String> = pages.into_iter().map(comparable).collect();
    all.extend(rejects.into_iter().map(|reject| format!("{reject:?}")));
    all.sort_unstable();
    Ok(all)
}

/// The row without the observed columns.
fn comparable(mut page: Page) -> String {
    (page.fetched_at_us, page.attempts, page.bytes_wire) = (0, 0, 0);
    page.timings = Timings::default();
    // When the server answered, it says itself.
    page.headers.retain(|header| header.name != "date");
    format!("{page:?}")
}

fn rows<R: Row>(store: &Store) -> Result<Vec<R>, String> {
    let dataset: Dataset = R::DATASET;
    let words = |error: jarvix_store::StoreError| whole(&error);
    let mut all = Vec::new();
    for part in store.catalogue().parts(&run(), dataset).map_err(words)? {
        for row in store.read::<R>(&part).map_err(words)? {
            all.push(row.map_err(words)?);
        }
    }
    Ok(all)
}

/// An error with its causes.
pub fn whole(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(&format!(": {cause}"));
        next = cause.source();
    }
    text
}
