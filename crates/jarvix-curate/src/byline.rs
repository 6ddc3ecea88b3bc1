//! Who wrote a page and when, from what it shows: author links and bylines, the first post of a
//! thread, time elements, written dates near the main heading.
//!
//! One pass over the nodes; only short texts are looked at. What it refuses to do: overrule what the
//! page states in its head, or take a name from navigation, comments and lists of other pages.

mod name;

use jarvix_html::Tag;

use crate::dates;
use crate::microdata::text_of;
use crate::tree::{Kind, Name, Tree};
use crate::units::Units;
use crate::vocabulary::class_words;

pub(crate) use name::without_lead;

/// Longest text that a written date or a byline is looked for in, in bytes.
const LINE_BYTES_MAX: usize = 120;
/// Units behind the main heading where a date or a byline may stand alone.
const UNITS_BEHIND_MAX: usize = 8;
/// The same before it.
const UNITS_BEFORE_MAX: usize = 3;
/// Main headings that are kept.
const HEADINGS_MAX: usize = 5;

/// What a page shows of its making.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Byline {
    /// The author's name, and whether the markup itself says that it is one.
    pub(crate) author: Option<(String, bool)>,
    /// The day of publication, in ISO form.
    pub(crate) published: Option<String>,
    /// The day of the last change, in ISO form.
    pub(crate) modified: Option<String>,
    /// Main headings, in page order.
    pub(crate) headings: Vec<String>,
}

/// What `tree` shows of its making; a thread was made by whoever wrote its first post.
pub(crate) fn of(tree: &Tree<'_>, units: &Units, added: u32, is_thread: bool) -> Byline {
    let mut found = Byline::default();
    let mut authors: [Option<String>; AUTHOR_RANKS] = Default::default();
    let mut days: [Option<String>; 3] = Default::default();
    let mut at = 1u32;
    while let Some(node) = tree.nodes.get(at as usize).filter(|_| at < added) {
        let Kind::Element(tag) = &node.kind else {
            at += 1;
            continue;
        };
        if node.name == Name::H1 && found.headings.len() < HEADINGS_MAX {
            let heading = text_of(tree, at);
            if !heading.is_empty() {
                found.headings.push(heading);
            }
        }
        let role = Role::of(tag, node.name, is_thread);
        if role.elsewhere {
            at = node.end;
            continue;
        }
        if let Some((rank, stated)) = role.author
            && authors[rank].is_none()
        {
            authors[rank] = match stated {
                Some(stated) => name::of_text(&stated),
                None => name::of_element(tree, at),
            };
        }
        if let Some(rank) = role.published
            && days[rank].is_none()
        {
            days[rank] = role.stated_day.or_else(|| day(tree, at, tag));
        }
        if role.modified && found.modified.is_none() {
            found.modified = day(tree, at, tag);
        }
        at += 1;
    }
    let order: [usize; AUTHOR_RANKS] = if is_thread { [1, 0, 4, 2, 3] } else { [0, 2, 3, 1, 4] };
    let best = order.into_iter().find(|rank| authors[*rank].is_some());
    let named = best.and_then(|rank| Some((authors[rank].take()?, rank < 2)));
    found.author = named.or_else(|| name_near_heading(tree, units).map(|name| (name, false)));
    found.published = days.into_iter().flatten().next();
    if found.published.is_none() {
        let near = day_near_heading(tree, units);
        let first = || is_thread.then(|| first_day(tree, units, added)).flatten();
        found.published = near.or_else(first);
    }
    found
}

/// Ways in which an element may name an author: `rel` or microdata, an attribute, the class of a
/// byline, the address of an author's page, the name of a user.
const AUTHOR_RANKS: usize = 5;

/// What an element says about the page's making, by rank.
#[derive(Default)]
struct Role {
    /// The rank, and the name if an attribute has it.
    author: Option<(usize, Option<String>)>,
    /// The lower the surer.
    published: Option<usize>,
    /// The day that an attribute of the element's own states.
    stated_day: Option<String>,
    modified: bool,
    /// Whether what stands in it is about other pages.
    elsewhere: bool,
}

