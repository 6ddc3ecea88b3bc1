//! What is a duplicate of what, and that nothing but the texts decides it.

use std::collections::BTreeMap;

use jarvix_core::limits::NEAR_SIMILARITY_MIN;
use jarvix_curate::{Signature, fingerprints, shared, shingles};
use jarvix_dedupe::DedupeLimits;
use proptest::prelude::*;

use crate::fixture::{Fixture, TIGHT, text, url};

const WIDE: (usize, DedupeLimits) = (
    2,
    DedupeLimits {
        sort_bytes: 1 << 20,
        block_bytes: 1 << 16,
        runs_max: 256,
        text_bytes: 1 << 20,
        bucket_paired: 1_000,
    },
);

/// 400 words, with `changed` words in the middle that are like none of another number.
fn variant(base: u64, number: u64, changed: u64) -> String {
    let middle = 200 - changed / 2;
    text((0..400).map(|at| {
        if (middle..middle + changed).contains(&at) {
            1_000_000 * (number + 1) + at
        } else {
            10_000 * base + at
        }
    }))
}

#[test]
fn exact_near_and_neither() {
    let fixture = Fixture::new();
    let documents = [
        (10, variant(1, 0, 0)),
        (11, variant(1, 0, 0).to_uppercase()),
        (12, variant(1, 1, 20)),
        (13, variant(2, 0, 0)),
        (14, variant(1, 1, 20)),
        (15, "too short for shingles".to_owned()),
        (16, "too short for Shingles!".to_owned()),
        (17, String::new()),
        (18, String::new()),
        (19, variant(1, 2, 300)),
    ];
    fixture.add_run("r", &documents, 3);
    let result = fixture.dedupe("r", &[], WIDE);
    // The exact repeat of a near duplicate belongs to the same cluster.
    let expected = [(11, 10, "exact"), (12, 10, "near"), (14, 10, "exact"), (16, 15, "exact")];
    assert_eq!(result.short(), expected);
    assert_eq!((result.found.documents, result.found.rows), (10, 4));
    assert!(result.rows.is_sorted_by_key(|row| &row.url), "{:?}", result.rows);
    let row = |ordinal| result.rows.iter().find(|row| row.ordinal == ordinal).expect("a row");
    // 372 of 396 shingles are in both: 20 changed words are in 24 of them.
    let near = row(12);
    assert_eq!((near.similarity, near.shared_share), (372.0 / 420.0, 372.0 / 396.0));
    assert_eq!((near.duplicate_of.clone(), near.similar_to.clone()), (url("r", 10), url("r", 10)));
    assert_eq!((near.duplicate_run.clone(), near.similar_run.clone()), (None, None));
    let repeat = row(14);
    assert_eq!((repeat.similarity, repeat.shared_share), (1.0, 1.0));
    assert_eq!((&repeat.duplicate_of, &repeat.similar_to), (&url("r", 10), &url("r", 12)));
}

#[test]
fn a_chain_is_one_cluster_and_says_which_link_it_was() {
    let fixture = Fixture::new();
    let window = |start: u64| text(start..start + 400);
    // Neighbours are 366/426 alike, 0.86; the ends of the chain 336/456, 0.74.
    fixture.add_run("r", &[(1, window(0)), (2, window(30)), (3, window(60))], 10);
    let result = fixture.dedupe("r", &[], WIDE);
    assert_eq!(result.short(), [(2, 1, "near"), (3, 1, "near")]);
    let last = result.rows.iter().find(|row| row.ordinal == 3).expect("a row");
    assert_eq!((&last.duplicate_of, &last.similar_to), (&url("r", 1), &url("r", 2)));
    assert!(last.similarity >= NEAR_SIMILARITY_MIN, "{last:?}");
}

#[test]
fn a_run_without_documents_has_no_duplicates() {
    let fixture = Fixture::new();
    fixture.add_run("none", &[], 1);
    let result = fixture.dedupe("none", &[], WIDE);
    assert_eq!((result.rows.len(), result.hashes.len()), (0, 1), "an empty part says it was done");
}

