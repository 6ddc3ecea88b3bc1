//! What was damaged behind the store's back: an error or a finding, never a panic, never wrong rows.

use std::fs;
use std::path::Path;

use jarvix_core::{Dataset, Document, Generation, Ordinals, Page, PartName, RunState, Stage};
use jarvix_store::{DamageKind, Store, StoreError};

use crate::support::{collect, curate, env, open, run, with_run};

fn kinds(store: &Store) -> Vec<DamageKind> {
    store.verify(&run()).expect("verify").damages.iter().map(|damage| damage.kind).collect()
}

#[test]
fn verify_names_what_is_damaged() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    let parts: Vec<_> =
        (0..4).map(|part| collect(&store, part * 2..part * 2 + 2).expect("collect")).collect();
    curate(&store, Generation::FIRST).expect("curate");
    let clean = store.verify(&run()).expect("verify");
    assert!(clean.is_ok());
    assert_eq!((clean.parts, clean.rows), (12, 24));

    let path = |part: usize| store.part_path(&parts[part]);
    fs::remove_file(path(0)).expect("remove");
    let mut content = fs::read(path(1)).expect("read");
    content.truncate(content.len() - 1);
    fs::write(path(1), content).expect("cut");
    let mut content = fs::read(path(2)).expect("read");
    content[40] ^= 1;
    fs::write(path(2), content).expect("flip a bit");
    fs::write(path(3).with_file_name("part-00000099.parquet"), "x").expect("write");
    fs::write(path(3).with_file_name("notes.txt"), "x").expect("write");
    fs::write(store.run_dir(&run()).join("links/.generation"), "7\n").expect("write");

    let report = store.verify(&run()).expect("verify");
    let found: Vec<(DamageKind, &str)> = report
        .damages
        .iter()
        .map(|d| (d.kind, Path::new(&d.file).file_name().and_then(|n| n.to_str()).unwrap_or("")))
        .collect();
    use DamageKind::{Generation as OtherGeneration, Hash, Missing, Size, Unlisted};
    for expected in [
        (Missing, "part-00000001.parquet"),
        (Size, "part-00000002.parquet"),
        (Hash, "part-00000003.parquet"),
        (Unlisted, "part-00000099.parquet"),
        (Unlisted, "notes.txt"),
        (OtherGeneration, "links"),
    ] {
        assert!(found.contains(&expected), "{expected:?} is not in {found:#?}");
    }
    assert!(report.damages.iter().all(|damage| !damage.reason.is_empty()));
    assert!(path(2).exists(), "nothing was moved or removed");
}

#[test]
fn damaged_parts_are_set_aside_and_their_rows_are_work_again() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    let parts: Vec<_> =
        (0..4).map(|part| collect(&store, part * 2..part * 2 + 2).expect("collect")).collect();
    curate(&store, Generation::FIRST).expect("curate");
    let links = store.catalogue().parts(&run(), Dataset::Links).expect("parts");
    let all: Ordinals = (0..8).collect();
    assert_eq!(store.catalogue().covered(&run(), Stage::Collect).expect("covered"), all);
    store.catalogue().set_run_state(&run(), RunState::Finished).expect("a state");

    fs::remove_file(store.part_path(&parts[1])).expect("remove");
    fs::write(store.part_path(&links[3]), "not what it was").expect("write");
    let found = store.verify(&run()).expect("verify");
    let done = store.quarantine(&run(), &found.damages).expect("quarantine");
    let names: Vec<_> = done.files.iter().filter_map(|f| f.file_name()?.to_str()).collect();
    assert_eq!(names, ["links.g1.part-00000004.parquet"], "the other was not there");
    assert_eq!(fs::read(&done.files[0]).expect("a file"), b"not what it was");
    // The pages, what was curated of them, and what was curated of others along with the links.
    assert_eq!(done.parts.len(), 5, "{:#?}", done.parts);
    assert!(kinds(&store).is_empty(), "nothing damaged is left, and no orphan");

    let left: Ordinals = [0, 1, 4, 5, 6, 7].into_iter().collect();
    assert_eq!(store.catalogue().covered(&run(), Stage::Collect).expect("covered"), left);
    let work = store.catalogue().work(&run(), Stage::Curate, Generation::FIRST).expect("work");
    assert_eq!(work, [PartName(4)]);
    let record = store.catalogue().run(&run()).expect("the catalogue").expect("the run");
    assert_eq!(record.state, RunState::Unfinished);
    let again = store.quarantine(&run(), &[]).expect("nothing to do");
    assert!(again.files.is_empty() && again.parts.is_empty());
}

