//! The one query that scores a part. Each contribution is computed and rounded once, in the
//! innermost select; the sum, the gates, the action, the confidence and the reason are built on those
//! columns, so that what a reader adds up is what decided.

use crate::facts::FACTS;
use crate::profile::{GATE_COLUMN, Profile, ProfileSignal};
use crate::words::REASON_FUNCTION;

/// The type of scores and contributions.
const POINTS: &str = "DECIMAL(9,3)";

/// A score this far from the next action's threshold, in points, is as sure as it gets.
const SURE_POINTS: i64 = 10;

/// The query over `facts` whose result is `scores`, in any order.
pub fn score_sql(profile: &Profile) -> String {
    scores_select(profile, FACTS, REASON_FUNCTION, &[])
}

/// The same over the view `facts`, with the words by the function `reason_function`, and with other
/// expressions for the signals at the places that `instead` names.
pub(crate) fn scores_select(
    profile: &Profile,
    facts: &str,
    reason_function: &str,
    instead: &[(usize, String)],
) -> String {
    let columns: Vec<String> =
        profile.rules().iter().map(|signal| quoted_name(&signal.column())).collect();
    let expr = |at: usize, signal: &'_ ProfileSignal| {
        let other = instead.iter().find(|(place, _)| *place == at);
        other.map_or_else(|| signal.expr.clone(), |(_, expr)| expr.clone())
    };
    let measured = profile.rules().iter().enumerate().map(|(at, signal)| {
        format!("{} AS {}", points_call(signal, &expr(at, signal)), quoted_name(&signal.column()))
    });
    let measured: Vec<String> = measured.collect();
    let contributions: Vec<String> =
        columns.iter().map(|c| format!("coalesce({c}, {}) AS {c}", typed(0))).collect();
    let gated = !profile.gates().is_empty();
    let gate_out =
        if gated { format!("score - total AS {GATE_COLUMN},\n  ") } else { String::new() };
    format!(
        "WITH measured AS (\n\
         SELECT url, ordinal, duplicate_of, {gate_number} AS gate_number,\n  {measured}\n\
         FROM {facts}\n\
         ), contributions AS (\n\
         SELECT url, ordinal, duplicate_of, gate_number, {known} AS known,\n  {contributions}\n\
         FROM measured\n\
         ), totals AS (\n\
         SELECT *, CAST({sum} AS {POINTS}) AS total FROM contributions\n\
         ), scored AS (\n\
         SELECT *, CAST({score} AS {POINTS}) AS score FROM totals\n\
         )\n\
         SELECT url, ordinal, score,\n  \
         {action} AS action,\n  \
         {reason_function}(gate_number, {columns}) AS reason,\n  \
         CAST(round({confidence}, 3) AS {POINTS}) AS confidence, duplicate_of,\n  \
         {columns},\n  \
         {gate_out}{name} AS profile, {hash} AS profile_hash\n\
         FROM scored",
        gate_number = gate_number(profile),
        measured = measured.join(",\n  "),
        known = known(profile),
        contributions = contributions.join(",\n  "),
        sum = columns.join(" + "),
        score = score(profile),
        action = action(profile),
        confidence = confidence(profile),
        columns = columns.join(", "),
        name = repeated(profile.name()),
        hash = repeated(&profile.hash()),
    )
}

/// What a signal contributes by the expression `expr`; null where nothing is known of it.
pub(crate) fn points_call(signal: &ProfileSignal, expr: &str) -> String {
    // The line breaks keep a comment at the end of an expression inside its own line.
    format!("points((\n{expr}\n), {})", decimal(signal.weight))
}

/// The number of the first gate that holds, from 1; 0 where none does.
fn gate_number(profile: &Profile) -> String {
    if profile.gates().is_empty() {
        return "0".to_owned();
    }
    let gates: Vec<String> = (1..)
        .zip(profile.gates())
        .map(|(number, gate)| format!("WHEN (\n{}\n) THEN {number}", gate.when))
        .collect();
    format!("CASE {} ELSE 0 END", gates.join(" "))
}

fn by_gate(profile: &Profile, value: impl Fn(usize) -> String, otherwise: &str) -> String {
    if profile.gates().is_empty() {
        return otherwise.to_owned();
    }
    let gates: Vec<String> = (0..profile.gates().len())
        .map(|index| format!("WHEN {} THEN {}", index + 1, value(index)))
        .collect();
    format!("CASE gate_number {} ELSE {otherwise} END", gates.join(" "))
}

fn score(profile: &Profile) -> String {
    let held = format!("least(greatest(total, {}), {})", typed(0), typed(100_000));
    let capped =
        |index: usize| format!("least({held}, {})", typed(profile.gates()[index].score_max));
    by_gate(profile, capped, &held)
}

fn action(profile: &Profile) -> String {
    let mut thresholds = String::from("CASE");
    for action in profile.actions() {
        let name = quoted(&action.name);
        match action.at_least {
            0 => thresholds.push_str(&format!(" ELSE {name} END")),
            at_least => {
                thresholds.push_str(&format!(" WHEN score >= {} THEN {name}", typed(at_least)));
            }
        }
    }
    if let [only] = profile.actions() {
        thresholds = quoted(&only.name);
    }
    by_gate(profile, |index| quoted(&profile.gates()[index].action), &thresholds)
}

/// The share of the profile's weights whose signals are known, 0 to 1.
fn known(profile: &Profile) -> String {
    let all: i64 = profile.rules().iter().map(|signal| signal.weight.abs()).sum();
    let known: Vec<String> = profile
        .rules()
        .iter()
        .map(|signal| {
            let column = quoted_name(&signal.column());
            format!("CASE WHEN {column} IS NULL THEN 0 ELSE {} END", signal.weight.abs())
        })
        .collect();
    // Whole numbers up to the division, so that their order does not matter.
    format!("CAST({} AS DOUBLE) / {}.0", known.join(" + "), all.max(1))
}

/// How sure the action is: what is known of the page, times how far the score is from the next
/// action, a half at its threshold. A gate is a condition that holds.
fn confidence(profile: &Profile) -> String {
    let distances: Vec<String> = profile
        .actions()
        .iter()
        .filter(|action| action.at_least > 0)
        .map(|action| format!("abs(CAST(score AS DOUBLE) - {})", decimal(action.at_least)))
        .collect();
    let sure = if distances.is_empty() {
        "known".to_owned()
    } else {
        let least = format!("least({}, {SURE_POINTS}.0)", distances.join(", "));
        format!("known * (0.5 + {least} / {}.0)", 2 * SURE_POINTS)
    };
    by_gate(profile, |_| "1.0".to_owned(), &sure)
}

/// A text that every row has.
fn repeated(text: &str) -> String {
    format!("arrow_cast({}, 'Dictionary(Int32, Utf8)')", quoted(text))
}

/// Thousandths as an exact decimal number.
fn decimal(thousandths: i64) -> String {
    let sign = if thousandths < 0 { "-" } else { "" };
    let digits = thousandths.unsigned_abs();
    format!("{sign}{}.{:03}", digits / 1000, digits % 1000)
}

fn typed(thousandths: i64) -> String {
    format!("CAST('{}' AS {POINTS})", decimal(thousandths))
}

pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

pub(crate) fn quoted_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