#[test]
fn earlier_runs_come_first_in_the_order_in_which_they_are_named() {
    let fixture = Fixture::new();
    fixture.add_run("a", &[(50, variant(1, 0, 0)), (51, variant(1, 1, 20))], 1);
    fixture.add_run("b", &[(7, variant(1, 0, 0)), (8, variant(3, 0, 0))], 1);
    let documents = [
        (1, variant(1, 0, 0)),
        (2, variant(3, 1, 20)),
        (3, variant(1, 2, 20)),
        (4, variant(9, 0, 0)),
        (5, variant(9, 0, 0)),
    ];
    fixture.add_run("c", &documents, 2);
    let rows = |against: &[&str]| -> Vec<(u64, u64, String, String)> {
        let result = fixture.dedupe("c", against, WIDE);
        let mut rows: Vec<_> = result
            .rows
            .into_iter()
            .map(|row| (row.ordinal, row.cluster, row.duplicate_run.unwrap_or_default(), row.kind))
            .collect();
        rows.sort();
        rows
    };
    let row = |ordinal, cluster, run: &str, kind: &str| (ordinal, cluster, run.into(), kind.into());
    assert_eq!(rows(&[]), [row(3, 1, "", "near"), row(5, 4, "", "exact")]);
    let both = |first: (u64, &str)| {
        [
            row(1, first.0, first.1, "exact"),
            row(2, 8, "b", "near"),
            row(3, first.0, first.1, "near"),
            row(5, 4, "", "exact"),
        ]
    };
    assert_eq!(rows(&["a", "b"]), both((50, "a")));
    assert_eq!(rows(&["b", "a"]), both((7, "b")));
}

#[test]
fn a_giant_bucket_costs_linear_work() {
    let fixture = Fixture::new();
    // One text with one word that differs: nearly all bands are the same.
    let documents: Vec<_> = (0..600).map(|n| (n, variant(1, n, 1))).collect();
    fixture.add_run("r", &documents, 100);
    let limits = DedupeLimits { bucket_paired: 4, ..WIDE.1 };
    let result = fixture.dedupe("r", &[], (2, limits));
    assert_eq!(result.rows.len(), 599);
    assert!(result.rows.iter().all(|row| row.cluster == 0));
    // All pairs would be 180,000. A document may meet another first one in each of 14 bands.
    assert!(result.found.candidate_pairs < 14 * 600, "{:?}", result.found);
}

#[test]
fn a_stop_leaves_nothing_and_the_next_goes_through() {
    let fixture = Fixture::new();
    fixture.add_run("r", &[(1, variant(1, 0, 0)), (2, variant(1, 0, 0))], 1);
    let run = crate::fixture::run("r");
    // As a process that was killed leaves it.
    let scratch = fixture.store.run_dir(&run).join(".dedupe");
    std::fs::create_dir_all(&scratch).expect("a folder");
    std::fs::write(scratch.join("scratch-0"), "old").expect("a file");
    let stage = jarvix_core::Stage::Dedupe;
    let generation = fixture.store.begin_generation(&run, stage, "stopped").expect("a generation");
    let stopped = jarvix_dedupe::dedupe(&jarvix_dedupe::DedupeJob {
        store: &fixture.store,
        run: &run,
        against: &[],
        generation,
        threads: 1,
        limits: TIGHT,
        stop: &|| true,
    });
    assert_eq!(stopped.expect("no failure"), None);
    assert!(!scratch.exists());
    assert_eq!(fixture.dedupe("r", &[], (1, TIGHT)).short(), [(2, 1, "exact")]);
}

