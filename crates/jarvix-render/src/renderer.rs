//! The pool: so many pages at a time in one browser, which is started when the first page needs
//! it, and anew when it has died, was condemned or has had its share of pages.

use std::path::PathBuf;
use std::sync::Arc;

use jarvix_core::Env;
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;

use crate::browser::{Browser, Home};
use crate::locate::Chromium;
use crate::page::{self, PageError, Rendered};
use crate::settings::{ATTEMPTS_MAX, RenderSettings, STARTS_FAILED_MAX};
use crate::visit::{Assignment, Visit};
use crate::web::Web;

/// A page stays as it was fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// There is no browser to do it; the same for every page until one can be started.
    #[error("start the browser {}: {why}", program.display())]
    NoBrowser {
        /// The program.
        program: PathBuf,
        /// What it said.
        why: String,
    },
    /// It came to nothing with this page.
    #[error("render the page: {0}")]
    Page(String),
}

/// Renders pages.
pub struct Renderer {
    settings: RenderSettings,
    chromium: Chromium,
    folder: PathBuf,
    env: Env,
    slots: Semaphore,
    pool: Mutex<Pool>,
}

#[derive(Default)]
struct Pool {
    browser: Option<Arc<Browser>>,
    keepers: JoinSet<()>,
    started: u64,
    failed: u32,
    why: String,
}

impl Renderer {
    /// Renders with `chromium`. `folder` is the renderer's alone: what an earlier one left there
    /// is removed, profiles go there. Nothing is started yet.
    pub fn new(chromium: Chromium, folder: PathBuf, env: Env, settings: RenderSettings) -> Self {
        remove(&env, &folder);
        let slots = Semaphore::new(settings.pages.max(1));
        Self { settings, chromium, folder, env, slots, pool: Mutex::default() }
    }

    /// Renders a page; everything that it asks for is asked of `web`.
    pub async fn render(
        &self,
        assignment: Assignment,
        web: Arc<dyn Web>,
    ) -> Result<Rendered, RenderError> {
        // The semaphore is never closed.
        let _slot = self.slots.acquire().await;
        let mut attempt = 1;
        loop {
            let browser = self.browser().await?;
            browser.count_page();
            let visit = Arc::new(Visit::new(assignment.clone(), &self.settings));
            let rendered = page::render(&browser, visit, Arc::clone(&web), &self.settings).await;
            match rendered {
                Ok(rendered) => return Ok(rendered),
                // Other pages may have been the cause.
                Err(PageError::Crashed) if attempt < ATTEMPTS_MAX => attempt += 1,
                Err(error) => return Err(RenderError::Page(error.to_string())),
            }
        }
    }

    /// Ends the browsers and removes their profiles.
    pub async fn close(&self) {
        let mut pool = self.pool.lock().await;
        pool.browser = None;
        while pool.keepers.join_next().await.is_some() {}
        drop(pool);
        remove(&self.env, &self.folder);
    }

    async fn browser(&self) -> Result<Arc<Browser>, RenderError> {
        let mut pool = self.pool.lock().await;
        if let Some(browser) = &pool.browser
            && browser.is_fit()
        {
            return Ok(Arc::clone(browser));
        }
        // Pages that are still in the old one keep it until they are done.
        pool.browser = None;
        if pool.failed >= STARTS_FAILED_MAX {
            return Err(self.no_browser(&pool.why));
        }
        while pool.keepers.try_join_next().is_some() {}
        pool.started += 1;
        let folder = self.folder.join(pool.started.to_string());
        let (chromium, env) = (self.chromium.clone(), self.env.clone());
        let home = Home { chromium, folder, env };
        match Browser::start(home, &self.settings, &mut pool.keepers).await {
            Ok(browser) => {
                pool.failed = 0;
                Ok(Arc::clone(pool.browser.insert(Arc::new(browser))))
            }
            Err(why) => {
                pool.failed += 1;
                pool.why = why;
                Err(self.no_browser(&pool.why))
            }
        }
    }

    fn no_browser(&self, why: &str) -> RenderError {
        RenderError::NoBrowser { program: self.chromium.path.clone(), why: why.to_owned() }
    }
}

/// Removes what is left of profiles; what cannot be removed now is removed the next time.
fn remove(env: &Env, folder: &std::path::Path) {
    if env.disk.exists(folder)
        && let Err(error) = env.disk.remove_dir_all(folder)
    {
        tracing::debug!(%error, "the browser's profiles could not be removed");
    }
}
