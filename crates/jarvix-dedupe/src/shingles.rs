//! The shingles of every candidate, taken from its text in one pass over the parts and kept on disk:
//! where its list begins and how long it is costs 12 bytes of memory a candidate. Candidates lie in
//! the order of the parts, which is nearly that of the comparisons.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use jarvix_core::DiskRead;
use jarvix_store::TextOf;
use rayon::prelude::*;

use crate::DedupeError;
use crate::clusters::Clusters;
use crate::corpus::Corpus;
use crate::sort::read_exact_at;
use crate::workshop::Workshop;

/// Bytes of a shingle.
const SHINGLE_BYTES: usize = 8;

pub(crate) struct Sets {
    path: PathBuf,
    file: Arc<dyn DiskRead>,
    /// By position of the candidate: where its shingles begin, in shingles.
    starts: Vec<u64>,
    lengths: Vec<u32>,
}

impl Sets {
    /// Takes the shingles of every candidate.
    pub(crate) fn write(
        corpus: &Corpus<'_>,
        workshop: &Workshop<'_>,
        candidates: &Clusters,
    ) -> Result<Self, DedupeError> {
        let (path, mut file) = workshop.create()?;
        let (mut starts, mut lengths) = (vec![0; candidates.len()], vec![0; candidates.len()]);
        let mut written = 0;
        let mut keep = |texts: &mut Vec<(usize, String)>| -> Result<(), DedupeError> {
            let shingle = |(at, text): &(usize, String)| (*at, jarvix_curate::shingles(text));
            let sets: Vec<(usize, Vec<u64>)> =
                workshop.pool.install(|| texts.par_iter().map(shingle).collect());
            texts.clear();
            for (at, shingles) in sets {
                let bytes: Vec<u8> = shingles.iter().flat_map(|s| s.to_le_bytes()).collect();
                file.write_all(&bytes).map_err(DedupeError::scratch("write", &path))?;
                // A text has at most 4,000,000 characters.
                (starts[at], lengths[at]) = (written, shingles.len() as u32);
                written += shingles.len() as u64;
            }
            Ok(())
        };
        let (mut texts, mut bytes) = (Vec::new(), 0);
        let wanted = |key| candidates.position(key).is_some();
        corpus.some::<TextOf>(workshop, &wanted, &mut |key, row| {
            let Some(at) = candidates.position(key) else { return Ok(()) };
            bytes += row.text.len();
            texts.push((at, row.text));
            if bytes < workshop.limits.text_bytes {
                return Ok(());
            }
            bytes = 0;
            keep(&mut texts)
        })?;
        keep(&mut texts)?;
        // A file that is being written may not be readable to its end yet.
        drop(file);
        let file = workshop.disk.open(&path).map_err(DedupeError::scratch("open", &path))?;
        Ok(Self { path, file, starts, lengths })
    }

    /// The shingles of the candidate at a position, ascending.
    pub(crate) fn of(&self, at: usize) -> Result<Vec<u64>, DedupeError> {
        let mut bytes = vec![0; self.lengths[at] as usize * SHINGLE_BYTES];
        let offset = self.starts[at] * SHINGLE_BYTES as u64;
        read_exact_at(&*self.file, &mut bytes, offset)
            .map_err(DedupeError::scratch("read", &self.path))?;
        let number = |chunk: &[u8]| {
            chunk.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
        };
        Ok(bytes.chunks_exact(SHINGLE_BYTES).map(number).collect())
    }
}
