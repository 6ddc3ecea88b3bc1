//! Inputs: what a user names on the command line, read as a stream of lines.
//!
//! An input is a list of URLs, pages in files or folders, or a web archive (WARC).
//! A list may be text, CSV, TSV, JSON lines or Parquet, plain, gzip or zstd; what it is is seen in
//! its content, and its name only decides where the content leaves a choice. One line is held at a
//! time, and never more than [`limits::LINE_BYTES_MAX`](jarvix_core::limits::LINE_BYTES_MAX) of it.
//! A line that cannot be used is data like any other: it comes out with its number and a reason.
//!
//! What this module refuses to do: decide which URL is new (that is [`admit`](crate::admit)), or
//! change anything on disk other than the copy of stdin inside a run. The user's own folders are
//! the one thing that is read around `jarvix_core::Disk`, because the walk has to see symbolic
//! links in order to refuse them.

mod archive;
mod bytes;
mod columns;
mod delimited;
mod escape;
mod folder;
mod foreign;
mod json;
mod lines;
mod pages;
mod physical;
mod record;
mod spool;
#[cfg(test)]
mod tests;
mod text;

use std::io;
use std::path::{Path, PathBuf};

use jarvix_core::{Outcome, Role, RunId};

pub use archive::Archived;
pub(crate) use archive::archive_limits;
pub(crate) use bytes::Cursor;
pub(crate) use bytes::verify;
pub use bytes::{Consumed, Prefix};
pub(crate) use escape::escaped;
pub use folder::file_url;
pub use lines::{Content, Line, Lines};
pub use pages::PagesSpool;
pub use spool::spool_stdin;

/// Endings of the files that are read as pages from folders and as single files.
const PAGE_ENDINGS: [&str; 6] = [".html", ".htm", ".xhtml", ".html.gz", ".htm.gz", ".xhtml.gz"];

/// Endings of web archives.
const ARCHIVE_ENDINGS: [&str; 3] = [".warc", ".warc.gz", ".warc.zst"];

/// One thing to take URLs or pages from. Paths are absolute and free of links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A list of URLs in a file.
    List {
        /// Where it is.
        path: PathBuf,
        /// What people call it: the text on the command line.
        name: String,
    },
    /// A list of URLs on standard input.
    Stdin {
        /// Its copy inside the run, once [`spool_stdin`] has made it.
        spooled: Option<PathBuf>,
    },
    /// Pages of an earlier run that are to be fetched again.
    Run {
        /// The earlier run.
        run: RunId,
        /// How they had ended.
        outcomes: Vec<Outcome>,
        /// Their copy inside the new run, once a [`PagesSpool`] has made it.
        spooled: Option<PathBuf>,
    },
    /// One URL.
    Url(String),
    /// The URL of a sitemap, which is read for the addresses that it lists.
    Sitemap(String),
    /// One local page.
    File(PathBuf),
    /// A folder of local pages.
    Folder(PathBuf),
    /// A web archive: its answers are the pages.
    Archive(PathBuf),
}

impl Input {
    /// What people call it.
    pub fn name(&self) -> String {
        match self {
            Self::List { name, .. } => name.clone(),
            Self::Stdin { .. } => "stdin".to_owned(),
            Self::Run { run, outcomes, .. } => {
                format!("pages of run {run} that ended in {}", listed(outcomes))
            }
            // The name ends up in messages and in `rejects`: no password may.
            Self::Url(url) | Self::Sitemap(url) => escape::without_user(url),
            Self::File(path) | Self::Folder(path) | Self::Archive(path) => path
                .file_name()
                .map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned()),
        }
    }

    /// What stands in `rejects.source`: never where on this machine a list lies.
    pub(crate) fn source(&self) -> String {
        match self {
            Self::List { path, .. } => path
                .file_name()
                .map_or_else(|| self.name(), |name| escape::escaped(name.as_encoded_bytes())),
            Self::Archive(_) => escape::escaped(self.name().as_bytes()),
            Self::Stdin { .. }
            | Self::Run { .. }
            | Self::Url(_)
            | Self::Sitemap(_)
            | Self::File(_)
            | Self::Folder(_) => self.name(),
        }
    }

    /// Which thing it is, not what stands in it: equal for the same file from any folder.
    pub(crate) fn identity(&self) -> String {
        match self {
            Self::List { path, .. } => format!("list {}", path.display()),
            Self::Stdin { .. } => "stdin".to_owned(),
            Self::Run { run, outcomes, .. } => format!("run {run} {}", listed(outcomes)),
            Self::Url(url) => format!("url {}", escape::without_user(url)),
            Self::Sitemap(url) => format!("sitemap {}", escape::without_user(url)),
            Self::File(path) => format!("file {}", path.display()),
            Self::Folder(path) => format!("folder {}", path.display()),
            Self::Archive(path) => format!("archive {}", path.display()),
        }
    }

    /// Whether it is standard input, which says nothing about what will come: without `--run` such
    /// an input is always a new run.
    pub fn is_stdin(&self) -> bool {
        matches!(self, Self::Stdin { .. })
    }

    /// Whether it is a sitemap.
    pub fn is_sitemap(&self) -> bool {
        matches!(self, Self::Sitemap(_))
    }

    /// The folder that local pages of this input are read from.
    pub(crate) fn root(&self) -> Option<&Path> {
        match self {
            Self::Folder(path) => Some(path),
            Self::File(path) => path.parent(),
            Self::List { .. }
            | Self::Stdin { .. }
            | Self::Run { .. }
            | Self::Url(_)
            | Self::Sitemap(_)
            | Self::Archive(_) => None,
        }
    }

    /// What its lines are read as.
    pub(crate) fn role(&self) -> Role {
        if self.is_sitemap() { Role::Sitemap } else { Role::Page }
    }

    /// The archive that pages of this input are read from.
    pub(crate) fn archive(&self) -> Option<&Path> {
        match self {
            Self::Archive(path) => Some(path),
            _ => None,
        }
    }
}

