//! Pictures of the reports, to look at them after a change: whatever the tests of faults look at is
//! also kept in the folder that `JARVIX_TEST_PICTURES` names, if it names one, and printed there:
//! `JARVIX_TEST_PICTURES=/tmp/pictures cargo xtask test --only test`.

use base64::Engine as _;
use serde_json::json;

use super::*;

fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("JARVIX_TEST_PICTURES")?);
    std::fs::create_dir_all(&folder).expect("a folder");
    Some(folder)
}

fn keep(file: PathBuf, data: &Value) {
    let data = data.as_str().expect("Base64");
    let bytes = base64::engine::general_purpose::STANDARD.decode(data).expect("Base64");
    std::fs::write(file, bytes).expect("a file");
}

/// The page as it is now, from top to bottom.
pub fn picture(tab: &mut Tab, name: &str, look: Look) {
    let Some(folder) = folder() else { return };
    let height = tab.js("document.documentElement.scrollHeight");
    let clip = json!({ "x": 0, "y": 0, "width": look.width, "height": height, "scale": 1 });
    let params = json!({ "captureBeyondViewport": true, "clip": clip });
    let made = tab.call("Page.captureScreenshot", params);
    let theme = if look.dark { "dark" } else { "light" };
    keep(folder.join(format!("{name}-{theme}-{}.png", look.width)), &made["data"]);
}

/// The page on paper.
pub fn print(tab: &mut Tab, name: &str) {
    let Some(folder) = folder() else { return };
    let made = tab.call("Page.printToPDF", json!({ "preferCSSPageSize": true }));
    keep(folder.join(format!("{name}.pdf")), &made["data"]);
}
