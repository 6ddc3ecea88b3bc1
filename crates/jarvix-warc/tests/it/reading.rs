//! Archives as others write them: however they are packed, each record is found, and found again at
//! its place.

use std::io::Cursor;

use jarvix_warc::{Archive, Damage, Digest, Item, Kind, Limits};

use crate::support::{Read, packings, read, read_with, record, response};

fn some() -> Vec<String> {
    vec![
        record("warcinfo", "", "Content-Type: application/warc-fields\r\n", "software: x\r\n"),
        response("http://a.example/1", "first"),
        response("http://a.example/2", &"second ".repeat(3_000)),
        record(
            "request",
            "http://a.example/3",
            "Content-Type: application/http\r\n",
            "GET / HTTP/1.1\r\n\r\n",
        ),
        response("http://a.example/3", "third"),
    ]
}

#[test]
fn every_packing_gives_the_same_records() {
    let records = some();
    for (name, bytes) in packings(&records) {
        let Read { records, defects } = read(&bytes);
        assert_eq!(defects, [], "{name}");
        let kinds: Vec<Kind> = records.iter().map(|(head, _)| head.kind).collect();
        let expected =
            [Kind::Warcinfo, Kind::Response, Kind::Response, Kind::Request, Kind::Response];
        assert_eq!(kinds, expected, "{name}");
        let body = records[2].1.as_ref().map(|r| r.payload.len());
        assert_eq!(body, Some(7 * 3_000), "{name}");
        assert_eq!(records[4].0.number, 5);
    }
}

#[test]
fn a_record_is_found_again_at_its_place() {
    for (name, bytes) in packings(&some()) {
        for (head, _) in read(&bytes).records {
            let at = usize::try_from(head.place.offset).expect("small");
            let mut archive =
                Archive::at(Cursor::new(&bytes[at..]), head.place.offset, Limits::default());
            assert!(archive.skip_inside(head.place.inside).expect("memory"), "{name}");
            match archive.next_item().expect("memory") {
                Some(Item::Record(again)) => {
                    assert_eq!((again.fields, again.place), (head.fields, head.place), "{name}");
                }
                other => panic!("{name}: {other:?}"),
            }
        }
    }
    let (_, members) = packings(&some()).swap_remove(0);
    assert!(read(&members).records.iter().all(|(head, _)| head.place.inside == 0));
}

#[test]
fn sloppy_line_ends_and_gaps_are_no_defects() {
    let unix = response("http://a.example/1", "one").replace("\r\n", "\n");
    // The block got shorter with its line ends.
    let unix = unix.replace("Content-Length: 47", "Content-Length: 44");
    let no_gap = response("http://a.example/2", "two").trim_end().to_owned();
    let wide_gap = format!("\r\n\n\n{}\n\n\n", response("<http://a.example/3>", "three"));
    let last = response("http://a.example/4", "four").trim_end().to_owned();
    let read = read([unix, no_gap, wide_gap, last].concat().as_bytes());
    assert_eq!(read.defects, []);
    assert_eq!(read.bodies(), ["one", "two", "three", "four"]);
    assert_eq!(read.uris()[2], "http://a.example/3");
}

#[test]
fn payloads_are_transfer_decoded_capped_and_checked() {
    let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    let claimed = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nabcde";
    let broken = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde";
    let coded = "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    let digest = |bytes: &str| Digest::sha1(&[bytes.as_bytes()]);
    let payload = |bytes: &str| format!("WARC-Payload-Digest: {}\r\n", digest(bytes));
    let block = |bytes: &str| format!("WARC-Block-Digest: {}\r\n", digest(bytes));
    for (fields, text, damage) in [
        (String::new(), chunked, None),
        (payload("abcde"), chunked, None),
        // As many writers have it, with the chunks.
        (payload(coded), chunked, None),
        (payload("abcde") + &block(chunked), chunked, None),
        (payload("other"), chunked, Some(Damage::PayloadDigest)),
        (block("other"), chunked, Some(Damage::BlockDigest)),
        (payload("abcde"), claimed, None),
        (String::new(), broken, Some(Damage::Chunks)),
        ("WARC-Payload-Digest: md5:00\r\n".to_owned(), claimed, None),
    ] {
        let text = record("response", "http://a.example/", &fields, text);
        let read = read(text.as_bytes());
        assert_eq!(read.bodies(), ["abcde"], "{text}");
        let found = read.records[0].1.as_ref().and_then(|r| r.damage.clone());
        assert_eq!(found, damage, "{text}");
    }
    let fields = payload("abcde") + &block(chunked);
    let text = record("response", "http://a.example/", &fields, chunked);
    let limits = Limits { payload_bytes_max: 4, ..Limits::default() };
    let read = read_with(text.as_bytes(), limits);
    let capped = read.records[0].1.as_ref().expect("an answer");
    assert_eq!((capped.payload.as_slice(), capped.capped), (&b"abcd"[..], true));
    assert_eq!(capped.damage, None, "what is not kept is hashed all the same");
}
