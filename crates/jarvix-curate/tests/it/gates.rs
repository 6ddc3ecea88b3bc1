//! Which pages are not content, and which look like it and are (the false alarms).

use jarvix_core::{Gate, Page};
use jarvix_curate::{Policy, PolicyFile};

use crate::{article_text, curate, page, page_of_type, page_with_header};

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

/// A page that was asked for under its usual address and answered from `final_url`.
fn moved(final_url: &str, body: &str) -> Page {
    Page { final_url: Some(final_url.to_owned()), ..page(body) }
}

#[test]
fn consent_walls_are_told_from_cookie_banners() {
    let ask = "<p>We and our partners store cookies on your device.</p><button>Accept all</button>";
    let walls = [
        moved("https://consent.example.com/m?continue=x", ask),
        moved("https://www.example.org/collectConsent?sessionId=1", ask),
        page(format!("<title>Before you continue to Example</title>{ask}")),
        moved(
            "https://www.example.de/zustimmung?url=/a",
            "<title>Beispiel</title><p>Wir setzen Cookies ein.</p><a>Einverstanden</a>",
        ),
        page("<title>Avant d'accéder au site</title><p>Les cookies.</p><button>Tout accepter"),
    ];
    for page in &walls {
        assert_eq!(gate(page), Some(Gate::Consent), "{:?}", page.final_url);
    }
    let text = article_text();
    let pages = [
        page(format!("<title>T</title>{text}{ask}")),
        moved("https://consent.example.com/", &format!("<title>T</title>{text}{text}{text}{ask}")),
        page(format!("<title>Your privacy choices</title><h1>Your privacy</h1><p>Short.</p>{ask}")),
        page(format!("<title>Gallery</title><p>Pictures of the river.</p>{ask}")),
        Page {
            url: "https://consent.example.com/".into(),
            ..page(format!("<p>A product.</p>{ask}"))
        },
        moved("https://www.example.org/consent", "<p>How consent is given to a study of rivers."),
    ];
    for page in &pages {
        assert_eq!(gate(page), None, "{:?}", page.final_url);
    }
}

#[test]
fn pages_that_are_not_there_are_told_from_pages_about_that() {
    let more =
        "<p>Here is what others read this week in our paper about rivers and mills.</p>".repeat(8);
    let missing = [
        page("<title>Page not found | Example</title><p>The page you want cannot be found."),
        page("<title>Example</title><h1>404</h1><p>This page does not exist."),
        page(
            "<title>404 - Seite nicht gefunden</title><h1>Hoppla</h1><p>Die Seite existiert nicht.",
        ),
        page(format!(
            "<title>Page not found – Blog</title><body class='archive error404'><h1>Oops!</h1>{more}"
        )),
        moved("https://www.example.org/errors/404.html", &format!("<h1>Not found</h1>{more}")),
        page("<title>Página no encontrada</title><p>La página que busca no existe."),
    ];
    for page in &missing {
        assert_eq!(gate(page), Some(Gate::SoftNotFound));
    }
    let text = article_text();
    let there = [
        page(format!("<title>404 Not Found</title><h1>404 Not Found</h1>{text}{text}")),
        page("<title>How to fix a page not found</title><p>The server says not found. Do this."),
        page("<title>Example</title><h1>Page not found</h1><p>A poem about a lost book."),
        Page {
            url: "https://www.example.org/status/404".into(),
            ..page("<title>404 Not Found</title><p>The server cannot find it: it does not exist.")
        },
        page("<title>Area code 404</title><p>Atlanta. Other codes could not be found here."),
        page(format!("<title>T</title><body class=error404>{text}")),
    ];
    for page in &there {
        assert_eq!(gate(page), None);
    }
}

