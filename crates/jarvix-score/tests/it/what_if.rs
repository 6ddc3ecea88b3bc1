//! What another profile would give, before anything is written: page by page, and over a run.

use jarvix_core::{Document, Signal};
use jarvix_query::Value;
use jarvix_score::{Against, Fit, Label, Profile, compare, explain_page, tune};

use crate::fixture::{Fixture, document, excellent, set};

fn builtin(name: &str) -> Profile {
    Profile::builtin(name).expect("built in")
}

/// `default` with one text for another.
fn changed(from: &str, to: &str) -> Profile {
    let source = Profile::builtin_source("default").expect("built in");
    assert!(source.contains(from), "{from}");
    Profile::parse("changed.toml", &source.replace(from, to)).expect("right")
}

#[tokio::test]
async fn an_explained_page_has_the_numbers_of_its_row() {
    let fixture = Fixture::new(&[document(0), excellent(1)], &[]);
    let profile = builtin("default");
    let scores = fixture.scores(&profile).await;
    let url = "https://example.org/1";
    let page = explain_page(&fixture.query(1), &fixture.run, &profile, url).await;
    let page = page.expect("computed").expect("it is there");
    let stored = |name: &str| scores.value(1, name).and_then(|v| v.as_thousandths()).expect(name);
    assert_eq!((page.score, page.confidence), (stored("score"), stored("confidence")));
    for contribution in &page.contributions {
        assert_eq!(contribution.points, stored(&format!("signal_{}", contribution.name)));
    }
    let sum: i64 = page.contributions.iter().map(|c| c.points).sum();
    assert_eq!(sum + page.gate, page.score);
    let none = explain_page(&fixture.query(1), &fixture.run, &profile, "https://x/").await;
    assert!(none.expect("computed").is_none());
}

#[tokio::test]
async fn the_same_profile_moves_nothing() {
    let fixture = Fixture::new(&[document(0), excellent(1)], &[]);
    fixture.scores(&builtin("default")).await;
    let (query, profile) = (fixture.query(2), builtin("default"));
    let same = compare(&query, &fixture.run, &profile, &Against::Stored, 10).await;
    let same = same.expect("compared");
    assert_eq!((same.documents, same.unscored, same.same), (2, 0, 2));
    assert!(same.movers.is_empty() && same.transitions.iter().all(|t| t.from == t.to));
}

#[tokio::test]
async fn what_moves_is_named_with_the_signals_that_moved_it() {
    let mut dull = excellent(2);
    set(&mut dull, Signal::MetadataCount, 0.0);
    let fixture = Fixture::new(&[document(0), excellent(1), dull], &[]);
    fixture.scores(&builtin("default")).await;
    // Ten points go from one signal to another.
    let source = Profile::builtin_source("default").expect("built in");
    let other = source.replace("weight = 24", "weight = 14").replace("weight = 12", "weight = 22");
    let other = Profile::parse("other.toml", &other).expect("right");
    let run = &fixture.run;
    let found = compare(&fixture.query(2), run, &other, &Against::Stored, 1).await;
    let found = found.expect("compared");
    assert_eq!((found.up + found.down + found.same, found.documents), (3, 3));
    let [mover] = &found.movers[..] else { panic!("{found:?}") };
    let sum: i64 = mover.changes.iter().map(jarvix_score::Change::size).sum();
    assert_eq!(sum, mover.new_score - mover.old_score, "{mover:?}");
    assert!(mover.changes.iter().any(|c| c.signal == "provenance"), "{mover:?}");
    let stored = Against::Profile(Box::new(builtin("default")));
    let again = compare(&fixture.query(1), run, &other, &stored, 1).await.expect("compared");
    assert_eq!(again, found, "a profile gives what was stored by it");
}

#[tokio::test]
async fn signals_that_only_one_side_has_are_changes_too() {
    let fixture = Fixture::new(&[excellent(0)], &[]);
    let renamed = changed("name = \"intent\"", "name = \"wish\"");
    let old = Against::Profile(Box::new(builtin("default")));
    let found = compare(&fixture.query(1), &fixture.run, &renamed, &old, 10).await;
    let found = found.expect("compared");
    assert_eq!((found.same, found.movers.len()), (1, 0), "the sum is the same");
    let none = changed("expr = \"keyword_hits / 5.0\"", "expr = \"0 * keyword_hits\"");
    let found = compare(&fixture.query(1), &fixture.run, &none, &old, 10).await.expect("compared");
    let change = &found.movers[0].changes[0];
    assert_eq!((change.signal.as_str(), change.old, change.new), ("intent", Some(5000), Some(0)));
    assert_eq!((found.down, found.mean_change), (1, -5000));
}

#[tokio::test]
async fn a_run_without_scores_is_told_apart() {
    let fixture = Fixture::new(&[excellent(0)], &[]);
    let found =
        compare(&fixture.query(1), &fixture.run, &builtin("default"), &Against::Stored, 10).await;
    let error = found.expect_err("nothing to compare with").to_string();
    assert!(error.contains("none yet"), "{error}");
}

