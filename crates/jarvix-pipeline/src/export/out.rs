//! A file that is being exported: under a temporary name until it is whole. What is dropped before
//! that leaves nothing behind.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jarvix_core::{Disk, DiskWrite};

use crate::LineError;

const BUFFER_BYTES: usize = 256 * 1024;

/// A file under way.
pub struct OutFile {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    temporary: PathBuf,
    /// `None` once it is whole.
    file: Option<BufWriter<Box<dyn DiskWrite>>>,
    bytes: u64,
}

/// An error of the file at `path`.
pub(super) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> LineError {
    move |source| LineError::File { action, path: path.display().to_string(), source }
}

impl OutFile {
    /// Begins the file `path`, making its folder; `force` lets it replace one that is there.
    pub fn create(disk: &Arc<dyn Disk>, path: &Path, force: bool) -> Result<Self, LineError> {
        let disk = Arc::clone(disk);
        if disk.exists(path) && !force {
            return Err(LineError::Exists { path: path.display().to_string() });
        }
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            disk.create_dir_all(folder).map_err(failed("make", folder))?;
        }
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(".tmp");
        let temporary = path.with_file_name(name);
        if disk.exists(&temporary) {
            disk.remove_file(&temporary).map_err(failed("remove", &temporary))?;
        }
        let file = disk.create(&temporary).map_err(failed("create", &temporary))?;
        let file = Some(BufWriter::with_capacity(BUFFER_BYTES, file));
        Ok(Self { disk, path: path.to_owned(), temporary, file, bytes: 0 })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes it durable under its name; its size.
    pub fn finish(mut self) -> Result<u64, LineError> {
        let file = self.file.take();
        let done = file.map_or(Ok(()), |file| {
            let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.sync()?;
            drop(file);
            self.disk.rename(&self.temporary, &self.path)?;
            match self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                Some(folder) => self.disk.sync_dir(folder),
                None => self.disk.sync_dir(Path::new(".")),
            }
        });
        done.map_err(failed("write", &self.path)).map(|()| self.bytes)
    }
}

impl Write for OutFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let Some(file) = &mut self.file else { return Err(io::ErrorKind::BrokenPipe.into()) };
        let count = file.write(buf)?;
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for OutFile {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            drop(file);
            // What cannot be removed is at least not under the file's name.
            drop(self.disk.remove_file(&self.temporary));
        }
    }
}
