//! A frontier entry on its way to becoming a row: what is to be done with it, and what earlier
//! attempts left behind.

use std::path::PathBuf;
use std::sync::Arc;

use jarvix_core::{Outcome, Page};
use url::Url;

use crate::failure::Failure;
use crate::frontier::Entry;
use crate::target::Target;

/// One URL that is to be dealt with.
#[derive(Debug)]
pub(crate) struct Job {
    entry: Entry,
    pub(crate) aim: Aim,
    /// Attempts made so far.
    pub(crate) attempts: u32,
    /// Bytes that those received.
    pub(crate) bytes_wire: u64,
}

/// What is to be done with it.
#[derive(Debug)]
pub(crate) enum Aim {
    /// Ask a server.
    Web(Target),
    /// Read a file that an input path named.
    Local(PathBuf),
    /// Nothing: it is not fetched, and this is why.
    Refused(Failure),
}

impl Job {
    /// Takes an entry apart. Every entry becomes a job, whatever stands in it.
    pub(crate) fn new(mut entry: Entry) -> Self {
        let aim = match entry.local.take() {
            Some(path) => Aim::Local(path),
            None => match Url::parse(&entry.url).map(Target::new) {
                Ok(Ok(target)) => Aim::Web(target),
                Ok(Err(failure)) => Aim::Refused(failure),
                Err(error) => Aim::Refused(Failure::last(Outcome::Internal, error.to_string())),
            },
        };
        Self { entry, aim, attempts: 0, bytes_wire: 0 }
    }

    /// Whose place it needs; none for what needs no server.
    pub(crate) fn host(&self) -> Option<&Arc<str>> {
        match &self.aim {
            Aim::Web(target) => Some(&target.origin.host),
            Aim::Local(_) | Aim::Refused(_) => None,
        }
    }

    /// A page that ended before anything came from a server.
    pub(crate) fn ended(&self, outcome: Outcome, reason: impl Into<String>) -> Page {
        Page::unfetched(String::new(), self.entry.ordinal, outcome, reason)
    }

    /// Puts what only the job knows into the page.
    pub(crate) fn sign(self, mut page: Page) -> Page {
        page.url = self.entry.url;
        page.ordinal = self.entry.ordinal;
        page.line_no = self.entry.line_no;
        page.input_meta = self.entry.input_meta;
        page.attempts = self.attempts;
        page.bytes_wire = self.bytes_wire;
        page
    }
}
