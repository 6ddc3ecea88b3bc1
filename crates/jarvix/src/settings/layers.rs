//! The layers on top of each other, and typed reading from the result.

use std::collections::BTreeMap;
use std::fmt;

use super::{KEYS, Key, Kind, SettingError, files, value};

/// Settings that a session does not take from the one before: those that say what a run is are
/// compared, and the time that a session may take is its own.
const NOT_INHERITED: &[&str] = &[
    "collect.url_column",
    "collect.include",
    "collect.exclude",
    "collect.pages_per_host",
    "collect.max_time",
];

/// Which layer a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The user's or the project's file.
    File(String),
    /// An environment variable.
    Variable(String),
    /// A session before, of the run that goes on.
    Session(String),
    /// A flag.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => f.write_str(path),
            Self::Variable(name) => f.write_str(name),
            Self::Session(run) => write!(f, "an earlier session of run {run}"),
            Self::Flag(flag) => write!(f, "--{flag}"),
        }
    }
}

/// Every setting with its value and where that came from.
#[derive(Debug, Clone)]
pub struct Settings {
    /// In the order of the table.
    values: Vec<(String, Origin)>,
}

impl Settings {
    /// Puts the layers together; the first value or key that does not fit is the error.
    pub fn resolve(flags: Vec<(&'static Key, String)>) -> Result<Self, SettingError> {
        let mut settings = Self::defaults();
        let user = files::user_file();
        for path in user.into_iter().chain([files::project_file()]) {
            let origin = Origin::File(path.display().to_string());
            for (name, text) in files::read(&path)? {
                settings.set(position(&name, &origin)?, text, origin.clone())?;
            }
        }
        for (at, key) in KEYS.iter().enumerate() {
            if let Ok(text) = std::env::var(key.variable()) {
                settings.set(at, text, Origin::Variable(key.variable()))?;
            }
        }
        for (key, text) in flags {
            let origin = Origin::Flag(key.flag.to_owned());
            settings.set(position(key.name, &origin)?, text, origin)?;
        }
        Ok(settings)
    }

    fn defaults() -> Self {
        let values = KEYS.iter().map(|k| (k.default.to_owned(), Origin::Default)).collect();
        Self { values }
    }

    fn set(&mut self, at: usize, text: String, origin: Origin) -> Result<(), SettingError> {
        let key = &KEYS[at];
        key.kind.check(&text).map_err(|expected| SettingError::Value {
            name: key.name.to_owned(),
            value: key.kind.shown(&text),
            expected,
            origin: origin.to_string(),
        })?;
        self.values[at] = (text, origin);
        Ok(())
    }

    /// What somebody set of the keys whose change is no other run: what a later session goes by.
    pub fn given(&self) -> BTreeMap<String, String> {
        let set = self.iter().filter(|(key, _, origin)| {
            ["collect.", "curate."].iter().any(|section| key.name.starts_with(section))
                && !NOT_INHERITED.contains(&key.name)
                && !key.kind.is_hidden()
                && **origin != Origin::Default
        });
        set.map(|(key, text, _)| (key.name.to_owned(), text.to_owned())).collect()
    }

    /// Takes from `before` what nobody set this time; the flags of it, as one would write them.
    /// What is no setting any more, or does not fit, is left where it is.
    pub fn inherit(&mut self, run: &str, before: &BTreeMap<String, String>) -> Vec<String> {
        let mut kept = Vec::new();
        for (at, key) in KEYS.iter().enumerate() {
            let Some(text) = before.get(key.name) else { continue };
            let origin = Origin::Session(run.to_owned());
            if self.values[at].1 == Origin::Default && self.set(at, text.clone(), origin).is_ok() {
                kept.push(match key.kind {
                    Kind::Off | Kind::On => format!("--{}", key.flag),
                    _ => format!("--{} {}", key.flag, text.replace('\n', ",")),
                });
            }
        }
        kept
    }

    /// Every key with its value and origin.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Key, &str, &Origin)> {
        KEYS.iter().zip(&self.values).map(|(key, (text, origin))| (key, text.as_str(), origin))
    }

