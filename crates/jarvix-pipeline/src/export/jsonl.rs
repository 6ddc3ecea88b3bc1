//! One JSON object a row, a file a dataset. Bodies and fingerprints are no text and are left out.

use std::io::{self, Write};
use std::path::PathBuf;

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use jarvix_core::Dataset;

use super::out::{OutFile, failed};
use super::{Export, Exported, Progress, names_file};
use crate::LineError;

const ENDINGS: [&str; 4] = [".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz"];

pub(super) fn write(export: &Export<'_>) -> Result<Exported, LineError> {
    let mut parts = Vec::new();
    for dataset in export.datasets {
        parts.extend(export.parts(*dataset)?);
    }
    let mut progress = Progress::new(export, &parts);
    let mut exported = Exported::default();
    for dataset in export.datasets {
        let path = path(export, *dataset);
        let packed = path.to_string_lossy().ends_with(".gz");
        let mut file = Lines::new(export.create(&path)?, packed);
        for part in parts.iter().filter(|part| part.dataset == *dataset) {
            for row in export.store.read_json(part)? {
                let line = serde_json::Value::Object(row?);
                writeln!(file, "{line}").map_err(failed("write", &path))?;
                if !progress.advance(1) {
                    exported.interrupted = true;
                    return Ok(exported);
                }
            }
            exported.rows += part.rows;
        }
        exported.bytes += file.finish().map_err(failed("write", &path))?.finish()?;
        exported.files.push(path);
    }
    Ok(exported)
}

fn path(export: &Export<'_>, dataset: Dataset) -> PathBuf {
    if export.datasets.len() == 1 && names_file(export.out, &ENDINGS) {
        return export.out.to_owned();
    }
    let ending = if export.gzip { "jsonl.gz" } else { "jsonl" };
    export.out.join(format!("{}-{dataset}.{ending}", export.run))
}

/// Lines on their way into a file.
enum Lines {
    Plain(OutFile),
    Packed(Box<GzEncoder<OutFile>>),
}

impl Lines {
    fn new(file: OutFile, packed: bool) -> Self {
        match packed {
            true => {
                let packed = GzBuilder::new().write(file, Compression::default());
                Self::Packed(Box::new(packed))
            }
            false => Self::Plain(file),
        }
    }

    fn finish(self) -> io::Result<OutFile> {
        match self {
            Self::Plain(file) => Ok(file),
            Self::Packed(file) => file.finish(),
        }
    }
}

impl Write for Lines {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.write(buf),
            Self::Packed(file) => file.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.flush(),
            Self::Packed(file) => file.flush(),
        }
    }
}
