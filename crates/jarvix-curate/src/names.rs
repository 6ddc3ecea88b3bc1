//! The names of elements that reading tells apart, and what is asked of each: one look in a table
//! for every tag.
//!
//! What it refuses to do: know of attributes, or of where an element stands.

use std::sync::LazyLock;

use jarvix_html::elements;

use crate::vocabulary::ByHash;

macro_rules! names {
    ($($variant:ident $text:literal),* $(,)?) => {
        /// An element's name, as far as reading tells names apart.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Name { Other, $($variant),* }

        impl Name {
            /// All of them, in the order of their numbers.
            pub(crate) const ALL: &[Self] = &[Self::Other, $(Self::$variant),*];

            /// The name in lower case; empty for those that are not told apart.
            pub(crate) fn as_str(self) -> &'static str {
                match self { Self::Other => "", $(Self::$variant => $text),* }
            }
        }
    };
}

names! {
    A "a", Abbr "abbr", Address "address", Article "article", Aside "aside", Audio "audio", B "b",
    Blockquote "blockquote", Body "body", Br "br", Button "button", Canvas "canvas",
    Caption "caption", Center "center", Code "code", Datalist "datalist", Dd "dd",
    Details "details", Dialog "dialog", Div "div", Dl "dl", Dt "dt", Em "em",
    Fieldset "fieldset", G "g", Path "path", Picture "picture", Source "source", Use "use", Figcaption "figcaption", Figure "figure", Font "font", Footer "footer",
    Form "form", H1 "h1", H2 "h2", H3 "h3", H4 "h4", H5 "h5", H6 "h6", Head "head",
    Header "header", Hgroup "hgroup", Hr "hr", Html "html", I "i", Iframe "iframe", Img "img",
    Input "input", Label "label", Legend "legend", Li "li", Link "link", Main "main",
    Math "math", Meta "meta", Nav "nav", Noscript "noscript", Object "object", Ol "ol",
    Optgroup "optgroup", Option "option", P "p", Pre "pre", Script "script", Search "search",
    Section "section", Select "select", Small "small", Span "span", Strong "strong",
    Style "style", Sub "sub", Summary "summary", Sup "sup", Svg "svg", Table "table",
    Tbody "tbody", Td "td", Template "template", Textarea "textarea", Tfoot "tfoot", Th "th",
    Thead "thead", Time "time", Title "title", Tr "tr", U "u", Ul "ul", Video "video",
}

/// What is asked of every tag.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Traits {
    /// The name.
    pub(crate) name: Name,
    /// Whether it runs within a line of text.
    pub(crate) inline: bool,
    /// Whether it has no content.
    pub(crate) void: bool,
    /// Whether it ends an open paragraph.
    pub(crate) closes_paragraph: bool,
}

impl Traits {
    fn read(name: Name, id: elements::ElementId) -> Self {
        Self {
            name,
            inline: name == Name::Br
                || (elements::is_inline(id) && name != Name::Script && name != Name::Style),
            void: elements::is_void(id),
            closes_paragraph: elements::closes_paragraph(id),
        }
    }

    /// The traits of a name as it stands.
    pub(crate) fn of(tag: &str) -> Self {
        let id = elements::id(tag);
        match TRAITS.get(&folded(id.key())) {
            Some((key, traits)) if *key == id.key() => *traits,
            _ => Self::read(Name::Other, id),
        }
    }
}

/// Traits by the key of the name, folded.
static TRAITS: LazyLock<ByHash<u64, (u128, Traits)>> = LazyLock::new(|| {
    let named = Name::ALL.iter().skip(1);
    let traits = named.map(|name| {
        let id = elements::id(name.as_str());
        (folded(id.key()), (id.key(), Traits::read(*name, id)))
    });
    traits.collect()
});

/// Names are short, so the upper half of a key is nearly always empty.
fn folded(key: u128) -> u64 {
    key as u64 ^ ((key >> 64) as u64).rotate_left(7)
}

impl Name {
    /// The level of a heading, else 0.
    pub(crate) fn heading_level(self) -> u8 {
        match self {
            Self::H1 => 1,
            Self::H2 => 2,
            Self::H3 => 3,
            Self::H4 => 4,
            Self::H5 => 5,
            Self::H6 => 6,
            _ => 0,
        }
    }

    /// Whether nothing in the element is read.
    pub(crate) fn is_skipped(self) -> bool {
        matches!(
            self,
            Self::Template
                | Self::Svg
                | Self::Math
                | Self::Object
                | Self::Select
                | Self::Datalist
                | Self::Audio
                | Self::Video
                | Self::Canvas
                | Self::Script
                | Self::Style
                | Self::Iframe
                | Self::Textarea
                | Self::Title
                | Self::Head
        )
    }

    /// Whether it is a cell of a table.
    pub(crate) fn is_cell(self) -> bool {
        matches!(self, Self::Td | Self::Th)
    }

    /// Whether it holds rows of a table.
    pub(crate) fn is_row_group(self) -> bool {
        matches!(self, Self::Tbody | Self::Thead | Self::Tfoot)
    }

    /// What an end tag does not look past, unless it ends a part of a table.
    pub(crate) fn is_scope_boundary(self) -> bool {
        self.is_cell()
            || matches!(
                self,
                Self::Table
                    | Self::Caption
                    | Self::Template
                    | Self::Object
                    | Self::Button
                    | Self::Select
                    | Self::Svg
                    | Self::Math
            )
    }
}