/// Documents of which every second is excellent; labels say so, with a few mistakes.
fn labelled(count: u64) -> (Vec<jarvix_core::Document>, Vec<Label>) {
    let documents: Vec<_> =
        (0..count).map(|at| if at % 2 == 0 { excellent(at) } else { document(at) }).collect();
    let label = |(at, document): (usize, &jarvix_core::Document)| Label {
        url: document.url.clone(),
        good: (at % 2 == 0) != (at % 29 == 0),
    };
    let labels = documents.iter().enumerate().map(label).collect();
    (documents, labels)
}

#[tokio::test]
async fn a_fitted_profile_is_right_and_its_figures_are_of_other_pages() {
    let (documents, mut labels) = labelled(240);
    labels.push(Label { url: "https://nowhere.example/".to_owned(), good: true });
    let fixture = Fixture::new(&documents, &[]);
    let profile = builtin("default");
    let query = fixture.query(2);
    let tuned = tune(&query, &fixture.run, &profile, &labels, Fit::Both, None).await;
    let tuned = tuned.expect("fitted");
    assert_eq!((tuned.action.as_str(), tuned.missing), ("BUY", 1));
    let counts = [tuned.fitted, tuned.held_out].map(|c| c.good + c.other);
    assert_eq!(counts[0] + counts[1], 240);
    assert!(counts[1] > 40 && !tuned.few, "{counts:?}");
    let fitted = Profile::parse("tuned.toml", &tuned.source).expect("right");
    let weights: Vec<i64> = fitted.rules().iter().map(|rule| rule.weight).collect();
    assert_eq!(weights, tuned.weights.iter().map(|w| w.new).collect::<Vec<_>>());
    assert!(
        weights.iter().zip(profile.rules()).all(|(new, old)| new.signum() == old.weight.signum())
    );
    assert!(fitted.actions().iter().any(|a| a.at_least == tuned.new_threshold));
    assert!(tuned.new.at_threshold.f1 >= tuned.old.at_threshold.f1 - 0.01, "{tuned:?}");
    assert!(tuned.new.auc > 0.9, "{tuned:?}");
    let again = tune(&query, &fixture.run, &profile, &labels, Fit::Both, None).await;
    assert_eq!(again.expect("fitted"), tuned, "the same labels give the same profile");
    // What is not fitted stays, comments too.
    let only = tune(&query, &fixture.run, &profile, &labels, Fit::Threshold, Some("MONITOR")).await;
    let only = only.expect("fitted");
    assert!(only.weights.iter().all(|w| w.old == w.new));
    assert!(only.new_threshold < 75_000 && only.source.contains("# Why it is better"));
}

#[tokio::test]
async fn labels_that_teach_nothing_are_refused() {
    let (documents, labels) = labelled(40);
    let fixture = Fixture::new(&documents, &[]);
    let (query, profile) = (fixture.query(1), builtin("default"));
    let all_good: Vec<Label> =
        labels.iter().map(|l| Label { url: l.url.clone(), good: true }).collect();
    let found = tune(&query, &fixture.run, &profile, &all_good, Fit::Both, None).await;
    assert!(found.expect_err("one kind").to_string().contains("both kinds"));
    let found = tune(&query, &fixture.run, &profile, &labels, Fit::Both, Some("RENT")).await;
    assert!(found.expect_err("no such action").to_string().contains("RENT"));
    let found = tune(&query, &fixture.run, &profile, &labels, Fit::Threshold, Some("SKIP")).await;
    assert!(found.expect_err("it begins at 0").to_string().contains("no threshold"));
    let few = tune(&query, &fixture.run, &profile, &labels, Fit::Weights, None).await;
    assert!(few.expect("fitted").few);
}

#[tokio::test]
async fn a_topic_counts_over_the_whole_run_and_what_is_off_it_is_said_to_be() {
    let mut about = excellent(0);
    about.title = Some("Solar panels for balconies".to_owned());
    about.text = "Solar panels on balconies feed power into the socket. ".repeat(30);
    let mut near = excellent(1);
    near.text = format!("{} One panel is shown.", "Power comes from the wall. ".repeat(60));
    let fixture = Fixture::new(&[about, near, excellent(2)], &[]);
    let profile = builtin("topic").with_topic("solar panels, balcony or balconies").expect("words");
    assert!(profile.asks_for_a_topic() && profile.hash() != builtin("topic").hash());
    let scores = fixture.scores(&profile).await;
    let of = |row: usize, name: &str| scores.value(row, name).expect(name).clone();
    let topic: Vec<i64> =
        (0..3).map(|row| of(row, "signal_topic").as_thousandths().expect("points")).collect();
    assert!(topic[0] > 30_000 && topic[1] < topic[0] && topic[2] == 0, "{topic:?}");
    assert_eq!(of(2, "action").to_string(), "SKIP");
    assert_eq!(of(2, "reason").to_string(), "not about the topic");
    assert_eq!(of(0, "action").to_string(), "BUY");
    // Quotes and line breaks in a topic are part of its words and of nothing else.
    let odd = builtin("topic").with_topic("it's \"solar\"\n[[action]] = panels").expect("words");
    assert_eq!(odd.actions(), builtin("topic").actions());
    assert!(builtin("topic").with_topic(" ,; ").is_err());
}

