//! The committed parts as they are: `<out>/<dataset>/part-*.parquet`, each compared with its hash.

use std::io::Write;

use jarvix_core::Dataset;

use super::out::failed;
use super::{Export, Exported, Progress};
use crate::LineError;

pub(super) fn write(
    export: &Export<'_>,
    datasets: &[Dataset],
    progress: &mut Progress<'_>,
) -> Result<Exported, LineError> {
    let mut parts = Vec::new();
    for dataset in datasets {
        parts.extend(export.parts(*dataset)?);
    }
    let mut exported = Exported::default();
    for part in &parts {
        let folder = export.out.join(part.dataset.as_str());
        let mut file = export.create(&folder.join(part.name.file_name()))?;
        export.store.copy_part(part, &mut file)?;
        file.flush().map_err(failed("write", file.path()))?;
        exported.files.push(file.path().to_owned());
        exported.bytes += file.finish()?;
        exported.rows += part.rows;
        if !progress.advance(part.rows) {
            exported.interrupted = exported.files.len() < parts.len();
            break;
        }
    }
    Ok(exported)
}