impl Role {
    fn of(tag: &Tag<'_>, name: Name, is_thread: bool) -> Self {
        let mut role = Self {
            elsewhere: matches!(name, Name::Nav | Name::Footer | Name::Aside) || name.is_skipped(),
            ..Self::default()
        };
        if name == Name::Time {
            role.published = Some(1);
        }
        for (key, value) in tag.attributes() {
            role.look(&key.to_ascii_lowercase(), value, name, is_thread);
        }
        if role.modified {
            role.published = None;
        }
        role
    }

    fn look(&mut self, key: &str, value: &str, name: Name, is_thread: bool) {
        match key {
            "rel" if value.eq_ignore_ascii_case("author") => self.name(0, None),
            "itemprop" | "property" => match value {
                "author" => self.name(0, None),
                "datePublished" | "dateCreated" => self.published = Some(0),
                "dateModified" => self.modified = true,
                _ => {}
            },
            "data-author" | "data-author-username" | "data-author-name" => {
                self.name(1, Some(value.to_owned()));
            }
            "data-pubdate" | "data-published" | "data-publish-date" | "created-timestamp" => {
                if let Some(day) = dates::iso(value) {
                    (self.published, self.stated_day) = (Some(0), Some(day));
                }
            }
            // Threads of some sites are elements of their own with an attribute for it.
            "author" if is_thread => self.name(1, Some(value.to_owned())),
            "href" if name == Name::A && is_author_page(value) => self.name(3, None),
            "class" | "id" => class_words(value, |word| self.look_at_class(word, name, is_thread)),
            _ => {}
        }
    }

    fn look_at_class(&mut self, word: &str, name: Name, is_thread: bool) {
        match word {
            "author" | "authors" | "byline" | "writer" => self.name(2, None),
            "username" | "bigusername" | "poster" | "postauthor" => self.name(4, None),
            "date" | "dates" | "published" | "posted" | "timestamp" | "pubdate" | "dateline" => {
                self.published = self.published.or(Some(2));
            }
            "updated" | "modified" | "lastmod" => self.modified = true,
            "related" | "sidebar" | "footer" => {
                self.elsewhere |= !matches!(name, Name::Html | Name::Body | Name::Main);
            }
            "comments" | "commentlist" => {
                self.elsewhere |=
                    !is_thread && !matches!(name, Name::Html | Name::Body | Name::Main);
            }
            _ => {}
        }
    }

    /// The surest way to an author counts.
    fn name(&mut self, rank: usize, stated: Option<String>) {
        if self.author.as_ref().is_none_or(|(known, _)| rank < *known) {
            self.author = Some((rank, stated));
        }
    }
}

/// Whether an address leads to what a site has of an author.
fn is_author_page(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let mut parts = path.rsplit('/');
    let (name, folder) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    name.len() > 2 && matches!(folder, "author" | "authors" | "contributors" | "writers" | "byline")
}

fn day(tree: &Tree<'_>, at: u32, tag: &Tag<'_>) -> Option<String> {
    let stated = ["datetime", "content", "title"].iter().find_map(|key| tag.attribute(key));
    if let Some(found) =
        stated.and_then(|value| dates::iso(&value).or_else(|| dates::written(&value)))
    {
        return Some(found);
    }
    let text = text_of(tree, at);
    if text.len() > LINE_BYTES_MAX {
        return None;
    }
    dates::written(&text)
}

/// The short units around the main heading, those behind it first.
fn near_heading<'u>(tree: &'u Tree<'_>, units: &'u Units) -> Option<impl Iterator<Item = &'u str>> {
    let is_heading = |at: usize| tree.nodes[units.units[at].block as usize].name == Name::H1;
    let heading = (0..units.units.len()).find(|at| is_heading(*at))?;
    let near = (heading + 1..heading + 1 + UNITS_BEHIND_MAX)
        .chain((heading.saturating_sub(UNITS_BEFORE_MAX)..heading).rev());
    let near = near.filter_map(|at| units.units.get(at)).map(|unit| units.text(unit));
    Some(near.filter(|text| text.len() <= LINE_BYTES_MAX))
}

