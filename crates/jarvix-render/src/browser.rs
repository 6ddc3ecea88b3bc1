//! One running Chromium: started when the first page needs it, watched for its memory, ended as a
//! whole with everything it started, its profile removed.
//!
//! A keeper task owns the process. It ends when the last page has let go of the browser, when the
//! browser has died, takes too much memory, or was condemned because it no longer did as told.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use jarvix_core::Env;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Child;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, timeout};

use crate::disguise::Disguise;
use crate::launch::launch;
use crate::locate::Chromium;
use crate::memory;
use crate::settings::{
    END_MAX, LAST_WORDS_BYTES, MEMORY_LOOK, PAGES_PER_BROWSER, RenderSettings, START_MAX,
};
use crate::wire::Wire;

/// A running Chromium.
pub(crate) struct Browser {
    pub(crate) wire: Wire,
    pub(crate) disguise: Disguise,
    condemned: Arc<Condemned>,
    pages: AtomicU32,
    /// Told when this is dropped.
    _leash: oneshot::Sender<()>,
}

#[derive(Default)]
struct Condemned {
    is: AtomicBool,
    told: Notify,
}

impl Condemned {
    fn condemn(&self) {
        self.is.store(true, Ordering::Relaxed);
        self.told.notify_one();
    }
}

/// Where a browser lives.
pub(crate) struct Home {
    pub(crate) chromium: Chromium,
    pub(crate) folder: PathBuf,
    pub(crate) env: Env,
}

impl Browser {
    /// Starts one; its keeper goes to `keepers`. The error is for people.
    pub(crate) async fn start(
        home: Home,
        settings: &RenderSettings,
        keepers: &mut JoinSet<()>,
    ) -> Result<Self, String> {
        let disguise = Disguise::new()?;
        let text = |error: std::io::Error| error.to_string();
        home.env.disk.create_dir_all(&home.folder).map_err(text)?;
        let launched = launch(&home.chromium, &home.folder, &disguise, &settings.user_agent);
        let mut child = launched.map_err(text)?;
        let (Some(to), Some(from), Some(words)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err("its pipes are missing".to_owned());
        };
        let wire = Wire::new(to, from, settings.message_bytes_max());
        let (leash, let_go) = oneshot::channel();
        let (last_words, heard) = oneshot::channel();
        let condemned = Arc::new(Condemned::default());
        keepers.spawn(listen(words, last_words));
        let keeper = Keeper {
            child,
            home,
            memory_max: settings.memory_max,
            condemned: Arc::clone(&condemned),
        };
        keepers.spawn(keeper.keep(let_go));
        let pages = AtomicU32::new(0);
        let browser = Self { wire, disguise, condemned, pages, _leash: leash };
        match browser.greet().await {
            Ok(()) => Ok(browser),
            Err(why) => {
                drop(browser);
                let words = timeout(END_MAX * 2, heard).await.ok().and_then(Result::ok);
                Err(match words.filter(|words| !words.is_empty()) {
                    Some(words) => format!("{why}; its last words: {words}"),
                    None => why,
                })
            }
        }
    }

    /// The first command. Downloads are refused from here on.
    async fn greet(&self) -> Result<(), String> {
        let version = self.wire.call(None, "Browser.getVersion", json!({}), START_MAX).await;
        let version = version.map_err(|error| error.to_string())?;
        tracing::debug!(product = %version["product"], "the browser is there");
        let deny = json!({ "behavior": "deny" });
        let denied = self.wire.call(None, "Browser.setDownloadBehavior", deny, START_MAX).await;
        denied.map(|_: Value| ()).map_err(|error| error.to_string())
    }

    /// Whether it takes more pages.
    pub(crate) fn is_fit(&self) -> bool {
        self.is_alive() && self.pages.load(Ordering::Relaxed) < PAGES_PER_BROWSER
    }

    /// Whether it has neither died nor been condemned.
    pub(crate) fn is_alive(&self) -> bool {
        !self.wire.is_closed() && !self.condemned.is.load(Ordering::Relaxed)
    }

    /// Counts a page.
    pub(crate) fn count_page(&self) {
        self.pages.fetch_add(1, Ordering::Relaxed);
    }

    /// Ends it at once, whoever is still in it.
    pub(crate) fn condemn(&self) {
        self.condemned.condemn();
    }
}

/// Owns the process.
struct Keeper {
    child: Child,
    home: Home,
    memory_max: u64,
    condemned: Arc<Condemned>,
}

impl Keeper {
    async fn keep(mut self, let_go: oneshot::Receiver<()>) {
        let condemned = Arc::clone(&self.condemned);
        tokio::select! {
            // Dropped, never sent: the pipes are closed by now, and it ends by itself.
            _ = let_go => drop(timeout(END_MAX, self.child.wait()).await),
            () = condemned.told.notified() => {}
            () = self.outgrown() => condemned.condemn(),
        }
        self.end().await;
    }

    /// Returns when the browser has died or takes too much memory.
    async fn outgrown(&mut self) {
        let mut look = tokio::time::interval(MEMORY_LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let Some(group) = self.child.id() else { return };
        loop {
            tokio::select! {
                // However it ended: it has.
                _ = self.child.wait() => return,
                _ = look.tick() => {}
            }
            let taken = tokio::task::spawn_blocking(move || memory::of_group(group)).await;
            if let Ok(Some(bytes)) = taken
                && bytes > self.memory_max
            {
                tracing::warn!(bytes, "the browser took too much memory and is started anew");
                return;
            }
        }
    }

    /// Ends the whole group and removes the profile.
    async fn end(mut self) {
        // Without an id the process was waited for: its number may be another's by now.
        let group = self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(group) = group
            && let Err(error) = kill_process_group(group, Signal::KILL)
        {
            tracing::debug!(%error, "the browser's processes could not be ended");
        }
        drop(timeout(END_MAX, self.child.wait()).await);
        let Home { folder, env, .. } = self.home;
        // Its last child may just be writing: then the next run's sweep removes the rest.
        let removed = tokio::task::spawn_blocking(move || env.disk.remove_dir_all(&folder)).await;
        if let Ok(Err(error)) = removed {
            tracing::debug!(%error, "the browser's profile could not be removed");
        }
    }
}

/// Reads what the browser says to nobody in particular, and keeps the end of it.
async fn listen(mut words: impl AsyncRead + Unpin, tell: oneshot::Sender<String>) {
    let mut kept: Vec<u8> = Vec::new();
    let mut buf = vec![0; LAST_WORDS_BYTES];
    while let Ok(n @ 1..) = words.read(&mut buf).await {
        kept.extend_from_slice(&buf[..n]);
        kept.drain(..kept.len().saturating_sub(LAST_WORDS_BYTES));
    }
    // Nobody may want to know.
    drop(tell.send(last_error(&String::from_utf8_lossy(&kept))));
}

/// The last line that is an error and more than noise about a desktop that is not there.
fn last_error(words: &str) -> String {
    let telling = |line: &&str| !line.trim().is_empty() && !line.contains("dbus");
    let line = words.lines().rev().find(telling).unwrap_or_default();
    line.chars().filter(|c| !c.is_control()).take(300).collect()
}

/// How long a page's surroundings may take to be cleared away.
pub(crate) const CLEAR_MAX: Duration = Duration::from_secs(3);
