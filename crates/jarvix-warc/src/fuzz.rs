//! What a fuzzer calls: reads any bytes as an archive, in every way that Jarvix does, and checks
//! what must hold whatever they are.

use std::io::Cursor;

use crate::{Archive, Defect, Item, Limits, Place, RecordHead, take_response};

/// Most items of one input: more only repeats what was seen.
const ITEMS_MAX: usize = 10_000;

/// Reads `bytes` to the end; how many records and defects there were.
///
/// # Panics
///
/// When the reader breaks a promise: a payload above its cap, a place at which the record is not
/// found again, an error although memory cannot fail.
pub fn read_all(bytes: &[u8]) -> (usize, usize) {
    let limits = Limits { payload_bytes_max: 64 * 1024, ..Limits::default() };
    let mut archive = Archive::new(Cursor::new(bytes), limits);
    let (mut records, mut defects) = (0, 0);
    let mut first: Option<RecordHead> = None;
    while records + defects < ITEMS_MAX {
        match archive.next_item() {
            Ok(Some(Item::Record(head))) => {
                records += 1;
                if let Ok(Ok(response)) = take_response(&mut archive, &head) {
                    assert!(response.payload.len() <= limits.payload_bytes_max);
                }
                first = first.or(Some(head));
            }
            Ok(Some(Item::Defect { defect, .. })) => {
                assert_ne!(defect, Defect::Junk { bytes: 0 });
                defects += 1;
            }
            Ok(None) => break,
            Err(error) => panic!("memory can be read: {error}"),
        }
    }
    if let Some(head) = first {
        assert_eq!(read_again(bytes, head.place, limits).map(|h| h.fields), Some(head.fields));
    }
    (records, defects)
}

fn read_again(bytes: &[u8], place: Place, limits: Limits) -> Option<RecordHead> {
    let rest = usize::try_from(place.offset).ok().and_then(|at| bytes.get(at..))?;
    let mut archive = Archive::at(Cursor::new(rest), place.offset, limits);
    if !archive.skip_inside(place.inside).ok()? {
        return None;
    }
    match archive.next_item() {
        Ok(Some(Item::Record(head))) => Some(head),
        _ => None,
    }
}