#[test]
fn no_bit_of_a_part_can_flip_unnoticed() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    let part = collect(&store, 0..2).expect("collect");
    let path = store.part_path(&part);
    let whole = fs::read(&path).expect("read");
    for position in (0..whole.len()).step_by(7) {
        let mut flipped = whole.clone();
        flipped[position] ^= 0x10;
        fs::write(&path, flipped).expect("write");
        let error = store.read::<Page>(&part).map(drop).expect_err("a flipped bit");
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    }
    for length in [0, 1, 4, whole.len() / 2, whole.len() - 4] {
        fs::write(&path, &whole[..length]).expect("write");
        store.read::<Page>(&part).map(drop).expect_err("a cut file");
    }
    assert_eq!(kinds(&store), [DamageKind::Size]);
    fs::write(&path, &whole).expect("write");
    assert!(kinds(&store).is_empty());
}

#[test]
fn a_part_is_read_as_what_it_is() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    let part = collect(&store, 0..2).expect("collect");
    store.read::<Document>(&part).map(drop).expect_err("pages are not documents");
}

#[test]
fn a_catalogue_of_a_newer_jarvix_is_refused_with_a_way_out() {
    let dir = tempfile::tempdir().expect("temporary folder");
    drop(open(dir.path()));
    let path = dir.path().join("catalogue.db");
    let connection = rusqlite::Connection::open(&path).expect("open");
    connection.pragma_update(None, "user_version", 99).expect("write");
    drop(connection);
    let error = Store::open(dir.path(), env()).expect_err("newer").to_string();
    assert!(error.contains("99") && error.contains("newer Jarvix"), "{error}");
}

#[test]
fn a_file_that_is_not_a_catalogue_is_refused() {
    let dir = tempfile::tempdir().expect("temporary folder");
    fs::write(
        dir.path().join("catalogue.db"),
        "not a database, but long enough to be one".repeat(50),
    )
    .expect("write");
    let error = Store::open(dir.path(), env()).expect_err("not a database");
    assert!(matches!(error, StoreError::CatalogueDamaged { .. }), "{error:?}");

    let dir = tempfile::tempdir().expect("temporary folder");
    let connection = rusqlite::Connection::open(dir.path().join("catalogue.db")).expect("open");
    connection.execute_batch("CREATE TABLE other (x)").expect("write");
    drop(connection);
    let error = Store::open(dir.path(), env()).expect_err("another program's");
    assert!(matches!(error, StoreError::CatalogueDamaged { .. }), "{error:?}");
}

#[test]
fn flipped_bytes_in_the_catalogue_are_errors_or_findings() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let store = with_run(dir.path());
    collect(&store, 0..50).expect("collect");
    curate(&store, Generation::FIRST).expect("curate");
    drop(store);
    let path = dir.path().join("catalogue.db");
    let whole = fs::read(&path).expect("read");
    assert!(whole.len() > 4096, "closing writes the log back");
    for position in (0..whole.len()).step_by(509) {
        let mut flipped = whole.clone();
        for byte in &mut flipped[position..(position + 8).min(whole.len())] {
            *byte ^= 0xff;
        }
        fs::write(&path, flipped).expect("write");
        for log in ["catalogue.db-wal", "catalogue.db-shm"] {
            fs::remove_file(dir.path().join(log)).ok();
        }
        // Whatever comes of it is a value or an error; a panic would fail the test.
        if let Ok(store) = Store::open(dir.path(), env()) {
            drop(store.catalogue().runs());
            drop(store.catalogue().covered(&run(), jarvix_core::Stage::Collect));
            drop(store.verify(&run()));
        }
    }
}
