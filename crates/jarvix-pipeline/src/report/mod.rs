//! The report's files: the summary as HTML, PDF and JSON, the ranking as CSV; of one run, of many, or
//! one for each host of a run.
//!
//! What it refuses to do: draw. It computes summaries and hands them over.

mod batch;
mod caveats;
mod group;
mod groups;
mod made;
mod manners;
mod split;

pub use batch::{Batch, BatchResult, Job};
pub use caveats::Caveats;
pub use split::Split;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use jarvix_core::{Dataset, Disk, Generation, RunId, Stage};
use jarvix_query::Query;
use jarvix_report::{
    Brand, Fonts, Format, Milli, Paper, ProfileFacts, RankingCsv, ReportError, SignalFact, Summary,
    TOP_ROWS, Typesetter,
};
use jarvix_score::Profile;
use jarvix_store::Store;

use crate::LineError;
use crate::generations;
use crate::stages::dedupe;
use crate::summary::{self, ScoredBy};

/// How reports are to look.
#[derive(Debug, Clone, Default)]
pub struct ReportSettings {
    /// Which files.
    pub formats: Vec<Format>,
    /// The pages of the PDF.
    pub paper: Paper,
    /// Whose reports they are.
    pub brand: Brand,
}

/// Sets the text of PDFs: the fonts are read once for all of them.
#[derive(Default)]
pub struct Fontcase {
    fonts: OnceLock<Option<Arc<Fonts>>>,
}

impl Fontcase {
    /// Whoever sets text on one thread, for one document after the other.
    pub fn typesetter(&self) -> Result<Typesetter, LineError> {
        Ok(Typesetter::new(Arc::clone(self.fonts()?)))
    }

    /// Which fonts of the machine may be drawn with.
    pub(crate) fn identity(&self) -> Result<String, LineError> {
        Ok(self.fonts()?.identity())
    }

    fn fonts(&self) -> Result<&Arc<Fonts>, LineError> {
        let fonts = self.fonts.get_or_init(|| Fonts::new().map(Arc::new));
        Ok(fonts.as_ref().ok_or(ReportError::Fonts)?)
    }
}

/// What was written.
#[derive(Debug)]
pub struct Written {
    /// The files, in the order of the formats.
    pub files: Vec<PathBuf>,
    /// The summary that they show.
    pub summary: Summary,
    /// Whether the documents are newer than the scores that are shown.
    pub scores_are_old: bool,
}

impl Written {
    /// What whoever reads the report should know beforehand.
    pub fn caveats(&self) -> Caveats {
        Caveats::of(&self.summary, self.scores_are_old)
    }
}

/// Whether duplicates, and with them the scores, were made from other documents than there are.
fn scores_are_old(store: &Store, run: &RunId) -> Result<bool, LineError> {
    let catalogue = store.catalogue();
    let documents = catalogue.parts(run, Dataset::Documents)?;
    let Some(dedupe) = catalogue.generation(run, Stage::Dedupe)? else { return Ok(false) };
    let against = dedupe::recorded_against(store, run)?;
    // An earlier run that is gone is no reason not to report.
    let Ok(against) = dedupe::documents_of(store, run, &against) else { return Ok(false) };
    Ok(dedupe.key != generations::dedupe_key(&documents, &against))
}

