//! `jarvix collect`: pages only; and the plan that `--dry-run` prints.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::ArgMatches;
use jarvix_collect::CollectSettings;
use jarvix_collect::admit;
use jarvix_collect::settings::{
    Adaptive, Credential, ProxySetting, Rendering, RequestHeader, SecretError,
};
use jarvix_core::{Event, RunId};
use jarvix_pipeline::settings::Scope;
use serde_json::json;

use super::context::Context;
use super::line::{self, Request, run_line};
use crate::error::{CliError, Exit};
use crate::interrupt;
use crate::output::plain;
use crate::settings::{Settings, secret};

/// Fetches a list into pages.
pub fn collect(context: &Context, matches: &ArgMatches) -> Result<Exit, CliError> {
    let request = Request::from_flags(context, matches, Scope::Collect, "collect")?;
    if matches.get_flag("dry-run") {
        return dry_run(context, &request);
    }
    run_line(context, &request)
}

/// Reads the input, prints what a run would do, fetches nothing.
pub fn dry_run(context: &Context, request: &Request) -> Result<Exit, CliError> {
    if request.from.is_some() {
        return Err(CliError::usage("--dry-run cannot be given with --from")
            .help("jarvix runs show RUN says how many pages ended in which way"));
    }
    let inputs = request.classify()?;
    let settings = line::admit_settings(context)?;
    let stop = interrupt::listen()?;
    let stopped = || stop.load(Ordering::SeqCst);
    let env = jarvix_store::system_env();
    let telling = context.start_bus()?;
    let (publish, run) = (telling.sink(), plan_id());
    let tell = |plan: &admit::Plan| {
        let admit::Plan { lines, admitted, rejects, duplicates, .. } = *plan;
        let run = run.clone();
        let complete = false;
        publish(Event::InputAdmitted { run, lines, admitted, rejects, duplicates, complete });
    };
    let planned = admit::dry_run(&env, &inputs, &settings, &scratch(context), &tell, &stopped);
    publish(Event::RunEnded { run: run.clone(), finished: true, elapsed_ms: 0 });
    telling.finish();
    let plan = planned.map_err(|e| super::context::line_error(e.into()))?;
    if !plan.complete {
        return Ok(Exit::Interrupted);
    }
    let hosts: Vec<_> =
        plan.top_hosts.iter().map(|h| json!({ "host": h.host, "urls": h.urls })).collect();
    let data = json!({
        "lines": plan.lines,
        "admitted": plan.admitted,
        "rejects": plan.rejects,
        "duplicates": plan.duplicates,
        "local_pages": plan.local_pages,
        "hosts": plan.hosts,
        "hosts_capped": plan.hosts_capped,
        "top_hosts": hosts,
        "bytes": plan.bytes,
        "bytes_on_disk": plan.bytes_on_disk,
    });
    context.output.result(("plan", Exit::Ok), &data, || in_words(&plan, request))?;
    context.output.note("nothing was fetched; leave out --dry-run to begin");
    Ok(Exit::Ok)
}

/// A plan for people.
fn in_words(plan: &admit::Plan, request: &Request) -> String {
    let counted =
        |n: u64, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
    let from_web = plan.admitted.saturating_sub(plan.local_pages);
    let mut text = format!("{}: ", counted(plan.lines, "line"));
    text.push_str(&format!("{} to fetch", counted(from_web, "page")));
    if plan.local_pages > 0 {
        text.push_str(&format!(", {} to read", counted(plan.local_pages, "file")));
    }
    let (rejects, repeats) = (counted(plan.rejects, "reject"), counted(plan.duplicates, "repeat"));
    text.push_str(&format!(", {rejects}, {repeats}\n{}", counted(plan.hosts, "host")));
    text.push_str(if plan.hosts_capped { " and more" } else { "" });
    let named = plan.top_hosts.iter().filter(|host| !host.host.is_empty());
    for (at, host) in named.enumerate() {
        let lead = if at == 0 { ", most pages on " } else { ", " };
        text.push_str(&format!("{lead}{} ({})", plain(&host.host), host.urls));
    }
    text.push('\n');
    if request.collect.pages_per_host > 0 {
        let most = request.collect.pages_per_host;
        text.push_str(&format!(
            "at most {} of each host (--pages-per-host)\n",
            counted(most, "page")
        ));
    }
    if plan.bytes_on_disk > 0 {
        let disk = indicatif::HumanBytes(plan.bytes_on_disk);
        text.push_str(&format!("finding repeats took {disk} of disk for a while\n"));
    }
    text
}

/// Where keys lie for the time of a plan: in the data folder where there is one, because the folder
/// for temporary files may be in memory.
fn scratch(context: &Context) -> PathBuf {
    let data = PathBuf::from(context.settings.text("data"));
    if data.is_dir() { data } else { std::env::temp_dir() }
}

/// What events call the run that a plan is of.
fn plan_id() -> RunId {
    match RunId::new("plan") {
        Ok(id) => id,
        Err(_) => unreachable!("it is a run id"),
    }
}