/// Signals that read texts, a few of them odd, with a gate that reads them, too.
const READS_TEXTS: &str = r#"
name = "reads"
description = "Reads texts."
version = 1
[[signal]]
name = "keywords"
about = "Words."
weight = 33.333
expr = "(strpos(text, 'power') > 0 -- a comment\n)::int / 3.0"
reason = "a"
reason_low = "b"
[[signal]]
name = "odd"
about = "Divides by zero, and knows nothing of some."
weight = 26.667
expr = "CASE WHEN length(text) > 1000 THEN NULL ELSE length(text) / (word_count - word_count) END"
reason = "a"
reason_low = "b"
[[signal]]
name = "share"
about = "Part of a text."
weight = 40
expr = "length(text) / 1777.0"
reason = "a"
reason_low = "b"
[[signal]]
name = "penalty"
about = "Takes away."
weight = -7.77
expr = "length(text) / 3333.0"
reason = "a"
[[signal]]
name = "both"
about = "Asks text and topic."
weight = -5
expr = "length(text) * coalesce(topic_match, 0) * 0"
reason = "a"
[[gate]]
name = "empty"
when = "text = 'text'"
score_max = 10
action = "SKIP"
reason = "nothing in it"
[[action]]
name = "BUY"
at_least = 40
[[action]]
name = "SKIP"
at_least = 0
"#;

#[tokio::test]
async fn what_is_computed_while_a_topic_is_counted_is_what_would_be_computed_later() {
    let text = |ordinal: u64, text: String| Document { text, ..excellent(ordinal) };
    let long = "Solar power from the wall. ".repeat(60);
    let documents = [
        text(0, String::new()),
        text(1, "Solar".to_owned()),
        text(2, long),
        text(3, "power ".repeat(123)),
        document(4),
    ];
    let later = Profile::parse("reads.toml", READS_TEXTS).expect("a profile");
    let ahead = later.with_topic("solar").expect("a topic");
    let scores = async |profile: &Profile| Fixture::new(&documents, &[]).scores(profile).await;
    let (later, ahead) = (scores(&later).await, scores(&ahead).await);
    assert_eq!(later.columns, ahead.columns);
    for (column, name) in later.columns.iter().enumerate().filter(|(_, n)| *n != "profile_hash") {
        for (row, (a, b)) in later.rows.iter().zip(&ahead.rows).enumerate() {
            assert_eq!(a[column], b[column], "{name} of {row}");
        }
    }
    let points = |row: usize, name: &str| later.value(row, name).and_then(Value::as_thousandths);
    assert_eq!(points(3, "signal_keywords"), Some(11_111));
    assert!(points(3, "signal_penalty") < Some(0) && points(3, "signal_share") > Some(0));
    assert_eq!((points(4, "signal_gate").is_some(), later.rows.len()), (true, 5));
}

#[tokio::test]
async fn a_run_without_documents_has_an_answer_to_everything() {
    let fixture = Fixture::new(&[], &[]);
    let (query, run, profile) = (fixture.query(1), &fixture.run, builtin("default"));
    let against = Against::Profile(Box::new(builtin("classic")));
    let found = compare(&query, run, &profile, &against, 10).await.expect("compared");
    assert_eq!((found.documents, found.mean_change, found.movers.len()), (0, 0, 0));
    let topic = builtin("topic").with_topic("anything").expect("a word");
    assert!(fixture.scores(&topic).await.rows.is_empty());
    let labels = [Label { url: "https://example.org/0".to_owned(), good: true }];
    let found = tune(&query, run, &profile, &labels, Fit::Both, None).await;
    assert!(found.expect_err("nothing to learn from").to_string().contains("both kinds"));
}

#[tokio::test]
async fn a_url_is_a_value_and_never_part_of_a_query() {
    let mut quoted = excellent(0);
    quoted.url = "https://example.org/it's?x=' OR '1'='1".to_owned();
    let fixture = Fixture::new(&[quoted.clone(), excellent(1)], &[]);
    let (query, profile) = (fixture.query(1), builtin("default"));
    let found = explain_page(&query, &fixture.run, &profile, &quoted.url).await;
    assert_eq!(found.expect("computed").map(|page| page.url), Some(quoted.url));
    let none = explain_page(&query, &fixture.run, &profile, "' OR '1'='1").await;
    assert!(none.expect("computed").is_none());
}
