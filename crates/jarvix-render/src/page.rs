//! One page from an empty context to the document that its scripts have made of it. Whatever
//! happens inside, the context is cleared away or the browser is condemned.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{sleep, timeout};
use url::Url;

use crate::browser::{Browser, CLEAR_MAX};
use crate::door::Door;
use crate::settings::{COMMAND_MAX, RenderSettings};
use crate::settling::{Need, Settling};
use crate::visit::Visit;
use crate::web::Web;
use crate::wire::{Session, WireError};

/// The document that scripts have made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The address it has now: a script may have led on.
    pub url: Url,
    /// The document, written out.
    pub html: String,
    /// Whether it was cut at the size limit.
    pub cut: bool,
    /// Whether the page had come to rest before it was read.
    pub settled: bool,
    /// Bytes received for everything that it asked for.
    pub bytes_wire: u64,
}

/// Why a page was not rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PageError {
    /// Its process or the browser died.
    #[error("the browser crashed")]
    Crashed,
    /// It could not be read in time.
    #[error("the page was not ready in time")]
    Late,
    /// It led to where it may not.
    #[error("the page led to an address that may not be fetched")]
    Refused,
    /// There was no document to read.
    #[error("the browser showed no document")]
    Nothing,
    /// The browser does not do as it is told.
    #[error("{0}")]
    Wire(WireError),
}

impl From<WireError> for PageError {
    fn from(error: WireError) -> Self {
        match error {
            WireError::Closed => Self::Crashed,
            WireError::Silent(_) => Self::Late,
            WireError::Refused(..) => Self::Wire(error),
        }
    }
}

type Result<T> = std::result::Result<T, PageError>;

/// Renders the page of `visit` in `browser`.
pub(crate) async fn render(
    browser: &Browser,
    visit: Arc<Visit>,
    web: Arc<dyn Web>,
    settings: &RenderSettings,
) -> Result<Rendered> {
    let door = Door::open(Arc::clone(&visit), web, browser.disguise.acceptor()).await;
    let Ok(door) = door else { return Err(PageError::Nothing) };
    let mut context = Context::make(browser, &door).await?;
    let rendered = context.render(&visit, settings).await;
    context.clear().await;
    rendered
}

/// What the browser holds back until it is told to go on.
const HELD: [&str; 6] = ["Document", "Image", "Media", "Font", "Ping", "CSPViolationReport"];

/// A context of its own: no cookies, no cache and no connection is shared with another page.
struct Context<'a> {
    browser: &'a Browser,
    id: String,
    cleared: bool,
}

impl<'a> Context<'a> {
    async fn make(browser: &'a Browser, door: &Door) -> Result<Self> {
        let params = json!({
            "disposeOnDetach": true,
            "proxyServer": door.proxy(),
            "proxyBypassList": "<-loopback>",
        });
        let mut context = Self { browser, id: String::new(), cleared: false };
        let made = context.call(None, "Target.createBrowserContext", params).await?;
        context.id = word(&made, "browserContextId");
        Ok(context)
    }

    async fn render(&mut self, visit: &Visit, settings: &RenderSettings) -> Result<Rendered> {
        let (mut session, frame) = self.open().await?;
        let mut page = Settling::new(&frame);
        let navigate = json!({ "url": visit.url().as_str() });
        let id = session.id.clone();
        let navigated =
            self.browser.wire.call(Some(&id), "Page.navigate", navigate, settings.deadline);
        self.settle(&mut session, &mut page, visit, settings, navigated).await?;
        // What a page shows when its time is over is taken too, if there is any of it.
        let settled = page.is_idle();
        match page.url() {
            Some(url) if visit.was_refused(url) => return Err(PageError::Refused),
            Some(_) if !page.has_failed() => {}
            _ if page.is_loaded() => return Err(PageError::Nothing),
            _ => return Err(PageError::Late),
        }
        let document = self.read(&session, &frame, settings.document_bytes_max).await?;
        let html = document["html"].as_str().unwrap_or_default();
        let shown = document["url"].as_str().and_then(|url| Url::parse(url).ok());
        let url = shown.filter(|url| matches!(url.scheme(), "http" | "https"));
        let url = url.ok_or(PageError::Nothing)?;
        if html.is_empty() || visit.was_refused(&url) {
            return Err(if html.is_empty() { PageError::Nothing } else { PageError::Refused });
        }
        let kept = &html[..html.floor_char_boundary(settings.document_bytes_max)];
        let cut = kept.len() < html.len() || document["cut"] == true;
        let bytes_wire = visit.bytes_wire();
        Ok(Rendered { url, html: kept.to_owned(), cut, settled, bytes_wire })
    }

