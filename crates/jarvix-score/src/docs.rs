//! `docs/PROFILES.md`, derived from the profiles, the columns of `facts` and the functions
//! themselves, so that it cannot fall behind them.

use jarvix_query::FUNCTIONS;

use crate::facts::facts_columns;
use crate::profile::{Profile, points_text};

const HOW_IT_WORKS: &str = include_str!("profiles.md");

/// The text of `docs/PROFILES.md`.
pub fn profiles_markdown() -> String {
    let mut text = HOW_IT_WORKS.to_owned();
    text.push_str(
        "\n## Functions\n\nBeside the functions of DataFusion's SQL that give the same \
                   value each time:\n\n| function | gives |\n|---|---|\n",
    );
    rows(&mut text, FUNCTIONS.iter().map(|(name, about)| (format!("`{name}`"), about.to_string())));
    text.push_str("\n## Columns of `facts`\n\n| column | meaning |\n|---|---|\n");
    rows(
        &mut text,
        facts_columns().into_iter().map(|(n, about)| (format!("`{n}`"), about.to_owned())),
    );
    for name in Profile::builtin_names() {
        if let (Some(profile), Some(source)) =
            (Profile::builtin(name), Profile::builtin_source(name))
        {
            built_in(&mut text, &profile, source);
        }
    }
    text
}

fn built_in(text: &mut String, profile: &Profile, source: &str) {
    let intro: Vec<&str> = source
        .lines()
        .take_while(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches('#').trim())
        .collect();
    push(text, format_args!("\n## The profile `{}`\n\n{}\n\n", profile.name(), intro.join("\n")));
    text.push_str("| signal | most points | measures |\n|---|---|---|\n");
    for signal in profile.rules() {
        let weight = points_text(signal.weight);
        push(text, format_args!("| `{}` | {weight} | {} |\n", signal.name, signal.about));
    }
    if !profile.gates().is_empty() {
        text.push_str(
            "\n| gate | holds when | action | score at most | says |\n|---|---|---|---|---|\n",
        );
    }
    for gate in profile.gates() {
        let most = points_text(gate.score_max);
        let when = gate.when.replace('|', "\\|");
        push(
            text,
            format_args!(
                "| `{}` | `{when}` | {} | {most} | {} |\n",
                gate.name, gate.action, gate.reason
            ),
        );
    }
    text.push_str("\n| action | from |\n|---|---|\n");
    for action in profile.actions() {
        push(text, format_args!("| {} | {} |\n", action.name, points_text(action.at_least)));
    }
}

fn rows(text: &mut String, rows: impl Iterator<Item = (String, String)>) {
    for (left, right) in rows {
        push(text, format_args!("| {left} | {right} |\n"));
    }
}

fn push(text: &mut String, words: std::fmt::Arguments<'_>) {
    text.push_str(&words.to_string());
}
