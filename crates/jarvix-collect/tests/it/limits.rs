//! A process that may have little: files, memory, disk (HOSTILE 38, 39). The limits are the
//! system's own, set by the process for itself, so each test here is a process of its own.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, Once};

use jarvix_core::Event;
use jarvix_store::system_env;
use jarvix_testkit::HostileOrigin;
use jarvix_testkit::hostile::Behaviour;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::ALLOCATOR;
use crate::crawl::{Crawl, check, continue_run, quick_folder, settings};

const CHILD: &str = "JARVIX_COLLECT_TEST_LIMITED";
const LIST: &str = "JARVIX_COLLECT_TEST_LIST";
const OPEN: &str = "JARVIX_COLLECT_TEST_OPEN";
const LIMIT: &str = "JARVIX_COLLECT_TEST_LIMIT";
const WIDE: &str = "JARVIX_COLLECT_TEST_WIDE";

/// Not a test of its own: the process that the others start. Leaves what it was told of, and the
/// most memory that it had, beside its run.
#[test]
fn child() {
    let Some(root) = std::env::var_os(CHILD) else { return };
    let text = |name| std::env::var(name).expect("the parent says it");
    let mut settings = settings(&text(OPEN));
    if std::env::var_os(WIDE).is_some() {
        (settings.concurrent, settings.per_host, settings.robots) = (64, 64, false);
    }
    let limit = text(LIMIT);
    let (what, amount) = limit.split_once(' ').unwrap_or((&limit, "0"));
    let amount: u64 = amount.parse().expect("a number");
    match what {
        "files" => lower(Resource::Nofile, amount),
        "bytes" => lower(Resource::Fsize, amount),
        _ => {}
    }
    let told: Arc<Mutex<String>> = Arc::default();
    let (hears, scarce) = (Arc::clone(&told), Once::new());
    let memory = (what == "memory").then_some(amount as usize);
    let on_event = Arc::new(move |event: Event| match event {
        Event::TroubleMet { reason, .. } => {
            hears.lock().expect("a lock").push_str(&format!("{reason}\n"));
        }
        // In the middle of the work, not while the process is still being set up. The next part
        // needs as much again as this one, which has given back what it had.
        Event::PartCommitted { .. } => {
            if let Some(more) = memory {
                scarce.call_once(|| leave_only(more));
            }
        }
        _ => {}
    });
    let list = std::path::PathBuf::from(text(LIST));
    continue_run(Path::new(&root), &list, system_env(), settings, on_event).expect("the run");
    let told = told.lock().expect("a lock").clone();
    std::fs::write(Path::new(&root).join("told.txt"), told).expect("a file");
    std::fs::write(Path::new(&root).join("peak.txt"), status("VmHWM:").to_string())
        .expect("a file");
}

/// The process may have no more than `amount` from now on.
fn lower(resource: Resource, amount: u64) {
    let maximum = getrlimit(resource).maximum;
    setrlimit(resource, Rlimit { current: Some(amount), maximum }).expect("a lower limit");
}

/// The process may have `more` bytes beside what it holds now, and is aborted at the next one.
fn leave_only(more: usize) {
    // Other threads go on meanwhile.
    while ALLOCATOR.set_limit(ALLOCATOR.allocated() + more).is_err() {}
}

/// A line of this process's status, in bytes.
fn status(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").expect("a Linux system");
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("the line");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
}

/// Runs `list` in `root` in a process that is limited; whether it came to its end.
fn limited(root: &Path, list: &Path, open: &str, limit: &str, wide: bool) -> bool {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command
        .args(["--exact", "limits::child", "--test-threads", "1"])
        .env(CHILD, root)
        .env(LIST, list)
        .env(OPEN, open)
        .env(LIMIT, limit)
        .env_remove("FAILPOINTS")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if wide {
        command.env(WIDE, "yes");
    }
    // To print where it was takes memory that it may not have.
    command.env_remove("RUST_BACKTRACE");
    command.status().expect("this program starts").success()
}

