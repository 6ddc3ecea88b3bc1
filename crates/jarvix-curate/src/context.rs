//! What surrounds the text of a page: for each node what its classes and tags say, how far above it
//! such words stand, how often its like is repeated, and where the bulk of the prose is.
//!
//! Passes over the arena, down or up, each of a bounded number of steps a node.

use std::sync::LazyLock;

use crate::tree::{Kind, Name, Tree};
use crate::units::Units;
use crate::vocabulary::{self, ByHash, CLASS_COUNT};
use crate::weights::WordScores;

/// Elements that matter as surroundings, behind the class families.
const TAGS: &[&[Name]] = &[
    &[Name::Main],
    &[Name::Article],
    &[Name::Section],
    &[Name::Aside],
    &[Name::Nav],
    &[Name::Header],
    &[Name::Footer],
    &[Name::Form, Name::Fieldset],
    &[Name::Table],
    &[Name::Ul, Name::Ol],
    &[Name::Li],
    &[Name::Dl],
    &[Name::Blockquote],
    &[Name::Pre],
    &[Name::Figure, Name::Figcaption],
    &[Name::Button, Name::Label],
    &[Name::A],
    &[Name::Dialog],
    &[Name::Details, Name::Summary],
    &[Name::P],
    &[Name::Noscript],
];
/// The mark of each name in [`TAGS`].
static TAG_MARKS: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let marks = |name: &Name| {
        let tags = TAGS.iter().enumerate().filter(|(_, names)| names.contains(name));
        tags.fold(0, |marks, (at, _)| marks | 1 << (CLASS_COUNT + at))
    };
    Name::ALL.iter().map(marks).collect()
});
/// Class families, tags, and the mark of what is not shown.
pub(crate) const MARKS: usize = CLASS_COUNT + TAGS.len() + 1;
/// Distance to a mark that is nowhere above.
pub(crate) const FAR: u8 = 40;
/// Shares of the prose for which the smallest subtree that holds them is looked up.
pub(crate) const CORE_SHARES: [f32; 3] = [0.5, 0.7, 0.9];

/// What is known of a node besides its counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Around {
    /// Levels up to the nearest element with each mark.
    pub(crate) near: [u8; MARKS],
    /// The learned scores of class words: own, least, greatest and sum along the path.
    pub(crate) own: f32,
    pub(crate) least: f32,
    pub(crate) greatest: f32,
    pub(crate) sum: f32,
    /// Tag and classes of the node and its nearest ancestors.
    pub(crate) signature: u32,
    /// How many siblings have the same tag and classes, itself counted.
    pub(crate) repeats: u16,
    /// How many of them stand before it.
    pub(crate) repeat_index: u16,
    /// How deep the last common ancestor with the first main heading stands.
    pub(crate) with_heading: u16,
    /// The same with the core of most of the prose.
    pub(crate) with_core: u16,
}

/// The surroundings of every node of a page.
#[derive(Debug)]
pub(crate) struct Context {
    /// By node.
    pub(crate) around: Vec<Around>,
    /// The smallest subtrees that hold [`CORE_SHARES`] of the prose.
    pub(crate) cores: [u32; CORE_SHARES.len()],
    /// How many elements carry each mark.
    pub(crate) marked: [u32; MARKS],
}

impl Context {
    /// Looks around in `tree`.
    pub(crate) fn of(tree: &Tree<'_>, units: &Units, scores: &WordScores) -> Self {
        let root = Around {
            near: [FAR; MARKS],
            own: 0.0,
            least: 0.0,
            greatest: 0.0,
            sum: 0.0,
            signature: 0,
            repeats: 1,
            repeat_index: 0,
            with_heading: 0,
            with_core: 0,
        };
        let mut context = Self {
            around: vec![root; tree.nodes.len()],
            cores: [0; CORE_SHARES.len()],
            marked: [0; MARKS],
        };
        context.find_cores(units);
        let heading = tree.nodes.iter().position(|node| node.name == Name::H1).unwrap_or(0);
        let to_heading: Vec<u32> = tree.path(heading as u32).collect();
        let to_core: Vec<u32> = tree.path(context.cores[0]).collect();
        let mut own_signatures = vec![0u32; tree.nodes.len()];
        for (at, node) in tree.nodes.iter().enumerate().skip(1) {
            if let Kind::Element(tag) = &node.kind {
                let mut around = context.around[node.parent as usize];
                let (marks, own, signature) = read_tag(tag, node.name, scores);
                own_signatures[at] = signature;
                around.near.iter_mut().for_each(|near| *near = (*near + 1).min(FAR));
                let mut left = marks;
                while left != 0 {
                    let mark = left.trailing_zeros() as usize;
                    around.near[mark] = 0;
                    context.marked[mark] += 1;
                    left &= left - 1;
                }
                around.own = own;
                around.least = around.least.min(own);
                around.greatest = around.greatest.max(own);
                around.sum = around.sum * 0.8 + own;
                around.signature = around.signature.rotate_left(5) ^ signature;
                let level = usize::from(node.depth) - 1;
                let deep = |path: &[u32]| {
                    path.len().checked_sub(level + 1).and_then(|n| path.get(n))
                        == Some(&(at as u32))
                };
                if deep(&to_heading) {
                    around.with_heading = node.depth;
                }
                if deep(&to_core) {
                    around.with_core = node.depth;
                }
                context.around[at] = around;
            }
        }
        context.count_repeats(tree, &own_signatures);
        context
    }

