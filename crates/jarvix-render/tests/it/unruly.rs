//! Pages that do not behave: each comes to an end, and none takes another with it.

use super::*;

const PAGE: &str = "http://page.example/";
const AFTER: &str = "<p>the next page</p>";

/// What came of `html`; the page after it must be none the worse.
async fn outcome(lab: &Lab, html: &str) -> Result<Rendered, RenderError> {
    let renderer = lab.renderer();
    let outcome = lab.render(&renderer, PAGE, html).await;
    let after = lab.render(&renderer, PAGE, AFTER).await.expect("the page after it");
    assert!(after.html.contains("the next page"));
    renderer.close().await;
    outcome
}

fn page_error(outcome: Result<Rendered, RenderError>, why: &str) {
    match outcome {
        Err(RenderError::Page(said)) if said.contains(why) => {}
        other => panic!("{other:?}, expected an error that says {why:?}"),
    }
}

#[tokio::test]
async fn a_script_without_end_is_ended_by_the_deadline() {
    let Some(mut lab) = Lab::new() else { return };
    lab.settings.deadline = Duration::from_secs(3);
    page_error(outcome(&lab, "<p>x</p><script>for (;;) {}</script>").await, "not ready in time");
}

#[tokio::test]
async fn a_page_that_never_comes_to_rest_is_taken_as_it_is() {
    let Some(mut lab) = Lab::new() else { return };
    lab.settings.settle = Duration::from_secs(1);
    lab.web.set("http://page.example/stall", Does::Stall);
    let html = "<p>shown</p><script>alert('stop!'); fetch('/stall');
        setInterval(() => { fetch('/stall?' + Math.random()).catch(() => 0) }, 100)</script>";
    let rendered = outcome(&lab, html).await.expect("what it shows");
    assert!(rendered.html.contains("<p>shown</p>"));
    // A script that never arrives holds up the load itself.
    lab.settings.deadline = Duration::from_secs(3);
    let html = "<p>shown</p><script src=/stall async></script>";
    let rendered = outcome(&lab, html).await.expect("what it shows");
    assert!(rendered.html.contains("<p>shown</p>") && !rendered.settled);
}

#[tokio::test]
async fn bytes_and_requests_come_to_an_end() {
    let Some(mut lab) = Lab::new() else { return };
    lab.settings.page_bytes_max = 500_000;
    lab.settings.settle = Duration::from_secs(2);
    for n in 0..100 {
        let url = format!("http://page.example/big?{n}");
        lab.web.set(&url, Does::Answer("text/plain", "x".repeat(100_000)));
    }
    let html = "<p id=p>0</p><script>(async () => { for (let n = 0; n < 100; n++) {
        const got = await fetch('/big?' + n);
        if (got.ok) p.textContent = n + 1 } })()</script>";
    let rendered = outcome(&lab, html).await.expect("what it shows");
    assert!(rendered.html.contains(">5</p>"), "{}", rendered.html);
    assert_eq!((lab.web.asked().len(), rendered.bytes_wire), (5, 500_000));

    lab.settings.page_requests_max = 7;
    let html = "<script>(async () => { for (let n = 0; n < 100; n++)
        await fetch('/small?' + n).catch(() => 0) })()</script>";
    outcome(&lab, html).await.expect("what it shows");
    assert_eq!(lab.web.asked().len(), 5 + 7);
}

#[tokio::test]
async fn a_document_is_cut_at_the_limit() {
    let Some(mut lab) = Lab::new() else { return };
    lab.settings.document_bytes_max = 10_000;
    let html = "<p id=p></p><script>p.textContent = '\u{20ac}'.repeat(1e6) + '\\ud800'</script>";
    let rendered = outcome(&lab, html).await.expect("a beginning");
    assert!(rendered.cut && (9_990..=10_000).contains(&rendered.html.len()));
}

#[tokio::test]
async fn memory_of_scripts_ends_the_page_and_that_of_the_browser_ends_the_browser() {
    let Some(mut lab) = Lab::new() else { return };
    let hog =
        "<script>const all = []; for (;;) all.push(new Array(1e6).fill(Math.random()))</script>";
    page_error(outcome(&lab, hog).await, "crashed");
    // Typed arrays live outside the heap of the scripts: only the sum tells.
    lab.settings.memory_max = 500 << 20;
    lab.settings.deadline = Duration::from_secs(60);
    let hog = "<script>const all = []; setInterval(() => {
        if (all.length < 60) all.push(new Uint8Array(32 << 20).fill(7)) }, 20)</script>
        <script src=/stall></script>";
    lab.web.set("http://page.example/stall", Does::Stall);
    page_error(outcome(&lab, hog).await, "crashed");
}

#[tokio::test]
async fn frames_dialogs_and_events_without_number_hold_nothing_up() {
    let Some(mut lab) = Lab::new() else { return };
    lab.settings.deadline = Duration::from_secs(5);
    let flood = "<script>for (let n = 0; n < 5000; n++) {
        const f = document.createElement('iframe'); document.documentElement.append(f) }
        window.open('/'); print(); for (let n = 0; n < 50; n++) confirm(n)</script><p>x</p>";
    // Shown or given up: but over, and the next page is well.
    drop(outcome(&lab, flood).await);
}