/// The first date in a thread that is no member's: that of its first post.
fn first_day(tree: &Tree<'_>, units: &Units, added: u32) -> Option<String> {
    let shown = units.units.iter().filter(|unit| unit.first < added);
    let texts = shown.filter(|unit| !is_navigation(tree, unit.block)).map(|unit| units.text(unit));
    let short = texts.filter(|text| text.len() <= LINE_BYTES_MAX);
    short.filter(|text| text.bytes().any(|b| b.is_ascii_digit())).find_map(|text| {
        let lower = text.trim_start().to_lowercase();
        let is_member = lower.starts_with("join") || lower.starts_with("member since");
        if is_member { None } else { dates::written(text) }
    })
}

fn is_navigation(tree: &Tree<'_>, at: u32) -> bool {
    tree.path(at).any(|at| matches!(tree.nodes[at as usize].name, Name::Nav | Name::Aside))
}

fn day_near_heading(tree: &Tree<'_>, units: &Units) -> Option<String> {
    near_heading(tree, units)?.find_map(dates::written)
}

/// `By Ada Miller`, or `Written by` and the name in the next unit.
fn name_near_heading(tree: &Tree<'_>, units: &Units) -> Option<String> {
    let mut only_lead = false;
    for text in near_heading(tree, units)? {
        let rest = without_lead(text);
        let said = rest.len() < text.len();
        if (said || only_lead)
            && let Some(name) = name::of_text(rest).filter(|name| name::is_capitalised(name))
        {
            return Some(name);
        }
        only_lead = name::is_lead(text);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn byline(html: &str, is_thread: bool) -> (Option<String>, Option<String>) {
        let tree = Tree::of(html, html.len());
        let found = of(&tree, &Units::of(&tree), u32::MAX, is_thread);
        (found.author.map(|(name, _)| name), found.published)
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
            ("<h1>H</h1><p>Last updated: 17.05.2021</p>", None, Some("2021-05-17")),
            ("<p>Open since 17.05.2021</p>", None, None),
            ("<main data-pubdate=2025-03-04><p>x", None, Some("2025-03-04")),
            ("<h1>H</h1><p>Written by</p><p>Ada Miller</p>", Some("Ada Miller"), None),
            ("<h1>H</h1><p>by Ada Miller</p>", Some("Ada Miller"), None),
            ("<h1>H</h1><p>by the river and over the hills</p>", None, None),
            ("<a href=/authors/ada-miller>Ada Miller</a>", Some("Ada Miller"), None),
            (
                "<div class=author>Share this with everyone you have ever known, please</div>",
                None,
                None,
            ),
        ];
        for (html, author, date) in cases {
            let (a, d) = byline(html, false);
            assert_eq!((a.as_deref(), d.as_deref()), (author, date), "{html}");
        }
    }

    #[test]
    fn a_thread_was_made_by_its_first_poster() {
        let posts =
            "<div class=comments><div data-author=ada>x</div><a class=username>bob</a></div>";
        assert_eq!(byline(posts, true).0.as_deref(), Some("ada"));
        assert_eq!(byline(posts, false).0, None);
        let days = "<p>Joined: 2 Jan 2020</p><p>Sun Dec 17, 2023 11:23 am</p><p>1 Jan 2024</p>";
        assert_eq!(byline(days, true).1.as_deref(), Some("2023-12-17"));
        assert_eq!(byline(days, false).1, None);
    }

    #[test]
    fn a_change_is_not_a_publication() {
        let html = "<span itemprop=dateModified content=2025-05-01>x</span>\
                    <span itemprop=datePublished content=2025-03-04>y</span>";
        let tree = Tree::of(html, html.len());
        let found = of(&tree, &Units::of(&tree), u32::MAX, false);
        assert_eq!(found.published.as_deref(), Some("2025-03-04"));
        assert_eq!(found.modified.as_deref(), Some("2025-05-01"));
    }
}
