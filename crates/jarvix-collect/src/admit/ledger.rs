//! The account of what was read: per input how far, in sum how much. It is a note in the catalogue
//! and changes in the same transaction as the commit of a segment, so the two never disagree.

use std::path::PathBuf;

use jarvix_core::{Role, RunId};
use jarvix_store::Store;
use serde::{Deserialize, Serialize};

use super::AdmitError;
use super::found::CrawlNote;
use crate::frontier::FrontierError;
use crate::input::{Consumed, Input};

/// The note's key.
pub(crate) const NOTE: &str = "admission";

/// What became of the input lines of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sums {
    pub(crate) lines: u64,
    pub(crate) admitted: u64,
    pub(crate) rejects: u64,
    pub(crate) duplicates: u64,
}

/// A committed segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SegmentNote {
    pub(crate) number: u32,
    /// How many URLs of it were admitted; its file of keys has as many.
    pub(crate) admitted: u64,
    /// How many hosts have URLs, in this segment and those before it.
    pub(crate) hosts: u64,
    /// Whether its URLs were found on the way and are no inputs.
    #[serde(default)]
    pub(crate) found: bool,
}

/// How far an input was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InputNote {
    pub(crate) name: String,
    /// What its rejects are said to come from.
    pub(crate) source: String,
    pub(crate) identity: String,
    /// The folder that its local pages are read from. It stands here and in no dataset.
    pub(crate) root: Option<PathBuf>,
    /// The archive that its pages are read from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) archive: Option<PathBuf>,
    /// The first part of the path of its local pages' URLs.
    pub(crate) folder: Option<String>,
    /// What its lines are read as.
    #[serde(default)]
    pub(crate) role: Role,
    pub(crate) consumed: Consumed,
}

/// Everything that was read so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ledger {
    pub(crate) sums: Sums,
    pub(crate) next_ordinal: u64,
    pub(crate) segments: Vec<SegmentNote>,
    pub(crate) inputs: Vec<InputNote>,
    /// What was found on the way.
    #[serde(default)]
    pub(crate) crawl: CrawlNote,
}

impl Ledger {
    /// The account of `run`; `None` before its first commit.
    pub(crate) fn load(store: &Store, run: &RunId) -> Result<Option<Self>, FrontierError> {
        let Some(json) = store.catalogue().note(run, NOTE)? else { return Ok(None) };
        serde_json::from_str(&json).map(Some).map_err(|error| FrontierError::Damaged {
            place: format!("the account of what run {run} has read"),
            reason: error.to_string(),
        })
    }

    /// The account as the note's value.
    pub(crate) fn to_json(&self) -> String {
        serde_json::json!(self).to_string()
    }

    /// Makes notes for inputs that have none yet. Folders of the same name in different places get
    /// different names in URLs, so that their pages are different pages.
    pub(crate) fn add_inputs(&mut self, inputs: &[Input]) {
        for input in &inputs[self.inputs.len().min(inputs.len())..] {
            let root = input.root().map(PathBuf::from);
            let folder = root.as_ref().map(|root| self.folder_name(root));
            self.inputs.push(InputNote {
                name: input.name(),
                source: input.source(),
                identity: input.identity(),
                root,
                archive: input.archive().map(PathBuf::from),
                folder,
                role: input.role(),
                consumed: Consumed::default(),
            });
        }
    }

    fn folder_name(&self, root: &std::path::Path) -> String {
        if let Some(same) = self.inputs.iter().find(|note| note.root.as_deref() == Some(root)) {
            return same.folder.clone().unwrap_or_default();
        }
        let base = match root.file_name() {
            Some(name) => name.to_string_lossy().into_owned(),
            None => "root".to_owned(),
        };
        let is_taken =
            |name: &str| self.inputs.iter().any(|note| note.folder.as_deref() == Some(name));
        let numbered = (2u64..).map(|n| format!("{base}-{n}"));
        std::iter::once(base.clone()).chain(numbered).find(|name| !is_taken(name)).unwrap_or(base)
    }

    /// Refuses inputs that are not those that the run was begun with; more at the end are welcome.
    pub(crate) fn check_inputs(&self, inputs: &[Input]) -> Result<(), AdmitError> {
        for (at, note) in self.inputs.iter().enumerate() {
            let reason = match inputs.get(at) {
                Some(input) if input.identity() == note.identity => continue,
                Some(input) => format!("the run was begun with it, and {} is given", input.name()),
                None => "the run was begun with it, and it is not given".to_owned(),
            };
            return Err(AdmitError::InputChanged { name: note.name.clone(), reason });
        }
        Ok(())
    }
}
