//! How columns are encoded and compressed. Fixed and complete: the same rows give the same bytes,
//! whatever the machine, the day or the number of threads.

use jarvix_core::{Dataset, limits};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

/// Says who wrote the file; goes up when the same rows would give other bytes.
const CREATED_BY: &str = "jarvix-store 5";
/// Level of most columns.
const ZSTD_LEVEL: i32 = 3;
/// Level of long texts; read often, written once. One more takes five times as long.
const ZSTD_LEVEL_TEXT: i32 = 12;
/// Values that are encoded between two looks at the page size: few, where values are large.
const LARGE_VALUES_BATCH: usize = 16;
/// Columns of pages whose values hardly ever repeat: to look each of them up in a dictionary took
/// longer than to write it.
const PAGES_UNLIKE: &[&str] = &[
    "url",
    "final_url",
    "ordinal",
    "line_no",
    "fetched_at",
    "ttfb_ms",
    "elapsed_ms",
    "bytes_wire",
];
/// Parts of headers: the smallest and the largest of all of them say nothing.
const HEADER_PARTS: &[&str] = &["name", "value"];
/// Bytes of a data page of bodies. They are not compressed here, so a larger page would only make
/// its buffer grow out of the processor's cache.
const BODY_PAGE_BYTES: usize = 128 * 1024;
/// Bytes of a data page of long texts, before compression: what one compression can look back on.
const TEXT_PAGE_BYTES: usize = 8 * 1024 * 1024;

/// Rows of a batch on its way into the file. Boundaries of data pages and row groups follow from
/// rows and bytes alone, so the batches are cut here and not where the rows come from.
pub(crate) const BATCH_ROWS_MAX: usize = 1_024;
/// Bytes of a batch on its way into the file.
pub(crate) const BATCH_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of encoded columns after which a row group is written out. Documents have two long texts
/// a row, and each of them wants a full page.
pub(crate) fn row_group_bytes_max(dataset: Dataset) -> usize {
    match dataset {
        Dataset::Documents => 2 * TEXT_PAGE_BYTES,
        _ => limits::ROW_GROUP_BYTES_MAX as usize,
    }
}

fn zstd(level: i32) -> Compression {
    Compression::ZSTD(ZstdLevel::try_new(level).unwrap_or_default())
}

pub(crate) fn writer_properties(dataset: Dataset) -> WriterProperties {
    let all = WriterProperties::builder()
        .set_created_by(CREATED_BY.to_owned())
        .set_compression(zstd(ZSTD_LEVEL))
        .set_statistics_enabled(EnabledStatistics::Chunk);
    match dataset {
        // Bodies are compressed already, by the server or by `transcode`.
        Dataset::Pages => {
            let mut all = plain(all, "body", Compression::UNCOMPRESSED)
                .set_column_data_page_size_limit(ColumnPath::from("body"), BODY_PAGE_BYTES);
            for column in PAGES_UNLIKE {
                all = plain(all, column, zstd(ZSTD_LEVEL));
            }
            for part in HEADER_PARTS {
                let path = ["headers", "list", "element", part].map(str::to_owned);
                let path = ColumnPath::new(path.to_vec());
                all = all.set_column_statistics_enabled(path, EnabledStatistics::None);
            }
            plain(all, "body_hash", zstd(1))
        }
        Dataset::Documents => {
            let mut all = all.set_write_batch_size(LARGE_VALUES_BATCH);
            for column in ["text", "markdown"] {
                all = plain(all, column, zstd(ZSTD_LEVEL_TEXT))
                    .set_column_data_page_size_limit(ColumnPath::from(column), TEXT_PAGE_BYTES);
            }
            // Hashes are noise to a compressor.
            all = plain(all, "minhash", Compression::UNCOMPRESSED);
            plain(all, "text_hash", zstd(1))
        }
        // Made anew in seconds, often, and mostly dictionaries: packing them harder takes twice as long
        // and saves a tenth. The ordinals' smallest and largest tell which parts a join looks into.
        Dataset::Scores => plain(all.set_compression(zstd(1)), "url", zstd(1))
            .set_column_dictionary_enabled(ColumnPath::from("ordinal"), false),
        Dataset::Hosts | Dataset::Rejects | Dataset::Links | Dataset::Duplicates => all,
    }
    .build()
}

/// A column whose values never repeat: no dictionary, no smallest and largest value.
fn plain(
    all: WriterPropertiesBuilder,
    column: &str,
    compression: Compression,
) -> WriterPropertiesBuilder {
    let path = ColumnPath::from(column);
    all.set_column_compression(path.clone(), compression)
        .set_column_dictionary_enabled(path.clone(), false)
        .set_column_statistics_enabled(path, EnabledStatistics::None)
}
