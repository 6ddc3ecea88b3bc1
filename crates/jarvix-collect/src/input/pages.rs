//! The pages of an earlier run as an input. What is taken of them is written into the new run
//! first, by ordinal: the earlier run may go on, change or be removed, and this one can still be
//! continued.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jarvix_core::Env;

use super::InputError;
use super::lines::{Content, Line};
use super::physical::PhysicalLines;
use crate::frontier::NewFile;

const NAME: &str = "pages of an earlier run";

/// The copy under construction: a line a page, its URL and its other columns as a JSON array.
pub struct PagesSpool {
    file: NewFile,
    path: PathBuf,
}

impl PagesSpool {
    /// Where the copy inside a run is, once it was made.
    pub fn made(env: &Env, run_dir: &Path) -> Option<PathBuf> {
        Some(path(run_dir)).filter(|path| env.disk.exists(path))
    }

    /// Begins the copy `<run_dir>/input/pages`.
    pub fn begin(env: &Env, run_dir: &Path) -> Result<Self, InputError> {
        let path = path(run_dir);
        let begin = || -> io::Result<NewFile> {
            env.disk.create_dir_all(&run_dir.join("input"))?;
            NewFile::create(&env.disk, &path)
        };
        let file = begin().map_err(InputError::io("begin the copy of", NAME))?;
        Ok(Self { file, path })
    }

    /// Adds a page.
    pub fn push(&mut self, url: &str, meta: Option<&str>) -> Result<(), InputError> {
        let mut line = serde_json::json!([url, meta]).to_string();
        line.push('\n');
        self.file.write_all(line.as_bytes()).map_err(InputError::io("copy", NAME))
    }

    /// Makes the copy durable; where it is.
    pub fn finish(self) -> Result<PathBuf, InputError> {
        self.file.finish().map_err(InputError::io("keep the copy of", NAME))?;
        Ok(self.path)
    }
}

fn path(run_dir: &Path) -> PathBuf {
    run_dir.join("input").join("pages")
}

/// The next page of a copy.
pub(super) fn next(lines: &mut PhysicalLines) -> io::Result<Option<Line>> {
    let Some(line) = lines.next_used()? else { return Ok(None) };
    let read = line.text().and_then(|text| {
        serde_json::from_str(text).map_err(|error| format!("the copy is damaged: {error}"))
    });
    let content = match read {
        Ok((text, meta)) => Content::Url { text, meta },
        Err(reason) => Content::Unusable { text: line.shown(), reason },
    };
    Ok(Some(Line { line_no: Some(line.line_no), content }))
}
