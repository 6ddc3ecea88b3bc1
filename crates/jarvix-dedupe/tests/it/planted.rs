//! Pairs of known similarity: those that are alike are found, those that are not are left alone.

use std::collections::BTreeSet;

use jarvix_dedupe::DedupeLimits;

use crate::fixture::{Fixture, text};

/// Pairs of a similarity.
const PAIRS: u64 = 200;
/// Shingles of a text.
const SHINGLES: u64 = 300;

/// Pairs with `shared` of 300 shingles in common, as documents 2n and 2n + 1 from `first` on.
fn pairs(first: u64, shared: u64) -> Vec<(u64, String)> {
    let words = SHINGLES + 4;
    (0..PAIRS)
        .flat_map(|n| {
            let base = (first + n) * 10_000;
            // The tail of the second is its own: its first word ends the last common shingle.
            let other = (0..words)
                .map(move |at| if at < shared + 4 { base + at } else { base + 5_000 + at });
            [(first + 2 * n, text(base..base + words)), (first + 2 * n + 1, text(other))]
        })
        .collect()
}

#[test]
fn at_least_95_percent_are_found_at_85_and_none_at_40() {
    let fixture = Fixture::new();
    // shared / (600 - shared): 276 is 0.852, 277 is 0.858, 171 is 0.399.
    let (alike, unlike) = (276, 171);
    let mut documents = pairs(0, alike);
    documents.extend(pairs(1_000, unlike));
    fixture.add_run("r", &documents, 128);
    let result = fixture.dedupe("r", &[], (2, DedupeLimits::default()));
    let found: BTreeSet<(u64, u64)> =
        result.rows.iter().map(|row| (row.cluster, row.ordinal)).collect();
    let pair = |first: u64, n: u64| (first + 2 * n, first + 2 * n + 1);
    let hits = (0..PAIRS).filter(|n| found.contains(&pair(0, *n))).count() as u64;
    assert!(hits * 100 >= PAIRS * 95, "{hits} of {PAIRS}");
    assert_eq!(found.len() as u64, hits, "something else was found: {found:?}");
    for row in &result.rows {
        assert_eq!(row.similarity, 276.0 / 324.0);
        assert_eq!(row.shared_share, 276.0 / 300.0);
    }
}
