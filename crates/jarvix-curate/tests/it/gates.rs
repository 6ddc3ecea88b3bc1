//! Which pages are not content, and which look like it and are (the false alarms).

use jarvix_core::{Gate, Page};
use jarvix_curate::curate;

use crate::{article_text, page, page_of_type, page_with_header};

fn gate(page: &Page) -> Option<Gate> {
    let document = curate(page).document;
    assert_eq!(document.gate.is_some(), document.gate_reason.is_some());
    document.gate
}

#[test]
fn bot_checks_are_told_from_pages() {
    let filler = format!("<script>var x = '{}';</script>", "0123456789".repeat(25_000));
    let cloudflare = format!(
        "<title>Just a moment...</title><body>{filler}<noscript>Enable JavaScript and cookies to \
         continue</noscript><script>window._cf_chl_opt = {{cType: 'managed'}};</script>"
    );
    let closed = [
        page(cloudflare),
        page_with_header("cf-mitigated", "challenge", "<p>Anything.</p>"),
        page("<title>Just a moment...</title><p>example.org"),
        page(
            "<title>Pardon Our Interruption</title><p>Something made us think you were a bot: are you a robot?",
        ),
        page(
            "<html><body><div id=px-captcha></div><p>Press & hold to confirm you are a human.</p>",
        ),
        page(
            "<title>example.org</title><script>var dd={'host':'geo.captcha-delivery.com'}</script><p>Please enable JS: captcha",
        ),
        page("<div id=sec-if-cpt-container></div>"),
        page("<p>Please solve this captcha.</p><div class=g-recaptcha></div>"),
    ];
    for page in &closed {
        assert_eq!(
            gate(page),
            Some(Gate::Challenge),
            "{:?}",
            String::from_utf8_lossy(
                &page.body.clone().unwrap_or_default()
                    [..60.min(page.body.as_ref().map_or(0, Vec::len))]
            )
        );
    }
    let text = article_text();
    let open = [
        page_with_header("server", "cloudflare", &format!("<title>T</title>{text}")),
        page(format!(
            "<title>T</title>{text}<script src=/cdn-cgi/challenge-platform/scripts/jsd/main.js></script>"
        )),
        page(format!("<title>T</title>{text}<form><div class=g-recaptcha></div></form>")),
        page(format!("<title>Just a moment... of history</title>{text}")),
        page(format!(
            "<title>Bot checks</title>{text}<p>Look for _cf_chl_opt; are you a robot?</p>"
        )),
        page(format!(
            "<title>T</title>{text}<script src='/_Incapsula_Resource?SWJIYLWA=1'></script>"
        )),
    ];
    for page in &open {
        assert_eq!(gate(page), None);
    }
}

#[test]
fn sign_in_walls_are_told_from_sign_in_boxes() {
    let form = "<form><input name=user><input type=password><button>Go</button></form>";
    assert_eq!(gate(&page(format!("<title>Log in</title>{form}"))), Some(Gate::Login));
    assert_eq!(gate(&page(format!("<h1>Anmelden</h1>{form}"))), Some(Gate::Login));
    let redirected = Page {
        final_url: Some("https://x.org/signin?next=/a".into()),
        ..page(format!("<p>Welcome{form}"))
    };
    assert_eq!(gate(&redirected), Some(Gate::Login));
    assert_eq!(gate(&page(format!("<title>News - log in</title>{form}{}", article_text()))), None);
    assert_eq!(gate(&page("<title>How to log in</title><p>Ask your administrator.")), None);
}

#[test]
fn paywalls_need_a_short_text() {
    let stated = "<script type=application/ld+json>{\"@type\":\"NewsArticle\",\"isAccessibleForFree\":false}</script>";
    let teaser = "<title>T</title><article><p>The river rises in the hills above the town and turns \
                  every mill on its way to the sea.</p></article>";
    assert_eq!(gate(&page(format!("{stated}{teaser}"))), Some(Gate::Paywall));
    assert_eq!(
        gate(&page(format!("{teaser}<p>Subscribe to continue reading"))),
        Some(Gate::Paywall)
    );
    assert_eq!(gate(&page(teaser)), None);
    assert_eq!(
        gate(&page(format!("<title>T</title>{stated}<article>{}</article>", article_text()))),
        None
    );
}

#[test]
fn shells_and_pages_without_text() {
    let shell = "<title>App</title><div id=root></div><script src=/main.js></script>";
    assert_eq!(gate(&page(shell)), Some(Gate::EmptyShell));
    assert_eq!(gate(&page("<title>T</title><img src=a>")), Some(Gate::NoText));
    assert_eq!(gate(&page("")), Some(Gate::NoText));
    assert_eq!(gate(&page_of_type("text/plain", " \n ")), Some(Gate::NoText));
    assert_eq!(gate(&Page { body: None, ..page("") }), Some(Gate::NoText));
}

#[test]
fn what_is_not_text_or_cannot_be_decoded() {
    let coded =
        |coding: &str, body: &[u8]| Page { content_encoding: Some(coding.into()), ..page(body) };
    assert_eq!(gate(&page(*b"\x89PNG\r\n\x1a\n0000")), Some(Gate::NotText));
    assert_eq!(gate(&page(*b"\x00\x01\x02\x03\x04\x05")), Some(Gate::NotText));
    assert_eq!(gate(&coded("gzip", b"<p>not gzip")), Some(Gate::DecodeError));
    assert_eq!(gate(&coded("rot13", b"<c>abg</c>")), Some(Gate::DecodeError));
    assert_eq!(gate(&coded("gzip, gzip, gzip, gzip", b"x")), Some(Gate::DecodeLimit));
    let bomb = zstd_of(&vec![b'a'; 32 * 1024 * 1024]);
    let document = curate(&coded("zstd", &bomb)).document;
    assert_eq!(document.gate, Some(Gate::DecodeLimit));
    assert!(
        document.text.is_empty() && document.gate_reason.is_some_and(|r| r.contains("more than"))
    );
}

fn zstd_of(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).expect("in memory")
}