#[test]
fn parked_domains_are_told_from_pages_about_domains() {
    let parked = [
        page("<title>example.org</title><h1>example.org</h1><p>This domain is for sale!"),
        page(
            "<html data-adblockkey='MFww'><title>example.org - Information</title><p>Related links",
        ),
        page("<p>Buy this domain.</p><script src=//c.parkingcrew.net/jsparkcaf.js></script>"),
        page("<title>example.org steht zum Verkauf</title><p>Diese Domain steht zum Verkauf."),
    ];
    for page in &parked {
        assert_eq!(gate(page), Some(Gate::Parked));
    }
    let pages = [
        page("<title>Domains</title><p>This domain is for sale: river.example. Ask us."),
        page(format!("<title>example.org</title><p>Buy this domain</p>{}", article_text())),
        page("<title>example.org</title><p>We mill flour at the river since 1820."),
        page(
            "<title>Parking services</title><p>Some use <a href=https://www.bodis.com/>Bodis</a>.",
        ),
    ];
    for page in &pages {
        assert_eq!(gate(page), None);
    }
}

#[test]
fn languages_count_where_they_are_asked_for_and_can_be_told() {
    let german = "Der Fluss entspringt in den Bergen oberhalb der Stadt und treibt auf seinem Weg \
                  zum Meer jede Mühle an, und im Frühjahr steht das Wasser so hoch, dass die Boote \
                  über die Wiesen fahren, auf denen im Sommer das Vieh weidet und die Kinder spielen.";
    let wanted = |tags: &[&str]| Policy::parse(tags, &[], &[]).expect("a policy");
    let closed = |page: &Page, policy: &Policy| {
        let document = jarvix_curate::curate(page, policy).document;
        assert_eq!(document.gate.is_some(), document.gate_reason.is_some());
        document.gate
    };
    let long = page(format!("<title>Der Fluss</title><p>{german}</p>"));
    let plain = page_of_type("text/plain", german);
    for page in [&long, &plain] {
        assert_eq!(closed(page, &wanted(&["en", "fr"])), Some(Gate::WrongLanguage));
        assert_eq!(closed(page, &wanted(&["en", "de"])), None);
        assert_eq!(closed(page, &wanted(&[])), None);
    }
    let short = page("<html lang=de><title>Fluss</title><p>Der Fluss ist lang.</p>");
    assert_eq!(closed(&short, &wanted(&["en"])), None);
    // What a page declares is no evidence against its text.
    let lying = page(format!("<html lang=de><title>The river</title>{}", article_text()));
    assert_eq!(closed(&lying, &wanted(&["en"])), None);
}

#[test]
fn lists_deny_pages_with_their_reason() {
    let file = |text| PolicyFile { name: "list", text };
    let deny = file("[adult]\ndomain bad.example\nkeyword mill on its way\n[]\npath /tag/");
    let allow = file("path /tag/rivers");
    let policy = Policy::parse(&[], &[deny], &[allow]).expect("a policy");
    let why = |page: &Page| jarvix_curate::curate(page, &policy).document.gate_reason;
    let at = |url: &str| Page { url: url.to_owned(), ..page("<title>T</title><p>Some words.</p>") };
    let cases = [
        (at("https://x.bad.example/"), Some("denied domain \"bad.example\" (adult)")),
        (moved("https://bad.example/", "<p>x"), Some("denied domain \"bad.example\" (adult)")),
        (page(article_text()), Some("denied keyword \"mill on its way\" (adult)")),
        (
            page_of_type("text/plain", "a mill on its way"),
            Some("denied keyword \"mill on its way\" (adult)"),
        ),
        (at("https://x.example/tag/mills"), Some("denied path \"/tag/\"")),
        (at("https://x.example/tag/rivers"), None),
        (at("https://x.example/"), None),
    ];
    for (page, expected) in &cases {
        assert_eq!(why(page).as_deref(), *expected, "{}", page.url);
    }
    assert_eq!(jarvix_curate::curate(&cases[0].0, &policy).document.gate, Some(Gate::Policy));
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
