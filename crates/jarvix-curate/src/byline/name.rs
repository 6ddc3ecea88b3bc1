//! A person's name in a byline: without the words before it, the role behind it, the date beside it.
//!
//! What it refuses to do: know names. It tells a name from other text by its shape.

use crate::microdata::text_of;
use crate::tree::{Kind, Name, Tree};

/// Longest text that may be a name, in characters.
const NAME_CHARS_MAX: usize = 60;
/// Most words of a name.
const NAME_WORDS_MAX: usize = 6;
/// Nodes of an element that is said to hold a name.
const NODES_MAX: u32 = 40;

/// What stands before a name, in lower case, the longer ones first.
const LEADS: &[&str] = &[
    "written and reviewed by",
    "medically reviewed by",
    "article written by",
    "contributed by",
    "published by",
    "authored by",
    "started by",
    "created by",
    "written by",
    "posted by",
    "story by",
    "words by",
    "text by",
    "author:",
    "author",
    "by:",
    "by",
    "von",
    "par",
    "por",
    "di",
    "door",
];

/// First words of texts that are no names, in lower case.
#[rustfmt::skip]
const NO_NAMES: &[&str] = &[
    "about", "share", "view", "more", "read", "follow", "posts", "updated", "published", "posted",
    "reviewed", "last", "on", "in", "at", "written", "by", "the", "edited", "fact", "medically",
    "comments", "reply", "all", "see", "our", "meet", "contact", "subscribe", "anonymous", "admin",
    "skip", "undefined", "null", "none", "how", "what", "why", "when", "this", "from", "unknown",
    "author", "authors", "offline", "online", "photo", "image", "source", "guest", "join", "home",
];

/// Words that say what somebody is, in lower case.
#[rustfmt::skip]
const ROLES: &[&str] = &[
    "writer", "editor", "reporter", "contributor", "founder", "author", "director", "manager",
    "journalist", "correspondent", "staff", "senior", "chief", "lead", "expert", "reviewer",
    "columnist", "owner", "ceo", "cto", "head", "specialist", "consultant", "strategist", "member",
    "moderator", "administrator", "greenhorn", "newbie",
];

/// The name in the element at `at`.
pub(super) fn of_element(tree: &Tree<'_>, at: u32) -> Option<String> {
    let end = tree.nodes[at as usize].end.min(at + NODES_MAX);
    if let Some(stated) = stated(tree, at, end) {
        return Some(stated);
    }
    let whole = text_of(tree, at);
    let pieces: Vec<String> = (at..end)
        .filter(|inner| matches!(tree.nodes[*inner as usize].kind, Kind::Text(_)))
        .map(|inner| text_of(tree, inner))
        .filter(|text| text.chars().any(char::is_alphanumeric))
        .collect();
    let plain = of_text(&whole).filter(|name| pieces.len() < 2 || is_capitalised(name));
    if let Some(name) = plain.filter(|name| !says_role(name)) {
        return Some(name);
    }
    let links = (at + 1..end).filter(|inner| tree.nodes[*inner as usize].name == Name::A);
    let linked = links.filter_map(|inner| of_text(&text_of(tree, inner))).next();
    let mut named = pieces.iter().filter_map(|piece| of_text(piece));
    linked.or_else(|| named.find(|name| !says_role(name))).or_else(|| of_text(&whole))
}

/// A name that the markup itself calls one.
fn stated(tree: &Tree<'_>, at: u32, end: u32) -> Option<String> {
    let is_name = |inner: &u32| {
        let tag = tree.tag(*inner);
        tag.is_some_and(|tag| tag.attribute("itemprop").is_some_and(|property| property == "name"))
    };
    let inner = (at + 1..end).find(is_name)?;
    let content = tree.tag(inner).and_then(|tag| tag.attribute("content"));
    match content {
        Some(content) => of_text(&content),
        None => of_text(&text_of(tree, inner)),
    }
}