    fn find_cores(&mut self, units: &Units) {
        let total = units.counts.first().map_or(0, |counts| counts.prose_words) as f32;
        for (at, counts) in units.counts.iter().enumerate().skip(1) {
            let prose = counts.prose_words as f32;
            for (core, share) in self.cores.iter_mut().zip(CORE_SHARES) {
                if total > 0.0 && prose > share * total {
                    *core = at as u32;
                }
            }
        }
    }

    fn count_repeats(&mut self, tree: &Tree<'_>, signatures: &[u32]) {
        let mut seen: ByHash<u64, u16> = ByHash::default();
        let key = |parent: u32, signature: u32| u64::from(parent) << 32 | u64::from(signature);
        for (at, node) in tree.nodes.iter().enumerate().skip(1) {
            if matches!(node.kind, Kind::Element(_)) && !node.inline {
                let count = seen.entry(key(node.parent, signatures[at])).or_default();
                self.around[at].repeat_index = *count;
                *count = count.saturating_add(1);
            }
        }
        for (at, node) in tree.nodes.iter().enumerate().skip(1) {
            self.around[at].repeats = match seen.get(&key(node.parent, signatures[at])) {
                Some(count) if matches!(node.kind, Kind::Element(_)) && !node.inline => *count,
                _ => 1,
            };
        }
    }
}

/// The marks, the score and the signature of a start tag.
fn read_tag(tag: &jarvix_html::Tag<'_>, name: Name, scores: &WordScores) -> (u64, f32, u32) {
    let mut marks = 0u64;
    let (mut sum, mut known) = (0.0f32, 0.0f32);
    let mut signature = vocabulary::hash(name.as_str());
    for (key, value) in tag.attributes() {
        if key.eq_ignore_ascii_case("class") {
            signature = signature.rotate_left(7) ^ vocabulary::hash(value);
        }
        if ["class", "id", "role", "itemprop"].iter().any(|k| key.eq_ignore_ascii_case(k)) {
            vocabulary::class_hashes(value, |word| {
                marks |= u64::from(vocabulary::class_families(word));
                if let Some(score) = scores.classes.get(&word) {
                    sum += score;
                    known += 1.0;
                }
            });
        } else if is_hiding(key, value) {
            marks |= 1 << (MARKS - 1);
        }
    }
    marks |= TAG_MARKS.get(name as usize).copied().unwrap_or(0);
    (marks, if known > 0.0 { sum / known } else { 0.0 }, signature)
}

/// Whether an attribute keeps an element from being shown.
fn is_hiding(key: &str, value: &str) -> bool {
    if key.eq_ignore_ascii_case("hidden") {
        return true;
    }
    if key.eq_ignore_ascii_case("aria-hidden") {
        return value.eq_ignore_ascii_case("true");
    }
    key.eq_ignore_ascii_case("style")
        && value.len() < 1_000
        && (value.contains("display:none")
            || value.contains("display: none")
            || value.contains("visibility:hidden")
            || value.contains("visibility: hidden"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surroundings_are_found() {
        let html = "<nav class=menu><a href=/>Home</a></nav><main><h1>H</h1>\
                    <ul><li class=card>a<li class=card>b<li class=card>c</ul>\
                    <p hidden>One two three four five six seven eight nine ten.</p></main>";
        let tree = Tree::of(html, html.len());
        let units = Units::of(&tree);
        let context = Context::of(&tree, &units, &WordScores::default());
        let at = |name: Name| {
            let found = tree.nodes.iter().position(|node| node.name == name);
            found.expect("it is there")
        };
        let card = &context.around[at(Name::Li)];
        assert_eq!((card.repeats, card.repeat_index), (3, 0));
        let main = CLASS_COUNT;
        assert_eq!((card.near[main], context.around[at(Name::Nav)].near[main]), (2, FAR));
        assert_eq!(context.marked[MARKS - 1], 1, "one hidden element");
        assert_eq!(context.cores[0] as usize, at(Name::P));
        assert_eq!(card.with_heading, tree.nodes[at(Name::Main)].depth);
    }
}
