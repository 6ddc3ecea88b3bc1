//! Which run this is: a new one, one to continue, or one that is finished; its lock and its
//! `run.toml`.

use std::path::PathBuf;

use jarvix_core::{RunId, RunState};
use jarvix_store::{NewRun, RunLock, RunRecord, Store};
use serde::{Deserialize, Serialize};

use crate::stages::dedupe::{record_against, recorded_against};
use crate::{LineError, PolicyFacts, RunSettings};

/// A run that this process holds.
pub struct OpenRun {
    /// Its id.
    pub id: RunId,
    /// Whether there was earlier work of it.
    pub chosen: Chosen,
    /// The newest finished run of the same input, where a new one was made beside it.
    pub finished_before: Option<RunId>,
    /// Held until this is dropped.
    _lock: RunLock,
}

/// What a request led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chosen {
    /// A new run.
    New,
    /// An unfinished run goes on.
    Continued,
    /// The run had been finished; new input lines or settings may give it work again.
    Finished,
}

/// `run.toml`: enough to repeat the run.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct RunFile {
    jarvix_version: String,
    identity: RunSettings,
    stage: StageFacts,
    operational: toml::Table,
    /// What changed from one session to the next.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    changes: Vec<Change>,
}

/// Operational settings that changed at the start of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When, UTC.
    pub at: String,
    /// What, `name: before -> after`.
    pub what: String,
}

/// Longest `run.toml` that is read again, in bytes.
const RUN_FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Notes of the catalogue under which changes stand, by the microsecond.
const CHANGE_NOTE: &str = "changed_at_";

