//! How Chromium is started: which switches, in which surroundings, and with the DevTools protocol
//! on two pipes that only this process holds. When the pipes close, the browser ends: a process
//! that was killed leaves none behind.

use std::io;
use std::path::Path;
use std::process::Stdio;

use tokio::process::{Child, Command};

use crate::disguise::Disguise;
use crate::locate::Chromium;
use crate::settings::SCRIPT_MEMORY_MIB;

/// The protocol is spoken on the descriptors 3 and 4; the shell puts our two pipes there and is
/// replaced by the browser, which keeps the shell's process id.
const ON_PIPES: &str = r#"exec "$0" "$@" 3<&0 4>&1 0</dev/null 1>/dev/null"#;

/// Where a browser outside of any page is to look for the web: nobody listens on it.
const NOWHERE: &str = "--proxy-server=http://127.0.0.1:9";

/// No way out but the proxy, whatever a page tries.
const ONE_WAY_OUT: &[&str] = &[
    NOWHERE,
    // Loopback is no exception.
    "--proxy-bypass-list=<-loopback>",
    // No name is resolved by the browser.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--disable-quic",
    // WebRTC sends no packet of its own; the feature it would announce names with is off below.
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--dns-prefetch-disable",
    "--no-pings",
];

/// Nothing that a person at a screen would need, and no errands for the browser's maker.
const QUIET: &[&str] = &[
    "--headless",
    "--remote-debugging-pipe",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-service-autorun",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-extensions-with-background-pages",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-notifications",
    "--disable-sync",
    "--metrics-recording-only",
    "--mute-audio",
    "--hide-scrollbars",
    "--password-store=basic",
    "--use-mock-keychain",
    "--lang=en-US",
    // Containers have little of it, and the browser dies when it is used up.
    "--disable-dev-shm-usage",
    // Pages in the background are to be as quick as others.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    // No windows from windows, no pictures.
    "--block-new-web-contents",
    "--blink-settings=imagesEnabled=false",
    "--disable-features=AutofillServerCommunication,BackForwardCache,CertificateTransparencyComponentUpdater,\
     DialMediaRouteProvider,InterestFeedContentSuggestions,MediaRouter,OptimizationHints,\
     PreloadTopChromeWebUI,SpareRendererForSitePerProcess,Translate,WebRtcHideLocalIpsWithMdns,WebUSB",
];

/// Starts `chromium` with its profile in `folder`, which is empty and stands alone for it.
pub(crate) fn launch(
    chromium: &Chromium,
    folder: &Path,
    disguise: &Disguise,
    user_agent: &str,
) -> io::Result<Child> {
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(ON_PIPES).arg(&chromium.path).args(QUIET).args(ONE_WAY_OUT);
    command.arg(format!("--user-data-dir={}", folder.display()));
    command.arg(format!("--user-agent={user_agent}"));
    command.arg(format!("--ignore-certificate-errors-spki-list={}", disguise.key_hash()));
    command.arg(format!("--js-flags=--max-old-space-size={SCRIPT_MEMORY_MIB}"));
    if !Chromium::is_sandboxed() {
        command.arg("--no-sandbox");
    }
    // Nothing of the surroundings but what it takes to run: no proxies, no flags, no home.
    command.env_clear().env("HOME", folder).env("LANG", "C.UTF-8");
    for name in ["PATH", "TMPDIR", "TZ", "LD_LIBRARY_PATH"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    // A group of its own: Ctrl-C in the terminal is for us to answer, and what does not end by
    // itself is ended as a whole.
    command.process_group(0).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn()
}
