//! Why a page that answered 200 is not content: bot checks, sign-in walls, paywalls, empty shells.
//!
//! Gates are conservative: a mark alone closes none, there must also be too little text for a page.
//! `server: cloudflare`, a captcha in a contact form or a sign-in box in a header are no evidence.

use jarvix_core::{Document, Gate};
use jarvix_html::is_empty_shell;

use crate::survey::Survey;

/// Visible characters (without white space) above which a page with a sure mark is content.
const CHECK_CHARS_MAX: u64 = 3_000;
/// The same for marks that also stand on pages behind the check.
const UNSURE_CHECK_CHARS_MAX: u64 = 600;
const LOGIN_WORDS_MAX: u64 = 80;
const LOGIN_CHARS_MAX: u64 = 1_500;
const PAYWALL_WORDS_MAX: u64 = 200;
const SHELL_WORDS_MAX: u64 = 30;

/// Everything that a gate looks at.
#[derive(Debug)]
pub(crate) struct Evidence<'a> {
    /// The page as text.
    pub(crate) html: &'a str,
    /// Its survey.
    pub(crate) survey: &'a Survey,
    /// What was extracted.
    pub(crate) document: &'a Document,
    /// The address that gave the body.
    pub(crate) final_url: &'a str,
    /// The value of the `cf-mitigated` header.
    pub(crate) cf_mitigated: Option<&'a str>,
}

/// The first gate that the page does not pass, and the evidence in words.
pub(crate) fn check(evidence: &Evidence<'_>) -> Option<(Gate, String)> {
    challenge(evidence)
        .map(|reason| (Gate::Challenge, reason))
        .or_else(|| login(evidence).map(|reason| (Gate::Login, reason)))
        .or_else(|| paywall(evidence).map(|reason| (Gate::Paywall, reason)))
        .or_else(|| empty_shell(evidence).map(|reason| (Gate::EmptyShell, reason)))
        .or_else(|| no_text(evidence.document))
}

/// The gate of a document without any text.
pub(crate) fn no_text(document: &Document) -> Option<(Gate, String)> {
    (document.word_count == 0).then(|| (Gate::NoText, "no main text was found".to_owned()))
}

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

fn challenge(evidence: &Evidence<'_>) -> Option<String> {
    let survey = evidence.survey;
    if let Some(value) =
        evidence.cf_mitigated.filter(|v| v.trim().eq_ignore_ascii_case("challenge"))
    {
        return Some(format!("header cf-mitigated: {}", value.trim()));
    }
    let little = survey.visible_chars < UNSURE_CHECK_CHARS_MAX;
    if survey.visible_chars < CHECK_CHARS_MAX
        && let Some(mark) = survey.bot_marks.iter().find(|mark| mark.sure)
    {
        return Some(format!("{} check: {}", mark.by, mark.text));
    }
    if !little {
        return None;
    }
    let title = survey.title.as_deref().unwrap_or_default().trim().to_lowercase();
    let title_says = CHECK_TITLES.iter().find(|known| title.starts_with(*known));
    let text = jarvix_html::plain_text(evidence.html).to_lowercase();
    let text_says = CHECK_WORDS.iter().find(|known| text.contains(*known));
    let mark = survey.bot_marks.first();
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

/// Words of a sign-in page in its title, heading or address, in lower case.
const LOGIN_WORDS: &[&str] = &[
    "log in",
    "login",
    "log-in",
    "sign in",
    "signin",
    "sign-in",
    "anmelden",
    "anmeldung",
    "einloggen",
    "connexion",
    "se connecter",
    "iniciar sesión",
    "inicia sesión",
    "accedi",
];

fn login(evidence: &Evidence<'_>) -> Option<String> {
    let survey = evidence.survey;
    let little =
        evidence.document.word_count < LOGIN_WORDS_MAX && survey.visible_chars < LOGIN_CHARS_MAX;
    if survey.password_fields == 0 || !little {
        return None;
    }
    let path = evidence.final_url.split(['?', '#']).next().unwrap_or_default();
    [survey.title.as_deref(), survey.heading.as_deref(), Some(path)].into_iter().flatten().find_map(
        |place| {
            let place = place.to_lowercase();
            let word = LOGIN_WORDS.iter().find(|word| place.contains(*word))?;
            Some(format!("a password field, {word:?} and little text"))
        },
    )
}

/// What paywalls say, in lower case.
const PAYWALL_WORDS: &[&str] = &[
    "subscribe to continue reading",
    "subscribe to read the full",
    "subscribe to keep reading",
    "to continue reading, subscribe",
    "to read the full story, subscribe",
    "this article is for subscribers",
    "this content is for subscribers",
    "this content is for members only",
    "exclusively for subscribers",
    "available to subscribers only",
    "mit einem abo weiterlesen",
    "jetzt abonnieren und weiterlesen",
    "weiterlesen mit",
    "dieser artikel ist nur für abonnenten",
    "cet article est réservé aux abonnés",
    "réservé à nos abonnés",
    "la suite est réservée aux abonnés",
    "contenido exclusivo para suscriptores",
    "suscríbete para seguir leyendo",
    "para seguir leyendo, suscríbete",
];

fn paywall(evidence: &Evidence<'_>) -> Option<String> {
    if evidence.document.word_count >= PAYWALL_WORDS_MAX {
        return None;
    }
    let stated = evidence.survey.structured.says_paywalled();
    let text = jarvix_html::plain_text(evidence.html).to_lowercase();
    if let Some(words) = PAYWALL_WORDS.iter().find(|words| text.contains(*words)) {
        return Some(format!("says {words:?}"));
    }
    stated.then(|| "isAccessibleForFree is false and the text is short".to_owned())
}

fn empty_shell(evidence: &Evidence<'_>) -> Option<String> {
    let little = evidence.document.word_count < SHELL_WORDS_MAX;
    (little && is_empty_shell(evidence.html))
        .then(|| "an application's root element, scripts and hardly any text".to_owned())
}
