//! Pages that behave: what their scripts show is what comes out.

use super::*;

const PAGE: &str = "http://page.example/";

#[tokio::test]
async fn what_scripts_show_comes_out_and_pictures_are_never_asked_for() {
    let Some(lab) = Lab::new() else { return };
    lab.web.script(
        "http://page.example/app.js",
        "fetch('https://api.example/words').then(r => r.text()).then(text => {
            const p = document.createElement('p');
            p.textContent = text + ' \u{fc}\u{1f600}' + navigator.userAgent;
            document.getElementById('root').append(p);
            document.title = 'made by a script';
        });",
    );
    lab.web.set("https://api.example/words", Does::Answer("text/plain", "forty-two".to_owned()));
    let html = "<!doctype html><title>x</title><style>@font-face{font-family:f;src:url(/f.woff2)}
        body{font-family:f;background:url(/b.png)}</style><link rel=icon href=/i.ico>
        <div id=root></div><img src=/a.png><video src=/v.mp4></video><iframe src=/frame></iframe>
        <script src=/app.js></script>";
    let rendered = lab.one(PAGE, html).await.expect("a page");
    assert!(rendered.html.starts_with("<!DOCTYPE html><html>"), "{}", rendered.html);
    assert!(
        rendered.html.contains("<p>forty-two \u{fc}\u{1f600}Jarvix/test</p>"),
        "{}",
        rendered.html
    );
    assert!(rendered.html.contains("<title>made by a script</title>"));
    assert_eq!((rendered.url.as_str(), rendered.settled, rendered.cut), (PAGE, true, false));
    // The page itself was there already.
    assert_eq!(lab.web.asked(), ["http://page.example/app.js", "https://api.example/words"]);
    assert!(rendered.bytes_wire > 9);
}

#[tokio::test]
async fn a_script_may_lead_on_but_not_to_where_it_may_not() {
    let Some(lab) = Lab::new() else { return };
    lab.web.html(
        "https://next.example/a?b",
        "<p>there</p><script>history.pushState(0,0,'/c')</script>",
    );
    let renderer = lab.renderer();
    let lead = |to: &str| format!("<p>here</p><script>location.replace('{to}')</script>");
    let led = lab.render(&renderer, PAGE, &lead("https://next.example/a?b")).await;
    let led = led.expect("the next page");
    assert!(led.html.contains("there"), "{}", led.html);
    assert_eq!(led.url.as_str(), "https://next.example/c");
    lab.web.set("http://denied.example/", Does::Refuse);
    let denied = lab.render(&renderer, PAGE, &lead("http://denied.example/")).await;
    assert!(
        matches!(&denied, Err(RenderError::Page(why)) if why.contains("may not")),
        "{denied:?}"
    );
    renderer.close().await;
}

#[tokio::test]
async fn pages_know_nothing_of_each_other_and_share_one_browser() {
    let Some(lab) = Lab::new() else { return };
    let renderer = lab.renderer();
    let html = "<p id=p></p><script>
        const before = document.cookie + localStorage.getItem('x');
        document.cookie = 'a=b'; localStorage.setItem('x', 'y');
        p.textContent = '[' + before + '] then ' + document.cookie</script>";
    let renders = (0..6).map(|_| lab.render(&renderer, PAGE, html));
    for rendered in futures::future::join_all(renders).await {
        let html = rendered.expect("a page").html;
        assert!(html.contains("[null] then a=b"), "{html}");
    }
    let profiles = std::fs::read_dir(lab.folder()).expect("profiles").count();
    assert_eq!(profiles, 1);
    renderer.close().await;
}

#[tokio::test]
async fn waits_for_politeness_do_not_count() {
    let Some(mut lab) = Lab::new() else { return };
    lab.settings.deadline = Duration::from_secs(8);
    lab.settings.settle = Duration::from_secs(1);
    lab.web.set("http://page.example/slow", Does::Wait(Duration::from_secs(10)));
    let html = "<p id=p></p><script>
        fetch('/slow').then(r => r.text()).then(t => p.textContent = t)</script>";
    let rendered = lab.one(PAGE, html).await.expect("a page");
    assert!(rendered.html.contains("<p id=\"p\">waited</p>"), "{}", rendered.html);
}
