//! A changed profile is a new generation; readers see the old one or the new one, never both.

use jarvix_core::{Document, Gate, RunId, Stage};

#[cfg(feature = "failpoints")]
use crate::support::python;
use crate::support::{Place, allowed, files, rows, site};

fn scored(place: &Place) -> jarvix_origin::Origin {
    let (origin, list) = site(place, 12);
    let allow = allowed(&origin);
    let args = ["run", list.as_str(), "--run", "r", "--allow-net", &allow, "--chunk-size", "4"];
    place.run(&args).expect(0);
    origin
}

fn generation(place: &Place) -> u32 {
    generation_of(place, Stage::Score)
}

fn generation_of(place: &Place, stage: Stage) -> u32 {
    let run = RunId::new("r").expect("a run id");
    let known = place.store().catalogue().generation(&run, stage).expect("the catalogue answers");
    known.expect("the run was scored").generation.0
}

#[test]
fn another_profile_is_a_new_generation_and_back_again_too() {
    let place = Place::new();
    let _origin = scored(&place);
    assert_eq!(generation(&place), 1);
    let before = files(&place, "r", &["scores"]);
    place.run(&["score", "--run", "r"]).expect(0);
    assert_eq!(generation(&place), 1, "the same profile made a new generation");
    place.run(&["score", "--run", "r", "--profile", "classic"]).expect(0);
    assert_eq!(generation(&place), 2);
    let after = files(&place, "r", &["scores"]);
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    assert_ne!(before, after, "the readers still see the old scores");
    let report = std::fs::read_to_string(place.data().join("runs/r/report/summary.json"));
    assert!(report.expect("the report is there").contains("classic"));
    place.run(&["verify", "--run", "r"]).expect(0);
}

#[test]
fn another_policy_is_a_new_generation_of_documents() {
    let place = Place::new();
    let origin = scored(&place);
    let curated = || generation_of(&place, Stage::Curate);
    let denied = || {
        let documents = rows::<Document>(&place.store(), "r");
        documents.iter().filter(|document| document.gate == Some(Gate::Policy)).count()
    };
    let run_toml = || {
        let text = std::fs::read_to_string(place.data().join("runs/r/run.toml"));
        text.expect("the run's file")
    };
    place.run(&["curate", "--run", "r"]).expect(0);
    assert_eq!((curated(), denied()), (1, 0));
    assert!(!run_toml().contains("\nhash = "), "{}", run_toml());

    let list = place.file("deny.txt", "# everything\n[test] path /\n");
    place.run(&["curate", "--run", "r", "--deny", &list]).expect(0);
    assert_eq!((curated(), denied()), (2, 12));
    assert!(run_toml().contains("deny.txt") && run_toml().contains("\nhash = "), "{}", run_toml());
    // What the run was told holds until it is told otherwise.
    place.run(&["curate", "--run", "r"]).expect(0);
    let allow = allowed(&origin);
    let again = ["run", "urls.txt", "--run", "r", "--allow-net", &allow, "--chunk-size", "4"];
    place.run(&again).expect(0);
    assert_eq!((curated(), denied()), (2, 12));
    // A comment is no other policy.
    place.file("deny.txt", "[test]\n\n  path  /\n");
    place.run(&["curate", "--run", "r"]).expect(0);
    assert_eq!(curated(), 2);
    place.run(&["curate", "--run", "r", "--deny", ""]).expect(0);
    assert_eq!((curated(), denied()), (3, 0));

    let bad = place.file("bad.txt", "domain a.org\n\n  kyword x\n");
    let told = place.run(&["curate", "--run", "r", "--deny", &bad]).expect(2).stderr();
    assert!(told.contains("bad.txt, line 3, column 3"), "{told}");
    let told = place.run(&["curate", "--run", "r", "--languages", "german!"]).expect(2).stderr();
    assert!(told.contains("language code"), "{told}");
    assert_eq!(curated(), 3);
    place.run(&["verify", "--run", "r"]).expect(0);
}

#[test]
fn what_is_damaged_is_set_aside_and_made_again_by_the_same_command() {
    let place = Place::new();
    let (origin, list) = site(&place, 12);
    let allow = allowed(&origin);
    let args = ["run", list.as_str(), "--run", "r", "--allow-net", &allow, "--chunk-size", "4"];
    place.run(&args).expect(0);
    let urls = || exported(&place);
    let before = urls();
    assert_eq!(before.len(), 12);
    for dataset in ["pages", "documents", "scores", "duplicates", "hosts"] {
        let part = files(&place, "r", &[dataset]).into_keys().find(|name| name.contains("part-"));
        let part = place.data().join("runs/r").join(part.expect("a part"));
        std::fs::write(&part, "not what it was").expect("a file");
        let told = place.run(&["verify", "--run", "r"]).expect(1).stdout();
        assert!(told.contains("--quarantine"), "{told}");
        let told = place.run(&["verify", "--run", "r", "--quarantine"]).expect(1).stdout();
        assert!(told.contains("set aside"), "{told}");
        let lost = dataset == "hosts";
        assert_eq!((told.contains("lost: "), told.contains("made again")), (lost, !lost), "{told}");
        place.run(&["verify", "--run", "r"]).expect(0);
        place.run(&args).expect(0);
        place.run(&["verify", "--run", "r"]).expect(0);
        assert_eq!(urls(), before, "{dataset}");
    }
}

