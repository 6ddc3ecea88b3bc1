//! The empty-shell test: a page that shows nothing until its scripts run.

use crate::elements;
use crate::text::Visibility;
use crate::tokenizer::{Tag, TokenKind, tokens};

/// More visible characters than this are content, whatever the frame is.
const VISIBLE_CHARS_MAX: usize = 200;

/// Ids of the element that single-page applications fill.
const ROOT_IDS: &[&str] = &[
    "root",
    "app",
    "__next",
    "__nuxt",
    "react-root",
    "app-root",
    "main-app",
    "reactapp",
    "application",
    "___gatsby",
    "q-app",
    "svelte",
    "ember-app",
    "vue-app",
    "mount",
    "spa-root",
    "app-mount",
    "react-app",
    "single-spa",
    "app-container",
];

/// Whether the page has an application's root element, scripts to fill it, and hardly any text.
pub fn is_empty_shell(html: &str) -> bool {
    let (mut visible, mut root, mut scripts) = (0, false, false);
    let mut visibility = Visibility::default();
    for token in tokens(html) {
        let seen = visibility.sees(&token);
        match token.kind {
            TokenKind::Text(text) if seen => {
                visible += text.split_whitespace().map(|word| word.chars().count()).sum::<usize>();
                if visible > VISIBLE_CHARS_MAX {
                    return false;
                }
            }
            TokenKind::StartTag(tag) if tag.is("script") => scripts = true,
            TokenKind::StartTag(tag) => root = root || is_root(&tag),
            _ => {}
        }
    }
    root && scripts
}

fn is_root(tag: &Tag<'_>) -> bool {
    // Angular's default name, and elements that only a script can give a meaning.
    if tag.is("app-root") {
        return true;
    }
    let holds = matches!(elements::id(tag.name).as_str(), "div" | "main" | "section" | "body");
    holds
        && tag
            .attribute("id")
            .is_some_and(|id| ROOT_IDS.iter().any(|known| id.trim().eq_ignore_ascii_case(known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shells_are_told_from_short_pages() {
        let shell = "<title>App</title><noscript>You need to enable JavaScript to run this app.\
                     </noscript><div id=root></div><script src=/main.js></script>";
        let filled = format!("<div id=root><p>{}</p></div><script></script>", "word ".repeat(60));
        let cases = [
            (shell, true),
            ("<app-root></app-root><script></script>", true),
            ("<div id='__next'>Loading...</div><script></script>", true),
            (&filled, false),
            ("<p>Short page.</p><script></script>", false),
            ("<div id=root></div>", false),
            ("", false),
        ];
        for (html, expected) in cases {
            assert_eq!(is_empty_shell(html), expected, "{html}");
        }
    }
}
