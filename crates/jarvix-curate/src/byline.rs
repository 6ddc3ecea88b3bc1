//! Who wrote a page and when, from what it shows: author links and bylines, time elements, written
//! dates near the main heading.
//!
//! One pass over the nodes; only short texts are looked at. What it refuses to do: overrule what the
//! page states in its head, or take a name from navigation, comments and lists of other pages.

use jarvix_html::{Tag, unescape};

use crate::dates;
use crate::tree::{Kind, Name, Tree};
use crate::units::Units;
use crate::vocabulary::class_words;

/// Longest text that may be a name, in characters.
const NAME_CHARS_MAX: usize = 60;
/// Most words of a name.
const NAME_WORDS_MAX: usize = 6;
/// Nodes that are looked at for the text of one element.
const TEXT_NODES_MAX: u32 = 40;
/// Longest text that a written date is looked for in, in bytes.
const DATE_BYTES_MAX: usize = 120;
/// Units behind the main heading where a date may stand alone.
const DATE_UNITS_MAX: usize = 8;

/// What a page shows of its making.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Byline {
    /// The author's name.
    pub(crate) author: Option<String>,
    /// The day of publication, in ISO form.
    pub(crate) date: Option<String>,
    /// Main headings, in page order.
    pub(crate) headings: Vec<String>,
}

/// What `tree` shows of its making.
pub(crate) fn of(tree: &Tree<'_>, units: &Units, added: u32) -> Byline {
    let mut found = Byline::default();
    let mut authors: [Option<String>; 3] = Default::default();
    let mut days: [Option<String>; 3] = Default::default();
    let mut at = 1u32;
    while let Some(node) = tree.nodes.get(at as usize).filter(|_| at < added) {
        let Kind::Element(tag) = &node.kind else {
            at += 1;
            continue;
        };
        if node.name == Name::H1 && found.headings.len() < 5 {
            let heading = text_of(tree, at);
            if !heading.is_empty() {
                found.headings.push(heading);
            }
        }
        let role = Role::of(tag, node.name);
        if role.elsewhere {
            at = node.end;
            continue;
        }
        if let Some(rank) = role.author
            && authors[rank].is_none()
        {
            authors[rank] = name(&text_of(tree, at));
        }
        if let Some(rank) = role.date
            && days[rank].is_none()
        {
            days[rank] = day(tree, at, tag);
        }
        at += 1;
    }
    found.author = authors.into_iter().flatten().next();
    found.date = days.into_iter().flatten().next().or_else(|| day_near_heading(tree, units));
    found
}

/// What an element says about the page's making, by rank: the lower the surer.
#[derive(Default)]
struct Role {
    author: Option<usize>,
    date: Option<usize>,
    /// Whether what stands in it is about other pages.
    elsewhere: bool,
}

impl Role {
    fn of(tag: &Tag<'_>, name: Name) -> Self {
        let mut role = Self {
            elsewhere: matches!(name, Name::Nav | Name::Footer | Name::Aside) || name.is_skipped(),
            ..Self::default()
        };
        if name == Name::Time {
            role.date = Some(1);
        }
        for (key, value) in tag.attributes() {
            if key.eq_ignore_ascii_case("rel") && value.eq_ignore_ascii_case("author") {
                role.author = Some(0);
            } else if key.eq_ignore_ascii_case("itemprop") {
                match value {
                    "author" => role.author = Some(0),
                    "datePublished" | "dateCreated" => role.date = Some(0),
                    _ => {}
                }
            } else if key.eq_ignore_ascii_case("class") || key.eq_ignore_ascii_case("id") {
                class_words(value, |word| match word {
                    "author" | "authors" | "byline" | "username" | "writer" => {
                        role.author = role.author.or(Some(if word == "username" { 2 } else { 1 }));
                    }
                    "date" | "published" | "posted" | "timestamp" | "pubdate" | "dateline" => {
                        role.date = role.date.or(Some(2));
                    }
                    "comments" | "commentlist" | "related" | "sidebar" | "footer" => {
                        role.elsewhere |= !matches!(name, Name::Html | Name::Body | Name::Main);
                    }
                    _ => {}
                });
            }
        }
        role
    }
}

