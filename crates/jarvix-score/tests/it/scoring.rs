//! From documents to scores: the sums, the gates, the words, and the same bytes everywhere.

use jarvix_core::{Document, Duplicate, Gate, Generation, PartName, Signal};
use jarvix_query::{Table, Value};
use jarvix_score::{PartScorer, Profile, Scorer, scores_columns};
use proptest::prelude::*;

use crate::fixture::{Fixture, PART, document, excellent, set};

fn builtin(name: &str) -> Profile {
    Profile::builtin(name).expect("built in")
}

fn text(table: &Table, row: usize, column: &str) -> String {
    table.value(row, column).expect("a value").to_string()
}

fn duplicate(ordinal: u64, kind: &str) -> Duplicate {
    Duplicate {
        url: format!("https://example.org/{ordinal}"),
        ordinal,
        cluster: 0,
        duplicate_of: "https://example.org/0".to_owned(),
        duplicate_run: None,
        kind: kind.to_owned(),
        similar_to: "https://example.org/0".to_owned(),
        similar_run: None,
        similarity: 1.0,
        shared_share: 1.0,
    }
}

/// What holds for every row under every profile: contributions add up to the score, the action
/// follows from it (or from a gate), and the reason is one line.
fn check_rows(profile: &Profile, table: &Table) -> Result<(), TestCaseError> {
    let signals = profile.signals();
    let mut last = None;
    for row in 0..table.rows.len() {
        let points = |column: &str| table.value(row, column).and_then(Value::as_thousandths);
        let mut sum = 0;
        for signal in &signals {
            let contribution = points(&signal.column).expect("every contribution is a number");
            let (low, high) = (signal.weight_thousandths.min(0), signal.weight_thousandths.max(0));
            if signal.name != "gate" {
                prop_assert!(
                    (low..=high).contains(&contribution),
                    "{}: {contribution}",
                    signal.name
                );
                sum += contribution;
            }
        }
        let score = points("score").expect("a score");
        let gate = points("signal_gate").unwrap_or(0);
        let held = sum.clamp(0, 100_000);
        let action = text(table, row, "action");
        if gate == 0 && sum >= 0 {
            prop_assert_eq!(score, held);
            let by_threshold = profile.actions().iter().find(|action| score >= action.at_least);
            let gated = profile.gates().iter().any(|gate| gate.action == action);
            prop_assert!(by_threshold.is_some_and(|by| by.name == action) || gated, "{}", action);
        } else {
            prop_assert!(score == (sum + gate).clamp(0, 100_000), "{sum} {gate} {score}");
        }
        let reason = text(table, row, "reason");
        prop_assert!(!reason.is_empty() && !reason.contains('\n'), "{reason:?}");
        let ordinal = table.value(row, "ordinal").and_then(Value::as_u64);
        prop_assert!(last < ordinal, "not ordered by ordinal");
        last = ordinal;
    }
    Ok(())
}

fn measured() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        Just(None),
        Just(Some(f64::NAN)),
        Just(Some(f64::INFINITY)),
        Just(Some(f64::NEG_INFINITY)),
        Just(Some(-0.0)),
        Just(Some(f64::MAX)),
        (-1.0..2.0f64).prop_map(Some),
        (0.0..1e6f64).prop_map(Some),
    ]
}

