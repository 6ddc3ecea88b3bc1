//! A folder of pages, in memory as far as the cache limit goes: a page is one shared buffer, and a
//! gzipped file goes out as it lies on disk.

use std::collections::HashMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;

/// Folders below folders that are looked into.
const DEPTH_MAX: usize = 8;
/// Largest page that is unpacked for a client that does not read gzip.
const UNPACKED_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The pages of a folder by name: `0001.html`, `news/today.html`.
pub(crate) struct Folder {
    pages: HashMap<Box<str>, File>,
    names: Vec<Box<str>>,
}

struct File {
    path: PathBuf,
    gzip: bool,
    cached: Option<Bytes>,
}

/// A page's bytes and whether they are gzipped.
pub(crate) struct Content {
    pub bytes: Bytes,
    pub gzip: bool,
}

impl Folder {
    /// Lists `root` and loads what fits into `cache_bytes_max`.
    ///
    /// Files whose path has characters that a URL would escape are left out, as are links.
    pub(crate) fn open(root: &Path, cache_bytes_max: u64) -> io::Result<Self> {
        let mut pages = HashMap::new();
        collect(root, "", 0, &mut pages)?;
        if pages.is_empty() {
            let text = format!("there is no .html or .html.gz file in {}", root.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, text));
        }
        let mut names: Vec<Box<str>> = pages.keys().cloned().collect();
        names.sort_unstable();
        let mut left = cache_bytes_max;
        for name in &names {
            let Some(file) = pages.get_mut(name) else { continue };
            let size = file.path.metadata()?.len();
            if size <= left {
                left -= size;
                file.cached = Some(std::fs::read(&file.path)?.into());
            }
        }
        Ok(Self { pages, names })
    }

    /// The names of all pages, sorted.
    pub(crate) fn names(&self) -> &[Box<str>] {
        &self.names
    }

    /// The page `name`, packed only if `gzip_fits`; `None` if there is no such page.
    pub(crate) async fn page(&self, name: &str, gzip_fits: bool) -> io::Result<Option<Content>> {
        let Some(file) = self.pages.get(name) else { return Ok(None) };
        let gzip = file.gzip;
        if let (Some(bytes), true) = (&file.cached, gzip_fits || !gzip) {
            return Ok(Some(Content { bytes: bytes.clone(), gzip }));
        }
        let (path, cached) = (file.path.clone(), file.cached.clone());
        let work = tokio::task::spawn_blocking(move || {
            let bytes = cached.map_or_else(|| std::fs::read(path).map(Bytes::from), Ok)?;
            if gzip && !gzip_fits { unpack(&bytes) } else { Ok(bytes) }
        });
        let bytes = work.await.map_err(io::Error::other)??;
        Ok(Some(Content { bytes, gzip: gzip && gzip_fits }))
    }
}

fn collect(
    folder: &Path,
    prefix: &str,
    depth: usize,
    pages: &mut HashMap<Box<str>, File>,
) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)) {
            continue;
        }
        let kind = entry.file_type()?;
        if kind.is_dir() && depth < DEPTH_MAX {
            collect(&entry.path(), &format!("{prefix}{name}/"), depth + 1, pages)?;
        }
        let plain = name.strip_suffix(".gz").unwrap_or(&name);
        if kind.is_file() && plain.ends_with(".html") {
            let file = File { path: entry.path(), gzip: plain.len() < name.len(), cached: None };
            pages.insert(format!("{prefix}{plain}").into(), file);
        }
    }
    Ok(())
}

/// The content of a gzipped buffer.
pub(crate) fn unpack(packed: &[u8]) -> io::Result<Bytes> {
    let mut plain = Vec::with_capacity(packed.len() * 4);
    flate2::read::MultiGzDecoder::new(packed).take(UNPACKED_BYTES_MAX).read_to_end(&mut plain)?;
    Ok(plain.into())
}
