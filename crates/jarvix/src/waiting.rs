//! A line on stderr for work that has no steps to count: what is being done, and for how long. It
//! comes after a second and goes with the work; with no terminal, `--quiet` or `--json` there is none.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::output::Output;

/// Work that is quicker than this needs no word.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between two turns of the wheel.
const TURN: Duration = Duration::from_millis(100);

/// Ends the line when it is dropped.
pub struct Waiting {
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Waiting {
    /// Says `what` is being done, from a second on.
    pub fn begin(output: Output, what: &'static str) -> Option<Self> {
        if !output.shows_progress() {
            return None;
        }
        let (stop, stopped) = sync_channel(1);
        let thread = std::thread::Builder::new().name("waiting".to_owned());
        // Without a thread to spare the work goes on without a word.
        let thread = thread.spawn(move || turn(what, &stopped)).ok()?;
        Some(Self { stop: Some(stop), thread: Some(thread) })
    }
}

fn turn(what: &'static str, stopped: &Receiver<()>) {
    if stopped.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
        return;
    }
    let bar = ProgressBar::new_spinner().with_elapsed(PATIENCE).with_message(what);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}, {elapsed}") {
        bar.set_style(style);
    }
    bar.tick();
    while stopped.recv_timeout(TURN) == Err(RecvTimeoutError::Timeout) {
        bar.tick();
    }
    bar.finish_and_clear();
}

impl Drop for Waiting {
    fn drop(&mut self) {
        drop(self.stop.take());
        // The line is gone before anything else is printed.
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}
