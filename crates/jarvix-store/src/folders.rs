//! Folders below the data folder, vetted: none of them may be a link, so that no run can be made to
//! read or write somewhere else (HOSTILE 45). The data folder itself may be one; that is the
//! user's choice.

use std::io;
use std::path::{Component, Path, PathBuf};

use jarvix_core::Disk;

/// Whether the folder `root`/`inside` is there. An error if it, or a folder between, is a link or
/// not a folder.
pub(crate) fn vet(disk: &dyn Disk, root: &Path, inside: &Path) -> io::Result<bool> {
    let mut folder = root.to_owned();
    for component in inside.components() {
        let Component::Normal(name) = component else {
            return Err(escape(&folder.join(component)));
        };
        let path = folder.join(name);
        if !disk.exists(&path) {
            return Ok(false);
        }
        let is_folder = disk
            .list(&folder)?
            .iter()
            .any(|entry| entry.is_dir && Some(entry.name.as_str()) == name.to_str());
        // It may have been removed between the two looks.
        if !is_folder && disk.exists(&path) {
            return Err(escape(&path));
        }
        folder = path;
    }
    Ok(true)
}

/// Makes the folder `root`/`inside` and makes its name, and those above it, durable.
pub(crate) fn make(disk: &dyn Disk, root: &Path, inside: &Path) -> io::Result<PathBuf> {
    let path = root.join(inside);
    if vet(disk, root, inside)? {
        return Ok(path);
    }
    let mut missing = Vec::new();
    let mut folder = path.as_path();
    while !disk.exists(folder) {
        missing.push(folder);
        match folder.parent() {
            Some(parent) if parent != Path::new("") => folder = parent,
            _ => break,
        }
    }
    disk.create_dir_all(&path)?;
    for made in missing.into_iter().rev() {
        let above = made.parent().filter(|p| *p != Path::new(""));
        disk.sync_dir(above.unwrap_or(Path::new(".")))?;
    }
    Ok(path)
}

fn escape(path: &Path) -> io::Error {
    let text = format!(
        "{} is a link or not a folder, and data may not lead out of its folder: remove it",
        path.display()
    );
    io::Error::new(io::ErrorKind::NotADirectory, text)
}
