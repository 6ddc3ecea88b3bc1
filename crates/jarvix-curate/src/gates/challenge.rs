//! Bot checks and captchas in place of the page.
//!
//! `server: cloudflare`, a captcha in a contact form, or the script that a check leaves on the pages
//! behind it are no evidence.

use super::Evidence;
use crate::survey::MarkKind;

/// Visible characters (without white space) above which a page with a sure mark is content.
const CHECK_CHARS_MAX: u64 = 3_000;
/// The same for marks that also stand on pages behind the check.
const UNSURE_CHECK_CHARS_MAX: u64 = 600;

/// Titles of bot checks, in lower case.
const CHECK_TITLES: &[&str] = &[
    "just a moment",
    "attention required",
    "checking your browser",
    "ddos-guard",
    "one moment, please",
    "robot check",
    "are you a robot",
    "are you human",
    "human verification",
    "bot verification",
    "verify you are human",
    "verifying you are human",
    "security check",
    "security checkpoint",
    "pardon our interruption",
    "client challenge",
    "challenge validation",
    "access denied",
    "access to this page has been denied",
    "making sure you're not a bot",
    "vercel security checkpoint",
    "un instant",
    "un momento",
    "nur einen moment",
    "ein moment",
    "captcha",
];

/// Words of a bot check beside a captcha, in lower case.
const CHECK_WORDS: &[&str] = &[
    "robot",
    "captcha",
    "human",
    "unusual traffic",
    "automated",
    "enable javascript and cookies",
    "checking your browser",
    "security service",
    "security check",
    "mensch",
    "humain",
    "humano",
];

pub(super) fn challenge(evidence: &Evidence<'_>) -> Option<String> {
    let survey = evidence.survey;
    let marks = |kind| survey.marks.iter().find(move |mark| mark.kind == kind);
    if let Some(value) =
        evidence.cf_mitigated.filter(|v| v.trim().eq_ignore_ascii_case("challenge"))
    {
        return Some(format!("header cf-mitigated: {}", value.trim()));
    }
    let little = survey.visible_chars < UNSURE_CHECK_CHARS_MAX;
    if survey.visible_chars < CHECK_CHARS_MAX
        && let Some(mark) = marks(MarkKind::SureCheck)
    {
        return Some(format!("{} check: {}", mark.by, mark.text));
    }
    if !little {
        return None;
    }
    let title = survey.title.as_deref().unwrap_or_default().trim().to_lowercase();
    let title_says = CHECK_TITLES.iter().find(|known| title.starts_with(*known));
    let text = evidence.text();
    let text_says = CHECK_WORDS.iter().find(|known| text.contains(*known));
    let mark = marks(MarkKind::SureCheck).or_else(|| marks(MarkKind::Check));
    match (mark, title_says, text_says) {
        (Some(mark), Some(title), _) => Some(format!("{} check, titled {title:?}", mark.by)),
        (Some(mark), None, Some(word)) => {
            Some(format!("{} check: {word:?} and little text", mark.by))
        }
        (None, Some(title), Some(word)) => Some(format!("titled {title:?}, asks about {word:?}")),
        // Challenge pages of the large services say nothing else.
        (None, Some(title), None) if *title == "just a moment" => Some(format!("titled {title:?}")),
        _ => None,
    }
}
