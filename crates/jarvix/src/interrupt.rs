//! Ctrl-C and SIGTERM: once drains and leaves a resumable run, twice stops now (and the run is
//! still resumable, because nothing counts before its commit).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::Exit;
use crate::output;

/// Listens for the rest of the process; the flag turns true at the first signal.
pub fn listen() -> std::io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(async move {
            while next_signal().await.is_ok() {
                if flag.swap(true, Ordering::SeqCst) {
                    output::note("stopped; the run can be continued with the same command");
                    std::process::exit(Exit::Interrupted as i32);
                }
                output::note("stopping: finishing what is in flight (again to stop now)");
            }
        });
    })?;
    Ok(stop)
}

#[cfg(unix)]
async fn next_signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn next_signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