/// The name in a byline, if it looks like one.
pub(super) fn of_text(text: &str) -> Option<String> {
    let text = without_lead(text.trim());
    let end = text.find(['|', '•', '·', '–', '—', '(', '/', '\n']).unwrap_or(text.len());
    let text =
        text[..end].trim().trim_matches(['@', '~', '-', ' ']).trim_end_matches([',', ':', '-']);
    let words: Vec<&str> = text.split_whitespace().collect();
    // Some bylines hold the name twice, for two widths of screen.
    let half = words.len() / 2;
    let words =
        if half > 0 && words[..half] == words[half..] { &words[..half] } else { &words[..] };
    let first = words.first()?.to_lowercase();
    let is_number = |word: &&str| word.chars().all(|c| !c.is_alphabetic());
    let fits = words.len() <= NAME_WORDS_MAX
        && text.chars().count() <= NAME_CHARS_MAX
        && !words.iter().any(|word| is_number(word) && *word != "&")
        && !text.contains(['@', '?', '!', '{', '<', ';'])
        && !NO_NAMES.contains(&first.trim_end_matches([':', ',']));
    fits.then(|| words.join(" "))
}

/// `text` without what commonly stands before a name.
pub(crate) fn without_lead(text: &str) -> &str {
    let mut text = text;
    for lead in LEADS {
        if let Some(head) = text.get(..lead.len())
            && head.eq_ignore_ascii_case(lead)
            && text[lead.len()..].starts_with([' ', ':', '\u{a0}'])
        {
            text = text[lead.len()..].trim_start_matches([' ', ':', '\u{a0}']);
        }
    }
    text
}

/// Whether a text is what stands before a name, and nothing else.
pub(super) fn is_lead(text: &str) -> bool {
    let text = text.trim().trim_end_matches(':').to_lowercase();
    LEADS.contains(&text.as_str())
}

/// Whether each word but the small ones begins as names do, and there are at least two.
pub(super) fn is_capitalised(name: &str) -> bool {
    const SMALL: &[&str] = &[
        "and", "und", "et", "y", "e", "&", "de", "da", "di", "van", "von", "der", "la", "le", "del",
    ];
    let mut words = 0;
    name.split(' ').all(|word| {
        words += 1;
        SMALL.contains(&word) || word.chars().next().is_some_and(|c| !c.is_lowercase())
    }) && words > 1
}

fn says_role(name: &str) -> bool {
    name.split([' ', ',']).any(|word| ROLES.contains(&word.to_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_from_what_stands_around_it() {
        let cases = [
            ("By Ada Miller", Some("Ada Miller")),
            ("Text by Ada Miller", Some("Ada Miller")),
            ("Ada Miller Ada Miller", Some("Ada Miller")),
            ("Ada Miller — staff", Some("Ada Miller")),
            ("Ada and Bob Miller", Some("Ada and Bob Miller")),
            ("user_17", Some("user_17")),
            ("March 4, 2025", None),
            ("Author", None),
            ("Updated today", None),
            ("176 4 4 bronze badges", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(of_text(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn an_element_may_hold_more_than_the_name() {
        let name = |html: &str| of_element(&Tree::of(html, html.len()), 1);
        let cases = [
            ("<div><a href=/a>Ada Miller</a> <span>Tech Reporter</span></div>", "Ada Miller"),
            (
                "<div><span>Jun 2</span> <span>Written By</span> <a>Ada Miller</a></div>",
                "Ada Miller",
            ),
            ("<div><meta itemprop=name content=ada><b>Offline</b></div>", "ada"),
            ("<div><a>ada</a> <span>176</span> <span>4 bronze badges</span></div>", "ada"),
            ("<div><span>Ada</span> <span>Miller</span></div>", "Ada Miller"),
        ];
        for (html, expected) in cases {
            assert_eq!(name(html).as_deref(), Some(expected), "{html}");
        }
    }
}
