//! A frontier entry on its way to becoming a row: what is to be done with it, and what earlier
//! attempts left behind.

use std::path::PathBuf;
use std::sync::Arc;

use jarvix_core::{Outcome, Page, Role};
use url::Url;

use crate::failure::Failure;
use crate::frontier::{Entry, Fed};
use crate::input::Archived;
use crate::target::Target;

/// One URL that is to be dealt with.
#[derive(Debug)]
pub(crate) struct Job {
    entry: Entry,
    pub(crate) aim: Aim,
    /// The host of the frontier's feed that it came from.
    pub(crate) run: u64,
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
    /// Read a record of an archive that an input path named.
    Archived(PathBuf, Archived),
    /// Nothing: it is not fetched, and this is why.
    Refused(Failure),
}

impl Job {
    /// Takes an entry apart. Every entry becomes a job, whatever stands in it.
    pub(crate) fn new(mut entry: Entry) -> Self {
        let aim = match (entry.local.take(), entry.archived.take()) {
            (Some(path), _) => Aim::Local(path),
            (None, Some((path, at))) => Aim::Archived(path, at),
            (None, None) => match Url::parse(&entry.url).map(Target::new) {
                Ok(Ok(target)) => Aim::Web(target),
                Ok(Err(failure)) => Aim::Refused(failure),
                Err(error) => Aim::Refused(Failure::last(Outcome::Internal, error.to_string())),
            },
        };
        Self { entry, aim, run: 0, attempts: 0, bytes_wire: 0 }
    }

    /// What comes of an entry of the frontier's feed: one beyond the budget of its host is not
    /// fetched. The lowest ordinals win, because ranks go by them.
    pub(crate) fn fed(fed: Fed, run: u64, pages_per_host: u64) -> Self {
        let mut job = Self::new(fed.entry);
        job.run = run;
        if pages_per_host > 0 && fed.rank >= pages_per_host && job.host().is_some() {
            let reason = format!("the host has used up its {pages_per_host} pages");
            job.aim = Aim::Refused(Failure::last(Outcome::Budget, reason));
        }
        job
    }

    /// Bytes of what it carries from the input.
    pub(crate) fn weight(&self) -> usize {
        self.entry.url.len() + self.entry.input_meta.as_ref().map_or(0, String::len)
    }

    /// Whose place it needs; none for what needs no server.
    pub(crate) fn host(&self) -> Option<&Arc<str>> {
        match &self.aim {
            Aim::Web(target) => Some(&target.origin.host),
            Aim::Local(_) | Aim::Archived(..) | Aim::Refused(_) => None,
        }
    }

    /// The canonical URL.
    pub(crate) fn url(&self) -> &str {
        &self.entry.url
    }

    /// What the answer is read as: a sitemap may be a packed file, a page may not.
    pub(crate) fn role(&self) -> Role {
        self.entry.found.role
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
        page.found = self.entry.found;
        page.attempts = self.attempts;
        page.bytes_wire = self.bytes_wire;
        page
    }
}
