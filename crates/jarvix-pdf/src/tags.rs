//! The structure of a document: what a reader that does not see it is told. Nodes are made when
//! something is placed, and find their place in the tree with their first content, so that the order of
//! the tree is the order of reading.

use std::num::NonZeroU16;

use krilla::tagging::{Identifier, Node, Tag, TagGroup, TagKind, TagTree};

/// A node's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeId(usize);

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Role {
    Section,
    Heading(u16, String),
    Paragraph,
    Link,
    Figure(String),
    Table(String),
    Head,
    Body,
    Row,
    HeadCell,
    Cell,
}

#[derive(Debug)]
struct Entry {
    role: Role,
    parent: Option<NodeId>,
    /// Filled while pages are written.
    kids: Vec<Kid>,
    is_attached: bool,
}

#[derive(Debug)]
enum Kid {
    Node(NodeId),
    Content(Identifier),
}

/// All nodes of a document.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    entries: Vec<Entry>,
    roots: Vec<NodeId>,
}

impl Tree {
    /// A new node below `parent`, or below the document.
    pub(crate) fn node(&mut self, role: Role, parent: Option<NodeId>) -> NodeId {
        self.entries.push(Entry { role, parent, kids: Vec::new(), is_attached: false });
        NodeId(self.entries.len() - 1)
    }

    /// Gives `node` a piece of content.
    pub(crate) fn content(&mut self, node: NodeId, content: Identifier) {
        self.attach(node);
        self.entries[node.0].kids.push(Kid::Content(content));
    }

    fn attach(&mut self, node: NodeId) {
        let mut node = node;
        while !self.entries[node.0].is_attached {
            self.entries[node.0].is_attached = true;
            let Some(parent) = self.entries[node.0].parent else {
                self.roots.push(node);
                return;
            };
            self.entries[parent.0].kids.push(Kid::Node(node));
            node = parent;
        }
    }

    /// The tree as it is written.
    pub(crate) fn into_tags(mut self, language: &str) -> TagTree {
        let mut tree = TagTree::new().with_lang(Some(language.to_owned()));
        for root in std::mem::take(&mut self.roots) {
            let group = self.group(root);
            tree.push(group);
        }
        tree
    }

    fn group(&mut self, node: NodeId) -> TagGroup {
        let kids = std::mem::take(&mut self.entries[node.0].kids);
        let mut group = TagGroup::new(kind(&self.entries[node.0].role));
        for kid in kids {
            match kid {
                Kid::Node(node) => group.push(Node::Group(self.group(node))),
                Kid::Content(content) => group.push(content),
            }
        }
        group
    }
}

fn kind(role: &Role) -> TagKind {
    use krilla::tagging::TableHeaderScope::Column;
    match role {
        Role::Section => Tag::Section.into(),
        Role::Heading(level, title) => {
            Tag::Hn(NonZeroU16::new(*level).unwrap_or(NonZeroU16::MIN), Some(title.clone())).into()
        }
        Role::Paragraph => Tag::P.into(),
        Role::Link => Tag::Link.into(),
        Role::Figure(alt) => Tag::Figure(Some(alt.clone())).into(),
        Role::Table(summary) => Tag::Table.with_summary(Some(summary.clone())).into(),
        Role::Head => Tag::THead.into(),
        Role::Body => Tag::TBody.into(),
        Role::Row => Tag::TR.into(),
        Role::HeadCell => Tag::TH(Column).into(),
        Role::Cell => Tag::TD.into(),
    }
}
