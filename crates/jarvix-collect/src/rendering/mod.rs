//! Pages that need a browser: which of the fetched pages do, and what becomes of their rows.
//!
//! The page is fetched first, like any other. If it is to be rendered, the browser is given what
//! was fetched and asks for the rest through [`Asker`], so that the guard, robots.txt and every
//! limit hold for it too. The row keeps what the server said; its body becomes the document that
//! the scripts have made, and `rendered` says so. Where rendering fails, the page stays as it was
//! fetched: a browser that is missing, broken or too slow is no reason to lose a page.

mod asker;
pub(crate) mod settings;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use jarvix_core::{Event, Outcome, Page, Stage, canonicalise};
use jarvix_html::ContentKind;
use jarvix_render::{
    Assignment, Chromium, RenderError, RenderSettings, Rendered, Renderer, Reply, Web,
};
use url::Url;

use crate::collect::CollectJob;
use crate::fetch::{Attempt, Fetcher};
use crate::rendering::asker::Asker;
use crate::rendering::settings::RenderMode;
use crate::retry::Retry;
use crate::settings::CollectSettings;

/// Where the browser's profiles go, in the run's folder, which only the run's holder touches.
const FOLDER: &str = ".browser";
/// A body larger than this is looked at off the async threads.
const LOOK_INLINE_MAX: usize = 32 * 1024;
/// What a rendered document is.
const RENDERED_TYPE: &str = "text/html; charset=utf-8";

/// Renders what is to be rendered.
pub(crate) struct Rendering {
    mode: RenderMode,
    renderer: Renderer,
    web: Arc<dyn Web>,
    said: AtomicBool,
    say: Box<dyn Fn(String) + Send + Sync>,
}

impl Rendering {
    /// `None` where nothing is to be rendered, or nothing can be: that is said once, and the run
    /// goes on.
    pub(crate) fn new(job: &CollectJob, fetcher: &Arc<Fetcher>) -> Option<Self> {
        let settings = &fetcher.settings;
        let mode = settings.rendering.mode;
        if mode == RenderMode::Never {
            return None;
        }
        let (on_event, run) = (Arc::clone(&job.on_event), job.run.clone());
        let say = move |reason| {
            on_event(Event::TroubleMet { run: run.clone(), stage: Stage::Collect, reason });
        };
        let chromium = match Chromium::find(settings.rendering.chromium.as_deref()) {
            Ok(chromium) => chromium,
            Err(missing) => {
                say(format!("pages stay as they are fetched, without a browser: {missing}"));
                return None;
            }
        };
        let folder = job.store.run_dir(&job.run).join(FOLDER);
        // The browser's own working folder is another.
        let folder = std::path::absolute(&folder).unwrap_or(folder);
        let env = fetcher.env.clone();
        let renderer = Renderer::new(chromium, folder, env, limits_of(settings));
        let web: Arc<dyn Web> = Arc::new(Asker::new(Arc::clone(fetcher)));
        Some(Self { mode, renderer, web, said: AtomicBool::new(false), say: Box::new(say) })
    }

    /// Renders the page of an attempt if it is to be.
    pub(crate) async fn finish(&self, mut attempt: Attempt) -> Attempt {
        let page = &mut attempt.page;
        let is_page = matches!(page.outcome, Outcome::Fetched | Outcome::NotModified);
        // What an earlier run rendered and the server calls unchanged is rendered.
        let is_done = page.rendered || page.truncated || !is_page;
        if is_done || attempt.retry != Retry::No {
            return attempt;
        }
        let Some(assignment) = self.assignment(page).await else { return attempt };
        match self.renderer.render(assignment, Arc::clone(&self.web)).await {
            Ok(rendered) => {
                take_over(page, rendered);
                let bytes = usize::try_from(page.size_bytes()).unwrap_or(usize::MAX);
                attempt.lease.cover(bytes).await;
            }
            Err(error) => self.stays(page, &error),
        }
        attempt
    }

    /// Ends the browser.
    pub(crate) async fn close(&self) {
        self.renderer.close().await;
    }