fn any_document() -> impl Strategy<Value = Document> {
    let published = prop_oneof![
        Just(None),
        Just(Some("2025-06-01".to_owned())),
        Just(Some("2031-01-01T00:00:00+02:00".to_owned())),
        "\\PC{0,20}".prop_map(Some),
        "[0-9]{1,6}-[0-9]{2}-[0-9]{2}".prop_map(Some),
    ];
    let signals = proptest::collection::vec(measured(), Signal::ALL.len());
    let gate = proptest::option::weighted(0.2, 0..Gate::ALL.len());
    (published, signals, gate, 0..100_000u64, "\\PC{0,12}").prop_map(
        |(published, signals, gate, word_count, title)| Document {
            published,
            signals,
            gate: gate.map(|index| Gate::ALL[index]),
            word_count,
            title: Some(title),
            ..document(0)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn contributions_add_up_whatever_the_documents_hold(
        mut documents in proptest::collection::vec(any_document(), 0..40),
        copies in proptest::collection::btree_set(1..40u64, 0..10),
        classic in any::<bool>(),
    ) {
        for (ordinal, document) in (0u64..).zip(&mut documents) {
            // Parts are in the order of arrival, so ordinals fall here.
            document.ordinal = 1_000 - ordinal;
        }
        let duplicates: Vec<Duplicate> =
            copies.iter().map(|copy| duplicate(1_000 - copy, if copy % 2 == 0 { "exact" } else { "near" })).collect();
        let profile = builtin(if classic { "classic" } else { "default" });
        let fixture = Fixture::new(&documents, &duplicates);
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let table = runtime.block_on(fixture.scores(&profile));
        prop_assert_eq!(table.rows.len(), documents.len());
        check_rows(&profile, &table)?;
    }
}

#[tokio::test]
async fn the_best_page_gets_a_hundred_and_the_old_formula_its_ninety() {
    let fixture = Fixture::new(&[excellent(0)], &[]);
    let table = fixture.scores(&builtin("default")).await;
    assert_eq!(text(&table, 0, "score"), "100.000");
    assert_eq!(text(&table, 0, "action"), "BUY");
    let fixture = Fixture::new(&[excellent(0)], &[]);
    let table = fixture.scores(&builtin("classic")).await;
    assert_eq!(text(&table, 0, "score"), "90.000");
    assert_eq!(text(&table, 0, "profile"), "classic");
    assert_eq!(text(&table, 0, "profile_hash"), builtin("classic").hash());
}

#[tokio::test]
async fn keywords_decide_under_the_old_formula_and_not_under_the_new_one() {
    let mut without = excellent(0);
    set(&mut without, Signal::KeywordHits, 0.0);
    let classic = Fixture::new(&[without.clone()], &[]).scores(&builtin("classic")).await;
    assert_eq!(
        (text(&classic, 0, "score"), text(&classic, 0, "action")),
        ("60.000".into(), "MONITOR".into())
    );
    let default = Fixture::new(&[without], &[]).scores(&builtin("default")).await;
    assert_eq!(
        (text(&default, 0, "score"), text(&default, 0, "action")),
        ("95.000".into(), "BUY".into())
    );
}

#[tokio::test]
async fn gates_stand_apart_and_say_what_they_took() {
    let gated = |ordinal, gate| Document { gate: Some(gate), ..excellent(ordinal) };
    let documents: Vec<Document> = (0u64..)
        .zip(Gate::ALL)
        .map(|(ordinal, gate)| gated(ordinal, *gate))
        .chain([excellent(50), excellent(51), excellent(52)])
        .collect();
    let duplicates = [duplicate(51, "exact"), duplicate(52, "near")];
    let table = Fixture::new(&documents, &duplicates).scores(&builtin("default")).await;
    let told: Vec<String> = (0..table.rows.len())
        .map(|row| {
            ["score", "signal_gate", "action", "reason", "duplicate_of"]
                .map(|column| text(&table, row, column))
                .join(" | ")
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[tokio::test]
async fn ages_count_from_the_fetch_and_what_is_no_date_has_none() {
    let dated = |ordinal, published: Option<&str>| Document {
        published: published.map(str::to_owned),
        ..document(ordinal)
    };
    let documents = [
        dated(0, Some("2025-12-31")),
        dated(1, Some("2025-12-30T12:00:00Z")),
        dated(2, Some("2025-12-31T23:59:59+14:00")),
        dated(3, Some("2026-01-01")),
        dated(4, Some("2026-01-02")),
        dated(5, Some("yesterday")),
        dated(6, Some("")),
        dated(7, Some("9999999-01-01")),
        dated(8, None),
        dated(9, Some("1850-01-01")),
    ];
    let ages = r#"
        name = "ages"
        description = "The age in days, as points."
        version = 1
        [[signal]]
        name = "age"
        about = "Age."
        expr = "CASE WHEN age_days IS NULL THEN 1 ELSE least(age_days, 90) / 100 END"
        weight = 100
        reason = "old"
        reason_low = "new"
        [[action]]
        name = "ALL"
        at_least = 0
    "#;
    let profile = Profile::parse("ages", ages).expect("fits");
    let table = Fixture::new(&documents, &[]).scores(&profile).await;
    let points: Vec<String> = (0..table.rows.len()).map(|row| text(&table, row, "score")).collect();
    let expected = [
        "1.000", "1.000", "0.000", "0.000", "100.000", "100.000", "100.000", "100.000", "100.000",
        "90.000",
    ];
    assert_eq!(points, expected);
}

#[tokio::test]
async fn what_is_no_number_gives_no_points_and_takes_confidence() {
    let profile = |expr: &str| {
        let text = format!(
            "name = \"odd\"\ndescription = \"Odd numbers.\"\nversion = 1\n\
             [[signal]]\nname = \"odd\"\nabout = \"Odd.\"\nweight = 60\nexpr = \"{expr}\"\n\
             reason = \"odd\"\nreason_low = \"even\"\n\
             [[signal]]\nname = \"rest\"\nabout = \"All.\"\nweight = 40\nexpr = \"1.0\"\n\
             reason = \"all\"\nreason_low = \"none\"\n\
             [[action]]\nname = \"ALL\"\nat_least = 0\n"
        );
        Profile::parse("odd", &text).unwrap_or_else(|error| panic!("{error}"))
    };
    for expr in ["word_count / 0", "0.0 / 0.0", "-1.0 / 0", "sqrt(-1.0)", "ln(0.0)", "lix"] {
        let nothing = Document { signals: vec![None; Signal::ALL.len()], ..document(0) };
        let table = Fixture::new(&[nothing], &[]).scores(&profile(expr)).await;
        assert_eq!(text(&table, 0, "signal_odd"), "0.000", "{expr}");
        assert_eq!(text(&table, 0, "score"), "40.000", "{expr}");
        assert_eq!(text(&table, 0, "confidence"), "0.400", "{expr}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_thread_and_two_write_the_same_scores() {
    let documents: Vec<Document> = (0..3_000)
        .rev()
        .map(|ordinal| {
            let mut document = excellent(ordinal);
            document.word_count = ordinal % 2_500;
            set(&mut document, Signal::PunctuatedLineRatio, (ordinal % 97) as f64 / 97.0);
            document
        })
        .collect();
    let duplicates: Vec<Duplicate> = (1..3_000).step_by(7).map(|o| duplicate(o, "exact")).collect();
    let fixture = Fixture::new(&documents, &duplicates);
    let profile = builtin("default");
    let mut hashes = Vec::new();
    for (generation, threads) in (1..).zip([1, 2, 4, 2]) {
        hashes.push(fixture.score(&profile, threads, generation).await.part().hash.clone());
    }
    assert!(hashes.iter().all(|hash| *hash == hashes[0]), "{hashes:?}");
}

#[tokio::test]
async fn no_documents_give_a_part_without_rows_and_with_every_column() {
    for name in Profile::builtin_names() {
        let profile = builtin(name);
        let table = Fixture::new(&[], &[]).scores(&profile).await;
        assert!(table.rows.is_empty());
        let expected: Vec<String> =
            scores_columns(&profile).schema.fields().iter().map(|f| f.name().clone()).collect();
        assert_eq!(table.columns, expected);
    }
}

#[tokio::test]
async fn every_document_gets_exactly_one_score_or_the_part_is_refused() {
    let twice = [duplicate(1, "exact"), duplicate(1, "near")];
    let fixture = Fixture::new(&[excellent(0), excellent(1)], &twice);
    let (query, profile) = (fixture.query(1), builtin("default"));
    let score = async |part| {
        let first = Generation::FIRST;
        let scorer = Scorer::prepare(&query, &fixture.run, &profile).await.expect("counted");
        let parts =
            PartScorer::plan(&fixture.store, &query, &fixture.run, &scorer).expect("a plan");
        parts.score(part, first).await.expect_err("refused").to_string()
    };
    assert_eq!(
        score(PART).await,
        "score part-00000001: 2 documents gave 3 scores; `jarvix verify` says whether the run's \
         parts are whole"
    );
    assert_eq!(
        score(PartName(9)).await,
        "score part-00000009: run a has no documents part of that name; curate it first"
    );
}
