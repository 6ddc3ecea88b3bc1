//! The limits of rendering, each with its number.

use std::time::Duration;

/// How pages are rendered.
#[derive(Debug, Clone, PartialEq)]
pub struct RenderSettings {
    /// Pages under way at one time.
    pub pages: usize,
    /// What one page may take, waits for politeness left out.
    pub deadline: Duration,
    /// How long a page that is loaded may go on before what it shows is taken.
    pub settle: Duration,
    /// What one page may receive for all that it asks for, in bytes.
    pub page_bytes_max: u64,
    /// Requests of one page.
    pub page_requests_max: u32,
    /// Largest document that is taken over, in bytes.
    pub document_bytes_max: usize,
    /// Memory of the browser with all its processes, in bytes; above it the browser is restarted.
    pub memory_max: u64,
    /// The name that scripts see; the same that the requests carry.
    pub user_agent: String,
}

/// Waits for politeness that one page may add to its deadline.
pub(crate) const PAUSES_MAX: Duration = Duration::from_secs(300);
/// How long one command of the DevTools protocol may take.
pub(crate) const COMMAND_MAX: Duration = Duration::from_secs(10);
/// How long starting the browser may take.
pub(crate) const START_MAX: Duration = Duration::from_secs(30);
/// How long the browser may take to end by itself.
pub(crate) const END_MAX: Duration = Duration::from_secs(3);
/// How often the browser's memory is looked at.
pub(crate) const MEMORY_LOOK: Duration = Duration::from_millis(500);
/// Pages after which a browser is replaced by a fresh one.
pub(crate) const PAGES_PER_BROWSER: u32 = 500;
/// Starts that may fail one after the other before no more are tried.
pub(crate) const STARTS_FAILED_MAX: u32 = 3;
/// Attempts at one page: the second in another browser, if the first died.
pub(crate) const ATTEMPTS_MAX: u32 = 2;
/// Commands that wait to be written to the browser.
pub(crate) const COMMANDS_WAITING_MAX: usize = 256;
/// Events of one page that wait to be read.
pub(crate) const EVENTS_WAITING_MAX: usize = 1_024;
/// Connections of one page to its proxy.
pub(crate) const CONNECTIONS_MAX: usize = 64;
/// Largest body of a request that a page sends, in bytes.
pub(crate) const REQUEST_BYTES_MAX: usize = 256 * 1024;
/// Refused addresses of one page that are remembered.
pub(crate) const REFUSALS_MAX: usize = 1_024;
/// What the browser's last words are kept for: the message about a failed start.
pub(crate) const LAST_WORDS_BYTES: usize = 4 * 1024;
/// Memory of the scripts of one page, in MiB.
pub(crate) const SCRIPT_MEMORY_MIB: u32 = 512;

impl RenderSettings {
    /// Longest message that the browser may send: a document with every character escaped.
    pub(crate) fn message_bytes_max(&self) -> usize {
        self.document_bytes_max.saturating_mul(6).saturating_add(1024 * 1024)
    }
}
