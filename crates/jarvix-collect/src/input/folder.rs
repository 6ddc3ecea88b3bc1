//! Local pages: a folder is walked in the order of its names, and what would lead out of it is
//! refused.
//!
//! Links are looked at, never trusted: a link to a page inside the folder is that page under another
//! name, every other link that looks like a page or a folder becomes a reject. The names of one
//! folder at a time (and of those above it) are held in memory, because their order must not depend
//! on the file system.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::bytes::Consumed;
use super::escape::escaped;
use super::lines::{Content, Line};
use super::{InputError, is_page_name};

/// The address of a local page: `file:///<folder>/<path inside it>`, percent-encoded. The folder's
/// place on this machine is not part of it.
pub fn file_url(folder: &str, relative: &str) -> Option<String> {
    // A parser would resolve these, and the page would be another one.
    if relative.split('/').any(|name| matches!(name, "" | "." | "..")) {
        return None;
    }
    let mut url = "file:///".to_owned();
    push_encoded(&mut url, folder);
    for name in relative.split('/') {
        url.push('/');
        push_encoded(&mut url, name);
    }
    Some(url)
}

/// Everything but RFC 3986's `pchar` is escaped. Not left to the `url` crate: it drops tabs and line
/// ends, and two files would have one address.
fn push_encoded(url: &mut String, name: &str) {
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
}

/// A name that cannot be written in a URL or a dataset.
pub(super) fn not_utf8(name: &OsStr) -> Content {
    Content::Unusable {
        text: escaped(name.as_encoded_bytes()),
        reason: "the file's name is not UTF-8; rename it".to_owned(),
    }
}

/// What a name in a folder is.
enum Entry {
    Page,
    Folder,
    Refused(&'static str),
}

/// A walk over the pages of a folder and of those in it.
pub(super) struct Walk {
    root: PathBuf,
    name: String,
    /// The entries that are left, of each folder on the way down, last first.
    levels: Vec<Vec<(PathBuf, Entry)>>,
    seen: u64,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl Walk {
    pub(super) fn new(root: &Path, name: &str) -> Result<Self, InputError> {
        let mut walk = Self {
            root: root.to_owned(),
            name: name.to_owned(),
            levels: Vec::new(),
            seen: 0,
            hasher: blake3::Hasher::new(),
            bytes: 0,
        };
        walk.enter(root)?;
        Ok(walk)
    }

    pub(super) fn next(&mut self) -> Result<Option<Line>, InputError> {
        while let Some(level) = self.levels.last_mut() {
            let Some((path, entry)) = level.pop() else {
                self.levels.pop();
                continue;
            };
            let content = match entry {
                Entry::Folder => {
                    self.enter(&path)?;
                    continue;
                }
                Entry::Page => self.page(&path),
                Entry::Refused(reason) => Content::Unusable {
                    text: escaped(self.inside(&path).as_os_str().as_encoded_bytes()),
                    reason: reason.to_owned(),
                },
            };
            self.seen += 1;
            self.note(&path);
            return Ok(Some(Line { line_no: Some(self.seen), content }));
        }
        Ok(None)
    }

    /// The digest is of the names, in order: what the pages say is read when they are collected.
    pub(super) fn consumed(&self) -> Consumed {
        Consumed {
            bytes: self.bytes,
            hash: self.hasher.finalize().to_hex().to_string(),
            lines: self.seen,
            ended: true,
        }
    }

    fn note(&mut self, path: &Path) {
        let name = self.inside(path).as_os_str().as_encoded_bytes().to_owned();
        self.hasher.update(&name);
        self.hasher.update(&[0]);
        self.bytes += name.len() as u64 + 1;
    }

    fn inside<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }

    fn page(&self, path: &Path) -> Content {
        let names: Option<Vec<&str>> =
            self.inside(path).components().map(|name| name.as_os_str().to_str()).collect();
        match names {
            Some(names) => Content::Local { relative: names.join("/") },
            None => not_utf8(self.inside(path).as_os_str()),
        }
    }

    fn enter(&mut self, folder: &Path) -> Result<(), InputError> {
        let failed = |source| InputError::Io {
            action: "list the folder",
            name: format!("{} ({})", self.name, folder.display()),
            source,
        };
        let mut level = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type().map_err(failed)?;
            let path = entry.path();
            let is_page = is_page_name(&entry.file_name().to_string_lossy());
            let what = if kind.is_dir() {
                Entry::Folder
            } else if kind.is_symlink() {
                match follow(&path, &self.root, is_page) {
                    Some(what) => what,
                    None => continue,
                }
            } else if kind.is_file() && is_page {
                Entry::Page
            } else {
                continue;
            };
            level.push((path, what));
        }
        level.sort_by(|(a, _), (b, _)| b.cmp(a));
        self.levels.push(level);
        Ok(())
    }
}

/// What a link stands for; `None` if it has nothing to do with pages.
fn follow(link: &Path, root: &Path, is_page: bool) -> Option<Entry> {
    let target = match link.canonicalize() {
        Ok(target) => target,
        Err(error) if is_page => {
            let lost = error.kind() == io::ErrorKind::NotFound;
            let lost = if lost { "the link leads nowhere" } else { "the link cannot be followed" };
            return Some(Entry::Refused(lost));
        }
        Err(_) => return None,
    };
    let is_dir = target.is_dir();
    if !is_dir && !is_page {
        return None;
    }
    if !target.starts_with(root) {
        return Some(Entry::Refused("the link leads out of the folder; it was not followed"));
    }
    if is_dir {
        return Some(Entry::Refused(
            "the link leads to a folder that is read at its own place; it was not followed",
        ));
    }
    Some(if target.is_file() { Entry::Page } else { Entry::Refused("the link leads to no file") })
}

/// The digest of a folder's names.
pub(super) fn digest(root: &Path, name: &str) -> Result<Consumed, InputError> {
    let mut walk = Walk::new(root, name)?;
    while walk.next()?.is_some() {}
    Ok(walk.consumed())
}
