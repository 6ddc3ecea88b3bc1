//! Everything that can be done with a report can be done by keyboard, and one sees where one is.

use super::*;

/// What has the focus, and what is wrong with how it shows: nothing marks it, it is outside of the
/// window, or something lies on it.
/// Nothing once the focus has left the page, or has come round to where it was.
const FOCUS: &str = "(() => { const at = document.activeElement; \
    if (at === document.body || seen.has(at)) return null; \
    seen.add(at); \
    const name = at.tagName + '#' + at.id + ' ' + at.textContent.trim().slice(0, 40); \
    const box = at.getClientRects()[0], style = getComputedStyle(at); \
    const wrong = []; \
    if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) wrong.push('unmarked'); \
    if (box.left < 0 || box.top < 0 || box.right > innerWidth + 1 || box.top > innerHeight) \
        wrong.push('outside ' + JSON.stringify(box)); \
    const hit = document.elementFromPoint(box.left + Math.min(box.width, 20) / 2, \
        box.top + box.height / 2); \
    if (!hit || !(at.contains(hit) || hit.contains(at))) wrong.push('covered'); \
    return { name, wrong: wrong.join(', ') }; })()";

#[test]
fn every_stop_is_marked_and_in_sight_forwards_and_backwards() {
    let Some(mut tab) = Tab::new() else { return };
    let place = Place::new();
    let html = jarvix_report::html(&fixtures::typical(12), &jarvix_report::Brand::default())
        .expect("renders");
    let file = place.path().join(place.file("typical.html", html));
    for look in LOOKS {
        tab.look(look);
        tab.open(&file);
        let stops = "document.querySelectorAll('a[href], button:not([hidden]), input, select, summary').length";
        let stops = tab.js(stops).as_u64().expect("a number");
        for backwards in [false, true] {
            tab.js("window.seen = new Set(); 0");
            let mut seen = 0;
            loop {
                if backwards {
                    tab.back()
                } else {
                    tab.key("Tab")
                }
                let stop = tab.js(FOCUS);
                if stop.is_null() {
                    break;
                }
                let way = if backwards { "back" } else { "forth" };
                assert_eq!(stop["wrong"], "", "{} px, {way}: {}", look.width, stop["name"]);
                seen += 1;
            }
            // Links in rows that a screen leaves out are no stops there.
            assert!(seen * 10 >= stops * 9, "{seen} of {stops} stops at {} px", look.width);
        }
    }
}

#[test]
fn the_skip_link_comes_first_and_leads_past_the_contents() {
    let Some(mut tab) = Tab::new() else { return };
    let place = Place::new();
    let file = report(&place, "typical");
    tab.look(WIDE);
    tab.open(&file);
    tab.key("Tab");
    assert_eq!(tab.js("document.activeElement.className"), "skip");
    assert_eq!(tab.js("document.activeElement.getBoundingClientRect().width > 50"), true);
    tab.key("Enter");
    assert_eq!(tab.js("location.hash"), "#report");
    tab.key("Tab");
    assert_eq!(tab.js("document.activeElement.closest('main') !== null"), true);
}

/// Ranks in the order in which the table shows them.
const RANKS: &str = "[...document.querySelectorAll('#top > tbody > tr:not([hidden]) > .c-rank')].map((c) => Number(c.textContent))";

#[test]
fn the_ranking_is_sorted_by_keyboard() {
    let Some(mut tab) = Tab::new() else { return };
    let place = Place::new();
    let file = report(&place, "typical");
    for look in [WIDE, PHONE] {
        tab.look(look);
        tab.open(&file);
        let sorted = "[...document.querySelectorAll('#top > thead th')].map((h) => h.getAttribute('aria-sort'))";
        tab.tab_to("#top > thead .c-score button");
        tab.key("Enter");
        let down = tab.js(RANKS);
        assert_eq!((&down[0], &down[59]), (&1.into(), &60.into()), "highest score first");
        tab.key(" ");
        let up = tab.js(RANKS);
        assert_eq!((&up[0], &up[59]), (&60.into(), &1.into()), "lowest score first");
        assert_eq!(tab.js(sorted)[4], "ascending");
        assert_eq!(tab.js(sorted)[0], Value::Null, "one column at a time");
        assert_eq!(
            tab.js("document.activeElement.closest('th').className.includes('c-score')"),
            true,
            "the focus stays"
        );
        tab.tab_to("#top > thead .c-action button");
        tab.key("Enter");
        let actions =
            tab.js("[...document.querySelectorAll('#top .badge')].map((b) => b.textContent)");
        let mut in_order = strings(&actions);
        in_order.dedup();
        assert_eq!(in_order, ["BUY", "MONITOR", "SKIP"], "in the profile's order");
    }
}

#[test]
fn the_ranking_is_filtered_and_opened_by_keyboard() {
    let Some(mut tab) = Tab::new() else { return };
    let place = Place::new();
    let file = report(&place, "typical");
    tab.look(PHONE);
    tab.open(&file);
    tab.tab_to("#find");
    tab.write("inverter");
    assert_eq!(strings(&tab.js(RANKS)).len(), 5);
    assert_eq!(tab.js("document.getElementById('shown').textContent"), "5 of 60 shown");
    tab.write(" that is nowhere");
    assert_eq!(tab.js("document.getElementById('none').checkVisibility()"), true);
    tab.key("Escape");
    assert_eq!(strings(&tab.js(RANKS)).len(), 60, "Escape clears the field");
    tab.write("prose");
    let told = strings(&tab.js(RANKS)).len();
    assert!(told < 60, "what opens a row is in every row and is not searched");
    tab.key("Escape");
    tab.tab_to("#action");
    tab.key("ArrowDown");
    tab.key("ArrowDown");
    assert_eq!(tab.js("document.getElementById('action').value"), "MONITOR");
    let shown = "[...document.querySelectorAll('#top > tbody > tr:not([hidden]) .badge')].map((b) => b.textContent)";
    let mut shown = strings(&tab.js(shown));
    shown.dedup();
    assert_eq!(shown, ["MONITOR"]);
    let open = "document.querySelectorAll('#top details[open]').length";
    tab.tab_to("#open-all");
    tab.key(" ");
    assert_eq!(tab.js(open), 60);
    assert_eq!(tab.js("document.getElementById('open-all').textContent"), "Close all points");
    tab.key(" ");
    assert_eq!(tab.js(open), 0);
    tab.tab_to("#top summary");
    tab.key("Enter");
    assert_eq!(tab.js(open), 1);
    assert_eq!(tab.js("document.querySelector('details[open] .points').checkVisibility()"), true);
}

#[test]
fn the_theme_is_switched_by_keyboard_and_told() {
    let Some(mut tab) = Tab::new() else { return };
    let place = Place::new();
    let file = report(&place, "empty");
    for dark in [false, true] {
        tab.look(Look { dark, ..WIDE });
        tab.open(&file);
        let paper = "getComputedStyle(document.body).backgroundColor";
        let before = tab.js(paper);
        tab.tab_to("#theme");
        let offered = if dark { "Light colours" } else { "Dark colours" };
        assert_eq!(tab.js("document.activeElement.getAttribute('aria-label')"), offered);
        tab.key("Enter");
        assert_ne!(tab.js(paper), before);
        tab.key("Enter");
        assert_eq!(tab.js(paper), before);
    }
}
