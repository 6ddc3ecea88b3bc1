//! A report can be read: on a narrow screen without moving sideways, without scripts, on paper.

use super::*;

#[test]
fn no_report_is_wider_than_a_narrow_screen() {
    let Some(mut tab) = Tab::new() else { return };
    let place = Place::new();
    for name in REPORTS {
        let file = report(&place, name);
        // WCAG asks for 320 px: a screen of 1280 px at four times the size.
        for width in [320, 360, 600, 800, 1000] {
            tab.look(Look { width, ..PHONE });
            tab.open(&file);
            tab.js("document.querySelectorAll('details').forEach((d) => { d.open = true; }); 0");
            let wide = tab.js("document.documentElement.scrollWidth").as_u64();
            let culprits = "[...document.querySelectorAll('main *')].filter((e) => \
                e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.quiet, thead')) \
                .slice(0, 3).map((e) => e.tagName + '.' + e.getAttribute('class') + ' ' + e.textContent.slice(0, 40))";
            assert_eq!(wide, Some(u64::from(width)), "{name}: {}", tab.js(culprits));
        }
    }
}

/// Elements with text that are not shown although nothing that is closed or told to be absent
/// holds them.
const UNSEEN: &str = "[...document.querySelectorAll('main :is(p, li, dt, dd, td, th, h2, h3, pre, figcaption), header *')] \
    .filter((e) => e.textContent.trim() && !e.closest('[hidden], details:not([open]), title') && !e.checkVisibility()) \
    .map((e) => e.tagName + '.' + e.getAttribute('class') + ' ' + e.textContent.slice(0, 40))";

#[test]
fn everything_can_be_read_without_scripts() {
    let Some(mut tab) = Tab::new() else { return };
    let place = Place::new();
    for name in REPORTS {
        let file = report(&place, name);
        tab.look(Look { scripts: false, ..WIDE });
        tab.open(&file);
        assert_eq!(strings(&tab.js(UNSEEN)), Vec::<String>::new(), "{name}");
        let idle = "[...document.querySelectorAll('button, input, select')].filter((e) => e.checkVisibility()).length";
        assert_eq!(tab.js(idle), 0, "{name}: a control that does nothing");
        let rows = tab.js("document.querySelectorAll('#top > tbody > tr').length");
        let details = tab.js("document.querySelectorAll('#top details').length").as_u64();
        assert!(rows == 0 || details > Some(0), "{name}: no points to open");
        if details > Some(0) {
            tab.tab_to("#top summary");
            tab.key("Enter");
            let opened = tab.js("document.querySelector('#top details[open] .points').innerText");
            assert!(opened.as_str().is_some_and(|text| text.contains('+')), "{name}: {opened}");
        }
    }
}

#[test]
fn paper_has_every_pages_points_and_no_controls() {
    let Some(mut tab) = Tab::new() else { return };
    let place = Place::new();
    let file = report(&place, "typical");
    tab.look(Look { media: "print", dark: true, ..WIDE });
    tab.open(&file);
    let shown = |selector: &str| {
        format!(
            "[...document.querySelectorAll({selector:?})].filter((e) => e.checkVisibility()).length"
        )
    };
    assert_eq!(tab.js(&shown("button, input, select, nav, summary")), 0);
    let points = tab.js("document.querySelectorAll('.points > tbody > tr').length");
    assert!(points.as_u64() > Some(300), "{points}");
    assert_eq!(tab.js(&shown(".points > tbody > tr")), points);
    let paper = tab.js("getComputedStyle(document.body).backgroundColor");
    assert_eq!(paper, "rgb(255, 255, 255)", "also of a dark screen");
    // Heads are repeated by these; a button in a repeated head is left out by Chromium.
    assert_eq!(
        tab.js("getComputedStyle(document.querySelector('#top > thead')).display"),
        "table-header-group"
    );
    assert_eq!(
        tab.js("getComputedStyle(document.querySelector('#top > thead button')).display"),
        "contents"
    );
}