/// The addresses with their scores, as the ranking has them.
fn exported(place: &Place) -> Vec<String> {
    let csv = std::fs::read_to_string(place.data().join("runs/r/report/top.csv"));
    let csv = csv.expect("the ranking");
    let mut rows: Vec<String> = csv.lines().skip(1).map(str::to_owned).collect();
    rows.sort();
    rows
}

#[cfg(feature = "failpoints")]
const DUCKDB: &str = r#"
import json, sys
import duckdb
scores = f"'{sys.argv[1]}/scores/part-*.parquet'"
profiles = duckdb.sql(f"select distinct profile from {scores} order by 1").fetchall()
rows = duckdb.sql(f"select count(*) from {scores}").fetchall()[0][0]
print(json.dumps({"rows": rows, "profiles": [row[0] for row in profiles]}))
"#;

#[cfg(feature = "failpoints")]
#[test]
fn a_stop_at_every_step_of_the_switch_shows_old_or_new_never_both() {
    let place = Place::new();
    let _origin = scored(&place);
    let profiles = ["classic", "default"];
    for (at, point) in
        ["switch::before_tx", "switch::after_tx", "switch::after_exchange", "switch::after_remove"]
            .into_iter()
            .enumerate()
    {
        let old = files(&place, "r", &["scores"]);
        let was = generation(&place);
        let args = ["score", "--run", "r", "--profile", profiles[at % 2]];
        let output = place
            .command(&args)
            .env("FAILPOINTS", format!("{point}=return"))
            .output()
            .expect("the binary starts");
        assert_eq!(output.status.code(), None, "{point} did not stop the switch");

        // A reader that globs the folder: the files of one profile, all of them.
        let seen = profiles_in_folder(&place);
        assert_eq!(seen.len(), 1, "{point}: a reader of the folder sees {seen:?}");
        assert_eq!(files(&place, "r", &["scores"]).len(), old.len(), "{point}");
        // DuckDB is such a reader.
        if let Some(told) = python(&place, DUCKDB, "r") {
            assert_eq!(told["rows"], 12, "{point}: {told}");
            assert_eq!(told["profiles"], serde_json::json!(seen), "{point}: DuckDB");
        }
        // A reader that asks the catalogue: likewise.
        let seen = profiles_by_catalogue(&place);
        assert_eq!(seen.len(), 1, "{point}: a reader of the catalogue sees {seen:?}");

        place.run(&args).expect(0);
        assert!(generation(&place) > was, "{point}: the switch was not finished");
        assert_eq!(profiles_in_folder(&place), [profiles[at % 2]]);
        assert_eq!(profiles_by_catalogue(&place), [profiles[at % 2]]);
        place.run(&["verify", "--run", "r"]).expect(0);
    }
}

/// The profiles whose names stand in the files that match `scores/part-*.parquet`.
#[cfg(feature = "failpoints")]
fn profiles_in_folder(place: &Place) -> Vec<&'static str> {
    let found = files(place, "r", &["scores"]);
    let parts = found.iter().filter(|(name, _)| name.ends_with(".parquet"));
    profiles(parts.map(|(_, bytes)| bytes.clone()))
}

#[cfg(feature = "failpoints")]
fn profiles_by_catalogue(place: &Place) -> Vec<&'static str> {
    let store = place.store();
    let run = RunId::new("r").expect("a run id");
    let parts = store.catalogue().parts(&run, jarvix_core::Dataset::Scores);
    let parts = parts.expect("the catalogue answers");
    profiles(
        parts.iter().map(|part| std::fs::read(store.part_path(part)).expect("the part is there")),
    )
}

/// Column statistics name the only profile of a part in plain bytes.
#[cfg(feature = "failpoints")]
fn profiles(parts: impl Iterator<Item = Vec<u8>>) -> Vec<&'static str> {
    let mut seen = Vec::new();
    for bytes in parts {
        for profile in ["classic", "default"] {
            let named = bytes.windows(profile.len()).any(|window| window == profile.as_bytes());
            if named && !seen.contains(&profile) {
                seen.push(profile);
            }
        }
    }
    seen
}
