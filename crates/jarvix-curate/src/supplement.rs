//! Content that a page states but does not show: structured data and what some platforms preload
//! for their scripts, as markup that is read behind the page's own.
//!
//! Bounded in bytes and in nesting. What it refuses to do: decide whether the page shows the same
//! already; that is asked where content is chosen.

use jarvix_html::{TokenKind, tokens};
use serde_json::{Map, Value};

use crate::survey::Survey;

/// Bytes that are added to one page.
const BYTES_MAX: usize = 512 * 1024;
/// Levels of structured data that are followed.
const LEVELS_MAX: usize = 4;
/// The class of everything that is added.
pub(crate) const CLASS: &str = "ldjson";

/// Keys whose text is content, in the order in which it is written.
const TEXT_KEYS: &[&str] =
    &["name", "headline", "description", "articleBody", "text", "reviewBody"];
/// Keys whose objects are followed.
const PART_KEYS: &[&str] = &[
    "item",
    "itemListElement",
    "acceptedAnswer",
    "suggestedAnswer",
    "comment",
    "hasCourseInstance",
];
/// Types that say nothing about the content of the page.
const OTHER_TYPES: &[&str] = &[
    "Organization",
    "Corporation",
    "WebSite",
    "BreadcrumbList",
    "ImageObject",
    "Person",
    "VideoObject",
    "SiteNavigationElement",
    "SearchAction",
    "Brand",
    "Place",
    "LocalBusiness",
    "Offer",
    "WPHeader",
    "WPFooter",
];

/// Markup to read behind the page; empty if there is nothing.
pub(crate) fn of(html: &str, survey: &Survey) -> String {
    let mut out = String::new();
    for object in survey.structured.objects() {
        write_object(object, 0, &mut out);
    }
    if html.contains("data-preloaded=") {
        preloaded_posts(html, &mut out);
    }
    out
}

fn write_object(object: &Map<String, Value>, level: usize, out: &mut String) {
    let kind = object.get("@type").and_then(|kind| match kind {
        Value::Array(kinds) => kinds.first()?.as_str(),
        kind => kind.as_str(),
    });
    let kind = kind.unwrap_or("none").trim_start_matches("http://schema.org/");
    if OTHER_TYPES.contains(&kind) || level >= LEVELS_MAX {
        return;
    }
    for key in TEXT_KEYS {
        if let Some(text) = object.get(*key).and_then(Value::as_str) {
            write_text(kind, key, text, out);
        }
    }
    for key in PART_KEYS {
        let parts = match object.get(*key) {
            Some(Value::Array(parts)) => parts.as_slice(),
            Some(part) => std::slice::from_ref(part),
            None => continue,
        };
        for part in parts.iter().filter_map(Value::as_object) {
            write_object(part, level + 1, out);
        }
    }
}

fn write_text(kind: &str, key: &str, text: &str, out: &mut String) {
    if text.is_empty() || out.len() + text.len() > BYTES_MAX {
        return;
    }
    let plain = |name: &str| -> String {
        name.chars().filter(char::is_ascii_alphabetic).take(18).collect::<String>().to_lowercase()
    };
    out.push_str(&format!(
        "<div class=\"{CLASS} ld{} ldkey{}\">{text}</div>",
        plain(kind),
        plain(key)
    ));
}

/// The posts that Discourse leaves for its scripts in an attribute, as JSON in JSON.
fn preloaded_posts(html: &str, out: &mut String) {
    let stated = tokens(html).find_map(|token| match token.kind {
        TokenKind::StartTag(tag) => tag.attribute("data-preloaded"),
        _ => None,
    });
    let Some(Ok(Value::Object(stores))) = stated.map(|text| serde_json::from_str(&text)) else {
        return;
    };
    let topics = stores.iter().filter(|(key, _)| key.starts_with("topic_"));
    for topic in topics.filter_map(|(_, topic)| topic.as_str()) {
        let Ok(topic) = serde_json::from_str::<Value>(topic) else { continue };
        let posts = topic.pointer("/post_stream/posts").and_then(Value::as_array);
        for post in posts.into_iter().flatten() {
            if let Some(text) = post.get("cooked").and_then(Value::as_str) {
                write_text("DiscoursePost", "cooked", text, out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(html: &str) -> String {
        of(html, &Survey::of(html))
    }

    #[test]
    fn stated_texts_are_added() {
        let html = "<script type=application/ld+json>{\"@type\":\"Product\",\"name\":\"Kettle\",\
                    \"description\":\"Copper.\",\"offers\":{\"@type\":\"Offer\",\"name\":\"no\"}}</script>\
                    <script type=application/ld+json>{\"@type\":\"Organization\",\"name\":\"no\"}</script>";
        assert_eq!(
            added(html),
            "<div class=\"ldjson ldproduct ldkeyname\">Kettle</div>\
             <div class=\"ldjson ldproduct ldkeydescription\">Copper.</div>"
        );
        assert_eq!(added("<p>Nothing stated"), "");
    }

    #[test]
    fn preloaded_posts_are_added() {
        let html = "<div data-preloaded='{&quot;topic_7&quot;:&quot;{\\&quot;post_stream\\&quot;:\
                    {\\&quot;posts\\&quot;:[{\\&quot;cooked\\&quot;:\\&quot;<p>Hi</p>\\&quot;}]}}&quot;}'>";
        assert!(added(html).contains("<p>Hi</p>"), "{}", added(html));
        assert_eq!(added("<div data-preloaded='{'>"), "");
    }

    #[test]
    fn what_is_added_is_bounded() {
        let item = "{\"@type\":\"Thing\",\"name\":\"".to_owned() + &"x".repeat(1_000) + "\"},";
        let html = format!(
            "<script type=application/ld+json>{{\"itemListElement\":[{}{{}}]}}</script>",
            item.repeat(1_500)
        );
        assert!(added(&html).len() < 2 * BYTES_MAX);
    }
}
