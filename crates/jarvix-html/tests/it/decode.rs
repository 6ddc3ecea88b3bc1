//! Content codings: every one, nested, cut and as bombs (HOSTILE 3).

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use jarvix_html::{DecodeCaps, DecodeError, decode_body, decode_prefix};
use proptest::prelude::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

fn raw_deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).expect("in memory")
}

/// "hello" in brotli; nothing here writes brotli.
const BROTLI: &[u8] = b"\x0b\x02\x80hello\x03";

fn page() -> Vec<u8> {
    (0..5_000)
        .flat_map(|n| format!("<p>Paragraph {n} of {}</p>", n * 7919 % 1000).into_bytes())
        .collect()
}

fn decode(body: &[u8], coding: &str) -> Result<(Vec<u8>, bool), DecodeError> {
    decode_body(body, Some(coding), &DecodeCaps::default())
        .map(|decoded| (decoded.bytes.into_owned(), decoded.incomplete))
}

#[test]
fn every_coding_is_undone() {
    let page = page();
    let cases = [
        ("gzip", gzip(&page)),
        ("X-GZIP", gzip(&page)),
        ("deflate", zlib(&page)),
        ("deflate", raw_deflate(&page)),
        ("zstd", zstd(&page)),
        ("gzip, zstd", zstd(&gzip(&page))),
        ("deflate,gzip , zstd", zstd(&gzip(&raw_deflate(&page)))),
        ("identity", page.clone()),
        ("", page.clone()),
        ("utf-8, gzip", gzip(&page)),
    ];
    for (coding, body) in cases {
        assert_eq!(decode(&body, coding), Ok((page.clone(), false)), "{coding}");
        assert_eq!(decode_prefix(&body, Some(coding), 100), &page[..100], "{coding}");
    }
    assert_eq!(decode(BROTLI, "br"), Ok((b"hello".to_vec(), false)));
    assert_eq!(decode(&gzip(BROTLI), "br, gzip"), Ok((b"hello".to_vec(), false)));
    let members = [gzip(b"one "), gzip(b"two"), b"trailing junk".to_vec()].concat();
    assert_eq!(decode(&members, "gzip"), Ok((b"one two".to_vec(), false)));
    let plain = decode_body(&page, None, &DecodeCaps::default()).expect("nothing to decode");
    assert!(matches!(plain.bytes, std::borrow::Cow::Borrowed(_)));
}

#[test]
fn a_cut_body_gives_what_there_is() {
    let page = page();
    for (coding, body) in [
        ("gzip", gzip(&page)),
        ("deflate", zlib(&page)),
        ("deflate", raw_deflate(&page)),
        ("zstd", zstd(&page)),
        ("zstd, gzip", gzip(&zstd(&page))),
    ] {
        let (bytes, incomplete) = decode(&body[..body.len() - 5], coding).expect("data");
        assert!(incomplete, "{coding}");
        assert!(page.starts_with(&bytes) && !bytes.is_empty(), "{coding}: {}", bytes.len());
    }
}

#[test]
fn what_cannot_be_decoded_says_why() {
    let junk = b"<html>not coded at all</html>";
    for coding in ["gzip", "zstd", "deflate", "br"] {
        assert!(matches!(decode(junk, coding), Err(DecodeError::Corrupt { .. })), "{coding}");
        assert!(decode_prefix(junk, Some(coding), 100).is_empty(), "{coding}");
    }
    assert!(matches!(decode(junk, "compress"), Err(DecodeError::Unknown { .. })));
    assert_eq!(decode_prefix(junk, Some("compress"), 6), b"<html>");
    let nested = "gzip, gzip, gzip, gzip";
    assert!(matches!(decode(junk, nested), Err(DecodeError::Nesting { codings: 4, .. })));
}

#[test]
fn bombs_end_at_the_cap() {
    let zeros = vec![0; 8 * 1024 * 1024];
    let caps = DecodeCaps { bytes_max: 1_000_000, ..DecodeCaps::default() };
    for (coding, body) in [
        ("gzip", gzip(&zeros)),
        ("deflate", zlib(&zeros)),
        ("zstd", zstd(&zeros)),
        ("gzip, gzip", gzip(&gzip(&zeros))),
        // The outer layer gives little; the one inside would give everything.
        ("gzip, zstd", zstd(&gzip(&zeros))),
    ] {
        let refused = decode_body(&body, Some(coding), &caps);
        assert!(
            matches!(refused, Err(DecodeError::Limit { bytes_max: 1_000_000, .. })),
            "{coding}"
        );
    }
    // A bomb well under the size cap still breaks the ratio.
    let ratio = DecodeCaps { ratio_max: 100, ..DecodeCaps::default() };
    assert!(matches!(
        decode_body(&gzip(&zeros), Some("gzip"), &ratio),
        Err(DecodeError::Limit { .. })
    ));
    let small = vec![b'a'; 500_000];
    assert_eq!(decode(&gzip(&small), "gzip"), Ok((small, false)), "the first MiB has no ratio");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_body_makes_it_panic_or_grow(
        body in proptest::collection::vec(any::<u8>(), 0..2_000),
        coding in "(gzip|deflate|br|zstd)(, (gzip|deflate|br|zstd)){0,2}",
        head in 0..4usize,
    ) {
        let heads: [&[u8]; 4] = [b"", &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], &[0x28, 0xb5, 0x2f, 0xfd], &[0x78, 0x9c]];
        let body = [heads[head], &body].concat();
        let caps = DecodeCaps { bytes_max: 50_000, ..DecodeCaps::default() };
        if let Ok(decoded) = decode_body(&body, Some(&coding), &caps) {
            prop_assert!(decoded.bytes.len() <= 50_000);
        }
        prop_assert!(decode_prefix(&body, Some(&coding), 777).len() <= 777);
    }

    #[test]
    fn every_cut_of_a_body_is_a_prefix(page in "[a-z ]{0,3000}", keep in 0..100usize) {
        for (coding, body) in [("gzip", gzip(page.as_bytes())), ("zstd", zstd(page.as_bytes())), ("deflate", zlib(page.as_bytes()))] {
            let cut = &body[..body.len() * keep / 100];
            if let Ok((bytes, _)) = decode(cut, coding) {
                prop_assert!(page.as_bytes().starts_with(&bytes));
            }
        }
    }
}