fn listed(outcomes: &[Outcome]) -> String {
    outcomes.iter().map(|outcome| outcome.as_str()).collect::<Vec<_>>().join(", ")
}

/// Why an input cannot be read. The texts complete "failed to ...".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// Nothing of that name is there.
    #[error(
        "find {name}: there is no such file or folder; check the path, or write a web address with its scheme (https://...)"
    )]
    Missing {
        /// What was asked for.
        name: String,
    },
    /// A pipe, a device, a socket.
    #[error("read {name}: it is neither a file nor a folder; give '-' and pipe the list in")]
    NotAFile {
        /// What was asked for.
        name: String,
    },
    /// The system or the decompressor refused.
    #[error("{action} {name}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// Which input.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not a list as a whole.
    #[error("read {name}: {reason}")]
    Format {
        /// Which input.
        name: String,
        /// What is wrong, and what to do about it.
        reason: String,
    },
    /// No column holds the URLs.
    #[error(
        "find the URLs in {name}: {problem}; its columns are {}; name one with --url-column",
        .columns.join(", ")
    )]
    Columns {
        /// Which input.
        name: String,
        /// What was looked for.
        problem: String,
        /// The columns that are there.
        columns: Vec<String>,
    },
    /// An input that comes once was not copied into the run before reading.
    #[error("read an input that comes once: it was not copied into the run first")]
    NotSpooled,
    /// Standard input is not what the run began with.
    #[error(
        "continue from stdin: what comes now does not begin with what the run was begun with; pipe the same list, or begin a new run with another --run"
    )]
    StdinChanged,
    /// The store could not open a Parquet list.
    #[error("read {name}")]
    Parquet {
        /// Which input.
        name: String,
        /// What the store said.
        source: jarvix_store::foreign::ForeignError,
    },
}

impl InputError {
    pub(crate) fn io(action: &'static str, name: &str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, name: name.to_owned(), source }
    }
}

/// What the argument `arg` names: `-` is standard input; with a scheme (`https://...`) it is a URL,
/// and a sitemap if its file is named `sitemap*.xml`, perhaps with `.gz`; else it must be there on
/// disk: a folder, a page (`.html`, `.htm`, `.xhtml`, also `.gz`), a web archive (`.warc`, `.warc.gz`,
/// `.warc.zst`), or a list.
pub fn classify(arg: &str) -> Result<Input, InputError> {
    if arg == "-" {
        return Ok(Input::Stdin { spooled: None });
    }
    if has_scheme(arg) {
        let url = arg.to_owned();
        return Ok(if is_sitemap_name(arg) { Input::Sitemap(url) } else { Input::Url(url) });
    }
    let name = || escape::escaped(arg.as_bytes());
    let path = match Path::new(arg).canonicalize() {
        Ok(path) => path,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(InputError::Missing { name: name() });
        }
        Err(source) => return Err(InputError::Io { action: "find", name: name(), source }),
    };
    let kind = path.metadata().map_err(InputError::io("look at", arg))?;
    if kind.is_dir() {
        Ok(Input::Folder(path))
    } else if !kind.is_file() {
        Err(InputError::NotAFile { name: name() })
    } else if is_page_name(arg) {
        Ok(Input::File(path))
    } else if has_ending(arg, &ARCHIVE_ENDINGS) {
        Ok(Input::Archive(path))
    } else if has_ending(arg, &[".wacz"]) {
        let reason =
            "it is a WACZ package; unzip it and give the .warc.gz files in its folder archive";
        Err(InputError::Format { name: name(), reason: reason.to_owned() })
    } else {
        Ok(Input::List { path, name: arg.to_owned() })
    }
}

fn has_scheme(arg: &str) -> bool {
    arg.split_once("://").is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    })
}

/// Whether the file that a URL names is called as sitemaps are.
fn is_sitemap_name(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.starts_with("sitemap") && name.ends_with(".xml")
}

/// Whether a file of this name is taken as a page.
pub(crate) fn is_page_name(name: &str) -> bool {
    has_ending(name, &PAGE_ENDINGS)
}

fn has_ending(name: &str, endings: &[&str]) -> bool {
    let name = name.to_ascii_lowercase();
    endings.iter().any(|ending| name.len() > ending.len() && name.ends_with(ending))
}
