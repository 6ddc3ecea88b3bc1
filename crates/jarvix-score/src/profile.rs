//! The profile: which signals count how much, which gates stand apart from the sum, and which
//! action follows. A profile that exists has been checked: its weights add up, its thresholds leave
//! no gap, and the query engine accepts every expression.

use jarvix_core::Disk;
use std::path::Path;

use crate::edit;
use crate::error::{ProfileError, ProfileErrorKind};
use crate::parse;

/// The version of everything here that decides a score beside the profile: it goes into the stage's
/// generation key, so that a change makes a new generation.
pub const CODE_VERSION: u32 = 2;

/// Highest score there is, in thousandths of a point.
pub const SCORE_MAX: i64 = 100_000;
/// Largest profile file, in bytes.
pub const PROFILE_BYTES_MAX: u64 = 256 * 1024;
/// Most signals, gates or actions of a profile, each.
pub const ENTRIES_MAX: usize = 48;
/// Longest expression, in bytes.
pub const EXPRESSION_BYTES_MAX: usize = 8 * 1024;

/// The profiles that come with the program, by name.
const BUILT_IN: &[(&str, &str)] = &[
    ("default", include_str!("../profiles/default.toml")),
    ("classic", include_str!("../profiles/classic.toml")),
    ("buying-intent", include_str!("../profiles/buying-intent.toml")),
    ("editorial-quality", include_str!("../profiles/editorial-quality.toml")),
    ("topic", include_str!("../profiles/topic.toml")),
    ("corpus-for-training", include_str!("../profiles/corpus-for-training.toml")),
];

/// Something measured that adds points to a score, or takes some away.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ProfileSignal {
    /// Its name; the column is `signal_<name>`.
    pub name: String,
    /// What it measures, in words.
    pub about: String,
    /// SQL over a row of `facts`; its value is held within 0 and 1 and multiplied by the weight.
    pub expr: String,
    /// Most that it adds (or, below zero, takes away), in thousandths of a point.
    pub weight: i64,
    /// What is said when it counts.
    pub reason: String,
    /// What is said when it is what is missing; empty for penalties.
    pub reason_low: String,
    /// The columns of `facts` that `expr` reads.
    #[serde(skip)]
    pub(crate) reads: Vec<String>,
}

/// A condition apart from the sum: where it holds, the score is capped and the action is given.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ProfileGate {
    /// Its name.
    pub name: String,
    /// SQL over a row of `facts` that gives a truth value; null counts as false.
    pub when: String,
    /// The action that follows.
    pub action: String,
    /// The score is at most this, in thousandths of a point.
    pub score_max: i64,
    /// What is said.
    pub reason: String,
    /// The columns of `facts` that `when` reads.
    #[serde(skip)]
    pub(crate) reads: Vec<String>,
}

/// What to do from a score upwards.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ProfileAction {
    /// Its name.
    pub name: String,
    /// The least score, in thousandths of a point.
    pub at_least: i64,
}

/// A checked profile.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Profile {
    pub(crate) name: String,
    #[serde(skip)]
    pub(crate) description: String,
    #[serde(skip)]
    pub(crate) source: String,
    pub(crate) version: u32,
    /// What documents are matched with, if anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) topic: Option<String>,
    /// The highest score it can give, in thousandths: its positive weights add up to this.
    pub(crate) maximum: i64,
    pub(crate) signals: Vec<ProfileSignal>,
    pub(crate) gates: Vec<ProfileGate>,
    /// From the highest threshold down; the last one is 0.
    pub(crate) actions: Vec<ProfileAction>,
}

/// One line of a profile's table: what counts how much.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SignalDoc {
    /// The column of `scores`.
    pub column: String,
    /// The signal's name.
    pub name: String,
    /// What it measures.
    pub about: String,
    /// Most that it adds or takes away, in points, exact (`12.5`).
    pub weight: String,
    /// The same in thousandths of a point.
    pub weight_thousandths: i64,
}

impl Profile {
    /// The profile of that name, else the profile in that file.
    pub fn load(name_or_path: &str, disk: &dyn Disk) -> Result<Self, ProfileError> {
        if let Some(profile) = Self::builtin(name_or_path) {
            return Ok(profile);
        }
        let error = |kind, problem: String, help: Option<String>| ProfileError {
            kind,
            file: name_or_path.to_owned(),
            position: None,
            problem,
            help,
        };
        let path = Path::new(name_or_path);
        if !disk.exists(path) {
            let names = || BUILT_IN.iter().map(|(name, _)| *name);
            let help = match jarvix_query::nearest(name_or_path, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!(
                    "give a file, or one of the built-in profiles: {}",
                    names().collect::<Vec<_>>().join(", ")
                ),
            };
            let problem = "there is no such profile and no such file".to_owned();
            return Err(error(ProfileErrorKind::NotFound, problem, Some(help)));
        }
        let bytes = disk
            .read(path, PROFILE_BYTES_MAX)
            .map_err(|io| error(ProfileErrorKind::Unreadable, io.to_string(), None))?;
        let text = String::from_utf8(bytes).map_err(|_| {
            let help = "save it as UTF-8".to_owned();
            error(ProfileErrorKind::Unreadable, "it is not UTF-8 text".to_owned(), Some(help))
        })?;
        Self::parse(name_or_path, &text)
    }

