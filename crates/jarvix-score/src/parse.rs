//! From TOML to a checked profile. Everything that can be wrong with a profile is found here, before
//! a run begins, and told with its place in the file.

use std::ops::Range;

use jarvix_query::{Place, QueryErrorKind, Session, ValueKind, nearest};
use serde::Deserialize;
use toml::Spanned;

use crate::error::{Position, ProfileError, ProfileErrorKind};
use crate::facts;
use crate::profile::{
    ENTRIES_MAX, EXPRESSION_BYTES_MAX, GATE_NAME, Profile, ProfileAction, ProfileGate,
    ProfileSignal, SCORE_MAX, points_text,
};
use crate::topic::TOPIC_BYTES_MAX;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawProfile {
    name: Spanned<String>,
    description: String,
    version: u32,
    pub(crate) topic: Option<Spanned<String>>,
    maximum: Option<Spanned<f64>>,
    #[serde(default)]
    pub(crate) signal: Vec<Spanned<RawSignal>>,
    #[serde(default)]
    gate: Vec<Spanned<RawGate>>,
    #[serde(default)]
    pub(crate) action: Vec<Spanned<RawAction>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawSignal {
    name: Spanned<String>,
    about: Spanned<String>,
    expr: Spanned<String>,
    pub(crate) weight: Spanned<f64>,
    reason: Spanned<String>,
    reason_low: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGate {
    name: Spanned<String>,
    when: Spanned<String>,
    action: Spanned<String>,
    score_max: Option<Spanned<f64>>,
    reason: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawAction {
    pub(crate) name: Spanned<String>,
    pub(crate) at_least: Spanned<f64>,
}

/// The shape of a profile that has been checked before.
pub(crate) fn raw(profile: &Profile) -> Result<RawProfile, ProfileError> {
    let source = Source { file: &profile.name, text: &profile.source };
    toml::from_str(source.text).map_err(|error| source.toml_error(&error))
}

/// Reads and checks a profile.
pub(crate) fn profile(file: &str, text: &str) -> Result<Profile, ProfileError> {
    let source = Source { file, text };
    let raw: RawProfile = toml::from_str(text).map_err(|error| source.toml_error(&error))?;
    source.count("signal", &raw.signal, 1)?;
    source.count("gate", &raw.gate, 0)?;
    source.count("action", &raw.action, 1)?;
    source.identifier("a profile", &raw.name)?;

    let maximum = match &raw.maximum {
        Some(maximum) => source.thousandths("maximum", maximum, 1, SCORE_MAX)?,
        None => SCORE_MAX,
    };
    let actions = source.actions(&raw.action)?;
    let signals = raw
        .signal
        .iter()
        .map(|signal| source.signal(signal.get_ref()))
        .collect::<Result<Vec<_>, _>>()?;
    let gates = raw
        .gate
        .iter()
        .map(|gate| source.gate(gate.get_ref(), &actions))
        .collect::<Result<Vec<_>, _>>()?;
    source.distinct("signal", raw.signal.iter().map(|signal| &signal.get_ref().name))?;
    source.distinct("gate", raw.gate.iter().map(|gate| &gate.get_ref().name))?;
    source.adds_up(&signals, maximum, &raw)?;
    let (mut signals, mut gates) = (signals, gates);
    source.expressions(&raw, &mut signals, &mut gates)?;
    let topic = raw.topic.as_ref().map(|topic| source.topic(topic)).transpose()?;
    Ok(Profile {
        name: raw.name.into_inner(),
        description: raw.description.trim().to_owned(),
        source: text.to_owned(),
        version: raw.version,
        topic,
        maximum,
        signals,
        gates,
        actions,
    })
}

/// The text of a profile, for errors that name their place.
struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

impl Source<'_> {
    fn error(
        &self,
        kind: ProfileErrorKind,
        span: Option<Range<usize>>,
        problem: impl Into<String>,
        help: Option<String>,
    ) -> ProfileError {
        ProfileError {
            kind,
            file: self.file.to_owned(),
            position: span.map(|span| Position::of(self.text, span.start)),
            problem: problem.into(),
            help,
        }
    }

    fn value_error(
        &self,
        span: Range<usize>,
        problem: impl Into<String>,
        help: impl Into<String>,
    ) -> ProfileError {
        self.error(ProfileErrorKind::Value, Some(span), problem, Some(help.into()))
    }

    /// What the TOML reader says, with a suggestion for an unknown key.
    fn toml_error(&self, error: &toml::de::Error) -> ProfileError {
        let message = error.message().lines().collect::<Vec<_>>().join("; ");
        let help =
            unknown_key(&message).map(|(key, known)| match nearest(key, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the keys here are: {}", known.join(", ")),
            });
        let problem = match unknown_key(&message) {
            Some((key, _)) => format!("there is no key `{key}`"),
            // The reader names Rust's types, which a profile's author need not know.
            None => message
                .replace("expected f64", "expected a number")
                .replace("expected u32", "expected a whole number from 0"),
        };
        self.error(ProfileErrorKind::Syntax, error.span(), problem, help)
    }

    fn count<T>(
        &self,
        what: &str,
        entries: &[Spanned<T>],
        least: usize,
    ) -> Result<(), ProfileError> {
        if entries.len() < least {
            let help = format!("add a table [[{what}]]");
            return Err(self.error(
                ProfileErrorKind::Value,
                None,
                format!("it has no {what}"),
                Some(help),
            ));
        }
        match entries.get(ENTRIES_MAX) {
            Some(spare) => Err(self.value_error(
                spare.span(),
                format!("there are more than {ENTRIES_MAX} tables [[{what}]]"),
                "leave some out",
            )),
            None => Ok(()),
        }
    }

    /// Names become column names, so they are plain.
    fn identifier(&self, what: &str, name: &Spanned<String>) -> Result<(), ProfileError> {
        let text = name.get_ref();
        let begins_well = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        let goes_on_well = text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
        if begins_well && goes_on_well && text.len() <= 48 {
            return Ok(());
        }
        Err(self.value_error(
            name.span(),
            format!("{text:?} cannot be the name of {what}"),
            "use 1 to 48 of a-z, 0-9, '_' and '-', beginning with a letter",
        ))
    }

    fn distinct<'n>(
        &self,
        what: &str,
        names: impl Iterator<Item = &'n Spanned<String>>,
    ) -> Result<(), ProfileError> {
        let mut seen = std::collections::BTreeSet::new();
        for name in names {
            if !seen.insert(name.get_ref()) {
                let problem =
                    format!("a {what} `{}` stands here for the second time", name.get_ref());
                return Err(self.value_error(name.span(), problem, "give it another name"));
            }
        }
        Ok(())
    }

    /// A sentence of a reason: one line, not empty, nothing that could steer a terminal.
    fn sentence(&self, sentence: &Spanned<String>) -> Result<String, ProfileError> {
        let text = sentence.get_ref().trim();
        if text.is_empty() || text.len() > 200 || text.chars().any(char::is_control) {
            return Err(self.value_error(
                sentence.span(),
                "a reason is one line of 1 to 200 characters",
                "say it shorter, and on one line",
            ));
        }
        Ok(text.to_owned())
    }

    /// A number of points as exact thousandths.
    fn thousandths(
        &self,
        what: &str,
        number: &Spanned<f64>,
        least: i64,
        most: i64,
    ) -> Result<i64, ProfileError> {
        let scaled = *number.get_ref() * 1000.0;
        let rounded = scaled.round();
        let fits = rounded >= least as f64 && rounded <= most as f64;
        if fits && (scaled - rounded).abs() < 1e-6 {
            return Ok(rounded as i64);
        }
        Err(self.value_error(
            number.span(),
            format!("{what} cannot be {}", number.get_ref()),
            format!(
                "use a number from {} to {} with at most three places",
                points_text(least),
                points_text(most)
            ),
        ))
    }

    /// A topic: something to look for, within bounds.
    fn topic(&self, topic: &Spanned<String>) -> Result<String, ProfileError> {
        let text = topic.get_ref().trim();
        let wrong = if !text.chars().any(char::is_alphanumeric) {
            Some("a topic has at least one word")
        } else if text.len() > TOPIC_BYTES_MAX {
            Some("a topic has at most 16 KiB")
        } else {
            None
        };
        match wrong {
            Some(problem) => {
                Err(self.value_error(topic.span(), problem, "name what the pages should be about"))
            }
            None => Ok(text.to_owned()),
        }
    }

    fn actions(&self, raw: &[Spanned<RawAction>]) -> Result<Vec<ProfileAction>, ProfileError> {
        let mut actions = Vec::with_capacity(raw.len());
        for action in raw {
            let action = action.get_ref();
            let name = action.name.get_ref();
            let fits = (1..=24).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
            if !fits {
                let problem = format!("{name:?} cannot be the name of an action");
                return Err(self.value_error(
                    action.name.span(),
                    problem,
                    "use capital letters, as in BUY, MONITOR and SKIP",
                ));
            }
            let at_least = self.thousandths("a threshold", &action.at_least, 0, SCORE_MAX)?;
            if actions.iter().any(|known: &ProfileAction| known.at_least == at_least) {
                return Err(self.value_error(
                    action.at_least.span(),
                    format!("two actions begin at {}", points_text(at_least)),
                    "give each action its own threshold",
                ));
            }
            actions.push(ProfileAction { name: name.clone(), at_least });
        }
        self.distinct("action", raw.iter().map(|action| &action.get_ref().name))?;
        actions.sort_by_key(|action| std::cmp::Reverse(action.at_least));
        match (actions.last(), raw.last()) {
            (Some(lowest), Some(last)) if lowest.at_least != 0 => Err(self.value_error(
                last.span(),
                format!("scores below {} have no action", points_text(lowest.at_least)),
                "add an action with at_least = 0",
            )),
            _ => Ok(actions),
        }
    }

    fn signal(&self, raw: &RawSignal) -> Result<ProfileSignal, ProfileError> {
        self.identifier("a signal", &raw.name)?;
        if raw.name.get_ref() == GATE_NAME {
            return Err(self.value_error(
                raw.name.span(),
                format!("`{GATE_NAME}` is the name of what the gates take away"),
                "give the signal another name",
            ));
        }
        let weight = self.thousandths("a weight", &raw.weight, -SCORE_MAX, SCORE_MAX)?;
        if weight == 0 {
            return Err(self.value_error(
                raw.weight.span(),
                "a signal with weight 0 says nothing",
                "give it a weight, or leave it out",
            ));
        }
        let reason_low = match (&raw.reason_low, weight > 0) {
            (Some(sentence), true) => self.sentence(sentence)?,
            (None, false) => String::new(),
            (Some(sentence), false) => {
                return Err(self.value_error(
                    sentence.span(),
                    "a penalty has no reason_low",
                    "say in `reason` what it takes points away for",
                ));
            }
            (None, true) => {
                return Err(self.value_error(
                    raw.name.span(),
                    format!("signal `{}` has no reason_low", raw.name.get_ref()),
                    "add the words for a page that lacks it",
                ));
            }
        };
        Ok(ProfileSignal {
            name: raw.name.get_ref().clone(),
            about: self.sentence(&raw.about)?,
            expr: raw.expr.get_ref().trim().to_owned(),
            weight,
            reason: self.sentence(&raw.reason)?,
            reason_low,
            reads: Vec::new(),
        })
    }

    fn gate(&self, raw: &RawGate, actions: &[ProfileAction]) -> Result<ProfileGate, ProfileError> {
        self.identifier("a gate", &raw.name)?;
        let action = raw.action.get_ref();
        if !actions.iter().any(|known| known.name == *action) {
            let known = || actions.iter().map(|action| action.name.as_str());
            let help = match nearest(action, known()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the actions are: {}", known().collect::<Vec<_>>().join(", ")),
            };
            return Err(self.value_error(
                raw.action.span(),
                format!("there is no action `{action}`"),
                help,
            ));
        }
        Ok(ProfileGate {
            name: raw.name.get_ref().clone(),
            when: raw.when.get_ref().trim().to_owned(),
            action: action.clone(),
            score_max: match &raw.score_max {
                Some(score_max) => self.thousandths("score_max", score_max, 0, SCORE_MAX)?,
                None => 0,
            },
            reason: self.sentence(&raw.reason)?,
            reads: Vec::new(),
        })
    }

    /// The positive weights make up the maximum: nobody is promised 100 and gets 90 at best.
    fn adds_up(
        &self,
        signals: &[ProfileSignal],
        maximum: i64,
        raw: &RawProfile,
    ) -> Result<(), ProfileError> {
        let sum: i64 = signals.iter().map(|signal| signal.weight.max(0)).sum();
        if sum == maximum {
            return Ok(());
        }
        let span = match (&raw.maximum, raw.signal.first()) {
            (Some(maximum), _) => Some(maximum.span()),
            (None, Some(first)) => Some(first.span()),
            (None, None) => None,
        };
        let problem = format!(
            "the positive weights add up to {} and not to {}",
            points_text(sum),
            points_text(maximum)
        );
        let help = match sum <= SCORE_MAX {
            true => format!(
                "change the weights, or say `maximum = {}` if that shall be the highest score",
                points_text(sum)
            ),
            false => "change the weights".to_owned(),
        };
        Err(self.error(ProfileErrorKind::Value, span, problem, Some(help)))
    }

    /// Asks the engine about every expression; the columns that they read.
    fn expressions(
        &self,
        raw: &RawProfile,
        signals: &mut [ProfileSignal],
        gates: &mut [ProfileGate],
    ) -> Result<(), ProfileError> {
        let session = facts::blank_session().map_err(|error| {
            self.error(ProfileErrorKind::Expression, None, error.to_string(), None)
        })?;
        for (raw, signal) in raw.signal.iter().zip(signals) {
            signal.reads = self.expression(&session, &raw.get_ref().expr, ValueKind::Number)?;
        }
        for (raw, gate) in raw.gate.iter().zip(gates) {
            gate.reads = self.expression(&session, &raw.get_ref().when, ValueKind::Bool)?;
        }
        Ok(())
    }

    fn expression(
        &self,
        session: &Session,
        expression: &Spanned<String>,
        expected: ValueKind,
    ) -> Result<Vec<String>, ProfileError> {
        let text = expression.get_ref();
        if text.trim().is_empty() || text.len() > EXPRESSION_BYTES_MAX {
            return Err(self.value_error(
                expression.span(),
                format!("an expression has 1 to {EXPRESSION_BYTES_MAX} bytes"),
                "write SQL over the columns of `facts`",
            ));
        }
        let checked = session.check_expression(facts::FACTS, text).map_err(|error| {
            let help = error.help().map(str::to_owned).or_else(|| {
                (error.kind() == QueryErrorKind::Syntax)
                    .then(|| "write one SQL expression".to_owned())
            });
            let kind = ProfileErrorKind::Expression;
            let span = self.within(expression, error.place());
            self.error(kind, Some(span), error.message(), help)
        })?;
        if checked.kind == expected {
            return Ok(checked.columns);
        }
        let (problem, help) = match expected {
            ValueKind::Bool => ("this is no condition", "write something that is true or false"),
            _ => ("this is no number", "write something that gives a number from 0 to 1"),
        };
        let kind = ProfileErrorKind::Expression;
        Err(self.error(kind, Some(expression.span()), problem, Some(help.to_owned())))
    }
}

impl Source<'_> {
    /// Where `place` of an expression stands in the file, as far as the file has it word for word.
    fn within(&self, expression: &Spanned<String>, place: Option<Place>) -> Range<usize> {
        let (span, text) = (expression.span(), expression.get_ref());
        let written = self.text.get(span.clone()).and_then(|raw| raw.find(text.as_str()));
        match (written, place.and_then(|place| place.offset_in(text))) {
            (Some(start), Some(offset)) => span.start + start + offset..span.end,
            _ => span,
        }
    }
}

/// The key and the known keys in the TOML reader's "unknown field `x`, expected one of `a`, `b`".
fn unknown_key(message: &str) -> Option<(&str, Vec<&str>)> {
    let rest = message.strip_prefix("unknown field `")?;
    let (key, rest) = rest.split_once('`')?;
    let known = rest.split('`').skip(1).step_by(2).collect();
    Some((key, known))
}
