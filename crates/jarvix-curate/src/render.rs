//! The chosen units of a page as text and as Markdown, straight from the tree.
//!
//! Text: a unit a line, cells of a table row in one line. Markdown: written by the walk over the
//! nodes that hold chosen units, the rest is passed over. What it refuses to do: build HTML again.

use jarvix_html::unescape;

use crate::clean;
use crate::markdown::Writer;
use crate::tree::{Kind, Name, Tree};
use crate::units::{Unit, Units};

/// Levels between a unit and the cell that holds it.
const CELL_LEVELS: usize = 4;
/// Levels between a unit and the heading that it is.
const HEADING_LEVELS: usize = 3;
const HEADING_CHARS_MAX: usize = 1_000;

/// The chosen units, one a line.
pub(crate) fn text(tree: &Tree<'_>, units: &Units, chosen: &[bool]) -> String {
    let mut out = String::new();
    let mut row_before = None;
    for unit in chosen_units(units, chosen) {
        let row = row_of(tree, units, unit);
        if !out.is_empty() {
            out.push_str(if row.is_some() && row == row_before { " | " } else { "\n" });
        }
        let text = units.text(unit);
        if row.is_some() {
            out.push_str(&text.replace('\n', " "));
        } else {
            out.push_str(text);
        }
        row_before = row;
    }
    out
}

/// The chosen units that are headings, with their levels, cleaned as the text is.
pub(crate) fn headings(tree: &Tree<'_>, units: &Units, chosen: &[bool]) -> Vec<(u8, String)> {
    let heading = |unit: &Unit| {
        let mut blocks = tree.path(unit.block).take(HEADING_LEVELS);
        let level = blocks.find_map(|at| match tree.nodes[at as usize].name.heading_level() {
            0 => None,
            level => Some(level),
        })?;
        let (text, _) = clean::paragraphs(units.text(unit), HEADING_CHARS_MAX);
        // A heading of several lines stands in the text as such; its first line begins the section.
        let first = text.lines().next().filter(|line| !line.is_empty())?;
        Some((level, first.to_owned()))
    };
    chosen_units(units, chosen).filter_map(heading).collect()
}

fn chosen_units<'u>(units: &'u Units, chosen: &'u [bool]) -> impl Iterator<Item = &'u Unit> {
    units.units.iter().zip(chosen).filter(|(_, chosen)| **chosen).map(|(unit, _)| unit)
}

/// The table row of a unit that is all of its cell.
fn row_of(tree: &Tree<'_>, units: &Units, unit: &Unit) -> Option<u32> {
    let cell = tree
        .path(unit.block)
        .take(CELL_LEVELS)
        .find(|at| matches!(tree.nodes[*at as usize].name, Name::Td | Name::Th))?;
    (units.counts[cell as usize].units == 1).then(|| tree.nodes[cell as usize].parent)
}

/// The chosen units as Markdown.
pub(crate) fn markdown(tree: &Tree<'_>, units: &Units, chosen: &[bool]) -> String {
    let held = held(tree, units, chosen);
    let mut writer = Writer::default();
    let mut open: Vec<u32> = Vec::new();
    let mut waiting = chosen_units(units, chosen).peekable();
    let mut at = 1u32;
    while let Some(node) = tree.nodes.get(at as usize) {
        while let Some(last) = open.last().filter(|last| tree.nodes[**last as usize].end <= at) {
            writer.end(tree.nodes[*last as usize].name.as_str());
            open.pop();
        }
        while waiting.peek().is_some_and(|unit| unit.end <= at) {
            waiting.next();
        }
        let in_unit = waiting.peek().is_some_and(|unit| unit.first <= at);
        match node.kind {
            Kind::Text(raw) => {
                if in_unit {
                    writer.text(&unescape(raw));
                }
            }
            Kind::Element(_) => {
                let is_cell = matches!(node.name, Name::Td | Name::Th);
                if node.name.is_skipped() || !(held[at as usize] || in_unit || is_cell) {
                    at = node.end;
                    continue;
                }
                writer.start(node.name.as_str());
                if node.end > at + 1 || is_cell {
                    open.push(at);
                }
            }
        }
        at += 1;
    }
    for at in open.into_iter().rev() {
        writer.end(tree.nodes[at as usize].name.as_str());
    }
    writer.finish()
}

/// Which nodes hold a piece of a chosen unit.
fn held(tree: &Tree<'_>, units: &Units, chosen: &[bool]) -> Vec<bool> {
    let mut held = vec![false; tree.nodes.len()];
    for unit in chosen_units(units, chosen) {
        for at in unit.first..unit.end {
            held[at as usize] = matches!(tree.nodes[at as usize].kind, Kind::Text(_));
        }
    }
    for at in (1..held.len()).rev() {
        if held[at] {
            held[tree.nodes[at].parent as usize] = true;
        }
    }
    held
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(html: &str, left_out: &[&str]) -> (String, String) {
        let tree = Tree::of(html, html.len());
        let units = Units::of(&tree);
        let chosen: Vec<bool> =
            units.units.iter().map(|unit| !left_out.contains(&units.text(unit))).collect();
        (text(&tree, &units, &chosen), markdown(&tree, &units, &chosen))
    }

    #[test]
    fn chosen_units_become_text_and_markdown() {
        let html = "<nav><ul><li>Home</ul></nav><h1>Head</h1><p>One <b>bold</b><br>line.</p>\
                    <table><tr><th>A<th>B<tr><td>1<td>2</table><ol><li>x<li>y</ol>\
                    <pre>a\n  b</pre><blockquote>q</blockquote><footer>Foot</footer>";
        let (text, markdown) = both(html, &["Home", "Foot"]);
        assert_eq!(text, "Head\nOne bold\nline.\nA | B\n1 | 2\nx\ny\na\nb\nq");
        assert_eq!(
            markdown,
            "# Head\n\nOne **bold**\nline.\n\n| A | B |\n| --- | --- |\n| 1 | 2 |\n\n1. x\n2. y\n\n\
             ```\na\n  b\n```\n\n> q"
        );
    }
}