    /// A profile that comes with the program.
    pub fn builtin(name: &str) -> Option<Self> {
        let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        // A test holds that every built-in profile parses.
        Self::parse(name, text).ok()
    }

    /// The names of the profiles that come with the program.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// The TOML of a built-in profile: a place to begin one's own.
    pub fn builtin_source(name: &str) -> Option<&'static str> {
        BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
    }

    /// Reads and checks the TOML `text`; `file` names it in errors.
    pub fn parse(file: &str, text: &str) -> Result<Self, ProfileError> {
        parse::profile(file, text)
    }

    /// What documents are matched with, if anything: the words that `topic_match` looks for.
    pub fn topic(&self) -> Option<&str> {
        self.topic.as_deref()
    }

    /// Whether a signal or a gate asks how well documents match a topic.
    pub fn asks_for_a_topic(&self) -> bool {
        let signals = self.signals.iter().map(|signal| &signal.expr);
        signals
            .chain(self.gates.iter().map(|gate| &gate.when))
            .any(|sql| sql.contains("topic_match"))
    }

    /// The same profile with this topic in place of its own.
    pub fn with_topic(&self, topic: &str) -> Result<Self, ProfileError> {
        let source = edit::with_topic(self, topic)?;
        Self::parse(&self.name, &source)
    }

    /// The TOML it was read from: what repeats it when the file has changed.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is for.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Its own version number.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The highest score it can give, in thousandths of a point.
    pub fn maximum(&self) -> i64 {
        self.maximum
    }

    /// BLAKE3 of everything in it that decides a row of `scores`, 32 hex digits. Comments, spacing
    /// and the description do not count.
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&CODE_VERSION.to_le_bytes());
        match serde_json::to_vec(self) {
            Ok(json) => hasher.update(&json),
            Err(error) => unreachable!("a profile is plain data: {error}"),
        };
        hasher.finalize().to_hex().chars().take(32).collect()
    }

    /// Its signals, as written.
    pub fn rules(&self) -> &[ProfileSignal] {
        &self.signals
    }

    /// Its gates, in the order in which they are asked.
    pub fn gates(&self) -> &[ProfileGate] {
        &self.gates
    }

    /// Its actions, from the highest threshold down.
    pub fn actions(&self) -> &[ProfileAction] {
        &self.actions
    }

    /// The contributions as they stand in `scores`: the signals, then what a gate takes away.
    pub fn signals(&self) -> Vec<SignalDoc> {
        let mut docs: Vec<SignalDoc> = self
            .signals
            .iter()
            .map(|signal| SignalDoc {
                column: signal.column(),
                name: signal.name.clone(),
                about: signal.about.clone(),
                weight: points_text(signal.weight),
                weight_thousandths: signal.weight,
            })
            .collect();
        if !self.gates.is_empty() {
            docs.push(SignalDoc {
                column: GATE_COLUMN.to_owned(),
                name: GATE_NAME.to_owned(),
                about: "What a gate takes away from the sum of the others; 0 where none holds."
                    .to_owned(),
                weight: points_text(-self.maximum),
                weight_thousandths: -self.maximum,
            });
        }
        docs
    }

    /// The whole profile in words, for `--explain` and for people.
    pub fn explain(&self) -> String {
        let mut lines =
            vec![format!("profile {} (version {}): {}", self.name, self.version, self.description)];
        for signal in &self.signals {
            lines.push(format!(
                "  {:>8} {}: {}",
                points_text(signal.weight),
                signal.name,
                signal.about
            ));
        }
        for gate in &self.gates {
            let cap = points_text(gate.score_max);
            lines.push(format!(
                "  gate {}: {}, at most {cap} ({})",
                gate.name, gate.action, gate.reason
            ));
        }
        for action in &self.actions {
            lines.push(format!("  {} from {}", action.name, points_text(action.at_least)));
        }
        lines.join("\n")
    }
}

/// The name of the contribution that a gate makes; no signal may have it.
pub(crate) const GATE_NAME: &str = "gate";
/// Its column.
pub(crate) const GATE_COLUMN: &str = "signal_gate";

impl ProfileSignal {
    /// The column of `scores` that holds its contributions.
    pub fn column(&self) -> String {
        format!("signal_{}", self.name)
    }
}

/// Thousandths of a point as a decimal without needless zeros.
pub fn points_text(thousandths: i64) -> String {
    let sign = if thousandths < 0 { "-" } else { "" };
    let digits = thousandths.unsigned_abs();
    let text = format!("{sign}{}.{:03}", digits / 1000, digits % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