fn list_of(folder: &Path, urls: &[String]) -> std::path::PathBuf {
    jarvix_testkit::list_file(folder, urls)
}

#[test]
fn with_sixty_four_open_files_fewer_fetches_run_at_a_time_and_all_end_well() {
    let origin = HostileOrigin::start();
    let urls: Vec<String> = (0..120)
        .map(|n| {
            let slow = Behaviour::Page.after_ms(3);
            origin.set_on(&format!("h{}.localhost", n % 40), &format!("/{n}"), slow)
        })
        .collect();
    let folder = quick_folder();
    let list = list_of(folder.path(), &urls);
    let root = folder.path().join("data");
    let open = origin.addr().to_string();
    assert!(limited(&root, &list, &open, "files 64", true), "it did not come to its end");
    let rows = check(&root).expect("a sound run");
    assert_eq!(rows.len(), 120);
    assert!(rows.iter().all(|row| row.contains("outcome: Fetched")), "{:#?}", rows.first());
    let told = std::fs::read_to_string(root.join("told.txt")).expect("what it was told");
    assert!(told.contains("ulimit -n"), "{told:?}");
    // What is left of 64 beside the 40 files that are no connections.
    assert!(origin.connections_open_max() <= 24, "{}", origin.connections_open_max());
}

#[test]
fn large_pages_take_no_more_memory_than_their_budget() {
    let origin = HostileOrigin::start();
    let page = Behaviour::Html(format!("<p>{}", "word ".repeat((8 << 20) / 5)));
    let urls: Vec<String> = (0..64).map(|n| origin.set(&format!("/{n}"), page.clone())).collect();
    let folder = quick_folder();
    let list = list_of(folder.path(), &urls);
    let root = folder.path().join("data");
    let open = origin.addr().to_string();
    assert!(limited(&root, &list, &open, "none", true), "it did not come to its end");
    assert_eq!(check(&root).expect("a sound run").len(), 64);
    let peak = std::fs::read_to_string(root.join("peak.txt")).expect("the peak");
    let peak: u64 = peak.parse().expect("a number");
    // The budget, what the writer and the part hold of it a second time, and the program itself;
    // all of the pages together are 512 MiB.
    assert!(peak < 256 << 20, "{} MiB", peak >> 20);
}

#[test]
fn a_process_that_dies_of_memory_loses_nothing() {
    let crawl = Crawl::new();
    let calm = crawl.calm();
    let open = crawl.origin.addr().to_string();
    let mut died = 0;
    for kib in [0, 16, 64, 256, 512, 1024, 2048, 4096, 8192, 16384] {
        let folder = quick_folder();
        let limit = format!("memory {}", kib << 10);
        died += usize::from(!limited(folder.path(), &crawl.list(), &open, &limit, false));
        let result = crawl.finish(folder.path(), &calm);
        result.unwrap_or_else(|problem| panic!("{kib} KiB more: {problem}"));
    }
    assert!(died >= 2, "only {died} processes died of it");
}

/// The catalogue's own writes fail too: the system ends a process whose file would grow too large.
#[test]
fn a_process_whose_files_may_not_grow_loses_nothing() {
    let crawl = Crawl::new();
    let calm = crawl.calm();
    let open = crawl.origin.addr().to_string();
    let mut died = 0;
    for kib in [0, 1, 4, 5, 8, 12, 16, 24, 32, 33, 40, 48, 64, 80, 96, 128, 160, 192, 256] {
        let folder = quick_folder();
        let limit = format!("bytes {}", kib << 10);
        died += usize::from(!limited(folder.path(), &crawl.list(), &open, &limit, false));
        let result = crawl.finish(folder.path(), &calm);
        result.unwrap_or_else(|problem| panic!("{kib} KiB: {problem}"));
    }
    assert!(died >= 5, "only {died} processes died of it");
}
