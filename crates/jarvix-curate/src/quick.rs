//! Forests made ready for many rows at once: every comparison of a tree is made, none of them is
//! jumped over, and the leaf is read off the bits that are left.
//!
//! A walk down a tree guesses wrong at every other node, and each wrong guess costs more than ten
//! comparisons of four rows at a time. Method: QuickScorer (Lucchese et al. 2015, "QuickScorer: a
//! fast algorithm to rank documents with additive ensembles of regression trees"), tree by tree
//! instead of feature by feature, so that the bits stay in registers. The sums are taken in the
//! order of the trees, so they are those of the walk, bit for bit. What it refuses to do: trees
//! that are no binary trees in preorder or have too many leaves; they are walked.

use std::sync::LazyLock;

use crate::weights::{Forest, LEAF, Split, Weights, probability};

/// Rows that are looked at together.
const ROWS: usize = 16;
/// Features that a row may have, a power of two: no look into a row needs a check.
const WIDTH: usize = 512;
/// Most leaves of a tree: a bit each.
const LEAVES_MAX: usize = u32::BITS as usize;

/// What the crate ships, made ready once.
static SHIPPED: LazyLock<Ready<'static>> = LazyLock::new(|| Ready::of(Weights::shipped()));

/// Weights whose large forests are ready for many rows.
pub(crate) struct Ready<'w> {
    pub(crate) weights: &'w Weights,
    pub(crate) first: Quick<'w>,
    pub(crate) second: Quick<'w>,
}

impl<'w> Ready<'w> {
    /// Makes `weights` ready, in time linear in their size.
    pub(crate) fn of(weights: &'w Weights) -> Self {
        Self { weights, first: Quick::of(&weights.first), second: Quick::of(&weights.second) }
    }

    /// What the crate ships.
    pub(crate) fn shipped() -> &'static Self {
        &SHIPPED
    }
}

/// A forest that is asked about many rows.
pub(crate) struct Quick<'f> {
    forest: &'f Forest,
    /// None where the trees are such that they must be walked.
    tables: Option<Tables>,
}

/// A comparison: the leaves that a value above leaves behind.
#[derive(Debug, Clone, Copy)]
struct Test {
    value: f32,
    below: u32,
    column: u16,
}

#[derive(Debug, Default)]
struct Tables {
    /// Of all trees, one behind the other.
    tests: Vec<Test>,
    /// Values of the leaves, from the lowest side to the highest.
    leaves: Vec<f32>,
    /// Behind the last test and the last leaf of each tree.
    ends: Vec<(usize, usize)>,
    /// The features that are compared at all, by column.
    features: Vec<u16>,
}

impl<'f> Quick<'f> {
    fn of(forest: &'f Forest) -> Self {
        Self { forest, tables: Tables::of(forest) }
    }

    /// The probability for each row of features; features that are missing count as 0.
    pub(crate) fn probabilities(&self, rows: &[Vec<f32>]) -> Vec<f32> {
        let Some(tables) = &self.tables else { return self.forest.probabilities(rows) };
        let mut columns = vec![[0.0f32; ROWS]; tables.features.len()];
        let mut padded = [0.0f32; WIDTH];
        let mut found = Vec::with_capacity(rows.len());
        for rows in rows.chunks(ROWS) {
            for (at, row) in rows.iter().enumerate() {
                let width = row.len().min(WIDTH);
                padded[..width].copy_from_slice(&row[..width]);
                padded[width..].fill(0.0);
                for (column, feature) in columns.iter_mut().zip(&tables.features) {
                    column[at % ROWS] = padded[usize::from(*feature) % WIDTH];
                }
            }
            let odds = tables.log_odds(self.forest.base, &columns);
            found.extend(odds.iter().take(rows.len()).map(|odds| probability(*odds)));
        }
        found
    }
}

impl Tables {
    fn of(forest: &Forest) -> Option<Self> {
        let mut tables = Self::default();
        let splits = forest.trees.iter().flatten();
        tables.features = splits.map(|s| s.feature).filter(|f| *f != LEAF).collect();
        tables.features.sort_unstable();
        tables.features.dedup();
        if tables.features.last().is_some_and(|last| usize::from(*last) >= WIDTH) {
            return None;
        }
        for tree in &forest.trees {
            tables.add(tree)?;
        }
        Some(tables)
    }

