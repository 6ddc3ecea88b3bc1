//! Gradient boosting of decision trees for logistic loss with soft labels and weights: features in
//! bins, histograms, the best leaf grows first (as LightGBM does).

use jarvix_curate::fit::{Forest, LEAF, Split};

const BINS: usize = 48;

/// How a forest is grown.
#[derive(Clone, Copy)]
pub struct Settings {
    pub trees: usize,
    pub leaves: usize,
    pub rate: f32,
    pub rows: f32,
    pub features: f32,
    pub weight_min: f32,
    pub l2: f32,
}

/// Rows in bins, a column behind the other.
pub struct Table {
    columns: Vec<Vec<u8>>,
    edges: Vec<Vec<f32>>,
    rows: usize,
}

impl Table {
    pub fn new<'a>(rows: impl Iterator<Item = &'a Vec<f32>> + Clone) -> Self {
        let count = rows.clone().count();
        let width = rows.clone().next().map_or(0, Vec::len);
        let step = (count / 20_000).max(1);
        let mut columns = Vec::new();
        let mut edges = Vec::new();
        for feature in 0..width {
            let mut sample: Vec<f32> = rows.clone().step_by(step).map(|row| row[feature]).collect();
            sample.sort_by(f32::total_cmp);
            sample.dedup();
            let bins = sample.len().min(BINS);
            let mut cut: Vec<f32> = (1..bins)
                .map(|n| {
                    let at = n * sample.len() / bins;
                    (sample[at - 1] + sample[at]) / 2.0
                })
                .collect();
            cut.dedup();
            columns.push(
                rows.clone()
                    .map(|row| cut.partition_point(|edge| row[feature] > *edge) as u8)
                    .collect(),
            );
            edges.push(cut);
        }
        Self { columns, edges, rows: count }
    }
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1u64 << 24) as f32
    }
}

type Histogram = Vec<[f32; 2]>;

struct Leaf {
    rows: Vec<u32>,
    histogram: Histogram,
    best: Option<(f32, usize, usize)>,
    node: usize,
}

/// Grows a forest.
pub fn grow(table: &Table, labels: &[f32], weights: &[f32], settings: &Settings) -> Forest {
    let (mut positive, mut total) = (0.0f64, 0.0f64);
    for (label, weight) in labels.iter().zip(weights) {
        positive += f64::from(label * weight);
        total += f64::from(*weight);
    }
    let share = (positive / total.max(1e-9)).clamp(1e-3, 1.0 - 1e-3);
    let base = (share / (1.0 - share)).ln() as f32;
    // Weights average 1, so that settings mean the same everywhere.
    let scale = (table.rows as f64 / total.max(1e-9)) as f32;
    let mut odds = vec![base; table.rows];
    let mut random = Random(20_251_121);
    let mut trees = Vec::new();
    let mut slopes = vec![[0.0f32; 2]; table.rows];
    for _ in 0..settings.trees {
        for at in 0..table.rows {
            let p = 1.0 / (1.0 + (-odds[at]).exp());
            let weight = weights[at] * scale;
            slopes[at] = [weight * (labels[at] - p), weight * (p * (1.0 - p)).max(1e-4)];
        }
        let rows: Vec<u32> =
            (0..table.rows as u32).filter(|_| random.next() < settings.rows).collect();
        let features: Vec<usize> =
            (0..table.columns.len()).filter(|_| random.next() < settings.features).collect();
        let tree = grow_tree(table, &slopes, rows, &features, settings);
        for (at, odds) in odds.iter_mut().enumerate() {
            *odds += binned_leaf(&tree, table, at);
        }
        trees.push(finish(&tree, table));
    }
    Forest { base, trees }
}

/// A node while growing: feature, bin, children; or a value.
struct Grown {
    split: Option<(usize, usize, usize, usize)>,
    value: f32,
}

fn binned_leaf(tree: &[Grown], table: &Table, row: usize) -> f32 {
    let mut at = 0;
    while let Some((feature, bin, below, above)) = tree[at].split {
        at = if usize::from(table.columns[feature][row]) > bin { above } else { below };
    }
    tree[at].value
}

