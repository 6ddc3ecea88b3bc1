//! Why a page that answered 200 is not content: bot checks, walls, pages that are not there, empty
//! shells, and what the user does not want.
//!
//! Gates are conservative: a mark alone closes none, there must also be too little text for a page.

mod absent;
mod challenge;
mod walls;

use std::cell::OnceCell;

use jarvix_core::{Document, Gate};
use jarvix_html::plain_text;

use crate::language;
use crate::policy::Policy;
use crate::survey::Survey;

/// Words below which the language of a text is guesswork.
const LANGUAGE_WORDS_MIN: u64 = 40;

/// Everything that a gate looks at.
#[derive(Debug)]
pub(crate) struct Evidence<'a> {
    /// The page as text.
    pub(crate) html: &'a str,
    /// Its survey.
    pub(crate) survey: &'a Survey,
    /// What was extracted.
    pub(crate) document: &'a Document,
    /// The address that was asked for.
    pub(crate) url: &'a str,
    /// The address that gave the body.
    pub(crate) final_url: &'a str,
    /// The value of the `cf-mitigated` header.
    pub(crate) cf_mitigated: Option<&'a str>,
    /// The visible text in lower case, once somebody asked.
    pub(crate) lower_text: OnceCell<String>,
}

impl Evidence<'_> {
    /// The visible text of the page in lower case. To be asked for where there is little of it.
    fn text(&self) -> &str {
        self.lower_text.get_or_init(|| plain_text(self.html).to_lowercase())
    }

    /// The title in lower case.
    fn title(&self) -> Option<String> {
        self.survey.title.as_deref().map(|title| title.trim().to_lowercase())
    }

    /// The first heading in lower case.
    fn heading(&self) -> Option<String> {
        self.survey.heading.as_deref().map(|heading| heading.trim().to_lowercase())
    }

    /// Whether another address answered than was asked.
    fn was_redirected(&self) -> bool {
        self.url != self.final_url
    }
}

/// The first gate that the page does not pass, and the evidence in words.
pub(crate) fn check(evidence: &Evidence<'_>, policy: &Policy) -> Option<(Gate, String)> {
    type Test = fn(&Evidence<'_>) -> Option<String>;
    const TESTS: &[(Gate, Test)] = &[
        (Gate::Challenge, challenge::challenge),
        (Gate::Consent, walls::consent),
        (Gate::Login, walls::login),
        (Gate::Paywall, walls::paywall),
        (Gate::Parked, absent::parked),
        (Gate::SoftNotFound, absent::soft_404),
        (Gate::EmptyShell, absent::empty_shell),
    ];
    let tests = || TESTS.iter().find_map(|(gate, test)| Some((*gate, test(evidence)?)));
    let (document, url, final_url) = (evidence.document, evidence.url, evidence.final_url);
    denied(document, url, final_url, policy)
        .or_else(tests)
        .or_else(|| no_text(document))
        .or_else(|| wrong_language(document, policy))
}

/// The first gate that a page without HTML does not pass.
pub(crate) fn check_text(
    document: &Document,
    url: &str,
    final_url: &str,
    policy: &Policy,
) -> Option<(Gate, String)> {
    denied(document, url, final_url, policy)
        .or_else(|| no_text(document))
        .or_else(|| wrong_language(document, policy))
}

fn denied(
    document: &Document,
    url: &str,
    final_url: &str,
    policy: &Policy,
) -> Option<(Gate, String)> {
    policy.denies(url, final_url, document).map(|reason| (Gate::Policy, reason))
}

fn no_text(document: &Document) -> Option<(Gate, String)> {
    (document.word_count == 0).then(|| (Gate::NoText, "no main text was found".to_owned()))
}

/// What a page declares is no evidence against its text: only a language that the text itself shows
/// closes the gate.
fn wrong_language(document: &Document, policy: &Policy) -> Option<(Gate, String)> {
    if document.word_count < LANGUAGE_WORDS_MIN || !policy.asks_for_languages() {
        return None;
    }
    let stated = document.language.as_deref().filter(|code| policy.is_foreign(code))?;
    let found = language::language(&document.text, None)?;
    (found == stated).then(|| {
        let wanted = policy.languages().join(", ");
        (Gate::WrongLanguage, format!("the text is in {found:?}; wanted: {wanted}"))
    })
}