/// The settings of the collector, from the table.
pub fn collect_settings(settings: &Settings) -> Result<CollectSettings, CliError> {
    let usage = |name: &str, e: &dyn std::error::Error| {
        CliError::usage(format!("--{name} cannot be used: {e}"))
    };
    let count = |name: &str| usize::try_from(settings.count(name)).unwrap_or(usize::MAX);
    let limit = Some(settings.number("collect.max_time")).filter(|s| *s > 0.0);
    let defaults = CollectSettings::default();
    Ok(CollectSettings {
        concurrent: count("collect.concurrent"),
        per_host: count("collect.per_host"),
        per_address: Some(count("collect.per_address")).filter(|n| *n > 0),
        rate_per_address: settings.number("collect.rate_per_address"),
        pages_per_host: settings.count("collect.pages_per_host"),
        timeout: Duration::from_secs_f64(settings.number("collect.timeout")),
        retries: u32::try_from(settings.count("collect.retries")).unwrap_or(u32::MAX),
        chunk_rows: settings.count("collect.chunk_size"),
        max_backlog: settings.count("collect.max_backlog"),
        max_body: settings.bytes("collect.max_body"),
        max_memory: Some(settings.bytes("collect.max_memory")).filter(|bytes| *bytes > 0),
        rate_per_host: settings.number("collect.rate_per_host"),
        rate: settings.number("collect.rate"),
        adaptive: match settings.text("collect.adaptive") {
            "on" => Adaptive::On,
            "off" => Adaptive::Off,
            _ => Adaptive::Public,
        },
        host_failures: u32::try_from(settings.count("collect.host_failures")).unwrap_or(u32::MAX),
        allow_net: parsed(settings, "collect.allow_net").map_err(|e| usage("allow-net", &e))?,
        accept: parsed(settings, "collect.accept").map_err(|e| usage("accept", &e))?,
        robots: settings.is_on("collect.robots"),
        user_agent: settings.optional("collect.user_agent"),
        contact: settings.optional("collect.contact"),
        dns: parsed(settings, "collect.dns").map_err(|e| usage("dns", &e))?,
        max_time: limit.map(Duration::from_secs_f64),
        crawl_pages_per_host: settings.count("collect.crawl_pages_per_host"),
        crawl_query_variants: settings.count("collect.crawl_query_variants"),
        ca_file: settings.optional("collect.ca_file").map(PathBuf::from),
        headers: request_headers(settings)?,
        credentials: credentials(settings)?,
        cookies: settings.is_on("collect.cookies"),
        proxy: proxy(settings)?,
        rendering: rendering(settings)?,
        ..defaults
    })
}

/// `--header`. No message shows a value.
fn request_headers(settings: &Settings) -> Result<Vec<RequestHeader>, CliError> {
    let one = |line: &str| -> Result<RequestHeader, String> {
        let (name, value) = line.split_once(':').unwrap_or(("", ""));
        let value = secret::resolve(value)?;
        RequestHeader::new(name, &value).map_err(|error| error.to_string())
    };
    let all = settings.texts("collect.headers");
    all.iter()
        .map(|line| one(line))
        .collect::<Result<_, _>>()
        .map_err(|why| CliError::usage(format!("--header cannot be used: {why}")))
}

/// `--auth` and `--bearer`. No message shows a secret.
fn credentials(settings: &Settings) -> Result<Vec<Credential>, CliError> {
    type Make = fn(&str, &str) -> Result<Credential, SecretError>;
    let kinds: [(&str, &str, Make); 2] = [
        ("collect.auth", "auth", Credential::basic),
        ("collect.bearer", "bearer", Credential::bearer),
    ];
    let mut all = Vec::new();
    for (key, flag, make) in kinds {
        for line in settings.texts(key) {
            let (place, text) = line.split_once('=').unwrap_or(("", ""));
            let made = secret::resolve(text)
                .and_then(|text| make(place, &text).map_err(|error| error.to_string()));
            all.push(
                made.map_err(|why| CliError::usage(format!("--{flag} cannot be used: {why}")))?,
            );
        }
    }
    Ok(all)
}

/// `--proxy`. No message shows its password.
fn proxy(settings: &Settings) -> Result<Option<ProxySetting>, CliError> {
    let Some(text) = settings.optional("collect.proxy") else { return Ok(None) };
    let proxy = secret::resolve(&text)
        .and_then(|text| text.parse::<ProxySetting>().map_err(|error| error.to_string()));
    proxy.map(Some).map_err(|why| CliError::usage(format!("--proxy cannot be used: {why}")))
}

/// How pages are rendered, from the table.
fn rendering(settings: &Settings) -> Result<Rendering, CliError> {
    let mode = settings.text("collect.render").parse();
    Ok(Rendering {
        mode: mode.map_err(|e| CliError::usage(format!("--render cannot be used: {e}")))?,
        pages: usize::try_from(settings.count("collect.render_pages")).unwrap_or(usize::MAX),
        timeout: Duration::from_secs(settings.count("collect.render_timeout")),
        memory_max: settings.count("collect.render_memory") * 1024 * 1024,
        chromium: settings.optional("collect.chromium").map(PathBuf::from),
        ..Rendering::default()
    })
}

fn parsed<T: std::str::FromStr>(settings: &Settings, name: &str) -> Result<Vec<T>, T::Err> {
    settings.list(name).iter().map(|item| item.parse()).collect()
}
