//! `jarvix-origin DIR`: serves a folder of pages on loopback until it is told to stop.
//!
//! stdout carries one line, the address, once it is ready; the access log goes to a file.

use std::convert::Infallible;
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use jarvix_origin::{Latency, Origin, OriginSettings, Pages, Visit, demo};

const USAGE: &str = "\
usage: jarvix-origin DIR | --demo [OPTIONS]

Serves the .html and .html.gz files of DIR, or the demo's pages, on loopback under any host name.

  --listen ADDR          address to listen on [127.0.0.1:0]
  --threads N            event loops, one thread each [1]
  --latency-ms MIN-MAX   wait a random time before each answer
  --latency-by-host      wait the same time at all requests to a host
  --no-log               keep no access log: a little faster
  --log FILE             write what each host saw to FILE on exit, as JSON lines
  --visits FILE          write every request to FILE on exit, a line each, with tabs between:
                         host, start and end in microseconds, status, robots or page
  --urls FILE            write a list of URLs to FILE before serving
  --count N              how many URLs the list has [10000]
  --hosts N              over how many virtual hosts (hN.localhost) they are spread [100]
  --help                 show this
";

struct Args {
    settings: OriginSettings,
    log_file: Option<PathBuf>,
    visits_file: Option<PathBuf>,
    urls_file: Option<PathBuf>,
    count: u64,
    hosts: u64,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "this is a program")]
            {
                eprintln!("jarvix-origin: {error}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let Some(args) = parse(std::env::args().skip(1))? else {
        say(USAGE)?;
        return Ok(());
    };
    let is_demo = matches!(args.settings.pages, Pages::Demo);
    let origin = Origin::start(args.settings)?;
    if let Some(path) = args.urls_file {
        let mut file = BufWriter::new(File::create(path)?);
        if is_demo {
            file.write_all(demo::list(origin.addr()).as_bytes())?;
        } else {
            for url in origin.urls(args.count, args.hosts) {
                writeln!(file, "{url}")?;
            }
        }
        file.flush()?;
    }
    say(&format!("http://{}\n", origin.addr()))?;
    wait_for_signal()?;
    if let Some(path) = args.log_file {
        write_lines(&path, origin.log().iter().map(serde_json::to_string))?;
    }
    if let Some(path) = args.visits_file {
        let lines = origin.visits().into_iter().map(|visit| Ok::<_, Infallible>(line_of(&visit)));
        write_lines(&path, lines)?;
    }
    origin.stop();
    Ok(())
}

fn write_lines<E: Error + 'static>(
    path: &Path,
    lines: impl Iterator<Item = Result<String, E>>,
) -> Result<(), Box<dyn Error>> {
    let mut file = BufWriter::new(File::create(path)?);
    for line in lines {
        writeln!(file, "{}", line?)?;
    }
    file.flush()?;
    Ok(())
}

/// A request as a line; a host that has control characters in it could be mistaken for more.
fn line_of(visit: &Visit) -> String {
    let host = visit.host.replace(char::is_control, "?");
    let kind = if visit.robots { "robots" } else { "page" };
    format!("{host}\t{}\t{}\t{}\t{kind}", visit.start_us, visit.end_us, visit.status)
}

fn say(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn parse(mut args: impl Iterator<Item = String>) -> Result<Option<Args>, Box<dyn Error>> {
    let mut parsed = Args {
        settings: OriginSettings::demo(),
        log_file: None,
        visits_file: None,
        urls_file: None,
        count: 10_000,
        hosts: 100,
    };
    let mut pages = None;
    while let Some(arg) = args.next() {
        let mut value =
            || args.next().ok_or_else(|| format!("{arg} needs a value; try --help").to_owned());
        match arg.as_str() {
            "--help" | "-h" => return Ok(None),
            "--demo" => pages = Some(Pages::Demo),
            "--listen" => parsed.settings.listen = value()?.parse::<SocketAddr>()?,
            "--threads" => parsed.settings.threads = value()?.parse()?,
            "--latency-ms" => parsed.settings.latency = Some(latency(&value()?)?),
            "--latency-by-host" => parsed.settings.latency_by_host = true,
            "--no-log" => parsed.settings.log = false,
            "--log" => parsed.log_file = Some(value()?.into()),
            "--visits" => {
                parsed.visits_file = Some(value()?.into());
                parsed.settings.visits = true;
            }
            "--urls" => parsed.urls_file = Some(value()?.into()),
            "--count" => parsed.count = value()?.parse()?,
            "--hosts" => parsed.hosts = value()?.parse()?,
            flag if flag.starts_with('-') => {
                return Err(format!("there is no option {flag}; try --help").into());
            }
            folder => pages = Some(Pages::Folder(folder.into())),
        }
    }
    parsed.settings.pages = pages.ok_or("say which folder to serve, or --demo; try --help")?;
    Ok(Some(parsed))
}

/// `5-20` or `10`, in milliseconds.
fn latency(text: &str) -> Result<Latency, Box<dyn Error>> {
    let (min, max) = text.split_once('-').unwrap_or((text, text));
    let (min, max) = (min.parse()?, max.parse()?);
    if min > max {
        return Err(format!("--latency-ms {text}: the first number is the smaller one").into());
    }
    Ok(Latency { min: Duration::from_millis(min), max: Duration::from_millis(max) })
}

fn wait_for_signal() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let mut terminate = signal(SignalKind::terminate())?;
            tokio::select! {
                stopped = tokio::signal::ctrl_c() => stopped,
                _ = terminate.recv() => Ok(()),
            }
        }
        #[cfg(not(unix))]
        tokio::signal::ctrl_c().await
    })
}
