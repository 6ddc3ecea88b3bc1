//! Nothing leaves the page, and the page breaks no rule of its own: whatever stands in it.

use super::*;

/// What a page may not cause, with what it said.
fn complaints(tab: &mut Tab) -> Vec<String> {
    let mut found = Vec::new();
    for method in [
        "Runtime.consoleAPICalled",
        "Runtime.exceptionThrown",
        "Log.entryAdded",
        "Page.javascriptDialogOpening",
        "Page.windowOpen",
        "Network.webSocketCreated",
    ] {
        found.extend(tab.reported(method).iter().map(|what| format!("{method}: {what}")));
    }
    for issue in tab.reported("Audits.issueAdded") {
        found.push(format!("issue: {}", issue["issue"]));
    }
    found
}

/// The addresses that were asked for, other than the file itself and what stands in it.
fn requests(tab: &mut Tab) -> Vec<String> {
    let sent = tab.reported("Network.requestWillBeSent");
    let urls = sent.iter().map(|event| event["request"]["url"].to_string());
    urls.filter(|url| !url.starts_with("\"file://") && !url.starts_with("\"data:")).collect()
}

#[test]
fn nothing_leaves_a_report_and_it_has_nothing_to_complain_of() {
    let Some(mut tab) = Tab::new() else { return };
    let place = Place::new();
    for name in REPORTS {
        let file = report(&place, name);
        for look in LOOKS {
            tab.look(look);
            tab.open(&file);
            // Whatever waits for a click or a look has it now.
            tab.js("document.querySelectorAll('details').forEach((d) => { d.open = true; }); \
                document.querySelectorAll('button').forEach((b) => b.click()); \
                window.scrollTo(0, document.body.scrollHeight); \
                new Promise((after) => setTimeout(after, 100))");
            assert_eq!(requests(&mut tab), Vec::<String>::new(), "{name}");
            assert_eq!(complaints(&mut tab), Vec::<String>::new(), "{name}");
            let files = tab.reported("Network.requestWillBeSent").len();
            assert!((1..=2).contains(&files), "{name}: {files} requests, one is the report's own");
        }
    }
}

/// The policy holds for what a page would get past the escaping, and this harness sees it.
#[test]
fn what_the_policy_forbids_is_refused_and_seen() {
    let Some(mut tab) = Tab::new() else { return };
    let place = Place::new();
    let file = report(&place, "small");
    tab.look(WIDE);
    let planted = [
        (
            "document.body.append(Object.assign(new Image(), { src: 'http://127.0.0.1:9/x.png' }))",
            "img-src",
        ),
        (
            "document.head.append(Object.assign(document.createElement('script'), { text: 'window.owned = 1' }))",
            "script-src",
        ),
        ("document.body.setAttribute('style', 'color: red')", "style-src"),
        ("fetch('http://127.0.0.1:9/').catch(() => 0)", "connect-src"),
        (
            "document.body.append(Object.assign(document.createElement('iframe'), { src: 'http://127.0.0.1:9/' }))",
            "frame-src",
        ),
    ];
    for (act, directive) in planted {
        tab.open(&file);
        tab.js(&format!("{act}; new Promise((after) => setTimeout(after, 100))"));
        let said = complaints(&mut tab).join("\n");
        assert!(said.contains(directive), "{act}: {said}");
        assert_eq!(tab.js("typeof window.owned"), "undefined", "{act}");
    }
}
