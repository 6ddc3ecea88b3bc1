//! The text of a page cut into units, a unit being what runs between two block boundaries, with
//! counts for each unit and, added up from the leaves, for each node.
//!
//! One pass down the nodes and one up. What it refuses to do: judge; and read what scripts,
//! templates, drawings and form choices hold.

use jarvix_html::unescape;

use crate::tree::{Kind, Name, Tree};

/// Text between two block boundaries.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unit {
    /// The innermost block element around it.
    pub(crate) block: u32,
    /// Its first text node.
    pub(crate) first: u32,
    /// One behind its last text node.
    pub(crate) end: u32,
    /// Where its text begins in the text of all units, in bytes.
    pub(crate) text_start: usize,
    /// Where its text ends.
    pub(crate) text_end: usize,
    /// What was counted in it.
    pub(crate) counts: Counts,
}

/// What is counted, in a unit or in a subtree.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    /// Units.
    pub(crate) units: u32,
    /// Words.
    pub(crate) words: u32,
    /// Words in links.
    pub(crate) link_words: u32,
    /// Characters without white space.
    pub(crate) chars: u32,
    /// Commas.
    pub(crate) commas: u32,
    /// Ends of sentences within or behind the text.
    pub(crate) stops: u32,
    /// Digits.
    pub(crate) digits: u32,
    /// Capital letters.
    pub(crate) capitals: u32,
    /// Currency signs.
    pub(crate) prices: u32,
    /// Words in units that look like prose.
    pub(crate) prose_words: u32,
    /// Links.
    pub(crate) links: u32,
    /// Images.
    pub(crate) images: u32,
    /// Headings.
    pub(crate) headings: u32,
    /// Paragraphs.
    pub(crate) paragraphs: u32,
    /// List items.
    pub(crate) items: u32,
    /// Form fields and buttons.
    pub(crate) fields: u32,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        let Counts { units, words, link_words, chars, commas, stops, digits, capitals, .. } = other;
        self.units += units;
        self.words += words;
        self.link_words += link_words;
        self.chars += chars;
        self.commas += commas;
        self.stops += stops;
        self.digits += digits;
        self.capitals += capitals;
        self.prices += other.prices;
        self.prose_words += other.prose_words;
        self.links += other.links;
        self.images += other.images;
        self.headings += other.headings;
        self.paragraphs += other.paragraphs;
        self.items += other.items;
        self.fields += other.fields;
    }
}

/// The units of a page and the counts of its nodes.
#[derive(Debug, Default)]
pub(crate) struct Units {
    /// In document order.
    pub(crate) units: Vec<Unit>,
    /// Their text, white space collapsed save line breaks, one behind the other.
    pub(crate) text: String,
    /// What the subtree of each node holds.
    pub(crate) counts: Vec<Counts>,
}

impl Units {
    /// Cuts the text of `tree`.
    pub(crate) fn of(tree: &Tree<'_>) -> Self {
        let mut cutter = Cutter::new(tree);
        cutter.run();
        let mut found = cutter.found;
        for unit in &found.units {
            found.counts[unit.block as usize].add(&unit.counts);
        }
        for at in (1..tree.nodes.len()).rev() {
            let counts = found.counts[at];
            found.counts[tree.nodes[at].parent as usize].add(&counts);
        }
        found
    }

    /// The text of a unit.
    pub(crate) fn text(&self, unit: &Unit) -> &str {
        &self.text[unit.text_start..unit.text_end]
    }
}

struct Cutter<'t, 'a> {
    tree: &'t Tree<'a>,
    found: Units,
    /// Open block elements, the root first.
    blocks: Vec<u32>,
    /// Where the open link ends.
    link_end: u32,
    unit: Unit,
    /// What stands before the next word.
    gap: Option<char>,
    /// Where the open preformatted element ends.
    pre_end: u32,
    in_word: bool,
}

impl<'t, 'a> Cutter<'t, 'a> {
    fn new(tree: &'t Tree<'a>) -> Self {
        let counts = vec![Counts::default(); tree.nodes.len()];
        let found = Units { units: Vec::new(), text: String::new(), counts };
        let unit = Unit::default();
        Self {
            tree,
            found,
            blocks: vec![0],
            link_end: 0,
            unit,
            gap: None,
            pre_end: 0,
            in_word: false,
        }
    }