#[test]
fn neither_threads_nor_parts_nor_limits_change_a_byte() {
    let fixture = Fixture::new();
    let documents: Vec<_> = (0..150)
        .map(|n| match n % 5 {
            0 => (n, variant(n / 15, 0, 0)),
            1 => (n, variant(n / 15, n, 8)),
            2 => (n, variant(n / 15, n, 40)),
            3 => (n, variant(n, n, 0)),
            _ => (n, variant(n / 30, n, 120)),
        })
        .collect();
    let mut reversed = documents.clone();
    reversed.reverse();
    fixture.add_run("r", &documents, 64);
    let expected = fixture.dedupe("r", &[], (1, DedupeLimits::default()));
    assert!(expected.rows.len() > 50, "{}", expected.rows.len());
    for settings in [(2, DedupeLimits::default()), (1, TIGHT), (2, TIGHT)] {
        assert_eq!(fixture.dedupe("r", &[], settings).hashes, expected.hashes, "{settings:?}");
    }
    let other = Fixture::new();
    other.add_run("r", &reversed, 7);
    assert_eq!(other.dedupe("r", &[], WIDE).rows, fixture.dedupe("r", &[], WIDE).rows);
}

/// The clusters that a look at every pair finds among documents that share a band.
fn by_brute_force(documents: &[(u64, String)]) -> BTreeMap<u64, u64> {
    let bands = |text: &str| -> Vec<u64> {
        let minhash = fingerprints(text).1.unwrap_or_default();
        Signature::of(&minhash).map(|s| s.bands().collect()).unwrap_or_default()
    };
    let mut documents: Vec<_> = documents
        .iter()
        .map(|(ordinal, text)| (*ordinal, fingerprints(text).0, shingles(text), bands(text)))
        .collect();
    documents.sort();
    let mut cluster: BTreeMap<u64, u64> = documents.iter().map(|d| (d.0, d.0)).collect();
    for (at, a) in documents.iter().enumerate() {
        for b in &documents[..at] {
            let common = shared(&a.2, &b.2);
            let all = a.2.len() + b.2.len() - common;
            let near = all > 0
                && common as f64 / all as f64 >= NEAR_SIMILARITY_MIN
                && a.3.iter().zip(&b.3).any(|(a, b)| a == b);
            if near || (a.1.is_some() && a.1 == b.1) {
                let (one, other) = (cluster[&a.0], cluster[&b.0]);
                let (low, high) = (one.min(other), one.max(other));
                cluster.values_mut().filter(|c| **c == high).for_each(|c| *c = low);
            }
        }
    }
    cluster.retain(|ordinal, cluster| ordinal != cluster);
    cluster
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn what_is_found_is_what_a_look_at_every_pair_finds(
        shapes in proptest::collection::vec((0_u64..3, 0_u64..4, 0_u64..60), 1..24),
        seed in 0_u64..1_000,
        tight in any::<bool>(),
    ) {
        let mut documents: Vec<(u64, String)> = (0..)
            .zip(&shapes)
            // Steps without a common factor with 1,009 give distinct ordinals in any order.
            .map(|(n, (base, number, changed))| ((n * 37 + seed) % 1_009, variant(*base, *number, *changed)))
            .collect();
        documents.rotate_left(seed as usize % shapes.len());
        let fixture = Fixture::new();
        fixture.add_run("r", &documents, 5);
        let limits = if tight { DedupeLimits { bucket_paired: 1_000, ..TIGHT } } else { WIDE.1 };
        let result = fixture.dedupe("r", &[], (1 + seed as usize % 2, limits));
        let found: BTreeMap<u64, u64> = result.rows.iter().map(|row| (row.ordinal, row.cluster)).collect();
        prop_assert_eq!(found, by_brute_force(&documents));
        let text_of: BTreeMap<String, &String> =
            documents.iter().map(|(ordinal, text)| (url("r", *ordinal), text)).collect();
        for row in &result.rows {
            let (own, other) = (shingles(text_of[&row.url]), shingles(text_of[&row.similar_to]));
            let common = shared(&own, &other);
            let all = own.len() + other.len() - common;
            prop_assert_eq!(row.similarity, common as f64 / all as f64);
            prop_assert_eq!(row.shared_share, common as f64 / own.len() as f64);
            prop_assert_eq!(row.kind == "exact", text_of[&row.url] == text_of[&row.similar_to]);
        }
    }
}
