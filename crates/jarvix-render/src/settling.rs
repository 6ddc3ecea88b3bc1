//! When a page is ready to be read: what its events say, without doing anything about it.

use serde_json::Value;
use url::Url;

use crate::wire::Event;

/// What an event asks to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing.
    Nothing,
    /// A dialog is to be closed: scripts stand still until it is.
    CloseDialog,
    /// A request that was held is to be refused.
    Refuse(String),
    /// A request that was held may go on.
    LetGo(String),
    /// The page's process died.
    Crashed,
}

/// How far a page is.
#[derive(Debug, Default)]
pub(crate) struct Settling {
    frame: String,
    loader: String,
    loaded: bool,
    idle: bool,
    url: Option<Url>,
    failed: bool,
}

impl Settling {
    /// Nothing seen yet of the page in `frame`.
    pub(crate) fn new(frame: &str) -> Self {
        Self { frame: frame.to_owned(), ..Self::default() }
    }

    /// Whether the document is there with all that it loads by itself.
    pub(crate) fn is_loaded(&self) -> bool {
        self.loaded
    }

    /// Whether it also asks for nothing any more.
    pub(crate) fn is_idle(&self) -> bool {
        self.loaded && self.idle
    }

    /// The address of the document that is shown or should be, if it is one of the web.
    pub(crate) fn url(&self) -> Option<&Url> {
        self.url.as_ref()
    }

    /// Whether the browser shows its own words instead of the document.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed
    }

    /// Takes an event in.
    pub(crate) fn see(&mut self, event: &Event) -> Need {
        let params = &event.params;
        match event.method.as_str() {
            "Page.lifecycleEvent" if text(params, "frameId") == self.frame => self.see_life(params),
            "Page.frameNavigated" => self.see_document(&params["frame"]),
            "Page.navigatedWithinDocument" if text(params, "frameId") == self.frame => {
                self.url = web(text(params, "url"));
            }
            "Page.javascriptDialogOpening" => return Need::CloseDialog,
            "Fetch.requestPaused" => return self.judge(params),
            "Inspector.targetCrashed" | "Inspector.detached" => return Need::Crashed,
            _ => {}
        }
        Need::Nothing
    }

    fn see_life(&mut self, params: &Value) {
        let (name, loader) = (text(params, "name"), text(params, "loaderId"));
        if name == "init" {
            (self.loaded, self.idle) = (false, false);
            loader.clone_into(&mut self.loader);
        }
        if loader == self.loader {
            self.loaded |= name == "load";
            self.idle |= name == "networkIdle";
        }
    }

    fn see_document(&mut self, frame: &Value) {
        if text(frame, "id") == self.frame {
            let unreachable = frame.get("unreachableUrl").and_then(Value::as_str);
            self.failed = unreachable.is_some();
            self.url = web(unreachable.unwrap_or_else(|| text(frame, "url")));
        }
    }

    /// Only the page's own document is let go of the requests that are held: the others are
    /// pictures, sounds, fonts, frames and reports, of which nothing would be kept.
    fn judge(&self, params: &Value) -> Need {
        let request = text(params, "requestId").to_owned();
        let is_document = text(params, "resourceType") == "Document";
        match is_document && text(params, "frameId") == self.frame {
            true => Need::LetGo(request),
            false => Need::Refuse(request),
        }
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn web(url: &str) -> Option<Url> {
    Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn see(settling: &mut Settling, method: &str, params: Value) -> Need {
        settling.see(&Event { method: method.to_owned(), params })
    }

    fn life(settling: &mut Settling, frame: &str, loader: &str, name: &str) {
        let params = json!({ "frameId": frame, "loaderId": loader, "name": name });
        assert_eq!(see(settling, "Page.lifecycleEvent", params), Need::Nothing);
    }

    #[test]
    fn a_page_is_ready_when_its_last_document_is() {
        let mut page = Settling::new("main");
        life(&mut page, "main", "1", "init");
        life(&mut page, "inner", "9", "load");
        life(&mut page, "main", "1", "load");
        assert!(page.is_loaded() && !page.is_idle());
        life(&mut page, "main", "1", "networkIdle");
        assert!(page.is_idle());
        // A script leads on to another document; late words about the old one do not count.
        life(&mut page, "main", "2", "init");
        life(&mut page, "main", "1", "load");
        assert!(!page.is_loaded());
        life(&mut page, "main", "2", "networkIdle");
        life(&mut page, "main", "2", "load");
        assert!(page.is_idle());
    }

    #[test]
    fn the_address_is_that_of_the_main_document_if_there_is_one() {
        let mut page = Settling::new("main");
        let shown = |page: &Settling| page.url().map(|url| url.as_str().to_owned());
        let frame = |id: &str, url: &str| json!({ "frame": { "id": id, "url": url } });
        see(&mut page, "Page.frameNavigated", frame("main", "http://a.example/"));
        see(&mut page, "Page.frameNavigated", frame("inner", "http://b.example/"));
        assert_eq!(shown(&page).as_deref(), Some("http://a.example/"));
        let within = json!({ "frameId": "main", "url": "http://a.example/x" });
        see(&mut page, "Page.navigatedWithinDocument", within);
        assert_eq!(shown(&page).as_deref(), Some("http://a.example/x"));
        let mut failed = frame("main", "chrome-error://chromewebdata/");
        failed["frame"]["unreachableUrl"] = "http://c.example/".into();
        see(&mut page, "Page.frameNavigated", failed);
        assert_eq!(shown(&page).as_deref(), Some("http://c.example/"));
        assert!(page.has_failed());
    }

    #[test]
    fn of_what_is_held_only_the_document_goes_on() {
        let mut page = Settling::new("main");
        let cases = [
            ("Document", "main", Need::LetGo("7".to_owned())),
            ("Document", "inner", Need::Refuse("7".to_owned())),
            ("Image", "main", Need::Refuse("7".to_owned())),
            ("Ping", "main", Need::Refuse("7".to_owned())),
        ];
        for (kind, frame, need) in cases {
            let params = json!({ "requestId": "7", "resourceType": kind, "frameId": frame });
            assert_eq!(see(&mut page, "Fetch.requestPaused", params), need, "{kind}");
        }
        assert_eq!(see(&mut page, "Inspector.targetCrashed", json!({})), Need::Crashed);
        assert_eq!(see(&mut page, "Page.javascriptDialogOpening", json!({})), Need::CloseDialog);
    }
}
