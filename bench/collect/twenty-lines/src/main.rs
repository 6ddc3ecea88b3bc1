//! A hundred at a time, everything in memory, Parquet at the end: `twenty-lines LIST OUT.parquet`.

use std::{fs, sync::Arc, time::Instant};

use arrow::array::{
    ArrayRef, Float64Array, LargeBinaryArray, RecordBatch, StringArray, UInt16Array,
};
use futures::{StreamExt, TryStreamExt, stream};
use parquet::{arrow::ArrowWriter, basic::Compression, file::properties::WriterProperties};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let client = reqwest::Client::builder().gzip(true).no_proxy().build()?;
    let list = fs::read_to_string(&args[1])?;
    let fetch = async |url: &str| {
        let began = Instant::now();
        let answer = client.get(url).send().await?;
        let (status, body) = (answer.status().as_u16(), answer.bytes().await?);
        Ok::<_, reqwest::Error>((url.to_owned(), status, began.elapsed().as_secs_f64() * 1e3, body))
    };
    let pages: Vec<_> =
        stream::iter(list.lines()).map(fetch).buffer_unordered(100).try_collect().await?;

    let columns: [(&str, ArrayRef); 4] = [
        ("url", Arc::new(StringArray::from_iter_values(pages.iter().map(|page| &page.0)))),
        ("status", Arc::new(UInt16Array::from_iter_values(pages.iter().map(|page| page.1)))),
        ("elapsed_ms", Arc::new(Float64Array::from_iter_values(pages.iter().map(|page| page.2)))),
        ("body", Arc::new(LargeBinaryArray::from_iter_values(pages.iter().map(|page| &page.3)))),
    ];
    let batch = RecordBatch::try_from_iter(columns)?;
    let options = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut out = ArrowWriter::try_new(fs::File::create(&args[2])?, batch.schema(), Some(options))?;
    out.write(&batch)?;
    out.close()?;
    Ok(())
}