fn histogram(table: &Table, slopes: &[[f32; 2]], rows: &[u32], features: &[usize]) -> Histogram {
    let mut out = vec![[0.0; 2]; features.len() * BINS];
    for (n, feature) in features.iter().enumerate() {
        let column = &table.columns[*feature];
        let bins = &mut out[n * BINS..(n + 1) * BINS];
        for row in rows {
            let slope = slopes[*row as usize];
            let bin = &mut bins[usize::from(column[*row as usize])];
            bin[0] += slope[0];
            bin[1] += slope[1];
        }
    }
    out
}

fn best_split(
    histogram: &Histogram,
    sums: [f32; 2],
    settings: &Settings,
) -> Option<(f32, usize, usize)> {
    let gain = |g: f32, h: f32| g * g / (h + settings.l2);
    let whole = gain(sums[0], sums[1]);
    let mut best: Option<(f32, usize, usize)> = None;
    for (n, bins) in histogram.chunks(BINS).enumerate() {
        let (mut g, mut h) = (0.0, 0.0);
        for (bin, slope) in bins.iter().enumerate().take(BINS - 1) {
            g += slope[0];
            h += slope[1];
            if h < settings.weight_min || sums[1] - h < settings.weight_min {
                continue;
            }
            let better = gain(g, h) + gain(sums[0] - g, sums[1] - h) - whole;
            if better > best.map_or(1e-3, |b| b.0) {
                best = Some((better, n, bin));
            }
        }
    }
    best
}

fn grow_tree(
    table: &Table,
    slopes: &[[f32; 2]],
    rows: Vec<u32>,
    features: &[usize],
    settings: &Settings,
) -> Vec<Grown> {
    let value = |sums: [f32; 2]| settings.rate * sums[0] / (sums[1] + settings.l2);
    let first = histogram(table, slopes, &rows, features);
    let mut sums = [0.0f32; 2];
    for row in &rows {
        sums[0] += slopes[*row as usize][0];
        sums[1] += slopes[*row as usize][1];
    }
    let best = best_split(&first, sums, settings);
    let mut tree = vec![Grown { split: None, value: value(sums) }];
    let mut leaves = vec![Leaf { rows, histogram: first, best, node: 0 }];
    while leaves.len() < settings.leaves {
        let Some(at) = (0..leaves.len()).filter(|at| leaves[*at].best.is_some()).max_by(|a, b| {
            let gain = |n: &usize| leaves[*n].best.map_or(0.0, |b| b.0);
            gain(a).total_cmp(&gain(b))
        }) else {
            break;
        };
        let leaf = leaves.swap_remove(at);
        let Some((_, n, bin)) = leaf.best else { break };
        let feature = features[n];
        let column = &table.columns[feature];
        let (above, below): (Vec<u32>, Vec<u32>) =
            leaf.rows.iter().partition(|row| usize::from(column[**row as usize]) > bin);
        let is_above_smaller = above.len() < below.len();
        let small =
            histogram(table, slopes, if is_above_smaller { &above } else { &below }, features);
        let large: Histogram = leaf
            .histogram
            .iter()
            .zip(&small)
            .map(|(whole, part)| [whole[0] - part[0], whole[1] - part[1]])
            .collect();
        let (above_h, below_h) = if is_above_smaller { (small, large) } else { (large, small) };
        let children = (tree.len(), tree.len() + 1);
        tree[leaf.node].split = Some((feature, bin, children.0, children.1));
        for (rows, histogram, node) in [(below, below_h, children.0), (above, above_h, children.1)]
        {
            let mut sums = [0.0f32; 2];
            for row in &rows {
                sums[0] += slopes[*row as usize][0];
                sums[1] += slopes[*row as usize][1];
            }
            let best = best_split(&histogram, sums, settings);
            tree.push(Grown { split: None, value: value(sums) });
            leaves.push(Leaf { rows, histogram, best, node });
        }
    }
    tree
}

/// The tree in preorder, with values instead of bins.
fn finish(tree: &[Grown], table: &Table) -> Vec<Split> {
    fn add(tree: &[Grown], table: &Table, at: usize, out: &mut Vec<Split>) {
        let place = out.len();
        match tree[at].split {
            None => out.push(Split { feature: LEAF, above: 0, value: tree[at].value }),
            Some((feature, bin, below, above)) => {
                let value = table.edges[feature][bin];
                out.push(Split { feature: feature as u16, above: 0, value });
                add(tree, table, below, out);
                out[place].above = out.len() as u16;
                add(tree, table, above, out);
            }
        }
    }
    let mut out = Vec::new();
    add(tree, table, 0, &mut out);
    out
}
