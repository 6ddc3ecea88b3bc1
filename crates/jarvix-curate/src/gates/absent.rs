//! Pages that are not there: domains for sale, "not found" under a 200, applications without their
//! scripts.
//!
//! A page about the error 404 or about domains is content: a title alone is no evidence, nor is an
//! address that was asked for as it is.

use jarvix_html::is_empty_shell;
use url::Url;

use super::Evidence;
use crate::survey::MarkKind;

const PARKED_WORDS_MAX: u64 = 150;
const PARKED_CHARS_MAX: u64 = 2_500;
/// Words above which a page that says it is not there shows something else; more where template or
/// address say so too, because shops and papers fill such pages with what they would rather show.
const NOT_FOUND_WORDS_MAX: u64 = 80;
const NOT_FOUND_TEMPLATE_WORDS_MAX: u64 = 300;
/// Longest heading that says nothing but "not found", in characters.
const NOT_FOUND_TITLE_CHARS_MAX: usize = 60;
const SHELL_WORDS_MAX: u64 = 30;

/// What parked domains say, in lower case.
const PARKED_WORDS: &[&str] = &[
    "this domain is for sale",
    "this domain name is for sale",
    "domain is for sale",
    "domain for sale",
    "domain name for sale",
    "this domain may be for sale",
    "domain may be for sale",
    "buy this domain",
    "this domain is parked",
    "this domain has been parked",
    "domain is parked",
    "parked domain",
    "parked free, courtesy of",
    "this domain has expired",
    "this domain name has expired",
    "this domain has recently been registered",
    "this domain was recently registered",
    "domain has been registered",
    "inquire about this domain",
    "get this domain",
    "the domain owner may currently be creating",
    "the sponsored listings displayed above",
    "diese domain steht zum verkauf",
    "diese domain kaufen",
    "domain zu verkaufen",
    "diese domain ist geparkt",
    "ce domaine est à vendre",
    "ce nom de domaine est à vendre",
    "este dominio está en venta",
    "este dominio está a la venta",
    "questo dominio è in vendita",
    "este domínio está à venda",
    "dit domein is te koop",
    "deze domeinnaam is te koop",
];

pub(super) fn parked(evidence: &Evidence<'_>) -> Option<String> {
    let survey = evidence.survey;
    let little =
        evidence.document.word_count < PARKED_WORDS_MAX && survey.visible_chars < PARKED_CHARS_MAX;
    if !little {
        return None;
    }
    let mark = survey.marks.iter().find(|mark| mark.kind == MarkKind::Parking);
    // A dealer's own page names no domain, or not the one that was asked for.
    let host = Url::parse(evidence.url).ok();
    let host = host.as_ref().and_then(Url::host_str).unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    let titles = || [evidence.title(), evidence.heading()].into_iter().flatten();
    let names_itself = !host.is_empty() && titles().any(|title| title.contains(host));
    if mark.is_none() && !names_itself {
        return None;
    }
    let says = PARKED_WORDS.iter().find(|words| {
        evidence.text().contains(*words) || titles().any(|title| title.contains(*words))
    });
    match (mark, says) {
        (Some(mark), Some(words)) => Some(format!("{} parking, says {words:?}", mark.by)),
        (Some(mark), None) if names_itself => Some(format!("{} parking, titled {host:?}", mark.by)),
        (None, Some(words)) => Some(format!("titled {host:?}, says {words:?}")),
        _ => None,
    }
}

/// What a part of the title or the heading says of a page that is not there, in lower case and
/// without marks at its ends. Nothing else may stand in that part.
const NOT_FOUND_TITLES: &[&str] = &[
    "404",
    "404 error",
    "404 not found",
    "404 page not found",
    "404 error page",
    "error 404",
    "error 404 not found",
    "http 404",
    "fehler 404",
    "erreur 404",
    "not found",
    "page not found",
    "page not found 404",
    "page cannot be found",
    "page can't be found",
    "that page can't be found",
    "oops! that page can't be found",
    "oops! that page can’t be found",
    "this page could not be found",
    "the page could not be found",
    "this page does not exist",
    "this page doesn't exist",
    "this page isn't available",
    "sorry, this page isn't available",
    "page doesn't exist",
    "page does not exist",
    "page no longer exists",
    "nothing found",
    "seite nicht gefunden",
    "seite wurde nicht gefunden",
    "die seite wurde nicht gefunden",
    "nicht gefunden",
    "page non trouvée",
    "page introuvable",
    "page inexistante",
    "página no encontrada",
    "no encontrado",
    "página não encontrada",
    "pagina non trovata",
    "pagina niet gevonden",
    "nie znaleziono strony",
    "strona nie znaleziona",
    "sidan hittades inte",
    "siden blev ikke fundet",
    "страница не найдена",
    "ページが見つかりません",
    "页面不存在",
    "页面未找到",
];

