//! A real Chromium in front of a made-up web: no server, no network, every request seen.

mod pages;
mod process;
mod unruly;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use jarvix_render::{
    Ask, Assignment, BoxFuture, Chromium, Clock, Refused, RenderError, RenderSettings, Rendered,
    Renderer, Reply, Web,
};
use jarvix_testkit::TempData;
use url::Url;

/// What a made-up address does.
#[derive(Clone)]
enum Does {
    Answer(&'static str, String),
    Refuse,
    Stall,
    Wait(Duration),
}

/// A web in which everything stands in a table.
#[derive(Default)]
struct Made {
    addresses: Mutex<HashMap<String, Does>>,
    asked: Mutex<Vec<String>>,
}

impl Made {
    fn set(&self, url: &str, does: Does) {
        self.addresses.lock().expect("a lock").insert(url.to_owned(), does);
    }

    fn html(&self, url: &str, html: &str) {
        self.set(url, Does::Answer("text/html", html.to_owned()));
    }

    fn script(&self, url: &str, script: &str) {
        self.set(url, Does::Answer("text/javascript", script.to_owned()));
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("a lock").clone()
    }
}

impl Web for Made {
    fn ask<'a>(&'a self, ask: Ask, clock: &'a Clock) -> BoxFuture<'a, Result<Reply, Refused>> {
        self.asked.lock().expect("a lock").push(ask.url.to_string());
        let does = self.addresses.lock().expect("a lock").get(ask.url.as_str()).cloned();
        Box::pin(async move {
            match does {
                Some(Does::Answer(kind, body)) => Ok(reply(kind, body)),
                Some(Does::Stall) => std::future::pending().await,
                Some(Does::Wait(time)) => {
                    clock.paused(tokio::time::sleep(time)).await;
                    Ok(reply("text/plain", "waited".to_owned()))
                }
                Some(Does::Refuse) | None => {
                    Err(Refused { why: "not in the table".to_owned(), bytes_wire: 0 })
                }
            }
        })
    }
}

fn reply(kind: &'static str, body: String) -> Reply {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static(kind));
    headers.insert("access-control-allow-origin", HeaderValue::from_static("*"));
    let bytes_wire = body.len() as u64;
    Reply { status: StatusCode::OK, headers, body: Bytes::from(body), bytes_wire }
}

/// A renderer over a made-up web.
struct Lab {
    data: TempData,
    chromium: PathBuf,
    settings: RenderSettings,
    web: Arc<Made>,
}

impl Lab {
    /// `None` where there is no browser.
    fn new() -> Option<Self> {
        let settings = RenderSettings {
            pages: 2,
            deadline: Duration::from_secs(30),
            settle: Duration::from_secs(5),
            page_bytes_max: 1024 * 1024,
            page_requests_max: 50,
            document_bytes_max: 1024 * 1024,
            memory_max: 4 << 30,
            user_agent: "Jarvix/test".to_owned(),
        };
        let chromium = jarvix_testkit::chromium()?;
        Some(Self { data: TempData::new(), chromium, settings, web: Arc::default() })
    }

    fn folder(&self) -> PathBuf {
        self.data.path().join("browser")
    }

    fn renderer(&self) -> Renderer {
        let chromium = Chromium { path: self.chromium.clone() };
        let env = self.data.store().env().clone();
        Renderer::new(chromium, self.folder(), env, self.settings.clone())
    }

    async fn render(
        &self,
        renderer: &Renderer,
        url: &str,
        html: &str,
    ) -> Result<Rendered, RenderError> {
        let url = Url::parse(url).expect("a URL");
        let answer = reply("text/html; charset=utf-8", html.to_owned());
        let web: Arc<dyn Web> = Arc::clone(&self.web) as _;
        renderer.render(Assignment { url, answer }, web).await
    }

    /// Renders one page in a browser of its own.
    async fn one(&self, url: &str, html: &str) -> Result<Rendered, RenderError> {
        let renderer = self.renderer();
        let rendered = self.render(&renderer, url, html).await;
        renderer.close().await;
        assert!(!self.folder().exists(), "no profile is left");
        rendered
    }
}