    /// What the browser is to do with `page`; `None` if nothing.
    async fn assignment(&self, page: &mut Page) -> Option<Assignment> {
        let url = Url::parse(page.final_url.as_deref()?).ok()?;
        let body = page.body.take()?;
        let coding = page.content_encoding.clone();
        let declared = page.content_type.clone();
        let mode = self.mode;
        let is_small = body.len() <= LOOK_INLINE_MAX;
        let look = move || {
            let found = look(&body, coding.as_deref(), declared.as_deref(), mode);
            (body, found)
        };
        let (body, found) = if is_small {
            look()
        } else {
            match tokio::task::spawn_blocking(look).await {
                Ok(done) => done,
                // What a page can make panic is caught where the page is dealt with.
                Err(error) => std::panic::resume_unwind(error.into_panic()),
            }
        };
        page.body = Some(body);
        let answer = Reply {
            status: StatusCode::OK,
            headers: headers_of(page),
            body: found?,
            bytes_wire: 0,
        };
        Some(Assignment { url, answer })
    }

    fn stays(&self, page: &Page, error: &RenderError) {
        let url = page.final_url.as_deref().unwrap_or_default();
        tracing::debug!(url, %error, "a page stays as it was fetched");
        if matches!(error, RenderError::NoBrowser { .. })
            && !self.said.swap(true, Ordering::Relaxed)
        {
            (self.say)(format!("pages stay as they are fetched: failed to {error}"));
        }
    }
}

fn limits_of(settings: &CollectSettings) -> RenderSettings {
    let rendering = &settings.rendering;
    RenderSettings {
        pages: rendering.pages.max(1),
        deadline: rendering.timeout,
        settle: rendering.settle,
        page_bytes_max: rendering.page_bytes_max,
        page_requests_max: rendering.page_requests_max,
        document_bytes_max: usize::try_from(settings.max_body).unwrap_or(usize::MAX),
        memory_max: rendering.memory_max,
        user_agent: settings.user_agent(),
    }
}

/// The body as the browser gets it, decoded, if it is to be rendered.
fn look(
    body: &[u8],
    coding: Option<&str>,
    content_type: Option<&str>,
    mode: RenderMode,
) -> Option<Bytes> {
    // What cannot be decoded is curation's to judge.
    let decoded =
        jarvix_html::decode_body(body, coding, &jarvix_html::DecodeCaps::default()).ok()?;
    let beginning = &decoded.bytes[..decoded.bytes.len().min(jarvix_core::limits::SNIFF_BYTES)];
    if jarvix_html::sniff(beginning, content_type) != ContentKind::Html {
        return None;
    }
    let wanted = mode == RenderMode::Always
        || jarvix_html::is_empty_shell(
            &jarvix_html::decode_text(&decoded.bytes, content_type).text,
        );
    wanted.then(|| Bytes::from(decoded.bytes.into_owned()))
}

/// The headers as the browser gets them. A page that is to be saved as a file is shown all the
/// same, and one without a type has the one that its bytes say.
fn headers_of(page: &Page) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for header in &page.headers {
        let name = HeaderName::from_bytes(header.name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&header.value)) {
            headers.append(name, value);
        }
    }
    headers.remove(CONTENT_DISPOSITION);
    if !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    }
    headers
}

/// Makes the rendered document the body of `page`; what the server said stays.
fn take_over(page: &mut Page, rendered: Rendered) {
    page.rendered = true;
    page.truncated = rendered.cut;
    page.content_type = Some(RENDERED_TYPE.to_owned());
    // The header stands among the headers; this body came in no coding.
    (page.content_encoding, page.content_encoding_received) = (None, None);
    page.bytes_wire += rendered.bytes_wire;
    if let Ok(url) = canonicalise(rendered.url.as_str()) {
        page.final_url = Some(url.url().as_str().to_owned());
    }
    let body = rendered.html.into_bytes();
    page.body_hash = Some(jarvix_store::body_hash(&body));
    page.body = Some(body);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_html_is_rendered_and_under_auto_only_shells() {
        let shell: &[u8] = b"<div id=root></div><script src=/app.js></script>";
        let page: &[u8] = b"<!doctype html><p>All that there is to read stands here.</p>";
        let cases: [(&[u8], &str, RenderMode, bool); 6] = [
            (shell, "text/html", RenderMode::Auto, true),
            (shell, "text/plain", RenderMode::Auto, false),
            (page, "text/html", RenderMode::Auto, false),
            (page, "text/html", RenderMode::Always, true),
            (b"{}", "application/json", RenderMode::Always, false),
            (b"plain words", "text/plain", RenderMode::Always, false),
        ];
        for (body, kind, mode, expected) in cases {
            let found = look(body, None, Some(kind), mode);
            assert_eq!(found.is_some(), expected, "{kind} {mode:?}");
        }
        assert!(look(shell, Some("gzip"), Some("text/html"), RenderMode::Always).is_none());
    }
}
