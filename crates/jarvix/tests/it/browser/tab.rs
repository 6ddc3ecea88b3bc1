//! A page in a real Chromium, driven over the DevTools protocol on two pipes: one command after
//! the other, and everything that the page reports in between is kept. Small on purpose: it opens
//! files of ours, and no more than a test asks for. `jarvix-render` has the client for pages that
//! mean harm; its browser may not show anything but what our proxy hands it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// The protocol is spoken on the descriptors 3 and 4.
const ON_PIPES: &str = r#"exec "$0" "$@" 3<&0 4>&1 0</dev/null 1>/dev/null"#;

const SWITCHES: &[&str] = &[
    "--headless",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--hide-scrollbars",
    "--lang=en-US",
];

/// Longest silence before an answer; machines that test are busy.
const ANSWER_MAX: Duration = Duration::from_secs(120);

/// Longest silence before a browser that was let go has ended.
const END_MAX: Duration = Duration::from_secs(10);

/// Messages that wait to be heard; beyond them the browser waits.
const WAITING_MAX: usize = 1_000;

/// How a page is looked at.
#[derive(Clone, Copy)]
pub struct Look {
    pub width: u32,
    pub dark: bool,
    pub scripts: bool,
    /// `screen` or `print`.
    pub media: &'static str,
}

pub const WIDE: Look = Look { width: 1440, dark: false, scripts: true, media: "screen" };
pub const PHONE: Look = Look { width: 360, ..WIDE };

/// A browser with one page.
pub struct Tab {
    child: Child,
    to: Option<ChildStdin>,
    heard: Receiver<Value>,
    session: Option<String>,
    asked: u64,
    events: Vec<Value>,
    _folder: TempDir,
}

impl Tab {
    /// `None` where there is no browser.
    pub fn new() -> Option<Self> {
        let chromium = jarvix_testkit::chromium()?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(ON_PIPES).arg(chromium).args(SWITCHES);
        command.arg(format!("--user-data-dir={}", folder.path().display()));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("the browser starts");
        let to = child.stdin.take();
        let mut from = BufReader::new(child.stdout.take().expect("a pipe"));
        let (tell, heard) = sync_channel(WAITING_MAX);
        std::thread::spawn(move || {
            let mut message = Vec::new();
            while from.read_until(0, &mut message).is_ok_and(|read| read > 0) {
                message.pop();
                let value = serde_json::from_slice(&message).expect("JSON from the browser");
                if tell.send(value).is_err() {
                    return;
                }
                message.clear();
            }
        });
        let mut tab =
            Self { child, to, heard, session: None, asked: 0, events: Vec::new(), _folder: folder };
        let made = tab.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": made["targetId"], "flatten": true });
        let attached = tab.call("Target.attachToTarget", attach);
        tab.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network", "Audits"] {
            tab.call(&format!("{domain}.enable"), json!({}));
        }
        Some(tab)
    }

    /// One command and its answer.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        let mut command = json!({ "id": self.asked, "method": method, "params": params });
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        let mut bytes = command.to_string().into_bytes();
        bytes.push(0);
        self.to.as_mut().expect("a pipe").write_all(&bytes).expect("the browser listens");
        let asked = self.asked;
        let mut answer = self.hear(method, |message| message["id"] == asked);
        assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
        answer["result"].take()
    }

    /// Waits for a message; what comes before it is kept.
    fn hear(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            match self.heard.recv_timeout(ANSWER_MAX) {
                Ok(message) if is_it(&message) => return message,
                Ok(message) => self.events.push(message),
                Err(RecvTimeoutError::Timeout) => panic!("{what}: silence for {ANSWER_MAX:?}"),
                Err(RecvTimeoutError::Disconnected) => panic!("{what}: the browser has ended"),
            }
        }
    }

    /// From now on pages are looked at like this. Nothing moves of itself.
    pub fn look(&mut self, look: Look) {
        let (width, dark) = (look.width, if look.dark { "dark" } else { "light" });
        let is_phone = width < 600;
        self.call(
            "Emulation.setDeviceMetricsOverride",
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": is_phone }),
        );
        let features = json!([
            { "name": "prefers-color-scheme", "value": dark },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        let media = json!({ "media": look.media, "features": features });
        self.call("Emulation.setEmulatedMedia", media);
        self.call("Emulation.setScriptExecutionDisabled", json!({ "value": !look.scripts }));
    }

    /// Opens a file and waits until it is loaded; forgets what was reported before.
    pub fn open(&mut self, file: &Path) {
        self.events.clear();
        let url = format!("file://{}", file.display());
        let went = self.call("Page.navigate", json!({ "url": url }));
        assert!(went["errorText"].is_null(), "{url}: {}", went["errorText"]);
        let is_load = |message: &Value| message["method"] == "Page.loadEventFired";
        if !self.events.iter().any(is_load) {
            self.hear("load", is_load);
        }
    }

    /// What an expression, or the promise that it is, comes to.
    pub fn js(&mut self, expression: &str) -> Value {
        let params =
            json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let mut told = self.call("Runtime.evaluate", params);
        let failed = &told["exceptionDetails"];
        assert!(failed.is_null(), "{failed}");
        told["result"]["value"].take()
    }

    /// Everything that was reported under this name since the page was opened.
    pub fn reported(&mut self, method: &str) -> Vec<Value> {
        // What is on its way comes before the answer.
        self.js("0");
        let events = self.events.iter().filter(|event| event["method"] == method);
        events.map(|event| event["params"].clone()).collect()
    }

    /// Presses a key and lets it go.
    pub fn key(&mut self, key: &str) {
        self.key_with(key, 0);
    }

    /// Back by one stop.
    pub fn back(&mut self) {
        self.key_with("Tab", 8);
    }

    fn key_with(&mut self, key: &str, modifiers: u8) {
        let (code, number, text) = match key {
            "Tab" => ("Tab", 9, ""),
            "Enter" => ("Enter", 13, "\r"),
            "Escape" => ("Escape", 27, ""),
            " " => ("Space", 32, " "),
            "ArrowDown" => ("ArrowDown", 40, ""),
            _ => panic!("no key {key:?}"),
        };
        let mut press = json!({
            "type": if text.is_empty() { "rawKeyDown" } else { "keyDown" },
            "key": key, "code": code, "windowsVirtualKeyCode": number, "modifiers": modifiers,
        });
        if !text.is_empty() {
            press["text"] = json!(text);
        }
        self.call("Input.dispatchKeyEvent", press.clone());
        press["type"] = json!("keyUp");
        self.call("Input.dispatchKeyEvent", press);
    }

    /// Types a text.
    pub fn write(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text }));
    }

    /// Presses Tab until `selector` has the focus.
    pub fn tab_to(&mut self, selector: &str) {
        let is_there = format!("document.activeElement.matches({selector:?})");
        for _ in 0..400 {
            self.key("Tab");
            if self.js(&is_there) == true {
                return;
            }
        }
        panic!("{selector} cannot be reached by keyboard");
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        // It ends when its pipe does, and then leaves nothing of its own behind.
        drop(self.to.take());
        let ended = loop {
            match self.heard.recv_timeout(END_MAX) {
                Ok(_) => {}
                Err(silence) => break silence == RecvTimeoutError::Disconnected,
            }
        };
        if !ended {
            drop(self.child.kill());
        }
        drop(self.child.wait());
    }
}
