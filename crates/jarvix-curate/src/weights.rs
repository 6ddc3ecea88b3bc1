//! What was learned from labelled pages: scores of class words and of words in the text, and
//! forests of decision trees over the features of a unit or a page.
//!
//! Read from one file of the crate; `examples/fit` writes it. What it refuses to do: learn here.

use std::sync::LazyLock;

use crate::vocabulary::ByHash;

/// The file that `examples/fit` writes.
static FILE: &[u8] = include_bytes!("../model/content.bin");

/// What is used unless a fit is under way. A test holds that the file is read.
static SHIPPED: LazyLock<Weights> = LazyLock::new(|| Weights::read(FILE).unwrap_or_default());

/// Scores of words, by their hash: log odds of standing over or in content.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WordScores {
    /// Words of classes and ids.
    pub classes: ByHash<u32, f32>,
    /// Words of the text.
    pub texts: ByHash<u32, f32>,
}

/// A node of a decision tree: inner ones compare, leaves have no feature.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Split {
    /// The feature that is compared; [`LEAF`] at a leaf.
    pub feature: u16,
    /// Where it goes on for a value above; for one not above it goes on behind this node.
    pub above: u16,
    /// What is compared with, or the leaf's value.
    pub value: f32,
}

/// The feature of a leaf.
pub const LEAF: u16 = u16::MAX;

/// Trees whose values add up to log odds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Forest {
    /// What it starts with.
    pub base: f32,
    /// Each tree in preorder.
    pub trees: Vec<Vec<Split>>,
}

impl Forest {
    /// The log odds for a row of features; features that are missing count as 0.
    pub fn log_odds(&self, row: &[f32]) -> f32 {
        self.trees.iter().map(|tree| leaf(tree, row)).sum::<f32>() + self.base
    }

    /// The probability for each row of features.
    pub fn probabilities(&self, rows: &[Vec<f32>]) -> Vec<f32> {
        // Tree by tree: a tree stays in the nearest cache while the rows pass.
        let mut odds = vec![self.base; rows.len()];
        for tree in &self.trees {
            for (odds, row) in odds.iter_mut().zip(rows) {
                *odds += leaf(tree, row);
            }
        }
        odds.into_iter().map(probability).collect()
    }
}

/// The probability that log odds stand for.
pub fn probability(log_odds: f32) -> f32 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// The value of the leaf that `row` ends at. Every step goes forward, so it ends.
fn leaf(tree: &[Split], row: &[f32]) -> f32 {
    let mut at = 0usize;
    while let Some(split) = tree.get(at) {
        if split.feature == LEAF {
            return split.value;
        }
        let value = row.get(usize::from(split.feature)).copied().unwrap_or(0.0);
        at = if value > split.value { usize::from(split.above).max(at + 1) } else { at + 1 };
    }
    0.0
}

/// Everything that was learned.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Weights {
    /// Scores of words.
    pub words: WordScores,
    /// A forest for each kind of page, in the order of `page_type::KINDS`.
    pub kinds: Vec<Forest>,
    /// Whether a unit is content, from its own features.
    pub first: Forest,
    /// The same with what the first forest says of its surroundings.
    pub second: Forest,
}

impl Weights {
    /// What the crate ships.
    pub fn shipped() -> &'static Self {
        &SHIPPED
    }

    /// Reads what [`write`](Self::write) wrote; `None` if it is something else.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader { bytes };
        let classes = from.words()?;
        let texts = from.words()?;
        let kinds = (0..from.u32()?).map(|_| from.forest()).collect::<Option<Vec<_>>>()?;
        let (first, second) = (from.forest()?, from.forest()?);
        from.bytes.is_empty().then_some(Self {
            words: WordScores { classes, texts },
            kinds,
            first,
            second,
        })
    }

    /// The bytes of the file.
    pub fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for words in [&self.words.classes, &self.words.texts] {
            let mut sorted: Vec<_> = words.iter().collect();
            sorted.sort_by_key(|(hash, _)| **hash);
            out.extend((sorted.len() as u32).to_le_bytes());
            for (hash, score) in sorted {
                out.extend(hash.to_le_bytes());
                out.extend(score.to_le_bytes());
            }
        }
        out.extend((self.kinds.len() as u32).to_le_bytes());
        for forest in self.kinds.iter().chain([&self.first, &self.second]) {
            out.extend(forest.base.to_le_bytes());
            out.extend((forest.trees.len() as u32).to_le_bytes());
            for tree in &forest.trees {
                out.extend((tree.len() as u32).to_le_bytes());
                for split in tree {
                    out.extend(split.feature.to_le_bytes());
                    out.extend(split.above.to_le_bytes());
                    out.extend(split.value.to_le_bytes());
                }
            }
        }
        out
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.bytes.split_first_chunk::<N>()?;
        self.bytes = rest;
        Some(*head)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn f32(&mut self) -> Option<f32> {
        self.take().map(f32::from_le_bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    fn words(&mut self) -> Option<ByHash<u32, f32>> {
        (0..self.u32()?).map(|_| Some((self.u32()?, self.f32()?))).collect()
    }

    fn forest(&mut self) -> Option<Forest> {
        let base = self.f32()?;
        let trees = (0..self.u32()?)
            .map(|_| {
                (0..self.u32()?)
                    .map(|_| {
                        let (feature, above, value) = (self.u16()?, self.u16()?, self.f32()?);
                        Some(Split { feature, above, value })
                    })
                    .collect::<Option<Vec<_>>>()
            })
            .collect::<Option<Vec<_>>>()?;
        Some(Forest { base, trees })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forest_adds_the_leaves_that_a_row_ends_at() {
        let tree = vec![
            Split { feature: 1, above: 2, value: 0.5 },
            Split { feature: LEAF, above: 0, value: -1.0 },
            Split { feature: LEAF, above: 0, value: 2.0 },
        ];
        let forest = Forest { base: 0.25, trees: vec![tree.clone(), tree] };
        assert_eq!(forest.log_odds(&[9.0, 1.0]), 4.25);
        assert_eq!(forest.log_odds(&[9.0]), -1.75);
        let weights = Weights { first: forest, ..Weights::default() };
        assert_eq!(Weights::read(&weights.write()), Some(weights));
        assert_eq!(Weights::read(b"x"), None);
        assert_eq!(leaf(&[Split { feature: 0, above: 0, value: -1.0 }], &[]), 0.0);
    }

    #[test]
    fn the_shipped_file_is_read() {
        let weights = Weights::shipped();
        assert!(!weights.first.trees.is_empty() && !weights.second.trees.is_empty());
        assert_eq!(weights.kinds.len(), 7);
    }
}
