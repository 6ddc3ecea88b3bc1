//! What the disk takes in when everything has to be durable: the other ceiling of a program that
//! stores what it fetches.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::Result;

use crate::clock;

const BYTES: usize = 256 * 1024 * 1024;
const BLOCK: usize = 1024 * 1024;
const TIMES: usize = 3;

/// Bytes a second of writing and fsyncing 256 MB into a new file in `folder`; the middle one of
/// three.
pub fn fsynced_bytes_per_s(folder: &Path) -> Result<f64> {
    // Not all alike, for file systems that make something of that.
    let block: Vec<u8> = (0..BLOCK as u32)
        .map(|n| (n.wrapping_mul(0x9E37_79B9).rotate_left(n % 31) >> 24) as u8)
        .collect();
    let path = folder.join("fsync-rate");
    let mut rates = Vec::new();
    for _ in 0..TIMES {
        let began = clock::now();
        let mut file = File::create(&path)?;
        for _ in 0..BYTES / BLOCK {
            file.write_all(&block)?;
        }
        file.sync_all()?;
        rates.push(BYTES as f64 / began.elapsed().as_secs_f64());
        drop(file);
        std::fs::remove_file(&path)?;
    }
    rates.sort_by(f64::total_cmp);
    Ok(rates[TIMES / 2])
}