    /// The value of `name` as text.
    ///
    /// # Panics
    /// For a name that is not in the table: a fault of the programme, found by any test that
    /// reaches the call.
    pub fn text(&self, name: &str) -> &str {
        match KEYS.iter().position(|key| key.name == name) {
            Some(at) => &self.values[at].0,
            None => unreachable!("{name} is not in the table of settings"),
        }
    }

    /// Whether somebody set `name`, be it to nothing.
    pub fn is_given(&self, name: &str) -> bool {
        self.iter().any(|(key, _, origin)| key.name == name && *origin != Origin::Default)
    }

    /// The value, or `None` for the empty text.
    pub fn optional(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// The items of a list.
    pub fn list(&self, name: &str) -> Vec<String> {
        let items =
            self.text(name).split([',', '\n']).map(str::trim).filter(|item| !item.is_empty());
        items.map(str::to_owned).collect()
    }

    /// The items of a list whose items may hold commas.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let items = self.text(name).split('\n').filter(|item| !item.is_empty());
        items.map(str::to_owned).collect()
    }

    /// A whole number; the table has checked that it is one.
    pub fn count(&self, name: &str) -> u64 {
        self.text(name).parse().unwrap_or_default()
    }

    /// A number or a number of seconds.
    pub fn number(&self, name: &str) -> f64 {
        value::seconds(self.text(name)).unwrap_or_default()
    }

    /// A number of bytes.
    pub fn bytes(&self, name: &str) -> u64 {
        value::bytes(self.text(name)).unwrap_or_default()
    }

    /// Whether a switch is on.
    pub fn is_on(&self, name: &str) -> bool {
        self.text(name) == "on"
    }

    /// `--threads`, resolved: `auto` is what the machine offers.
    pub fn threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        self.text("threads").parse().unwrap_or_else(|_| cores())
    }
}

/// The position of `name` in the table, or the error with a suggestion.
fn position(name: &str, origin: &Origin) -> Result<usize, SettingError> {
    KEYS.iter().position(|key| key.name == name).ok_or_else(|| SettingError::Unknown {
        name: name.to_owned(),
        hint: nearest(name).map(|key| format!("; did you mean {key:?}?")).unwrap_or_default(),
        origin: origin.to_string(),
    })
}

/// The key whose name is most like `name`, if any is like it at all.
fn nearest(name: &str) -> Option<&'static str> {
    let likeness = |key: &Key| {
        let short = key.name.rsplit('.').next().unwrap_or(key.name);
        strsim::jaro_winkler(name, key.name).max(strsim::jaro_winkler(name, short))
    };
    let best = KEYS.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    Some(best.name).filter(|_| likeness(best) > 0.8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_fits_its_kind_and_every_flag_is_there_once() {
        let mut flags: Vec<&str> = KEYS.iter().map(|key| key.flag).collect();
        flags.sort_unstable();
        flags.dedup();
        assert_eq!(flags.len(), KEYS.len(), "two settings share a flag");
        for key in KEYS {
            assert_eq!(key.kind.check(key.default), Ok(()), "{}", key.name);
        }
    }

    #[test]
    fn what_nobody_sets_is_taken_from_the_session_before() {
        let mut first = Settings::defaults();
        for (name, text) in
            [("collect.retries", "7"), ("collect.robots", "off"), ("collect.include", "x")]
        {
            let at = KEYS.iter().position(|key| key.name == name).expect("a key");
            first.set(at, text.to_owned(), Origin::Flag(name.to_owned())).expect("it fits");
        }
        let before = first.given();
        assert_eq!(before.len(), 2, "a pattern is no operational setting: {before:?}");
        let mut second = Settings::defaults();
        assert_eq!(second.inherit("a", &before), ["--retries 7", "--no-robots"]);
        assert_eq!((second.count("collect.retries"), second.is_on("collect.robots")), (7, false));
        assert_eq!(second.given(), before, "a third session has it from the second");
        assert!(first.inherit("a", &before).is_empty(), "what is set now goes before");
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest() {
        let error = position("collect.concurent", &Origin::File("jarvix.toml".into()));
        let text = error.expect_err("there is no such key").to_string();
        assert!(text.contains("did you mean \"collect.concurrent\"?"), "{text}");
    }
}