/// Writes the report of `run` as `settings` say into `folder`; text is set by `setter`, or by one
/// that is made where there is none.
pub async fn write(
    store: &Store,
    query: &Query,
    run: &RunId,
    settings: &ReportSettings,
    folder: &Path,
    setter: Option<&mut Typesetter>,
) -> Result<Written, LineError> {
    let disk = &*store.env().disk;
    disk.create_dir_all(folder).map_err(file_error("make", folder))?;
    let mut summary = summary::summary(store, query, run, TOP_ROWS).await?;
    let scores_are_old = scores_are_old(store, run)?;
    // What is not finished stands on the cover.
    let old = Caveats { scores_are_old, ..Caveats::default() };
    summary.method.splice(0..0, old.sentences(run));
    let mut own = None;
    let mut setter = setter;
    let mut files = Vec::new();
    for format in &settings.formats {
        let path = folder.join(format.file_name());
        match format {
            Format::Html => {
                replace(disk, &path, jarvix_report::html(&summary, &settings.brand)?.as_bytes())?
            }
            Format::Pdf => {
                let setter = match setter.as_deref_mut() {
                    Some(setter) => setter,
                    None => own.insert(Fontcase::default().typesetter()?),
                };
                replace(
                    disk,
                    &path,
                    &jarvix_report::pdf(&summary, settings.paper, &settings.brand, setter)?,
                )?;
            }
            Format::Json => replace(disk, &path, jarvix_report::json(&summary).as_bytes())?,
            Format::Csv => write_csv(store, query, run, &summary, &path).await?,
        }
        files.push(path);
    }
    Ok(Written { files, summary, scores_are_old })
}

/// Remembers, for a generation of scores, what the report must say of the profile that made it.
pub fn note_profile(
    store: &Store,
    run: &RunId,
    generation: Generation,
    profile: &Profile,
) -> Result<(), LineError> {
    let text = serde_json::to_string(&scored_by(profile)).map_err(|e| LineError::Record {
        run: run.clone(),
        what: "profile",
        reason: e.to_string(),
    })?;
    let note = summary::scored_by_note(generation);
    Ok(store.catalogue().record_note(run, &note, &text)?)
}

fn scored_by(profile: &Profile) -> ScoredBy {
    let signals = profile.signals().into_iter().map(|signal| SignalFact {
        name: signal.name,
        about: signal.about,
        weight: Milli(signal.weight_thousandths),
    });
    let about =
        |at_least: i64| format!("score of {} and above", jarvix_score::points_text(at_least));
    let actions = profile.actions().iter().map(|a| (a.name.clone(), about(a.at_least)));
    ScoredBy {
        profile: ProfileFacts {
            name: profile.name().to_owned(),
            hash: profile.hash(),
            about: profile.description().to_owned(),
            signals: signals.collect(),
        },
        actions: actions.collect(),
    }
}

fn replace(disk: &dyn Disk, path: &Path, content: &[u8]) -> Result<(), LineError> {
    disk.replace(path, content).map_err(file_error("write", path))
}

fn file_error<'a>(
    action: &'static str,
    path: &'a Path,
) -> impl Fn(std::io::Error) -> LineError + 'a {
    move |source| LineError::File { action, path: path.display().to_string(), source }
}

/// Streams the ranking into the file, under a temporary name until it is whole.
async fn write_csv(
    store: &Store,
    query: &Query,
    run: &RunId,
    summary: &Summary,
    path: &Path,
) -> Result<(), LineError> {
    let disk = &*store.env().disk;
    let error = file_error("write", path);
    let temporary = path.with_extension("csv.tmp");
    if disk.exists(&temporary) {
        disk.remove_file(&temporary).map_err(&error)?;
    }
    // All of a run is joined: sorted on disk where memory does not hold it.
    let session = query.session_by_sorting(run)?;
    let signals: Vec<String> = summary.profile.signals.iter().map(|s| s.name.clone()).collect();
    let mut file = std::io::BufWriter::new(disk.create(&temporary).map_err(&error)?);
    let mut csv = RankingCsv::new(&mut file, &signals)?;
    summary::ranking(&session, &signals, |row| Ok(csv.write(&row)?)).await?;
    csv.finish()?;
    file.flush().map_err(&error)?;
    file.get_mut().sync().map_err(&error)?;
    drop(file);
    disk.rename(&temporary, path).map_err(&error)?;
    path.parent().map_or(Ok(()), |folder| disk.sync_dir(folder)).map_err(&error)
}