    fn add(&mut self, tree: &[Split]) -> Option<()> {
        // Splits whose upper side is still to come: where it begins, the test, the leaves before.
        let mut waiting: Vec<(usize, usize, usize)> = Vec::new();
        let mut leaves = 0;
        let mut after_leaf = false;
        for (at, split) in tree.iter().enumerate() {
            if after_leaf {
                // In preorder a leaf is followed by the upper side of the last split that waits.
                let (above, test, before) = waiting.pop()?;
                if above != at || leaves > LEAVES_MAX {
                    return None;
                }
                self.tests.get_mut(test)?.below = bits(leaves) & !bits(before);
            }
            after_leaf = split.feature == LEAF;
            if after_leaf {
                self.leaves.push(split.value);
                leaves += 1;
            } else {
                waiting.push((usize::from(split.above), self.tests.len(), leaves));
                let column = self.features.binary_search(&split.feature).ok()?;
                let column = u16::try_from(column).ok()?;
                self.tests.push(Test { value: split.value, below: 0, column });
            }
        }
        self.ends.push((self.tests.len(), self.leaves.len()));
        (waiting.is_empty() && after_leaf && leaves <= LEAVES_MAX).then_some(())
    }

    /// The log odds of the rows whose features stand in `columns`.
    fn log_odds(&self, base: f32, columns: &[[f32; ROWS]]) -> [f32; ROWS] {
        let mut odds = [base; ROWS];
        let (mut test, mut leaf) = (0, 0);
        for (tests_end, leaves_end) in &self.ends {
            let left = left_over(&self.tests[test..*tests_end], columns);
            // The leaf of a row is the lowest one that no test left behind.
            let leaves = &self.leaves[leaf..*leaves_end];
            for (odds, left) in odds.iter_mut().zip(left) {
                *odds += leaves.get(left.trailing_zeros() as usize).copied().unwrap_or(0.0);
            }
            (test, leaf) = (*tests_end, *leaves_end);
        }
        odds
    }
}

/// For each row the leaves of a tree that no test leaves behind. A function of its own and without
/// branches, so that the compiler takes four rows in one step.
#[inline(never)]
fn left_over(tests: &[Test], columns: &[[f32; ROWS]]) -> [u32; ROWS] {
    let mut left = [u32::MAX; ROWS];
    for &Test { value, below, column } in tests {
        for (left, found) in left.iter_mut().zip(&columns[usize::from(column)]) {
            let above = u32::from(*found > value).wrapping_neg();
            *left &= !(below & above);
        }
    }
    left
}

/// The lowest `count` bits.
fn bits(count: usize) -> u32 {
    u32::try_from((1u64 << count.min(LEAVES_MAX)) - 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn leaf(value: f32) -> Split {
        Split { feature: LEAF, above: 0, value }
    }

    /// A tree in preorder that grows from `choices`.
    fn grow(choices: &mut impl Iterator<Item = (u16, f32)>, depth: usize, tree: &mut Vec<Split>) {
        let Some((feature, value)) = choices.next().filter(|_| depth < 5) else {
            return tree.push(leaf(tree.len() as f32 * 0.37));
        };
        if feature == 0 {
            return tree.push(leaf(value));
        }
        let at = tree.len();
        tree.push(Split { feature, above: 0, value });
        grow(choices, depth + 1, tree);
        tree[at].above = tree.len() as u16;
        grow(choices, depth + 1, tree);
    }

    proptest! {
        #[test]
        fn ready_forests_say_what_a_walk_says(
            trees in proptest::collection::vec(
                proptest::collection::vec((0u16..9, -2i8..3), 0..60), 0..6),
            rows in proptest::collection::vec(
                proptest::collection::vec(prop_oneof![Just(f32::NAN), (-2i8..3).prop_map(f32::from)], 0..9),
                0..40),
        ) {
            let mut forest = Forest { base: 0.1, trees: Vec::new() };
            for choices in trees {
                let mut choices = choices.into_iter().map(|(f, v)| (f, f32::from(v)));
                let mut tree = Vec::new();
                grow(&mut choices, 0, &mut tree);
                forest.trees.push(tree);
            }
            let quick = Quick::of(&forest);
            prop_assert!(quick.tables.is_some());
            let found = quick.probabilities(&rows);
            prop_assert_eq!(found, forest.probabilities(&rows));
        }
    }

    #[test]
    fn what_is_no_tree_in_preorder_is_walked() {
        let split = |above| Split { feature: 0, above, value: 0.0 };
        let deep: Vec<Split> =
            (0..40).flat_map(|n| [split(n * 2 + 2), leaf(1.0)]).chain([leaf(2.0)]).collect();
        for tree in [vec![], vec![split(0)], vec![split(1), leaf(1.0), leaf(2.0)], deep] {
            let forest = Forest { base: 0.5, trees: vec![tree] };
            let quick = Quick::of(&forest);
            assert!(quick.tables.is_none());
            let rows = [vec![1.0], vec![-1.0], vec![]];
            assert_eq!(quick.probabilities(&rows), forest.probabilities(&rows));
        }
    }

    #[test]
    fn what_ships_is_ready() {
        let ready = Ready::shipped();
        assert!(ready.first.tables.is_some() && ready.second.tables.is_some());
    }
}
