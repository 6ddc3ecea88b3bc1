//! The first bytes of a gzip body with an inflater that each thread keeps: making one for
//! every page took a sixth of what collecting a page costs. Only for a look at the beginning;
//! whole bodies go through the one decoder.

use std::cell::RefCell;

use flate2::{Decompress, FlushDecompress};

thread_local! {
    /// For raw DEFLATE: headers are skipped here, checksums stand at an end that nobody reads.
    static INFLATER: RefCell<Decompress> = RefCell::new(Decompress::new(false));
}

/// Bits of the gzip header's flags (RFC 1952, 2.3.1).
const HEADER_CRC: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;

/// At most `bytes_max` decoded bytes of the first member of a gzip body; nothing if it is none.
pub(crate) fn gzip(body: &[u8], bytes_max: usize) -> Vec<u8> {
    after_gzip_header(body).map_or_else(Vec::new, |deflated| inflate(deflated, bytes_max))
}

/// The same of what stands behind the header.
fn inflate(deflated: &[u8], bytes_max: usize) -> Vec<u8> {
    let mut prefix = Vec::with_capacity(bytes_max);
    INFLATER.with_borrow_mut(|inflater| {
        inflater.reset(false);
        // One call fills the room, or uses up the input, or meets what is no DEFLATE; in all three
        // cases what was decoded is what there is.
        inflater.decompress_vec(deflated, &mut prefix, FlushDecompress::None).ok();
    });
    prefix
}

fn after_gzip_header(body: &[u8]) -> Option<&[u8]> {
    let (&[0x1f, 0x8b, 8, flags, ..], mut rest) = body.split_at_checked(10)? else { return None };
    if flags & EXTRA != 0 {
        let (length, behind) = rest.split_at_checked(2)?;
        rest = behind.get(usize::from(u16::from_le_bytes([length[0], length[1]]))..)?;
    }
    for flag in [NAME, COMMENT] {
        if flags & flag != 0 {
            rest = rest.get(memchr::memchr(0, rest)? + 1..)?;
        }
    }
    if flags & HEADER_CRC != 0 { rest.get(2..) } else { Some(rest) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, GzBuilder};
    use std::io::Write;

    fn with_header(build: GzBuilder, text: &[u8]) -> Vec<u8> {
        let mut writer = build.write(Vec::new(), Compression::default());
        writer.write_all(text).expect("write");
        writer.finish().expect("finish")
    }

    #[test]
    fn every_header_is_skipped_and_the_inflater_forgets_the_last_body() {
        let text = b"the first bytes of a page".repeat(50);
        let plain = with_header(GzBuilder::new(), &text);
        let full = with_header(
            GzBuilder::new().filename("name").comment("words").extra(vec![1, 2, 3]),
            &text,
        );
        for _ in 0..2 {
            for body in [&plain, &full] {
                assert_eq!(gzip(body, 100), &text[..100]);
                assert_eq!(gzip(body, 10_000), text);
                for cut in 0..body.len() {
                    assert!(text.starts_with(&gzip(&body[..cut], 10_000)), "cut at {cut}");
                }
            }
            assert!(gzip(b"not gzip at all", 100).is_empty());
        }
    }
}
