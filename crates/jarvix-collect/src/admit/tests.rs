//! Finding repeats, whatever the limits.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jarvix_store::system_env;
use proptest::prelude::*;

use super::keys::{KeysCursor, KeysWriter};
use super::*;

fn limits() -> impl Strategy<Value = DedupeLimits> {
    (0u32..5, 1usize..200, 64u64..2_000).prop_map(
        |(partition_bits, buffer_bytes, sort_bytes_max)| DedupeLimits {
            partition_bits,
            buffer_bytes,
            sort_bytes_max,
        },
    )
}

/// Few distinct keys, many of which share their first bits.
fn keys() -> impl Strategy<Value = Vec<u128>> {
    let key = (0u128..40, prop::bool::ANY).prop_map(|(n, high)| if high { n << 123 } else { n });
    proptest::collection::vec(key, 0..300)
}

fn resolve(
    folder: &Path,
    limits: DedupeLimits,
    keys: &[u128],
    earlier: &mut [KeysCursor],
    keys_path: &Path,
) -> Ordinals {
    let disk = system_env().disk;
    let mut spill = Spill::new(&disk, &folder.join("spill"), limits).expect("spill");
    for (ordinal, key) in keys.iter().enumerate() {
        spill.add(*key, ordinal as u64).expect("add");
    }
    let mut writer = KeysWriter::create(&disk, keys_path).expect("keys");
    let duplicates = spill.resolve(earlier, &mut writer).expect("resolve");
    writer.finish().expect("keys");
    assert!(!folder.join("spill").exists());
    duplicates
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_first_of_each_key_is_kept_and_later_segments_know_it(
        limits in limits(),
        first in keys(),
        second in keys(),
    ) {
        let folder = tempfile::tempdir().expect("folder");
        let paths = [folder.path().join("keys-1"), folder.path().join("keys-2")];
        let mut known: BTreeSet<u128> = BTreeSet::new();
        let mut cursors: Vec<KeysCursor> = Vec::new();
        for (keys, path) in [first, second].iter().zip(&paths) {
            let mut lowest: BTreeMap<u128, u64> = BTreeMap::new();
            for (ordinal, key) in keys.iter().enumerate() {
                lowest.entry(*key).or_insert(ordinal as u64);
            }
            let expected: Ordinals = (0u64..)
                .zip(keys)
                .filter(|(ordinal, key)| known.contains(*key) || lowest[*key] != *ordinal)
                .map(|(ordinal, _)| ordinal)
                .collect();
            let found = resolve(folder.path(), limits, keys, &mut cursors, path);
            prop_assert_eq!(&found, &expected);
            let new = lowest.keys().filter(|key| !known.contains(*key)).count() as u64;
            let cursor = KeysCursor::open(&system_env().disk, path, new).expect("keys");
            cursors.push(cursor);
            known.extend(lowest.keys());
        }
    }
}

#[test]
fn a_damaged_file_of_keys_is_noticed() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("keys");
    let keys: Vec<u128> = (0..100).collect();
    resolve(folder.path(), DedupeLimits::default(), &keys, &mut [], &path);
    let disk = system_env().disk;
    assert!(KeysCursor::open(&disk, &path, 99).is_err());
    let mut bytes = std::fs::read(&path).expect("read");
    let last_key = bytes.len() - 16;
    bytes[last_key..].fill(0);
    std::fs::write(&path, bytes).expect("write");
    let mut cursor = KeysCursor::open(&disk, &path, 100).expect("opens");
    assert!(cursor.contains(u128::MAX).is_err());
}
