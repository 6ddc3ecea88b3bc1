//! How large a report is and how soon it is there.

use super::*;

/// Target for a run of a million pages.
const BYTES_MAX: u64 = 2_000_000;
/// Likewise, from the navigation to the end of the load and to the first paint.
const OPEN_MS_MAX: f64 = 1_000.0;

#[test]
fn a_report_at_every_limit_is_small_and_opens_at_once() {
    let place = Place::new();
    let file = report(&place, "million");
    let bytes = file.metadata().expect("a file").len();
    assert!(bytes <= BYTES_MAX, "{bytes} bytes");
    let Some(mut tab) = Tab::new() else { return };
    let mut best = f64::INFINITY;
    // Of a machine that does other things too, the quickest says what it takes.
    for attempt in 0..20 {
        if attempt >= 6 && best <= OPEN_MS_MAX {
            break;
        }
        let look = if attempt % 2 == 0 { WIDE } else { PHONE };
        tab.look(look);
        tab.open(&file);
        let times = tab.js(TIMES);
        let [load, paint] = [0, 1].map(|at| times[at].as_f64().expect("milliseconds"));
        let width = look.width;
        say(&format!(
            "{bytes} bytes at {width} px: loaded after {load:.0} ms, painted after {paint:.0} ms"
        ));
        best = best.min(load.max(paint));
    }
    assert!(best <= OPEN_MS_MAX, "{best} ms");
}

/// Milliseconds from the navigation to the end of the load and to the first paint of anything.
const TIMES: &str = "new Promise((tell) => { const look = () => { \
    const load = performance.getEntriesByType('navigation')[0].loadEventEnd; \
    const paint = performance.getEntriesByName('first-contentful-paint')[0]; \
    if (load && paint) tell([load, paint.startTime]); else setTimeout(look, 10); }; look(); })";
