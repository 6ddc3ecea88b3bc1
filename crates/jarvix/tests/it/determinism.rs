//! Invariant I3a: from the same pages parts, one and two threads give the same bytes.

use crate::support::{Place, allowed, files, site};

const MADE_FROM_PAGES: &[&str] = &["documents", "links", "duplicates", "scores", "report"];

#[test]
fn one_and_two_threads_give_the_same_bytes() {
    let place = Place::new();
    let (origin, list) = site(&place, 60);
    let allow = allowed(&origin);
    place
        .run(&[
            "collect",
            "--run",
            "r",
            "--input",
            &list,
            "--allow-net",
            &allow,
            "--chunk-size",
            "16",
        ])
        .expect(0);
    // The same pages parts, twice.
    copy(&place.data(), &place.path().join("other"));
    let mut made = Vec::new();
    for (data, threads) in [("data", "1"), ("other", "2")] {
        for command in ["curate", "score"] {
            place.run(&[command, "--run", "r", "--data", data, "--threads", threads]).expect(0);
        }
        let moved = place.path().join("data");
        if data == "other" {
            std::fs::rename(&moved, place.path().join("first")).expect("a folder can be renamed");
            std::fs::rename(place.path().join("other"), &moved).expect("a folder can be renamed");
        }
        made.push(files(&place, "r", MADE_FROM_PAGES));
    }
    let (one, two) = (&made[0], &made[1]);
    assert!(one.len() > 8, "too few files to compare: {:?}", one.keys());
    assert_eq!(one.keys().collect::<Vec<_>>(), two.keys().collect::<Vec<_>>());
    for (name, bytes) in one {
        assert!(two[name] == *bytes, "{name} differs between one and two threads");
    }
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).expect("a folder can be made");
    for entry in std::fs::read_dir(from).expect("the folder can be read") {
        let entry = entry.expect("the entry can be read");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).expect("the file can be copied");
        }
    }
}
