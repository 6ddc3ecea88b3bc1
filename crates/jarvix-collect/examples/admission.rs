//! How fast lines are read, and in how much memory, without the rest of the programme:
//!
//!     cargo run --release -p jarvix-collect --example admission -- lines 100000000 |
//!         cargo run --release -p jarvix-collect --example admission -- plan FOLDER
//!
//! `lines N` prints N URLs, half of them repeats of the other half; `plan` reads them as a dry run
//! does, and `admit` onto the frontier of a run in FOLDER and off it again. What it took is printed.

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use jarvix_collect::Frontier;
use jarvix_collect::admit::{AdmitSettings, admit, dry_run};
use jarvix_collect::input::{Input, spool_stdin};
use jarvix_core::RunId;
use jarvix_store::{NewRun, Store, system_env};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["lines", number] => lines(number.parse().unwrap_or(0)),
        ["plan", folder] => plan(Path::new(folder)),
        ["admit", folder] => onto_frontier(Path::new(folder)),
        _ => Err("say lines N, plan FOLDER or admit FOLDER".into()),
    };
    if let Err(error) = done {
        say(&format!("failed to {error}"));
        std::process::exit(1);
    }
}

type Done = Result<(), Box<dyn std::error::Error>>;

/// Each URL twice, far from each other; a million hosts, some with many pages.
fn lines(number: u64) -> Done {
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let half = (number / 2).max(1);
    for n in 0..number {
        // A step without a common factor with the number of URLs visits each once a round.
        let n = (n % half).wrapping_mul(7_919) % half;
        writeln!(out, "https://www.h{}.example/section/{}/page-{n}.html", n % 1_000_003, n % 97)?;
    }
    Ok(out.flush()?)
}

fn plan(folder: &Path) -> Done {
    let env = system_env();
    let start = env.clock.monotonic();
    let inputs = [Input::Stdin { spooled: None }];
    let tell = |plan: &jarvix_collect::admit::Plan| {
        if plan.lines.is_multiple_of(10_000_000) {
            say(&format!("{} lines, {}", plan.lines, memory()));
        }
    };
    let plan = dry_run(&env, &inputs, &AdmitSettings::default(), folder, &tell, &|| false)?;
    let took = env.clock.monotonic().saturating_sub(start);
    say(&format!(
        "{} lines: {} new, {} rejects, {} repeats; {} hosts (capped: {}); {} bytes on disk",
        plan.lines,
        plan.admitted,
        plan.rejects,
        plan.duplicates,
        plan.hosts,
        plan.hosts_capped,
        plan.bytes_on_disk
    ));
    figures(took, plan.lines);
    Ok(())
}

fn onto_frontier(folder: &Path) -> Done {
    let store = Store::open(folder, system_env())?;
    let run = RunId::new("admission")?;
    let lock = store.lock_run(&run)?;
    let (input_fingerprint, settings) = (String::new(), "{}".to_owned());
    store.catalogue().create_run(NewRun { id: run.clone(), input_fingerprint, settings })?;
    let spooled = spool_stdin(store.env(), &mut io::stdin().lock(), &store.run_dir(&run))?;
    let inputs = [Input::Stdin { spooled: Some(spooled) }];
    let clock = &store.env().clock;
    let start = clock.monotonic();
    let admitted = admit(&store, &run, &inputs, &AdmitSettings::default(), &|_| {}, &|| false)?;
    say(&format!("{} lines, {} admitted", admitted.lines, admitted.admitted));
    figures(clock.monotonic().saturating_sub(start), admitted.lines);
    let start = clock.monotonic();
    let read = Frontier::open(&store, &run)?.pending().filter(Result::is_ok).count();
    say(&format!("{read} read back"));
    figures(clock.monotonic().saturating_sub(start), read as u64);
    drop(lock);
    Ok(())
}

fn figures(took: Duration, lines: u64) {
    let seconds = took.as_secs_f64();
    let each = seconds * 1e6 / lines.max(1) as f64;
    say(&format!("{seconds:.1} s, {each:.2} us a line, {}", memory()));
}

/// What the system says of this process's memory and processor time.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: ?");
    let times = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks: u64 =
        times.split_whitespace().skip(13).take(2).filter_map(|t| t.parse::<u64>().ok()).sum();
    format!("{}, {:.1} s of processor", peak.replace('\t', " "), ticks as f64 / 100.0)
}

fn say(text: &str) {
    // A reader that is gone is no reason to fail.
    drop(writeln!(io::stderr(), "{text}"));
}