    fn run(&mut self) {
        let mut at = 1;
        while let Some(node) = self.tree.nodes.get(at) {
            while self.blocks.len() > 1
                && self
                    .blocks
                    .last()
                    .is_some_and(|b| self.tree.nodes[*b as usize].end as usize <= at)
            {
                self.flush();
                self.blocks.pop();
            }
            if node.name.is_skipped() {
                if !node.inline {
                    self.flush();
                }
                if matches!(node.name, Name::Select | Name::Textarea) {
                    self.found.counts[at].fields += 1;
                }
                at = node.end as usize;
                continue;
            }
            match node.kind {
                Kind::Text(raw) => self.text(at as u32, raw),
                Kind::Element(_) => self.element(at as u32),
            }
            at += 1;
        }
        self.flush();
    }

    fn element(&mut self, at: u32) {
        let node = &self.tree.nodes[at as usize];
        let counts = &mut self.found.counts[at as usize];
        match node.name {
            Name::A => {
                counts.links += 1;
                self.link_end = self.link_end.max(node.end);
            }
            Name::Pre => self.pre_end = self.pre_end.max(node.end),
            Name::Img => counts.images += 1,
            Name::P => counts.paragraphs += 1,
            Name::Li => counts.items += 1,
            Name::Input | Name::Button | Name::Textarea => counts.fields += 1,
            name if name.heading_level() > 0 => counts.headings += 1,
            _ => {}
        }
        if node.name == Name::Br {
            self.gap = Some('\n');
        } else if !node.inline {
            self.flush();
            if node.end > at + 1 {
                self.blocks.push(at);
            }
        }
    }

    fn text(&mut self, at: u32, raw: &str) {
        let text = unescape(raw);
        let in_link = at < self.link_end;
        for c in text.chars() {
            if c.is_whitespace() {
                let breaks = c == '\n' && at < self.pre_end;
                self.gap = if breaks { Some('\n') } else { self.gap.or(Some(' ')) };
                self.in_word = false;
                continue;
            }
            self.character(c, in_link, at);
        }
    }

    fn character(&mut self, c: char, in_link: bool, at: u32) {
        let out = &mut self.found.text;
        let counts = &mut self.unit.counts;
        if counts.chars == 0 {
            self.unit.first = at;
            self.unit.text_start = out.len();
            self.unit.block = self.blocks.last().copied().unwrap_or(0);
            self.in_word = false;
        } else if let Some(gap) = self.gap {
            out.push(gap);
            self.in_word = false;
        }
        if !self.in_word {
            counts.words += 1;
            counts.link_words += u32::from(in_link);
            self.in_word = true;
        }
        self.gap = None;
        out.push(c);
        counts.chars += 1;
        match c {
            ',' | '\u{3001}' | '\u{ff0c}' => counts.commas += 1,
            '.' | '!' | '?' | '\u{3002}' | '\u{2026}' => counts.stops += 1,
            '0'..='9' => counts.digits += 1,
            '$' | '€' | '£' | '¥' | '₹' => counts.prices += 1,
            c if c.is_uppercase() => counts.capitals += 1,
            // Scripts without spaces: a character is about a word.
            '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' => {
                self.in_word = false;
            }
            _ => {}
        }
        self.unit.end = at + 1;
    }

    fn flush(&mut self) {
        self.gap = None;
        let mut unit = std::mem::take(&mut self.unit);
        if unit.counts.chars == 0 {
            return;
        }
        unit.text_end = self.found.text.len();
        let counts = &mut unit.counts;
        counts.units = 1;
        if counts.words >= 10 && counts.link_words * 3 < counts.words {
            counts.prose_words = counts.words;
        }
        self.found.units.push(unit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_at_blocks_and_counted_upwards() {
        let html = "<div><p>One <b>two</b>,<a href=x>three</a></p>four<ul><li>5<li><a>6 6</a></ul>\
                    </div><script>no</script><select><option>no</select>";
        let tree = Tree::of(html, html.len());
        let units = Units::of(&tree);
        let texts: Vec<&str> = units.units.iter().map(|unit| units.text(unit)).collect();
        assert_eq!(texts, ["One two,three", "four", "5", "6 6"]);
        let root = &units.counts[0];
        assert_eq!((root.units, root.words, root.link_words), (4, 6, 2));
        assert_eq!((root.links, root.items, root.paragraphs, root.fields), (2, 2, 1, 1));
    }
}