    /// An empty page, with everything about it set; its session and its frame.
    async fn open(&self) -> Result<(Session, String)> {
        let params = json!({ "url": "about:blank", "browserContextId": self.id });
        let made = self.call(None, "Target.createTarget", params).await?;
        let frame = word(&made, "targetId");
        let attach = json!({ "targetId": frame, "flatten": true });
        let attached = self.call(None, "Target.attachToTarget", attach).await?;
        let session = self.browser.wire.listen(word(&attached, "sessionId"));
        let held: Vec<Value> =
            HELD.iter().map(|kind| json!({ "urlPattern": "*", "resourceType": kind })).collect();
        let life = json!({ "enabled": true });
        for (method, params) in [
            ("Page.enable", json!({})),
            ("Page.setLifecycleEventsEnabled", life),
            ("Network.enable", json!({ "maxTotalBufferSize": 0, "maxResourceBufferSize": 0 })),
            ("Network.setBypassServiceWorker", json!({ "bypass": true })),
            ("Network.setCacheDisabled", json!({ "cacheDisabled": false })),
            ("Inspector.enable", json!({})),
            ("Fetch.enable", json!({ "patterns": held })),
        ] {
            self.call(Some(&session.id), method, params).await?;
        }
        Ok((session, frame))
    }

    /// Follows the page until it has come to rest or its time is over.
    async fn settle(
        &self,
        session: &mut Session,
        page: &mut Settling,
        visit: &Visit,
        settings: &RenderSettings,
        navigated: impl Future<Output = std::result::Result<Value, WireError>>,
    ) -> Result<()> {
        tokio::pin!(navigated);
        let mut has_navigated = false;
        let mut loaded_at = None;
        loop {
            let spent = visit.clock.spent();
            if page.is_loaded() {
                loaded_at.get_or_insert(spent);
            } else {
                loaded_at = None;
            }
            let ends = loaded_at.map_or(settings.deadline, |at: Duration| at + settings.settle);
            let left = ends.min(settings.deadline).saturating_sub(spent);
            if page.is_idle() || left.is_zero() {
                return Ok(());
            }
            tokio::select! {
                event = session.events.recv() => match event {
                    Some(event) => self.do_as(page.see(&event), session)?,
                    None => return Err(PageError::Crashed),
                },
                answer = &mut navigated, if !has_navigated => {
                    has_navigated = true;
                    if !answer?["errorText"].is_null() {
                        return Err(PageError::Nothing);
                    }
                }
                () = sleep(left.max(TIME_LOOK)) => {}
            }
        }
    }

    fn do_as(&self, need: Need, session: &Session) -> Result<()> {
        let tell = |method, params| self.browser.wire.tell(&session.id, method, params);
        match need {
            Need::Nothing => {}
            Need::CloseDialog => tell("Page.handleJavaScriptDialog", json!({ "accept": false })),
            Need::LetGo(request) => tell("Fetch.continueRequest", json!({ "requestId": request })),
            Need::Refuse(request) => {
                let params = json!({ "requestId": request, "errorReason": "BlockedByClient" });
                tell("Fetch.failRequest", params);
            }
            Need::Crashed => return Err(PageError::Crashed),
        }
        Ok(())
    }

    /// Writes the document out, in a world of our own where the page has changed nothing.
    async fn read(&self, session: &Session, frame: &str, bytes_max: usize) -> Result<Value> {
        let world = json!({ "frameId": frame, "worldName": "jarvix" });
        let made = self.call(Some(&session.id), "Page.createIsolatedWorld", world).await?;
        let script = WRITE_OUT.replace("BYTES_MAX", &bytes_max.to_string());
        let params = json!({
            "expression": script,
            "contextId": made["executionContextId"],
            "returnByValue": true,
        });
        let mut told = self.call(Some(&session.id), "Runtime.evaluate", params).await?;
        Ok(told["result"]["value"].take())
    }

    async fn call(&self, to: Option<&str>, method: &'static str, params: Value) -> Result<Value> {
        Ok(self.browser.wire.call(to, method, params, COMMAND_MAX).await?)
    }

    /// Clears everything of the page away. A browser that cannot is of no more use.
    async fn clear(mut self) {
        let params = json!({ "browserContextId": self.id });
        let clear = self.call(None, "Target.disposeBrowserContext", params);
        self.cleared = matches!(timeout(CLEAR_MAX, clear).await, Ok(Ok(_)));
    }
}

impl Drop for Context<'_> {
    fn drop(&mut self) {
        if !self.cleared {
            self.browser.condemn();
        }
    }
}

/// How often the page's clock is looked at in the end: it may stand still.
const TIME_LOOK: Duration = Duration::from_millis(20);

/// Characters are cut here so that no message is longer than its limit; bytes are cut afterwards.
const WRITE_OUT: &str = "(() => { \
    const root = document.documentElement, type = document.doctype; \
    const text = root ? (type ? '<!DOCTYPE ' + type.name + '>' : '') + root.outerHTML : ''; \
    const cut = text.length > BYTES_MAX; \
    const html = (cut ? text.slice(0, BYTES_MAX) : text).toWellFormed(); \
    return { html, cut, url: document.URL }; })()";

fn word(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}
