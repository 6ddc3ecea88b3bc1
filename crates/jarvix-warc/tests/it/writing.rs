//! What is written is read back, with digests that hold.

use jarvix_warc::{ArchiveWriter, Digest, Kind, Outgoing, format_date, record_id};
use proptest::prelude::*;

use crate::support::read;

fn write(bodies: &[Vec<u8>], packed: bool) -> Vec<u8> {
    let mut writer = ArchiveWriter::new(Vec::new(), packed);
    for (n, body) in bodies.iter().enumerate() {
        let uri = format!("http://a.example/{n}");
        let (id, date) = (record_id(&[&uri]), format_date(1_700_000_000_123_456));
        let block: [&[u8]; 2] = [b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n", body];
        let fields = vec![
            ("WARC-Target-URI", uri),
            ("WARC-Payload-Digest", Digest::sha1(&[body]).to_string()),
            ("X-Odd", "a\r\nContent-Length: 3".to_owned()),
            ("Content-Type", "application/http; msgtype=response".to_owned()),
        ];
        let record = Outgoing { kind: Kind::Response, id: &id, date: &date, fields, block: &block };
        writer.write(&record).expect("memory takes it");
    }
    let bytes = writer.bytes();
    let out = writer.into_inner();
    assert_eq!(bytes, out.len() as u64);
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn bodies_come_back_with_sound_digests(
        bodies in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..6),
        packed in any::<bool>(),
    ) {
        let bytes = write(&bodies, packed);
        prop_assert_eq!(&bytes, &write(&bodies, packed), "the same records, the same bytes");
        let found = read(&bytes);
        prop_assert_eq!(found.defects, []);
        prop_assert_eq!(found.records.len(), bodies.len());
        for ((head, answer), body) in found.records.iter().zip(&bodies) {
            let answer = answer.as_ref().expect("an answer");
            prop_assert_eq!(&answer.payload, body);
            prop_assert_eq!(&answer.damage, &None);
            prop_assert!(head.payload_digest().is_some() && head.block_digest().is_some());
            prop_assert_eq!(head.date_us(), Some(1_700_000_000_123_456));
        }
    }
}

#[test]
fn ids_follow_from_what_the_record_is() {
    let id = record_id(&["http://a.example/", "x"]);
    assert_eq!(id, record_id(&["http://a.example/", "x"]));
    assert_ne!(id, record_id(&["http://a.example/x"]));
    assert_eq!(id.len(), "<urn:uuid:xxxxxxxx-xxxx-5xxx-8xxx-xxxxxxxxxxxx>".len());
    assert_eq!(id.as_bytes()[24], b'5');
}
