//! Collects a list into a data folder: the collector alone, for profilers. The programme around it
//! is much slower to build.
//!
//! `cargo run --release --example collect -- LIST DATA [CONCURRENT] [THREADS]`

use std::error::Error;
use std::sync::Arc;

use jarvix_collect::admit::{AdmitSettings, admit};
use jarvix_collect::input::classify;
use jarvix_collect::{CollectJob, CollectSettings, Frontier, Manners, SystemNet, collect};
use jarvix_core::RunId;
use jarvix_store::{NewRun, Store, system_env};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[expect(clippy::print_stderr, reason = "this is a program")]
fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, other| args.get(at).map_or(Ok(other), |text| text.parse::<usize>());
    let [list, data, ..] = &args[..] else { return Err("usage: collect LIST DATA".into()) };
    let settings = CollectSettings {
        allow_net: vec!["127.0.0.0/8".parse()?],
        concurrent: number(2, 100)?,
        ..CollectSettings::default()
    };
    let store = Store::open(data.as_ref(), system_env())?;
    let run = RunId::new("collect")?;
    let (input_fingerprint, settings_json) = (list.clone(), "{}".to_owned());
    store.catalogue().create_run(NewRun {
        id: run.clone(),
        input_fingerprint,
        settings: settings_json,
    })?;
    let _lock = store.lock_run(&run)?;
    admit(&store, &run, &[classify(list)?], &AdmitSettings::default(), &|_| {}, &|| false)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(number(3, 2)?)
        .enable_all()
        .build()?;
    let summary = runtime.block_on(collect(CollectJob {
        manners: Manners::new(&settings),
        frontier: Frontier::open(&store, &run)?,
        net: Arc::new(SystemNet::new(&settings)),
        store,
        run,
        settings,
        backlog: Arc::default(),
        stop: Arc::default(),
        on_event: Arc::new(|_| {}),
    }))?;
    eprintln!("{summary:?}");
    Ok(())
}
