//! What may be set about rendering.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::settings::seconds;

/// Which pages a browser renders (`--render`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RenderMode {
    /// None: nothing of a browser is looked for or started.
    #[default]
    Never,
    /// Those that show nothing until their scripts run.
    Auto,
    /// Every HTML page.
    Always,
}

impl RenderMode {
    /// The word that stands in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Auto => "auto",
            Self::Always => "always",
        }
    }
}

/// The text is no mode of rendering.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither never, auto nor always")]
pub struct RenderModeError(String);

impl FromStr for RenderMode {
    type Err = RenderModeError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::Never, Self::Auto, Self::Always];
        let found = all.into_iter().find(|mode| mode.as_str() == text);
        found.ok_or_else(|| RenderModeError(text.to_owned()))
    }
}

/// How pages are rendered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rendering {
    /// Which pages.
    pub mode: RenderMode,
    /// Pages in the browser at one time.
    pub pages: usize,
    /// What one page may take in the browser, waits for politeness left out.
    #[serde(with = "seconds")]
    pub timeout: Duration,
    /// How long a page that is loaded may go on before what it shows is taken.
    #[serde(with = "seconds")]
    pub settle: Duration,
    /// What one page may receive for all that it asks for, in bytes.
    pub page_bytes_max: u64,
    /// Requests of one page.
    pub page_requests_max: u32,
    /// Memory of the browser, in bytes; above it the browser is restarted.
    pub memory_max: u64,
    /// The program; `None` is the first Chromium on PATH.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chromium: Option<PathBuf>,
}

impl Default for Rendering {
    fn default() -> Self {
        Self {
            mode: RenderMode::Never,
            pages: 2,
            timeout: Duration::from_secs(30),
            settle: Duration::from_secs(5),
            page_bytes_max: 32 * 1024 * 1024,
            page_requests_max: 300,
            memory_max: 2 * 1024 * 1024 * 1024,
            chromium: None,
        }
    }
}
