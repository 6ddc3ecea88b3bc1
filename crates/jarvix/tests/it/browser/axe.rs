//! axe-core over the report. A fault that it calls serious or critical fails; lesser ones are
//! printed, and so is what it cannot decide.

use super::*;

/// Every rule that is on by default, and the size of what is pressed, which WCAG 2.2 asks for.
const RUN: &str = "axe.run(document, { resultTypes: ['violations', 'incomplete'], \
    rules: { 'target-size': { enabled: true } } }).then((found) => { \
    const told = (rule) => ({ impact: rule.impact, text: rule.id + ': ' + rule.help \
        + ' (' + rule.nodes.length + ' times), first ' \
        + rule.nodes[0].target.join(' ') + ': ' + rule.nodes[0].failureSummary }); \
    return { passes: found.passes.length, violations: found.violations.map(told), \
        incomplete: found.incomplete.map(told) }; })";

/// What axe finds in the page as it is now.
fn look_for_faults(tab: &mut Tab, axe: &str) -> Value {
    tab.js(&format!("{axe};0"));
    tab.js(RUN)
}

fn is_serious(fault: &Value) -> bool {
    matches!(fault["impact"].as_str(), Some("serious" | "critical"))
}

fn has_no_serious_fault(name: &str) {
    let (Some(axe), Some(mut tab)) = (jarvix_testkit::axe(), Tab::new()) else { return };
    let place = Place::new();
    let file = report(&place, name);
    let mut serious = Vec::new();
    for look in LOOKS {
        tab.look(look);
        tab.open(&file);
        pictures::picture(&mut tab, name, look);
        let found = look_for_faults(&mut tab, &axe);
        assert!(found["passes"].as_u64().is_some_and(|passes| passes > 20), "it hardly looked");
        let screen = format!("{name}, {} px, dark: {}", look.width, look.dark);
        for undecided in found["incomplete"].as_array().into_iter().flatten() {
            say(&format!("{screen}: not decided: {}", undecided["text"]));
        }
        for fault in found["violations"].as_array().into_iter().flatten() {
            let told = format!("{screen}: {}: {}", fault["impact"], fault["text"]);
            say(&told);
            serious.extend(is_serious(fault).then_some(told));
        }
    }
    pictures::print(&mut tab, name);
    assert!(serious.is_empty(), "{}", serious.join("\n"));
}

#[test]
fn the_demo_has_no_serious_fault() {
    has_no_serious_fault("demo");
}

#[test]
fn an_empty_run_has_no_serious_fault() {
    has_no_serious_fault("empty");
}

#[test]
fn a_run_with_trends_has_no_serious_fault() {
    has_no_serious_fault("typical");
}

#[test]
fn a_hostile_run_has_no_serious_fault() {
    has_no_serious_fault("hostile");
}

#[test]
fn a_run_at_every_limit_has_no_serious_fault() {
    has_no_serious_fault("million");
}

/// The harness sees what it is for.
#[test]
fn planted_faults_are_found() {
    let (Some(axe), Some(mut tab)) = (jarvix_testkit::axe(), Tab::new()) else { return };
    let place = Place::new();
    let file = report(&place, "small");
    tab.look(WIDE);
    tab.open(&file);
    tab.js("document.querySelector('.lead').style.color = '#dddddd'; \
        document.documentElement.lang = 'no language'; \
        document.querySelector('#action').closest('label').replaceWith(document.querySelector('#action')); 0");
    let found = look_for_faults(&mut tab, &axe);
    let faults = found["violations"].as_array().expect("a list").iter().filter(|f| is_serious(f));
    let serious: Vec<String> = faults.map(|fault| fault["text"].to_string()).collect();
    for rule in ["color-contrast", "html-lang-valid", "select-name"] {
        assert!(serious.iter().any(|text| text.contains(rule)), "{rule}: {serious:?}");
    }
}
