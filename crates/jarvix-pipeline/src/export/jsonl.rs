//! One JSON object a row, a file a dataset, read part by part. Bodies and fingerprints are no text and
//! are left out.

use std::io::Write;

use jarvix_core::Dataset;

use super::lines::Lines;
use super::out::failed;
use super::{Export, Exported, Progress, Source};
use crate::LineError;

pub(super) fn write(
    export: &Export<'_>,
    datasets: &[Dataset],
    progress: &mut Progress<'_>,
) -> Result<Exported, LineError> {
    let mut exported = Exported::default();
    for dataset in datasets {
        let path = export.path(Source::Dataset(*dataset));
        let mut file = Lines::new(export.create(&path)?);
        let mut rows = 0;
        for part in export.parts(*dataset)? {
            for row in export.store.read_json(&part)? {
                let line = serde_json::Value::Object(row?);
                writeln!(file, "{line}").map_err(failed("write", &path))?;
                if !progress.advance(1) {
                    exported.interrupted = true;
                    return Ok(exported);
                }
            }
            rows += part.rows;
        }
        exported.bytes += file.finish().map_err(failed("write", &path))?.finish()?;
        exported.rows += rows;
        exported.files.push(path);
    }
    Ok(exported)
}
