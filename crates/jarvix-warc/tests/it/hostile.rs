//! Corrupt archives (HOSTILE 36): a typed defect and the next record, never a panic, and no more
//! memory than the limits say.

use jarvix_warc::{Damage, Limits, fuzz};
use proptest::prelude::*;

use crate::support::{gzip, packings, read, read_with, record, response};

fn after(bad: &str) -> Vec<u8> {
    format!(
        "{}{bad}{}",
        response("http://a.example/1", "one"),
        response("http://a.example/2", "two")
    )
    .into_bytes()
}

#[test]
fn bad_records_are_defects_and_the_next_one_is_found() {
    let head = "WARC/1.0\r\nWARC-Type: response\r\n";
    let long = format!("{head}X: {}\r\n\r\n", "x".repeat(100_000));
    let many = format!("{head}{}\r\n", "X: y\r\n".repeat(1_000));
    for (bad, words) in [
        ("not a record\r\n\r\n", "bytes that belong to no record"),
        ("WARC", "bytes that belong to no record"),
        (&*long, "too large"),
        (&many, "too large"),
        ("WARC/1.0\r\nWARC-Type: response\r\n\r\nabc\r\n\r\n", "does not say how long"),
        ("WARC/1.0\r\nContent-Length: -3\r\n\r\nabc\r\n\r\n", "\"-3\" is no number"),
        ("WARC/1.0\r\nContent-Length: +3\r\n\r\nabc\r\n\r\n", "is no number"),
        ("WARC/1.0\r\nContent-Length: 99999999999999999999\r\n\r\nabc\r\n\r\n", "is no number"),
        // Too short: what is left over belongs to no record.
        ("WARC/1.0\r\nContent-Length: 1\r\n\r\nabcdef\r\n\r\n", "bytes that belong to no record"),
    ] {
        let bad = format!("{bad}\r\n\r\n");
        let read = read(&after(&bad));
        assert_eq!(read.uris(), ["http://a.example/1", "http://a.example/2"], "{bad:.80}");
        assert_eq!(read.defects.len(), 1, "{bad:.80}: {:?}", read.defects);
        assert!(read.defects[0].1.contains(words), "{bad:.80}: {:?}", read.defects);
    }
}

#[test]
fn a_length_beyond_the_record_ends_where_the_next_piece_begins() {
    let lying =
        response("http://a.example/1", "one").replace("Content-Length: 47", "Content-Length: 4900");
    let good = response("http://a.example/2", "two");
    let bytes = [gzip(lying.as_bytes()), gzip(good.as_bytes())].concat();
    let found = read(&bytes);
    assert_eq!(found.uris(), ["http://a.example/1", "http://a.example/2"]);
    assert_eq!(found.defects.len(), 1, "{:?}", found.defects);
    let damage = found.records[0].1.as_ref().and_then(|r| r.damage.clone());
    assert!(matches!(damage, Some(Damage::Cut { missing: 4849 })), "{damage:?}");
    // Without pieces nobody can tell, but it ends.
    let found = read(format!("{lying}{good}").as_bytes());
    assert_eq!(found.uris(), ["http://a.example/1"]);
}

#[test]
fn a_damaged_piece_costs_itself_and_no_other() {
    let records: Vec<String> =
        (0..5).map(|n| response(&format!("http://a.example/{n}"), &"text ".repeat(500))).collect();
    for (name, mut bytes) in
        packings(&records).into_iter().filter(|(n, _)| matches!(*n, "members" | "frames"))
    {
        let piece = bytes.len() / 5;
        let at = 2 * piece + piece / 2;
        bytes[at..at + 8].fill(0xff);
        let found = read(&bytes);
        let sound =
            found.records.iter().filter(|(_, r)| r.as_ref().is_some_and(|r| r.damage.is_none()));
        assert_eq!(sound.count(), 4, "{name}: {:?}", found.defects);
        assert!(!found.defects.is_empty(), "{name}");
    }
}

#[test]
fn a_length_of_terabytes_takes_no_memory() {
    let huge = record("response", "http://a.example/", "", "HTTP/1.1 200 OK\r\n\r\nabc")
        .replace("Content-Length: 22", "Content-Length: 9999999999999999999");
    let read = read(huge.as_bytes());
    let answer = read.records[0].1.as_ref().expect("an answer");
    assert!(answer.payload.len() < 100 && answer.payload.capacity() < 4096);
    assert!(matches!(answer.damage, Some(Damage::Cut { .. })));
}

#[test]
fn a_bomb_is_read_without_being_held() {
    let block = format!("HTTP/1.1 200 OK\r\n\r\n{}", " ".repeat(64 * 1024 * 1024));
    let bomb = gzip(record("response", "http://a.example/", "", &block).as_bytes());
    assert!(bomb.len() < 100_000);
    let limits = Limits { payload_bytes_max: 10_000, ..Limits::default() };
    let read = read_with(&bomb, limits);
    let answer = read.records[0].1.as_ref().expect("an answer");
    assert!(answer.capped && answer.payload.capacity() < 200_000);
}

#[test]
fn an_archive_cut_anywhere_gives_what_is_whole() {
    let records: Vec<String> =
        (0..3).map(|n| response(&format!("http://a.example/{n}"), "some text")).collect();
    for (name, bytes) in packings(&records) {
        for cut in (0..bytes.len()).step_by(3) {
            let found = read(&bytes[..cut]);
            assert!(found.records.len() <= 3, "{name} cut at {cut}");
            for (head, answer) in &found.records {
                let sound = answer.as_ref().is_some_and(|r| r.damage.is_none());
                let is_last = head.number as usize == found.records.len();
                assert!(sound || is_last, "{name} cut at {cut}: record {} is damaged", head.number);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        fuzz::read_all(&bytes);
    }

    #[test]
    fn no_change_of_an_archive_makes_it_panic(
        packing in 0usize..6,
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<proptest::sample::Index>(),
    ) {
        let records: Vec<String> = (0..4)
            .map(|n| {
                let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
                record("response", &format!("http://a.example/{n}"), "", chunked)
            })
            .collect();
        let (_, mut bytes) = packings(&records).swap_remove(packing);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        fuzz::read_all(&bytes);
        fuzz::read_all(&bytes[..cut.index(bytes.len())]);
    }
}
