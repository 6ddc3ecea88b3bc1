//! Microdata and RDFa: the properties of the first item of a type that the markup itself names.
//!
//! One pass over the item's nodes, bounded. What it refuses to do: build a graph of items; the
//! properties of items within the item are read as its own unless it has them already.

use jarvix_html::Tag;

use crate::tree::{Kind, Name, Tree};

/// Properties that are kept of an item.
const PROPERTIES_MAX: usize = 200;
/// Nodes of an item that are looked at.
const NODES_MAX: u32 = 20_000;
/// Nodes of a property whose text is read.
const TEXT_NODES_MAX: u32 = 40;
/// Longest value that is kept, in bytes.
const VALUE_BYTES_MAX: usize = 2_000;

/// An item's properties, in page order.
#[derive(Debug, Default)]
pub(crate) struct Item(Vec<(String, String)>);

impl Item {
    /// The first item whose type ends in one of `types`.
    pub(crate) fn find(tree: &Tree<'_>, types: &[&str]) -> Option<Self> {
        let at = (1..tree.nodes.len() as u32)
            .find(|at| tree.tag(*at).is_some_and(|tag| is_of_type(tag, types)))?;
        Some(Self::read(tree, at))
    }

    fn read(tree: &Tree<'_>, item: u32) -> Self {
        let mut found = Self::default();
        let end = tree.nodes[item as usize].end.min(item + NODES_MAX);
        for at in item + 1..end {
            let Kind::Element(tag) = &tree.nodes[at as usize].kind else { continue };
            let Some(name) = tag.attribute("itemprop").or_else(|| tag.attribute("property")) else {
                continue;
            };
            let name = name.trim().rsplit([':', '/']).next().unwrap_or_default().to_owned();
            let is_item = tag.attribute("itemscope").is_some() || tag.attribute("typeof").is_some();
            if name.is_empty() || is_item && name != "brand" && name != "author" {
                continue;
            }
            let value = value_of(tree, at, tag);
            if !value.is_empty() && value.len() <= VALUE_BYTES_MAX {
                found.0.push((name, value));
            }
            if found.0.len() == PROPERTIES_MAX {
                break;
            }
        }
        found
    }

    /// The first value of a property.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All values of a property.
    pub(crate) fn all<'i>(&'i self, name: &'i str) -> impl Iterator<Item = &'i str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn is_of_type(tag: &Tag<'_>, types: &[&str]) -> bool {
    let stated = tag.attribute("itemtype").or_else(|| tag.attribute("typeof"));
    stated.is_some_and(|stated| {
        let names = stated.split_ascii_whitespace();
        names
            .map(|name| name.rsplit(['/', ':', '#']).next().unwrap_or(name))
            .any(|n| types.contains(&n))
    })
}

/// What the element states: in an attribute, or as its text.
fn value_of(tree: &Tree<'_>, at: u32, tag: &Tag<'_>) -> String {
    let node = &tree.nodes[at as usize];
    let keys: &[&str] = match node.name {
        Name::Link | Name::Meta => &["content", "href"],
        Name::Time => &["datetime", "content"],
        Name::Img => &["src"],
        _ => &["content"],
    };
    match keys.iter().find_map(|key| tag.attribute(key)) {
        Some(value) => value.trim().to_owned(),
        None => text_of(tree, at),
    }
}

/// The text of a small element, white space collapsed.
pub(crate) fn text_of(tree: &Tree<'_>, at: u32) -> String {
    let end = tree.nodes[at as usize].end.min(at + TEXT_NODES_MAX);
    let mut out = String::new();
    for node in &tree.nodes[at as usize..end as usize] {
        if let Kind::Text(raw) = node.kind
            && out.len() < VALUE_BYTES_MAX
        {
            out.push_str(&jarvix_html::unescape(raw));
            out.push(' ');
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_s_properties_are_read() {
        let html = "<p itemprop=name>no</p><div itemscope itemtype='https://schema.org/Product'>\
                    <h1 itemprop=name>Copper <b>kettle</b></h1><div itemprop=offers itemscope>\
                    <meta itemprop=price content=12.5><link itemprop=availability href=InStock></div>\
                    <span itemprop=brand itemscope><span itemprop=name>Acme</span></span></div>";
        let tree = Tree::of(html, html.len());
        let item = Item::find(&tree, &["Product"]).expect("an item");
        assert_eq!(item.get("name"), Some("Copper kettle"));
        assert_eq!(item.get("price"), Some("12.5"));
        assert_eq!(item.get("availability"), Some("InStock"));
        assert_eq!(item.get("brand"), Some("Acme"));
        assert_eq!(item.all("name").count(), 2);
        let rdfa =
            "<div vocab=http://schema.org/ typeof=Product><span property=name>K</span></div>";
        let tree = Tree::of(rdfa, rdfa.len());
        let item = Item::find(&tree, &["Product"]).expect("an item");
        assert_eq!(item.get("name"), Some("K"));
        assert!(Item::find(&tree, &["Recipe"]).is_none());
    }
}
