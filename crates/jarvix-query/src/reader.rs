//! Reads the bytes of one committed part for the engine, through the store and the one door to
//! disk. The file is opened once and held open: a switch of generations while a query runs can
//! take the name away, but never mix two files under one reader.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result as EngineResult;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::errors::{ParquetError, Result as ParquetResult};
use datafusion::parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use datafusion::parquet::file::reader::{ChunkReader, Length};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;
use jarvix_core::{DiskRead, PartRef};
use jarvix_store::{Address, Store};

/// Opens parts for the engine. The part's descriptor travels with the engine's file entry.
pub(crate) struct PartReaders {
    store: Store,
}

impl PartReaders {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }
}

impl fmt::Debug for PartReaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PartReaders")
    }
}

impl ParquetFileReaderFactory for PartReaders {
    fn create_reader(
        &self,
        _partition: usize,
        file: PartitionedFile,
        _metadata_size_hint: Option<usize>,
        _metrics: &ExecutionPlanMetricsSet,
    ) -> EngineResult<Box<dyn AsyncFileReader + Send>> {
        let Some(part) = file.extension::<PartRef>() else {
            return datafusion::common::internal_err!("a file without its part: {}", file.path());
        };
        Ok(Box::new(OpenPart::open(&self.store, part)?))
    }
}

/// One part, held open.
#[derive(Clone)]
pub(crate) struct OpenPart {
    file: Arc<dyn DiskRead>,
}

impl OpenPart {
    pub(crate) fn open(store: &Store, part: &PartRef) -> ParquetResult<Self> {
        let address = Address::from(part);
        let file = store.part_store().open(&address).map_err(|error| {
            let text = format!("open {address}: {error}; if its stage is being redone, ask again");
            ParquetError::General(text)
        })?;
        if file.size() != part.bytes {
            let text = format!(
                "read {address}: it has {} bytes and was committed with {}; `jarvix verify` says more",
                file.size(),
                part.bytes
            );
            return Err(ParquetError::General(text));
        }
        Ok(Self { file })
    }

    /// The columns that stand in the file.
    pub(crate) fn schema(&self) -> ParquetResult<SchemaRef> {
        let metadata = ArrowReaderMetadata::load(self, ArrowReaderOptions::new())?;
        Ok(Arc::clone(metadata.schema()))
    }

    fn bytes(&self, range: Range<u64>) -> ParquetResult<Bytes> {
        let length = usize::try_from(range.end.saturating_sub(range.start))
            .map_err(|error| ParquetError::General(error.to_string()))?;
        let mut content = vec![0; length];
        let mut done = 0;
        while done < length {
            match self.file.read_at(&mut content[done..], range.start + done as u64)? {
                0 => return Err(ParquetError::EOF("the part ends too early".to_owned())),
                n => done += n,
            }
        }
        Ok(content.into())
    }
}

impl Length for OpenPart {
    fn len(&self) -> u64 {
        self.file.size()
    }
}

impl ChunkReader for OpenPart {
    type T = std::io::Cursor<Bytes>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        Ok(std::io::Cursor::new(self.bytes(start..self.file.size())?))
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        self.bytes(start..start + length as u64)
    }
}

impl AsyncFileReader for OpenPart {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        let part = self.clone();
        off_the_async_threads(move || part.bytes(range))
    }

    fn get_byte_ranges(
        &mut self,
        ranges: Vec<Range<u64>>,
    ) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        let part = self.clone();
        off_the_async_threads(move || ranges.into_iter().map(|range| part.bytes(range)).collect())
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        let part = self.clone();
        let mut reader = ParquetMetaDataReader::new();
        if let Some(options) = options {
            reader = reader
                .with_metadata_options(Some(options.metadata_options().clone()))
                .with_column_index_policy(options.column_index_policy())
                .with_offset_index_policy(options.offset_index_policy());
        }
        off_the_async_threads(move || reader.parse_and_finish(&part).map(Arc::new))
    }
}

/// Disk waits where waiting is allowed.
fn off_the_async_threads<T: Send + 'static>(
    work: impl FnOnce() -> ParquetResult<T> + Send + 'static,
) -> BoxFuture<'static, ParquetResult<T>> {
    async move {
        match tokio::task::spawn_blocking(work).await {
            Ok(result) => result,
            Err(error) => Err(ParquetError::External(Box::new(error))),
        }
    }
    .boxed()
}
