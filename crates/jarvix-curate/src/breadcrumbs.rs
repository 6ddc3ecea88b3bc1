//! Where a page stands on its site: its breadcrumbs, from structured data, microdata, or the
//! element that shows them.

use serde_json::{Map, Value};

use crate::clean::line;
use crate::microdata::{Item, text_of};
use crate::sources::Sources;
use crate::structured::{Structured, has_type};
use crate::tree::{Kind, Name, Tree};
use crate::vocabulary::class_words;

const CRUMBS_MAX: usize = 12;
const CRUMB_CHARS_MAX: usize = 120;
/// Nodes of the element that shows them.
const NODES_MAX: u32 = 400;

/// The names from the top down; empty where the page has none.
pub(crate) fn of(structured: &Structured, tree: &Tree<'_>, sources: &mut Sources) -> Vec<String> {
    let in_markup = || {
        let item = Item::find(tree, &["BreadcrumbList"]);
        item.map(|item| cleaned(item.all("name"))).unwrap_or_default()
    };
    let mut take = |crumbs: Vec<String>, source: &str, confidence: f32| {
        let found = !crumbs.is_empty();
        if found {
            sources.push("breadcrumbs", source, confidence);
        }
        found.then_some(crumbs)
    };
    take(stated(structured), "json_ld BreadcrumbList", 0.95)
        .or_else(|| take(in_markup(), "microdata BreadcrumbList", 0.9))
        .or_else(|| take(shown(tree), "breadcrumb element", 0.7))
        .unwrap_or_default()
}

fn cleaned<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<String> {
    let crumb = |text: &str| {
        let text = jarvix_html::unescape(text);
        line(
            text.trim_matches(|c: char| !c.is_alphanumeric() && c != '(' && c != ')'),
            CRUMB_CHARS_MAX,
        )
    };
    let mut crumbs: Vec<String> = texts.filter_map(crumb).take(CRUMBS_MAX).collect();
    crumbs.dedup();
    crumbs
}

fn stated(structured: &Structured) -> Vec<String> {
    let is_list = |object: &&Map<String, Value>| has_type(object, |name| name == "BreadcrumbList");
    let of_page = |object: &'_ Map<String, Value>| object.get("breadcrumb")?.as_object().cloned();
    let found = structured.objects().iter().find(is_list).cloned();
    let Some(found) = found.or_else(|| structured.objects().iter().find_map(of_page)) else {
        return Vec::new();
    };
    let Some(Value::Array(items)) = found.get("itemListElement") else { return Vec::new() };
    let mut names: Vec<(i64, &str)> = items.iter().take(CRUMBS_MAX * 2).filter_map(crumb).collect();
    names.sort_by_key(|(position, _)| *position);
    cleaned(names.into_iter().map(|(_, name)| name))
}

fn crumb(item: &Value) -> Option<(i64, &str)> {
    let place = item.get("position");
    let position = place.and_then(|p| p.as_i64().or_else(|| p.as_str()?.parse().ok()));
    let name = item.get("name").or_else(|| item.get("item")?.get("name"))?.as_str()?;
    Some((position.unwrap_or(i64::MAX), name))
}

/// The links, or else the list items, of the first element that is called breadcrumbs.
fn shown(tree: &Tree<'_>) -> Vec<String> {
    let is_trail = |at: &u32| {
        let Some(tag) = tree.tag(*at) else { return false };
        let mut called = false;
        for (key, value) in tag.attributes() {
            if ["class", "id", "aria-label"].iter().any(|known| key.eq_ignore_ascii_case(known)) {
                class_words(value, |word| called |= word.starts_with("breadcrumb"));
            }
        }
        called && !matches!(tree.nodes[*at as usize].name, Name::Body | Name::Html)
    };
    let Some(trail) = (1..tree.nodes.len() as u32).find(is_trail) else { return Vec::new() };
    let end = tree.nodes[trail as usize].end.min(trail + NODES_MAX);
    let texts_in = |wanted: Name| -> Vec<String> {
        let is_wanted = |at: &u32| {
            let node = &tree.nodes[*at as usize];
            node.name == wanted && matches!(node.kind, Kind::Element(_))
        };
        (trail + 1..end).filter(is_wanted).map(|at| text_of(tree, at)).collect()
    };
    let items = texts_in(Name::Li);
    let texts = if items.is_empty() { texts_in(Name::A) } else { items };
    cleaned(texts.iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::survey::Survey;

    fn crumbs(html: &str) -> Vec<String> {
        let tree = Tree::of(html, html.len());
        of(&Survey::of(html).structured, &tree, &mut Sources::default())
    }

    #[test]
    fn breadcrumbs_are_found_in_each_form() {
        let json = "<script type=application/ld+json>{\"@type\":\"BreadcrumbList\",\"itemListElement\":\
                    [{\"position\":2,\"item\":{\"name\":\"Kettles\"}},{\"position\":1,\"name\":\"Home\"}]}</script>";
        let micro = "<ol itemscope itemtype=http://schema.org/BreadcrumbList><li itemprop=itemListElement \
                     itemscope><span itemprop=name>Home</span><li><span itemprop=name>Kettles</span></ol>";
        let class =
            "<nav class='c-breadcrumbs'><ul><li><a href=/>Home</a> / <li>&gt; Kettles</ul></nav>";
        let links = "<div id=breadcrumb><a href=/>Home</a> &raquo; <a href=/k>Kettles</a></div>";
        for html in [json, micro, class, links] {
            assert_eq!(crumbs(html), ["Home", "Kettles"], "{html}");
        }
        assert!(crumbs("<p>Home / Kettles").is_empty());
    }
}
