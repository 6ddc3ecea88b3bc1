//! The one query that scores a part. Each contribution is computed and rounded once, in the
//! innermost select; the sum, the gates, the action and the reason are built on those columns, so
//! that what a reader adds up is what decided.

use crate::facts::FACTS;
use crate::profile::{GATE_COLUMN, Profile, ProfileSignal};
use crate::words::REASON_FUNCTION;

/// The type of scores and contributions.
const POINTS: &str = "DECIMAL(9,3)";

/// The query over `facts` whose result is `scores`, ordered by ordinal.
pub fn score_sql(profile: &Profile) -> String {
    let columns: Vec<String> =
        profile.rules().iter().map(|signal| quoted_name(&signal.column())).collect();
    let contributions: Vec<String> = profile.rules().iter().map(contribution).collect();
    let gated = !profile.gates().is_empty();
    let gate_out =
        if gated { format!("score - total AS {GATE_COLUMN},\n  ") } else { String::new() };
    format!(
        "WITH contributions AS (\n\
         SELECT url, ordinal, duplicate_of, {gate_number} AS gate_number,\n  {contributions}\n\
         FROM {FACTS}\n\
         ), totals AS (\n\
         SELECT *, CAST({sum} AS {POINTS}) AS total FROM contributions\n\
         ), scored AS (\n\
         SELECT *, CAST({score} AS {POINTS}) AS score FROM totals\n\
         )\n\
         SELECT url, ordinal, score,\n  \
         {action} AS action,\n  \
         {reason} AS reason,\n  \
         CAST(NULL AS {POINTS}) AS confidence, duplicate_of,\n  \
         {columns},\n  \
         {gate_out}{name} AS profile, {hash} AS profile_hash\n\
         FROM scored ORDER BY ordinal",
        gate_number = gate_number(profile),
        contributions = contributions.join(",\n  "),
        sum = columns.join(" + "),
        score = score(profile),
        action = action(profile),
        reason = reason(profile, &columns),
        columns = columns.join(", "),
        name = quoted(profile.name()),
        hash = quoted(&profile.hash()),
    )
}

fn contribution(signal: &ProfileSignal) -> String {
    // The line breaks keep a comment at the end of an expression inside its own line.
    let column = quoted_name(&signal.column());
    format!("points((\n{}\n), {}) AS {column}", signal.expr, decimal(signal.weight))
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

fn reason(profile: &Profile, columns: &[String]) -> String {
    let words = format!("{REASON_FUNCTION}({})", columns.join(", "));
    by_gate(profile, |index| quoted(&profile.gates()[index].reason), &words)
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

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn quoted_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
