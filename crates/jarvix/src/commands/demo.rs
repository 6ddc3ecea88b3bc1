//! `jarvix demo`: the whole line on bundled pages, served from loopback, offline.

use jarvix_collect::CollectSettings;
use jarvix_collect::settings::AllowNet;
use jarvix_origin::{Origin, OriginSettings, demo};
use jarvix_pipeline::CrawlSettings;
use jarvix_pipeline::settings::Scope;

use super::context::Context;
use super::line::{Request, run_line};
use crate::error::{CliError, Exit};

/// Serves the demo pages, runs the line on them, always as a new run.
pub fn demo(context: &Context) -> Result<Exit, CliError> {
    let origin = Origin::start(OriginSettings::demo())
        .map_err(|e| CliError::failed("failed to serve the demo pages on loopback").because(&e))?;
    let store = context.store()?;
    let folder = store.root().join("cache").join("demo");
    let list = folder.join("demo.txt");
    let disk = &store.env().disk;
    let text: String = demo::list(origin.addr());
    disk.create_dir_all(&folder)
        .and_then(|()| disk.replace(&list, text.as_bytes()))
        .map_err(|e| CliError::failed(format!("failed to write {}", list.display())).because(&e))?;
    drop(store);
    let collect = CollectSettings {
        // Exactly this origin, nothing else on this machine.
        allow_net: vec![AllowNet::only(origin.addr())],
        timeout: demo::TIMEOUT,
        retries: 1,
        ..CollectSettings::default()
    };
    let request = Request {
        inputs: vec![list.display().to_string()],
        from: None,
        run: None,
        stem: "demo".to_owned(),
        always_new: true,
        scope: Scope::Report,
        collect,
        crawl: CrawlSettings::default(),
        command: "demo",
    };
    let exit = run_line(context, &request)?;
    origin.stop();
    // The demo shows every way a page can fail: too many of them are not news here.
    Ok(if exit == Exit::TooManyFailed { Exit::Ok } else { exit })
}
