//! An asynchronous server in a thread of its own, so that synchronous tests can talk to it. It is
//! gone, with all its connections, when its handle is dropped.

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;

use tokio::sync::watch;

/// A running server; dropping it stops it.
#[derive(Debug)]
pub struct ServerThread {
    stop: Option<watch::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ServerThread {
    /// Runs what `serve` returns on an event loop in a new thread, until it ends or the handle is
    /// dropped; tasks that it spawned end with it.
    ///
    /// # Panics
    /// When the thread or its event loop cannot be made.
    pub fn spawn<F, S>(name: &str, serve: F) -> Self
    where
        F: FnOnce() -> S + Send + 'static,
        S: Future<Output = ()>,
    {
        let (stop, mut stopped) = watch::channel(());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("an event loop for the test server");
        let run = move || {
            runtime.block_on(async {
                tokio::select! {
                    () = serve() => {}
                    // Nothing is ever sent: an error says that the handle is gone.
                    _ = stopped.changed() => {}
                }
            });
            runtime.shutdown_background();
        };
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
        Self { stop: Some(stop), thread: Some(thread.expect("a thread for the test server")) }
    }
}

impl Drop for ServerThread {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // The test has its own opinion of a server that panicked.
            drop(thread.join());
        }
    }
}

/// A listener for a [`ServerThread`], and the address it has.
///
/// # Panics
/// When the address cannot be listened on.
pub(crate) fn listen(addr: SocketAddr) -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(addr).expect("an address for the test server");
    listener.set_nonblocking(true).expect("a non-blocking listener");
    let addr = listener.local_addr().expect("the listener's address");
    (listener, addr)
}