/// The text of a small element, white space collapsed.
fn text_of(tree: &Tree<'_>, at: u32) -> String {
    let mut out = String::new();
    for node in
        &tree.nodes[at as usize..tree.nodes[at as usize].end.min(at + TEXT_NODES_MAX) as usize]
    {
        if let Kind::Text(raw) = node.kind
            && out.len() < 400
        {
            out.push_str(&unescape(raw));
            out.push(' ');
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The name in a byline, if it looks like one.
fn name(text: &str) -> Option<String> {
    let mut text = text.trim();
    for lead in [
        "written by",
        "posted by",
        "authored by",
        "published by",
        "words by",
        "author:",
        "author",
        "by:",
        "by",
        "von",
        "par",
    ] {
        if let Some(head) = text.get(..lead.len())
            && head.eq_ignore_ascii_case(lead)
            && text[lead.len()..].starts_with([' ', ':', '\u{a0}'])
        {
            text = text[lead.len()..].trim_start_matches([' ', ':', '\u{a0}']);
        }
    }
    let end = text.find(['|', '•', '·', '–', '—', '(', '\u{2022}', '/']).unwrap_or(text.len());
    let text = text[..end].trim().trim_end_matches([',', ':', '-']).trim();
    let fits = !text.is_empty()
        && text.chars().count() <= NAME_CHARS_MAX
        && text.split(' ').count() <= NAME_WORDS_MAX
        && text.chars().any(char::is_alphabetic)
        && !text.contains(['@', '?', '!', '{', '<']);
    let said = ["about", "share", "view", "more", "read", "follow", "posts"];
    let first = text.split(' ').next().unwrap_or_default().to_lowercase();
    (fits && !said.contains(&first.as_str())).then(|| text.to_owned())
}

fn day(tree: &Tree<'_>, at: u32, tag: &Tag<'_>) -> Option<String> {
    let stated = ["datetime", "content"].iter().find_map(|key| tag.attribute(key));
    if let Some(found) =
        stated.and_then(|value| dates::iso(&value).or_else(|| dates::written(&value)))
    {
        return Some(found);
    }
    let text = text_of(tree, at);
    if text.len() > DATE_BYTES_MAX {
        return None;
    }
    dates::written(&text)
}

/// A date in one of the short units around the main heading.
fn day_near_heading(tree: &Tree<'_>, units: &Units) -> Option<String> {
    let is_heading = |at: usize| tree.nodes[units.units[at].block as usize].name == Name::H1;
    let heading = (0..units.units.len()).find(|at| is_heading(*at))?;
    let near = (heading + 1..heading + 1 + DATE_UNITS_MAX)
        .chain((heading.saturating_sub(3)..heading).rev());
    near.filter_map(|at| units.units.get(at))
        .map(|unit| units.text(unit))
        .filter(|text| text.len() <= DATE_BYTES_MAX)
        .find_map(dates::written)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn byline(html: &str) -> (Option<String>, Option<String>) {
        let tree = Tree::of(html, html.len());
        let found = of(&tree, &Units::of(&tree), u32::MAX);
        (found.author, found.date)
    }

    #[test]
    fn names_and_days_are_read() {
        let cases = [
            ("<a rel=author href=/x>Ada Miller</a>", Some("Ada Miller"), None),
            ("<p class=byline>By Ada Miller | Staff</p>", Some("Ada Miller"), None),
            (
                "<nav class=author>Nobody</nav><time datetime=2025-03-04T10:00>x</time>",
                None,
                Some("2025-03-04T10:00:00"),
            ),
            ("<span class='post-date'>March 4th, 2025</span>", None, Some("2025-03-04")),
            ("<h1>H</h1><p>Updated 4 Mar 2025</p>", None, Some("2025-03-04")),
            (
                "<div class=author>Share this with everyone you have ever known, please</div>",
                None,
                None,
            ),
        ];
        for (html, author, date) in cases {
            let (a, d) = byline(html);
            assert_eq!((a.as_deref(), d.as_deref()), (author, date), "{html}");
        }
    }
}