/// The changes of operational settings since `id` was made.
pub fn changes_of(store: &Store, id: &RunId) -> Result<Vec<Change>, LineError> {
    let mut changes = Vec::new();
    for (key, what) in store.catalogue().notes(id)? {
        let Some(micros) = key.strip_prefix(CHANGE_NOTE).and_then(|n| n.parse().ok()) else {
            continue;
        };
        let at = jiff::Timestamp::from_microsecond(micros).unwrap_or_default();
        changes.push(Change { at: at.strftime("%Y-%m-%d %H:%M:%SZ").to_string(), what });
    }
    Ok(changes)
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct StageFacts {
    profile: String,
    profile_hash: String,
    curate_version: u32,
    #[serde(default)]
    dedupe_version: u32,
    /// Earlier runs that the documents are compared with.
    #[serde(default)]
    dedupe_against: Vec<RunId>,
    score_version: u32,
    #[serde(default)]
    policy: PolicyFacts,
}

/// Finds or makes the run that `settings` and perhaps `wanted` mean, and takes its lock.
///
/// Without `wanted` the newest unfinished run of the same input is taken up, unless `always_new`;
/// else a new one named `<stem>-<n>` is made.
pub fn open(
    store: &Store,
    settings: &RunSettings,
    wanted: Option<&RunId>,
    stem: &str,
    always_new: bool,
) -> Result<OpenRun, LineError> {
    let known = match wanted {
        Some(id) => store.catalogue().run(id)?,
        None if always_new => None,
        None => newest(store, settings, RunState::Unfinished)?,
    };
    if let Some(record) = known {
        check_identity(&record, settings)?;
        return take(store, &record);
    }
    let id = match wanted {
        Some(id) => id.clone(),
        None => next_id(store, stem)?,
    };
    let lock = store.lock_run(&id)?;
    let text = json_of(settings, &id)?;
    store.catalogue().create_run(NewRun {
        id: id.clone(),
        input_fingerprint: settings.fingerprint.clone(),
        settings: text,
    })?;
    let finished_before = match wanted {
        None if !always_new => newest(store, settings, RunState::Finished)?,
        _ => None,
    };
    let finished_before = finished_before.map(|record| record.id);
    Ok(OpenRun { id, chosen: Chosen::New, finished_before, _lock: lock })
}

/// Takes the lock of a run that is there, and puts right what a crash may have left.
pub fn open_existing(store: &Store, id: &RunId) -> Result<OpenRun, LineError> {
    let record =
        store.catalogue().run(id)?.ok_or_else(|| LineError::UnknownRun { run: id.clone() })?;
    take(store, &record)
}

fn take(store: &Store, record: &RunRecord) -> Result<OpenRun, LineError> {
    let lock = store.lock_run(&record.id)?;
    let chosen = match record.state {
        RunState::Finished => Chosen::Finished,
        RunState::Unfinished => Chosen::Continued,
    };
    Ok(OpenRun { id: record.id.clone(), chosen, finished_before: None, _lock: lock })
}

/// The settings that say what the run is, as it was made.
pub fn settings_of(store: &Store, id: &RunId) -> Result<RunSettings, LineError> {
    let record =
        store.catalogue().run(id)?.ok_or_else(|| LineError::UnknownRun { run: id.clone() })?;
    settings_in(&record)
}

fn settings_in(record: &RunRecord) -> Result<RunSettings, LineError> {
    serde_json::from_str(&record.settings).map_err(|e| LineError::Record {
        run: record.id.clone(),
        what: "settings",
        reason: e.to_string(),
    })
}

fn json_of(settings: &RunSettings, id: &RunId) -> Result<String, LineError> {
    serde_json::to_string(settings).map_err(|e| LineError::Record {
        run: id.clone(),
        what: "settings",
        reason: e.to_string(),
    })
}

/// The newest run of the same input that takes the same of it: other patterns make another run.
fn newest(
    store: &Store,
    settings: &RunSettings,
    state: RunState,
) -> Result<Option<RunRecord>, LineError> {
    let runs = store.catalogue().runs()?;
    Ok(runs
        .into_iter()
        .filter(|r| r.state == state && r.input_fingerprint == settings.fingerprint)
        .filter(|record| check_identity(record, settings).is_ok())
        .max_by_key(|r| r.created_at_us))
}

/// The newest finished run of the same input, other than `run`: what `--base latest` means.
pub fn newest_finished(
    store: &Store,
    settings: &RunSettings,
    run: &RunId,
) -> Result<Option<RunId>, LineError> {
    let runs = store.catalogue().runs()?.into_iter();
    Ok(runs
        .filter(|r| r.state == RunState::Finished && r.id != *run)
        .filter(|r| r.input_fingerprint == settings.fingerprint)
        .max_by_key(|r| r.created_at_us)
        .map(|r| r.id))
}

fn next_id(store: &Store, stem: &str) -> Result<RunId, LineError> {
    let stem = RunId::stem_of(stem);
    let taken = store.catalogue().runs()?;
    let number_of = |record: &RunRecord| -> Option<u64> {
        record.id.as_str().strip_prefix(&stem)?.strip_prefix('-')?.parse().ok()
    };
    let last = taken.iter().filter_map(number_of).max().unwrap_or(0);
    RunId::new(&format!("{stem}-{}", last + 1))
        .map_err(|e| LineError::Threads { reason: e.to_string() })
}

fn check_identity(record: &RunRecord, now: &RunSettings) -> Result<(), LineError> {
    let was = settings_in(record)?;
    let differs = |what, was: &str, now: &str| LineError::IdentityChanged {
        run: record.id.clone(),
        what,
        was: was.to_owned(),
        now: now.to_owned(),
    };
    if was.fingerprint != now.fingerprint {
        return Err(differs("input", &was.inputs.join(" "), &now.inputs.join(" ")));
    }
    if was.url_column != now.url_column {
        let name = |column: &Option<String>| column.clone().unwrap_or_default();
        return Err(differs("url column", &name(&was.url_column), &name(&now.url_column)));
    }
    if was.pages_per_host != now.pages_per_host {
        let (was, now) = (was.pages_per_host.to_string(), now.pages_per_host.to_string());
        return Err(differs("pages per host", &was, &now));
    }
    if was.filter != now.filter {
        return Err(differs("patterns", &was.filter.to_string(), &now.filter.to_string()));
    }
    for ((flag, was), (_, now)) in was.crawl.identity().iter().zip(now.crawl.identity()) {
        if *was != now {
            return Err(differs(*flag, was, &now));
        }
    }
    if was.render != now.render {
        return Err(differs("--render", was.render.as_str(), now.render.as_str()));
    }
    Ok(())
}

/// Where `run.toml` of `id` is.
pub fn run_file(store: &Store, id: &RunId) -> PathBuf {
    store.run_dir(id).join("run.toml")
}

/// Where the profile of the last session of `id` is.
pub fn profile_file(store: &Store, id: &RunId) -> PathBuf {
    store.run_dir(id).join("profile.toml")
}

/// Writes `run.toml` and, beside it, the profile as `profile.toml`. When an operational setting
/// changed since the last session, the change is appended; what is returned says what changed, for
/// stderr.
pub fn write_run_file(
    store: &Store,
    id: &RunId,
    settings: &RunSettings,
    policy: PolicyFacts,
    profile: &jarvix_score::Profile,
    collect: &jarvix_collect::CollectSettings,
) -> Result<Vec<String>, LineError> {
    let path = run_file(store, id);
    let damaged = |reason: String| LineError::Record { run: id.clone(), what: "run.toml", reason };
    let operational = toml::Table::try_from(collect).map_err(|e| damaged(e.to_string()))?;
    let changes = match store.catalogue().note(id, "operational")? {
        Some(before) => changes_between(&before, &operational),
        None => Vec::new(),
    };
    if !changes.is_empty() {
        let key = format!("{CHANGE_NOTE}{}", store.env().clock.now_us());
        store.catalogue().record_note(id, &key, &changes.join("; "))?;
    }
    let text = toml::to_string(&operational).map_err(|e| damaged(e.to_string()))?;
    store.catalogue().record_note(id, "operational", &text)?;
    let file = RunFile {
        jarvix_version: env!("CARGO_PKG_VERSION").to_owned(),
        identity: settings.clone(),
        stage: StageFacts {
            profile: profile.name().to_owned(),
            profile_hash: profile.hash(),
            curate_version: jarvix_curate::CODE_VERSION,
            dedupe_version: jarvix_dedupe::CODE_VERSION,
            dedupe_against: recorded_against(store, id)?,
            score_version: jarvix_score::CODE_VERSION,
            policy,
        },
        operational,
        changes: changes_of(store, id)?,
    };
    let text = toml::to_string_pretty(&file).map_err(|e| damaged(e.to_string()))?;
    for (path, text) in [(&path, text.as_str()), (&profile_file(store, id), profile.source())] {
        store.env().disk.replace(path, text.as_bytes()).map_err(|source| LineError::File {
            action: "write",
            path: path.display().to_string(),
            source,
        })?;
    }
    Ok(changes)
}

/// Notes in `run.toml` that the documents of `id` follow another policy from now on.
pub fn write_policy(store: &Store, id: &RunId, policy: &PolicyFacts) -> Result<(), LineError> {
    change_run_file(store, id, |file| file.stage.policy = policy.clone())
}

/// Notes in `run.toml`, and as `profile.toml` beside it, that the scores of `id` follow another profile
/// from now on.
pub fn write_profile(
    store: &Store,
    id: &RunId,
    profile: &jarvix_score::Profile,
) -> Result<(), LineError> {
    change_run_file(store, id, |file| {
        profile.name().clone_into(&mut file.stage.profile);
        file.stage.profile_hash = profile.hash();
    })?;
    let path = profile_file(store, id);
    store.env().disk.replace(&path, profile.source().as_bytes()).map_err(|source| LineError::File {
        action: "write",
        path: path.display().to_string(),
        source,
    })
}

/// Remembers which earlier runs `id` is compared with, in its `run.toml` too, if it has one.
pub fn write_against(store: &Store, id: &RunId, against: &[RunId]) -> Result<(), LineError> {
    if recorded_against(store, id)? == against {
        return Ok(());
    }
    record_against(store, id, against)?;
    change_run_file(store, id, |file| file.stage.dedupe_against = against.to_vec())
}

/// Changes what `run.toml` says; where there is none, the next `run` writes it.
fn change_run_file(
    store: &Store,
    id: &RunId,
    change: impl FnOnce(&mut RunFile),
) -> Result<(), LineError> {
    let (disk, path) = (&store.env().disk, run_file(store, id));
    if !disk.exists(&path) {
        return Ok(());
    }
    let failed = |action| {
        let path = path.display().to_string();
        move |source| LineError::File { action, path, source }
    };
    let damaged = |reason: String| LineError::Record { run: id.clone(), what: "run.toml", reason };
    let text = disk.read(&path, RUN_FILE_BYTES_MAX).map_err(failed("read"))?;
    let text = String::from_utf8(text).map_err(|e| damaged(e.to_string()))?;
    let mut file: RunFile = toml::from_str(&text).map_err(|e| damaged(e.to_string()))?;
    change(&mut file);
    let text = toml::to_string_pretty(&file).map_err(|e| damaged(e.to_string()))?;
    disk.replace(&path, text.as_bytes()).map_err(failed("write"))
}

fn changes_between(before: &str, now: &toml::Table) -> Vec<String> {
    let before: toml::Table = toml::from_str(before).unwrap_or_default();
    let mut changes = Vec::new();
    for (name, value) in now {
        let was = before.get(name);
        if was != Some(value) {
            let was = was.map_or_else(|| "nothing".to_owned(), ToString::to_string);
            changes.push(format!("{name}: {was} -> {value}"));
        }
    }
    changes
}