/// What the text of such a page says, in lower case.
const NOT_FOUND_WORDS: &[&str] = &[
    "not found",
    "can't be found",
    "can’t be found",
    "cannot be found",
    "can't find",
    "can’t find",
    "couldn't find",
    "couldn’t find",
    "could not be found",
    "could not find",
    "cannot find",
    "couldn't be found",
    "doesn't exist",
    "doesn’t exist",
    "does not exist",
    "no longer exists",
    "no longer available",
    "isn't available",
    "isn’t available",
    "has been removed",
    "been moved",
    "nothing was found",
    "broken link",
    "nicht gefunden",
    "nicht finden",
    "existiert nicht",
    "nicht mehr verfügbar",
    "introuvable",
    "n'existe pas",
    "n’existe pas",
    "pas été trouvée",
    "non trouvée",
    "no encontrada",
    "no existe",
    "no se ha encontrado",
    "não encontrada",
    "não existe",
    "non trovata",
    "non esiste",
    "niet gevonden",
    "bestaat niet",
    "nie znaleziono",
    "nie istnieje",
    "hittades inte",
    "ikke fundet",
    "не найдена",
    "見つかりません",
    "不存在",
    "未找到",
];

/// Classes of the body element that templates give such pages.
const NOT_FOUND_CLASSES: &[&str] =
    &["error404", "error-404", "page-404", "template-404", "page-not-found", "http-error-404"];

pub(super) fn soft_404(evidence: &Evidence<'_>) -> Option<String> {
    let (survey, words) = (evidence.survey, evidence.document.word_count);
    if words >= NOT_FOUND_TEMPLATE_WORDS_MAX || names_not_found(evidence.url) {
        return None;
    }
    let class = survey.body_class.as_deref().unwrap_or_default();
    let class = class.split_ascii_whitespace().find(|class| NOT_FOUND_CLASSES.contains(class));
    let moved = evidence.was_redirected() && names_not_found(evidence.final_url);
    let by_template = class.is_some() || moved;
    if words >= NOT_FOUND_WORDS_MAX && !by_template {
        return None;
    }
    let title = evidence.title().and_then(|title| not_found_title(&title));
    let heading = evidence.heading();
    let by_heading = heading.as_deref().and_then(not_found_title);
    let titled = title.or(by_heading)?;
    let says = || {
        // A heading is not its own witness, where the title says nothing.
        let own = heading.as_deref().filter(|own| title.is_none() && !own.is_empty());
        let text = own.map(|own| evidence.text().replacen(own, "", 1));
        let text = text.as_deref().unwrap_or_else(|| evidence.text());
        let said = NOT_FOUND_WORDS.iter().find(|words| text.contains(*words));
        said.map(|words| format!("says {words:?}"))
    };
    let mark = class.map(|class| format!("body class {class:?}"));
    let mark = mark.or_else(|| moved.then(|| "led to an address of errors".to_owned()));
    Some(format!("titled {titled:?}, {}", mark.or_else(says)?))
}

/// The part of a title or heading that says so.
fn not_found_title(title: &str) -> Option<&'static str> {
    let mut parts = vec![title];
    if title.chars().count() > NOT_FOUND_TITLE_CHARS_MAX {
        parts.clear();
    }
    // Site names stand before or after.
    parts.extend(title.split(['|', '–', '—', '·', '»', '«', ':', '/', '(', ')']));
    parts.extend(title.split(" - "));
    parts
        .into_iter()
        .find_map(|part| {
            let part = part.trim_matches(|c: char| !c.is_alphanumeric());
            NOT_FOUND_TITLES
                .iter()
                .find(|known| part.eq(known.trim_matches(|c: char| !c.is_alphanumeric())))
        })
        .copied()
}

/// Whether the path of `address` speaks of what is not found.
fn names_not_found(address: &str) -> bool {
    let path = Url::parse(address).map(|url| url.path().to_lowercase()).unwrap_or_default();
    ["404", "not-found", "not_found", "notfound"].iter().any(|word| path.contains(word))
}

pub(super) fn empty_shell(evidence: &Evidence<'_>) -> Option<String> {
    let little = evidence.document.word_count < SHELL_WORDS_MAX;
    (little && is_empty_shell(evidence.html))
        .then(|| "an application's root element, scripts and hardly any text".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_that_say_nothing_else() {
        let cases = [
            ("404", true),
            ("404 - not found", true),
            ("page not found | example", true),
            ("example - page not found", true),
            ("oops! that page can’t be found.", true),
            ("seite nicht gefunden – beispiel", true),
            ("404 (number)", true),
            ("how to fix a 404", false),
            ("the page not found in any book", false),
            ("lost and not found again", false),
            ("area code 404", false),
            ("", false),
        ];
        for (title, expected) in cases {
            assert_eq!(not_found_title(title).is_some(), expected, "{title}");
        }
    }
}
